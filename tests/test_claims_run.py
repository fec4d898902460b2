"""Known truth: functions that spin for a given time, measured for real, and claims about them.

On a machine that is busy with other things the measurement is unstable, and what must hold is that
every claim on it says so; `bench/known_truth.py` asks the same of a quiet one.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sitegen.commands.check import check
from sitegen.passes.asked import Caller
from tests.support import CONFIG, build_site, write_site

POST = """+++
title = "Spins"
+++
```python
import random
import time

def spin(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass
```

```python
#| bench: spins
#| expect:
#|   - fast < slow
#|   - breaks(fast) == 0
def slow():
    spin(5e-3)

def fast():
    spin(2e-3)
```

```python
#| bench: modes
#| expect: either < 1 s
def either():
    spin(random.choice([2e-3, 5e-3]))
```

```python
#| values: [answer]
answer = 42
```

It is [1.30×](bench:spins?slow/fast), [slower](bench:spins?slow<fast), [](bench:spins?fast) a call,
and [41](value:answer), not [](value:answer).
"""
RESTING = {"fast < slow", "1.30×", "slow<fast", "either < 1 s"}
"""The claims that rest on samples, but for the number that is filled in."""


@pytest.mark.timeout(600)
def test_what_is_measured_judges_what_is_said(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/post.md": POST}, f'{CONFIG}[measure]\nmax_time = "200ms"\n')
    report, _ = build_site(tmp_path)
    told = {problem.message.partition(" ")[0]: problem for problem in report.problems}
    assert "`either" in told, "a benchmark with two modes is unstable"
    assert "rests on unstable data" in told["`either"].message
    assert any("`42` was measured" in problem.message for problem in report.problems)

    before = (tmp_path / "content/post.md").read_text("utf-8")
    found = check(tmp_path, Caller({}, "python"), None, fix=True)
    after = (tmp_path / "content/post.md").read_text("utf-8")
    words = {claim.text: claim.word for claim in found.claims}
    assert words["breaks(fast) == 0"] == "held"
    assert words["either < 1 s"] == "rests on unstable data"
    assert ("[42](value:answer)" in after, "[](value:answer)" in after) == (True, True)
    if words["fast < slow"] == "rests on unstable data":  # the machine is busy
        assert after == before.replace("[41]", "[42]")
        assert {words[text] for text in RESTING} == {"rests on unstable data"}
        return
    assert words["fast < slow"] == "held"
    assert words["slow<fast"] == "contradicted"
    (ratio,) = [fix for fix in found.fixed if fix.was == "1.30×"]
    assert float(ratio.text.removesuffix("×")) == pytest.approx(2.5, rel=0.02)
    assert f"[{ratio.text}](bench:spins?slow/fast)" in after

"""Known truth: functions that spin for 2 ms and 5 ms, and what is said of them.

On a quiet machine the times must come out within 1 %, their ratio within 2 %, a false claim and a
false number must fail the build, `check --fix` must mend the number, and a function with two modes
must be called unstable. On a busy one it says what made the measurement unstable, and ends with 1.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from sitegen.benchmarks import Bench, BenchOptions
from sitegen.build import build
from sitegen.commands.check import check
from sitegen.measure.summary import summarise
from sitegen.passes.asked import Caller, Options
from sitegen.storage.measurements import load_store

SITE = 'base_url = "https://example.org"\ntitle = "Spins"\n[execute]\ndevice = "cpu"\n'
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
#|   - slow < fast
def slow():
    spin(5e-3)

def fast():
    spin(2e-3)

def again():
    spin(2e-3)
```

```python
#| bench: modes
def either():
    spin(random.choice([2e-3, 5e-3]))
```

It is [1.30×](bench:spins?slow/fast).
"""
TRUE = {"slow": 5e-3, "fast": 2e-3, "again": 2e-3}


def main() -> None:
    caller = Caller(dict(os.environ), sys.executable)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "content").mkdir()
        (root / "site.toml").write_text(SITE, "utf-8")
        (root / "content/post.md").write_text(POST, "utf-8")
        report = build(root, Options(), caller, lambda event: None)
        wrong = [*_check_times(root), *_check_claims({p.code for p in report.problems}, root)]
    for line in wrong:
        print(line)
    sys.exit(bool(wrong))


def _check_times(root: Path) -> list[str]:
    """What is not as it truly is."""
    wrong = []
    for run in load_store(root).runs:
        if run.benchmark is None:
            continue
        whole = load_store(root).with_blobs(run)
        name = run.session.removeprefix("bench:")
        summary = summarise(_bench(name), whole, 0.05)
        for row in summary.rows:
            assert row.time is not None
            print(name, row.variant, row.time, row.verdict, *row.unstable, *row.notes, sep="\n  ")
            true = TRUE.get(row.variant)
            if true is not None and abs(row.time.estimate / true - 1) > 0.01:
                wrong.append(f"{row.variant}: {row.time.estimate:.6f} s is not {true} s within 1 %")
            if (true is None) != bool(row.unstable):
                wrong.append(f"{row.variant}: unstable for {row.unstable or 'no reason'}")
            if row.variant == "fast" and row.ratio and abs(row.ratio.estimate / 0.4 - 1) > 0.02:
                wrong.append(f"the ratio {row.ratio.estimate:.4f} is not 0.4 within 2 %")
    return wrong


def _bench(name: str) -> Bench:
    return Bench(name, BenchOptions())


def _check_claims(codes: set[str], root: Path) -> list[str]:
    kinds = ("claim", "number")
    wrong = [f"nothing was said of a false {kind}" for kind in kinds if kind not in codes]
    mended = check(root, Caller({}, sys.executable), None, fix=True).fixed
    for fix in mended:
        print(f"{fix.was} is now {fix.text}")
    return wrong if mended else [*wrong, "the number was not mended"]


if __name__ == "__main__":
    main()

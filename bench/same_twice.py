"""A/A: the same function twice, over and over; how often is one called faster than the other?

`same_twice.py [TRIES]`, 100 if it is not said. Ten pairs are measured in one benchmark, so a
hundred tries take ten of them, some twelve minutes. Those on an unstable machine decide nothing. It
ends with 1 where more than 5 of 100 say so.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from sitegen.build import build
from sitegen.measure.series import ratio_between, why_ratio_unstable
from sitegen.measure.stats import judge_ratio
from sitegen.model import Run
from sitegen.passes.asked import Caller, Options
from sitegen.storage.measurements import load_store

PAIRS = 10
NOISE = 0.05
SITE = """\
base_url = "https://example.org"
title = "The same twice"
[execute]
device = "cpu"
timeout = "10m"
[measure]
max_time = "200ms"
"""
BENCH = """```python
#| bench: same
NUMBERS = list(range(20_000))

{variants}
```
"""
VARIANT = "def v{number}():\n    return sum(NUMBERS)\n"


def main() -> None:
    tries = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    verdicts: Counter[str] = Counter()
    for attempt in range(-(-tries // PAIRS)):
        run = measure()
        assert run.benchmark is not None
        series = run.benchmark.series
        for one, other in zip(series[::2], series[1::2], strict=True):
            ratio = ratio_between(run.benchmark, one, other)
            assert ratio is not None
            unstable = why_ratio_unstable(run.benchmark, one, other)
            verdicts["unstable" if unstable else judge_ratio(ratio, NOISE)] += 1
        print(f"after {(attempt + 1) * PAIRS} tries: {dict(verdicts)}")
    wrong = verdicts["faster"] + verdicts["slower"]
    sys.exit(wrong > 0.05 * verdicts.total())


def measure() -> Run:
    """A benchmark of twenty variants that are all the same."""
    variants = "\n".join(VARIANT.format(number=number) for number in range(2 * PAIRS))
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "content").mkdir()
        (root / "site.toml").write_text(SITE, "utf-8")
        post = "+++\n+++\n" + BENCH.format(variants=variants)
        (root / "content/post.md").write_text(post, "utf-8")
        caller = Caller(dict(os.environ), sys.executable)
        build(root, Options(), caller, lambda event: None)
        store = load_store(root)
        return store.with_blobs(store.runs[0])


if __name__ == "__main__":
    main()

"""Sites with benchmarks whose results are made up: no number here was measured."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

from sitegen.benchmarks import Benchmark
from sitegen.execute.host import Hosts
from sitegen.execute.stored import Asked, Settled, settle_runs
from sitegen.model import Cell, Device, Measures, Plan, Run
from sitegen.passes.asked import Clock, Options
from sitegen.passes.parse import parse_all
from sitegen.storage.measurements import put_run
from tests.made_up import H100, make_benchmark, make_run

POST = """+++
title = "Sums"
+++
```python
#| label: data
x = 1
```

```python
#| bench: sums
#| label: times
def add():
    return x + x

def twice():
    return 2 * x
```
"""


def plans_of(root: Path) -> list[Plan]:
    """The plans of a site, by page."""
    _, drafts = parse_all(root, Options(), [], Clock())
    return [plan for draft in drafts for plan in draft.plans]


def plan_of(root: Path, session: str) -> Plan:
    return next(plan for plan in plans_of(root) if plan.session == session)


def made_up_run(
    plan: Plan, benchmark: Benchmark | None = None, *, device: Device = H100, prelude: float = 0.1
) -> Run:
    """A run of the plan as it would be stored; the blocks that a benchmark needs took `prelude`."""
    cells = tuple(
        Cell(
            "ok",
            block.code_digest,
            block.show.label,
            (),
            Measures(prelude, prelude) if plan.bench and block is not plan.blocks[-1] else None,
            source=block.code,
        )
        for block in plan.blocks
    )
    if plan.bench is not None and benchmark is None:
        benchmark = make_benchmark({"add": 1e-3, "twice": 2e-3})
    run = make_run(benchmark, device=device, page=plan.page, key=plan.key)
    return msgspec.structs.replace(run, session=plan.session, cells=cells)


def store_all(root: Path, *, device: Device = H100) -> None:
    """A made-up result for every plan of a site."""
    for plan in plans_of(root):
        put_run(root, made_up_run(plan, device=device))


def settle(root: Path, mode: str = "no-exec") -> Settled:
    """What the pages of a site show."""
    config, drafts = parse_all(root, Options(), [], Clock())
    hosts = Hosts(config, dict(os.environ), sys.executable)
    plans = [plan for draft in drafts for plan in draft.plans]
    asked = Asked(mode)  # type: ignore[arg-type]
    return settle_runs(plans, root, hosts, asked, lambda event: None)

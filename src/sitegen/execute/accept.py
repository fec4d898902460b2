"""Accepting: a stored run bound to edited code, with the reason and the difference."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import msgspec

from sitegen.base.errors import Problem
from sitegen.benchmarks import Benchmark
from sitegen.execute.choose import show_run
from sitegen.execute.plan import run_key
from sitegen.model import Accepted, Cell, Failure, Plan, Run

_FUNCTION = re.compile(r"^def\s+([^\W_]\w*)", re.M)


def accept_run(
    plan: Plan, run: Run, because: str, when: dt.datetime, file: str
) -> Run | list[Problem]:
    """The run under the plan's key, one cell a block; or why it cannot stand for its code.

    `file` is where it lies; of one that was accepted before, the measured run stays named.
    """
    declared = {entry.path: entry.digest for entry in run.inputs if entry.base == "declared"}
    cells = show_run(plan, run, stale=True).cells
    problems = [*_why_unfit(plan, run, cells), *_why_inputs_differ(plan, declared)]
    found = tuple(cell for cell in cells if cell is not None)
    if problems:
        return problems
    accepted = Accepted(
        because=because,
        when=when,
        run=run.accepted.run if run.accepted else file,
        difference=_difference(
            [cell.source for cell in run.cells], [block.code for block in plan.blocks]
        ),
    )
    return msgspec.structs.replace(
        run,
        key=run_key(plan, declared),
        page=plan.page,
        session=plan.session,
        cells=found,
        accepted=accepted,
    )


def _why_unfit(plan: Plan, run: Run, cells: Sequence[Cell | None]) -> Iterator[Problem]:
    """The blocks and expressions for which the run has nothing to stand for."""
    saved = {entry.path for entry in run.saves}
    for block, cell in zip(plan.blocks, cells, strict=True):
        why = None
        if cell is None:
            why = "nothing that was measured can stand for this block"
        elif (cell.status == "not here") != _is_elsewhere(block.run.devices, run.device.name):
            why = "its `devices` now say otherwise whether it runs on this device"
        elif cell.status == "not here":
            continue
        elif not cell.source and block.code:
            why = "its stored result does not hold the code that ran"
        elif missing := [name for name in block.run.values if name not in cell.values]:
            why = f"no value of `{missing[0]}` was measured"
        elif unsaved := [name for name in block.run.saves if name not in saved]:
            why = f"no `{unsaved[0]}` was saved"
        elif plan.bench is None and bool(block.run.error) != any(
            isinstance(entry, Failure) for entry in cell.outputs
        ):
            why = "its `error` now says otherwise whether it may fail"
        if why is not None:
            yield Problem("fatal", "accept", why, block.span, help=("run the post again",))
    why = None if run.benchmark is None else why_other_benchmark(plan, run.benchmark)
    if why is not None:
        yield Problem("fatal", "accept", why, plan.span, help=("run the post again",))
    left = [entry.code for entry in run.inlines if entry.text is not None]
    for inline in plan.inlines:
        if inline.code in left:
            left.remove(inline.code)
        else:
            why = "nothing that was measured can stand for this expression"
            help = ("run the post again",)
            yield Problem("fatal", "accept", why, inline.span, inline.excerpt, help)


def why_other_benchmark(plan: Plan, benchmark: Benchmark) -> str | None:
    """What the plan measures now that was not measured; None where it is of no benchmark."""
    bench = plan.bench
    if bench is None:
        return None
    variants = [name for name in _FUNCTION.findall(plan.blocks[-1].code) if name != "setup"]
    if sorted(variants) != sorted(benchmark.variants):
        return "its variants are others than those that were measured"
    names = [name for name, _ in bench.run.sweep]
    points = [
        dict(zip(names, at, strict=True)) for at in product(*(of for _, of in bench.run.sweep))
    ]
    measured = [dict(series.point) for series in benchmark.series]
    if any(point not in measured for point in points) or any(at not in points for at in measured):
        return "its sweep has other points than those that were measured"
    return None


def _is_elsewhere(devices: Sequence[str], name: str) -> bool:
    return bool(devices) and name not in devices


def _why_inputs_differ(plan: Plan, recorded: Mapping[str, str]) -> Iterator[Problem]:
    """Declared inputs are data, not code: a result does not stand for other data."""
    for entry in plan.inputs:
        before = recorded.get(entry.pattern)
        if before is None or entry.digest not in (None, before):
            why = f"`{entry.pattern}`, which `inputs` names, is not what it was measured with"
            help = ("accepting is for edited code, not for other data: run the post again",)
            yield Problem("fatal", "accept", why, plan.span, help=help)


def _difference(measured: Sequence[str], shown: Sequence[str]) -> str:
    """A unified diff of the code, blocks set apart by a line; "" where only options differ."""
    old, new = ("\n# %%\n".join(blocks).splitlines() for blocks in (measured, shown))
    lines = difflib.unified_diff(old, new, "measured", "shown", lineterm="")
    return "".join(f"{line}\n" for line in lines)

"""What a reader has measured with an exported file, as runs of this site that name the reader.

The file is a stranger's: its numbers are taken for theirs, and nothing else of it is believed.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from sitegen.base.errors import Problem
from sitegen.benchmarks import Benchmark
from sitegen.execute.accept import why_other_benchmark
from sitegen.execute.blocks import make_cell
from sitegen.execute.declared import declared_inputs
from sitegen.execute.device import Machine, all_devices
from sitegen.execute.environment import RECORDED
from sitegen.execute.outcome import Outcome
from sitegen.model import Device, DeviceConfig, Input, Provenance, Run

FORMAT = 1
MOST_BYTES = 50_000_000
LONGEST = 1_000
"""Characters of a text in it: names of devices, reasons of graph breaks."""


class Theirs(msgspec.Struct, frozen=True):
    """A benchmark as its reader measured it; `edited` are cells and files unlike the post's."""

    session: str
    key: str
    edited: tuple[str, ...]
    torch_device: str | None
    started: dt.datetime
    seconds: float
    benchmark: Benchmark


class Contribution(msgspec.Struct, frozen=True):
    """The file that an exported script writes: `kernel/sitegen_bench_reader.py`."""

    sitegen_contribution: int
    page: str
    machine: Machine
    variables: Mapping[str, str]
    benchmarks: tuple[Theirs, ...]


def parse_contribution(content: bytes) -> Contribution | str:
    """What is in the file, or why it is none such."""
    try:
        found = msgspec.json.decode(content, type=Contribution)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return f"it is no measurement by an exported file: {error}"
    if found.sitegen_contribution != FORMAT:
        return f"it has format {found.sitegen_contribution}, this version reads {FORMAT}"
    if not found.benchmarks:
        return "it holds no benchmark"
    odd = next(_odd(msgspec.to_builtins(found)), None)
    return found if odd is None else odd


def contributed_runs(
    found: Contribution, outcomes: Sequence[Outcome], names: Sequence[DeviceConfig], by: str
) -> list[Run] | list[Problem]:
    """The runs to store, by `by`; or why they are not of what the site has today."""
    runs: list[Run] = []
    problems: list[Problem] = []
    for theirs in found.benchmarks:
        outcome = next((entry for entry in outcomes if entry.plan.key == theirs.key), None)
        why = _why_other(outcome, theirs)
        if outcome is None or why is not None:
            span = outcome.plan.span if outcome is not None else None
            message = f"{found.page}, {theirs.session}: {why}"
            problems.append(Problem("fatal", "accept", message, span))
        else:
            runs.append(_run(found, theirs, outcome, names, by))
    return problems or runs


def _why_other(outcome: Outcome | None, theirs: Theirs) -> str | None:
    if outcome is None or outcome.plan.bench is None:
        return "no benchmark of this site has the code that was measured"
    if theirs.edited:
        return f"its reader had edited `{theirs.edited[0]}`: it is not what the page shows"
    processes = [note.process for note in theirs.benchmark.processes]
    if sorted(processes) != list(range(outcome.plan.bench.run.processes)):
        wanted = outcome.plan.bench.run.processes
        return f"it has {len(set(processes))} processes, the benchmark {wanted}"
    why = why_other_benchmark(outcome.plan, theirs.benchmark)
    return why or _why_incomplete(theirs.benchmark)


def _why_incomplete(benchmark: Benchmark) -> str | None:
    found = [(series.variant, dict(series.point)) for series in benchmark.series]
    points = [point for variant, point in found if variant == benchmark.variants[0]]
    wanted = [(variant, point) for point in points for variant in benchmark.variants]
    if len(found) != len(wanted) or any(entry not in found for entry in wanted):
        return "it lacks a variant at a point, or has one twice"
    return None


def _run(
    found: Contribution,
    theirs: Theirs,
    outcome: Outcome,
    names: Sequence[DeviceConfig],
    by: str,
) -> Run:
    plan, machine = outcome.plan, found.machine
    variables = {name: text for name, text in found.variables.items() if RECORDED.fullmatch(name)}
    return Run(
        key=plan.key,
        page=plan.page,
        session=plan.session,
        device=_device(theirs.benchmark, machine, names),
        started=theirs.started.astimezone(dt.UTC).replace(microsecond=0),
        seconds=theirs.seconds,
        provenance=Provenance(
            python=machine.python,
            packages=machine.packages,
            cpu=machine.cpu,
            cores=machine.cores,
            memory=machine.memory,
            os=machine.os,
            variables=dict(sorted(variables.items())),
            torch_device=theirs.torch_device,
        ),
        inputs=(*_inputs(outcome), *declared_inputs(plan)),
        cells=tuple(make_cell(block, "ok", (), None) for block in plan.blocks),
        benchmark=msgspec.structs.replace(theirs.benchmark, attempts=1),
        by=by,
    )


def _inputs(outcome: Outcome) -> tuple[Input, ...]:
    """The files that it has read: those of the published run, with which the script compared."""
    fresh = outcome.choice.fresh
    return tuple(entry for entry in fresh[0].inputs if entry.base != "declared") if fresh else ()


def _device(benchmark: Benchmark, machine: Machine, names: Sequence[DeviceConfig]) -> Device:
    """The device that the results lay on; where they lay on several, the accelerator."""
    devices = all_devices(machine, names)
    on = {series.alike.device for series in benchmark.series if series.alike is not None}
    for device in devices:
        place = f"{device.kind}:{device.index}" if device.index else device.kind
        if place in on:
            return device
    return devices[-1]


def _odd(value: Any) -> Iterator[str]:
    """What in it no measurement can have said."""
    match value:
        case str() if len(value) > LONGEST or not value.isprintable():
            yield f"it holds a text that is too long or no text: {value[:40]!r}"
        case float() if not math.isfinite(value):
            yield f"it holds a number that was not measured: {value}"
        case dict():
            for name, entry in value.items():
                yield from _odd(name)
                if name == "samples" and not all(sample > 0 for sample in entry):
                    yield "it holds a sample that took no time"
                yield from _odd(entry)
        case list() | tuple():
            for entry in value:
                yield from _odd(entry)
        case _:
            return

"""A benchmark run on this machine: its processes one by one, and what they give as events."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

import msgspec

from sitegen.base.errors import Problem
from sitegen.benchmarks import Bench, Benchmark
from sitegen.execute.bench_process import Answer, Broken, Room, run_process
from sitegen.execute.blocks import make_cell, skip_block
from sitegen.execute.declared import declared_inputs
from sitegen.execute.environment import import_time_environment
from sitegen.execute.host import Host, mask_of
from sitegen.execute.kernels import private_folder
from sitegen.execute.origin import complete, conditions_of, find_packages
from sitegen.execute.processes import GuardError, ship
from sitegen.measure.series import series_at, why_ratio_unstable, why_unstable
from sitegen.measure.summary import baseline_of
from sitegen.model import (
    BlockDone,
    Cell,
    Event,
    Failed,
    Failure,
    Finished,
    Input,
    Plan,
    Run,
    Saved,
    Started,
)

ATTEMPTS = 3
"""How often an unstable benchmark is measured at most, with `on_unstable = "retry"`."""


def run_benchmark(
    plan: Plan, bench: Bench, host: Host, saves: Sequence[Saved], stop: threading.Event
) -> Iterator[Event]:
    """The events of a benchmark, of which nothing is left when they end.

    Raises Stopped once `stop` is set.
    """
    begun = time.monotonic()
    started = dt.datetime.now(dt.UTC).replace(microsecond=0)
    conditions = conditions_of(host, plan)
    with private_folder() as private:
        ship(private)
        room = Room(plan, bench, host, saves, private, {}, stop)
        mask = mask_of(host, room.work)
        try:
            answer = yield from _measure(room, int(started.timestamp()))
        except GuardError as error:
            message = f"no process of the benchmark could be started: {error}"
            yield Failed(plan, Problem("error", "kernel", message, plan.span))
            return
        env = import_time_environment(plan.execute, host.device, host.python, host.environ)
        packages = find_packages(plan, host.python, private, env)
    cells = tuple(_cells(room, answer.failure, mask))
    yield BlockDone(plan, len(cells) - 1, cells[-1])  # the others are told by their session
    run = Run(
        key=plan.key,
        page=plan.page,
        session=plan.session,
        device=host.device,
        started=started,
        seconds=round(time.monotonic() - begun, 3),
        provenance=complete(host.provenance, packages, conditions, mask),
        inputs=(*_read(room), *declared_inputs(plan)),
        cells=cells,
        benchmark=_masked(answer, mask) if answer.failure is None else None,
    )
    yield Finished(plan, run)


def _measure(room: Room, seed: int) -> Generator[Event, None, Answer]:
    """Measure, again while it is unstable and that is asked for."""
    if len(room.plan.blocks) - 1 not in dict(room.blocks):
        return Answer()  # it is for other devices
    attempts = ATTEMPTS if room.plan.measure.on_unstable == "retry" else 1
    attempt = 1
    while True:
        answer = yield from _attempt(room, seed + attempt - 1)
        benchmark = answer.benchmark
        if benchmark is None or answer.failure is not None:
            return answer
        if attempt == attempts or not _is_unstable(benchmark, room.plan.bench):
            found = msgspec.structs.replace(benchmark, attempts=attempt, prelude=answer.prelude)
            return msgspec.structs.replace(answer, benchmark=found)
        attempt += 1


def _is_unstable(benchmark: Benchmark, bench: Bench | None) -> bool:
    """Whether a time is, or the ratio of one to the baseline's."""
    baseline = baseline_of(bench, benchmark) if bench is not None else ""
    for series in benchmark.series:
        base = series_at(benchmark, baseline, series.point)
        if why_unstable(benchmark, series):
            return True
        if base is not None and base is not series and why_ratio_unstable(benchmark, series, base):
            return True
    return False


def _attempt(room: Room, seed: int) -> Generator[Event, None, Answer]:
    """All processes, one after another; the first that fails is the last."""
    room.answer.unlink(missing_ok=True)
    answer = Answer()
    processes = room.bench.run.processes
    for number in range(processes):
        yield Started(room.plan, len(room.plan.blocks) - 1, number + 1, processes)
        answer = run_process(room, number, seed)
        if answer.failure is not None:
            break
    return answer


def _read(room: Room) -> list[Input]:
    return [room.inputs[place] for place in sorted(room.inputs)]


def _cells(room: Room, failure: Broken | None, mask: Callable[[str], str]) -> Iterator[Cell]:
    """A cell for each block; one that failed holds its failure, and those below it were not run."""
    blocks = room.plan.blocks
    here = {place for place, _ in room.blocks}
    if len(blocks) - 1 not in here:
        here = set()
    failed = len(blocks)
    if failure is not None:
        places = (frame.block for frame in failure.frames if frame.block is not None)
        failed = next((place for place in places if place < len(blocks)), len(blocks) - 1)
    for place, block in enumerate(blocks):
        if place not in here:
            yield skip_block(block, "not here")
        elif failure is not None and place == failed:
            said = Failure(failure.name, mask(failure.value), failure.frames)
            yield make_cell(block, "failed", (said,), None)
        elif place > failed:
            yield skip_block(block)
        else:
            yield make_cell(block, "ok", (), None)


def _masked(answer: Answer, mask: Callable[[str], str]) -> Benchmark | None:
    """What was measured, with nothing of this machine in its texts."""
    if answer.benchmark is None:
        return None

    def masked(value: Any) -> Any:
        match value:
            case str():
                return mask(value)
            case dict():
                return {name: masked(entry) for name, entry in value.items()}
            case list() | tuple():
                return [masked(entry) for entry in value]
            case _:
                return value

    return msgspec.convert(masked(msgspec.to_builtins(answer.benchmark)), Benchmark)

"""Warming up, pacing, sampling: rules that need no process of their own."""

from __future__ import annotations

import gc
import itertools
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from random import Random
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from sitegen.execute import processes

sys.path.insert(0, str(Path(processes.__file__).parent.parent / "kernel"))
import sitegen_bench_rounds as rounds
from sitegen_bench_compilers import Compilers
from sitegen_bench_rounds import Paced, pace, sample_rounds, take_sample, warm_up

sys.path.pop(0)


class Clock:
    """A clock that only goes on when a function says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def taking(self, seconds: float, heard: list[str] | None = None, name: str = "") -> Any:
        def function() -> None:
            self.now += seconds
            if heard is not None:
                heard.append(name)

        return function


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(rounds.time, "perf_counter", lambda: clock.now)
    monkeypatch.setattr(rounds.time, "process_time", lambda: 0.0)
    monkeypatch.setattr(rounds.time, "sleep", lambda _: None)
    return clock


def nothing(_: object) -> None:
    return


def compiling(at: set[int]) -> Callable[[], int]:
    """Counts compilations that happen in these calls, from 1; asked before and after each."""
    asked = itertools.count()
    return lambda: sum(2 * call - 1 <= place for place in [next(asked)] for call in at)


@pytest.mark.parametrize(
    ("seconds", "compiles", "calls", "quiet"),
    [
        (0.125, set(), 4, True),
        (1.0, set(), 3, True),
        (20.0, set(), 2, False),  # 30 seconds are over
        (1.0, {1}, 4, True),
        (1.0, {1, 4, 5}, 8, True),
        (1.0, set(range(1, 100)), 30, False),
    ],
)
def test_warming_up(
    clock: Clock, seconds: float, compiles: set[int], calls: int, quiet: bool
) -> None:
    found = warm_up(clock.taking(seconds), (), nothing, compiling(compiles))
    assert (found.calls, found.quiet) == (calls, quiet)
    assert found.fastest == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("seconds", "max_time", "calls", "samples", "lead_in"),
    [
        (1e-6, 10.0, 11_000, 30, True),
        (1e-3, 10.0, 11, 30, True),
        (0.05, 1.0, 1, 10, True),
        (0.05, 10.0, 1, 30, True),
        (0.5, 10.0, 1, 20, False),
        (3.0, 10.0, 1, 3, False),
        (60.0, 10.0, 1, 1, False),
    ],
)
def test_pacing(
    clock: Clock, seconds: float, max_time: float, calls: int, samples: int, lead_in: bool
) -> None:
    found = pace(clock.taking(seconds), (), nothing, seconds, "sample", max_time)
    assert found.calls == pytest.approx(calls, rel=0.15)
    assert found.calls * seconds >= 0.010 * 0.999
    assert (found.samples, found.lead_in) == (samples, lead_in)


def test_a_slow_clock_makes_long_samples(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "clock_cost", lambda: 1e-5)
    found = pace(clock.taking(1e-3), (), nothing, 1e-3, "sample", 100.0)
    assert found.calls * 1e-3 >= 0.1, "the clock costs at most a ten-thousandth"
    assert 0 < rounds.time.get_clock_info("perf_counter").resolution < 1e-5


def test_one_held_up_sample_does_not_end_the_search(clock: Clock) -> None:
    durations = itertools.chain([0.02], itertools.repeat(1e-4))

    def function() -> None:
        clock.now += next(durations)

    assert pace(function, (), nothing, 1e-4, "sample", 10.0).calls >= 100


def test_samples_collect_no_garbage_and_wait_as_asked() -> None:
    seen: list[bool] = []
    waited: list[int] = []
    numbers = itertools.count()

    def function() -> int:
        seen.append(gc.isenabled())
        return next(numbers)

    assert take_sample(function, (), waited.append, 4, "sample") > 0
    assert waited == [3]
    take_sample(function, (), waited.append, 3, "call")
    assert waited == [3, 4, 5, 6]
    assert seen == [False] * 7
    assert gc.isenabled()


def order_of(clock: Clock, seed: int) -> list[str]:
    heard: list[str] = []
    paced = [
        Paced(clock.taking(0.01, heard, name), (), nothing, 1, samples, False)
        for name, samples in {"a": 30, "b": 30, "c": 10}.items()
    ]
    samples, compiled = sample_rounds(paced, "sample", Random(seed), lambda: 0)  # noqa: S311
    assert compiled is None
    assert [len(taken) for taken in samples] == [30, 30, 10]
    assert all(value == pytest.approx(0.01) for taken in samples for value in taken)
    return heard


def test_variants_take_turns_in_a_new_order_each_round(clock: Clock) -> None:
    heard = order_of(clock, 1)
    turns = [tuple(heard[at : at + 3]) for at in range(0, 30, 3)]
    assert all(sorted(turn) == ["a", "b", "c"] for turn in turns)
    assert len(set(turns)) >= 4
    assert all(sorted(turn) == ["a", "b"] for turn in zip(heard[30::2], heard[31::2], strict=True))
    assert order_of(clock, 1) == heard, "a seed gives the order again"
    assert order_of(clock, 2) != heard


def test_a_compilation_ends_the_rounds(clock: Clock) -> None:
    events = itertools.chain([0] * 11, itertools.repeat(1))
    paced = [Paced(clock.taking(0.01), (), nothing, 1, 30, True)]
    samples, compiled = sample_rounds(paced, "sample", Random(0), lambda: next(events))  # noqa: S311
    assert (len(samples[0]), compiled) == (5, 0)


def test_a_compilation_is_an_event_however_many_went_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """dynamo keeps its last 64 records: a list that is full gets no longer."""
    metric = SimpleNamespace(
        co_filename="",
        entire_frame_compile_time_s=0.5,
        fail_reason=None,
    )
    records: deque[Any] = deque(maxlen=64)
    utils: Any = ModuleType("torch._dynamo.utils")
    utils.get_compilation_metrics = lambda: list(records)
    utils.clear_compilation_metrics = records.clear
    monkeypatch.setitem(sys.modules, utils.__name__, utils)
    compilers, known = Compilers("p"), []
    for _ in range(100):
        records.append(metric)
        known.append(compilers.events)
    assert known == list(range(1, 101))
    assert compilers.take(0)["compile_torch"] == 50
    assert compilers.events == 0


def test_the_clock_costs_little() -> None:
    assert 0 < rounds.clock_cost() < 1e-3
    begun = time.perf_counter()
    rounds.settle()
    assert time.perf_counter() > begun

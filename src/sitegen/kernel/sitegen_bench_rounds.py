"""Timing: warming up until nothing changes, how much to sample, and samples in rounds.

Times are seconds. The clock is `time.perf_counter`.
"""

from __future__ import annotations

import ctypes
import gc
import math
import random
import sys
import time
from collections.abc import Callable, Sequence
from itertools import pairwise, repeat
from typing import Any, Literal, NamedTuple

from sitegen_frameworks import jax_backends, open_accelerator, reset_torch_peak, torch_peak
from sitegen_memory import host_peak, reset_host_peak, status_of

LEAST_CALLS = 3
LEAST_WARMING = 0.5
MOST_WARMING = 30.0
"""Warming up takes at least so many calls and so long; what then still compiles is never quiet."""

SAMPLE = 0.010
CLOCK_SHARE = 0.0001
"""A sample lasts at least so long, and so long that the clock costs at most this share of it."""

MOST_SAMPLES = 30
_MARGIN = 1.1
"""By how much a sample is aimed above the least, so that a fast one is not below it."""

LEAD_IN = 0.1
LEADING = 0.003
"""A variant whose calls are shorter than LEAD_IN is called, untimed, for LEADING seconds before
each sample, once at least: what ran before it has other data in the caches, and the threads of its
pool asleep. With one call samples of half a millisecond a call came out 3 to 4 % above those of
instruments that do not rest before a sample (`bench/instruments.py`)."""

Wait = Callable[[Any], None]


class Warmed(NamedTuple):
    """How warming up went: calls, whether it came to rest, and seconds of the fastest call."""

    calls: int
    quiet: bool
    fastest: float


class Peaks(NamedTuple):
    """Bytes that a call takes above what was in use before it; None where that is not told."""

    host: int | None
    device: int | None


class Paced(NamedTuple):
    """A variant ready to be sampled: how many calls a sample has, and how many samples fit."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    wait: Wait
    calls: int
    samples: int
    lead_in: bool


def warm_up(
    function: Callable[..., Any], arguments: tuple[Any, ...], wait: Wait, events: Callable[[], int]
) -> Warmed:
    """Call until at least 3 calls and half a second went by, and none of the last 3 compiled."""
    began = now = time.perf_counter()
    calls, still, fastest = 0, 0, math.inf
    while True:
        before = events()
        called = time.perf_counter()
        wait(function(*arguments))
        now = time.perf_counter()
        calls += 1
        fastest = min(fastest, now - called)
        still = still + 1 if events() == before else 0
        if calls >= LEAST_CALLS and now - began >= LEAST_WARMING and still >= LEAST_CALLS:
            return Warmed(calls, True, fastest)
        if now - began >= MOST_WARMING:
            return Warmed(calls, still >= LEAST_CALLS, fastest)


def measure_peaks(function: Callable[..., Any], arguments: tuple[Any, ...], wait: Wait) -> Peaks:
    """What one call takes, untimed. Freed memory is given back first, else it would hide that."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
    reset_host_peak()
    reset_torch_peak()
    resident = status_of("VmRSS")
    torch = sys.modules.get("torch")
    counts = open_accelerator() in ("cuda", "xpu")
    allocated = torch.accelerator.memory_allocated() if torch is not None and counts else 0
    of_jax = _jax_memory()
    wait(function(*arguments))
    device = [torch_peak() - allocated] if counts else []
    device += [peak - used for (used, before), (_, peak) in _paired(of_jax) if peak > before]
    host = None if resident is None else max(0, host_peak() - resident)
    return Peaks(host, max(device, default=None))


def _paired(before: Sequence[tuple[int, int]]) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    return list(zip(before, _jax_memory(), strict=True))


def _jax_memory() -> list[tuple[int, int]]:
    """Bytes in use and their peak so far of each of JAX's devices; a CPU counts none."""
    jax = jax_backends()
    stats = [device.memory_stats() for device in jax.local_devices()] if jax is not None else []
    return [
        (int(stat.get("bytes_in_use", 0)), int(stat.get("peak_bytes_in_use", 0)))
        for stat in stats
        if stat
    ]


def pace(
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    wait: Wait,
    fastest: float,
    how: Literal["sample", "call"],
    max_time: float,
) -> Paced:
    """How a variant is sampled, fixed before the first sample and never by what they say."""
    least = max(SAMPLE, clock_cost() / CLOCK_SHARE)
    calls = math.ceil(least / max(fastest, 1e-9))
    while True:
        taken = take_sample(function, arguments, wait, calls, how)
        if fastest >= least:
            break
        if taken >= least:  # unless it was held up
            taken = min(take_sample(function, arguments, wait, calls, how) for _ in range(3))
            if taken >= least:
                break
        calls = max(calls + 1, math.ceil(calls * min(100.0, _MARGIN * least / max(taken, 1e-9))))
    lead_in = taken / calls < LEAD_IN
    each = taken + (max(LEADING, taken / calls) if lead_in else 0.0)
    samples = max(1, min(MOST_SAMPLES, int(max_time / each)))
    return Paced(function, arguments, wait, calls, samples, lead_in)


def clock_cost() -> float:
    """Seconds between two readings of the clock that follow each other, the median of many."""
    clock = time.perf_counter
    readings = [clock() for _ in range(1001)]
    steps = sorted(after - before for before, after in pairwise(readings))
    return max(steps[len(steps) // 2], time.get_clock_info("perf_counter").resolution)


def take_sample(
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    wait: Wait,
    calls: int,
    how: Literal["sample", "call"],
) -> float:
    """Seconds that so many calls take, waited for at the end or after each; no garbage is
    collected. What a call returns is dropped before the next, as in ordinary code."""
    clock = time.perf_counter
    before = repeat(None, calls - 1)
    collects = gc.isenabled()
    gc.disable()
    try:
        if how == "sample":
            began = clock()
            for _ in before:
                function(*arguments)
            wait(function(*arguments))
            ended = clock()
        else:
            began = clock()
            for _ in before:
                wait(function(*arguments))
            wait(function(*arguments))
            ended = clock()
    finally:
        if collects:
            gc.enable()
    return ended - began


def sample_rounds(
    variants: Sequence[Paced],
    how: Literal["sample", "call"],
    order: random.Random,
    events: Callable[[], int],
) -> tuple[list[list[float]], int | None]:
    """The samples of each variant, seconds a call, by round; and which one compiled meanwhile.

    In each round all variants that have samples left are sampled once, in a new random order.
    """
    samples: list[list[float]] = [[] for _ in variants]
    gc.collect()
    gc.freeze()
    try:
        for turn in range(max(variant.samples for variant in variants)):
            places = [place for place, one in enumerate(variants) if turn < one.samples]
            order.shuffle(places)
            for place in places:
                function, arguments, wait, calls, _, lead_in = variants[place]
                gc.collect()
                settle()
                before = events()
                if lead_in:
                    lead(function, arguments, wait)
                taken = take_sample(function, arguments, wait, calls, how)
                if events() != before:
                    return samples, place
                samples[place].append(taken / calls)
    finally:
        gc.unfreeze()
    return samples, None


def lead(function: Callable[..., Any], arguments: tuple[Any, ...], wait: Wait) -> None:
    """Call until LEADING seconds went by, once at least."""
    end = time.perf_counter() + LEADING
    wait(function(*arguments))
    while time.perf_counter() < end:
        wait(function(*arguments))


def settle() -> None:
    """Return when the threads of this process rest: those of a pool go on for a while after their
    work, waiting for more, on cores that the next variant wants. At most a tenth of a second."""
    for _ in range(50):
        worked = time.process_time()
        time.sleep(0.002)
        if time.process_time() - worked < 0.0005:
            return

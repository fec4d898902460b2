"""What the samples of one variant at one point give, by process; and two variants side by side."""

from __future__ import annotations

import math
import statistics
from collections.abc import Container, Iterator, Mapping, Sequence

from sitegen.benchmarks import (
    FEWEST_PROCESSES,
    Alike,
    Bench,
    Benchmark,
    Interval,
    Point,
    Sampled,
    Series,
)
from sitegen.measure.stats import (
    DRIFT,
    FEWEST_SAMPLES,
    OTHERS,
    SPREAD,
    drift,
    estimate_ratio,
    paired_log_ratio,
    spread,
    two_groups,
)


def kept_samples(benchmark: Benchmark, series: Series) -> tuple[Sampled, ...]:
    """The samples that count, one entry a process: not those of processes that were discarded."""
    discarded = {note.process for note in benchmark.processes if note.discarded is not None}
    return tuple(
        sampled
        for sampled in series.sampled
        if sampled.samples and sampled.process not in discarded
    )


def process_medians(benchmark: Benchmark, series: Series) -> dict[int, float]:
    """Seconds a call: the median of each process, by its number."""
    return {
        sampled.process: statistics.median(sampled.samples)
        for sampled in kept_samples(benchmark, series)
    }


def log_ratios(benchmark: Benchmark, top: Series, bottom: Series) -> dict[int, float]:
    """The paired log ratio of each process that sampled both, by its number."""
    both = _in_both(benchmark, top, bottom)
    return {process: paired_log_ratio(above, below) for process, above, below in both}


def _in_both(
    benchmark: Benchmark, top: Series, bottom: Series
) -> Iterator[tuple[int, Sequence[float], Sequence[float]]]:
    """Each process that sampled both, with the samples of either."""
    under = {entry.process: entry.samples for entry in kept_samples(benchmark, bottom)}
    for entry in kept_samples(benchmark, top):
        if entry.process in under:
            yield entry.process, entry.samples, under[entry.process]


def ratio_between(benchmark: Benchmark, top: Series, bottom: Series) -> Interval | None:
    """The time of one over that of the other; None where no process sampled both."""
    found = log_ratios(benchmark, top, bottom)
    return estimate_ratio(list(found.values())) if found else None


def series_at(benchmark: Benchmark, variant: str, point: Point) -> Series | None:
    """What was measured of a variant at a point."""
    for series in benchmark.series:
        if series.variant == variant and series.point == point:
            return series
    return None


def points_of(benchmark: Benchmark) -> tuple[Point, ...]:
    """The points of the sweep, in its order; a single empty one where there is no sweep."""
    found: list[Point] = []
    for series in benchmark.series:
        if series.point not in found:
            found.append(series.point)
    return tuple(found)


def why_unlike(one: Series, other: Series) -> str:
    """In what two results are not alike, so that their times must not be compared; "" if they are.

    What is not known of either does not tell them apart.
    """
    a, b = one.alike, other.alike
    if a is None or b is None:
        return ""
    parts = []
    for aspect in ("device", "dtype", "precision"):
        here, there = getattr(a, aspect), getattr(b, aspect)
        if here and there and here != there:
            parts.append(f"{_named(aspect, a)} against {_named(aspect, b)}")
    return ", ".join(parts)


def _named(aspect: str, alike: Alike) -> str:
    match aspect:
        case "device":
            return f"on {alike.device}"
        case "dtype":
            return alike.dtype
        case _:
            return f"{alike.precision} products"


def why_unstable(benchmark: Benchmark, series: Series) -> tuple[str, ...]:
    """The reasons for which no claim may rest on these times; none where they are stable."""
    kept = {entry.process: entry.samples for entry in kept_samples(benchmark, series)}
    return (*_restless(kept, "samples"), *_disturbed(benchmark, kept))


def why_ratio_unstable(benchmark: Benchmark, one: Series, other: Series) -> tuple[str, ...]:
    """The reasons for which no claim may rest on the ratio of two variants' times.

    The ratios of a round are what is looked at: what slows both down alike leaves them as they
    are, however restless the times. They may spread and drift √2 times as much as a time, which
    is what two times make that are just stable and have nothing in common. The reasons are the
    same whichever of the two is above.
    """
    above, below = sorted((one, other), key=benchmark.series.index)
    ratios = {
        process: tuple(a / b for a, b in zip(ones, others, strict=False))
        for process, ones, others in _in_both(benchmark, above, below)
    }
    named = f"ratios of `{above.variant}` to `{below.variant}`"
    return (*_restless(ratios, named, math.sqrt(2)), *_disturbed(benchmark, ratios))


def _restless(
    values: Mapping[int, Sequence[float]], named: str, room: float = 1.0
) -> Iterator[str]:
    """What is wrong in half of the processes or more: the median of all withstands fewer.

    `room` is how many times as much as a time's the values may spread and drift.
    """
    enough = [found for found in values.values() if len(found) >= FEWEST_SAMPLES]
    spreads = [found for found in map(spread, enough) if found > room * SPREAD]
    if spreads and 2 * len(spreads) >= len(values):
        among = _among(len(spreads), len(values))
        yield f"the middle half of the {named} spreads over {max(spreads):.0%} of the median{among}"
    drifts = [found for found in map(drift, enough) if found > room * DRIFT]
    if drifts and 2 * len(drifts) >= len(values):
        among = _among(len(drifts), len(values))
        yield f"the first and the second half of the {named} differ by {max(drifts):.1%}{among}"
    groups = two_groups([statistics.median(found) for found in values.values()])
    if groups is not None:
        times = groups[1] / groups[0]
        if named == "samples":
            yield f"the processes fall into two groups, one of which takes {times:.2f}× as long"
        else:
            yield f"the {named} fall into two groups of processes, {times:.2f}× apart"


def _disturbed(benchmark: Benchmark, processes: Container[int]) -> Iterator[str]:
    """What went on around the processes; of other programs only what half of them had to bear."""
    notes = [note for note in benchmark.processes if note.process in processes]
    others = [note.others for note in notes if note.others is not None and note.others > OTHERS]
    if others and 2 * len(others) >= len(notes):
        among = _among(len(others), len(notes))
        yield f"other programs used {max(others):.0%} of a core meanwhile{among}"
    if any(note.battery for note in notes):
        yield "the machine ran on battery"
    if any(note.throttled for note in notes):
        yield "the clock was throttled"


def _among(some: int, all: int) -> str:
    return "" if all == 1 else f" in {some} of {all} processes"


def what_to_know(bench: Bench, benchmark: Benchmark, series: Series) -> tuple[str, ...]:
    """What else a reader of these samples should know."""
    return tuple(_notes(bench, benchmark, series))


def _notes(bench: Bench, benchmark: Benchmark, series: Series) -> Iterator[str]:
    if series.failure is not None:
        yield series.failure
        return
    wrong = why_disagreeing(bench, benchmark, series)
    if wrong:
        yield wrong
    kept = kept_samples(benchmark, series)
    if len(kept) < FEWEST_PROCESSES:
        processes = "1 process" if len(kept) == 1 else f"{len(kept)} processes"
        yield f"only {processes}: no interval, no verdict"
    few = [len(entry.samples) for entry in kept if len(entry.samples) < FEWEST_SAMPLES]
    if few:
        yield f"too few samples: {min(few)}{_among(len(few), len(kept))}"
    restless = sum(not entry.quiet for entry in kept)
    if restless:
        yield f"never quiet: sampled while still warming up{_among(restless, len(kept))}"


def why_disagreeing(bench: Bench, benchmark: Benchmark, series: Series) -> str:
    """That a variant computes something else than the first one, by how much; "" if it agrees."""
    tolerance = series.tolerance if bench.agree is None else bench.agree
    if series.difference is None or tolerance is None or series.difference <= tolerance:
        return ""
    first = benchmark.variants[0]
    if series.disagrees is not None:
        return f"differs from {first}: {series.disagrees}"
    return f"differs from {first} by {series.difference:.2g}, more than {tolerance:.2g}"

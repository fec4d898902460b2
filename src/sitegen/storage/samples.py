"""The raw samples of a benchmark: apart from its run in a blob of JSON, and back in their place."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import msgspec

from sitegen.base.digest import digest_bytes
from sitegen.benchmarks import Benchmark, Point, Sampled
from sitegen.model import Blob, Run

_Every = tuple[tuple[Sampled, ...], ...]
"""What the blob holds: the samples of each series, in the order of the series."""


class SamplesError(Exception):
    """A blob does not hold the samples of its run; the message says why."""


class Row(msgspec.Struct, frozen=True):
    """A line for whoever reads a stored run: seconds a call, median and range of the processes'."""

    variant: str
    point: Point
    median: float
    low: float
    high: float
    first: float


def part_samples(run: Run) -> Run:
    """The run with its samples in a blob; one that has none is left as it is."""
    benchmark = run.benchmark
    if benchmark is None or not any(series.sampled for series in benchmark.series):
        return run
    content = msgspec.json.encode(tuple(series.sampled for series in benchmark.series))
    blob = Blob(digest_bytes(content), len(content), content)
    return msgspec.structs.replace(run, benchmark=_with(benchmark, None), samples=blob)


def join_samples(run: Run) -> Run:
    """The run with the samples of its blob, if that is at hand, in their place again.

    Raises SamplesError where the blob holds something else.
    """
    if run.benchmark is None or run.samples is None or not run.samples.content:
        return run
    try:
        every = msgspec.json.decode(run.samples.content, type=_Every)
    except msgspec.DecodeError as error:
        raise SamplesError(f"its samples cannot be read: {error}") from error
    if len(every) != len(run.benchmark.series):
        raise SamplesError("its samples are of another benchmark")
    return msgspec.structs.replace(run, benchmark=_with(run.benchmark, every), samples=None)


def summarise_samples(benchmark: Benchmark) -> Iterator[Row]:
    """A line for each variant and point that has samples which count."""
    discarded = {note.process for note in benchmark.processes if note.discarded is not None}
    for series in benchmark.series:
        kept = [
            entry for entry in series.sampled if entry.samples and entry.process not in discarded
        ]
        if kept:
            medians = [statistics.median(entry.samples) for entry in kept]
            first = statistics.median(entry.first.seconds for entry in kept)
            found = (statistics.median(medians), min(medians), max(medians), first)
            yield Row(series.variant, series.point, *(float(f"{value:.4g}") for value in found))


def _with(benchmark: Benchmark, every: _Every | None) -> Benchmark:
    """The benchmark with these samples, None for none."""
    series = tuple(
        msgspec.structs.replace(entry, sampled=every[place] if every is not None else ())
        for place, entry in enumerate(benchmark.series)
    )
    return msgspec.structs.replace(benchmark, series=series)

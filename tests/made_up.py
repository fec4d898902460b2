"""Made-up measurements for tests: no number here was measured."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping, Sequence

from sitegen.benchmarks import (
    Alike,
    Bench,
    Benchmark,
    BenchOptions,
    FirstCall,
    GraphBreak,
    Param,
    Point,
    ProcessNote,
    Sampled,
    Series,
)
from sitegen.model import Cell, Device, Provenance, Run, Value

CPU = Alike("torch", "cpu", "float32", "float32", threads=2)
H100 = Device("h100", "cuda", "NVIDIA H100 80GB HBM3", "NVIDIA H100")
M3 = Device("m3-max", "mps", "Apple M3 Max", "Apple M3 Max")
DAY = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.UTC)

Seconds = Callable[[str, Point], float]
"""A variant's time at a point, in seconds a call."""


def samples_around(
    seconds: float, rng: random.Random, *, count: int = 30, spread: float = 0.004
) -> tuple[float, ...]:
    """Samples of a stable variant: normal, with a standard deviation of `spread` of the time."""
    return tuple(seconds * (1 + spread * rng.gauss(0, 1)) for _ in range(count))


def make_series(
    variant: str,
    point: Point,
    processes: Sequence[Sequence[float]],
    *,
    alike: Alike | None = CPU,
    first: float = 1.0,
    compile: float = 0.0,
    peak: int | None = None,
    breaks: int = 0,
    difference: float | None = None,
    tolerance: float | None = None,
    quiet: bool = True,
) -> Series:
    """A series with the given samples, by process."""
    return Series(
        variant=variant,
        point=point,
        alike=alike,
        sampled=tuple(
            Sampled(
                process=number,
                first=FirstCall(first, compile),
                warmups=5,
                calls=4,
                samples=tuple(samples),
                quiet=quiet,
                peak_host=peak,
            )
            for number, samples in enumerate(processes)
        ),
        difference=difference,
        tolerance=tolerance,
        breaks=tuple(GraphBreak(0, line + 1, "made up") for line in range(breaks)),
    )


def make_benchmark(
    seconds: Mapping[str, float] | Seconds,
    variants: Sequence[str] = (),
    sweep: Mapping[str, Sequence[Param]] | None = None,
    *,
    processes: int = 6,
    spread: float = 0.004,
    process_effect: float = 0.002,
    first: Mapping[str, float] | None = None,
    breaks: Mapping[str, int] | None = None,
    seed: int = 7,
) -> Benchmark:
    """A benchmark whose variants take about the given times, stable unless `spread` says other."""
    rng = random.Random(seed)  # noqa: S311
    if isinstance(seconds, Mapping):
        table = dict(seconds)
        variants = variants or tuple(table)
        seconds = lambda variant, point: table[variant]  # noqa: E731
    points: list[Point] = [{}]
    for name, values in (sweep or {}).items():
        points = [{**point, name: value} for point in points for value in values]
    effects = [1 + process_effect * rng.gauss(0, 1) for _ in range(processes)]
    series = tuple(
        make_series(
            variant,
            point,
            [
                samples_around(seconds(variant, point) * effect, rng, spread=spread)
                for effect in effects
            ],
            first=(first or {}).get(variant, 1.0),
            breaks=(breaks or {}).get(variant, 0),
        )
        for point in points
        for variant in variants
    )
    notes = tuple(ProcessNote(number, seed + number, 3.0, 0.01) for number in range(processes))
    return Benchmark(tuple(variants), series, notes)


def make_bench(name: str = "matmul", sweep: Mapping[str, Sequence[Param]] | None = None) -> Bench:
    """A benchmark's options with their defaults."""
    return Bench(name, BenchOptions(tuple((key, tuple(of)) for key, of in (sweep or {}).items())))


def make_run(
    benchmark: Benchmark | None = None,
    *,
    name: str = "matmul",
    device: Device = H100,
    started: dt.datetime = DAY,
    page: str = "post",
    values: Mapping[str, Value] | None = None,
    by: str | None = None,
    key: str = "0" * 64,
) -> Run:
    """A run of a benchmark, or of a session whose only block has these values."""
    return Run(
        key=key,
        page=page,
        session="main" if benchmark is None else f"bench:{name}",
        device=device,
        started=started,
        seconds=20.0,
        provenance=Provenance(python="3.13.0", packages={"torch": "2.13.0"}),
        inputs=(),
        cells=(Cell("ok", "0" * 64, None, (), None, dict(values or {})),),
        benchmark=benchmark,
        by=by,
    )

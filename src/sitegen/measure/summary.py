"""A benchmark summed up for a page: medians, intervals, ratios, verdicts, and what to doubt."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sitegen.benchmarks import (
    Bench,
    Benchmark,
    Interval,
    Point,
    Row,
    Series,
    Summary,
    Verdict,
    Work,
)
from sitegen.measure.series import (
    kept_samples,
    points_of,
    process_medians,
    ratio_between,
    series_at,
    what_to_know,
    why_ratio_unstable,
    why_unlike,
    why_unstable,
)
from sitegen.measure.stats import describe, estimate, exponent, judge_ratio
from sitegen.measure.work import WorkError, amount_of
from sitegen.model import Run


def summarise(bench: Bench, run: Run, noise: float) -> Summary:
    """What a run of a benchmark amounts to; a difference below `noise` is none.

    Raises ValueError for a run that is of no benchmark.
    """
    benchmark = run.benchmark
    if benchmark is None:
        raise ValueError(f"a run of {run.session} holds no benchmark")
    baseline = baseline_of(bench, benchmark)
    points = points_of(benchmark)
    rows = tuple(_rows(bench, benchmark, baseline, noise))
    return Summary(
        name=bench.name,
        baseline=baseline,
        variants=benchmark.variants,
        points=points,
        rows=rows,
        exponents=_exponents(benchmark.variants, points, rows),
        unlike="; ".join(dict.fromkeys(_unlike(benchmark, baseline))),
    )


def baseline_of(bench: Bench, benchmark: Benchmark) -> str:
    """The variant that others are compared with: what `baseline` says, else the first."""
    if bench.baseline in benchmark.variants:
        return bench.baseline
    return benchmark.variants[0]


def rate_of(work: Work, point: Point, time: Interval) -> Interval | None:
    """Work a second; None where its expression has no value at the point."""
    try:
        amount = amount_of(work.expression, point)
    except WorkError:
        return None
    low = None if time.high is None else amount / time.high
    high = None if time.low is None else amount / time.low
    return Interval(amount / time.estimate, low, high)


def _rows(bench: Bench, benchmark: Benchmark, baseline: str, noise: float) -> Iterator[Row]:
    for series in benchmark.series:
        base = series_at(benchmark, baseline, series.point)
        yield _row(bench, benchmark, series, base, noise)


def _row(
    bench: Bench, benchmark: Benchmark, series: Series, base: Series | None, noise: float
) -> Row:
    kept = kept_samples(benchmark, series)
    medians = tuple(process_medians(benchmark, series).values())
    time = estimate(medians) if medians else None
    ratio, verdict, doubt = _compared(bench, benchmark, series, base, noise)
    described = [describe(entry.samples) for entry in kept]
    notes = what_to_know(bench, benchmark, series)
    unstable = why_unstable(benchmark, series)
    if unstable and verdict == "undecided":
        doubt = ""  # that its times are restless says enough
    return Row(
        variant=series.variant,
        point=series.point,
        time=time,
        ratio=ratio,
        verdict=verdict,
        rate=rate_of(bench.work, series.point, time) if bench.work and time else None,
        first=_middle(entry.first.seconds for entry in kept),
        first_compile=_middle(entry.first.compile for entry in kept),
        peak_host=_most(entry.peak_host for entry in kept),
        peak_device=_most(entry.peak_device for entry in kept),
        breaks=len(series.breaks),
        recompiles=len(series.recompiles),
        process_medians=medians,
        unstable=unstable,
        notes=(*notes, doubt) if doubt else notes,
        samples=sum(entry.samples for entry in described),
        outliers=sum(entry.outliers for entry in described),
    )


def _compared(
    bench: Bench, benchmark: Benchmark, series: Series, base: Series | None, noise: float
) -> tuple[Interval | None, Verdict, str]:
    """The ratio to the baseline, what it shows, and why it shows no more, "" where it does."""
    if base is series:
        return None, "baseline", ""
    if base is None:
        return None, "undecided", ""
    unlike = why_unlike(base, series)
    if unlike and not bench.unlike:
        return None, "not comparable", f"not comparable: {unlike}"
    ratio = ratio_between(benchmark, series, base)
    if ratio is None:
        return None, "undecided", ""
    unstable = why_ratio_unstable(benchmark, series, base)
    if unstable:
        return ratio, "undecided", f"no verdict: {', '.join(unstable)}"
    return ratio, judge_ratio(ratio, noise), ""


def _unlike(benchmark: Benchmark, baseline: str) -> Iterator[str]:
    """In what variants differ from the baseline, each said once."""
    for series in benchmark.series:
        base = series_at(benchmark, baseline, series.point)
        unlike = why_unlike(base, series) if base is not None else ""
        if unlike:
            yield f"{baseline} and {series.variant}: {unlike}"


def _exponents(
    variants: Sequence[str], points: Sequence[Point], rows: Sequence[Row]
) -> Mapping[str, float]:
    """The fitted powers of the first parameter, by variant and the other parameters' values."""
    along = next((name for point in points for name in point), None)
    lines: dict[str, dict[float, float]] = {}
    for row in rows:
        x = row.point.get(along) if along is not None else None
        if row.time is not None and isinstance(x, int | float) and not isinstance(x, bool):
            others = (f"{name} = {value}" for name, value in row.point.items() if name != along)
            line = lines.setdefault(", ".join([row.variant, *others]), {})
            line[x] = row.time.estimate
    found = {name: exponent(line) for name, line in lines.items()}
    order = {variant: place for place, variant in enumerate(variants)}
    names = sorted(found, key=lambda name: order[name.split(",")[0]])
    return {name: slope for name in names if (slope := found[name]) is not None}


def _middle(values: Iterable[float]) -> float | None:
    found = list(values)
    return statistics.median(found) if found else None


def _most(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)

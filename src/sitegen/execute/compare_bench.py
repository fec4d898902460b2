"""Two runs of a benchmark compared: by the intervals of their process medians."""

from __future__ import annotations

from sitegen.benchmarks import FEWEST_PROCESSES, Benchmark, Interval, Series
from sitegen.execute.compare import Difference
from sitegen.execute.measured import at_point
from sitegen.measure.series import process_medians, series_at
from sitegen.measure.stats import estimate
from sitegen.model import Plan, Run


def compare_benchmarks(plan: Plan, stored: Run, now: Run) -> tuple[Difference, ...] | str:
    """The variants whose intervals lie apart, by more than `noise`; or why none can be told.

    Nothing differs in a run that is of no benchmark.
    """
    old, new = stored.benchmark, now.benchmark
    if old is None or new is None or plan.bench is None:
        return ()
    found = []
    for series in old.series:
        again = series_at(new, series.variant, series.point)
        medians = _medians(old, series), _medians(new, again)
        if not all(medians):
            continue
        if min(map(len, medians)) < FEWEST_PROCESSES:
            return f"fewer than {FEWEST_PROCESSES} processes: no interval"
        before, after = map(estimate, medians)
        if _apart(before, after, plan.measure.noise):
            name = f"`{series.variant}`{at_point(series.point)}"
            shown = _shown(before), _shown(after)
            found.append(Difference(plan.span, plan.bench.name, name, *shown))
    return tuple(found)


def _medians(benchmark: Benchmark, series: Series | None) -> list[float]:
    return list(process_medians(benchmark, series).values()) if series is not None else []


def _apart(before: Interval, after: Interval, noise: float) -> bool:
    """Whether the intervals do not touch, and the estimates differ by more than noise."""
    times = after.estimate / before.estimate
    return not _touch(before, after) and not 1 / (1 + noise) <= times <= 1 + noise


def _touch(one: Interval, other: Interval) -> bool:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return True
    return one.low <= other.high and other.low <= one.high


def _shown(interval: Interval) -> str:
    return f"{interval.estimate:.4g} s ({interval.low:.4g} to {interval.high:.4g})"

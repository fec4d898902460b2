"""What a run says of a measure at a point: one value a process, and from these an interval."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from itertools import combinations

import msgspec

from sitegen.benchmarks import Bench, Benchmark, Interval, Point, Series
from sitegen.claims import Measure, Quantity
from sitegen.measure.series import (
    kept_samples,
    log_ratios,
    points_of,
    process_medians,
    series_at,
    why_ratio_unstable,
    why_unlike,
    why_unstable,
)
from sitegen.measure.stats import estimate, estimate_ratio
from sitegen.measure.work import WorkError, amount_of
from sitegen.model import Device, Run, Value

_EXACT = ("breaks", "recompiles", "value")
_RESTING = ("time", "rate")
"""The kinds of quantities that rest on samples of the steady state."""


class Known(msgspec.Struct, frozen=True):
    """A value that a block has stored, and when it was measured."""

    value: Value
    started: dt.datetime


class Ground(msgspec.Struct, frozen=True):
    """What claims stand on: a run of a benchmark on one device, or the values of a page there.

    `stale` says that it is of earlier code, which may lack what today's has.
    """

    device: Device
    started: dt.datetime
    bench: Bench | None = None
    benchmark: Benchmark | None = None
    values: Mapping[str, Known] = {}
    stale: bool = False

    @property
    def points(self) -> tuple[Point, ...]:
        return points_of(self.benchmark) if self.benchmark is not None else ({},)

    @property
    def work(self) -> str:
        """The unit of the benchmark's work."""
        work = self.bench.work if self.bench is not None else None
        return work.unit if work is not None else ""

    def when(self, measures: tuple[Measure, ...]) -> dt.datetime:
        """When what the measures speak of was measured; the latest, if at several times."""
        names = {quantity.name for measure in measures for quantity in measure.quantities}
        times = [self.values[name].started for name in names if name in self.values]
        return max(times, default=self.started)


class Reading(msgspec.Struct, frozen=True):
    """What was measured: a number with its interval, or a text; why it is unstable, if it is."""

    value: Interval | str
    unstable: tuple[str, ...] = ()
    exact: bool = False


class Unread(msgspec.Struct, frozen=True):
    """Why nothing was measured; `absent`: the run is of code that did not have it yet."""

    why: str
    absent: bool = False


def bench_ground(bench: Bench, run: Run, *, stale: bool = False) -> Ground:
    """The ground of claims on a benchmark."""
    return Ground(run.device, run.started, bench, run.benchmark, stale=stale)


def read_measure(measure: Measure, ground: Ground, point: Point) -> Reading | Unread:
    """The value of a measure at a point."""
    wrong = _why_not_read((measure,), ground, point)
    if wrong is not None:
        return wrong
    if is_exact(measure):
        return _read_exact(measure, ground, point)
    unstable = _unstable((measure,), ground, point)
    logs = _logs(measure, ground, point)
    if isinstance(logs, Unread):
        return logs
    if measure.bottom is not None:
        return Reading(estimate_ratio(list(logs.values())), unstable)
    values = _by_process(measure.top, ground, point)
    assert not isinstance(values, Unread)  # noqa: S101 (it has logarithms)
    return Reading(estimate([measure.factor * value for value in values.values()]), unstable)


def read_ratio(left: Measure, right: Measure, ground: Ground, point: Point) -> Reading | Unread:
    """The ratio of two sampled measures, formed inside each process; paired where both are times
    of variants."""
    both = (left, right)
    wrong = _why_not_read(both, ground, point)
    if wrong is not None:
        return wrong
    if left.bottom is None and right.bottom is None:
        quotient = Measure(left.top, right.top, left.factor / right.factor)
        logs = _logs(quotient, ground, point)
        if isinstance(logs, Unread):
            return logs
        return Reading(estimate_ratio(list(logs.values())), _unstable((quotient,), ground, point))
    above, below = _logs(left, ground, point), _logs(right, ground, point)
    if isinstance(above, Unread):
        return above
    if isinstance(below, Unread):
        return below
    shared = [above[process] - below[process] for process in above if process in below]
    if not shared:
        return Unread("no process measured both")
    return Reading(estimate_ratio(shared), _unstable(both, ground, point))


def is_exact(measure: Measure) -> bool:
    """Whether a measure is known as it is: a count or a stored value, not an estimate."""
    return all(quantity.kind in _EXACT for quantity in measure.quantities)


def _read_exact(measure: Measure, ground: Ground, point: Point) -> Reading | Unread:
    top = _exact(measure.top, ground, point)
    if measure.bottom is None and isinstance(top, str):
        return Reading(top, exact=True)
    bottom = 1 if measure.bottom is None else _exact(measure.bottom, ground, point)
    if isinstance(top, str) or isinstance(bottom, str):
        name = measure.top.name if isinstance(top, str) else measure.quantities[-1].name
        return Unread(f"`{name}` is a text")
    if bottom == 0:
        return Unread(f"`{measure.quantities[-1].name}` is 0")
    value = measure.factor * top / bottom
    return Reading(Interval(value, value, value), exact=True)


def _exact(quantity: Quantity, ground: Ground, point: Point) -> int | float | str:
    """A count or a stored value, of which `_why_not_read` has nothing to say."""
    if quantity.kind == "value":
        value = ground.values[quantity.name].value
        if isinstance(value, bool):
            return str(value)
        return float(value) if value in ("nan", "inf", "-inf") else value
    series = _series(quantity, ground, point)
    assert series is not None  # noqa: S101
    return len(series.breaks if quantity.kind == "breaks" else series.recompiles)


def _series(quantity: Quantity, ground: Ground, point: Point) -> Series | None:
    if ground.benchmark is None:
        return None
    return series_at(ground.benchmark, quantity.name, point)


def _why_not_read(measures: tuple[Measure, ...], ground: Ground, point: Point) -> Unread | None:
    """Why measures have no value at a point; None where they have one."""
    used: list[Series] = []
    for quantity in (quantity for measure in measures for quantity in measure.quantities):
        if quantity.kind == "value":
            if quantity.name not in ground.values:
                return Unread(f"`{quantity.name}` has no value there", absent=True)
            continue
        series = _series(quantity, ground, point)
        if series is None:
            return Unread(f"`{quantity.name}` was not measured there", absent=True)
        if quantity.kind not in _EXACT:
            if series.failure is not None:
                return Unread(f"`{quantity.name}` failed: {series.failure}")
            used.append(series)
    unlike_is_meant = ground.bench is not None and ground.bench.unlike
    for one, other in combinations(used, 2):
        unlike = why_unlike(one, other)
        if unlike and not unlike_is_meant:
            return Unread(f"not comparable: {unlike}")
    return None


def _unstable(measures: tuple[Measure, ...], ground: Ground, point: Point) -> tuple[str, ...]:
    """Of each thing that is unstable the first reason, and how many more there are."""
    benchmark = ground.benchmark
    if benchmark is None:
        return ()
    found: dict[str, tuple[str, ...]] = {}
    for measure in measures:
        resting = [
            (quantity.name, series)
            for quantity in measure.quantities
            if quantity.kind in _RESTING
            and (series := _series(quantity, ground, point)) is not None
        ]
        if _is_paired(measure) and len(resting) == 2:
            (name, one), (other_name, other) = resting
            why = why_ratio_unstable(benchmark, one, other)
            found[f"`{name}/{other_name}`"] = why
        else:
            found |= {f"`{name}`": why_unstable(benchmark, series) for name, series in resting}
    return tuple(
        f"{named}: {reasons[0]}" + (f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else "")
        for named, reasons in found.items()
        if reasons
    )


def _is_paired(measure: Measure) -> bool:
    """Whether a measure is formed in each round: the time of one variant over that of another."""
    bottom = measure.bottom
    return bottom is not None and measure.top.kind == bottom.kind == "time"


def _logs(measure: Measure, ground: Ground, point: Point) -> dict[int, float] | Unread:
    """The logarithm of a sampled measure by process."""
    add = math.log(measure.factor)
    top, bottom = measure.top, measure.bottom
    if bottom is not None and _is_paired(measure):
        above, below = _series(top, ground, point), _series(bottom, ground, point)
        assert ground.benchmark  # noqa: S101 (see `_why_not_read`)
        assert above  # noqa: S101
        assert below  # noqa: S101
        paired = log_ratios(ground.benchmark, above, below)
        if not paired:
            return Unread("no process measured both")
        return {process: add + log for process, log in paired.items()}
    values = _by_process(top, ground, point)
    if isinstance(values, Unread):
        return values
    over = {} if bottom is None else _by_process(bottom, ground, point)
    if isinstance(over, Unread):
        return over
    found = {
        process: add + math.log(value) - math.log(over.get(process, 1.0))
        for process, value in values.items()
        if bottom is None or process in over
    }
    return found or Unread("no process measured both")


def _by_process(quantity: Quantity, ground: Ground, point: Point) -> dict[int, float] | Unread:
    """The values of a sampled quantity, one a process; all are above 0."""
    series = _series(quantity, ground, point)
    assert ground.benchmark  # noqa: S101 (see `_why_not_read`)
    assert series  # noqa: S101 (see `_why_not_read`)
    kept = kept_samples(ground.benchmark, series)
    match quantity.kind:
        case "time":
            found = process_medians(ground.benchmark, series)
        case "first":
            found = {entry.process: entry.first.seconds for entry in kept}
        case "peak":
            on_device = any(entry.peak_device is not None for entry in kept)
            peaks = (
                (entry.process, entry.peak_device if on_device else entry.peak_host)
                for entry in kept
            )
            found = {process: float(peak) for process, peak in peaks if peak}
            if not found:
                return Unread(f"the peak memory of `{quantity.name}` was not measured")
        case "rate":
            work = ground.bench.work if ground.bench is not None else None
            try:
                amount = amount_of(work.expression if work is not None else "", point)
            except WorkError as error:
                return Unread(f"`work` has no value there: {error}")
            medians = process_medians(ground.benchmark, series)
            found = {process: amount / time for process, time in medians.items()}
        case "breaks" | "recompiles" | "value":
            raise AssertionError(quantity)
    above = {process: value for process, value in found.items() if value > 0}
    return above or Unread(f"`{quantity.name}` has no samples there")

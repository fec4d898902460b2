"""Measured quantities as text: three figures, an interval in the digits of its estimate."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sitegen.benchmarks import Interval, Param, Point

FIGURES = 3
"""Significant figures of an estimate; one more where its interval would else show no width."""

_LEAST_IN_UNIT = 1e-2
"""Below this share of a shared unit a quantity is written in its own."""


class Unit(NamedTuple):
    """A unit: how much it is of the base unit, and its name."""

    size: float
    name: str


SECOND = Unit(1.0, "s")
TIMES = (SECOND, Unit(1e-3, "ms"), Unit(1e-6, "µs"), Unit(1e-9, "ns"))
_PREFIXES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))


def time_unit(seconds: float) -> Unit:
    """The largest unit of which it is a tenth or more."""
    return next((unit for unit in TIMES if seconds >= 0.0995 * unit.size), TIMES[-1])


def shared_unit(times: Iterable[Interval | None]) -> Unit:
    """The unit in which several times are written side by side: that of the longest."""
    return time_unit(max((time.estimate for time in times if time is not None), default=1.0))


def unit_of(time: Interval, shared: Unit) -> Unit:
    """The shared unit; a time that is tiny beside the others has its own."""
    own = time.estimate < _LEAST_IN_UNIT * shared.size
    return time_unit(time.estimate) if own else shared


def rate_unit(rates: Sequence[float], unit: str) -> Unit:
    """A second's rate with the prefix that fits the middle one of several: `TFLOP/s`."""
    middle = sorted(rates)[len(rates) // 2]
    size, prefix = next((pair for pair in _PREFIXES if middle >= pair[0]), _PREFIXES[-1])
    return Unit(size, f"{prefix}{unit}/s")


def decimals(value: float, figures: int = FIGURES) -> int:
    """Decimals with which a value has so many significant figures; 0 where it is whole before."""
    if value == 0 or not math.isfinite(value):
        return 0
    exponent = int(f"{value:.{figures - 1}e}".partition("e")[2])
    return max(0, figures - 1 - exponent)


def format_number(value: float, figures: int = FIGURES) -> str:
    """A number with so many significant figures, never in powers of ten."""
    return f"{value:,.{decimals(value, figures)}f}"


def format_estimate(interval: Interval, unit: Unit = SECOND) -> str:
    """The estimate in this unit, without its name."""
    return f"{interval.estimate / unit.size:,.{_shared_decimals(interval, unit)}f}"


def format_range(interval: Interval, unit: Unit = SECOND) -> str:
    """`0.474–0.488` in the decimals of the estimate; "" where there is no interval."""
    if interval.low is None or interval.high is None:
        return ""
    places = _shared_decimals(interval, unit)
    return f"{interval.low / unit.size:,.{places}f}–{interval.high / unit.size:,.{places}f}"


def format_time(interval: Interval) -> str:
    """A time with its interval, for sentences: `0.482 ms (0.474–0.488)`."""
    unit = time_unit(interval.estimate)
    reach = format_range(interval, unit)
    return f"{format_estimate(interval, unit)} {unit.name}" + (f" ({reach})" if reach else "")


def inverse(interval: Interval) -> Interval:
    """One over it."""
    low = None if interval.high is None else 1 / interval.high
    high = None if interval.low is None else 1 / interval.low
    return Interval(1 / interval.estimate, low, high)


def _shared_decimals(interval: Interval, unit: Unit) -> int:
    places = decimals(interval.estimate / unit.size)
    if interval.low is None or interval.high is None or interval.low == interval.high:
        return places
    low, high = interval.low / unit.size, interval.high / unit.size
    return places + (f"{low:.{places}f}" == f"{high:.{places}f}")


def format_param(value: Param) -> str:
    """A value of a sweep as an author writes it: Python's names, and a thin space in long ones."""
    if isinstance(value, bool) or not isinstance(value, int):
        return str(value)
    return f"{value:,}".replace(",", "\u202f") if abs(value) >= 10_000 else str(value)


def format_point(point: Point) -> str:
    """`n = 1024, m = 2`; "" without a sweep."""
    return ", ".join(f"{name} = {format_param(value)}" for name, value in point.items())

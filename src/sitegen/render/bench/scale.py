"""Scales of charts: where ticks stand, and a value's place between 0 and 100 %."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_MANTISSAS = (
    (1.0,),
    (1.0, 2.0, 5.0),
    (1.0, 1.5, 2.0, 3.0, 5.0, 7.0),
    tuple(number / 10 for number in range(10, 100)),
)


class Linear(NamedTuple):
    """A scale from zero to `top`."""

    top: float

    def place(self, value: float) -> float:
        """In percent of the scale's length."""
        return 100 * value / self.top


class Between(NamedTuple):
    """A scale from `low` to `high`."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """In percent of the scale's length."""
        return 100 * (value - self.low) / (self.high - self.low)


class Log(NamedTuple):
    """A logarithmic scale from `low` to `high`, both above zero."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """In percent of the scale's length."""
        return 100 * math.log(value / self.low) / math.log(self.high / self.low)


def linear_ticks(top: float, most: int = 6) -> tuple[float, ...]:
    """Round values from zero up to `top`, at most so many steps."""
    size = 10.0 ** math.floor(math.log10(top / most))
    step = next(size * step for step in _STEPS if size * step * most >= top * (1 - 1e-9))
    return tuple(step * number for number in range(int(top / step + 1e-9) + 1))


def ticks_between(low: float, high: float, most: int = 6) -> tuple[float, ...]:
    """Round values from `low` to `high`, at most so many steps apart."""
    step = linear_ticks(high - low, most)[1]
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(step * number for number in range(first, last + 1))


def log_scale(values: Sequence[float], room: float = 0.06) -> Log:
    """A scale around values above zero, with some of its length left free at both ends."""
    low, high = min(values), max(values)
    spare = max((high / low) ** room, 1.06)
    return Log(low / spare, high * spare)


def log_ticks(scale: Log) -> tuple[float, ...]:
    """Powers of ten within the scale, with more between them where there are few; at most eight."""
    first, last = math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high))
    within: tuple[float, ...] = ()
    for digits in _MANTISSAS:
        ticks = sorted(digit * 10.0**power for power in range(first, last + 1) for digit in digits)
        within = tuple(tick for tick in ticks if scale.low <= tick <= scale.high)
        if len(within) >= 3:
            break
    return within[:: -(-len(within) // 8)] if within else ()


def thin_out(values: Sequence[float], scale: Log, least: float = 9.0) -> tuple[float, ...]:
    """The values that can be labelled without touching: those at least so many percent apart.

    The last one is kept, and what stands too close before it goes.
    """
    kept: list[float] = []
    for value in sorted(values, reverse=True):
        if not kept or scale.place(kept[-1]) - scale.place(value) >= least:
            kept.append(value)
    return tuple(reversed(kept))

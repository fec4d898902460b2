"""Numbers as prose writes them: whether one is the measured one, and how that is written.

A number says as much as its digits: `1.3×` is true of 1.25 to 1.35. Thousands may be set apart,
the decimal sign may be a point or a comma, minus may be its own sign.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import NamedTuple

from sitegen.benchmarks import Interval
from sitegen.claims import Dimension
from sitegen.measure.units import scale_of, unit_for

_SPACES = " \u00a0\u2009\u202f"
_TEXT = re.compile(
    rf"(?P<sign>[-−+]?)(?P<digits>\d[\d,.'’{_SPACES}_]*\d|\d|[.,]\d+)"
    rf"(?:[eE](?P<power>[-+−]?\d+))?(?P<space>[{_SPACES}]?)(?P<unit>[^\d{_SPACES}].*|)"
)
_POINT = re.compile(rf"(?P<whole>\d{{1,3}}(?:([,'’_{_SPACES}])\d{{3}})*|\d*)(?:\.(?P<part>\d+))?")
_COMMA = re.compile(rf"(?P<whole>\d{{1,3}}(?:([.'’_{_SPACES}])\d{{3}})*|\d*)(?:,(?P<part>\d+))?")

_WORDS = {
    "nanosecond": "ns",
    "microsecond": "µs",
    "millisecond": "ms",
    "second": "s",
    "minute": "min",
    "hour": "h",
    "byte": "B",
    "time": "×",
}
"""Units in full, in the singular."""

_FIGURES = 3
"""Figures of a number whose author wrote none."""

_ROUNDING = 1 + 1e-9
"""What a half may be exceeded by: 1.25 is no binary fraction's business."""


class Number(NamedTuple):
    """A number as written: `value` in units of `unit`, exact to `decimals` behind the decimal
    sign, times ten to `power`; the rest is how it is spelt."""

    value: float
    decimals: int
    power: int | None
    unit: str
    decimal_sign: str
    group: str
    minus: str
    spelt: str


def parse_number(text: str) -> tuple[Number, ...]:
    """The numbers that a text can be, one for either decimal sign; none where it is no number."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        return ()
    return tuple(dict.fromkeys(_readings(found)))


def _readings(found: re.Match[str]) -> Iterator[Number]:
    sign = -1 if found["sign"] in ("-", "−") else 1
    unit = found["unit"]
    power = None if found["power"] is None else int(found["power"].replace("−", "-"))
    for pattern, decimal_sign in ((_POINT, "."), (_COMMA, ",")):
        digits = pattern.fullmatch(found["digits"])
        if digits is None:
            continue
        part = digits["part"] or ""
        whole = re.sub(r"\D", "", digits["whole"]) or "0"
        yield Number(
            value=sign * float(f"{whole}.{part or 0}"),
            decimals=len(part),
            power=power,
            unit=_unit(unit),
            decimal_sign=decimal_sign if part else "." if "." not in (digits[2] or "") else ",",
            group=digits[2] or "",
            minus="−" if found["sign"] == "−" else "-",
            spelt=found["space"] + unit,
        )


def _unit(written: str) -> str:
    """The unit's sign: of `seconds` it is `s`."""
    return _WORDS.get(written, _WORDS.get(written.removesuffix("s"), written))


def is_of(number: Number, dimension: Dimension, work: str = "") -> bool:
    """Whether the number has a unit of this dimension."""
    return scale_of(number.unit, dimension, work) is not None


def agrees(number: Number, value: float, dimension: Dimension, work: str = "") -> bool:
    """Whether a measured value, in base units, is the number at the digits that it has."""
    scale = scale_of(number.unit, dimension, work)
    if scale is None or not math.isfinite(value):
        return False
    size = scale * 10.0 ** (number.power or 0)
    return abs(value / size - number.value) <= 0.5 * 10.0**-number.decimals * _ROUNDING


def write_like(number: Number, value: float, dimension: Dimension, work: str = "") -> str:
    """A measured value as the author wrote another: unit, digits and signs.

    Where these digits would leave less than two figures of it, or its unit is of another kind,
    it is written as if there were none to follow.
    """
    scale = scale_of(number.unit, dimension, work)
    if scale is None or not math.isfinite(value):
        return write_value(value, dimension, work)
    within = value / scale
    if number.power is not None:
        mantissa = f"{within:.{number.decimals}e}"
        before, _, power = mantissa.partition("e")
        return _spell(before, number) + f"e{int(power)}" + number.spelt
    text = f"{within:.{number.decimals}f}"
    if _figures(text) < min(2, _figures(f"{number.value:.{number.decimals}f}")):
        return write_value(value, dimension, work)
    return _spell(text, number) + number.spelt


def _spell(text: str, number: Number) -> str:
    """A plain decimal number with the signs of another."""
    whole, _, part = text.removeprefix("-").partition(".")
    if number.group and len(whole) > 3:
        whole = f"{int(whole):,}".replace(",", number.group)
    sign = number.minus if text.startswith("-") else ""
    return sign + whole + (number.decimal_sign + part if part else "")


def _figures(text: str) -> int:
    """The significant figures of a plain decimal number; 0 for a zero."""
    return len(re.sub(r"\D", "", text).lstrip("0"))


def write_value(value: float, dimension: Dimension, work: str = "", figures: int = _FIGURES) -> str:
    """A measured value with a unit in which it reads well, and three figures."""
    unit = unit_for(value, dimension, work)
    scale = scale_of(unit, dimension, work) or 1.0
    return _digits(value / scale, dimension, figures) + _behind(unit)


def write_interval(found: Interval, dimension: Dimension, work: str = "") -> str:
    """An estimate with its interval in one unit: `0.97× (0.95–0.99)`, `5.21 ms (5.18–5.30)`."""
    text = write_value(found.estimate, dimension, work)
    if found.low is None or found.high is None or found.low == found.high:
        return text
    return f"{text} ({write_range(found, dimension, work, unit=False)})"


def write_range(found: Interval, dimension: Dimension, work: str = "", *, unit: bool = True) -> str:
    """The interval alone: `0.95–0.99×`; the estimate where there is none."""
    if found.low is None or found.high is None or found.low == found.high:
        return write_value(found.estimate, dimension, work)
    name = unit_for(found.estimate, dimension, work)
    scale = scale_of(name, dimension, work) or 1.0
    decimals = _decimals(found.estimate / scale, _FIGURES)
    while True:
        low, high = (_fixed(end / scale, decimals) for end in (found.low, found.high))
        if low != high or decimals >= 6:
            return f"{low}–{high}" + (_behind(name) if unit else "")
        decimals += 1


def _digits(value: float, dimension: Dimension, figures: int) -> str:
    """A number to so many figures without an exponent, as far as that can be read."""
    if dimension == "count" or (dimension == "plain" and float(value).is_integer()):
        return f"{value:.0f}" if abs(value) < 1e16 else f"{value:g}"
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    if not 1e-4 <= abs(value) < 1e7:
        mantissa, _, power = f"{value:.{figures - 1}e}".partition("e")
        return f"{mantissa}e{int(power)}"
    return f"{value:.{_decimals(value, figures)}f}"


def _fixed(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}"


def _decimals(value: float, figures: int) -> int:
    """How many digits behind the point make so many figures of a number."""
    if value == 0 or not math.isfinite(value):
        return 0
    rounded = abs(float(f"{value:.{figures - 1}e}"))
    return max(0, figures - 1 - math.floor(math.log10(rounded)))


def _behind(unit: str) -> str:
    return unit if unit in ("", "×") else f" {unit}"

"""Quantities as text: times, sizes, dates."""

from __future__ import annotations

import datetime as dt

_TIME_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))
_SIZE_UNITS = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def format_seconds(seconds: float) -> str:
    """A time with two figures: one sample deserves no more. `2 min 5 s` from 100 s on."""
    if seconds == 0:
        return "0 µs"
    if seconds >= 99.5:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    for unit, name in _TIME_UNITS:
        if seconds >= unit * 0.0995 or unit == 1e-6:
            return f"{_two_figures(seconds / unit)} {name}"
    raise AssertionError(seconds)


def format_bytes(size: float) -> str:
    """A size in decimal units: whole from 10 on, else one decimal."""
    for unit, name in _SIZE_UNITS:
        if size >= unit * 0.9995:
            value = size / unit
            return f"{value:.0f} {name}" if value >= 9.95 else f"{value:.1f} {name}"
    return f"{size:.0f} B"


def format_rfc3339(date: dt.datetime) -> str:
    """The moment as Atom and HTML write it."""
    return date.isoformat(timespec="seconds").replace("+00:00", "Z")


def _two_figures(value: float) -> str:
    if value >= 9.95:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 0.995 else f"{value:.2f}"

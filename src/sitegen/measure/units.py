"""Units: of times, sizes, rates and plain numbers, with their size in base units."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sitegen.claims import Dimension

TIMES: Mapping[str, float] = {
    "ns": 1e-9,
    "µs": 1e-6,
    "us": 1e-6,
    "μs": 1e-6,  # the Greek letter, which looks the same
    "ms": 1e-3,
    "s": 1.0,
    "min": 60.0,
    "h": 3600.0,
}
SIZES: Mapping[str, float] = {
    "B": 1.0,
    "kB": 1e3,
    "KB": 1e3,
    "MB": 1e6,
    "GB": 1e9,
    "TB": 1e12,
    "KiB": 2.0**10,
    "MiB": 2.0**20,
    "GiB": 2.0**30,
    "TiB": 2.0**40,
}
PREFIXES: Mapping[str, float] = {
    "": 1.0,
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "Ki": 2.0**10,
    "Mi": 2.0**20,
    "Gi": 2.0**30,
    "Ti": 2.0**40,
}
TIMES_AS_LARGE = ("×", "x", "X")
"""What may stand behind a ratio."""

_A_SECOND = re.compile(r"\s?/\s?s")


def scale_of(unit: str, dimension: Dimension, work: str = "") -> float | None:
    """What a unit is in base units; None where it is none of this dimension's.

    `work` is the unit of a benchmark's work: with `FLOP`, rates are in `FLOP/s`, `TFLOP/s`.
    """
    match dimension:
        case "time":
            return TIMES.get(unit)
        case "size":
            return SIZES.get(unit)
        case "rate":
            done = _A_SECOND.sub("", unit)
            prefix = done.removesuffix(work)
            known = unit != done and work and done.endswith(work)
            return PREFIXES.get(prefix) if known else None
        case "ratio":
            return {"": 1.0, "%": 0.01, **dict.fromkeys(TIMES_AS_LARGE, 1.0)}.get(unit)
        case "count":
            return 1.0 if unit == "" else None
        case "plain":
            return {"": 1.0, "%": 0.01}.get(unit)


def unit_for(value: float, dimension: Dimension, work: str = "") -> str:
    """The unit in which a value is best read: one of at least 1 in it, the smallest below that."""
    units: tuple[str, ...]
    match dimension:
        case "time":
            units = ("s", "ms", "µs", "ns")
        case "size":
            units = ("GB", "MB", "kB", "B")
        case "rate":
            units = tuple(f"{prefix}{work}/s" for prefix in ("P", "T", "G", "M", "k", ""))
        case "ratio":
            return "×"
        case "count" | "plain":
            return ""
    for unit in units:
        if abs(value) >= 0.9995 * (scale_of(unit, dimension, work) or 1.0):
            return unit
    return units[-1]


def unit_example(dimension: Dimension, work: str = "") -> str:
    """A number with a unit of this dimension."""
    match dimension:
        case "time":
            return "5 ms"
        case "size":
            return "2 GB"
        case "rate":
            return f"1.5 T{work}/s"
        case "ratio":
            return "1.5"
        case "count" | "plain":
            return "3"

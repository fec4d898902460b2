"""The nouns of claims: what is measured, what it is compared with, where and when."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from sitegen.benchmarks import Param
from sitegen.measure.units import Dimension

Kind = Literal["time", "first", "peak", "rate", "breaks", "recompiles", "value"]
Comparison = Literal["<", "<=", ">", ">=", "~", "=="]

FUNCTIONS = ("first", "peak", "rate", "breaks", "recompiles")
_DIMENSIONS: dict[Kind, Dimension] = {
    "time": "time",
    "first": "time",
    "peak": "size",
    "rate": "rate",
    "breaks": "count",
    "recompiles": "count",
    "value": "plain",
}


class ClaimError(ValueError):
    """What is wrong with a claim: the place in its text, and what to write instead."""

    def __init__(self, message: str, start: int, width: int, help: str) -> None:
        super().__init__(message)
        self.message, self.start, self.width, self.help = message, start, max(1, width), help


class Quantity(msgspec.Struct, frozen=True):
    """What is measured of a variant, or a name in `values`."""

    kind: Kind
    name: str

    @property
    def dimension(self) -> Dimension:
        return _DIMENSIONS[self.kind]


class Measure(msgspec.Struct, frozen=True):
    """`[factor *] top [/ bottom]`."""

    top: Quantity
    bottom: Quantity | None = None
    factor: float = 1.0

    @property
    def dimension(self) -> Dimension:
        return self.top.dimension if self.bottom is None else "ratio"

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        return (self.top,) if self.bottom is None else (self.top, self.bottom)


class Amount(msgspec.Struct, frozen=True):
    """A number in base units: seconds, bytes, work a second, or as it is."""

    value: float


class Words(msgspec.Struct, frozen=True):
    text: str


Side = Measure | Amount | Words


class Where(msgspec.Struct, frozen=True):
    """Which points, device and stored run are meant; empty for those that the page shows."""

    at: tuple[tuple[str, Param], ...] = ()
    on: str = ""
    as_of: dt.date | None = None


class Claim(msgspec.Struct, frozen=True):
    """A claim as written and as read; one side at least is measured."""

    text: str
    left: Side
    comparison: Comparison
    right: Side
    where: Where = Where()

    @property
    def measures(self) -> tuple[Measure, ...]:
        return tuple(side for side in (self.left, self.right) if isinstance(side, Measure))


class About(msgspec.Struct, frozen=True):
    """What claims may speak of: a benchmark's variants, its sweep and the unit of its work; or,
    with `values`, the names that the blocks of a page list there.

    `variants` is empty where they are not known.
    """

    variants: tuple[str, ...] = ()
    sweep: tuple[tuple[str, tuple[Param, ...]], ...] = ()
    work: str = ""
    values: tuple[str, ...] | None = None

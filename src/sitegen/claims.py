"""The nouns of claims: what is measured, what it is compared with, where and when; the links of
prose that are tied to measurements, and what these say of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal

import msgspec

from sitegen.base.errors import Span
from sitegen.benchmarks import Judged, Param

Dimension = Literal["time", "size", "rate", "ratio", "count", "plain"]
"""What kind of number it is; `plain` is a value that a block has stored."""

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


# --- in prose -------------------------------------------------------------------------------


class Tie(msgspec.Struct, frozen=True):
    """What a link to a measurement asks for: `bench:NAME[?…][;…]` or `value:…[:FORMAT][;…]`.

    `name` is the benchmark's, "" for values. `asks` is None for the benchmark as such; of its
    charts, `runs` asks for all runs, `samples` for every sample.
    """

    name: str
    asks: Measure | Claim | None = None
    where: Where = Where()
    format: str = ""
    runs: bool = False
    samples: bool = False


class Tied(msgspec.Struct, frozen=True):
    """A link to a measurement: what it asks for, the plain text that it has, and its places.

    `span` is that of its destination, `words` that of its text, or else of the destination too.
    `written` is the place of its text in the file, in
    characters, and how it stands there; None where that is not known. `tie` is None where the
    destination cannot be read.
    """

    tie: Tie | None
    text: str
    span: Span
    excerpt: str
    words: Span
    written: tuple[int, str] | None = None


class BenchImage(msgspec.Struct, frozen=True):
    """`![caption](bench:NAME)`: where the charts of a benchmark stand in place of below its block.

    The token `bench_image` at its place is a block of its own, and has its index as
    `meta["bench_image"]`.
    """

    tie: Tie
    caption: str
    span: Span
    excerpt: str


class Says(msgspec.Struct, frozen=True):
    """What a page shows at a link to a measurement.

    `text` fills in an empty one, `title` is the interval, device and date, `href` the place on
    the page that shows the measurement, "" for none. `judged` is None where nothing was judged.
    """

    text: str = ""
    title: str = ""
    href: str = ""
    judged: Judged | None = None


class Fix(msgspec.Struct, frozen=True):
    """A text in a file, from the site's root, that is to be another; `start` is its place there,
    in characters, lines ending in one each."""

    file: str
    start: int
    was: str
    text: str


class Judgement(msgspec.Struct, frozen=True):
    """What the measurements say of a page: of each link in order, and of each block's claims."""

    links: tuple[Says, ...] = ()
    expects: Mapping[int, tuple[Judged, ...]] = {}
    fixes: tuple[Fix, ...] = ()

    @property
    def all(self) -> tuple[Judged, ...]:
        """All that was judged, the claims of blocks first."""
        expects = (judged for block in sorted(self.expects) for judged in self.expects[block])
        return (*expects, *(says.judged for says in self.links if says.judged is not None))

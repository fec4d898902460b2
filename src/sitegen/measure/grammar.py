"""The grammar of claims, read from a text with positions; what is wrong is told at its column.

claim = side cmp side [at PARAM = VALUE {and …}] [on DEVICE] [as of DATE]
side  = [number *] q [/ q] | number [unit] | "text"
q     = VARIANT | first(v) | peak(v) | rate(v) | breaks(v) | recompiles(v), or a name in `values`
cmp   = < <= > >= ~ ==
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import NoReturn, cast

import msgspec

from sitegen.base.errors import nearest
from sitegen.benchmarks import Param
from sitegen.claims import (
    FUNCTIONS,
    About,
    Amount,
    Claim,
    ClaimError,
    Comparison,
    Dimension,
    Kind,
    Measure,
    Quantity,
    Side,
    Where,
    Words,
)
from sitegen.measure.units import scale_of, unit_example

_SPACE = re.compile(r"\s*")
_NUMBER = re.compile(r"[-−]?(?:\d[\d_]*)?\.?\d[\d_]*\.?(?:[eE][-+]?\d+)?")
_NAME = re.compile(r"[^\W\d]\w*")
_TEXT = re.compile(r'"([^"]*)"|\'([^\']*)\'')
_UNIT = re.compile(r"%|[^\W\d_][\w·^-]*(?:/[^\W\d_][\w·^-]*)*")
_COMPARISON = re.compile(r"<=|>=|==|<|>|~|≤|≥|=")
_WORD = re.compile(r"[^\s;]+")
_DEVICE = re.compile(r"[\w.-]+")
_DATE = re.compile(r"[\w-]+")
_CLAUSES = ("at", "on", "as", "and")
_SAME: dict[str, str] = {"≤": "<=", "≥": ">="}


def parse_claim(text: str, about: About) -> Claim:
    """The claim in a text; raises ClaimError."""
    reader = Reader(text, about)
    claim = reader.claim()
    where = reader.clauses()
    reader.end("a claim ends after `at PARAM = VALUE`, `on DEVICE` and `as of DATE`, in this order")
    return msgspec.structs.replace(claim, text=text.strip(), where=where)


class Reader:
    """Reads parts of a claim one after another; `at` is the place behind what was read."""

    def __init__(self, text: str, about: About, at: int = 0) -> None:
        self.text = text
        self.at = at
        self._about = about

    # --- parts ------------------------------------------------------------------------------

    def claim(self) -> Claim:
        """`side cmp side`, checked to be of one kind."""
        start = self._skip()
        left = self.side()
        comparison, place = self._comparison()
        middle = self._skip()
        right = self.side()
        self._check(left, (start, place), comparison, place, right, (middle, self.at))
        left, right = self._measured_in(left, right), self._measured_in(right, left)
        return Claim(self.text[start : self.at], left, comparison, right)

    def side(self) -> Side:
        words = self.take(_TEXT)
        if words is not None:
            return Words(words[1] if words[1] is not None else words[2])
        start = self._skip()
        number = self.take(_NUMBER)
        if number is None:
            return self.measure()
        try:
            value = float(number[0].replace("_", "").replace("−", "-"))
        except ValueError:
            self.fail(f"`{number[0]}` is no number", start, "such as `1.5` or `1e-3`")
        if self.take(re.compile(r"[*·×]")):
            return self.measure(value)
        unit_at = self._skip()
        unit = self._unit()
        return _Written(value, unit, (start, unit_at))

    def measure(self, factor: float = 1.0) -> Measure:
        """`q [/ q]`."""
        start = self._skip()
        top = self._quantity()
        bottom = self._quantity() if self.take(re.compile("/")) else None
        if bottom is not None and bottom.dimension != top.dimension:
            help = "such as `eager / compiled`, or `peak(eager) / peak(compiled)`"
            self.fail("the two have no ratio: they are not of one kind", start, help)
        if factor <= 0:
            self.fail("a factor is above 0", start, "such as `2 * eager`")
        return Measure(top, bottom, factor)

    def clauses(self) -> Where:
        """`[at PARAM = VALUE {and …}] [on DEVICE] [as of DATE]`."""
        at: list[tuple[str, Param]] = []
        if self._word("at"):
            at.append(self.parameter())
            while self._word("and"):
                at.append(self.parameter())
        on = self.device() if self._word("on") else ""
        as_of = None
        if self._word("as"):
            if not self._word("of"):
                self._expected("`of` and a date", "such as `as of 2026-11-22`")
            as_of = self.date()
        return Where(tuple(at), on, as_of)

    def parameter(self) -> tuple[str, Param]:
        """`PARAM = VALUE`: a parameter of the sweep, and one of its values."""
        start = self._skip()
        name = self.take(_NAME)
        sweep = dict(self._about.sweep)
        if name is None or name[0] not in sweep:
            what = f"`{name[0]}` is" if name is not None else "this is"
            known = ", ".join(f"`{key}`" for key in sweep)
            help = f"parameters: {known}" if sweep else "there is no sweep: leave it out"
            self.fail(f"{what} no parameter of the sweep", start, help)
        if not self.take(re.compile("==?")):
            self._expected("`=` and a value", f"such as `{name[0]} = {sweep[name[0]][0]}`")
        place = self._skip()
        written = self.take(_TEXT) or self.take(_WORD)
        if written is None:
            self._expected("a value", f"such as `{name[0]} = {sweep[name[0]][0]}`")
        found = _same_value(written[0], sweep[name[0]])
        if found is None:
            values = ", ".join(f"`{value}`" for value in map(shown_value, sweep[name[0]]))
            self.fail(f"`{name[0]}` is never `{written[0]}`", place, f"it is one of {values}")
        return name[0], found

    def device(self) -> str:
        found = self.take(_DEVICE)
        if found is None:
            self._expected("a device's name", "such as `h100`")
        return found[0]

    def date(self) -> dt.date:
        start = self._skip()
        found = self.take(_DATE)
        try:
            return dt.date.fromisoformat(found[0] if found else "")
        except ValueError:
            return self.fail("this is no date", start, "such as `2026-11-22`")

    def end(self, help: str) -> None:
        """Nothing but space is left."""
        if self._skip() < len(self.text):
            self._expected("the end", help)

    # --- words ------------------------------------------------------------------------------

    def _quantity(self) -> Quantity:
        start = self._skip()
        name = self.take(_NAME)
        if name is None:
            what = "a name in `values`" if self._is_of_values else "a variant or a quantity"
            self._expected(what, self._example())
        if not self.take(re.compile(r"\(")):
            return Quantity("value" if self._is_of_values else "time", self._known(name[0], start))
        if self._is_of_values or name[0] not in FUNCTIONS:
            close = nearest(name[0], FUNCTIONS)
            known = ", ".join(f"`{entry}(v)`" for entry in FUNCTIONS)
            help = (
                "the names in `values` stand alone" if self._is_of_values else f"there are {known}"
            )
            help = f"did you mean `{close}`?" if close and not self._is_of_values else help
            self.fail(f"there is no `{name[0]}(…)`", start, help)
        inner = self._skip()
        variant = self.take(_NAME)
        if variant is None:
            self._expected("a variant", f"such as `{name[0]}({self._a_variant()})`")
        known = self._known(variant[0], inner)
        if not self.take(re.compile(r"\)")):
            self._expected("`)`", f"such as `{name[0]}({known})`")
        if name[0] == "rate" and not self._about.work:
            help = "say how much a call does: `#| work: 2 * n**3 FLOP`"
            self.fail("there is no rate without `work`", start, help)
        return Quantity(cast(Kind, name[0]), known)

    def _known(self, name: str, start: int) -> str:
        known = self._about.variants if self._about.values is None else self._about.values
        if name in known or (self._about.values is None and not known):
            return name
        close = nearest(name, known)
        if self._is_of_values:
            message = f"no block lists `{name}` in `values`"
            help = f"write `#| values: [{name}]` in the block that computes it"
        else:
            message = f"there is no variant `{name}`"
            help = "variants: " + ", ".join(f"`{entry}`" for entry in known)
        return self.fail(message, start, f"did you mean `{close}`?" if close else help, len(name))

    def _comparison(self) -> tuple[Comparison, int]:
        start = self._skip()
        found = self.take(_COMPARISON)
        help = "compare with `<`, `<=`, `>`, `>=`, `~`, or `==`"
        if found is None:
            self._expected("a comparison", help)
        if found[0] == "=":
            self.fail("`=` compares nothing", start, help)
        return cast(Comparison, _SAME.get(found[0], found[0])), start

    def _unit(self) -> str:
        place = self.at
        found = self.take(_UNIT)
        if found is None:
            return ""
        if found[0] in _CLAUSES:
            self.at = place
            return ""
        return found[0]

    # --- checks -----------------------------------------------------------------------------

    def _check(
        self,
        left: Side,
        left_at: tuple[int, int],
        comparison: Comparison,
        place: int,
        right: Side,
        right_at: tuple[int, int],
    ) -> None:
        """That both sides are of one kind, and that they can be compared so."""
        measures = [side for side in (left, right) if isinstance(side, Measure)]
        if not measures:
            help = "one side at least names what is measured"
            self.fail("nothing is measured here", left_at[0], help, right_at[1] - left_at[0])
        if len(measures) == 2:
            one, other = measures
            kinds = one.dimension, other.dimension
            if kinds[0] != kinds[1] and not set(kinds) <= {"ratio", "count", "plain"}:
                message = f"a {_NOUNS[kinds[0]]} cannot be compared with a {_NOUNS[kinds[1]]}"
                help = "both sides are of one kind"
                self.fail(message, left_at[0], help, right_at[1] - left_at[0])
        exact = all(side.dimension in ("count", "plain") for side in measures)
        if comparison == "==" and not exact:
            help = "write `~` for: the same within `noise`"
            self.fail("`==` is for counts, values and text", place, help, 2)
        if isinstance(left, Words) or isinstance(right, Words):
            measure = measures[0]
            if measure.dimension != "plain" or measure.factor != 1:
                help = "leave the quotes out, or name a text in `values`"
                where = left_at if isinstance(left, Words) else right_at
                self.fail("a measurement is no text", where[0], help)
            if comparison != "==":
                self.fail("texts are compared by `==`", place, "write `==`", len(comparison))

    def _measured_in(self, side: Side, other: Side) -> Side:
        """The side, a number with the other side's unit in base units."""
        if not isinstance(side, _Written) or not isinstance(other, Measure):
            return side
        number_at, unit_at = side.place
        scale = scale_of(side.unit, other.dimension, self._about.work)
        if scale is not None:
            return Amount(side.value * scale)
        example = unit_example(other.dimension, self._about.work)
        noun = _NOUNS[other.dimension]
        if not side.unit:
            self.fail(
                f"a {noun} has a unit", number_at, f"such as `{example}`", unit_at - number_at
            )
        help = f"such as `{example}`"
        return self.fail(f"`{side.unit}` is no unit of a {noun}", unit_at, help, len(side.unit))

    # --- the text ---------------------------------------------------------------------------

    @property
    def _is_of_values(self) -> bool:
        return self._about.values is not None

    def _a_variant(self) -> str:
        return next(iter(self._about.variants), "compiled")

    def _example(self) -> str:
        if self._is_of_values:
            return f"such as `{next(iter(self._about.values or ()), 'acc')} > 0.9`"
        return f"such as `{self._a_variant()} < 5 ms`"

    def sees(self, pattern: re.Pattern[str]) -> bool:
        """Whether a pattern stands next."""
        return pattern.match(self.text, self._skip()) is not None

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What a pattern matches next, behind any space; None, and nothing read, if it does not."""
        self._skip()
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def _skip(self) -> int:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found is not None else self.at
        return self.at

    def _word(self, word: str) -> bool:
        return self.take(re.compile(rf"{word}\b")) is not None

    def _expected(self, what: str, help: str) -> NoReturn:
        start = self._skip()
        rest = self.text[start:].split()
        message = f"expected {what}, found `{rest[0]}`" if rest else f"expected {what}"
        self.fail(message, start, help, len(rest[0]) if rest else 1)

    def fail(self, message: str, start: int, help: str, width: int | None = None) -> NoReturn:
        raise ClaimError(message, start, self.at - start if width is None else width, help)


class _Written(Amount, frozen=True):
    """A number as it is written: its unit, and where the two begin."""

    unit: str
    place: tuple[int, int]


_NOUNS: dict[Dimension, str] = {
    "time": "time",
    "size": "size",
    "rate": "rate",
    "ratio": "ratio",
    "count": "count",
    "plain": "value",
}


def shown_value(value: Param) -> str:
    """A parameter's value as an author writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _same_value(written: str, values: Iterable[Param]) -> Param | None:
    """The value that is written, among those of a sweep: `1e3` is 1000."""
    bare = written[1:-1] if written[:1] in "\"'" and len(written) > 1 else written
    for value in values:
        if shown_value(value) == bare:
            return value
    try:
        number = float(bare.replace("_", ""))
    except ValueError:
        return None
    same = (value for value in values if not isinstance(value, str) and float(value) == number)
    return next(same, None)

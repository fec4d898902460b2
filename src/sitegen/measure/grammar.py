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
from typing import cast

import msgspec

from sitegen.base.errors import nearest
from sitegen.benchmarks import Param
from sitegen.claims import (
    FUNCTIONS,
    About,
    Claim,
    Comparison,
    Kind,
    Measure,
    Quantity,
    Side,
    Where,
    Words,
)
from sitegen.measure.kinds import Written, check_sides, in_base_units
from sitegen.measure.scanner import Scanner

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


class Reader(Scanner):
    """Reads parts of a claim one after another."""

    def __init__(self, text: str, about: About, at: int = 0) -> None:
        super().__init__(text, at)
        self._about = about

    # --- parts ------------------------------------------------------------------------------

    def claim(self) -> Claim:
        """`side cmp side`, checked to be of one kind."""
        start = self.skip()
        left = self.side()
        comparison, place = self._comparison()
        middle = self.skip()
        right = self.side()
        check_sides(self, left, (start, place), comparison, place, right, (middle, self.at))
        work = self._about.work
        left, right = in_base_units(self, left, right, work), in_base_units(self, right, left, work)
        return Claim(self.text[start : self.at], left, comparison, right)

    def side(self) -> Side:
        words = self.take(_TEXT)
        if words is not None:
            return Words(words[1] if words[1] is not None else words[2])
        start = self.skip()
        number = self.take(_NUMBER)
        if number is None:
            return self.measure()
        try:
            value = float(number[0].replace("_", "").replace("−", "-"))
        except ValueError:
            self.fail(f"`{number[0]}` is no number", start, "such as `1.5` or `1e-3`")
        if self.take(re.compile(r"[*·×]")):
            return self.measure(value)
        unit_at = self.skip()
        unit = self._unit()
        return Written(value, unit, (start, unit_at))

    def measure(self, factor: float = 1.0) -> Measure:
        """`q [/ q]`."""
        start = self.skip()
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
        if self.word("at"):
            at.append(self.parameter())
            while self.word("and"):
                at.append(self.parameter())
        on = self.device() if self.word("on") else ""
        as_of = None
        if self.word("as"):
            if not self.word("of"):
                self.expected("`of` and a date", "such as `as of 2026-11-22`")
            as_of = self.date()
        return Where(tuple(at), on, as_of)

    def parameter(self) -> tuple[str, Param]:
        """`PARAM = VALUE`: a parameter of the sweep, and one of its values."""
        start = self.skip()
        name = self.take(_NAME)
        sweep = dict(self._about.sweep)
        if name is None or name[0] not in sweep:
            what = f"`{name[0]}` is" if name is not None else "this is"
            known = ", ".join(f"`{key}`" for key in sweep)
            help = f"parameters: {known}" if sweep else "there is no sweep: leave it out"
            self.fail(f"{what} no parameter of the sweep", start, help)
        if not self.take(re.compile("==?")):
            self.expected("`=` and a value", f"such as `{name[0]} = {sweep[name[0]][0]}`")
        place = self.skip()
        written = self.take(_TEXT) or self.take(_WORD)
        if written is None:
            self.expected("a value", f"such as `{name[0]} = {sweep[name[0]][0]}`")
        found = _same_value(written[0], sweep[name[0]])
        if found is None:
            values = ", ".join(f"`{value}`" for value in map(shown_value, sweep[name[0]]))
            self.fail(f"`{name[0]}` is never `{written[0]}`", place, f"it is one of {values}")
        return name[0], found

    def device(self) -> str:
        found = self.take(_DEVICE)
        if found is None:
            self.expected("a device's name", "such as `h100`")
        return found[0]

    def date(self) -> dt.date:
        start = self.skip()
        found = self.take(_DATE)
        try:
            return dt.date.fromisoformat(found[0] if found else "")
        except ValueError:
            return self.fail("this is no date", start, "such as `2026-11-22`")

    def end(self, help: str) -> None:
        """Nothing but space is left."""
        if self.skip() < len(self.text):
            self.expected("the end", help)

    # --- words ------------------------------------------------------------------------------

    def _quantity(self) -> Quantity:
        start = self.skip()
        name = self.take(_NAME)
        if name is None:
            what = "a name in `values`" if self._is_of_values else "a variant or a quantity"
            self.expected(what, self._example())
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
        inner = self.skip()
        variant = self.take(_NAME)
        if variant is None:
            self.expected("a variant", f"such as `{name[0]}({self._a_variant()})`")
        known = self._known(variant[0], inner)
        if not self.take(re.compile(r"\)")):
            self.expected("`)`", f"such as `{name[0]}({known})`")
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
        start = self.skip()
        found = self.take(_COMPARISON)
        help = "compare with `<`, `<=`, `>`, `>=`, `~`, or `==`"
        if found is None:
            self.expected("a comparison", help)
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

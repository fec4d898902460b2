"""`sweep`: `{n: [256, 1024], kind: [float32, bfloat16]}`, read with the place of every part."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator

from sitegen.benchmarks import Param
from sitegen.content.option_lines import Entry, unquoted

Sweep = tuple[tuple[str, tuple[Param, ...]], ...]

MOST_PARAMETERS = 2
EXAMPLE = "such as `#| sweep: {n: [256, 1024]}`"

_TOKEN = re.compile(r"""\s*("[^"]*"|'[^']*'|[{}\[\]:,]|[^\s{}\[\]:,]+)""")
_WHOLE = re.compile(r"[-+]?\d+(?:_\d+)*")
_DECIMAL = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d+)?")
_WORD = re.compile(r"[A-Za-z_][\w.-]*")
_MARKS = frozenset("{}[]:,")


class SweepError(Exception):
    """What is wrong with a sweep, and at which part of it."""

    def __init__(self, at: Entry, message: str, help: str = EXAMPLE) -> None:
        super().__init__(message)
        self.at = at
        self.help = help


def parse_sweep(value: Entry) -> Sweep:
    """The parameters in order, each with its values; raises SweepError at the first mistake."""
    reader = _Reader(value)
    reader.take("{")
    found: dict[str, tuple[Param, ...]] = {}
    while True:
        name = reader.next("a parameter")
        if not name.text.isidentifier() or keyword.iskeyword(name.text):
            raise SweepError(name, f"`{name.text}` cannot name a parameter")
        if name.text in found:
            raise SweepError(name, f"`{name.text}` is said twice", "keep one of the two")
        if len(found) == MOST_PARAMETERS:
            help = "measure the others in a benchmark of their own"
            raise SweepError(name, f"a sweep has at most {MOST_PARAMETERS} parameters", help)
        reader.take(":")
        reader.take("[")
        found[name.text] = tuple(_values(reader, name))
        if reader.take("}", ",").text == "}":
            reader.end()
            return tuple(found.items())


class _Reader:
    """The tokens of a sweep, one after the other."""

    def __init__(self, value: Entry) -> None:
        self._value = value
        self._at = 0

    def next(self, wanted: str) -> Entry:
        found = _TOKEN.match(self._value.text, self._at)
        if found is None:
            end = self._value.within(len(self._value.text), len(self._value.text))
            raise SweepError(end, f"the sweep ends where {wanted} should stand")
        self._at = found.end()
        return self._value.within(*found.span(1))

    def take(self, *marks: str) -> Entry:
        wanted = " or ".join(f"`{mark}`" for mark in marks)
        found = self.next(wanted)
        if found.text not in marks:
            raise SweepError(found, f"here {wanted} should stand, not `{found.text}`")
        return found

    def end(self) -> None:
        rest = self._value.text[self._at :].strip()
        if rest:
            end = len(self._value.text)
            at = self._value.within(end - len(rest), end)
            raise SweepError(at, f"`{rest}` stands behind the sweep's end")


def _values(reader: _Reader, name: Entry) -> Iterator[Param]:
    """The values of a parameter, which are all numbers, all texts or all true or false."""
    seen: list[Param] = []
    while True:
        entry = reader.next("a value")
        if entry.text == "]" and not seen:
            raise SweepError(entry, f"`{name.text}` has no values")
        value = _value(entry)
        if seen and _kind(value) != _kind(seen[0]):
            message = f"`{entry.text}` is {_kind(value)}, the values before it are not"
            raise SweepError(entry, message, "the values of a parameter are of one kind")
        if value in seen:
            raise SweepError(entry, f"`{entry.text}` stands twice", "keep one of the two")
        seen.append(value)
        yield value
        if reader.take("]", ",").text == "]":
            return


def _value(entry: Entry) -> Param:
    text = entry.text
    if text in ("true", "false"):
        return text == "true"
    if _WHOLE.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        return float(text)
    if (text[0] in "\"'" and len(text) > 2) or _WORD.fullmatch(text):
        return unquoted(entry).text
    help = "a number, `true`, `false`, a word or a text in quotes"
    raise SweepError(entry, f"`{text}` is no value of a sweep", help)


def _kind(value: Param) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text"

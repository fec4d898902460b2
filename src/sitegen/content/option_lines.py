"""The `#|` lines of a block: which options stand there, and where each value and part of one is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from sitegen.base.errors import Problem, Severity, Span, nearest
from sitegen.model import Look

OF_BENCHMARKS = frozenset("agree baseline bench needs sweep unlike wait work".split())
KNOWN = OF_BENCHMARKS | frozenset(
    "alt caption correction cost devices echo error eval expect fig-dpi fig-height fig-width file "
    "include label output saves session timeout values".split()
)

_OPTION = re.compile(r"#\|\s*([A-Za-z][\w-]*)\s*:\s*(.*?)\s*$")
_ENTRY = re.compile(r"#\|\s+-\s+(.*?)\s*$")
_LIST = re.compile(r"\s*([^,]*?)\s*(?:,|$)")


class Fence(msgspec.Struct, frozen=True):
    """A Python fence before it is parsed: where it opens, and the file's raw lines below that."""

    content: str
    look: Look
    file: str
    line: int
    raw: tuple[str, ...]

    def span(self, number: int, text: str, start: int, width: int) -> tuple[Span, str]:
        """The place of a part of line `number` (from 0) of the content, and the file's line there.

        The part stands at `start` within `text`, wherever a list or a quote has moved that.
        """
        raw = self.raw[number] if number < len(self.raw) else text
        column = max(raw.find(text), 0) + start + 1
        return Span(self.file, self.line + 1 + number, column, max(width, 1)), raw

    def note(
        self,
        problems: list[Problem],
        number: int,
        text: str,
        part: tuple[int, int],
        severity: Severity,
        message: str,
        *help: str,
    ) -> None:
        """Note a problem at a part (start, end) of a line of the content."""
        start, end = part
        span, raw = self.span(number, text, start, end - start)
        problems.append(Problem(severity, "cell-option", message, span, raw, help))


class Entry(msgspec.Struct, frozen=True):
    """A part of an option's value: the line of the content on which it stands, and where there."""

    number: int
    part: tuple[int, int]
    text: str

    def within(self, start: int, end: int) -> Entry:
        """A part of it."""
        at = self.part[0]
        return Entry(self.number, (at + start, at + end), self.text[start:end])


class Lines:
    """The options of one block as they are written; mistakes go to `problems`."""

    def __init__(
        self, fence: Fence, numbers: range, lines: Sequence[str], problems: list[Problem]
    ) -> None:
        self.fence = fence
        self._lines = lines
        self._problems = problems
        self._values: dict[str, Entry] = {}
        self._names: dict[str, Entry] = {}
        self._listed: dict[str, list[Entry]] = {}
        last = None
        for number in numbers:
            entry = _ENTRY.match(lines[number])
            if entry is not None and last is not None and not self._values[last].text:
                self._listed[last].append(Entry(number, entry.span(1), entry[1]))
            else:
                last = self._read(number, lines[number])

    def _read(self, number: int, line: str) -> str | None:
        """Note the option on a line; its name, or None where there is none."""
        found = _OPTION.match(line)
        if found is None:
            self._report(number, (0, 2), "not an option", "write `#| key: value`")
            return None
        name = found[1]
        place = found.span(1)
        if name not in KNOWN:
            close = nearest(name, KNOWN)
            hint = f"did you mean `{close}`?" if close else f"options: {', '.join(sorted(KNOWN))}"
            self._report(number, place, f"unknown option `{name}`", hint)
        elif name in self._values:
            self._report(number, place, f"`{name}` is said twice", "keep one of the two")
        else:
            self._values[name] = Entry(number, found.span(2), found[2])
            self._names[name] = Entry(number, place, name)
            self._listed[name] = []
            return name
        return None

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def value(self, name: str) -> str | None:
        """What stands behind the option's colon; None where it is not said."""
        return self._values[name].text if name in self._values else None

    def written(self, name: str) -> Entry:
        """The value of an option that is said, with its place; its name where it has none."""
        return self._values[name] if self._values[name].text else self._names[name]

    def named(self, name: str) -> Entry:
        """The name of an option that is said, with its place."""
        return self._names[name]

    def entries(self, name: str, *, whole: bool = False, empty: str = "") -> Iterator[Entry]:
        """The entries of a list: `[a, b]`, `a, b`, or one on each `#|   - a` line.

        With `whole` a value without brackets is one entry, whatever commas it holds. `empty` is
        the remedy where there is none.
        """
        value = self._values.get(name)
        if value is None:
            return
        if not value.text:
            if not self._listed[name]:
                help = empty or f"write `#| {name}: [a, b]`"
                self.wrong(name, f"`{name}` is empty", help)
            for entry in self._listed[name]:
                yield unquoted(entry)
            return
        start, end = 0, len(value.text)
        if value.text[0] == "[" and value.text[-1] == "]":
            start, end = 1, end - 1
        elif whole:
            yield unquoted(value)
            return
        while start < end:
            found = _LIST.match(value.text, start, end)
            assert found is not None  # noqa: S101 (it matches the empty text)
            start = max(found.end(), start + 1)
            if found[1]:
                yield unquoted(value.within(*found.span(1)))

    def said(self, entry: Entry) -> tuple[Span, str]:
        """The place of an entry in the file, and the file's line there."""
        start, end = entry.part
        return self.fence.span(entry.number, self._lines[entry.number], start, end - start)

    def wrong(self, name: str, message: str, *help: str) -> None:
        """Report an option's value, or its name where the value is empty."""
        self.bad(self.written(name), message, *help)

    def bad(self, entry: Entry, message: str, *help: str) -> Literal[False]:
        """Report an entry; what is returned is no entry."""
        self._report(entry.number, entry.part, message, *help)
        return False

    def _report(self, number: int, part: tuple[int, int], message: str, *help: str) -> None:
        line = self._lines[number]
        self.fence.note(self._problems, number, line, part, "fatal", message, *help)


def unquoted(entry: Entry) -> Entry:
    """The entry without matching quotes around it."""
    text = entry.text
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return entry.within(1, len(text) - 1) if quoted else entry

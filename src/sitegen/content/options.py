"""The `#|` lines of a block: the option decides the type of its value, not YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Literal

import msgspec

from sitegen.base.errors import Problem, Severity, Span, nearest
from sitegen.base.schema import parse_duration
from sitegen.model import MAIN, Look

KNOWN = frozenset(
    "alt caption cost devices echo error eval fig-dpi fig-height fig-width file include label "
    "output saves session timeout values".split()
)
LATER = frozenset("agree baseline bench correction expect needs sweep unlike wait work".split())
"""The options of benchmarks."""

MOST_INCHES = 100.0
MOST_DPI = 1200

_OPTION = re.compile(r"#\|\s*([A-Za-z][\w-]*)\s*:\s*(.*?)\s*$")
_ENTRY = re.compile(r"#\|\s+-\s+(.*?)\s*$")
_LABEL = re.compile(r"[A-Za-z][\w.-]*")
_SESSION = re.compile(r"[A-Za-z][\w-]*")
_DEVICE = re.compile(r"[a-z0-9][a-z0-9-]*")
_EXCEPTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_NUMBER = re.compile(r"\d+(\.\d+)?")
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


class Options:
    """The options of one block, each read by its own type; mistakes go to `problems`."""

    def __init__(
        self, fence: Fence, numbers: range, lines: Sequence[str], problems: list[Problem]
    ) -> None:
        self.fence = fence
        self.lines = lines
        self.problems = problems
        self.values: dict[str, Entry] = {}
        self.names: dict[str, Entry] = {}
        self.listed: dict[str, list[Entry]] = {}
        last = None
        for number in numbers:
            entry = _ENTRY.match(lines[number])
            if entry is not None and last is not None and not self.values[last].text:
                self.listed[last].append(Entry(number, entry.span(1), entry[1]))
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
        if name in LATER:
            message = f"this version of sitegen does not know `{name}` yet"
            self._report(number, place, message, "leave it out, or say `#| eval: false`")
        elif name not in KNOWN:
            close = nearest(name, KNOWN | LATER)
            hint = f"did you mean `{close}`?" if close else f"options: {', '.join(sorted(KNOWN))}"
            self._report(number, place, f"unknown option `{name}`", hint)
        elif name in self.values:
            self._report(number, place, f"`{name}` is said twice", "keep one of the two")
        else:
            self.values[name] = Entry(number, found.span(2), found[2])
            self.names[name] = Entry(number, place, name)
            self.listed[name] = []
            return name
        return None

    def text(self, name: str) -> str | None:
        """The words after the colon, or None; matching quotes around them are not part of them."""
        value = self._value(name)
        if value is None:
            return None
        value = _unquoted(value)
        if not value:
            self._wrong(name, f"`{name}` is empty", "leave it out, or give it a value")
        return value or None

    def boolean(self, name: str, default: bool, *also: str) -> bool:
        value = self._value(name)
        if value is None:
            return default
        if value not in ("true", "false"):
            choices = " or ".join(f"`{word}`" for word in ("true", "false", *also))
            message = f"`{name}` is {choices}, not `{value}`"
            self._wrong(name, message, f"write `#| {name}: {str(default).lower()}`")
        return value == "true"

    def echo(self) -> bool | Literal["fold"]:
        return "fold" if self._value("echo") == "fold" else self.boolean("echo", True, "fold")

    def error(self) -> bool | str:
        value = self._value("error")
        if value is None or value in ("true", "false"):
            return value == "true"
        if not _EXCEPTION.fullmatch(value):
            message = f"`error` is `true`, `false` or the name of an exception, not `{value}`"
            self._wrong("error", message, "such as `#| error: NameError`")
        return value

    def label(self) -> str | None:
        label = self.text("label")
        if label is not None and not _LABEL.fullmatch(label):
            hint = "a letter, then letters, digits, `-`, `_` and `.`"
            self._wrong("label", f"`{label}` cannot be a label", hint)
        return label

    def session(self) -> str:
        session = self.text("session")
        if session is not None and not _SESSION.fullmatch(session):
            hint = "a letter, then letters, digits, `-` and `_`"
            self._wrong("session", f"`{session}` cannot name a session", hint)
        return session or MAIN

    def timeout(self, default: float) -> float:
        value = self._value("timeout")
        if value is None:
            return default
        seconds = parse_duration(value)
        if seconds is None:
            hint = "a number and ms, s, m or h, such as `90s`"
            self._wrong("timeout", f"`{value}` is no duration", hint)
        return seconds or default

    def inches(self, name: str) -> float | None:
        return self._number(name, MOST_INCHES, "inches, such as `6.4`")

    def dpi(self) -> int | None:
        value = self._number("fig-dpi", MOST_DPI, "dots an inch, such as `144`")
        return None if value is None else round(value)

    def python_names(self, name: str) -> tuple[str, ...]:
        """A list of names that a block can bind."""
        return tuple(
            entry.text
            for entry in self._entries(name)
            if entry.text.isidentifier()
            or self._bad(entry, f"`{entry.text}` is no name", f"such as `#| {name}: [acc, loss]`")
        )

    def device_names(self) -> tuple[str, ...]:
        hint = "a name of `[devices]`, or the one in the path of a stored result"
        return tuple(
            entry.text
            for entry in self._entries("devices")
            if _DEVICE.fullmatch(entry.text)
            or self._bad(entry, f"`{entry.text}` cannot name a device", hint)
        )

    def paths(self, name: str) -> tuple[str, ...]:
        """A list of files below the working folder, each in its normal form."""
        hint = f"files in the working folder, such as `#| {name}: [model.pt]`"
        return tuple(
            entry.text
            for entry in self._entries(name)
            if _is_below(entry.text)
            or self._bad(entry, f"`{entry.text}` is no file in the working folder", hint)
        )

    def _entries(self, name: str) -> Iterator[Entry]:
        """The entries of a list: `[a, b]`, `a, b`, or one on each `#|   - a` line."""
        value = self.values.get(name)
        if value is None:
            return
        if not value.text:
            if not self.listed[name]:
                self._wrong(name, f"`{name}` is empty", f"write `#| {name}: [a, b]`")
            for entry in self.listed[name]:
                yield msgspec.structs.replace(entry, text=_unquoted(entry.text))
            return
        start, end = 0, len(value.text)
        if value.text[0] == "[" and value.text[-1] == "]":
            start, end = 1, end - 1
        while start < end:
            found = _LIST.match(value.text, start, end)
            assert found is not None  # noqa: S101 (it matches the empty text)
            start = max(found.end(), start + 1)
            if found[1]:
                offset = value.part[0]
                part = (offset + found.start(1), offset + found.end(1))
                yield Entry(value.number, part, _unquoted(found[1]))

    def _number(self, name: str, most: float, what: str) -> float | None:
        value = self._value(name)
        if value is None:
            return None
        if not _NUMBER.fullmatch(value) or not 0 < float(value) <= most:
            self._wrong(name, f"`{name}` is a number up to {most:g}, not `{value}`", what)
            return None
        return float(value)

    def _value(self, name: str) -> str | None:
        return self.values[name].text if name in self.values else None

    def wrong_file(self, message: str, *help: str) -> None:
        """Report the value of `file`."""
        self._wrong("file", message, *help)

    def _wrong(self, name: str, message: str, *help: str) -> None:
        """Report an option's value, or its name where the value is empty."""
        entry = self.values[name] if self.values[name].text else self.names[name]
        self._bad(entry, message, *help)

    def _bad(self, entry: Entry, message: str, *help: str) -> Literal[False]:
        self._report(entry.number, entry.part, message, *help)
        return False

    def _report(self, number: int, part: tuple[int, int], message: str, *help: str) -> None:
        line = self.lines[number]
        self.fence.note(self.problems, number, line, part, "fatal", message, *help)


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
    return text[1:-1] if quoted else text


def _is_below(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return path == "/".join(parts) and ".." not in parts and path != "." and "\\" not in path

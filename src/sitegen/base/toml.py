"""TOML with positions: what tomli reads, and where each key stands.

tomli gives positions for syntax errors only, so a small scanner finds the keys of a text that
tomli has already accepted; it may therefore assume that the syntax is right.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

import tomli

from sitegen.base.errors import Problem, Span

Path = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_SCALAR = re.compile(r"[^,\]}#\n]*")
_STRINGS = (
    ('"""', re.compile(r'"""(?:\\.|[^\\])*?"""(?:"{0,2})', re.S)),
    ("'''", re.compile(r"'''.*?'''(?:'{0,2})", re.S)),
    ('"', re.compile(r'"(?:\\.|[^"\\\n])*"')),
    ("'", re.compile(r"'[^'\n]*'")),
)


class Toml:
    """A parsed TOML text that knows where its keys stand; positions are sought when first asked."""

    def __init__(self, file: str, text: str, first_line: int, data: dict[str, Any]) -> None:
        self.file = file
        self.first_line = first_line
        self.data = data
        self._text = text

    @cached_property
    def _places(self) -> dict[Path, tuple[int, int, int]]:
        return _Scanner(self._text).scan()

    def span(self, path: Path) -> Span:
        """Where the key stands, else the nearest table around it, else the first line."""
        while path:
            if path in self._places:
                line, column, width = self._places[path]
                return Span(self.file, line + self.first_line - 1, column, width)
            path = path[:-1]
        return Span(self.file, self.first_line)

    def excerpt(self, span: Span) -> str:
        """The text's line at `span`."""
        lines = self._text.split("\n")
        index = span.line - self.first_line
        return lines[index] if 0 <= index < len(lines) else ""


def parse_toml(text: str, file: str, *, first_line: int = 1) -> Toml | Problem:
    """The parsed text, or the syntax error as a fatal problem.

    `first_line` is the line of `file` on which `text` begins.
    """
    try:
        data = tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        lines = text.split("\n")
        index = min(error.lineno, len(lines)) - 1
        return Problem(
            "fatal",
            "toml",
            f"not valid TOML: {error.msg[:1].lower()}{error.msg[1:]}",
            Span(file, first_line + index, error.colno),
            lines[index],
        )
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        return Problem("fatal", "toml", f"this TOML cannot be read: {why}", Span(file, first_line))
    return Toml(file, text, first_line, data)


class _Scanner:
    """Walks a valid TOML text once and notes where each key begins."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.places: dict[Path, tuple[int, int, int]] = {}
        self.array_lengths: dict[Path, int] = {}

    def scan(self) -> dict[Path, tuple[int, int, int]]:
        table: Path = ()
        while True:
            self._skip(_SPACE)
            if self.at >= len(self.text):
                return self.places
            if self.text.startswith("[[", self.at):
                self.at += 2
                name = self._key(())
                index = self.array_lengths.get(name, 0)
                self.array_lengths[name] = index + 1
                table = (*name, index)
                self.places[table] = self.places[name]
                self.at = self.text.index("]]", self.at) + 2
            elif self.text[self.at] == "[":
                self.at += 1
                table = self._key(())
                self.at = self.text.index("]", self.at) + 1
            else:
                self._pair(table)

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found.group()

    def _pair(self, table: Path) -> None:
        path = self._key(table)
        self._skip(_BLANK)
        self.at += 1  # the equals sign
        self._skip(_BLANK)
        self._value(path)

    def _key(self, table: Path) -> Path:
        """The path that a dotted key names; each part's place is noted."""
        path = table
        while True:
            self._skip(_BLANK)
            start = self.at
            raw = self._skip(_BARE) or self._string()
            part = raw if _BARE.fullmatch(raw) else next(iter(tomli.loads(f"{raw} = 0")))
            path = (*self._current(path), part)
            line = self.text.count("\n", 0, start) + 1
            column = start - (self.text.rfind("\n", 0, start) + 1) + 1
            self.places.setdefault(path, (line, column, len(raw)))
            self._skip(_BLANK)
            if self.text[self.at : self.at + 1] != ".":
                return path
            self.at += 1

    def _current(self, path: Path) -> Path:
        """A header under an array of tables speaks of its last element."""
        length = self.array_lengths.get(path)
        return path if length is None else (*path, length - 1)

    def _string(self) -> str:
        for quote, pattern in _STRINGS:
            if self.text.startswith(quote, self.at):
                return self._skip(pattern)
        return ""

    def _value(self, path: Path) -> None:
        opening = self.text[self.at]
        if opening == "[":
            self.at += 1
            index = 0
            while True:
                self._skip(_SPACE)
                if self.text[self.at] == "]":
                    break
                line = self.text.count("\n", 0, self.at) + 1
                start = self.at
                column = start - (self.text.rfind("\n", 0, start) + 1) + 1
                self._value((*path, index))
                width = len(self.text[start : self.at].split("\n")[0].rstrip())
                self.places[(*path, index)] = (line, column, width)
                index += 1
                self._skip(_SPACE)
                if self.text[self.at] == ",":
                    self.at += 1
            self.at += 1
        elif opening == "{":
            self.at += 1
            while True:
                self._skip(_SPACE)
                if self.text[self.at] == "}":
                    break
                self._pair(path)
                self._skip(_SPACE)
                if self.text[self.at] == ",":
                    self.at += 1
            self.at += 1
        elif opening in "\"'":
            self._string()
        else:
            self._skip(_SCALAR)

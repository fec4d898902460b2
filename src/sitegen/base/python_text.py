"""Python source reduced to what can change its result: no comments, blank lines or trailing space.

The reduced text is both what a run's key hashes and what a kernel executes, so a key can never
leave out something that ran. The scanner is ours because `tokenize` splits f-strings differently
from one Python version to the next, and refuses IPython's magics.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_OPEN = "([{"
_CLOSE = ")]}"
_MAGIC = re.compile(r"[ \t]*(?:[\w.,\[\] \t*]*\w[\])]*[ \t]*=[ \t]*)?[%!]")
"""A line that IPython takes, or the value of an assignment that it takes."""

_PREFIX = frozenset("rbuft")


class Reduced(NamedTuple):
    """The reduced text; `lines[i]` is the original's line, from 0, on which its line i stood."""

    code: str
    lines: tuple[int, ...]


def reduce_python(source: str) -> Reduced:
    """The source without comments, blank lines and trailing space, outside strings.

    Taken over as written: all of a block that holds a `%%` cell magic, lines that begin with `%` or
    `!`, and assignments of what these give. After a backslash a line is kept even if it is blank:
    it ends the statement.
    """
    source = source.rstrip()
    if source.lstrip().startswith("%%"):
        return Reduced(source, tuple(range(source.count("\n") + 1)))
    return _Scanner(source).reduce()


def magic_lines(source: str) -> frozenset[int]:
    """The lines, from 0, that IPython takes and Python does not: all under a `%%` cell magic."""
    if source.lstrip().startswith("%%"):
        return frozenset(range(source.count("\n") + 1))
    scanner = _Scanner(source)
    scanner.reduce()
    return frozenset(scanner.magics)


class _Scanner:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.depth = 0
        self.kept: list[str] = []
        self.lines: list[int] = []
        self.magics: list[int] = []

    def reduce(self) -> Reduced:
        number = 0
        continued = False
        while self.at < len(self.source):
            start = self.at
            text: str | None
            if self.depth == 0 and not continued and self._is_magic():
                text = self._take_magic()
                self.magics += range(number, number + text.count("\n") + 1)
            else:
                text, continued = self._take_statement_line(continued)
            if text is not None:
                self.kept.append(text)
                self.lines += range(number, number + text.count("\n") + 1)
            number += self.source.count("\n", start, self.at)
        while self.kept and not self.kept[-1]:
            self.kept.pop()
            self.lines.pop()
        return Reduced("\n".join(self.kept), tuple(self.lines))

    def _is_magic(self) -> bool:
        return _MAGIC.match(self.source, self.at) is not None

    def _take_magic(self) -> str:
        """A magic with the lines that its backslashes join, as written."""
        start = self.at
        end = self._line_end(start)
        while self.source[end - 1] == "\\" and end < len(self.source):
            end = self._line_end(end + 1)
        self.at = end + 1
        return self.source[start:end].rstrip()

    def _take_statement_line(self, continued: bool) -> tuple[str | None, bool]:
        """Code up to a newline outside strings, comment dropped; None where nothing is left.

        Also whether a backslash joins the next line to it.
        """
        parts: list[str] = []
        begin = self.at
        source = self.source
        while self.at < len(source):
            char = source[self.at]
            if char == "\n":
                break
            if char == "#":
                parts.append(source[begin : self.at])
                self.at = begin = self._line_end(self.at)
            elif char in "\"'":
                self._skip_string(begin)
            else:
                if char in _OPEN:
                    self.depth += 1
                elif char in _CLOSE:
                    self.depth = max(0, self.depth - 1)
                self.at += 1
        parts.append(source[begin : self.at])
        self.at += 1
        text = "".join(parts).rstrip()
        joins = text.endswith("\\")
        return (text if text or continued else None), joins

    def _line_end(self, start: int) -> int:
        end = self.source.find("\n", start)
        return len(self.source) if end < 0 else end

    def _skip_string(self, begin: int) -> None:
        """Move behind the string whose opening quote stands here."""
        prefix = ""
        back = self.at - 1
        while back >= begin and self.source[back].lower() in _PREFIX:
            prefix = self.source[back].lower() + prefix
            back -= 1
        if back >= begin and (self.source[back].isalnum() or self.source[back] == "_"):
            prefix = ""
        quote = self.source[self.at]
        if self.source.startswith(quote * 3, self.at):
            quote *= 3
        self.at += len(quote)
        if "f" in prefix or "t" in prefix:
            self._skip_formatted(quote, raw="r" in prefix)
        else:
            self._skip_plain(quote)

    def _skip_plain(self, quote: str) -> None:
        source = self.source
        while self.at < len(source):
            if source[self.at] == "\\":
                self.at += 2
            elif source.startswith(quote, self.at):
                self.at += len(quote)
                return
            elif source[self.at] == "\n" and len(quote) == 1:
                return
            else:
                self.at += 1

    def _skip_formatted(self, quote: str, *, raw: bool) -> None:
        """Literal part of an f-string or t-string; replacement fields may hold strings again."""
        source = self.source
        while self.at < len(source):
            char = source[self.at]
            if char == "\\":
                if not raw and source.startswith("\\N{", self.at):
                    self.at = self._behind("}", self.at)
                else:
                    self.at += 1 if source[self.at + 1 : self.at + 2] in "{}" else 2
            elif source.startswith(quote, self.at):
                self.at += len(quote)
                return
            elif char == "\n" and len(quote) == 1:
                return
            elif char in "{}" and source.startswith(char * 2, self.at):
                self.at += 2
            elif char == "{":
                self.at += 1
                self._skip_field(quote)
            else:
                self.at += 1

    def _skip_field(self, quote: str) -> None:
        """A replacement field, from behind its `{` to behind its `}`."""
        source = self.source
        depth = 0
        while self.at < len(source):
            char = source[self.at]
            if char in "\"'":
                self._skip_string(self.at)
                continue
            if char == "#":
                self.at = self._line_end(self.at)
                continue
            self.at += 1
            if char in _OPEN:
                depth += 1
            elif char == "}" and depth == 0:
                return
            elif char in _CLOSE:
                depth = max(0, depth - 1)
            elif char == ":" and depth == 0:
                self._skip_format(quote)
                return

    def _skip_format(self, quote: str) -> None:
        """A format specification, to behind the `}` that ends its field."""
        source = self.source
        while self.at < len(source):
            char = source[self.at]
            if source.startswith(quote, self.at) or (char == "\n" and len(quote) == 1):
                return
            self.at += 1
            if char == "{":
                self._skip_field(quote)
            elif char == "}":
                return

    def _behind(self, text: str, start: int) -> int:
        found = self.source.find(text, start)
        return len(self.source) if found < 0 else found + len(text)

"""A Tera template as parts (text, comments, tags, outputs), and a tag as tokens.

Every part and token knows its place in the file, so that only what must change is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

PartKind = Literal["text", "comment", "raw", "tag", "output"]
TokenKind = Literal["name", "string", "number", "operator"]

_OPEN = re.compile(r"\{\{-?|\{%-?|\{#-?")
_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<string>"[^"]*"|'[^']*'|`[^`]*`)
      | (?P<number>\d+(?:\.\d+)?)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<operator>::|<=|>=|==|!=|[-+*/%~|.,()\[\]=<>:])""",
    re.X,
)
_END = {"{{": re.compile(r"-?\}\}"), "{%": re.compile(r"-?%\}")}
_RAW = re.compile(r"\{%-?\s*endraw\s*-?%\}")


class Token(msgspec.Struct, frozen=True):
    """A word of a tag; `start` and `end` are places in the file."""

    kind: TokenKind
    text: str
    start: int
    end: int


class Part(msgspec.Struct, frozen=True):
    """A piece of a template from `start` to `end`; tokens only in tags and outputs."""

    kind: PartKind
    start: int
    end: int
    tokens: tuple[Token, ...] = ()


class TeraSyntaxError(Exception):
    """The text is no Tera template; `place` is where that shows."""

    def __init__(self, message: str, place: int) -> None:
        super().__init__(message)
        self.message = message
        self.place = place


def scan_parts(text: str) -> Iterator[Part]:
    """The parts of a template in order, without gaps."""
    at = 0
    while at < len(text):
        opened = _OPEN.search(text, at)
        if opened is None:
            yield Part("text", at, len(text))
            return
        if opened.start() > at:
            yield Part("text", at, opened.start())
        part = _scan_part(text, opened)
        yield part
        at = part.end
        if part.kind == "tag" and [token.text for token in part.tokens] == ["raw"]:
            end = _RAW.search(text, at)
            if end is None:
                raise TeraSyntaxError("`raw` has no `endraw`", part.start)
            yield Part("raw", at, end.start())
            at = end.start()


def _scan_part(text: str, opened: re.Match[str]) -> Part:
    kind = opened[0][:2]
    if kind == "{#":
        end = text.find("#}", opened.end())
        if end < 0:
            raise TeraSyntaxError("a comment has no end", opened.start())
        return Part("comment", opened.start(), end + 2)
    tokens: list[Token] = []
    at, closing = opened.end(), _END[kind]
    while True:
        closed = closing.match(text, at)
        if closed is not None:
            what: PartKind = "output" if kind == "{{" else "tag"
            return Part(what, opened.start(), closed.end(), tuple(tokens))
        found = _TOKEN.match(text, at)
        if found is None:
            where = opened.start() if at >= len(text) else at
            shown = text[at : at + 10].split("\n")[0]
            message = f"`{shown}` is not understood" if shown else "a tag has no end"
            raise TeraSyntaxError(message, where)
        at = found.end()
        match found.lastgroup:
            case "string" | "number" | "name" | "operator" as group:
                tokens.append(Token(group, found[0], found.start(), found.end()))
            case _:
                pass

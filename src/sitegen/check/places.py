"""Where the addresses of a document are written: file, line, column."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import Literal
from urllib.parse import unquote

import msgspec
from markdown_it.token import Token

from sitegen.base.address import permalink
from sitegen.base.errors import Span
from sitegen.check.markup import read_html
from sitegen.model import Document

Kind = Literal["link", "image", "html"]
"""`html`: it stands in HTML within the Markdown, whatever element holds it."""


class Reference(msgspec.Struct, frozen=True):
    """An address as it becomes an attribute of the page, and where it is written.

    `silent` marks an image that says nothing to those who cannot see it.
    """

    target: str
    kind: Kind
    span: Span
    excerpt: str
    silent: bool = False


def find_references(document: Document) -> Iterator[Reference]:
    """Every address in the document's Markdown, in reading order."""
    meta, source = document.meta, document.source
    lines = source.text.split("\n")
    folder = permalink("", document.url)
    at, column = meta.body_line - 1, 0
    for token in document.tokens:
        last = len(lines)
        if token.map is not None:
            last = token.map[1] + meta.body_line - 1
            if token.map[0] + meta.body_line - 1 > at:
                at, column = token.map[0] + meta.body_line - 1, 0
        for target, kind, silent in _targets(token):
            forms = (target, target.removeprefix(folder))
            found = _find(lines, forms, at, column, last)
            if found is not None:
                at, column = found.line - 1, found.column + found.width - 1
            found = found or _find(lines, forms, meta.body_line - 1, 0, len(lines))
            span = _span(source.file, found or Place(min(at, len(lines) - 1) + 1, 1, 1))
            yield Reference(target, kind, span, lines[span.line - 1], silent)


def find_mention(file: str, text: str, target: str) -> tuple[Span, str] | None:
    """The first place in a file's text at which an address stands, and that line."""
    lines = text.split("\n")
    found = _find(lines, (target,), 0, 0, len(lines))
    return (_span(file, found), lines[found.line - 1]) if found is not None else None


class Place(msgspec.Struct, frozen=True):
    """A place in a text: line and column from 1."""

    line: int
    column: int
    width: int


def _span(file: str, place: Place) -> Span:
    return Span(file, place.line, place.column, place.width)


def _targets(token: Token) -> Iterator[tuple[str, Kind, bool]]:
    for part in (token, *(token.children or ())):
        if part.type == "link_open":
            yield str(part.attrGet("href") or ""), "link", False
        elif part.type == "image":
            yield str(part.attrGet("src") or ""), "image", not part.content.strip()
        elif part.type in ("html_block", "html_inline", "made"):
            seen = read_html(part.content)
            for target in seen.addresses:
                yield target, "html", target in seen.silent


def _find(
    lines: Sequence[str], targets: Sequence[str], at: int, column: int, last: int
) -> Place | None:
    """Where one of an address's forms next stands by itself, not as a part of a longer one."""
    forms = dict.fromkeys(
        form for target in targets for form in (target, unquote(target), escape(target))
    )
    either = "|".join(re.escape(form) for form in forms if form)
    if not either:
        return None
    pattern = re.compile(rf"(?<![\w/%.@-])(?:{either})(?![\w%/-]|[.?&#=]\w)")
    for number in range(at, min(last, len(lines))):
        found = pattern.search(lines[number], column if number == at else 0)
        if found is not None:
            return Place(number + 1, found.start() + 1, len(found.group()))
    return None

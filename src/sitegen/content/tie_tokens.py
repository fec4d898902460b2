"""Tokens of links to measurements, told from others by where they lead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from markdown_it.token import Token

from sitegen.measure.ties import SCHEMES


def is_tie(token: Token, key: str = "href") -> bool:
    """Whether a link or an image leads to a measurement."""
    return unquote(str(token.attrGet(key) or "")).startswith(SCHEMES)


def without_ties(children: Sequence[Token]) -> Iterator[Token]:
    """The tokens without links to measurements: their numbers move no anchor."""
    inside = False
    for child in children:
        if child.type == "link_open" and is_tie(child):
            inside = True
        elif child.type == "link_close" and inside:
            inside = False
        elif not inside:
            yield child

"""The orders in which pages are listed: Zola's, with ties broken by URL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, assert_never

from sitegen.content.slug import ascii_of
from sitegen.model import Card, SortBy

_DIGITS = re.compile(r"([0-9]+)")

NEEDED = {
    "date": "date",
    "update_date": "date",
    "weight": "weight",
    "title": "title",
    "title_bytes": "title",
}
"""The key that a page must have to be listed in an order."""


def sort_pages(pages: Iterable[Card], by: SortBy) -> tuple[Card, ...]:
    """The pages that have the key, as Zola sorts them: newest first, light first."""
    pages = sorted(pages, key=lambda page: page.url)
    match by:
        case "date":
            return _newest(pages, lambda page: page.date)
        case "update_date":
            return _newest(
                pages, lambda page: max(filter(None, (page.date, page.updated)), default=None)
            )
        case "weight":
            weighed = (page for page in pages if page.weight is not None)
            return tuple(sorted(weighed, key=lambda page: page.weight or 0))
        case "title":
            titled = (page for page in pages if page.title)
            return tuple(sorted(titled, key=lambda page: natural_key(page.title)))
        case "title_bytes":
            titled = (page for page in pages if page.title)
            return tuple(sorted(titled, key=lambda page: page.title.encode()))
        case "slug":
            return tuple(sorted(pages, key=lambda page: natural_key(page.meta.slug or "")))
        case "permalink":
            return tuple(pages)
        case "none":
            return tuple(sorted(pages, key=lambda page: page.path))
        case _:
            assert_never(by)


def newest_first(pages: Iterable[Card]) -> tuple[Card, ...]:
    """Dated pages, then the others by path."""
    pages = list(pages)
    undated = sorted((page for page in pages if page.date is None), key=lambda page: page.path)
    return (*sort_pages(pages, "date"), *undated)


def _newest(pages: Iterable[Card], date_of: Callable[[Card], Any]) -> tuple[Card, ...]:
    dated = [(date_of(page), page) for page in pages]
    known = [(date, page) for date, page in dated if date is not None]
    return tuple(page for _, page in sorted(known, key=lambda pair: pair[0], reverse=True))


def natural_key(text: str) -> tuple[object, ...]:
    """Orders texts as Zola orders titles: letters without their accents or case, signs before
    letters, numbers by their value; texts that are equal so, by their bytes."""
    parts: list[tuple[int, int, str]] = []
    for piece in _DIGITS.split(ascii_of(text).lower()):
        if piece.isdigit():
            parts.append((1, int(piece), ""))
        else:
            parts += ((2 if char.isalpha() else 0, 0, char) for char in piece)
    return (parts, text.encode())

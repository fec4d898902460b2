"""The archive: all dated pages of a language by year, at a path that nothing else claims."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any

import msgspec

from sitegen.model import Card
from sitegen.render.book import Book
from sitegen.render.jobs import Job
from sitegen.render.own_pages import archive_url, posts_of
from sitegen.render.structured import home_link, trail
from sitegen.render.views import LinkView, PageView

ARCHIVE = "the archive"


class YearView(msgspec.Struct, frozen=True):
    """The pages of a year, newest first."""

    year: int
    pages: tuple[PageView, ...]


def render_archives(book: Book) -> Iterator[Job]:
    """The archive of every language that has one."""
    for language in book.site.config.languages:
        lang = language.code
        url = archive_url(book.site, lang)
        if url:
            posts = posts_of(book.site, lang)
            about = [(card.path, card.date.year if card.date else 0) for card in posts]
            context = partial(_context, book, lang, posts)
            yield book.job("archive.html", url, ARCHIVE, lang, about, context)


def _context(book: Book, lang: str, posts: Sequence[Card]) -> Mapping[str, Any]:
    here = LinkView(book.words(lang)["archive"], book.common[lang]["archive"])
    structured = trail((home_link(book.site.config, lang), here))
    return {"years": tuple(_years(book, posts)), "structured": structured}


def _years(book: Book, cards: Sequence[Card]) -> Iterator[YearView]:
    for year, pages in groupby(cards, key=lambda card: card.date.year if card.date else 0):
        yield YearView(year, book.shelf.pages(list(pages)))

"""What search engines read: the sitemap and robots.txt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from sitegen.base.address import permalink
from sitegen.model import Card
from sitegen.render.book import Book
from sitegen.render.jobs import Job
from sitegen.render.own_pages import archive_url, measurements_url
from sitegen.render.paginate import Pagination, cut
from sitegen.render.views import EntryView

LIMIT = 30_000
"""Entries of one sitemap, as in Zola; the protocol allows 50,000."""


def render_for_robots(book: Book) -> Iterator[Job]:
    """The sitemap, in parts where it is long, and robots.txt, where the site wants them."""
    config = book.site.config
    if config.generate_sitemap:
        found = {entry.permalink: entry for entry in _entries(book)}
        yield from _sitemaps(book, tuple(found[address] for address in sorted(found)))
    if config.generate_robots_txt:
        yield book.job("robots.txt", "/robots.txt", "robots.txt", config.language)


def _sitemaps(book: Book, entries: Sequence[EntryView]) -> Iterator[Job]:
    """One sitemap, or numbered ones with an index in its place."""
    lang, base = book.site.config.language, book.site.config.base_url
    main = "/sitemap.xml"
    if len(entries) <= LIMIT:
        yield _sitemap(book, main, entries)
        return
    parts = [entries[start : start + LIMIT] for start in range(0, len(entries), LIMIT)]
    urls = [f"/sitemap{number}.xml" for number in range(1, len(parts) + 1)]
    for url, part in zip(urls, parts, strict=True):
        yield _sitemap(book, url, part)
    sitemaps = tuple(permalink(base, url) for url in urls)
    context: Callable[[], Mapping[str, Any]] = partial(dict, sitemaps=sitemaps)
    yield book.job("split_sitemap_index.xml", main, "the sitemap", lang, sitemaps, context)


def _sitemap(book: Book, url: str, entries: Sequence[EntryView]) -> Job:
    lang = book.site.config.language
    context: Callable[[], Mapping[str, Any]] = partial(dict, entries=entries)
    return book.job("sitemap.xml", url, "the sitemap", lang, entries, context)


def _entries(book: Book) -> Iterator[EntryView]:
    base = book.site.config.base_url
    whole = book.site.config.exclude_paginated_pages_in_sitemap == "none"

    def numbered(cards: Sequence[Card], pagination: Pagination) -> Iterator[EntryView]:
        for link in cut(cards, pagination, base).links[1:] if whole else ():
            yield EntryView(link.permalink, None)

    for card in book.site.pages:
        if card.meta.render and not card.meta.hidden:
            yield EntryView(permalink(base, card.url), card.updated or card.date, card.extra)
    for language in book.site.config.languages:
        archive = archive_url(book.site, language.code)
        if archive:
            yield EntryView(permalink(base, archive), None)
        measurements = measurements_url(book.site, language.code)
        if measurements:
            yield EntryView(permalink(base, measurements), None)
    for section in book.site.sections:
        card, meta = section.card, section.card.meta
        if meta.render and not meta.hidden and meta.redirect_to is None:
            yield EntryView(permalink(base, card.url), None, card.extra)
            if meta.paginate_by:
                pagination = Pagination(card.url, meta.paginate_by, meta.paginate_path)
                yield from numbered(section.pages, pagination)
    for taxonomy in book.site.taxonomies:
        config = taxonomy.config
        if not config.render:
            continue
        yield EntryView(permalink(base, taxonomy.url), None)
        for term in taxonomy.terms:
            yield EntryView(permalink(base, term.url), None)
            if config.paginate_by:
                pagination = Pagination(term.url, config.paginate_by, config.paginate_path)
                yield from numbered(term.pages, pagination)

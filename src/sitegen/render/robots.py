"""What search engines read: the sitemap and robots.txt."""

from __future__ import annotations

from collections.abc import Iterator

from sitegen.base.address import permalink
from sitegen.model import Artifact, Card
from sitegen.render.book import Book
from sitegen.render.paginate import Pagination, cut
from sitegen.render.views import EntryView


def render_for_robots(book: Book) -> Iterator[Artifact]:
    """The sitemap and robots.txt, where the site wants them."""
    config = book.site.config
    if config.generate_sitemap:
        entries = tuple(sorted(_entries(book), key=lambda entry: entry.permalink))
        yield book.render(
            "sitemap.xml", "/sitemap.xml", "the sitemap", config.language, entries=entries
        )
    if config.generate_robots_txt:
        yield book.render("robots.txt", "/robots.txt", "robots.txt", config.language)


def _entries(book: Book) -> Iterator[EntryView]:
    base = book.site.config.base_url
    whole = book.site.config.exclude_paginated_pages_in_sitemap == "none"

    def numbered(cards: tuple[Card, ...], pagination: Pagination) -> Iterator[EntryView]:
        for pager in cut(cards, pagination)[1:] if whole else ():
            yield EntryView(permalink(base, pager.url), None)

    for card in book.site.pages:
        if card.meta.render:
            yield EntryView(permalink(base, card.url), card.updated or card.date)
    for section in book.site.sections:
        card, meta = section.card, section.card.meta
        if meta.render and meta.redirect_to is None:
            yield EntryView(permalink(base, card.url), None)
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

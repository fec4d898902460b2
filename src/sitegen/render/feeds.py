"""Feeds: of the site in each language, of sections and of terms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
from markupsafe import Markup

from sitegen.base.address import permalink
from sitegen.model import Artifact, Card
from sitegen.render.book import Book
from sitegen.render.escape import escape_text
from sitegen.render.views import view_taxonomy

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def render_feeds(book: Book) -> Iterator[Artifact]:
    """Every feed that the site asks for."""
    config = book.site.config
    for language in config.languages:
        if language.generate_feeds:
            cards = [card for card in book.site.pages if card.lang == language.code]
            home = config.home(language.code)
            yield from _feeds(book, home, cards, "the site's feed", language.code)
    for section in book.site.sections:
        card = section.card
        is_site = card.url == config.home(card.lang)
        of_site = is_site and config.in_language(card.lang).generate_feeds
        if card.meta.generate_feeds and not of_site:
            view = book.shelf.section(section)
            yield from _feeds(book, card.url, section.pages, card.path, card.lang, section=view)
    for taxonomy in book.site.taxonomies:
        if not (taxonomy.config.feed and taxonomy.config.render):
            continue
        view_of_all = view_taxonomy(taxonomy, config.base_url)
        for term in taxonomy.terms:
            made_from = f"term {term.name} of {taxonomy.config.name}"
            context = {"taxonomy": view_of_all, "term": book.shelf.term(term)}
            yield from _feeds(book, term.url, term.pages, made_from, taxonomy.lang, **context)


def _feeds(
    book: Book, url: str, cards: Sequence[Card], made_from: str, lang: str, **context: Any
) -> Iterator[Artifact]:
    """The feeds of dated pages, newest first, one for each file name of the language."""
    config = book.site.config
    dated = sorted((card for card in cards if card.date is not None), key=lambda card: card.url)
    dated.sort(key=lambda card: card.date or _EPOCH, reverse=True)
    dated = dated[: config.feed_limit]
    views = tuple(
        msgspec.structs.replace(
            book.shelf.page(card),
            body=_absolute(book.shelf.content(card.path), card, config.base_url),
        )
        for card in dated
    )
    latest = max((card.updated or card.date or _EPOCH for card in dated), default=_EPOCH)
    for name in config.in_language(lang).feed_filenames:
        yield book.render(
            book.templates.first_of(name, "rss.xml" if "rss" in name else "atom.xml"),
            f"{url}{name}",
            made_from,
            lang,
            pages=views,
            feed_url=permalink(config.base_url, f"{url}{name}"),
            last_updated=latest,
            **context,
        )


def _absolute(body: Markup, card: Card, base_url: str) -> Markup:
    """The body with references that a feed reader, far from the page, can follow."""
    host = base_url[: len(base_url) - len(urlsplit(base_url).path)]
    text = str(body).replace('href="#', f'href="{escape_text(permalink(base_url, card.url))}#')
    for attribute in ("href", "src"):
        text = text.replace(f'{attribute}="/', f'{attribute}="{host}/')
    return Markup(text)  # noqa: S704 (rendered by us)

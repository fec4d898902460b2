"""Feeds: of the site in each language, of sections and of terms."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from operator import attrgetter
from typing import Any

import msgspec
from markupsafe import Markup

from sitegen.base.address import permalink
from sitegen.model import Card, Meta, Section, Taxonomy, Term
from sitegen.render.book import Book, Fed
from sitegen.render.escape import escape_text
from sitegen.render.feed_links import (
    feeds_of_section,
    feeds_of_term,
    template_of_feed,
    title_of_feed,
)
from sitegen.render.jobs import Job
from sitegen.render.views import PageView, view_taxonomy

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_PARAGRAPH = re.compile(r"<p>.*?</p>", re.S)


class Feed(msgspec.Struct, frozen=True):
    """What a feed is of: where it lies, the pages it may hold, its language and its name."""

    url: str
    cards: Iterable[Card]
    lang: str
    name: str
    made_from: str


def render_feeds(book: Book) -> Iterator[Job]:
    """Every feed that the site asks for."""
    config = book.site.config
    for language in config.languages:
        if language.generate_feeds:
            lang = language.code
            cards = (card for card in book.site.pages if card.lang == lang)
            yield from _jobs(book, Feed(config.home(lang), cards, lang, "", "the site's feed"))
    for section in book.site.sections:
        if feeds_of_section(section, config):
            card = section.card
            feed = Feed(card.url, section.pages, card.lang, card.title, f"content/{card.path}")
            yield from _jobs(book, feed, partial(_of_section, book, section))
    for taxonomy in book.site.taxonomies:
        for term in taxonomy.terms:
            if feeds_of_term(taxonomy, term, config):
                made_from = f"term {term.name} of {taxonomy.config.name}"
                feed = Feed(term.url, term.pages, taxonomy.lang, term.name, made_from)
                yield from _jobs(book, feed, partial(_of_term, book, taxonomy, term))


def _of_section(book: Book, section: Section) -> Mapping[str, Any]:
    return {"section": book.shelf.section(section)}


def _of_term(book: Book, taxonomy: Taxonomy, term: Term) -> Mapping[str, Any]:
    view = view_taxonomy(taxonomy, book.site.config.base_url)
    return {"taxonomy": view, "term": book.shelf.term(term)}


def _jobs(book: Book, feed: Feed, around: Callable[[], Mapping[str, Any]] = dict) -> Iterator[Job]:
    """The feeds of dated pages, newest first, one for each file name of the language."""
    config = book.site.config
    names = config.in_language(feed.lang).feed_filenames
    if not any(book.is_wanted(f"{feed.url}{file}") for file in names):
        return
    name = feed.url, feed.made_from
    if name not in book.fed:
        book.fed[name] = _fed(feed.cards, config.feed_limit)
    shown, latest = book.fed[name].cards, book.fed[name].latest
    title = title_of_feed(config, feed.lang, feed.name)
    about = (title, latest, [card.path for card in shown])

    def context(url: str) -> Mapping[str, Any]:
        return {
            "pages": tuple(_entry(book, card) for card in shown),
            "feed_url": permalink(config.base_url, url),
            "feed_title": title,
            "feed_home": permalink(config.base_url, feed.url),
            "last_updated": latest,
            **around(),
        }

    for file in names:
        template = book.templates.first_of(file, template_of_feed(file))
        url = f"{feed.url}{file}"
        yield book.job(template, url, feed.made_from, feed.lang, about, partial(context, url))


def _fed(cards: Iterable[Card], limit: int | None) -> Fed:
    dated = [card for card in cards if card.date is not None and _is_fed(card.meta)]
    dated.sort(key=attrgetter("url"))
    dated.sort(key=attrgetter("date"), reverse=True)
    latest = max((card.updated or card.date or _EPOCH for card in dated), default=_EPOCH)
    return Fed(tuple(dated[:limit]), latest)


def _is_fed(meta: Meta) -> bool:
    return meta.render and meta.include_in_feeds and not meta.hidden


def _entry(book: Book, card: Card) -> PageView:
    """A page as feeds show it: its text, or what stands for it, in HTML for feed readers."""
    config, view = book.site.config, book.shelf.page(card)
    address = permalink(config.base_url, card.url)
    short = book.feed_text(view.summary or "", address)
    summary = Markup(short) if view.summary else None  # noqa: S704
    if config.feed_content == "full":
        body = Markup(_body(book, card))  # noqa: S704
    else:
        body = summary or Markup(_short(book, card))  # noqa: S704
    return msgspec.structs.replace(view, body=body, summary=summary)


def _short(book: Book, card: Card) -> str:
    """What stands for the text of a page without a summary: its description, else how it begins."""
    if card.description:
        return f"<p>{escape_text(card.description)}</p>"
    first = _PARAGRAPH.search(_body(book, card))
    return first[0] if first else ""


def _body(book: Book, card: Card) -> str:
    book.shelf.note(card.path, "content")
    return book.feed_body(card.path)

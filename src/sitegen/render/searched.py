"""What a search index holds of a site: its pages and sections as plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import msgspec

from sitegen.model import Card, SiteConfig
from sitegen.render.book import Book
from sitegen.settings import SearchConfig

_LEFT_OUT = re.compile(r"<(pre|script|style|svg|math|template)\b.*?</\1\s*>", re.S | re.I)
_BENCH = re.compile(r'<figure class="bench".*?(<figcaption>.*?</figcaption>).*?</figure>', re.S)
_TAG = re.compile(r"<[^>]*>")
_INLINE = re.compile(r"</?(?:a|abbr|b|code|em|i|kbd|mark|s|small|span|strong|sub|sup|u)\b[^>]*>")


class Item(msgspec.Struct, frozen=True):
    """A page or section as search sees it; a part that `[search]` leaves out is empty.

    `url` is the path on the site, `shown` the title that results show, `about` a line on it.
    """

    url: str
    shown: str
    about: str
    title: str
    description: str
    content: str
    date: str
    path: str
    terms: tuple[str, ...]


def items_of(book: Book, lang: str) -> Iterator[Item]:
    """What is to be found in a language, in the order of addresses."""
    config = book.site.config
    search = config.in_language(lang).search
    away = {
        page.path
        for section in book.site.sections
        if not section.card.meta.in_search_index
        for page in section.pages
    }
    cards = [*book.site.pages, *(section.card for section in book.site.sections)]
    for card in sorted(cards, key=lambda card: card.url):
        wanted = card.meta.in_search_index and card.meta.render and card.path not in away
        wanted = wanted and not card.meta.hidden
        if card.lang == lang and wanted and card.meta.redirect_to is None:
            item = _item(book, card, search, config)
            if item.shown:
                yield item


def _item(book: Book, card: Card, search: SearchConfig, config: SiteConfig) -> Item:
    text = plain_text(book.shelf.content(card.path))
    about = card.description or text[:240]
    return Item(
        url=card.url,
        shown=card.title or (card.meta.slug or ""),
        about=about if len(about) <= 160 else f"{about[:160].rsplit(' ', 1)[0]} …",
        title=card.title if search.include_title else "",
        description=card.description if search.include_description else "",
        content=text[: search.truncate_content_length] if search.include_content else "",
        date=card.date.isoformat() if card.date and search.include_date else "",
        path=card.url if search.include_path else "",
        terms=tuple(name for names in card.taxonomies.values() for name in names),
    )


def plain_text(html: str) -> str:
    """The words of a body in one line, without code that stands by itself, scripts, formulas; of a
    benchmark its caption."""
    bare = _INLINE.sub("", _LEFT_OUT.sub(" ", _BENCH.sub(r"\1", str(html))))
    return " ".join(unescape(_TAG.sub(" ", bare)).split())

"""Assembling cards into a site: sections with their pages, taxonomies with their terms."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import assert_never

from sitegen.content.slug import slugify
from sitegen.model import Card, Section, Site, SiteConfig, SortBy, Taxonomy, Term

_LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)


def assemble(cards: Sequence[Card], config: SiteConfig) -> Site:
    """The site that the cards make up: every list is in its final order."""
    pages = [card for card in cards if not card.is_section]
    sections = tuple(
        Section(card, _sorted(_below(card, pages), card.meta.sort_by), _subsections(card, cards))
        for card in cards
        if card.is_section
    )
    return Site(
        config=config,
        pages=_sorted(pages, "date"),
        sections=sections,
        taxonomies=tuple(
            Taxonomy(taxonomy, f"/{taxonomy.slug}/", _terms(taxonomy.name, taxonomy.slug, pages))
            for taxonomy in config.taxonomies
            if taxonomy.render
        ),
    )


def _below(section: Card, pages: Iterable[Card]) -> list[Card]:
    """The pages directly in a section's folder; a bundle lies in the folder around its own."""
    folder = section.path.rpartition("/")[0]
    return [page for page in pages if _folder(page) == folder]


def _folder(card: Card) -> str:
    return card.path.removesuffix("/index.md").rpartition("/")[0]


def _subsections(section: Card, cards: Iterable[Card]) -> tuple[Card, ...]:
    folder = section.path.rpartition("/")[0]
    found = [
        card
        for card in cards
        if card.is_section
        and card.path != section.path
        and card.path.removesuffix("/_index.md").rpartition("/")[0] == folder
    ]
    return tuple(sorted(found, key=lambda card: (card.weight, card.title, card.path)))


def _sorted(pages: Iterable[Card], by: SortBy) -> tuple[Card, ...]:
    """Pages as Zola sorts them: newest first, light first, or by title; ties by path."""
    pages = sorted(pages, key=lambda page: page.path)
    match by:
        case "date":
            pages.sort(key=lambda page: page.date or _LONG_AGO, reverse=True)
        case "update_date":
            pages.sort(key=lambda page: page.updated or page.date or _LONG_AGO, reverse=True)
        case "weight":
            pages.sort(key=lambda page: page.weight)
        case "title":
            pages.sort(key=lambda page: page.title.casefold())
        case "slug":
            pages.sort(key=lambda page: page.url)
        case "none":
            pass
        case _:
            assert_never(by)
    return tuple(pages)


def _terms(name: str, slug: str, pages: Iterable[Card]) -> tuple[Term, ...]:
    """Terms by slug; spellings with one slug are one term, called as first met by path."""
    spellings: dict[str, dict[str, None]] = {}
    members: dict[str, dict[str, Card]] = {}
    for page in sorted(pages, key=lambda page: page.path):
        for term in page.taxonomies.get(name, ()):
            key = slugify(term)
            spellings.setdefault(key, {})[term] = None
            members.setdefault(key, {})[page.path] = page
    return tuple(
        Term(
            name=next(iter(spellings[key])),
            spellings=tuple(spellings[key]),
            slug=key,
            url=f"/{slug}/{key}/",
            pages=_sorted(members[key].values(), "date"),
        )
        for key in sorted(members)
    )

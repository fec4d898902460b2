"""What templates look up: pages and sections by path, taxonomies by name and language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from markupsafe import Markup

from sitegen.base.address import permalink
from sitegen.model import Site, Taxonomy
from sitegen.render.views import PageView, SectionView, view_page, view_section, view_term


class Library(msgspec.Struct, frozen=True):
    """The site as templates may ask for it; views are made when asked for.

    `urls` are the addresses on the site by path below `content/`. `taxonomies` are by name and
    language; those that are not rendered have no pages, and are in `unlisted`.
    """

    urls: Mapping[str, str]
    page: Callable[[str], PageView | None]
    section: Callable[[str], SectionView | None]
    taxonomies: Mapping[tuple[str, str], Taxonomy]
    unlisted: frozenset[str] = frozenset()


def open_library(site: Site, bodies: Mapping[str, Markup]) -> Library:
    """The library of a site whose bodies are rendered."""
    base, language = site.config.base_url, site.config.language
    pages = {card.path: card for card in site.pages}
    sections = {section.card.path: section for section in site.sections}
    urls = {path: card.url for path, card in pages.items()}
    urls |= {path: section.card.url for path, section in sections.items()}

    def page(path: str) -> PageView | None:
        card = pages.get(path)
        if card is None:
            return None
        return msgspec.structs.replace(view_page(card, base), content=bodies[path])

    def section(path: str) -> SectionView | None:
        found = sections.get(path)
        if found is None:
            return None
        counts = {other.card.path: len(other.pages) for other in site.sections}
        return view_section(found, bodies[path], base, lambda below: counts[below.path])

    return Library(
        urls=urls,
        page=page,
        section=section,
        taxonomies={
            (taxonomy.config.name, getattr(taxonomy, "lang", language)): taxonomy
            for taxonomy in site.taxonomies
        },
        unlisted=frozenset(
            taxonomy.name for taxonomy in site.config.taxonomies if not taxonomy.render
        ),
    )


def view_kind(taxonomy: Taxonomy, lang: str, base: str) -> Mapping[str, Any]:
    """A taxonomy as Zola's `get_taxonomy` gives it."""
    return {
        "kind": taxonomy.config,
        "name": taxonomy.config.name,
        "lang": lang,
        "permalink": permalink(base, taxonomy.url),
        "items": [view_term(term, base) for term in taxonomy.terms],
    }

"""What templates look up: pages and sections by path, taxonomies by name and language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from sitegen.base.address import permalink
from sitegen.model import Site, Taxonomy, Term
from sitegen.render.shelf import Shelf
from sitegen.render.views import PageView, SectionView, TermView, view_taxonomy


class Library(msgspec.Struct, frozen=True):
    """The site as templates may ask for it; views are made when asked for.

    `urls` are the addresses on the site by path below `content/`, `taxonomies` are by name and
    language.
    """

    urls: Mapping[str, str]
    page: Callable[[str], PageView | None]
    section: Callable[[str], SectionView | None]
    term: Callable[[Term], TermView]
    taxonomies: Mapping[tuple[str, str], Taxonomy]


def open_library(site: Site, shelf: Shelf) -> Library:
    """The library of a site, over its views."""
    return Library(
        urls=site.urls,
        page=shelf.find_page,
        section=shelf.find_section,
        term=shelf.term,
        taxonomies={
            (taxonomy.config.name, taxonomy.lang): taxonomy for taxonomy in site.taxonomies
        },
    )


def terms_by_name(taxonomy: Taxonomy) -> dict[str, Term]:
    """The terms by every spelling and by their slug; of two that share one, the first."""
    found: dict[str, Term] = {}
    for term in taxonomy.terms:
        for name in (*term.spellings, term.slug):
            found.setdefault(name, term)
    return found


def view_kind(taxonomy: Taxonomy, library: Library, base: str) -> Mapping[str, Any]:
    """A taxonomy as Zola's `get_taxonomy` gives it."""
    return {
        "kind": view_taxonomy(taxonomy, base),
        "name": taxonomy.config.name,
        "slug": taxonomy.config.slug,
        "lang": taxonomy.lang,
        "permalink": permalink(base, taxonomy.url),
        "items": [library.term(term) for term in taxonomy.terms],
    }

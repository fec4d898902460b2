"""Assembling terms: the taxonomies of each language, their terms in Zola's order, and series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from sitegen.base.errors import Problem, Span
from sitegen.content.order import newest_first
from sitegen.content.slug import slug_of
from sitegen.content.urls import joined, taxonomy_url, term_slug
from sitegen.model import Card, Series, SiteConfig, Taxonomy, Term
from sitegen.settings import TaxonomyConfig

SERIES = "series"
"""The taxonomy whose terms are read from the first page to the last."""


class _Found(msgspec.Struct):
    """What is known of a term while pages are gone through: spellings and pages, by path."""

    spellings: dict[str, Card] = {}
    pages: dict[str, Card] = {}


def assemble_taxonomies(
    pages: Sequence[Card], config: SiteConfig, problems: list[Problem]
) -> tuple[Taxonomy, ...]:
    """The taxonomies of every language, in the order in which they are declared."""
    by_language: dict[str, list[Card]] = {}
    for page in sorted(pages, key=lambda page: page.path):
        if page.meta.hidden or not page.meta.render:
            continue
        by_language.setdefault(page.lang, []).append(page)
    return tuple(
        Taxonomy(
            config=taxonomy,
            lang=language.code,
            url=taxonomy_url(taxonomy, language.code, config),
            terms=_terms(
                taxonomy, language.code, by_language.get(language.code, ()), config, problems
            ),
        )
        for language in config.languages
        for taxonomy in language.taxonomies
    )


def assemble_series(taxonomies: Iterable[Taxonomy]) -> dict[str, Series]:
    """The series of each page that is in one, by the page's path; the first, if it is in several.

    Reading order is by weight where all have one, else by date, oldest first.
    """
    found: dict[str, Series] = {}
    for taxonomy in taxonomies:
        if taxonomy.config.name != SERIES:
            continue
        for term in taxonomy.terms:
            url = term.url if taxonomy.config.render else ""
            series = Series(term.name, url, _reading_order(term.pages))
            for page in series.pages:
                found.setdefault(page.path, series)
    return found


def _reading_order(pages: Sequence[Card]) -> tuple[Card, ...]:
    weights = [page.weight for page in pages if page.weight is not None]
    if len(weights) == len(pages):
        return tuple(sorted(pages, key=lambda page: (page.weight or 0, page.path)))
    dated = [page for page in pages if page.date is not None]
    return (*reversed(dated), *(page for page in pages if page.date is None))


def _terms(
    taxonomy: TaxonomyConfig,
    lang: str,
    pages: Iterable[Card],
    config: SiteConfig,
    problems: list[Problem],
) -> tuple[Term, ...]:
    """Terms by slug; spellings with one slug are one term, called as the first by alphabet."""
    found: dict[str, _Found] = {}
    for page in pages:
        for name in page.taxonomies.get(taxonomy.name, ()):
            slug = term_slug(name, taxonomy, config)
            term = found.setdefault(slug, _Found({}, {}))
            term.spellings.setdefault(name, page)
            term.pages[page.path] = page
    for term in found.values():
        problems += _merged(taxonomy.name, term.spellings)
    if taxonomy.hierarchical:
        _roll_up(found, config)
    base = taxonomy_url(taxonomy, lang, config)
    terms = tuple(
        Term(
            name=min(term.spellings),
            spellings=tuple(term.spellings),
            slug=slug,
            url=joined(base, slug),
            pages=newest_first(term.pages.values()),
        )
        for slug, term in sorted(found.items())
    )
    return _with_flat_aliases(terms, base, config) if taxonomy.hierarchical else terms


def _roll_up(found: dict[str, _Found], config: SiteConfig) -> None:
    """Give every level above a term all the pages below it; a level that no page names, too."""
    for slug, term in list(found.items()):
        levels = slug.split("/")
        names = [level.strip() for level in min(term.spellings).split("/")]
        named = [name for name in names if slug_of(name, config.slugify.taxonomies)]
        for depth in range(1, len(levels)):
            above = found.setdefault("/".join(levels[:depth]), _Found({}, {}))
            above.spellings.setdefault("/".join(named[:depth]), next(iter(term.pages.values())))
            above.pages |= term.pages


def _with_flat_aliases(terms: Sequence[Term], base: str, config: SiteConfig) -> tuple[Term, ...]:
    """The terms with the URLs of a flat taxonomy, unless these are another term's."""
    taken = {term.url for term in terms}
    found = []
    for term in terms:
        flat = {
            joined(base, slug_of(name, config.slugify.taxonomies))
            for name in term.spellings
            if "/" in name and config.slugify.taxonomies != "off"
        } - taken
        taken |= flat
        found.append(msgspec.structs.replace(term, aliases=tuple(sorted(flat))))
    return tuple(found)


def _merged(taxonomy: str, names: Mapping[str, Card]) -> Iterator[Problem]:
    (first, page), *others = names.items()
    for name, other in others:
        message = f"`{name}` and `{first}` are one term of `{taxonomy}`"
        help = f"`{first}` is used in content/{page.path}; spell both alike"
        yield Problem("warning", "terms", message, Span(f"content/{other.path}", 1), help=(help,))

"""Assembling cards into a site: sections with their pages, taxonomies with their terms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import assert_never

from sitegen.base.errors import Problem, Span
from sitegen.content.slug import slugify
from sitegen.model import Card, Section, Site, SiteConfig, SortBy, Taxonomy, TaxonomyConfig, Term

_KEYS = {
    "date": "date",
    "update_date": "updated",
    "weight": "weight",
    "title": "title",
    "title_bytes": "title",
}
_first = itemgetter(0)


def assemble(cards: Sequence[Card], config: SiteConfig, problems: list[Problem]) -> Site:
    """The site that the cards make up: every list is in its final order."""
    pages = [card for card in cards if not card.is_section]
    return Site(
        config=config,
        pages=_newest_first(pages),
        sections=tuple(_section(card, pages, cards, problems) for card in cards if card.is_section),
        taxonomies=tuple(
            Taxonomy(taxonomy, f"/{taxonomy.slug}/", _terms(taxonomy, pages, problems))
            for taxonomy in config.taxonomies
            if taxonomy.render
        ),
    )


def _section(
    card: Card, pages: Iterable[Card], cards: Iterable[Card], problems: list[Problem]
) -> Section:
    """A section; a page without the key of its order is left out with a warning, as in Zola."""
    below = _below(card, pages)
    listed = _sorted(below, card.meta.sort_by)
    paths = {page.path for page in listed}
    for page in below:
        if page.path not in paths:
            message = f"`{page.path}` is not listed: it has no `{_KEYS[card.meta.sort_by]}`"
            help = f"`content/{card.path}` sorts by `{card.meta.sort_by}`"
            span = Span(f"content/{page.path}", 1)
            problems.append(Problem("warning", "sort", message, span, help=(help,)))
    return Section(card, listed, _subsections(card, cards))


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
    return tuple(sorted(found, key=lambda card: (card.weight or 0, card.title, card.path)))


def _sorted(pages: Iterable[Card], by: SortBy) -> tuple[Card, ...]:
    """The pages that have the key, as Zola sorts them: newest first, light first; ties by path."""
    pages = sorted(pages, key=lambda page: page.path)
    match by:
        case "date":
            dated = [(page.date, page) for page in pages if page.date is not None]
            return tuple(page for _, page in sorted(dated, key=_first, reverse=True))
        case "update_date":
            updated = [(page.updated or page.date, page) for page in pages]
            known = [(date, page) for date, page in updated if date is not None]
            return tuple(page for _, page in sorted(known, key=_first, reverse=True))
        case "weight":
            weighed = [(page.weight, page) for page in pages if page.weight is not None]
            return tuple(page for _, page in sorted(weighed, key=_first))
        case "title":
            titled = [page for page in pages if page.title]
            return tuple(sorted(titled, key=lambda page: page.title.casefold()))
        case "title_bytes":
            titled = [page for page in pages if page.title]
            return tuple(sorted(titled, key=lambda page: page.title.encode()))
        case "slug" | "permalink":
            return tuple(sorted(pages, key=lambda page: page.url))
        case "none":
            return tuple(pages)
        case _:
            assert_never(by)


def _terms(
    taxonomy: TaxonomyConfig, pages: Iterable[Card], problems: list[Problem]
) -> tuple[Term, ...]:
    """Terms by slug; spellings with one slug are one term, called as first met by path."""
    spellings: dict[str, dict[str, Card]] = {}
    members: dict[str, dict[str, Card]] = {}
    for page in sorted(pages, key=lambda page: page.path):
        for name in page.taxonomies.get(taxonomy.name, ()):
            key = slugify(name)
            spellings.setdefault(key, {}).setdefault(name, page)
            members.setdefault(key, {})[page.path] = page
    for names in spellings.values():
        problems += _merged(taxonomy.name, names)
    return tuple(
        Term(
            name=next(iter(spellings[key])),
            spellings=tuple(spellings[key]),
            slug=key,
            url=f"/{taxonomy.slug}/{key}/",
            pages=_newest_first(members[key].values()),
        )
        for key in sorted(members)
    )


def _newest_first(pages: Iterable[Card]) -> tuple[Card, ...]:
    """Dated pages, then the others by path."""
    pages = sorted(pages, key=lambda page: page.path)
    return _sorted(pages, "date") + tuple(page for page in pages if page.date is None)


def _merged(taxonomy: str, names: Mapping[str, Card]) -> Iterator[Problem]:
    (first, page), *others = names.items()
    for name, other in others:
        message = f"`{name}` and `{first}` are one term of `{taxonomy}`"
        help = f"`{first}` is used in content/{page.path}; spell both alike"
        yield Problem("warning", "terms", message, Span(f"content/{other.path}", 1), help=(help,))

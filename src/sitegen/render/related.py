"""Related pages: those that share terms with a page, rare terms counting more than common ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sitegen.model import Card, Site, Term

MOST = 5
"""Pages that a page names."""

LONGEST = 200
"""Of a term with more pages only the newest of them count: sharing it says little."""

_OWN_WAY = "series"
"""The taxonomy whose pages lead to each other anyway."""


class Shared(NamedTuple):
    """A term of a page, and what sharing it weighs."""

    term: Term
    weight: float


Terms = Mapping[str, tuple[Shared, ...]]
"""The terms of each page, by its path."""


def shared_terms(site: Site) -> Iterator[Shared]:
    """The terms that count, in their order."""
    total = len(site.pages)
    for taxonomy in site.taxonomies:
        if taxonomy.config.name != _OWN_WAY:
            for term in taxonomy.terms:
                yield Shared(term, math.log2(1 + total / len(term.pages)))


def terms_of_pages(site: Site) -> Terms:
    """The terms of every page."""
    found: dict[str, list[Shared]] = {}
    for shared in shared_terms(site):
        for page in shared.term.pages:
            found.setdefault(page.path, []).append(shared)
    return {path: tuple(shared) for path, shared in found.items()}


def related_to(path: str, terms: Terms) -> tuple[Card, ...]:
    """The pages that share most with a page, the newer first of two that share as much."""
    scores: dict[str, float] = {}
    cards: dict[str, Card] = {}
    for term, weight in terms.get(path, ()):
        for card in term.pages[:LONGEST]:
            if card.path != path and card.meta.render:
                scores[card.path] = scores.get(card.path, 0.0) + weight
                cards[card.path] = card
    order = sorted(cards.values(), key=lambda card: card.url)
    order.sort(key=lambda card: card.date.timestamp() if card.date else -math.inf, reverse=True)
    order.sort(key=lambda card: round(scores[card.path], 6), reverse=True)
    return tuple(order[:MOST])

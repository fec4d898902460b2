"""The lists of a site as numbers: what is kept of them for a build in which they are the same.

A site's cards take most of the time that a build of many pages needs to begin. Here they are read
from the store when they are asked for, one by one; the lists say where they stand.
"""

from __future__ import annotations

import datetime as dt
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar, overload

import msgspec

from sitegen.content.urls import taxonomy_url
from sitegen.model import Card, Neighbours, Section, Series, Site, SiteConfig, Taxonomy, Term
from sitegen.passes.facts import Facts
from sitegen.render.book import Book, Fed, FeedName, Own
from sitegen.render.links import linked_from
from sitegen.render.related import Shared, shared_terms
from sitegen.storage.fragments import Fragment, Fragments

T = TypeVar("T")

_NUMBER, _PLACE = "I", "Q"
_NONE = 0xFFFFFFFF
"""No page."""

_NOWHERE = 0xFFFFFFFFFFFFFFFF
"""The place of what the index does not have."""

Numbers = bytes
"""Numbers of pages and sections, of 32 bits each: as objects they take ten times the memory."""


class TermShape(msgspec.Struct, frozen=True, array_like=True):
    name: str
    spellings: tuple[str, ...]
    slug: str
    url: str
    aliases: tuple[str, ...]
    pages: Numbers


class SectionShape(msgspec.Struct, frozen=True, array_like=True):
    number: int
    pages: Numbers
    subsections: Numbers


class SeriesShape(msgspec.Struct, frozen=True, array_like=True):
    name: str
    url: str
    pages: Numbers


class FedShape(msgspec.Struct, frozen=True, array_like=True):
    """A feed; `latest` in words, since a moment alone would lose its zone."""

    name: FeedName
    cards: Numbers
    latest: str


class Shape(msgspec.Struct, frozen=True, array_like=True):
    """A site without its cards: pages and sections are numbered by the order of their paths.

    `starts` are their places in the index, `around` the pages before and behind each; `series` and
    `translations` are by number, `links` what leads to each file by path. `size` is that of the
    store.
    """

    paths: tuple[str, ...]
    urls: tuple[str, ...]
    starts: bytes
    size: int
    pages: Numbers
    sections: tuple[SectionShape, ...]
    taxonomies: tuple[tuple[TermShape, ...], ...]
    around: Numbers
    ways: tuple[tuple[str, ...], ...]
    ancestors: Numbers
    translations: Mapping[int, Numbers]
    series: Mapping[int, SeriesShape]
    links: Mapping[str, tuple[str, ...]]
    own: Mapping[str, Own]
    fed: tuple[FedShape, ...]


def shape_of(facts: Facts, book: Book, store: Fragments) -> Shape:
    """The shape of a site whose pages are in the store.

    Their places hold until the store is written anew, when a build ends that has left much in vain;
    the next build of everything then gives the new ones.
    """
    site = facts.site
    numbers = {path: number for number, path in enumerate(facts.fragments)}

    def of(cards: Iterable[Card | None]) -> Numbers:
        found = (_NONE if card is None else numbers[card.path] for card in cards)
        return array(_NUMBER, found).tobytes()

    starts = (store.starts.get(entry.id, _NOWHERE) for entry in facts.fragments.values())
    nobody = Neighbours()
    near = (site.neighbours.get(path, nobody) for path in facts.fragments)
    ways: dict[tuple[str, ...], int] = {}
    ancestors = (
        ways.setdefault(site.ancestors.get(path, ()), len(ways)) for path in facts.fragments
    )
    return Shape(
        paths=tuple(facts.fragments),
        urls=tuple(entry.card.url for entry in facts.fragments.values()),
        starts=array(_PLACE, starts).tobytes(),
        size=store.size,
        pages=of(site.pages),
        sections=tuple(
            SectionShape(numbers[s.card.path], of(s.pages), of(s.subsections))
            for s in site.sections
        ),
        taxonomies=tuple(
            tuple(
                TermShape(t.name, t.spellings, t.slug, t.url, t.aliases, of(t.pages))
                for t in taxonomy.terms
            )
            for taxonomy in site.taxonomies
        ),
        around=of(card for pair in near for card in (pair.lower, pair.higher)),
        ancestors=array(_NUMBER, ancestors).tobytes(),
        ways=tuple(ways),
        translations={numbers[path]: of(cards) for path, cards in site.translations.items()},
        series={
            numbers[path]: SeriesShape(series.name, series.url, of(series.pages))
            for path, series in site.series.items()
        },
        links=linked_from({path: entry.links for path, entry in facts.fragments.items()}),
        own={
            lang: Own(common["archive"], common["search"], common["measurements"])
            for lang, common in book.common.items()
        },
        fed=tuple(
            FedShape(name, of(fed.cards), fed.latest.isoformat()) for name, fed in book.fed.items()
        ),
    )


class LostError(Exception):
    """The index does not have a page where it was, or the shape cannot be read."""


def load_shape(data: bytes) -> Shape:
    """A shape that was kept; raises LostError where it is damaged."""
    try:
        return msgspec.msgpack.decode(data, type=Shape)
    except msgspec.DecodeError as error:
        raise LostError from error


class Deck:
    """The cards of a site by number, each read when it is first asked for.

    `ids` are those of the fragments by path. Raises LostError for one that is not there.
    """

    def __init__(self, shape: Shape, ids: Mapping[str, str], store: Fragments) -> None:
        self.numbers = {path: number for number, path in enumerate(shape.paths)}
        self._shape, self._ids, self._store = shape, ids, store
        self._starts = _array(_PLACE, shape.starts)
        self._known: dict[int, Fragment] = {}

    def fragment(self, number: int) -> Fragment:
        """What a page or section came to."""
        known = self._known.get(number)
        if known is None:
            id = self._ids.get(self._shape.paths[number], "")
            known = self._store.read(self._starts[number], id) if id else None
            if known is None:
                raise LostError
            self._known[number] = known
        return known

    def renew(self, fragment: Fragment) -> None:
        """A page came to something else now."""
        self._known[self.numbers[fragment.path]] = fragment

    def moved(self) -> Shape:
        """The shape with the places of what is new."""
        for number, fragment in self._known.items():
            self._starts[number] = self._store.starts.get(fragment.id, self._starts[number])
        return msgspec.structs.replace(self._shape, starts=self._starts.tobytes())

    def card(self, number: int) -> Card:
        return self.fragment(number).card

    def listed(self, numbers: Numbers) -> Listed:
        return Listed(_array(_NUMBER, numbers), self)

    def by_path(self, value: Callable[[int], T | None]) -> Mapping[str, T]:
        """What each page and section has, found when it is asked for."""
        return Found(self.numbers, value)


class Listed(Sequence[Card]):
    """A list of cards that are not read before they are asked for."""

    def __init__(self, numbers: array[int], deck: Deck) -> None:
        self.numbers = numbers
        self._deck = deck

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, place: int) -> Card: ...
    @overload
    def __getitem__(self, place: slice) -> Listed: ...
    def __getitem__(self, place: int | slice) -> Card | Listed:
        if isinstance(place, slice):
            return Listed(self.numbers[place], self._deck)
        return self._deck.card(self.numbers[place])


class Found(Mapping[str, T]):
    """Values by path, each looked for when it is asked for; None is no value."""

    def __init__(self, numbers: Mapping[str, int], value: Callable[[int], T | None]) -> None:
        self._numbers, self._value = numbers, value

    def __getitem__(self, path: str) -> T:
        value = self._value(self._numbers[path])
        if value is None:
            raise KeyError(path)
        return value

    def __iter__(self) -> Iterator[str]:
        return (path for path in self._numbers if path in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def site_of(shape: Shape, config: SiteConfig, deck: Deck) -> Site:
    """The site again, over cards that nobody has read yet."""
    around = _array(_NUMBER, shape.around)
    ancestors = _array(_NUMBER, shape.ancestors)
    kinds = [(lang.code, kind) for lang in config.languages for kind in lang.taxonomies]

    def neighbours(number: int) -> Neighbours:
        pair = (around[2 * number], around[2 * number + 1])
        return Neighbours(*(None if one == _NONE else deck.card(one) for one in pair))

    def series(number: int) -> Series | None:
        found = shape.series.get(number)
        return Series(found.name, found.url, deck.listed(found.pages)) if found else None

    def translations(number: int) -> tuple[Card, ...] | None:
        found = shape.translations.get(number)
        return tuple(deck.listed(found)) if found else None

    return Site(
        config=config,
        pages=deck.listed(shape.pages),
        sections=tuple(
            Section(deck.card(s.number), deck.listed(s.pages), tuple(deck.listed(s.subsections)))
            for s in shape.sections
        ),
        taxonomies=tuple(
            Taxonomy(kind, lang, taxonomy_url(kind, lang, config), _terms(terms, deck))
            for (lang, kind), terms in zip(kinds, shape.taxonomies, strict=True)
        ),
        neighbours=deck.by_path(neighbours),
        ancestors=deck.by_path(lambda number: shape.ways[ancestors[number]]),
        translations=deck.by_path(translations),
        series=deck.by_path(series),
        urls=dict(zip(shape.paths, shape.urls, strict=True)),
    )


def _terms(terms: Iterable[TermShape], deck: Deck) -> tuple[Term, ...]:
    return tuple(
        Term(t.name, t.spellings, t.slug, t.url, deck.listed(t.pages), t.aliases) for t in terms
    )


def terms_by_page(site: Site, deck: Deck) -> Mapping[str, tuple[Shared, ...]]:
    """The terms that count for what is related to a page."""
    terms = [(shared, _numbers_in(shared.term.pages)) for shared in shared_terms(site)]
    return deck.by_path(
        lambda number: tuple(shared for shared, numbers in terms if number in numbers)
    )


def _numbers_in(cards: Sequence[Card]) -> array[int]:
    assert isinstance(cards, Listed)  # noqa: S101 (of a site out of its shape)
    return cards.numbers


def fed_of(shape: Shape, deck: Deck) -> Mapping[FeedName, Fed]:
    """The feeds by name."""
    return {
        fed.name: Fed(deck.listed(fed.cards), dt.datetime.fromisoformat(fed.latest))
        for fed in shape.fed
    }


def _array(kind: str, data: bytes) -> array[int]:
    found = array(kind)
    found.frombytes(data)
    return found

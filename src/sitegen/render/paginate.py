"""Cutting a list into pages, with Zola's addresses."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from sitegen.base.address import permalink
from sitegen.model import Card
from sitegen.render.shelf import Shelf
from sitegen.render.views import LinkView, PaginatorView


class Pagination(msgspec.Struct, frozen=True):
    """How a list is cut: `url` is that of the first page, `path` stands before the number."""

    url: str
    by: int
    path: str = "page"
    reversed: bool = False

    def url_of(self, index: int) -> str:
        """The address of a page, counted from 1; the first is the list itself."""
        return self.url if index == 1 else self.numbered(index)

    def numbered(self, index: int) -> str:
        """The address with the number, which the first page has only as another name."""
        return f"{self.url}{self.path}/{index}/" if self.path else f"{self.url}{index}/"


class Pager(msgspec.Struct, frozen=True):
    """A page of a list."""

    index: int
    url: str
    cards: Sequence[Card]


class Cut(msgspec.Struct, frozen=True):
    """A list in pages, at least one; `links` lead to all of them, `total` are its cards."""

    pagers: tuple[Pager, ...]
    links: tuple[LinkView, ...]
    total: int


def cut(cards: Sequence[Card], pagination: Pagination, base: str) -> Cut:
    """The pages of a list."""
    ordered = cards[::-1] if pagination.reversed else cards
    starts = range(0, max(len(ordered), 1), pagination.by)
    pagers = tuple(
        Pager(index, pagination.url_of(index), ordered[start : start + pagination.by])
        for index, start in enumerate(starts, 1)
    )
    links = tuple(LinkView(str(pager.index), permalink(base, pager.url)) for pager in pagers)
    return Cut(pagers, links, len(ordered))


def about_pager(pager: Pager, whole: Cut) -> tuple[object, ...]:
    """What tells one page of a list from another: its place, their number, its pages."""
    return pager.index, len(whole.pagers), whole.total, [card.path for card in pager.cards]


def view_pager(pager: Pager, whole: Cut, pagination: Pagination, shelf: Shelf) -> PaginatorView:
    """What a template sees of one page of a list."""
    links, at = whole.links, pager.index - 1
    before = f"{pagination.url}{pagination.path}/" if pagination.path else pagination.url
    return PaginatorView(
        paginate_by=pagination.by,
        base_url=permalink(shelf.base, before),
        number_pagers=len(links),
        first=links[0].permalink,
        last=links[-1].permalink,
        previous=links[at - 1].permalink if at else None,
        next=links[at + 1].permalink if at + 1 < len(links) else None,
        pages=shelf.pages(pager.cards),
        current_index=pager.index,
        total_pages=whole.total,
        pager_links=links,
    )

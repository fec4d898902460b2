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
    cards: tuple[Card, ...]


def cut(cards: Sequence[Card], pagination: Pagination) -> tuple[Pager, ...]:
    """The pages of a list; at least one."""
    ordered = tuple(reversed(cards)) if pagination.reversed else tuple(cards)
    starts = range(0, max(len(ordered), 1), pagination.by)
    return tuple(
        Pager(index, pagination.url_of(index), ordered[start : start + pagination.by])
        for index, start in enumerate(starts, 1)
    )


def view_pager(
    pager: Pager, pagers: Sequence[Pager], pagination: Pagination, shelf: Shelf
) -> PaginatorView:
    """What a template sees of one page of a list."""
    addresses = [permalink(shelf.base, other.url) for other in pagers]
    at = pager.index - 1
    before = f"{pagination.url}{pagination.path}/" if pagination.path else pagination.url
    return PaginatorView(
        paginate_by=pagination.by,
        base_url=permalink(shelf.base, before),
        number_pagers=len(pagers),
        first=addresses[0],
        last=addresses[-1],
        previous=addresses[at - 1] if at else None,
        next=addresses[at + 1] if at + 1 < len(pagers) else None,
        pages=shelf.pages(pager.cards),
        current_index=pager.index,
        total_pages=sum(len(other.cards) for other in pagers),
        pager_links=tuple(
            LinkView(str(number), address) for number, address in enumerate(addresses, 1)
        ),
    )

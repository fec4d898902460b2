"""The page of all measurements: every benchmark of a language by date, by device and by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import msgspec

from sitegen.base.address import permalink
from sitegen.model import BenchCard, BenchRow, Card
from sitegen.render.book import Book
from sitegen.render.jobs import Job
from sitegen.render.own_pages import benchmarks_of, measurements_url
from sitegen.render.structured import home_link, trail
from sitegen.render.views import LinkView

MEASUREMENTS = "the measurements"
ORDERS = ("date", "device", "benchmark")
"""How the page is sorted; the first is the page itself, the others lie below it."""


class MeasurementView(msgspec.Struct, frozen=True):
    """A run of a benchmark: `title` and `permalink` are those of its chart, `page` of its post.

    `current` says that the page shows it, and not a newer one; `by` who contributed it.
    """

    title: str
    permalink: str
    name: str
    page: LinkView
    device: str
    device_reported: str
    date: dt.datetime
    software: tuple[str, ...]
    result: str
    data: LinkView
    current: bool
    stale: bool
    by: str | None


class OrderView(msgspec.Struct, frozen=True):
    """A way of sorting, and the page that is sorted so."""

    name: str
    permalink: str
    current: bool


def order_url(url: str, order: str) -> str:
    """The page of an order below that of the measurements."""
    return url if order == ORDERS[0] else f"{url}by-{order}/"


def render_measurements(book: Book) -> Iterator[Job]:
    """The page of every language that has benchmarks, once for each order."""
    for language in book.site.config.languages:
        lang = language.code
        url = measurements_url(book.site, lang)
        if not url:
            continue
        rows = [_view(book, *entry) for entry in benchmarks_of(book.site, lang)]
        here = LinkView(book.words(lang)["measurements"], book.common[lang]["measurements"])
        structured = trail((home_link(book.site.config, lang), here))
        for order in ORDERS:
            context: dict[str, Any] = {
                "rows": _sorted(rows, order),
                "order": order,
                "orders": tuple(_orders(book, url, order)),
                "structured": structured,
            }
            yield book.job(
                "measurements.html",
                order_url(url, order),
                MEASUREMENTS,
                lang,
                context,
                partial(dict, context),
            )


def _orders(book: Book, url: str, current: str) -> Iterator[OrderView]:
    for order in ORDERS:
        address = permalink(book.site.config.base_url, order_url(url, order))
        yield OrderView(order, address, order == current)


def _view(book: Book, card: Card, bench: BenchCard, row: BenchRow) -> MeasurementView:
    base = book.site.config.base_url
    title = card.title or card.url.strip("/").rpartition("/")[2]
    return MeasurementView(
        title=bench.title,
        permalink=permalink(base, card.url) + (f"#{bench.anchor}" if bench.anchor else ""),
        name=bench.name,
        page=LinkView(title, permalink(base, card.url)),
        device=row.device.label,
        device_reported=row.device.reported,
        date=row.started,
        software=row.software,
        result=row.result,
        data=LinkView(row.data, permalink(base, card.url + row.data)),
        current=row.current,
        stale=row.stale,
        by=row.by,
    )


def _sorted(rows: Sequence[MeasurementView], order: str) -> tuple[MeasurementView, ...]:
    """The rows in an order; within it the newest first, then by name."""
    keys: dict[str, Callable[[MeasurementView], Any]] = {
        "date": lambda row: (),
        "device": lambda row: row.device.lower(),
        "benchmark": lambda row: (row.title.lower(), row.page.permalink, row.device.lower()),
    }
    newest = sorted(rows, key=lambda row: (row.title.lower(), row.page.permalink, row.device))
    newest.sort(key=lambda row: row.date, reverse=True)
    return tuple(sorted(newest, key=keys[order]))

"""What templates see: Zola's names for pages, sections and terms, as plain frozen values.

The fields of these classes are the documented surface of a theme.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from markupsafe import Markup

from sitegen.base.address import permalink
from sitegen.model import Card, Heading, Measured, Section, SiteConfig, Taxonomy, Term

WORDS_PER_MINUTE = 200
"""Zola's reading speed."""

_SHOWN_PACKAGES = ("torch", "jax", "numpy")


class ConfigView(msgspec.Struct, frozen=True):
    base_url: str
    title: str
    description: str
    author: str
    default_language: str
    generate_feeds: bool
    extra: Mapping[str, Any]


class LinkView(msgspec.Struct, frozen=True):
    """A place to go to, by name."""

    title: str
    permalink: str

    @property
    def name(self) -> str:
        return self.title


class CostView(msgspec.Struct, frozen=True):
    title: str
    anchor: str
    wall: float
    cpu: float
    compile: float
    peak_host: int | None
    peak_device: int | None
    first: tuple[str, ...]


class MeasuredView(msgspec.Struct, frozen=True):
    """The card of an executed post."""

    device_label: str
    device_reported: str
    device_kind: str
    driver: str | None
    software: tuple[str, ...]
    when: dt.datetime
    seconds: float
    commit: str | None
    dirty: bool | None
    shown: int
    hidden: int
    stale: bool
    preloaded: tuple[str, ...]
    rows: tuple[CostView, ...]
    downloads: tuple[LinkView, ...]


class PageView(msgspec.Struct, frozen=True):
    """A page; `content` is empty in lists."""

    title: str
    description: str
    date: dt.datetime | None
    updated: dt.datetime | None
    draft: bool
    slug: str
    path: str
    permalink: str
    relative_path: str
    taxonomies: Mapping[str, tuple[str, ...]]
    authors: tuple[str, ...]
    extra: Mapping[str, Any]
    toc: tuple[Heading, ...]
    word_count: int
    reading_time: int
    summary: Markup | None
    measured: MeasuredView | None
    content: Markup = Markup()
    ancestors: tuple[LinkView, ...] = ()
    lower: LinkView | None = None
    higher: LinkView | None = None


class SubsectionView(msgspec.Struct, frozen=True):
    title: str
    description: str
    permalink: str
    page_count: int


class SectionView(msgspec.Struct, frozen=True):
    title: str
    description: str
    path: str
    permalink: str
    extra: Mapping[str, Any]
    toc: tuple[Heading, ...]
    word_count: int
    reading_time: int
    generate_feeds: bool
    pages: tuple[PageView, ...]
    subsections: tuple[SubsectionView, ...]
    content: Markup = Markup()


class TaxonomyView(msgspec.Struct, frozen=True):
    """A taxonomy; `title` is its name as a heading."""

    name: str
    title: str
    permalink: str
    feed: bool


class TermView(msgspec.Struct, frozen=True):
    name: str
    slug: str
    permalink: str
    page_count: int
    pages: tuple[PageView, ...]


class EntryView(msgspec.Struct, frozen=True):
    """A line of the sitemap."""

    permalink: str
    updated: dt.datetime | None


def view_config(config: SiteConfig) -> ConfigView:
    return ConfigView(
        base_url=config.base_url,
        title=config.title,
        description=config.description,
        author=config.author,
        default_language=config.language,
        generate_feeds=config.generate_feeds,
        extra=config.extra,
    )


def view_page(card: Card, base_url: str) -> PageView:
    """The page as a list sees it."""
    return PageView(
        title=card.title,
        description=card.description,
        date=card.date,
        updated=card.updated,
        draft=card.draft,
        slug=card.url.strip("/").rpartition("/")[2],
        path=card.url,
        permalink=permalink(base_url, card.url),
        relative_path=card.path,
        taxonomies=card.taxonomies,
        authors=card.authors,
        extra=card.extra,
        toc=card.toc,
        word_count=card.words,
        reading_time=_minutes(card.words),
        summary=Markup(card.summary) if card.summary else None,  # noqa: S704 (rendered by us)
        measured=_view_measured(card, card.measured, base_url) if card.measured else None,
    )


def view_link(card: Card, base_url: str) -> LinkView:
    return LinkView(
        card.title or card.url.strip("/").rpartition("/")[2], permalink(base_url, card.url)
    )


def view_section(
    section: Section, content: Markup, base_url: str, count: Callable[[Card], int]
) -> SectionView:
    """The section with its pages; `count` tells how many pages a subsection has."""
    card = section.card
    return SectionView(
        title=card.title,
        description=card.description,
        path=card.url,
        permalink=permalink(base_url, card.url),
        extra=card.extra,
        toc=card.toc,
        word_count=card.words,
        reading_time=_minutes(card.words),
        generate_feeds=card.meta.generate_feeds,
        pages=tuple(view_page(page, base_url) for page in section.pages),
        subsections=tuple(
            SubsectionView(
                view_link(below, base_url).title,
                below.description,
                permalink(base_url, below.url),
                count(below),
            )
            for below in section.subsections
        ),
        content=content,
    )


def view_taxonomy(taxonomy: Taxonomy, base_url: str) -> TaxonomyView:
    name = taxonomy.config.name
    title = name[:1].upper() + name[1:]
    return TaxonomyView(name, title, permalink(base_url, taxonomy.url), taxonomy.config.feed)


def view_term(term: Term, base_url: str) -> TermView:
    return TermView(
        name=term.name,
        slug=term.slug,
        permalink=permalink(base_url, term.url),
        page_count=len(term.pages),
        pages=tuple(view_page(page, base_url) for page in term.pages),
    )


def _minutes(words: int) -> int:
    return max(1, -(-words // WORDS_PER_MINUTE))


def _in_words(modules: tuple[str, ...]) -> tuple[str, ...]:
    """Modules as a reader knows them: torch's compiler is not called by its parts."""
    compiler = ("torch.compile",) if any("." in name for name in modules) else ()
    return (*(name for name in modules if "." not in name), *compiler)


def _view_measured(card: Card, measured: Measured, base_url: str) -> MeasuredView:
    origin = measured.provenance
    packages = [
        f"{name} {origin.packages[name]}" for name in _SHOWN_PACKAGES if name in origin.packages
    ]
    return MeasuredView(
        device_label=measured.device.label,
        device_reported=measured.device.reported,
        device_kind=measured.device.kind,
        driver=measured.device.driver,
        software=(f"Python {origin.python}", *packages),
        when=measured.started,
        seconds=measured.seconds,
        commit=origin.commit,
        dirty=origin.dirty,
        shown=measured.shown,
        hidden=measured.hidden,
        stale=measured.stale,
        preloaded=_in_words(origin.preloaded),
        rows=tuple(
            CostView(
                title=row.title,
                anchor=row.anchor,
                wall=row.measures.wall,
                cpu=row.measures.cpu,
                compile=row.measures.compile,
                peak_host=row.measures.peak_host,
                peak_device=row.measures.peak_device,
                first=row.one_off,
            )
            for row in measured.rows
        ),
        downloads=tuple(
            LinkView(name, permalink(base_url, card.url + name)) for name in card.downloads
        ),
    )

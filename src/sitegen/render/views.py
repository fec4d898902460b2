"""What templates see: Zola's names for pages, sections and terms, as plain frozen values.

The fields of these classes are the documented surface of a theme.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import msgspec
from markupsafe import Markup

from sitegen.base.address import permalink
from sitegen.model import Card, Heading, Taxonomy
from sitegen.render.measured import MeasuredView
from sitegen.settings import MarkdownConfig, SearchConfig

WORDS_PER_MINUTE = 200
"""Zola's reading speed."""


class TaxonomyConfigView(msgspec.Struct, frozen=True):
    """A declared taxonomy; `title` is its name as a heading."""

    name: str
    slug: str
    title: str
    permalink: str
    render: bool
    feed: bool
    paginate_by: int
    paginate_path: str
    lang: str


class LanguageView(msgspec.Struct, frozen=True):
    """A language of the site, with the address of its home page."""

    code: str
    title: str
    description: str
    permalink: str
    generate_feeds: bool
    feed_filenames: tuple[str, ...]
    build_search_index: bool
    taxonomies: tuple[TaxonomyConfigView, ...]


class ConfigView(msgspec.Struct, frozen=True):
    """The configuration as a page in one language sees it; `languages` are the others by code."""

    base_url: str
    title: str | None
    description: str | None
    author: str | None
    default_language: str
    generate_feeds: bool
    feed_filenames: tuple[str, ...]
    taxonomies: tuple[TaxonomyConfigView, ...]
    languages: Mapping[str, LanguageView]
    build_search_index: bool
    generate_sitemap: bool
    generate_robots_txt: bool
    markdown: MarkdownConfig
    search: SearchConfig
    theme: str
    extra: Mapping[str, Any]
    mode: str = "build"

    @property
    def generate_feed(self) -> bool:
        """What themes for Zola before 0.19 ask."""
        return self.generate_feeds

    @property
    def feed_filename(self) -> str:
        return next(iter(self.feed_filenames), "")


class LinkView(msgspec.Struct, frozen=True):
    """A place to go to, by name."""

    title: str
    permalink: str

    @property
    def name(self) -> str:
        return self.title


class FeedView(msgspec.Struct, frozen=True):
    """A feed that a page names: `type` is its media type, `kind` what readers call its format."""

    permalink: str
    type: str
    kind: str
    title: str


class TranslationView(msgspec.Struct, frozen=True):
    """A page or section in one of its languages; `path` is its file below `content/`."""

    lang: str
    permalink: str
    title: str
    path: str


class SeriesView(msgspec.Struct, frozen=True):
    """The series that a page is in; `position` counts from 1."""

    name: str
    permalink: str
    position: int
    previous: LinkView | None
    next: LinkView | None
    all: tuple[LinkView, ...]


class Around(Protocol):
    """What a view looks up only when a template asks for it, and whom it tells what was read."""

    def note(self, path: str, field: str) -> None: ...
    def pages_of(self, path: str) -> tuple[PageView, ...]: ...
    def content(self, path: str) -> Markup: ...
    def toc(self, path: str) -> tuple[Heading, ...]: ...
    def neighbour(self, path: str, *, higher: bool) -> PageView | None: ...
    def related(self, path: str) -> tuple[PageView, ...]: ...


class Noting(msgspec.Struct, frozen=True, eq=False):
    """A view that tells of every field that is read of it, whoever reads it."""

    def __getattribute__(self, name: str) -> Any:
        get = object.__getattribute__
        value = get(self, name)
        if name[0] != "_":
            get(self, "around").note(get(self, get(self, "_known_by")), name)
        return value


class PageView(Noting, frozen=True, eq=False):
    """A page. `ancestors` are paths of sections, for `get_section`; `path_links` link to them."""

    title: str | None
    description: str | None
    date: dt.datetime | None
    updated: dt.datetime | None
    year: int | None
    month: int | None
    day: int | None
    draft: bool
    aliases: tuple[str, ...]
    lang: str
    slug: str
    path: str
    components: tuple[str, ...]
    permalink: str
    relative_path: str
    colocated_path: str | None
    taxonomies: Mapping[str, tuple[str, ...]]
    authors: tuple[str, ...]
    extra: Mapping[str, Any]
    assets: tuple[str, ...]
    word_count: int
    reading_time: int
    summary: Markup | None
    measured: MeasuredView | None
    also_measured: tuple[MeasuredView, ...]
    downloads: tuple[LinkView, ...]
    ancestors: tuple[str, ...]
    path_links: tuple[LinkView, ...]
    translations: tuple[TranslationView, ...]
    backlinks: tuple[LinkView, ...]
    series: SeriesView | None
    image: str | None
    around: Around
    benches: tuple[LinkView, ...] = ()
    body: Markup | None = None
    _known_by: ClassVar[str] = "relative_path"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PageView) and self.relative_path == other.relative_path

    def __hash__(self) -> int:
        return hash(self.relative_path)

    @property
    def content(self) -> Markup:
        return self.around.content(self.relative_path) if self.body is None else self.body

    @property
    def toc(self) -> tuple[Heading, ...]:
        return self.around.toc(self.relative_path)

    @property
    def lower(self) -> PageView | None:
        return self.around.neighbour(self.relative_path, higher=False)

    @property
    def higher(self) -> PageView | None:
        return self.around.neighbour(self.relative_path, higher=True)

    @property
    def related(self) -> tuple[PageView, ...]:
        return self.around.related(self.relative_path)


class PartView(msgspec.Struct, frozen=True):
    """A section below another."""

    title: str
    description: str
    permalink: str
    page_count: int


class SectionView(Noting, frozen=True, eq=False):
    """A section. `subsections` are their paths, for `get_section`; `parts` say more of them."""

    title: str | None
    description: str | None
    draft: bool
    aliases: tuple[str, ...]
    lang: str
    path: str
    components: tuple[str, ...]
    permalink: str
    relative_path: str
    extra: Mapping[str, Any]
    assets: tuple[str, ...]
    word_count: int
    reading_time: int
    generate_feeds: bool
    transparent: bool
    paginate_by: int | None
    paginate_reversed: bool
    ancestors: tuple[str, ...]
    path_links: tuple[LinkView, ...]
    translations: tuple[TranslationView, ...]
    backlinks: tuple[LinkView, ...]
    subsections: tuple[str, ...]
    parts: tuple[PartView, ...]
    around: Around
    benches: tuple[LinkView, ...] = ()
    colocated_path: None = None
    bare: bool = False
    _known_by: ClassVar[str] = "relative_path"

    @property
    def content(self) -> Markup:
        return self.around.content(self.relative_path)

    @property
    def toc(self) -> tuple[Heading, ...]:
        return self.around.toc(self.relative_path)

    @property
    def pages(self) -> tuple[PageView, ...]:
        return () if self.bare else self.around.pages_of(self.relative_path)


class TermView(Noting, frozen=True, eq=False):
    """A term of a taxonomy."""

    name: str
    slug: str
    path: str
    permalink: str
    page_count: int
    around: Around
    bare: bool = False
    _known_by: ClassVar[str] = "path"

    @property
    def pages(self) -> tuple[PageView, ...]:
        return () if self.bare else self.around.pages_of(self.path)


class PaginatorView(msgspec.Struct, frozen=True, eq=False):
    """One page of a list, by Zola's names; `pager_links` lead to all of them, in order."""

    paginate_by: int
    base_url: str
    number_pagers: int
    first: str
    last: str
    previous: str | None
    next: str | None
    pages: tuple[PageView, ...]
    current_index: int
    total_pages: int
    pager_links: tuple[LinkView, ...]


class EntryView(msgspec.Struct, frozen=True):
    """A line of the sitemap; `extra` is a page's or section's."""

    permalink: str
    updated: dt.datetime | None
    extra: Mapping[str, Any] | None = None


def view_link(card: Card, base_url: str) -> LinkView:
    return LinkView(
        card.title or card.url.strip("/").rpartition("/")[2], permalink(base_url, card.url)
    )


def view_benches(card: Card, base_url: str) -> tuple[LinkView, ...]:
    """Links to the charts of a page's benchmarks."""
    address = permalink(base_url, card.url)
    return tuple(LinkView(bench.title, f"{address}#{bench.anchor}") for bench in card.benches)


def view_taxonomy(taxonomy: Taxonomy, base_url: str) -> TaxonomyConfigView:
    config = taxonomy.config
    return TaxonomyConfigView(
        name=config.name,
        slug=config.slug,
        title=config.name[:1].upper() + config.name[1:],
        permalink=permalink(base_url, taxonomy.url),
        render=config.render,
        feed=config.feed,
        paginate_by=config.paginate_by,
        paginate_path=config.paginate_path,
        lang=taxonomy.lang,
    )


def minutes(words: int) -> int:
    """Minutes that reading takes, at least one."""
    return max(1, -(-words // WORDS_PER_MINUTE))

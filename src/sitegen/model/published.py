"""What is published: the card that lists see, terms and sections, the site, pages, the report."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from sitegen.base.errors import Problem
from sitegen.model.config import SiteConfig
from sitegen.model.documents import Artifact, Heading, Link, Meta, is_section_path
from sitegen.model.runs import Accepted, Device, Measures, Provenance
from sitegen.settings import (
    TaxonomyConfig,
)

if TYPE_CHECKING:
    pass


class CostRow(msgspec.Struct, frozen=True):
    """A line of a card's cost table; `anchor` is the block's id, "" where it is hidden.

    `notes` say what else is to be known of it: graph breaks, caches, what was loaded already.
    """

    title: str
    anchor: str
    one_off: tuple[str, ...]
    measures: Measures
    notes: tuple[str, ...] = ()


class Measured(msgspec.Struct, frozen=True):
    """The card of an executed post: on what, with what, when, at what cost."""

    device: Device
    provenance: Provenance
    started: dt.datetime
    seconds: float
    shown: int
    hidden: int
    rows: tuple[CostRow, ...]
    stale: bool = False
    accepted: tuple[Accepted, ...] = ()


class BenchRow(msgspec.Struct, frozen=True):
    """A run of a benchmark as lists see it; `data` is the file beside the page that holds it.

    `current` says that the page shows it by itself, not only among earlier ones.
    """

    device: Device
    started: dt.datetime
    software: tuple[str, ...]
    result: str
    data: str
    current: bool = True
    stale: bool = False
    by: str | None = None


class BenchCard(msgspec.Struct, frozen=True):
    """A benchmark as lists see it; `anchor` is the id of its chart, "" where none is shown."""

    name: str
    title: str
    anchor: str
    rows: tuple[BenchRow, ...]


class Card(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that a list may see of a page or a section.

    `summary` is HTML in which internal links still wait for their targets; `assets` are the files
    beside it, below `content/`; `downloads` are files at its own URL. `anchors` are the ids that a
    link may lead to, in one text with U+0000 between them.

    A build has all cards of a site in memory: what only the page itself shows stands in `Page`, and
    what its file says in `meta`.
    """

    path: str
    url: str
    title: str
    description: str
    words: int
    meta: Meta
    anchors: str = ""
    summary: str | None = None
    assets: tuple[str, ...] = ()
    measured: Measured | None = None
    also_measured: tuple[Measured, ...] = ()
    downloads: tuple[str, ...] = ()
    benches: tuple[BenchCard, ...] = ()

    @property
    def is_section(self) -> bool:
        return is_section_path(self.path)

    @property
    def ids(self) -> list[str]:
        """What a link may lead to in the page."""
        return self.anchors.split("\0")

    @property
    def lang(self) -> str:
        return self.meta.lang

    @property
    def date(self) -> dt.datetime | None:
        return self.meta.date

    @property
    def updated(self) -> dt.datetime | None:
        return self.meta.updated

    @property
    def weight(self) -> int | None:
        return self.meta.weight

    @property
    def draft(self) -> bool:
        return self.meta.draft

    @property
    def authors(self) -> tuple[str, ...]:
        return self.meta.authors

    @property
    def taxonomies(self) -> Mapping[str, tuple[str, ...]]:
        return self.meta.taxonomies

    @property
    def extra(self) -> Mapping[str, Any]:
        return self.meta.extra

    @property
    def folder(self) -> str:
        """The folder that its section lies in; a bundle belongs to the folder around its own."""
        folder, _, name = self.path.rpartition("/")
        if name.split(".", 1)[0] == "index" and folder:
            return folder.rpartition("/")[0]
        return folder


class Term(msgspec.Struct, frozen=True):
    """A term with its pages, newest first; `spellings` are all the names that share its slug.

    `slug` holds slashes in a hierarchical taxonomy, where `pages` are also those of the terms
    below it, and `aliases` the URLs that it would have in a flat one.
    """

    name: str
    spellings: tuple[str, ...]
    slug: str
    url: str
    pages: Sequence[Card]
    aliases: tuple[str, ...] = ()


class Taxonomy(msgspec.Struct, frozen=True):
    """A taxonomy of a language with its terms, by slug."""

    config: TaxonomyConfig
    lang: str
    url: str
    terms: tuple[Term, ...]


class Section(msgspec.Struct, frozen=True):
    """A section with its pages, those of transparent sections below it too, and its sections."""

    card: Card
    pages: Sequence[Card]
    subsections: tuple[Card, ...]


class Neighbours(msgspec.Struct, frozen=True):
    """The pages before and behind a page in its section's order."""

    lower: Card | None = None
    higher: Card | None = None


class Series(msgspec.Struct, frozen=True):
    """A term of the taxonomy `series`: its pages in reading order."""

    name: str
    url: str
    pages: Sequence[Card]


class Site(msgspec.Struct, frozen=True):
    """All cards in their lists; `pages` newest first.

    The maps are by the card's path. `ancestors` are paths of sections, outermost first;
    `translations` are all languages of a page or section, itself too; `urls` are addresses on the
    site.
    """

    config: SiteConfig
    pages: Sequence[Card]
    sections: tuple[Section, ...]
    taxonomies: tuple[Taxonomy, ...]
    neighbours: Mapping[str, Neighbours] = {}
    ancestors: Mapping[str, tuple[str, ...]] = {}
    translations: Mapping[str, tuple[Card, ...]] = {}
    series: Mapping[str, Series] = {}
    urls: Mapping[str, str] = {}


class Page(msgspec.Struct, frozen=True):
    """A card with its table of contents and its body: HTML in which only internal links still wait
    for their targets.

    `problems` are what only rendering could notice: formulas, languages of code. `highlighting` are
    the seconds that its fences took: their code, and what came out.
    """

    card: Card
    body: str
    links: tuple[Link, ...]
    files: tuple[Artifact, ...]
    problems: tuple[Problem, ...] = ()
    highlighting: float = 0.0
    toc: tuple[Heading, ...] = ()


class Parsed(msgspec.Struct, frozen=True):
    """A page that a build read: the seconds to make HTML of its text, its fences apart. One that is
    run is read in two steps, each with an entry."""

    path: str
    parsing: float
    highlighting: float


class Rendered(msgspec.Struct, frozen=True):
    """A file that a build rendered, or several together: by which template, in how many seconds,
    and those to put it on the disk."""

    path: str
    template: str
    seconds: float
    writing: float


class Report(msgspec.Struct, frozen=True):
    """What a build did. `seconds` by stage; `output` is the published folder, "" for none."""

    pages: int = 0
    executed_posts: int = 0
    executed_blocks: int = 0
    replayed_posts: int = 0
    written: int = 0
    unchanged: int = 0
    removed: int = 0
    output: str = ""
    problems: tuple[Problem, ...] = ()
    advice: tuple[str, ...] = ()
    explanations: tuple[str, ...] = ()
    parsed: tuple[Parsed, ...] = ()
    rendered: tuple[Rendered, ...] = ()
    seconds: Mapping[str, float] = {}

"""A source file, the document that is parsed from it, and the plan to run its blocks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from sitegen.base.digest import digest_text
from sitegen.base.errors import Span
from sitegen.benchmarks import Bench, Said
from sitegen.claims import BenchImage, Tied
from sitegen.model.config import ExecuteConfig, MeasureConfig
from sitegen.settings import (
    Anchors,
    Html,
    MarkdownConfig,
)

if TYPE_CHECKING:
    from markdown_it.token import Token


class Asset(msgspec.Struct, frozen=True):
    """A file beside a page: its path below `content/`, and where it lies."""

    path: str
    file: Path


class Source(msgspec.Struct, frozen=True):
    """A Markdown file. `path` is relative to `content/`; `file`, for messages, to the site."""

    path: str
    file: str
    text: str
    assets: tuple[Asset, ...] = ()

    @property
    def name(self) -> str:
        """The path without `.md` and `/index`: what stored measurements call the page."""
        stem = self.path.removesuffix(".md")
        return stem.removesuffix("/index")

    @property
    def is_section(self) -> bool:
        return is_section_path(self.path)


def is_section_path(path: str) -> bool:
    """Whether a file of `content/` is a section's, in any language: `_index.md`, `_index.pt.md`."""
    return path.rpartition("/")[2].startswith("_index.")


SortBy = Literal[
    "date", "update_date", "title", "title_bytes", "weight", "slug", "permalink", "none"
]


class Meta(msgspec.Struct, frozen=True, omit_defaults=True):
    """The front matter of a page or section; a section's keys keep their defaults on a page.

    `slug` is a page's in its final form, also where `path` makes its URL; a section has none.
    `lang` is said by the file's name. `insert_anchor_links` and `html` hold for this file's own
    text, whoever said so: itself, its section or the site. What is `hidden` has its address, and no
    list, feed, sitemap or search index names it. `paginate_by` is 0 for never.
    """

    title: str | None = None
    description: str = ""
    date: dt.datetime | None = None
    updated: dt.datetime | None = None
    draft: bool = False
    weight: int | None = None
    slug: str | None = None
    path: str | None = None
    lang: str = "en"
    aliases: tuple[str, ...] = ()
    in_search_index: bool = True
    include_in_feeds: bool = True
    hidden: bool = False
    insert_anchor_links: Anchors = "none"
    html: Html = "trusted"
    authors: tuple[str, ...] = ()
    template: str | None = None
    taxonomies: Mapping[str, tuple[str, ...]] = {}
    extra: Mapping[str, Any] = {}
    execute: ExecuteConfig = ExecuteConfig()
    measure: MeasureConfig = MeasureConfig()
    sort_by: SortBy = "none"
    page_template: str | None = None
    paginate_by: int = 0
    paginate_path: str = "page"
    paginate_reversed: bool = False
    transparent: bool = False
    redirect_to: str | None = None
    generate_feeds: bool = False
    render: bool = True
    body_line: int = 1


class RunOptions(msgspec.Struct, frozen=True, omit_defaults=True):
    """The `#|` options that can change results; every field is part of a run's key.

    Defaults are left out of it, so that an option added later leaves the keys of old posts alone.
    """

    eval: bool = True
    error: bool | str = False
    devices: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    saves: tuple[str, ...] = ()
    fig_width: float | None = None
    fig_height: float | None = None
    fig_dpi: int | None = None


class Limits(msgspec.Struct, frozen=True):
    """The `#|` options that bound a run; never part of its key."""

    timeout: float


Ranges = tuple[tuple[int, int], ...]
"""Lines, as pairs of the first and the last, from 1."""


class Look(msgspec.Struct, frozen=True):
    """How a fence's info string wants its code to look.

    `hl_lines` and `hide_lines` count the code's lines, whatever `linenostart` says; line numbers
    count the lines that are shown. `data` are the attributes that the code is given.
    """

    name: str | None = None
    linenos: bool = False
    linenostart: int = 1
    hl_lines: Ranges = ()
    hide_lines: Ranges = ()
    copy: bool | None = None
    data: tuple[tuple[str, str], ...] = ()


class ShowOptions(msgspec.Struct, frozen=True):
    """How a block looks; never part of a run's key. `name` is the fence's file name."""

    echo: bool | Literal["fold"] = True
    output: bool = True
    include: bool = True
    label: str | None = None
    caption: str | None = None
    alt: str | None = None
    name: str | None = None
    cost: bool = True
    look: Look = Look()


MAIN = "main"
"""The session of blocks that name none."""


class Block(msgspec.Struct, frozen=True):
    """A Python fence of a document.

    `code` is what runs and what the key hashes: no `#|` lines, comments or blank lines.
    `lines[i]` is the file's line of `code`'s line i. `shown` is what the page shows, and
    `shown_line` the file's line on which it begins. `file` is the file beside the post that holds
    the code, from the site's root; None where it stands in the post itself. A block with `bench`
    is no part of its session's run. `expect` and `correction` are claims on `values`; a benchmark
    has its own.
    """

    index: int
    code: str
    lines: tuple[int, ...]
    shown: str
    shown_line: int
    run: RunOptions
    limits: Limits
    show: ShowOptions
    span: Span
    session: str = MAIN
    file: str | None = None
    bench: Bench | None = None
    expect: tuple[Said, ...] = ()
    correction: Said | None = None

    @property
    def id(self) -> str:
        """The id of its figure on the page: its label, else its number."""
        return self.show.label or f"block-{self.index + 1}"

    @property
    def code_digest(self) -> str:
        return digest_text(self.code)


InlinePlace = Literal["prose", "title", "description", "caption"]


class Inline(msgspec.Struct, frozen=True):
    """An inline expression, `` `{python} code :format` ``, in the order in which it stands.

    It is evaluated after the block `after` of its document (in a plan: of that plan), before the
    first one where that is -1. `place` is where its text goes; `block` is the block whose caption
    holds it.
    """

    index: int
    code: str
    format: str
    after: int
    place: InlinePlace
    session: str
    span: Span
    excerpt: str
    block: int | None = None


class Heading(msgspec.Struct, frozen=True, omit_defaults=True):
    """A node of a table of contents, in Zola's names."""

    level: int
    id: str
    title: str
    permalink: str
    children: tuple[Heading, ...] = ()


class Link(msgspec.Struct, frozen=True):
    """An internal link as written (`@/posts/x.md#y`), and where."""

    target: str
    span: Span
    excerpt: str


class Origin(msgspec.Struct, frozen=True):
    """What a shortcode or an anchor's template is rendered for: a file, and where its page lies."""

    source: Source
    meta: Meta
    url: str


class Artifact(msgspec.Struct, frozen=True):
    """A file to publish: posix path below the output folder, and its bytes or the file to copy."""

    path: str
    content: bytes | Path
    made_from: str


Read = tuple[str, str]
"""What something was made of, as a kind and a name: `("file", "data.csv")`, `("day", "")`, a field
of a page, section or term `(its path, the field)`."""

ALWAYS: Read = ("always", "")
"""What cannot be told to be as it was: what has read it is made anew every time."""


class Document(msgspec.Struct, frozen=True):
    """A parsed page or section.

    `url` is the path on the site, with both slashes: `/posts/x/`. `anchors` are the ids that a
    link may lead to: of headings, of blocks, and those in raw HTML. `files` are pictures that its
    shortcodes asked for. `ties` are its links to measurements, whose tokens have their index as
    `meta["tied"]`, and `bench_images` the places of charts. `asked` is what made it besides its own
    text, what sections hand down to it, and the configuration: templates, other files, and what
    was not there.
    """

    source: Source
    meta: Meta
    url: str
    tokens: tuple[Token, ...]
    blocks: tuple[Block, ...]
    toc: tuple[Heading, ...]
    links: tuple[Link, ...]
    anchors: tuple[str, ...]
    words: int
    inlines: tuple[Inline, ...] = ()
    files: tuple[Artifact, ...] = ()
    markdown: MarkdownConfig = MarkdownConfig()
    ties: tuple[Tied, ...] = ()
    bench_images: tuple[BenchImage, ...] = ()
    asked: frozenset[Read] = frozenset((ALWAYS,))

    @property
    def plain(self) -> bool:
        """Whether nothing in it is run or measured, and one can tell whether it is still right."""
        measured = self.blocks or self.inlines or self.ties or self.bench_images
        return ALWAYS not in self.asked and not measured

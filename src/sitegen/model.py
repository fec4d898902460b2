"""The nouns of sitegen: every value that crosses a border between modules, frozen.

Read from top to bottom: a site's configuration; a source file and the document parsed from it;
the plan to run its blocks and the events of running; the run that is stored; the card that lists
see; the artifact that is published; the report.

Times are seconds, sizes bytes, dates aware datetimes. Paths inside the site are posix strings,
relative to the folder that the field's comment names.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from sitegen.base.digest import digest_text
from sitegen.base.errors import Problem, Span
from sitegen.benchmarks import Bench, Benchmark, GraphBreak, Said
from sitegen.claims import BenchImage, Tied
from sitegen.settings import (
    Anchors,
    Html,
    LanguageConfig,
    LinkCheckConfig,
    MarkdownConfig,
    SearchConfig,
    SlugConfig,
    TaxonomyConfig,
)

if TYPE_CHECKING:
    from markdown_it.token import Token

# --- configuration ------------------------------------------------------------------------


class Declared(msgspec.Struct, frozen=True):
    """A glob of `[execute] inputs` as written, and the folder below the site that it starts from.

    The folder is that of the file that says so; "" is the site's root.
    """

    pattern: str
    folder: str


class ExecuteConfig(msgspec.Struct, frozen=True):
    """`[execute]`: whether, where and how blocks run; page beats section beats site.

    `memory` is in bytes, None for no limit; `jobs` is None for as many posts as there are cores;
    `auto` is in seconds, without end for always, None for never.
    """

    enabled: bool = True
    device: str = "auto"
    devices: tuple[str, ...] = ()
    python: str = "auto"
    timeout: float = 600.0
    memory: int | None = None
    jobs: int | None = None
    env: tuple[tuple[str, str], ...] = ()
    pass_env: tuple[str, ...] = ()
    inputs: tuple[Declared, ...] = ()
    torch_default_device: bool = True
    trust_output: bool = False
    auto: float | None = 5.0


class MeasureConfig(msgspec.Struct, frozen=True):
    """`[measure]`: when a block's cost is shown under it, and how benchmarks measure.

    `max_time` is seconds a variant, a point of the sweep and a process; a difference smaller
    than `noise` is none.
    """

    show: Literal["auto", "always", "never"] = "auto"
    processes: int = 6
    max_time: float = 10.0
    noise: float = 0.05
    on_unstable: Literal["warn", "retry", "fail"] = "warn"


class DeviceConfig(msgspec.Struct, frozen=True):
    """`[devices.NAME]`: a name and a label for what a driver or CPU reports; `match` is a glob."""

    name: str
    match: str
    label: str


class SiteConfig(msgspec.Struct, frozen=True):
    """A site's configuration, defaults filled in. `base_url` has no trailing slash.

    `file` is where it was read; `languages` begins with the default one, whose title, feeds and
    taxonomies are the site's own; `extra` holds the theme's keys under the site's. `own_templates`:
    they are meant for sitegen, so that a mistake in one is a mistake.
    """

    root: Path
    base_url: str
    file: str = "site.toml"
    own_templates: bool = True
    title: str = ""
    description: str = ""
    language: str = "en"
    author: str = ""
    theme: str = ""
    output_dir: str = "public"
    preserve_dotfiles_in_output: bool = False
    ignored_content: tuple[str, ...] = ()
    ignored_static: tuple[str, ...] = ()
    taxonomies: tuple[TaxonomyConfig, ...] = ()
    taxonomy_root: str = ""
    skip_content_templating: tuple[str, ...] = ()
    hold_future: bool = False
    generate_feeds: bool = False
    feed_limit: int | None = None
    feed_filenames: tuple[str, ...] = ("atom.xml",)
    feed_content: Literal["full", "summary"] = "full"
    generate_sitemap: bool = True
    exclude_paginated_pages_in_sitemap: Literal["none", "all"] = "none"
    generate_robots_txt: bool = True
    archive: str = ""
    measurements: str = ""
    build_search_index: bool = False
    social_cards: bool = False
    social_font: str = ""
    minify_html: bool = False
    demote_headings: bool = True
    markdown: MarkdownConfig = MarkdownConfig()
    search: SearchConfig = SearchConfig()
    link_checker: LinkCheckConfig = LinkCheckConfig()
    slugify: SlugConfig = SlugConfig()
    languages: tuple[LanguageConfig, ...] = ()
    execute: ExecuteConfig = ExecuteConfig()
    measure: MeasureConfig = MeasureConfig()
    devices: tuple[DeviceConfig, ...] = ()
    extra: Mapping[str, Any] = {}

    def in_language(self, code: str) -> LanguageConfig:
        """What is said for a language; the default one's where there is none of that code."""
        known = {language.code: language for language in self.languages}
        return known.get(code) or known.get(self.language) or LanguageConfig(self.language)

    def home(self, code: str) -> str:
        """The URL of a language's home page."""
        return "/" if code == self.language else f"/{code}/"


# --- sources and documents ----------------------------------------------------------------


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


class Meta(msgspec.Struct, frozen=True):
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


class Heading(msgspec.Struct, frozen=True):
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


class Document(msgspec.Struct, frozen=True):
    """A parsed page or section.

    `url` is the path on the site, with both slashes: `/posts/x/`. `anchors` are the ids that a
    link may lead to: of headings, of blocks, and those in raw HTML. `files` are pictures that its
    shortcodes asked for. `ties` are its links to measurements, whose tokens have their index as
    `meta["tied"]`, and `bench_images` the places of charts. `alone`: nothing made it but its own
    text, what sections hand down to it, and the configuration; no template and no other file.
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
    alone: bool = False

    @property
    def plain(self) -> bool:
        """Whether its text is all that there is to it: nothing in it is run or measured."""
        measured = self.blocks or self.inlines or self.ties or self.bench_images
        return self.alone and not measured


# --- execution ----------------------------------------------------------------------------


class Digested(msgspec.Struct, frozen=True):
    """A declared input as it is here: the glob as written, and the digest of all that it matches.

    The digest is None where it matches nothing.
    """

    pattern: str
    digest: str | None


class Plan(msgspec.Struct, frozen=True):
    """What to run for one session of a page: everything the executor needs, and the run's key.

    A plan has no blocks where a post holds inline expressions only. `span` is where it begins.
    A benchmark is a plan of its own: `bench` says how, its last block is the benchmark, those
    before are what it needs, and its session is called `bench:NAME`. `measure` says how it is
    judged.
    """

    key: str
    page: str
    file: str
    session: str
    blocks: tuple[Block, ...]
    execute: ExecuteConfig
    assets: tuple[Asset, ...]
    span: Span
    inlines: tuple[Inline, ...] = ()
    inputs: tuple[Digested, ...] = ()
    bench: Bench | None = None
    measure: MeasureConfig = MeasureConfig()


class Device(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run computed on: `name` is its slug or `[devices.NAME]`, `reported` its own words."""

    name: str
    kind: Literal["cpu", "cuda", "rocm", "xpu", "mps", "tpu"]
    reported: str
    label: str
    index: int = 0
    memory: int | None = None
    driver: str | None = None
    jax_platform: str = "cpu"


class Blob(msgspec.Struct, frozen=True, tag="blob", omit_defaults=True):
    """A binary output: its SHA-256, its size, and its bytes while they are at hand."""

    digest: str
    size: int
    content: bytes = b""


class Stream(msgspec.Struct, frozen=True, tag="stream", omit_defaults=True):
    """Text that a block wrote to stdout or stderr, as a terminal would show it in the end.

    `cut` counts the characters that were left out of its middle; the text says so there.
    """

    name: Literal["stdout", "stderr"]
    text: str
    cut: int = 0


class Display(msgspec.Struct, frozen=True, tag="display", omit_defaults=True):
    """A rich output by MIME type; `result` marks the value of a block's last expression.

    `dark` is what dark pages show in place of its PNG.
    `others` are the MIME types that came with it and are not kept, such as those that need a
    script; `cut` is the size of what was left out because it was too large.
    """

    data: Mapping[str, str | Blob]
    result: bool = False
    width: int | None = None
    height: int | None = None
    dark: Blob | None = None
    others: tuple[str, ...] = ()
    cut: int = 0


class Frame(msgspec.Struct, frozen=True, omit_defaults=True):
    """A level of a traceback: line `line` of the n-th evaluated block, or of a library's file."""

    function: str
    line: int
    block: int | None = None
    file: str = ""


class Failure(msgspec.Struct, frozen=True, tag="failure", omit_defaults=True):
    """An exception that left a block, or the end of its kernel; frames outermost first."""

    name: str
    value: str
    frames: tuple[Frame, ...] = ()


Output = Stream | Display | Failure


class CacheUse(msgspec.Struct, frozen=True):
    """How often a compiler's cache on disk held what was compiled, and how often it did not.

    A hit makes the time of compiling say little.
    """

    name: Literal["inductor", "xla"]
    hits: int
    misses: int


class Measures(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a block cost, in seconds and bytes; None where it could not be measured.

    `wall` ends after waiting for every framework that the post had initialised. `cpu` holds
    `cpu_children`, that of child processes which have ended. `compile_torch` and `compile_xla` are
    the parts of `compile`, None where that framework was not loaded, or nobody asked. `first` names
    the frameworks imported or given their first work here: their one-off cost is in `wall`;
    `loaded` what the block imports that was imported before its kernel began: no cost is in `wall`.
    `uncompiled` are functions that torch.compile left to Python altogether.
    """

    wall: float
    cpu: float
    compile: float = 0.0
    peak_host: int | None = None
    peak_device: int | None = None
    first: tuple[str, ...] = ()
    cpu_children: float = 0.0
    compile_torch: float | None = None
    compile_xla: float | None = None
    caches: tuple[CacheUse, ...] = ()
    breaks: tuple[GraphBreak, ...] = ()
    recompiles: tuple[GraphBreak, ...] = ()
    uncompiled: tuple[GraphBreak, ...] = ()
    loaded: tuple[str, ...] = ()


CellStatus = Literal["ok", "failed", "not run", "not here"]
"""`not run`: its session ended above it; `not here`: it is for other devices."""

Value = bool | int | float | str
"""What a block's `values` may be; a float that is no number is its name, such as "nan"."""


class Cell(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of an evaluated block: `code` is its code's digest, `label` as it was then.

    `source` is the code itself, so that a stored result can be read on its own.
    """

    status: CellStatus
    code: str
    label: str | None
    outputs: tuple[Output, ...]
    measures: Measures | None
    values: Mapping[str, Value] = {}
    source: str = ""


class Input(msgspec.Struct, frozen=True):
    """A file that a run's results depend on.

    `post`: beside the post, `site`: from the site's root, both opened by the run; `saves`: laid
    into its folder by an earlier session; `declared`: all that a glob of `[execute] inputs`
    matched, with `path` the glob as written.
    """

    base: Literal["post", "site", "saves", "declared"]
    path: str
    digest: str


class Evaluated(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of an inline expression: its text, or why there is none."""

    code: str
    text: str | None = None
    failure: Failure | None = None


class Saved(msgspec.Struct, frozen=True):
    """A file that a session saves for later ones: its path in the working folder."""

    path: str
    blob: Blob


class Accepted(msgspec.Struct, frozen=True):
    """Why a result stands for code that it was not measured with: `run` names the measured file.

    `difference` is a unified diff from the code that ran to the code that is shown.
    """

    because: str
    when: dt.datetime
    run: str
    difference: str


MEASUREMENT = 1
"""The number of how measurements are made; 0 are those of before it was kept."""


class Conditions(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the machine was just before a run; None where it does not tell.

    `load` is the system's average of the last minute, `governor` and `clock` (in MHz, with the
    highest) are the device's: of a CPU or of an accelerator. `throttled` names why an accelerator
    ran below its clock.
    """

    load: float | None = None
    governor: str | None = None
    clock: int | None = None
    highest_clock: int | None = None
    temperature: float | None = None
    throttled: tuple[str, ...] = ()
    battery: bool = False


class Provenance(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a run's results come from. Nothing here names a person or a host.

    `packages` are those that the post's modules come from, with all that they need; `imports` those
    among them that its code names; `builds` what torch says of its making. `cores` are those that
    it might use, by its affinity and its control group. `devices` counts the machine's accelerators
    of that name. `preloaded` is what a forked kernel had imported before the first block: importing
    it again costs nothing there. `beside` is how many other runs of ours shared the machine at
    most. `torch_device` is the default device that torch was given. `measurement` is the number of
    how it was measured.
    """

    python: str = ""
    packages: Mapping[str, str] = {}
    cpu: str = ""
    cores: int = 0
    memory: int | None = None
    os: str = ""
    variables: Mapping[str, str] = {}
    commit: str | None = None
    dirty: bool | None = None
    start: Literal["plain", "forked"] = "plain"
    preloaded: tuple[str, ...] = ()
    beside: int = 0
    torch_device: str | None = None
    sitegen: str = ""
    imports: tuple[str, ...] = ()
    builds: Mapping[str, str] = {}
    devices: int = 0
    container: str | None = None
    conditions: Conditions | None = None
    measurement: int = 0


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """The results of one session on one device; `started` is UTC, `seconds` the whole session.

    Of a benchmark, `benchmark` holds what was measured, and there is a cell for each of its blocks;
    as it is stored, its samples are in the blob `samples`. `by` names who contributed a run that is
    not the author's.
    """

    key: str
    page: str
    session: str
    device: Device
    started: dt.datetime
    seconds: float
    provenance: Provenance
    inputs: tuple[Input, ...]
    cells: tuple[Cell, ...]
    inlines: tuple[Evaluated, ...] = ()
    saves: tuple[Saved, ...] = ()
    accepted: Accepted | None = None
    benchmark: Benchmark | None = None
    samples: Blob | None = None
    by: str | None = None

    @property
    def failed(self) -> bool:
        """Whether a block did not end as the author said; such a run is never stored."""
        broken = any(cell.status in ("failed", "not run") for cell in self.cells)
        return broken or any(entry.failure is not None for entry in self.inlines)


class Queued(msgspec.Struct, frozen=True):
    """A plan waits for its turn; again where it waits for another process, which `behind` names."""

    plan: Plan
    behind: str = ""


class Started(msgspec.Struct, frozen=True):
    """A block begins; of a benchmark, the process of that number, from 1, out of so many."""

    plan: Plan
    block: int
    process: int = 0
    processes: int = 0


class Chunk(msgspec.Struct, frozen=True):
    """What a block gave just now; where it was asked for, `outputs` are all that it has by then."""

    plan: Plan
    block: int
    output: Output
    outputs: tuple[Output, ...] = ()


class BlockDone(msgspec.Struct, frozen=True):
    plan: Plan
    block: int
    cell: Cell


class Finished(msgspec.Struct, frozen=True):
    plan: Plan
    run: Run


class Failed(msgspec.Struct, frozen=True):
    """The session could not be run at all: no interpreter, no kernel."""

    plan: Plan
    problem: Problem


Event = Queued | Started | Chunk | BlockDone | Finished | Failed
"""What an executor yields, in order; `block` counts a plan's blocks from 0."""


class Shown(msgspec.Struct, frozen=True):
    """A run that a page shows for a session, and whether its code has changed since.

    `cells[i]` is the cell shown under the plan's block i, `texts[i]` the text of its inline
    expression i; None: not run yet. `earlier` are runs of the same code on the same device with
    other libraries, the newest of each, newest first; of benchmarks only.
    """

    plan: Plan
    run: Run
    cells: tuple[Cell | None, ...]
    texts: tuple[str | None, ...] = ()
    stale: bool = False
    earlier: tuple[Run, ...] = ()


# --- what is published ----------------------------------------------------------------------


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


class Card(msgspec.Struct, frozen=True):
    """All that a list may see of a page or a section.

    `summary` is HTML in which internal links still wait for their targets; `assets` are the files
    beside it, below `content/`; `downloads` are files at its own URL.
    """

    path: str
    url: str
    title: str
    description: str
    date: dt.datetime | None
    updated: dt.datetime | None
    weight: int | None
    draft: bool
    authors: tuple[str, ...]
    taxonomies: Mapping[str, tuple[str, ...]]
    extra: Mapping[str, Any]
    words: int
    toc: tuple[Heading, ...]
    anchors: tuple[str, ...]
    summary: str | None
    assets: tuple[str, ...]
    measured: Measured | None
    meta: Meta
    also_measured: tuple[Measured, ...] = ()
    downloads: tuple[str, ...] = ()
    benches: tuple[BenchCard, ...] = ()

    @property
    def is_section(self) -> bool:
        return is_section_path(self.path)

    @property
    def lang(self) -> str:
        return self.meta.lang

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
    pages: tuple[Card, ...]
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
    pages: tuple[Card, ...]
    subsections: tuple[Card, ...]


class Neighbours(msgspec.Struct, frozen=True):
    """The pages before and behind a page in its section's order."""

    lower: Card | None = None
    higher: Card | None = None


class Series(msgspec.Struct, frozen=True):
    """A term of the taxonomy `series`: its pages in reading order."""

    name: str
    url: str
    pages: tuple[Card, ...]


class Site(msgspec.Struct, frozen=True):
    """All cards in their lists; `pages` newest first.

    The maps are by the card's path. `ancestors` are paths of sections, outermost first;
    `translations` are all languages of a page or section, itself too.
    """

    config: SiteConfig
    pages: tuple[Card, ...]
    sections: tuple[Section, ...]
    taxonomies: tuple[Taxonomy, ...]
    neighbours: Mapping[str, Neighbours] = {}
    ancestors: Mapping[str, tuple[str, ...]] = {}
    translations: Mapping[str, tuple[Card, ...]] = {}
    series: Mapping[str, Series] = {}


class Artifact(msgspec.Struct, frozen=True):
    """A file to publish: posix path below the output folder, and its bytes or the file to copy."""

    path: str
    content: bytes | Path
    made_from: str


class Page(msgspec.Struct, frozen=True):
    """A card with its body: HTML in which only internal links still wait for their targets.

    `problems` are what only rendering could notice: formulas, languages of code.
    """

    card: Card
    body: str
    links: tuple[Link, ...]
    files: tuple[Artifact, ...]
    problems: tuple[Problem, ...] = ()


class Rendered(msgspec.Struct, frozen=True):
    """A file that a build rendered, or several together: by which template, in how many seconds."""

    path: str
    template: str
    seconds: float


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
    rendered: tuple[Rendered, ...] = ()
    seconds: Mapping[str, float] = {}

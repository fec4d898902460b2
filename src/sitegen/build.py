"""The story of a build, in three passes: parse what is written, run what must run, publish.

This module alone knows all stages; each of them is a function between the nouns of `model`.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from sitegen.base.errors import (
    Problem,
    Severity,
    SiteError,
    Span,
    exit_status,
    nearest,
    sort_problems,
)
from sitegen.content.assemble import assemble
from sitegen.content.config import FILE, load_config, why_no_address
from sitegen.content.frontmatter import Scope, parse_front_matter, scope_below
from sitegen.content.future import is_future, say_held
from sitegen.content.markdown import parse_document, parse_fragment
from sitegen.content.mojibake import find_mojibake
from sitegen.content.names import is_foreign_section
from sitegen.content.slug import slugify
from sitegen.content.snippets import Snippets
from sitegen.content.source import scan_content, scan_dot_files, scan_static
from sitegen.content.theme import theme_folder
from sitegen.content.urls import asset_folder, page_url
from sitegen.execute.choose import Mode
from sitegen.execute.declared import scan_inputs
from sitegen.execute.host import Hosts
from sitegen.execute.plan import plan_runs
from sitegen.execute.stored import Asked, Settled, settle_runs
from sitegen.model import (
    Artifact,
    Document,
    Event,
    Meta,
    Origin,
    Page,
    Plan,
    Report,
    Shown,
    SiteConfig,
    Source,
)
from sitegen.render.body import render_body
from sitegen.render.book import Book
from sitegen.render.export.downloads import render_downloads
from sitegen.render.functions import Outside
from sitegen.render.links import check_links
from sitegen.render.needs import find_output_problems
from sitegen.render.pages import copy_assets, open_book, render_site, render_zola_site, theme_files
from sitegen.render.snippets import open_snippets
from sitegen.storage.lock import locked
from sitegen.storage.publish import publish


class Options(msgspec.Struct, frozen=True):
    """How a build was asked for."""

    mode: Mode = "build"
    device: str | None = None
    refresh: bool = False
    allow_errors: bool = False
    strict: bool = False
    drafts: bool = False
    output: Path | None = None
    base_url: str | None = None
    tell_unpublished: bool = False


class Draft(msgspec.Struct, frozen=True):
    """What the first pass makes of a source: its document, and the plans of its sessions."""

    document: Document
    plans: tuple[Plan, ...]


Watch = Callable[[Event], None]


class Caller(msgspec.Struct, frozen=True):
    """Who asks for a build: the environment, and the interpreter that runs sitegen."""

    environ: Mapping[str, str]
    python: str


def build(root: Path, options: Options, caller: Caller, watch: Watch) -> Report:
    """Build and publish the site at `root`; raises SiteError where nothing can be published.

    `watch` is told of every event of execution.
    """
    problems: list[Problem] = []
    clock = Clock()
    config, drafts = parse_all(root, options, problems, clock, caller.environ)
    drafts, held = hold_back(drafts, config, options, caller, problems)

    with locked(root):
        made = make_site(config, drafts, options, caller, watch, problems, clock)
        settled, artifacts = made.settled, made.artifacts
        with clock.stage("publish"):
            output = root / (options.output or config.output_dir)
            if config.preserve_dotfiles_in_output:
                artifacts += tuple(_kept(output, artifacts))
            published = publish(artifacts, output, root)

    return Report(
        pages=len(made.pages),
        executed_posts=settled.executed_posts,
        executed_blocks=settled.executed_blocks,
        replayed_posts=settled.replayed_posts,
        written=published.written,
        unchanged=published.unchanged,
        removed=published.removed,
        output=str(output),
        problems=sort_problems(problems),
        advice=settled.advice + held,
        explanations=settled.explanations,
        seconds=clock.seconds,
    )


class Made(msgspec.Struct, frozen=True):
    """A site in memory: what its pages show of runs, their bodies, and all that is published."""

    settled: Settled
    pages: tuple[Page, ...]
    artifacts: tuple[Artifact, ...]


def make_site(
    config: SiteConfig,
    drafts: Sequence[Draft],
    options: Options,
    caller: Caller,
    watch: Watch,
    problems: list[Problem],
    clock: Clock,
) -> Made:
    """The second and the third pass, up to what is published; the caller holds the lock if any of
    it may run. Raises SiteError where nothing can be published."""
    hosts = Hosts(config, caller.environ, caller.python)
    with clock.stage("run"):
        plans = [plan for draft in drafts for plan in draft.plans]
        settled = settle_runs(plans, config.root, hosts, _asked(options, config), watch)
        problems += settled.problems
    _stop_if_fatal(problems)
    with clock.stage("render"):
        pages = [
            render_body(draft.document, settled.shown.get(draft.document.source.name, ()))
            for draft in drafts
        ]
        problems += _about_outputs(drafts, settled.shown)
        artifacts = assemble_site(config, drafts, pages, problems, caller.environ)
        documents = [draft.document for draft in drafts]
        artifacts += render_downloads(documents, settled.shown, config.base_url)
    _stop_if_fatal(problems)
    return Made(settled, tuple(pages), tuple(artifacts))


# --- first pass -----------------------------------------------------------------------------


def parse_site(
    config: SiteConfig,
    sources: Sequence[Source],
    options: Options,
    problems: list[Problem],
    environ: Mapping[str, str] | None = None,
) -> list[Draft]:
    """The drafts of all pages and sections that are to be published, by path."""
    wanted = list(_wanted(config, sources, options, problems))
    urls = {origin.source.path: origin.url for origin, _ in wanted}
    outside = _outside(config, environ or {})
    snippets = Snippets(*open_snippets(config, urls, outside, problems))
    drafts = []
    for origin, body in wanted:
        source, meta, url = origin.source, origin.meta, origin.url
        problems += find_mojibake(source)
        document = parse_document(source, meta, body, url, config, problems, snippets)
        inputs = scan_inputs(config.root, meta.execute.inputs)
        drafts.append(Draft(document, plan_runs(document, inputs)))
    for language in config.languages:
        if config.home(language.code) not in urls.values():
            drafts.append(_home(config, language.code))
    return sorted(drafts, key=lambda draft: draft.document.source.path)


def _wanted(
    config: SiteConfig, sources: Sequence[Source], options: Options, problems: list[Problem]
) -> Iterator[tuple[Origin, str]]:
    """What is to be published, with its body, which nobody has read yet."""
    scopes: dict[tuple[str, str], Scope] = {}
    drafted: set[tuple[str, str]] = set()
    for source in sorted(sources, key=_sections_first):
        if is_foreign_section(source, config):
            problems.append(_foreign(source, config))
            continue
        parsed = parse_front_matter(source, config, scopes, problems)
        if parsed is None:
            continue
        meta, body = parsed
        folder = source.path.rpartition("/")[0]
        if source.is_section:
            scopes[folder, meta.lang] = scope_below(meta)
        if (meta.draft or _is_below(folder, meta.lang, drafted, config)) and not options.drafts:
            if source.is_section:
                drafted.add((folder, meta.lang))
            if options.tell_unpublished:
                problems.append(_unpublished(source, meta))
            continue
        yield Origin(source, meta, page_url(source, meta, config)), body


def _sections_first(source: Source) -> tuple[bool, int, str]:
    """Sections from the outside in, so that each hands down to those within it; then pages."""
    return (not source.is_section, source.path.count("/"), source.path)


def _foreign(source: Source, config: SiteConfig) -> Problem:
    code = source.path.rpartition("/")[2].removeprefix("_index.").removesuffix(".md")
    message = f"`{code}` is none of the site's languages, so this section is not read"
    if code == config.language:
        message = "the section of the default language is called `_index.md`; this is not read"
    return Problem("warning", "language", message, Span(source.file, 1))


def _is_below(folder: str, lang: str, drafted: set[tuple[str, str]], config: SiteConfig) -> bool:
    """Whether a folder lies in a section that is a draft, in this language or the default one."""
    while folder:
        if (folder, lang) in drafted or (folder, config.language) in drafted:
            return True
        folder = folder.rpartition("/")[0]
    return False


def _home(config: SiteConfig, lang: str) -> Draft:
    """The home page of a language that has no `content/_index.md` of its own."""
    name = "_index.md" if lang == config.language else f"_index.{lang}.md"
    source = Source(name, f"content/{name}", "")
    meta = Meta(lang=lang)
    return Draft(parse_document(source, meta, "", config.home(lang), config, []), ())


def hold_back(
    drafts: Sequence[Draft],
    config: SiteConfig,
    options: Options,
    caller: Caller,
    problems: list[Problem],
) -> tuple[list[Draft], tuple[str, ...]]:
    """The drafts without those that are held back until their date, and a line that counts them."""
    if not config.hold_future:
        return list(drafts), ()
    day = day_of(caller.environ)
    held = [draft for draft in drafts if is_future(draft.document.meta, day)]
    kept = [draft for draft in drafts if not is_future(draft.document.meta, day)]
    if options.tell_unpublished:
        problems += (_unpublished(draft.document.source, draft.document.meta) for draft in held)
    dates = [draft.document.meta.date for draft in held]
    return kept, (say_held([date for date in dates if date is not None]),) if held else ()


def _unpublished(source: Source, meta: Meta) -> Problem:
    """That a page is not published, and why."""
    if meta.draft:
        message, help = "a draft: it is not published", "take `draft = true` out to publish it"
        line, excerpt = _line_of(source.text, "draft")
        return Problem("notice", "draft", message, Span(source.file, line), excerpt, (help,))
    if meta.date is not None and not source.is_section:
        line, excerpt = _line_of(source.text, "date")
        message = f"held back until {meta.date.astimezone(dt.UTC).date()}"
        return Problem("notice", "held-back", message, Span(source.file, line), excerpt)
    message = "not published: the section around it is a draft"
    return Problem("notice", "draft", message, Span(source.file, 1))


def _line_of(text: str, key: str) -> tuple[int, str]:
    """The line of a key in front matter, from 1, and its text."""
    for number, line in enumerate(text.split("\n"), 1):
        if re.match(rf"\s*{key}\s*[=:]", line):
            return number, line
    return 1, ""


def day_of(environ: Mapping[str, str]) -> dt.date:
    """The build's day: of SOURCE_DATE_EPOCH, else of the clock, in UTC."""
    epoch = environ.get("SOURCE_DATE_EPOCH", "")
    moment = float(epoch) if epoch.isdecimal() else time.time()
    return dt.datetime.fromtimestamp(moment, dt.UTC).date()


def _about_outputs(
    drafts: Iterable[Draft], shown: Mapping[str, Sequence[Shown]]
) -> Iterator[Problem]:
    """What the outputs that pages show give reason to say."""
    for draft in drafts:
        trust = draft.document.meta.execute.trust_output
        for found in shown.get(draft.document.source.name, ()):
            yield from find_output_problems(found, trust=trust)


# --- third pass -----------------------------------------------------------------------------


_YIELDING = ("404.html", "robots.txt", "sitemap.xml")
"""What is generated unless a file of `static/` stands in its place, as in Zola."""


def assemble_site(
    config: SiteConfig,
    drafts: Sequence[Draft],
    pages: Sequence[Page],
    problems: list[Problem],
    environ: Mapping[str, str] | None = None,
) -> list[Artifact]:
    """Everything that the site consists of.

    Of the files of `static/`, the site's own replace its theme's, and those the built-in theme's;
    they also replace what search engines read and the page for what is not found.
    """
    cards = {page.card.path: page.card for page in pages}
    site = assemble([page.card for page in pages], config, problems)
    level: Severity = "error" if config.link_checker.internal_level == "error" else "warning"
    problems += check_links(pages, cards, level)
    static = {artifact.path: artifact for artifact in _static(config, problems)}
    artifacts = list(static.values())
    artifacts += (file for page in pages for file in page.files)
    drawn = {file.path: file for draft in drafts for file in draft.document.files}
    artifacts += drawn.values()
    artifacts += _assets(drafts, config)
    outside = _outside(config, environ or {})

    def open_with(plain: bool, problems: list[Problem]) -> Book:
        return open_book(site, pages, cards, outside, problems, plain=plain)

    own = config.file == FILE
    rendered = (
        render_site(open_with(False, problems)) if own else render_zola_site(open_with, problems)
    )
    for artifact in rendered:
        if artifact.path in static and artifact.path in _YIELDING:
            by = static[artifact.path].made_from
            message = f"`{artifact.path}` is that of {by}, and is not generated"
            problems.append(Problem("notice", "static", message))
        elif artifact.path not in drawn:
            artifacts.append(artifact)
    return artifacts


def _outside(config: SiteConfig, environ: Mapping[str, str]) -> Outside:
    """What templates take from outside of the site."""
    return Outside(day_of(environ), environ, slugify, lambda text: parse_fragment(text, config))


def _static(config: SiteConfig, problems: list[Problem]) -> Iterator[Artifact]:
    """The static files of the built-in theme, the site's theme and the site, in this order."""
    yield from theme_files()
    theme = theme_folder(config)
    if theme is not None:
        where = f"themes/{config.theme}/static"
        yield from copy_assets(scan_static(theme, problems), "/", where)
    own = scan_static(config.root, problems, config.ignored_static)
    yield from copy_assets(own, "/", "static")


def _assets(drafts: Sequence[Draft], config: SiteConfig) -> list[Artifact]:
    """The files beside pages; those of a folder are shared by its pages, and copied once."""
    found: dict[tuple[str, str], Artifact] = {}
    for draft in drafts:
        source = draft.document.source
        folder, url = asset_folder(source, draft.document.url, config)
        for asset in source.assets:
            below = asset.path.removeprefix(folder).lstrip("/")
            path = f"{url}{below}".lstrip("/")
            found[path, asset.path] = Artifact(path, asset.file, f"content/{asset.path}")
    return [found[place] for place in sorted(found)]


def _kept(output: Path, artifacts: Iterable[Artifact]) -> list[Artifact]:
    """The dot-files of the output folder that nothing of the site replaces."""
    made = {artifact.path for artifact in artifacts}
    kept = copy_assets(scan_dot_files(output), "/", "the output folder")
    return [artifact for artifact in kept if artifact.path not in made]


# --- running without publishing -------------------------------------------------------------


def measure(
    root: Path, names: Sequence[str], options: Options, caller: Caller, watch: Watch
) -> Report:
    """Run the named pages here, all if none is named, and store what they give; publish nothing."""
    problems: list[Problem] = []
    clock = Clock()
    config, drafts = parse_all(root, options, problems, clock, caller.environ)
    hosts = Hosts(config, caller.environ, caller.python, options.device)
    plans = select_plans(drafts, names)
    with locked(root), clock.stage("run"):
        settled = settle_runs(plans, root, hosts, _asked(options, config), watch)
    return Report(
        executed_posts=settled.executed_posts,
        executed_blocks=settled.executed_blocks,
        replayed_posts=settled.replayed_posts,
        problems=sort_problems([*problems, *settled.problems]),
        advice=settled.advice,
        explanations=settled.explanations,
        seconds=clock.seconds,
    )


def select_plans(drafts: Sequence[Draft], names: Sequence[str]) -> list[Plan]:
    """The plans of the pages that an author named, of all pages if none is named.

    Raises SiteError where a name is of no page that has anything to run.
    """
    plans = [plan for draft in drafts for plan in draft.plans]
    wanted = [page_name(name) for name in names]
    problems = []
    for name in wanted:
        if not any(plan.page == name for plan in plans):
            close = nearest(name, [plan.page for plan in plans])
            help = (f"did you mean `{close}`?",) if close else ()
            message = f"no page `{name}` has blocks to run"
            problems.append(Problem("fatal", "run", message, help=help))
    _stop_if_fatal(problems)
    return [plan for plan in plans if not wanted or plan.page in wanted]


def _asked(options: Options, config: SiteConfig) -> Asked:
    return Asked(
        mode=options.mode,
        allow_errors=options.allow_errors,
        refresh=options.refresh,
        jobs=config.execute.jobs,
    )


def page_name(argument: str) -> str:
    """A page's name from its path in any of the forms in which one may type it."""
    name = argument.removeprefix("./").removeprefix("content/").removesuffix(".md")
    return name.removesuffix("/index").strip("/")


# --- what both share -------------------------------------------------------------------------


def parse_all(
    root: Path,
    options: Options,
    problems: list[Problem],
    clock: Clock,
    environ: Mapping[str, str] | None = None,
) -> tuple[SiteConfig, list[Draft]]:
    """The configuration and all drafts; raises SiteError where something cannot be read."""
    with clock.stage("scan"):
        config = _load(root, options, problems)
        sources = scan_content(root, problems, config.ignored_content)
    with clock.stage("parse"):
        drafts = parse_site(config, sources, options, problems, environ)
    _stop_if_fatal(problems)
    return config, drafts


def _load(root: Path, options: Options, problems: list[Problem]) -> SiteConfig:
    config = load_config(root, problems)
    if options.base_url is not None:
        wrong = why_no_address(options.base_url)
        if wrong is not None:
            problems.append(Problem("fatal", "config", f"--base-url: {wrong}"))
            return config
        return msgspec.structs.replace(config, base_url=options.base_url.rstrip("/"))
    return config


def _stop_if_fatal(problems: Iterable[Problem]) -> None:
    found = list(problems)
    if exit_status(found) == 2:
        raise SiteError(found)


class Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(time.perf_counter() - begun, 4)

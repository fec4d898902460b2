"""The story of a build, in three passes: parse what is written, run what must run, publish.

This module alone knows all stages; each of them is a function between the nouns of `model`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from sitegen.base.errors import Problem, SiteError, exit_status, nearest, sort_problems
from sitegen.content.config import load_config, why_no_address
from sitegen.content.frontmatter import Scope, parse_front_matter
from sitegen.content.markdown import parse_document
from sitegen.content.mojibake import find_mojibake
from sitegen.content.source import scan_content, scan_static
from sitegen.content.taxonomy import assemble
from sitegen.content.urls import asset_folder, page_url
from sitegen.execute.choose import Mode
from sitegen.execute.declared import scan_inputs
from sitegen.execute.host import Hosts
from sitegen.execute.plan import plan_runs
from sitegen.execute.stored import Asked, settle_runs
from sitegen.model import (
    Artifact,
    Document,
    Event,
    Meta,
    Page,
    Plan,
    Report,
    Shown,
    SiteConfig,
    Source,
)
from sitegen.render.body import render_body
from sitegen.render.export.downloads import render_downloads
from sitegen.render.links import check_links
from sitegen.render.needs import find_output_problems
from sitegen.render.pages import copy_assets, open_book, render_site, theme_files
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
    config, drafts = parse_all(root, options, problems, clock)
    hosts = Hosts(config, caller.environ, caller.python)

    with locked(root):
        with clock.stage("run"):
            plans = [plan for draft in drafts for plan in draft.plans]
            settled = settle_runs(plans, root, hosts, _asked(options, config), watch)
            problems += settled.problems
        _stop_if_fatal(problems)

        with clock.stage("render"):
            pages = [
                render_body(draft.document, settled.shown.get(draft.document.source.name, ()))
                for draft in drafts
            ]
            problems += _about_outputs(drafts, settled.shown)
            artifacts = assemble_site(config, drafts, pages, problems)
            documents = [draft.document for draft in drafts]
            artifacts += render_downloads(documents, settled.shown, config.base_url)
        _stop_if_fatal(problems)

        with clock.stage("publish"):
            output = root / (options.output or config.output_dir)
            published = publish(artifacts, output, root)

    return Report(
        pages=len(pages),
        executed_posts=settled.executed_posts,
        executed_blocks=settled.executed_blocks,
        replayed_posts=settled.replayed_posts,
        written=published.written,
        unchanged=published.unchanged,
        removed=published.removed,
        output=str(output),
        problems=sort_problems(problems),
        advice=settled.advice,
        explanations=settled.explanations,
        seconds=clock.seconds,
    )


# --- first pass -----------------------------------------------------------------------------


def parse_site(
    config: SiteConfig, sources: Sequence[Source], options: Options, problems: list[Problem]
) -> list[Draft]:
    """The drafts of all pages and sections that are to be published, by path."""
    scopes: dict[str, Scope] = {}
    drafted: list[str] = []
    drafts: list[Draft] = []
    for source in sorted(sources, key=_sections_first):
        parsed = parse_front_matter(source, config, scopes, problems)
        if parsed is None:
            continue
        meta, body = parsed
        if source.is_section:
            folder = source.path.rpartition("/")[0]
            scopes[folder] = Scope(meta.execute, meta.measure, meta.page_template)
        if (meta.draft or _below(source, drafted)) and not options.drafts:
            if source.is_section:
                drafted.append(source.path.removesuffix("_index.md"))
            continue
        problems += find_mojibake(source)
        url = page_url(source, meta)
        document = parse_document(source, meta, body, url, config, problems)
        inputs = scan_inputs(config.root, meta.execute.inputs)
        drafts.append(Draft(document, plan_runs(document, inputs)))
    if not any(draft.document.url == "/" for draft in drafts):
        drafts.append(_home(config))
    return sorted(drafts, key=lambda draft: draft.document.source.path)


def _sections_first(source: Source) -> tuple[bool, int, str]:
    """Sections from the outside in, so that each hands down to those within it; then pages."""
    return (not source.is_section, source.path.count("/"), source.path)


def _below(source: Source, folders: Iterable[str]) -> bool:
    """Whether a file lies below one of the folders, each of which ends in a slash or is empty."""
    return any(folder and source.path.startswith(folder) for folder in folders)


def _home(config: SiteConfig) -> Draft:
    """The home page of a site that has no `content/_index.md`."""
    source = Source("_index.md", "content/_index.md", "")
    return Draft(parse_document(source, Meta(), "", "/", config, []), ())


def _about_outputs(
    drafts: Iterable[Draft], shown: Mapping[str, Sequence[Shown]]
) -> Iterator[Problem]:
    """What the outputs that pages show give reason to say."""
    for draft in drafts:
        trust = draft.document.meta.execute.trust_output
        for found in shown.get(draft.document.source.name, ()):
            yield from find_output_problems(found, trust=trust)


# --- third pass -----------------------------------------------------------------------------


def assemble_site(
    config: SiteConfig, drafts: Sequence[Draft], pages: Sequence[Page], problems: list[Problem]
) -> list[Artifact]:
    """Everything that the site consists of; where two files claim one path, a file of the site's
    own `static/` replaces one of the theme."""
    cards = {page.card.path: page.card for page in pages}
    site = assemble([page.card for page in pages], config, problems)
    problems += check_links(pages, cards)
    own = list(copy_assets(scan_static(config.root), "/", "static"))
    replaced = {artifact.path for artifact in own}
    artifacts = [artifact for artifact in theme_files() if artifact.path not in replaced]
    artifacts += own
    artifacts += (file for page in pages for file in page.files)
    artifacts += _assets(drafts)
    artifacts += render_site(open_book(site, pages, cards, problems))
    return artifacts


def _assets(drafts: Sequence[Draft]) -> list[Artifact]:
    """The files beside pages; those of a folder are shared by its pages, and copied once."""
    found: dict[str, Artifact] = {}
    for draft in drafts:
        source = draft.document.source
        folder, url = asset_folder(source, draft.document.url)
        for asset in source.assets:
            below = asset.path.removeprefix(folder).lstrip("/")
            path = f"{url}{below}".lstrip("/")
            found[asset.path] = Artifact(path, asset.file, f"content/{asset.path}")
    return [found[path] for path in sorted(found)]


# --- running without publishing -------------------------------------------------------------


def measure(
    root: Path, names: Sequence[str], options: Options, caller: Caller, watch: Watch
) -> Report:
    """Run the named pages here, all if none is named, and store what they give; publish nothing."""
    problems: list[Problem] = []
    clock = Clock()
    config, drafts = parse_all(root, options, problems, clock)
    hosts = Hosts(config, caller.environ, caller.python, options.device)
    plans = [plan for draft in drafts for plan in draft.plans]
    wanted = [_page_name(name) for name in names]
    for name in wanted:
        if not any(plan.page == name for plan in plans):
            close = nearest(name, [plan.page for plan in plans])
            help = (f"did you mean `{close}`?",) if close else ()
            problems.append(
                Problem("fatal", "run", f"no page `{name}` has blocks to run", None, "", help)
            )
    _stop_if_fatal(problems)
    plans = [plan for plan in plans if not wanted or plan.page in wanted]
    with locked(root), clock.stage("run"):
        settled = settle_runs(plans, root, hosts, _asked(options, config), watch)
    return Report(
        executed_posts=settled.executed_posts,
        executed_blocks=settled.executed_blocks,
        replayed_posts=settled.replayed_posts,
        problems=sort_problems([*problems, *settled.problems]),
        advice=settled.advice,
        seconds=clock.seconds,
    )


def _asked(options: Options, config: SiteConfig) -> Asked:
    return Asked(
        mode=options.mode,
        allow_errors=options.allow_errors,
        refresh=options.refresh,
        jobs=config.execute.jobs,
    )


def _page_name(argument: str) -> str:
    """A page's name from its path in any of the forms in which one may type it."""
    name = argument.removeprefix("./").removeprefix("content/").removesuffix(".md")
    return name.removesuffix("/index").strip("/")


# --- what both share -------------------------------------------------------------------------


def parse_all(
    root: Path, options: Options, problems: list[Problem], clock: Clock
) -> tuple[SiteConfig, list[Draft]]:
    """The configuration and all drafts; raises SiteError where something cannot be read."""
    with clock.stage("scan"):
        config = _load(root, options, problems)
        sources = scan_content(root, problems)
    with clock.stage("parse"):
        drafts = parse_site(config, sources, options, problems)
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

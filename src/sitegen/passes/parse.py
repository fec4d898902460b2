"""The first pass: configuration and sources to drafts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from sitegen.base.errors import (
    Problem,
    Span,
    nearest,
)
from sitegen.check.honesty import find_dishonest
from sitegen.content.config import load_config, why_no_address
from sitegen.content.frontmatter import Scope, parse_front_matter, scope_below
from sitegen.content.future import is_future, say_held
from sitegen.content.markdown import parse_document
from sitegen.content.mojibake import find_mojibake
from sitegen.content.names import is_foreign_section
from sitegen.content.snippets import Snippets
from sitegen.content.source import scan_content
from sitegen.content.urls import page_url
from sitegen.execute.declared import scan_inputs
from sitegen.execute.plan import plan_runs
from sitegen.model import (
    Meta,
    Origin,
    Plan,
    SiteConfig,
    Source,
)
from sitegen.passes.asked import Caller, Clock, Draft, Options, day_of, stop_if_fatal
from sitegen.passes.kept import Kept
from sitegen.passes.outside import outside_of
from sitegen.render.snippets import open_snippets, texts_are_templates


def parse_all(
    root: Path,
    options: Options,
    problems: list[Problem],
    clock: Clock,
    environ: Mapping[str, str] | None = None,
    kept: Kept | None = None,
) -> tuple[SiteConfig, list[Draft]]:
    """The configuration and all drafts; raises SiteError where something cannot be read."""
    with clock.stage("scan"):
        config = load_site(root, options, problems)
        sources = scan_content(root, problems, config.ignored_content)
    with clock.stage("parse"):
        drafts = parse_site(config, sources, options, problems, environ, kept)
    stop_if_fatal(problems)
    return config, drafts


def load_site(root: Path, options: Options, problems: list[Problem]) -> SiteConfig:
    """The configuration, with what was said on the command line."""
    config = load_config(root, problems)
    if options.base_url is not None:
        wrong = why_no_address(options.base_url)
        if wrong is not None:
            problems.append(Problem("fatal", "config", f"--base-url: {wrong}"))
            return config
        return msgspec.structs.replace(config, base_url=options.base_url.rstrip("/"))
    return config


def parse_site(
    config: SiteConfig,
    sources: Sequence[Source],
    options: Options,
    problems: list[Problem],
    environ: Mapping[str, str] | None = None,
    kept: Kept | None = None,
) -> list[Draft]:
    """The drafts of all pages and sections that are to be published, by path."""
    sections, above = open_sections(config, sources, options, problems)
    pages = (source for source in sources if not source.is_section)
    wanted = [*sections, *open_pages(config, pages, above, options, problems)]
    urls = {origin.source.path: origin.url for origin, _ in wanted}
    wanted += ((home, "") for home in open_homes(config, urls.values()))
    outside = outside_of(config, environ or {})
    templated = texts_are_templates(config)
    snippets = Snippets(*open_snippets(config, urls, outside, problems, templated=templated))
    kept = kept or Kept()
    kept.begin(config)
    drafts = []
    for origin, body in wanted:
        known = kept.draft(origin)
        if known is None:
            found: list[Problem] = []
            draft = read_draft(origin, body, config, found, snippets)
            kept.keep_draft(origin, draft, found)
            known = draft, tuple(found)
        drafts.append(known[0])
        problems += known[1]
    return sorted(drafts, key=lambda draft: draft.document.source.path)


def read_draft(
    origin: Origin, body: str, config: SiteConfig, problems: list[Problem], snippets: Snippets
) -> Draft:
    """What a file is, and what there is to run in it."""
    source, meta, url = origin.source, origin.meta, origin.url
    problems += find_mojibake(source)
    document = parse_document(source, meta, body, url, config, problems, snippets)
    problems += find_dishonest(document)
    inputs = scan_inputs(config.root, meta.execute.inputs)
    return Draft(document, plan_runs(document, inputs))


class Above(NamedTuple):
    """What stands above pages: by folder and language what sections hand down, which are drafts."""

    scopes: dict[tuple[str, str], Scope]
    drafted: set[tuple[str, str]]


Opened = tuple[Origin, str]
"""A page or section with its body, which nobody has read yet."""


def open_sections(
    config: SiteConfig, sources: Iterable[Source], options: Options, problems: list[Problem]
) -> tuple[list[Opened], Above]:
    """The sections that are to be published, and what they are to the pages below them."""
    above = Above({}, set())
    found = []
    for source in sorted(filter(lambda source: source.is_section, sources), key=_outermost_first):
        if is_foreign_section(source, config):
            problems.append(_foreign(source, config))
            continue
        parsed = parse_front_matter(source, config, above.scopes, problems)
        if parsed is None:
            continue
        meta, body = parsed
        folder = source.path.rpartition("/")[0]
        above.scopes[folder, meta.lang] = scope_below(meta)
        if (meta.draft or is_below(folder, meta.lang, above, config)) and not options.drafts:
            above.drafted.add((folder, meta.lang))
            if options.tell_unpublished:
                problems.append(_unpublished(source, meta))
            continue
        found.append((Origin(source, meta, page_url(source, meta, config)), body))
    return found, above


def open_pages(
    config: SiteConfig,
    sources: Iterable[Source],
    above: Above,
    options: Options,
    problems: list[Problem],
) -> Iterator[Opened]:
    """The pages that are to be published."""
    for source in sources:
        parsed = parse_front_matter(source, config, above.scopes, problems)
        if parsed is None:
            continue
        meta, body = parsed
        folder = source.path.rpartition("/")[0]
        if (meta.draft or is_below(folder, meta.lang, above, config)) and not options.drafts:
            if options.tell_unpublished:
                problems.append(_unpublished(source, meta))
            continue
        yield Origin(source, meta, page_url(source, meta, config)), body


def open_homes(config: SiteConfig, urls: Iterable[str]) -> list[Origin]:
    """The home pages of languages for which none of the addresses is one."""
    taken = set(urls)
    languages = (language.code for language in config.languages)
    return [_home(config, code) for code in languages if config.home(code) not in taken]


def _outermost_first(source: Source) -> tuple[int, str]:
    """So that each section hands down to those within it."""
    return source.path.count("/"), source.path


def _foreign(source: Source, config: SiteConfig) -> Problem:
    code = source.path.rpartition("/")[2].removeprefix("_index.").removesuffix(".md")
    message = f"`{code}` is none of the site's languages, so this section is not read"
    if code == config.language:
        message = "the section of the default language is called `_index.md`; this is not read"
    return Problem("warning", "language", message, Span(source.file, 1))


def is_below(folder: str, lang: str, above: Above, config: SiteConfig) -> bool:
    """Whether a folder lies in a section that is a draft, in this language or the default one."""
    while folder:
        if (folder, lang) in above.drafted or (folder, config.language) in above.drafted:
            return True
        folder = folder.rpartition("/")[0]
    return False


def _home(config: SiteConfig, lang: str) -> Origin:
    """The home page of a language that has no `content/_index.md` of its own."""
    name = "_index.md" if lang == config.language else f"_index.{lang}.md"
    source = Source(name, f"content/{name}", "")
    return Origin(source, Meta(lang=lang), config.home(lang))


def hold_back(
    drafts: Sequence[Draft],
    config: SiteConfig,
    options: Options,
    caller: Caller,
    problems: list[Problem],
) -> tuple[list[Draft], tuple[str, ...]]:
    """The drafts without those that are held back until their date, and a line that counts them."""
    if not config.hold_future or options.future:
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
    stop_if_fatal(problems)
    return [plan for plan in plans if not wanted or plan.page in wanted]


def page_name(argument: str) -> str:
    """A page's name from its path in any of the forms in which one may type it."""
    name = argument.removeprefix("./").removeprefix("content/").removesuffix(".md")
    return name.removesuffix("/index").strip("/")

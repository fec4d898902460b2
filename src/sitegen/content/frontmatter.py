"""Front matter: the TOML between `+++` lines at the top of a page or section, in Zola's keys."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import NamedTuple

from sitegen.base.errors import Problem, Span
from sitegen.base.schema import Table
from sitegen.base.toml import parse_toml
from sitegen.content.config import NOT_YET, parse_execute, parse_measure
from sitegen.content.slug import slugify
from sitegen.model import ExecuteConfig, MeasureConfig, Meta, SiteConfig, SortBy, Source

_UNUSED_PAGE = ("aliases", "in_search_index")
_UNUSED_SECTION = (
    "aliases",
    "in_search_index",
    "insert_anchor_links",
    "paginate_by",
    "paginate_path",
    "paginate_reversed",
    "redirect_to",
    "transparent",
)
_SORTS: tuple[SortBy, ...] = (
    *("date", "update_date", "title", "title_bytes", "weight", "slug", "permalink", "none"),
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DATED = re.compile(r"(\d{4}-\d{2}-\d{2})[-_](.+)")


class Scope(NamedTuple):
    """What a section hands down to the pages below it."""

    execute: ExecuteConfig
    measure: MeasureConfig
    page_template: str | None = None


class Parts(NamedTuple):
    """A file's text taken apart: its TOML, and the line on which its body begins."""

    toml: str
    body: str
    body_line: int


def split_front_matter(source: Source) -> Parts | Problem:
    """The front matter and the body of a file, or why there is none."""
    first, _, rest = source.text.partition("\n")
    span = Span(source.file, 1)
    if first.rstrip() == "+++":
        lines = rest.split("\n")
        for number, line in enumerate(lines):
            if line.rstrip() == "+++":
                body = "\n".join(lines[number + 1 :])
                return Parts("\n".join(lines[:number]), body, number + 3)
        help = "end the front matter with a line `+++`"
        return Problem("fatal", "front-matter", "`+++` is never closed", span, first, (help,))
    if first.rstrip() == "---":
        help = "write TOML between two lines `+++`"
        message = "YAML front matter is not read by this version of sitegen"
        return Problem("fatal", "front-matter", message, span, first, (help,))
    help = 'begin the file with +++, title = "…", +++, each on a line of its own'
    return Problem("fatal", "front-matter", "there is no front matter", span, first, (help,))


def parse_front_matter(
    source: Source, config: SiteConfig, scopes: Mapping[str, Scope], problems: list[Problem]
) -> tuple[Meta, str] | None:
    """The meta data and the body of a file; None where the front matter cannot be read at all.

    `scopes` holds what each section's folder hands down.
    """
    parts = split_front_matter(source)
    if isinstance(parts, Problem):
        problems.append(parts)
        return None
    toml = parse_toml(parts.toml, source.file, first_line=2)
    if isinstance(toml, Problem):
        problems.append(toml)
        return None
    table = Table(toml, problems, code="front-matter")
    scope = scope_of(source.path, config, scopes)
    parse = _parse_section if source.is_section else _parse_page
    return parse(table, source, config, scope, parts.body_line), parts.body


def _folder(source: Source) -> str:
    """The folder of a file, from the site's root."""
    return source.file.rpartition("/")[0]


def scope_of(path: str, config: SiteConfig, scopes: Mapping[str, Scope]) -> Scope:
    """What the nearest section above a file hands down, else the site's own settings."""
    folder = path.rpartition("/")[0]
    while True:
        if folder in scopes:
            return scopes[folder]
        if not folder:
            return Scope(config.execute, config.measure)
        folder = folder.rpartition("/")[0]


def _parse_page(
    table: Table, source: Source, config: SiteConfig, scope: Scope, body_line: int
) -> Meta:
    date, _ = dated_stem(source)
    meta = Meta(
        title=table.string("title") or None,
        description=table.string("description"),
        date=table.date("date") or date,
        updated=table.date("updated"),
        draft=table.boolean("draft", False),
        weight=table.optional_integer("weight"),
        slug=_slug(table, source),
        path=_path(table),
        authors=table.strings("authors"),
        template=table.optional_string("template") or scope.page_template,
        taxonomies=_terms(table, source, config),
        extra=table.free("extra"),
        execute=parse_execute(table.table("execute"), scope.execute, _folder(source)),
        measure=parse_measure(table.table("measure"), scope.measure),
        render=table.boolean("render", True),
        body_line=body_line,
    )
    table.not_used(_UNUSED_PAGE, NOT_YET)
    for taxonomy in config.taxonomies:
        if taxonomy.name in table:
            table.strings(taxonomy.name)
            message = f"`{taxonomy.name}` at the top level is not read"
            hint = f"write it under [taxonomies]: {taxonomy.name} = [ … ]"
            table.report(taxonomy.name, message, hint, severity="warning")
    table.finish(unknown="warning", where="a page")
    return meta


def _parse_section(
    table: Table, source: Source, config: SiteConfig, scope: Scope, body_line: int
) -> Meta:
    meta = Meta(
        title=table.string("title") or None,
        description=table.string("description"),
        draft=table.boolean("draft", False),
        weight=table.optional_integer("weight"),
        template=table.optional_string("template"),
        page_template=table.optional_string("page_template") or scope.page_template,
        sort_by=table.choice("sort_by", _SORTS, "none"),
        generate_feeds=table.boolean("generate_feeds", False),
        extra=table.free("extra"),
        execute=parse_execute(table.table("execute"), scope.execute, _folder(source)),
        measure=parse_measure(table.table("measure"), scope.measure),
        render=table.boolean("render", True),
        body_line=body_line,
    )
    table.not_used(_UNUSED_SECTION, NOT_YET)
    table.finish(unknown="fatal", where="a section")
    return meta


def _terms(table: Table, source: Source, config: SiteConfig) -> dict[str, tuple[str, ...]]:
    declared = {taxonomy.name for taxonomy in config.taxonomies}
    entries = table.table("taxonomies")
    found = {}
    for name in entries.names():
        terms = entries.strings(name)
        if name in declared:
            found[name] = tuple(dict.fromkeys(terms))
            for index, term in enumerate(terms):
                if not slugify(term):
                    message = f"`{term}` has no letter or digit, so it can have no URL"
                    entries.report(name, message, index=index)
        else:
            hint = f'declare it in site.toml: taxonomies = [{{ name = "{name}" }}]'
            message = f"`{source.file}` uses the taxonomy `{name}`, which is not declared"
            entries.report(name, message, hint)
    return found


def _slug(table: Table, source: Source) -> str | None:
    """The slug that is given; where neither it nor the file's name makes an URL, a problem."""
    slug = table.optional_string("slug")
    if "path" not in table and not slugify(slug or dated_stem(source)[1]):
        shown = slug or dated_stem(source)[1]
        message = f"`{shown}` has no letter or digit, so the page can have no URL"
        table.report("slug", message, 'write slug = "a-name"')
    return slug


def _path(table: Table) -> str | None:
    path = table.optional_string("path")
    parts = path.strip("/").split("/") if path is not None else []
    if any(part in ("", ".", "..") or _unsafe(part) for part in parts):
        message = f"`path` leads nowhere on this site: `{path}`"
        table.report("path", message, "names joined by slashes, without `.` and `..`")
        return None
    return path


def _unsafe(part: str) -> bool:
    too_long = len(part.encode("utf-8", "replace")) > 255
    return bool(_CONTROL.search(part)) or "\\" in part or part[-1] in ". " or too_long


def dated_stem(source: Source) -> tuple[dt.datetime | None, str]:
    """The date that a file name begins with, and the name without it (`2026-01-31-name.md`)."""
    stem = source.name.rpartition("/")[2]
    found = _DATED.fullmatch(stem)
    if found is None:
        return None, stem
    try:
        return dt.datetime.fromisoformat(found[1]).replace(tzinfo=dt.UTC), found[2]
    except ValueError:
        return None, stem

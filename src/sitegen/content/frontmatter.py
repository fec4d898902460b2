"""Front matter: the table at the top of a page or section, in Zola's keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from sitegen.base.errors import Problem
from sitegen.base.paths import alias_file, why_no_path
from sitegen.base.schema import Table
from sitegen.content.config import parse_execute, parse_measure
from sitegen.content.names import FileName, parse_name, why_no_page
from sitegen.content.settings import (
    HTML,
    parse_generate_feeds,
    parse_paginate_path,
)
from sitegen.content.split import split_front_matter
from sitegen.content.urls import page_slug, term_slug
from sitegen.model import ExecuteConfig, MeasureConfig, Meta, SiteConfig, SortBy, Source
from sitegen.settings import Anchors, Html, TaxonomyConfig

_ANCHORS: tuple[Anchors, ...] = ("none", "left", "right", "heading")
_SORTS: tuple[SortBy, ...] = (
    *("date", "update_date", "title", "title_bytes", "weight", "slug", "permalink", "none"),
)


class Scope(NamedTuple):
    """What a section hands down to the pages below it; `own` only to those of its own folder,
    `hidden` only in its own language."""

    execute: ExecuteConfig
    measure: MeasureConfig
    html: Html
    own: Own
    hidden: bool = False


class Own(NamedTuple):
    """What a section says of the pages of its own folder."""

    insert_anchor_links: Anchors
    page_template: str | None = None


Scopes = Mapping[tuple[str, str], Scope]
"""What sections hand down, by folder and language."""


def parse_front_matter(
    source: Source, config: SiteConfig, scopes: Scopes, problems: list[Problem]
) -> tuple[Meta, str] | None:
    """The meta data and the body of a file; None where the front matter cannot be read at all."""
    misnamed = why_no_page(source, config)
    parts = split_front_matter(source)
    if misnamed is not None:
        problems.append(misnamed)
    if isinstance(parts, Problem):
        problems.append(parts)
        return None
    name = parse_name(source, config)
    table = Table(parts.toml, problems, code="front-matter")
    scope = scope_of(source, name.lang, config, scopes)
    if source.is_section:
        meta = _parse_section(table, source, name, config, scope, parts.body_line)
    else:
        meta = _parse_page(table, source, name, config, scope, parts.body_line)
    return _as_allowed(meta, config), parts.body


def _folder(source: Source) -> str:
    """The folder of a file, from the site's root."""
    return source.file.rpartition("/")[0]


def scope_below(meta: Meta) -> Scope:
    """What a section hands down."""
    return Scope(
        meta.execute,
        meta.measure,
        meta.html,
        Own(meta.insert_anchor_links, meta.page_template),
        meta.hidden,
    )


def _as_allowed(meta: Meta, config: SiteConfig) -> Meta:
    """The meta data, with nothing to execute where the site is still a Zola site."""
    if config.file == "site.toml" or not meta.execute.enabled:
        return meta
    execute = msgspec.structs.replace(meta.execute, enabled=False)
    return msgspec.structs.replace(meta, execute=execute)


def scope_of(source: Source, lang: str, config: SiteConfig, scopes: Scopes) -> Scope:
    """What the nearest section above a file hands down, else the site's own settings.

    What a section says of its own pages holds in its own language only, and for a page only where
    the section is that of its own folder.
    """
    folder = _section_folder(source.path)
    own = Own(config.markdown.insert_anchor_links)
    nearest = True
    while True:
        here = scopes.get((folder, lang))
        if here is not None and nearest:
            own = here.own
        elif here is not None and source.is_section and own.page_template is None:
            own = own._replace(page_template=here.own.page_template)
        found = here or scopes.get((folder, config.language))
        if found is not None:
            return found._replace(own=own, hidden=here.hidden if here else False)
        if not folder:
            return Scope(config.execute, config.measure, config.markdown.html, own)
        folder = folder.rpartition("/")[0]
        nearest = False


def _section_folder(path: str) -> str:
    """The folder of the section around a file; a bundle and a section lie in that around theirs."""
    folder, _, name = path.rpartition("/")
    return folder.rpartition("/")[0] if name.startswith(("index.", "_index.")) else folder


def _parse_page(
    table: Table,
    source: Source,
    name: FileName,
    config: SiteConfig,
    scope: Scope,
    body_line: int,
) -> Meta:
    meta = Meta(
        title=table.string("title") or None,
        description=table.string("description"),
        date=table.date("date") or name.date,
        updated=table.date("updated"),
        draft=table.boolean("draft", False),
        weight=table.optional_integer("weight"),
        slug=_slug(table, name, config),
        path=_path(table),
        lang=name.lang,
        aliases=_aliases(table),
        in_search_index=table.boolean("in_search_index", True),
        include_in_feeds=table.boolean("include_in_feeds", True),
        hidden=table.boolean("hidden", scope.hidden),
        insert_anchor_links=scope.own.insert_anchor_links,
        html=_html(table, scope),
        authors=table.strings("authors"),
        template=table.optional_string("template") or scope.own.page_template,
        taxonomies=_terms(table, source, name.lang, config),
        extra=table.free("extra"),
        execute=parse_execute(table.table("execute"), scope.execute, _folder(source)),
        measure=parse_measure(table.table("measure"), scope.measure),
        render=table.boolean("render", True),
        body_line=body_line,
    )
    for taxonomy in config.in_language(name.lang).taxonomies:
        if taxonomy.name in table and taxonomy.name != "authors":
            message = f"`{taxonomy.name}` at the top level is not read"
            hint = f"write it under [taxonomies]: {taxonomy.name} = [ … ]"
            table.pass_over(taxonomy.name)
            table.report(taxonomy.name, message, hint, severity="warning")
    table.finish(unknown="warning", where="a page")
    return meta


def _parse_section(
    table: Table,
    source: Source,
    name: FileName,
    config: SiteConfig,
    scope: Scope,
    body_line: int,
) -> Meta:
    site = config.markdown.insert_anchor_links
    meta = Meta(
        title=table.string("title") or None,
        description=table.string("description"),
        draft=table.boolean("draft", False),
        weight=table.optional_integer("weight"),
        lang=name.lang,
        aliases=_aliases(table),
        in_search_index=table.boolean("in_search_index", True),
        hidden=table.boolean("hidden", scope.hidden),
        insert_anchor_links=table.choice("insert_anchor_links", _ANCHORS, site),
        html=_html(table, scope),
        template=table.optional_string("template"),
        page_template=table.optional_string("page_template") or scope.own.page_template,
        sort_by=table.choice("sort_by", _SORTS, "none"),
        paginate_by=table.integer("paginate_by", 0),
        paginate_path=parse_paginate_path(table),
        paginate_reversed=table.boolean("paginate_reversed", False),
        transparent=table.boolean("transparent", False),
        redirect_to=_redirect_to(table),
        generate_feeds=parse_generate_feeds(table),
        extra=table.free("extra"),
        execute=parse_execute(table.table("execute"), scope.execute, _folder(source)),
        measure=parse_measure(table.table("measure"), scope.measure),
        render=table.boolean("render", True),
        body_line=body_line,
    )
    table.finish(unknown=None if config.file == "site.toml" else "warning", where="a section")
    return meta


def _html(table: Table, scope: Scope) -> Html:
    markdown = table.table("markdown")
    html = markdown.choice("html", HTML, scope.html)
    markdown.finish(where="[markdown] of a page or section")
    return html


def _aliases(table: Table) -> tuple[str, ...]:
    aliases = table.strings("aliases")
    for index, alias in enumerate(aliases):
        if alias_file(alias) is None:
            message = f"the alias `{alias}` leads nowhere on this site"
            table.report("aliases", message, "names joined by slashes", index=index)
    return tuple(dict.fromkeys(alias for alias in aliases if alias_file(alias) is not None))


def _redirect_to(table: Table) -> str | None:
    target = table.optional_string("redirect_to")
    if target is not None and re.match(r"(?!https?:)[A-Za-z][A-Za-z0-9+.-]*:", target.strip()):
        message = f"`{target}` is no page and no address of the web"
        table.report("redirect_to", message, "a path on this site, or https://…")
        return None
    return target


def _terms(
    table: Table, source: Source, lang: str, config: SiteConfig
) -> dict[str, tuple[str, ...]]:
    declared = {taxonomy.name: taxonomy for taxonomy in config.in_language(lang).taxonomies}
    entries = table.table("taxonomies")
    found = {}
    for name in entries.names():
        terms = entries.strings(name)
        if name in declared:
            good = [
                term
                for index, term in enumerate(terms)
                if _has_url(term, declared[name], config, entries, index)
            ]
            found[name] = tuple(dict.fromkeys(good))
        else:
            where = config.file + (f", in [languages.{lang}]" if lang != config.language else "")
            hint = f'declare it in {where}: taxonomies = [{{ name = "{name}" }}]'
            message = f"`{source.file}` uses the taxonomy `{name}`, which is not declared"
            entries.report(name, message, hint)
    return found


def _has_url(
    term: str, taxonomy: TaxonomyConfig, config: SiteConfig, entries: Table, index: int
) -> bool:
    """Whether a term can have a page; one that cannot is left out, and said."""
    slug = term_slug(term, taxonomy, config)
    if not slug:
        message = f"`{term}` has no letter or digit, so it can have no URL and is left out"
        entries.report(taxonomy.name, message, severity="warning", index=index)
        return False
    wrong = why_no_path(slug)
    if wrong is not None:
        message = f"`{term}` can have no URL: it {wrong}"
        entries.report(taxonomy.name, message, "spell it otherwise", index=index)
    return wrong is None


def _slug(table: Table, name: FileName, config: SiteConfig) -> str:
    """The slug, from the key or the file's name; where neither makes an URL, a problem."""
    given = table.optional_string("slug")
    slug = page_slug(given, name, config)
    wrong = why_no_path(slug.strip("/"))
    if wrong is not None and "path" not in table:
        why = "has no letter or digit" if not slug.strip("/") else wrong
        message = f"`{given or name.rest}` {why}, so the page can have no URL"
        table.report("slug", message, 'write slug = "a-name"')
    return slug


def _path(table: Table) -> str | None:
    path = table.optional_string("path")
    if path is None:
        return None
    wrong = why_no_path(path.strip().strip("/"))
    if wrong is not None:
        message = f"`path` leads nowhere on this site: `{path}` {wrong}"
        table.report("path", message, "names joined by slashes, without `.` and `..`")
        return None
    return path.strip()

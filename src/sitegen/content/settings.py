"""The tables of a configuration about content: taxonomies, languages, Markdown, search, slugs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import get_args

from sitegen.base.paths import why_no_path
from sitegen.base.schema import Table
from sitegen.content.slug import slug_of
from sitegen.settings import (
    HighlightConfig,
    Html,
    IndexFormat,
    LanguageConfig,
    LinkCheckConfig,
    MarkdownConfig,
    SearchConfig,
    SlugConfig,
    SlugMode,
    TaxonomyConfig,
)

INDEX_FORMATS: tuple[IndexFormat, ...] = get_args(IndexFormat)
_MODES: tuple[SlugMode, ...] = ("on", "safe", "off")
HTML: tuple[Html, ...] = ("trusted", "sanitise", "escape")
_FOREIGN = "it concerns Zola only"
_CODE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*")
_DEFAULT_FEEDS = ("atom.xml",)
NOT_YET = "this version of sitegen does not know it yet"

_ZOLA_MARKDOWN = (
    "highlight_code",
    "error_on_missing_highlight",
    "highlight_theme",
    "highlight_themes_css",
    "extra_syntaxes_and_themes",
    "extra_syntaxes",
)


def parse_slugify(table: Table) -> SlugConfig:
    """`[slugify]`."""
    slugs = SlugConfig(
        paths=table.choice("paths", _MODES, "on"),
        taxonomies=table.choice("taxonomies", _MODES, "on"),
        anchors=table.choice("anchors", _MODES, "on"),
        paths_keep_dates=table.boolean("paths_keep_dates", False),
    )
    table.finish(where="[slugify]")
    return slugs


def parse_markdown(table: Table, *, zola: bool = False) -> MarkdownConfig:
    """`[markdown]`, but for `demote_headings`.

    In Zola's own file formulas are left alone by default: its themes bring a script for them; and
    footnotes stand where they were written.
    """
    highlighting = table.table("highlighting")
    default = MarkdownConfig()
    markdown = MarkdownConfig(
        render_emoji=table.boolean("render_emoji", default.render_emoji),
        external_links_class=table.string("external_links_class"),
        external_links_target_blank=table.boolean("external_links_target_blank", False),
        external_links_no_follow=table.boolean("external_links_no_follow", False),
        external_links_no_referrer=table.boolean("external_links_no_referrer", False),
        external_links_external=table.boolean("external_links_external", True),
        smart_punctuation=table.boolean("smart_punctuation", default.smart_punctuation),
        definition_list=table.boolean("definition_list", default.definition_list),
        lazy_async_image=table.boolean("lazy_async_image", default.lazy_async_image),
        bottom_footnotes=table.boolean("bottom_footnotes", not zola),
        github_alerts=table.boolean("github_alerts", default.github_alerts),
        insert_anchor_links=table.choice(
            "insert_anchor_links", ("none", "left", "right", "heading"), "none"
        ),
        autolinks=table.boolean("autolinks", default.autolinks),
        math=table.boolean("math", not zola),
        html=table.choice("html", HTML, "trusted"),
        highlighting=_parse_highlighting(highlighting),
    )
    table.not_used(_ZOLA_MARKDOWN, _FOREIGN)
    table.finish(where="[markdown]")
    return markdown


def _parse_highlighting(table: Table) -> HighlightConfig:
    highlighting = HighlightConfig(
        error_on_missing_language=table.boolean("error_on_missing_language", False),
        style=table.choice("style", ("inline", "class"), "class"),
        theme=table.string("theme"),
        light_theme=table.string("light_theme"),
        dark_theme=table.string("dark_theme"),
        data_attr_position=table.choice(
            "data_attr_position", ("code", "pre", "both", "none"), "code"
        ),
    )
    table.not_used(("extra_grammars", "extra_themes"), _FOREIGN)
    themes = "colours are the style sheet's: code is marked with classes"
    table.not_used(("theme", "light_theme", "dark_theme", "data_attr_position"), themes)
    if highlighting.style == "inline":
        table.not_used(("style",), themes)
    table.finish(where="[markdown.highlighting]")
    return highlighting


def parse_search(table: Table, format: IndexFormat) -> SearchConfig:
    """`[search]`, of the site or of a language; `format` is what is written unless it says so."""
    search = SearchConfig(
        include_title=table.boolean("include_title", True),
        include_description=table.boolean("include_description", False),
        include_date=table.boolean("include_date", False),
        include_path=table.boolean("include_path", False),
        include_content=table.boolean("include_content", True),
        truncate_content_length=table.optional_integer("truncate_content_length"),
        index_format=table.choice(
            "index_format",
            INDEX_FORMATS,
            format,
        ),
    )
    table.finish(where="[search]")
    return search


def parse_link_checker(table: Table) -> LinkCheckConfig:
    """`[link_checker]`."""
    links = LinkCheckConfig(
        skip_prefixes=table.strings("skip_prefixes"),
        skip_anchor_prefixes=table.strings("skip_anchor_prefixes"),
        internal_level=table.choice("internal_level", ("error", "warn"), "error"),
        external_level=table.choice("external_level", ("error", "warn"), "error"),
        ignored_files=table.strings("ignored_files"),
    )
    table.finish(where="[link_checker]")
    return links


def parse_feed_filenames(table: Table, default: tuple[str, ...]) -> tuple[str, ...]:
    """`feed_filenames`, and `feed_filename` as older Zolas spell it."""
    names = table.strings("feed_filenames") if "feed_filenames" in table else ()
    table.forget("feed_filename", "feed_filenames")
    if "feed_filename" in table:
        names = (*names, table.string("feed_filename"))
    for name in names:
        if "/" in name or why_no_path(name):
            table.report("feed_filenames", f"`{name}` is no file name", 'such as "atom.xml"')
    good = tuple(name for name in names if not ("/" in name or why_no_path(name)))
    return tuple(dict.fromkeys(good)) or default


def parse_generate_feeds(table: Table) -> bool:
    """`generate_feeds`, and `generate_feed` as older Zolas spell it."""
    table.forget("generate_feed", "generate_feeds")
    return table.boolean("generate_feeds", False) or table.boolean("generate_feed", False)


def parse_taxonomies(table: Table, slugs: SlugConfig) -> dict[str, tuple[TaxonomyConfig, ...]]:
    """The declared taxonomies by their `lang`; those of the table's own language under ""."""
    found: dict[str, list[TaxonomyConfig]] = {}
    for index, entry in table.tables("taxonomies"):
        name = entry.optional_string("name")
        lang = entry.string("lang")
        taxonomy = _parse_taxonomy(entry, name or "", slugs)
        others = found.setdefault(lang, [])
        if name is None or any(other.slug == taxonomy.slug for other in others):
            what = f"two taxonomies named `{name}`" if name else "a taxonomy needs a name"
            table.report("taxonomies", what, '{ name = "tags" }', index=index)
        elif not taxonomy.slug or why_no_path(taxonomy.slug):
            what = f"`{name}` has no letter or digit, so it can have no URL"
            table.report("taxonomies", what, '{ name = "tags" }', index=index)
        else:
            others.append(taxonomy)
    return {lang: tuple(taxonomies) for lang, taxonomies in found.items()}


def _parse_taxonomy(entry: Table, name: str, slugs: SlugConfig) -> TaxonomyConfig:
    taxonomy = TaxonomyConfig(
        name=name,
        slug=slug_of(name, slugs.taxonomies),
        render=entry.boolean("render", True),
        feed=entry.boolean("feed", False),
        paginate_by=entry.integer("paginate_by", 0),
        paginate_path=parse_paginate_path(entry),
        hierarchical=entry.boolean("hierarchical", False),
    )
    entry.not_used(("rss",), "write `feed`")
    entry.finish(where="a taxonomy")
    return taxonomy


def parse_paginate_path(table: Table) -> str:
    """The part of an URL before a page's number; it may be empty."""
    path = table.string("paginate_path", "page").strip("/")
    wrong = why_no_path(path) if path else None
    if wrong is not None:
        table.report("paginate_path", f"`paginate_path` {wrong}", 'such as "page"')
        return "page"
    return path


def parse_languages(
    table: Table, default: LanguageConfig, slugs: SlugConfig
) -> tuple[LanguageConfig, ...]:
    """The default language, then the others by code; `[languages.xx]` of the default is merged."""
    declared = parse_taxonomies(table, slugs)
    if table.holds("languages", list):
        found = _parse_listed_languages(table, default, declared)
    else:
        found = _parse_named_languages(table, default, slugs, declared)
    for code in declared.keys() - {"", default.code} - found.keys():
        message = f"a taxonomy is in the language `{code}`, which the site does not have"
        table.report("taxonomies", message, f"[languages.{code}]")
    taxonomies = declared.get("", ()) + declared.get(default.code, ())
    first = _merge_default(
        default,
        found.pop(default.code, LanguageConfig(default.code, search=default.search)),
        taxonomies,
    )
    return (first, *(found[code] for code in sorted(found)))


def _parse_named_languages(
    table: Table,
    site: LanguageConfig,
    slugs: SlugConfig,
    declared: Mapping[str, tuple[TaxonomyConfig, ...]],
) -> dict[str, LanguageConfig]:
    """`[languages.fr]`, by code."""
    found = {}
    for code, entry in table.named_tables("languages").items():
        if not _CODE.fullmatch(code):
            entry.report(None, f"`{code}` is no code of a language", "such as `pt` or `pt-BR`")
        format = site.search.index_format
        found[code] = _parse_language(entry, code, slugs, declared.get(code, ()), format)
    return found


def _parse_listed_languages(
    table: Table,
    site: LanguageConfig,
    declared: Mapping[str, tuple[TaxonomyConfig, ...]],
) -> dict[str, LanguageConfig]:
    """`languages = [{ code = "fr", feed = true }]` of Zola until 0.13, by code: they have the
    site's title, description and names of feeds, and their words in its `[translations]`."""
    found: dict[str, LanguageConfig] = {}
    for index, entry in table.tables("languages"):
        code = entry.optional_string("code") or ""
        if not _CODE.fullmatch(code) or code in found:
            what = f"two languages `{code}`" if code in found else f"`{code}` is no code"
            table.report("languages", what, '{ code = "fr" }', index=index)
            continue
        feeds = [entry.boolean(key, False) for key in ("feed", "rss")]
        found[code] = LanguageConfig(
            code=code,
            title=site.title,
            description=site.description,
            generate_feeds=any(feeds),
            feed_filenames=site.feed_filenames,
            taxonomies=declared.get(code, ()),
            build_search_index=entry.boolean("search", False),
            search=site.search,
            translations=parse_words(table, code, others=True),
        )
        entry.finish(where="a language")
    return found


def parse_words(table: Table, code: str, *, others: bool = False) -> dict[str, str]:
    """`[translations]`, or `[translations.fr]` of a language where they stand in such tables.

    With `others` only the latter.
    """
    words = table.table("translations")
    own = words.string_map(code) if words.holds(code, dict) else {}
    if others:
        return own
    names = [name for name in words.names() if not words.holds(name, dict)]
    return {**{name: words.string(name) for name in names}, **own}


def _parse_language(
    table: Table,
    code: str,
    slugs: SlugConfig,
    declared: tuple[TaxonomyConfig, ...],
    format: IndexFormat,
) -> LanguageConfig:
    language = LanguageConfig(
        code=code,
        title=table.string("title"),
        description=table.string("description"),
        generate_feeds=parse_generate_feeds(table),
        feed_filenames=parse_feed_filenames(table, _DEFAULT_FEEDS),
        taxonomies=declared + parse_taxonomies(table, slugs).get("", ()),
        build_search_index=table.boolean("build_search_index", False),
        search=parse_search(table.table("search"), format),
        translations=table.string_map("translations"),
    )
    table.finish(where="a language")
    return language


def _merge_default(
    site: LanguageConfig, own: LanguageConfig, taxonomies: tuple[TaxonomyConfig, ...]
) -> LanguageConfig:
    """The default language: what the site says, with what its own table adds."""
    plain = SearchConfig(index_format=site.search.index_format)
    return LanguageConfig(
        code=site.code,
        title=site.title or own.title,
        description=site.description or own.description,
        generate_feeds=site.generate_feeds or own.generate_feeds,
        feed_filenames=(
            own.feed_filenames if site.feed_filenames == _DEFAULT_FEEDS else site.feed_filenames
        ),
        taxonomies=taxonomies or own.taxonomies,
        build_search_index=site.build_search_index or own.build_search_index,
        search=site.search if site.search != plain else own.search,
        translations={**own.translations, **site.translations},
    )

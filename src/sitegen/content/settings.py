"""The tables of a configuration about content: taxonomies, languages, Markdown, search, slugs."""

from __future__ import annotations

from typing import get_args

from sitegen.base.paths import why_no_path
from sitegen.base.schema import Table
from sitegen.content.slug import slug_of
from sitegen.settings import (
    HighlightConfig,
    Html,
    IndexFormat,
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
DEFAULT_FEEDS = ("atom.xml",)
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
        highlight_theme=table.string("highlight_theme"),
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
    themes = "code has the colours of sitegen's theme, and they stand in a style sheet"
    table.not_used(("theme", "light_theme", "dark_theme"), themes)
    table.not_used(("data_attr_position",), "the language stands on `code`")
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

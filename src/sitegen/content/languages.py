"""The languages of a configuration, with what each says of its feeds, terms, search and words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sitegen.base.schema import Table
from sitegen.content.settings import (
    DEFAULT_FEEDS,
    parse_feed_filenames,
    parse_generate_feeds,
    parse_search,
    parse_taxonomies,
)
from sitegen.settings import (
    IndexFormat,
    LanguageConfig,
    SearchConfig,
    SlugConfig,
    TaxonomyConfig,
)

_CODE = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8})*")


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
        feed_filenames=parse_feed_filenames(table, DEFAULT_FEEDS),
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
            own.feed_filenames if site.feed_filenames == DEFAULT_FEEDS else site.feed_filenames
        ),
        taxonomies=taxonomies or own.taxonomies,
        build_search_index=site.build_search_index or own.build_search_index,
        search=site.search if site.search != plain else own.search,
        translations={**own.translations, **site.translations},
    )

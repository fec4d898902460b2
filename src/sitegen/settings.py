"""The nouns of a site's configuration that say how content is read, named and shown; frozen.

Every default is that of a site that does not mention the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

SlugMode = Literal["on", "safe", "off"]
"""Zola's ways to make a part of an URL: ASCII, nothing that Windows forbids, or as it stands."""

Anchors = Literal["none", "left", "right", "heading"]
"""Where a heading's own link is put; `heading`: the whole heading is the link."""

Html = Literal["trusted", "sanitise", "escape"]
"""What becomes of HTML that stands in Markdown."""

IndexFormat = Literal[
    "sitegen", "elasticlunr_javascript", "elasticlunr_json", "fuse_javascript", "fuse_json"
]
"""How a search index is written: as our own search page reads it, or as a theme for Zola does."""


class TaxonomyConfig(msgspec.Struct, frozen=True):
    """A declared taxonomy of a language; `slug` is its part of the URL, `paginate_by` 0 for never.

    `hierarchical`: a slash in a term parts levels, each with a page of its own.
    """

    name: str
    slug: str
    render: bool = True
    feed: bool = False
    paginate_by: int = 0
    paginate_path: str = "page"
    hierarchical: bool = False


class SlugConfig(msgspec.Struct, frozen=True):
    """`[slugify]`."""

    paths: SlugMode = "on"
    taxonomies: SlugMode = "on"
    anchors: SlugMode = "on"
    paths_keep_dates: bool = False


class HighlightConfig(msgspec.Struct, frozen=True):
    """`[markdown.highlighting]`; the themes are names that Zola knows, "" for none."""

    error_on_missing_language: bool = False
    style: Literal["inline", "class"] = "class"
    theme: str = ""
    light_theme: str = ""
    dark_theme: str = ""
    data_attr_position: Literal["code", "pre", "both", "none"] = "code"


class MarkdownConfig(msgspec.Struct, frozen=True):
    """`[markdown]`."""

    render_emoji: bool = False
    external_links_class: str = ""
    external_links_target_blank: bool = False
    external_links_no_follow: bool = False
    external_links_no_referrer: bool = False
    external_links_external: bool = True
    smart_punctuation: bool = False
    definition_list: bool = False
    lazy_async_image: bool = True
    bottom_footnotes: bool = True
    github_alerts: bool = False
    insert_anchor_links: Anchors = "none"
    autolinks: bool = True
    math: bool = True
    html: Html = "trusted"
    highlighting: HighlightConfig = HighlightConfig()
    highlight_theme: str = ""
    """What themes for Zola before 0.22 ask; it has no effect here."""


class SearchConfig(msgspec.Struct, frozen=True):
    """`[search]`: what of a page the index holds."""

    include_title: bool = True
    include_description: bool = False
    include_date: bool = False
    include_path: bool = False
    include_content: bool = True
    truncate_content_length: int | None = None
    index_format: IndexFormat = "sitegen"


class LinkCheckConfig(msgspec.Struct, frozen=True):
    """`[link_checker]`: the external addresses that are not asked, and how bad a dead link is."""

    skip_prefixes: tuple[str, ...] = ()
    skip_anchor_prefixes: tuple[str, ...] = ()
    internal_level: Literal["error", "warn"] = "error"
    external_level: Literal["error", "warn"] = "error"
    ignored_files: tuple[str, ...] = ()


class LanguageConfig(msgspec.Struct, frozen=True):
    """A language of the site; its `translations` go over the theme's own words."""

    code: str
    title: str = ""
    description: str = ""
    generate_feeds: bool = False
    feed_filenames: tuple[str, ...] = ("atom.xml",)
    taxonomies: tuple[TaxonomyConfig, ...] = ()
    build_search_index: bool = False
    search: SearchConfig = SearchConfig()
    translations: Mapping[str, str] = {}

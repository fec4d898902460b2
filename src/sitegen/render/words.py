"""The theme's own words, by language: English ones, and over them what a site says."""

from __future__ import annotations

from collections.abc import Mapping

from sitegen.model import SiteConfig

ENGLISH: Mapping[str, str] = {
    "all_posts": "All posts",
    "also_here": "Also here",
    "archive": "Archive",
    "copied": "Copied",
    "copy": "Copy",
    "date_format": "%-d %B %Y",
    "date_format_short": "%-d %b %Y",
    "draft": "Draft",
    "feed": "Feed",
    "how_measured": "How this post was measured",
    "in_series": "Part {position} of {count} in",
    "languages": "Languages",
    "measured_on": "measured on",
    "measurements": "Measurements",
    "measurements_lede": "Every benchmark of this site, with its data.",
    "min_read": "min read",
    "neighbours": "Neighbouring pages",
    "newer": "Newer",
    "newest": "Newest",
    "next": "Next",
    "not_found": "Not found",
    "not_found_help": "It may have moved, or the link has a typing error.",
    "not_found_home": "The home page lists what is new.",
    "not_found_lede": "There is no page at this address.",
    "older": "Older",
    "on_this_page": "On this page",
    "page": "page",
    "page_of": "Page {index} of {count}",
    "pages": "pages",
    "path": "Path",
    "previous": "Previous",
    "related": "Related",
    "redirect": "This page has moved to",
    "redirecting": "Moved",
    "search": "Search",
    "search_failed": "The index could not be loaded.",
    "search_more": "More results",
    "search_needs_script": "Searching needs a script. The archive lists all posts.",
    "search_none": "Nothing found.",
    "search_results": "{count} found",
    "scheme": "Colours",
    "scheme_auto": "Auto",
    "scheme_dark": "Dark",
    "scheme_light": "Light",
    "set_by": "Set by",
    "site": "Site",
    "skip": "Skip to the text",
    "updated": "updated",
}
"""What the built-in templates say, by the names that `[translations]` gives its words."""

_WITHOUT_MONTHS = {"date_format": "%Y-%m-%d", "date_format_short": "%Y-%m-%d"}
_RIGHT_TO_LEFT = frozenset("ar arc ckb dv fa he iw khw ks ku ps sd ug ur yi".split())


def words_of(config: SiteConfig, lang: str) -> Mapping[str, str]:
    """The words of a language; English where the site does not say them."""
    plain = {} if lang.split("-")[0].split("_")[0] == "en" else _WITHOUT_MONTHS
    return {**ENGLISH, **plain, **config.in_language(lang).translations}


def direction(lang: str) -> str:
    """Which way a language is written, as HTML's `dir` says it."""
    return "rtl" if lang.replace("_", "-").split("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"

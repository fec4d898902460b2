"""A site's configuration: what `site.toml` says, with its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from sitegen.settings import (
    LanguageConfig,
    LinkCheckConfig,
    MarkdownConfig,
    SearchConfig,
    SlugConfig,
    TaxonomyConfig,
)

if TYPE_CHECKING:
    pass


class Declared(msgspec.Struct, frozen=True):
    """A glob of `[execute] inputs` as written, and the folder below the site that it starts from.

    The folder is that of the file that says so; "" is the site's root.
    """

    pattern: str
    folder: str


class ExecuteConfig(msgspec.Struct, frozen=True, omit_defaults=True):
    """`[execute]`: whether, where and how blocks run; page beats section beats site.

    `memory` is in bytes, None for no limit; `jobs` is None for as many posts as there are cores;
    `auto` is in seconds, without end for always, None for never.
    """

    enabled: bool = True
    device: str = "auto"
    devices: tuple[str, ...] = ()
    python: str = "auto"
    timeout: float = 600.0
    memory: int | None = None
    jobs: int | None = None
    env: tuple[tuple[str, str], ...] = ()
    pass_env: tuple[str, ...] = ()
    inputs: tuple[Declared, ...] = ()
    torch_default_device: bool = True
    trust_output: bool = False
    auto: float | None = 5.0


class MeasureConfig(msgspec.Struct, frozen=True, omit_defaults=True):
    """`[measure]`: when a block's cost is shown under it, and how benchmarks measure.

    `max_time` is seconds a variant, a point of the sweep and a process; a difference smaller
    than `noise` is none.
    """

    show: Literal["auto", "always", "never"] = "auto"
    processes: int = 6
    max_time: float = 10.0
    noise: float = 0.05
    on_unstable: Literal["warn", "retry", "fail"] = "warn"


class DeviceConfig(msgspec.Struct, frozen=True):
    """`[devices.NAME]`: a name and a label for what a driver or CPU reports; `match` is a glob."""

    name: str
    match: str
    label: str


class SiteConfig(msgspec.Struct, frozen=True):
    """A site's configuration, defaults filled in. `base_url` has no trailing slash.

    `file` is where it was read; `languages` begins with the default one, whose title, feeds and
    taxonomies are the site's own; `extra` holds the theme's keys under the site's. `own_templates`:
    they are meant for sitegen, so that a mistake in one is a mistake.
    """

    root: Path
    base_url: str
    file: str = "site.toml"
    own_templates: bool = True
    title: str = ""
    description: str = ""
    language: str = "en"
    author: str = ""
    theme: str = ""
    output_dir: str = "public"
    preserve_dotfiles_in_output: bool = False
    ignored_content: tuple[str, ...] = ()
    ignored_static: tuple[str, ...] = ()
    taxonomies: tuple[TaxonomyConfig, ...] = ()
    taxonomy_root: str = ""
    skip_content_templating: tuple[str, ...] = ()
    hold_future: bool = False
    generate_feeds: bool = False
    feed_limit: int | None = None
    feed_filenames: tuple[str, ...] = ("atom.xml",)
    feed_content: Literal["full", "summary"] = "full"
    generate_sitemap: bool = True
    exclude_paginated_pages_in_sitemap: Literal["none", "all"] = "none"
    generate_robots_txt: bool = True
    archive: str = ""
    measurements: str = ""
    build_search_index: bool = False
    social_cards: bool = False
    social_font: str = ""
    minify_html: bool = False
    demote_headings: bool = True
    markdown: MarkdownConfig = MarkdownConfig()
    search: SearchConfig = SearchConfig()
    link_checker: LinkCheckConfig = LinkCheckConfig()
    slugify: SlugConfig = SlugConfig()
    languages: tuple[LanguageConfig, ...] = ()
    execute: ExecuteConfig = ExecuteConfig()
    measure: MeasureConfig = MeasureConfig()
    devices: tuple[DeviceConfig, ...] = ()
    extra: Mapping[str, Any] = {}

    def in_language(self, code: str) -> LanguageConfig:
        """What is said for a language; the default one's where there is none of that code."""
        known = {language.code: language for language in self.languages}
        return known.get(code) or known.get(self.language) or LanguageConfig(self.language)

    def home(self, code: str) -> str:
        """The URL of a language's home page."""
        return "/" if code == self.language else f"/{code}/"

"""`site.toml` and the tables that a page may narrow: `[execute]` and `[measure]`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from sitegen.base.errors import Problem, SiteError, Span, nearest
from sitegen.base.schema import Table
from sitegen.base.toml import parse_toml
from sitegen.content.slug import slugify
from sitegen.content.source import decode
from sitegen.model import (
    Declared,
    DeviceConfig,
    ExecuteConfig,
    MeasureConfig,
    SiteConfig,
    TaxonomyConfig,
)

FILE = "site.toml"
KINDS = ("cpu", "cuda", "rocm", "xpu", "mps", "tpu")

NOT_YET = "this version of sitegen does not know it yet"
_UNUSED_ROOT = (
    "theme",
    "preserve_dotfiles_in_output",
    "minify_html",
    "ignored_content",
    "ignored_static",
    "feed_filenames",
    "taxonomy_root",
    "build_search_index",
    "exclude_paginated_pages_in_sitemap",
    "slugify",
    "search",
    "link_checker",
    "translations",
    "languages",
)
_FOREIGN = (
    "compile_sass",
    "hard_link_static",
    "highlight_code",
    "highlight_theme",
    "highlight_themes_css",
    "skip_content_templating",
)
_UNUSED_MARKDOWN = (
    "render_emoji",
    "external_links_class",
    "external_links_target_blank",
    "external_links_no_follow",
    "external_links_no_referrer",
    "external_links_external",
    "smart_punctuation",
    "definition_list",
    "lazy_async_image",
    "bottom_footnotes",
    "github_alerts",
    "insert_anchor_links",
    "highlighting",
    "html",
)
_UNUSED_EXECUTE = ("auto",)
_UNUSED_MEASURE = ("processes", "max_time", "noise", "on_unstable")
CHOSEN_BY_DEVICE = {"CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "JAX_PLATFORMS"}

_DEVICE = re.compile("|".join(("auto", *KINDS, r"cuda:[0-9]+")))
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def load_config(root: Path, problems: list[Problem]) -> SiteConfig:
    """The configuration of the site at `root`; mistakes go to `problems`.

    Raises SiteError where there is no configuration to read, or it is not TOML.
    """
    path = root / FILE
    try:
        text = decode(path.read_bytes(), FILE)
    except FileNotFoundError:
        help = f'run sitegen in a site\'s folder; the smallest {FILE} is: base_url = "/"'
        raise SiteError(
            [Problem("fatal", "config", f"there is no {FILE} here", help=(help,))]
        ) from None
    except OSError as error:
        why = error.strerror or "cannot be read"
        raise SiteError([Problem("fatal", "config", why, Span(FILE, 1))]) from None
    toml = text if isinstance(text, Problem) else parse_toml(text, FILE)
    if isinstance(toml, Problem):
        raise SiteError([toml])
    table = Table(toml, problems, code="config")
    return _parse_config(table, root)


def _parse_config(table: Table, root: Path) -> SiteConfig:
    markdown = table.table("markdown")
    config = SiteConfig(
        root=root,
        base_url=_base_url(table),
        title=table.string("title"),
        description=table.string("description"),
        language=table.string("default_language", "en"),
        author=table.string("author"),
        output_dir=_output_dir(table),
        taxonomies=_taxonomies(table),
        generate_feeds=table.boolean("generate_feeds", False),
        feed_limit=table.optional_integer("feed_limit", minimum=1),
        generate_sitemap=table.boolean("generate_sitemap", True),
        generate_robots_txt=table.boolean("generate_robots_txt", True),
        demote_headings=markdown.boolean("demote_headings", True),
        execute=parse_execute(table.table("execute"), ExecuteConfig()),
        measure=parse_measure(table.table("measure"), MeasureConfig()),
        devices=_devices(table),
        extra=table.free("extra"),
    )
    markdown.not_used(_UNUSED_MARKDOWN, NOT_YET)
    markdown.finish(unknown="fatal", where="[markdown]")
    table.not_used(_UNUSED_ROOT, NOT_YET)
    table.not_used(_FOREIGN, "it concerns Zola only")
    table.finish(unknown="fatal", where=FILE)
    return config


def parse_execute(table: Table, outer: ExecuteConfig, folder: str = "") -> ExecuteConfig:
    """`[execute]` of a site, section or page; what it leaves out is as in the scope around it.

    `folder` is that of the file that holds the table, from the site's root.
    """
    device = table.string("device", outer.device)
    if not _DEVICE.fullmatch(device):
        close = nearest(device, ("auto", *KINDS))
        hint = f"did you mean `{close}`?" if close else f"one of: auto, {', '.join(KINDS)}, cuda:N"
        table.report("device", f"`{device}` is no device", hint)
        device = outer.device
    env = table.string_map("env")
    for name in env:
        if not _VARIABLE.fullmatch(name):
            table.report("env", f"`{name}` cannot name an environment variable")
    for name in CHOSEN_BY_DEVICE & env.keys():
        table.report("env", f"`{name}` is set by the choice of a device", "say `device` instead")
    devices = table.strings("devices")
    passed = table.strings("pass_env")
    for index, name in enumerate(passed):
        if not _VARIABLE.fullmatch(name) or name in CHOSEN_BY_DEVICE:
            hint = "a name only; its value is taken from your environment"
            table.report("pass_env", f"`{name}` names no variable to pass", hint, index=index)
    if folder and "jobs" in table:
        table.report("jobs", "`jobs` is the whole site's", f"write it in {FILE}")
    execute = ExecuteConfig(
        enabled=table.boolean("enabled", outer.enabled),
        device=device,
        devices=devices if "devices" in table else outer.devices,
        python=table.string("python", outer.python),
        timeout=table.duration("timeout", outer.timeout),
        memory=table.size("memory", outer.memory),
        jobs=table.count("jobs", outer.jobs),
        env=tuple(sorted({**dict(outer.env), **env}.items())),
        pass_env=tuple(sorted({*outer.pass_env, *passed})),
        inputs=(*outer.inputs, *_inputs(table, folder)),
        torch_default_device=table.boolean("torch_default_device", outer.torch_default_device),
        trust_output=table.boolean("trust_output", outer.trust_output),
    )
    table.not_used(_UNUSED_EXECUTE, NOT_YET)
    table.finish(unknown="fatal", where="[execute]")
    return execute


def _inputs(table: Table, folder: str) -> Iterator[Declared]:
    for index, pattern in enumerate(table.strings("inputs")):
        path = posixpath.normpath(posixpath.join(folder, pattern))
        if path.startswith(("/", "../")) or path == "..":
            hint = "globs start from the folder of the file that holds them"
            table.report("inputs", f"`{pattern}` leaves the site", hint, index=index)
        else:
            yield Declared(pattern, folder)


def parse_measure(table: Table, outer: MeasureConfig) -> MeasureConfig:
    """`[measure]` of a site, section or page, over the scope around it."""
    measure = MeasureConfig(show=table.choice("show", ("auto", "always", "never"), outer.show))
    table.not_used(_UNUSED_MEASURE, NOT_YET)
    table.finish(unknown="fatal", where="[measure]")
    return measure


def why_no_address(url: str) -> str | None:
    """What keeps an URL from being the address of a site; None where nothing does."""
    if url in ("", "/"):
        return None
    try:
        parts = urlsplit(url)
    except ValueError as error:
        return f"`{url}` is no address: {error}"
    if parts.scheme not in ("http", "https") or not parts.netloc or re.search(r"\s", url):
        return f"`{url}` is no address"
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        return f"nothing can be joined to `{url}`"
    return None


def _base_url(table: Table) -> str:
    example = 'base_url = "https://example.org"'
    if "base_url" not in table:
        table.report(None, "`base_url` is missing", f"write {example}")
        return ""
    url = table.string("base_url")
    wrong = why_no_address(url)
    if wrong is not None:
        table.report("base_url", wrong, example)
        return ""
    return url.rstrip("/")


def _output_dir(table: Table) -> str:
    folder = table.string("output_dir", "public")
    parts = Path(folder).parts
    control = re.search(r"[\x00-\x1f]", folder)
    reserved = ("content", "templates", "static", "measurements", "themes", ".sitegen", ".git")
    if control or not parts or ".." in parts or Path(folder).is_absolute() or parts[0] in reserved:
        table.report("output_dir", f"`{folder}` cannot be the output folder", 'such as "public"')
        return "public"
    return folder


def _taxonomies(table: Table) -> tuple[TaxonomyConfig, ...]:
    found: list[TaxonomyConfig] = []
    for index, entry in table.tables("taxonomies"):
        name = entry.optional_string("name")
        taxonomy = TaxonomyConfig(
            name=name or "",
            slug=slugify(name or ""),
            render=entry.boolean("render", True),
            feed=entry.boolean("feed", False),
        )
        entry.not_used(("paginate_by", "paginate_path", "lang", "hierarchical"), NOT_YET)
        entry.finish(unknown="fatal", where="a taxonomy")
        if name is None or any(other.slug == taxonomy.slug for other in found):
            what = f"two taxonomies named `{name}`" if name else "a taxonomy needs a name"
            table.report("taxonomies", what, '{ name = "tags" }', index=index)
        elif not taxonomy.slug:
            what = f"`{name}` has no letter or digit, so it can have no URL"
            table.report("taxonomies", what, '{ name = "tags" }', index=index)
        else:
            found.append(taxonomy)
    return tuple(found)


def _devices(table: Table) -> tuple[DeviceConfig, ...]:
    found = []
    for name, entry in table.named_tables("devices").items():
        if not _NAME.fullmatch(name):
            entry.report(None, f"`{name}` cannot name a device", "lower-case letters, digits, -")
        match = entry.optional_string("match") or name
        found.append(DeviceConfig(name, match, entry.string("label")))
        entry.finish(unknown="fatal", where="a device")
    return tuple(found)

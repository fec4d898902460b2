"""`site.toml` and the tables that a page may narrow: `[execute]` and `[measure]`."""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from sitegen.base.errors import Problem, Severity, SiteError, Span, nearest
from sitegen.base.paths import why_no_path
from sitegen.base.schema import Table, parse_duration
from sitegen.base.toml import parse_toml
from sitegen.content.globs import why_no_glob
from sitegen.content.languages import parse_languages, parse_words
from sitegen.content.settings import (
    parse_feed_filenames,
    parse_generate_feeds,
    parse_link_checker,
    parse_markdown,
    parse_search,
    parse_slugify,
)
from sitegen.content.source import decode
from sitegen.content.theme import with_theme
from sitegen.model import Declared, DeviceConfig, ExecuteConfig, MeasureConfig, SiteConfig
from sitegen.settings import LanguageConfig

FILE = "site.toml"
FILES = (FILE, "zola.toml", "config.toml")
"""Where a configuration may stand; the first that is there is read."""
MIGRATED = "templates.tera"
"""Where `migrate-templates` keeps templates as they were."""
KINDS = ("cpu", "cuda", "rocm", "xpu", "mps", "tpu")

_FOREIGN = (
    "hard_link_static",
    "highlight_code",
    "highlight_theme",
    "highlight_themes_css",
)
MOST_PROCESSES = 100
CHOSEN_BY_DEVICE = {"CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "JAX_PLATFORMS"}

_DEVICE = re.compile("|".join(("auto", *KINDS, r"cuda:[0-9]+")))
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def load_config(root: Path, problems: list[Problem]) -> SiteConfig:
    """The configuration of the site at `root`; mistakes go to `problems`.

    Without a `site.toml`, Zola's own file is read in its place: then nothing is executed, and keys
    that nobody knows are warnings. Raises SiteError where there is none, or it is not TOML.
    """
    for file in FILES:
        if (root / file).is_file():
            break
    else:
        help = f'run sitegen in a site\'s folder; the smallest {FILE} is: base_url = "/"'
        raise SiteError([Problem("fatal", "config", f"there is no {FILE} here", help=(help,))])
    config = _parse_config(_read_table(root, file, problems), root, file)
    if file != FILE:
        config = msgspec.structs.replace(config, own_templates=_are_migrated(config))
    return with_theme(config, problems) if config.theme else config


def _are_migrated(config: SiteConfig) -> bool:
    """Whether `migrate-templates` has been here: what it kept lies beside the templates."""
    folders = [config.root]
    folders += [config.root / "themes" / config.theme] if config.theme else []
    return any((folder / MIGRATED).is_dir() for folder in folders)


def _read_table(root: Path, file: str, problems: list[Problem]) -> Table:
    try:
        text = decode((root / file).read_bytes(), file)
    except OSError as error:
        why = error.strerror or "cannot be read"
        raise SiteError([Problem("fatal", "config", why, Span(file, 1))]) from None
    toml = text if isinstance(text, Problem) else parse_toml(text, file)
    if isinstance(toml, Problem):
        raise SiteError([toml])
    unknown: Literal["fatal", "warning"] = "fatal" if file == FILE else "warning"
    return Table(toml, problems, code="config", unknown=unknown)


def _parse_config(table: Table, root: Path, file: str) -> SiteConfig:
    ours = file == FILE
    slugs = parse_slugify(table.table("slugify"))
    markdown = table.table("markdown")
    demote = markdown.boolean("demote_headings", True)
    default = LanguageConfig(
        code=table.string("default_language", "en"),
        title=table.string("title"),
        description=table.string("description"),
        generate_feeds=parse_generate_feeds(table),
        feed_filenames=parse_feed_filenames(table, ("atom.xml",)),
        build_search_index=table.boolean("build_search_index", False),
        search=parse_search(table.table("search"), "sitegen" if ours else "elasticlunr_javascript"),
        translations=parse_words(table, table.string("default_language", "en")),
    )
    languages = parse_languages(table, default, slugs)
    default = languages[0]
    config = SiteConfig(
        root=root,
        base_url=_base_url(table),
        file=file,
        title=default.title,
        description=default.description,
        language=default.code,
        author=table.string("author"),
        theme=_theme(table, root, file),
        output_dir=_output_dir(table),
        preserve_dotfiles_in_output=table.boolean("preserve_dotfiles_in_output", False),
        ignored_content=_globs(table, "ignored_content"),
        ignored_static=_globs(table, "ignored_static"),
        taxonomies=default.taxonomies,
        taxonomy_root=_folder(table, "taxonomy_root"),
        skip_content_templating=_globs(table, "skip_content_templating"),
        hold_future=table.boolean("hold_future", False),
        generate_feeds=default.generate_feeds,
        feed_limit=table.optional_integer("feed_limit", minimum=1),
        feed_filenames=default.feed_filenames,
        feed_content=table.choice("feed_content", ("full", "summary"), "full"),
        generate_sitemap=table.boolean("generate_sitemap", True),
        exclude_paginated_pages_in_sitemap=table.choice(
            "exclude_paginated_pages_in_sitemap", ("none", "all"), "none"
        ),
        generate_robots_txt=table.boolean("generate_robots_txt", True),
        archive=_folder(table, "archive", "archive" if ours else ""),
        measurements=_folder(table, "measurements", "measurements" if ours else ""),
        build_search_index=default.build_search_index,
        social_cards=table.boolean("social_cards", False),
        social_font=_font(table, root),
        minify_html=table.boolean("minify_html", False),
        demote_headings=demote,
        markdown=parse_markdown(markdown, zola=file != FILE),
        search=default.search,
        link_checker=parse_link_checker(table.table("link_checker")),
        slugify=slugs,
        languages=languages,
        execute=_execute(table, file),
        measure=parse_measure(table.table("measure"), MeasureConfig()),
        devices=_devices(table),
        extra=table.free("extra"),
    )
    _say_of_sass(table, root, config.theme)
    table.not_used(_FOREIGN, "it concerns Zola only")
    table.finish(where=file)
    return config


def _say_of_sass(table: Table, root: Path, theme: str) -> None:
    """A warning where style sheets wait to be made; Zola makes those of a theme in any case."""
    folders = ["sass"] if table.boolean("compile_sass", False) else []
    folders += [f"themes/{theme}/sass"] if theme else []
    found = [f"`{folder}`" for folder in folders if (root / folder).is_dir()]
    if found:
        message = f"the Sass files in {' and '.join(found)} are not compiled"
        help = "put the style sheets that they make into `static`, and take the folder away"
        key = "compile_sass" if "compile_sass" in table else "theme"
        table.report(key, message, help, severity="warning")
    else:
        table.not_used(("compile_sass",), "it concerns Zola only")


def _execute(table: Table, file: str) -> ExecuteConfig:
    execute = parse_execute(table.table("execute"), ExecuteConfig(enabled=file == FILE))
    if file != FILE and execute.enabled:
        table.report("execute", f"nothing is executed from a {file}", f"rename it to {FILE}")
    return execute


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
        auto=_auto(table, outer.auto),
    )
    table.finish(where="[execute]")
    return execute


def _auto(table: Table, outer: float | None) -> float | None:
    """What the preview runs by itself: what took so many seconds; without end for always."""
    words = {"always": math.inf, "never": None}
    word = table.string("auto") if "auto" in table else ""
    seconds = words[word] if word in words else parse_duration(word)
    if seconds is None and word not in ("", "never"):
        table.report("auto", f"`{word}` is no time", 'such as "5s", or "always" or "never"')
    return seconds if word else outer


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
    measure = MeasureConfig(
        show=table.choice("show", ("auto", "always", "never"), outer.show),
        processes=table.integer("processes", outer.processes, minimum=1, maximum=MOST_PROCESSES),
        max_time=table.duration("max_time", outer.max_time),
        noise=table.number("noise", outer.noise, below=1.0),
        on_unstable=table.choice("on_unstable", ("warn", "retry", "fail"), outer.on_unstable),
    )
    table.finish(where="[measure]")
    return measure


def why_no_address(url: str) -> str | None:
    """What keeps an URL from being the address of a site; None where nothing does.

    `//host` is the host by whatever protocol a page came.
    """
    if url in ("", "/"):
        return None
    try:
        parts = urlsplit(f"https:{url}" if url.startswith("//") else url)
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
    reserved = ("content", "templates", "static", "measurements", "themes", ".sitegen", ".git")
    wrong = not parts or parts[0] in reserved or why_no_path("/".join(parts)) is not None
    if wrong or Path(folder).is_absolute():
        table.report("output_dir", f"`{folder}` cannot be the output folder", 'such as "public"')
        return "public"
    return folder


def _theme(table: Table, root: Path, file: str) -> str:
    """The theme's folder; a Zola site may do without it, its templates would be Tera's."""
    theme = table.string("theme")
    if not theme:
        return ""
    if "/" in theme or why_no_path(theme) or not (root / "themes" / theme).is_dir():
        message = f"there is no folder `themes/{theme}`"
        severity: Severity = "fatal" if file == FILE else "warning"
        table.report("theme", message, "a theme is such a folder", severity=severity)
        return ""
    return theme


def _folder(table: Table, key: str, default: str = "") -> str:
    """A path on the site that a key names, "" for none."""
    path = table.string(key, default).strip("/")
    wrong = why_no_path(path) if path else None
    if wrong is not None:
        table.report(key, f"`{key}` {wrong}", 'such as "blog"')
        return ""
    return path


def _font(table: Table, root: Path) -> str:
    font = table.string("social_font")
    if font and (why_no_path(font) is not None or not (root / font).is_file()):
        table.report("social_font", f"there is no file `{font}`", "a TrueType or OpenType file")
        return ""
    return font


def _globs(table: Table, key: str) -> tuple[str, ...]:
    globs = table.strings(key)
    for index, glob in enumerate(globs):
        wrong = why_no_glob(glob)
        if wrong is not None:
            table.report(key, f"`{glob}` is no pattern: {wrong}", 'such as "*.xlsx"', index=index)
    return tuple(glob for glob in globs if why_no_glob(glob) is None)


def _devices(table: Table) -> tuple[DeviceConfig, ...]:
    found = []
    for name, entry in table.named_tables("devices").items():
        if not _NAME.fullmatch(name):
            entry.report(None, f"`{name}` cannot name a device", "lower-case letters, digits, -")
        match = entry.optional_string("match") or name
        found.append(DeviceConfig(name, match, entry.string("label")))
        entry.finish(where="a device")
    return tuple(found)

"""Shortcodes and anchors: the small templates that a text asks for while it is read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import jinja2
import msgspec
from msgspec.structs import replace

from sitegen.base.address import permalink
from sitegen.base.errors import Problem, SiteError
from sitegen.model import Artifact, Origin, Site, SiteConfig, Term
from sitegen.render.components import homes_of
from sitegen.render.config_view import view_config
from sitegen.render.functions import Outside
from sitegen.render.library import Library
from sitegen.render.loader import open_levels
from sitegen.render.reads import Read, Reads
from sitegen.render.templates import Templates, Text
from sitegen.render.views import TermView

FILE = "site.toml"
"""The configuration of a site that is sitegen's own."""

_FOLDER = "shortcodes"
_KINDS = (".md", ".html")


class Snippets(NamedTuple):
    """The shortcodes' templates by name, whether there is another template, how to render one,
    and the pictures that they have asked for so far; whether what looks like a call must be one;
    how a text is filled in that is itself a template, where the site's texts are; and what
    templates have looked at since this was last asked."""

    shortcodes: Mapping[str, str]
    has: Callable[[str], bool]
    render: Callable[[str, Origin, Mapping[str, Any], str], str | tuple[Problem, ...]]
    made_files: Callable[[], tuple[Artifact, ...]]
    strict: bool
    fill_in: Callable[[str, Origin], str | tuple[Problem, ...]] | None
    asked: Callable[[], frozenset[Read]]


class OriginView(msgspec.Struct, frozen=True):
    """A page or section as its own shortcodes see it: what its file says, and where it lies."""

    title: str
    description: str
    date: dt.datetime | None
    updated: dt.datetime | None
    draft: bool
    slug: str
    path: str
    permalink: str
    lang: str
    relative_path: str
    colocated_path: str | None
    authors: tuple[str, ...]
    taxonomies: Mapping[str, tuple[str, ...]]
    extra: Mapping[str, Any]
    assets: tuple[str, ...]


def texts_are_templates(config: SiteConfig) -> bool:
    """Whether the texts of a site are themselves templates: it has components, as in Zola 0.23, and
    no shortcodes of its own, which are those of an older one."""
    if any(any((folder / _FOLDER).glob("*.*")) for folder in _folders(config)):
        return False
    return bool(homes_of(open_levels(config.root, config.theme or None)))


def open_snippets(
    config: SiteConfig,
    urls: Mapping[str, str],
    outside: Outside,
    problems: list[Problem],
    *,
    templated: bool,
) -> Snippets:
    """The small templates of a site, of its theme, and the built-in ones, the site's first;
    `templated` says that its texts are templates too.

    Of the site they know no more than the addresses of its pages: it is still being read. In a
    site whose templates are still Zola's, one that is not Jinja2 gives nothing, and a warning.
    """
    folders = _folders(config)
    reads = Reads()

    @cache
    def templates() -> Templates:
        library = Library(urls, lambda path: None, lambda path: None, _no_term, {})
        return Templates(config, library, outside, problems, reads)

    @cache
    def config_in(lang: str) -> Any:
        return view_config(Site(config, (), (), ()), lang)

    def has(name: str) -> bool:
        return any((folder / name).is_file() for folder in folders)

    def render(
        name: str, origin: Origin, context: Mapping[str, Any], where: str
    ) -> str | tuple[Problem, ...]:
        try:
            return templates().render(name, where, {**everywhere(origin), **context})
        except SiteError as error:
            if config.own_templates:
                return error.problems
            problems.extend(replace(problem, severity="warning") for problem in error.problems)
            return ""

    def everywhere(origin: Origin) -> Mapping[str, Any]:
        kind = "section" if origin.source.is_section else "page"
        return {
            kind: _view(origin, config.base_url),
            "config": config_in(origin.meta.lang),
            "lang": origin.meta.lang,
            "current_path": origin.url,
            "current_url": permalink(config.base_url, origin.url),
        }

    def fill_in(text: str, origin: Origin) -> str | tuple[Problem, ...]:
        source = origin.source
        try:
            written = Text(text, source.file, origin.meta.body_line)
            return templates().render_text(written, source.file, everywhere(origin))
        except SiteError as error:
            return error.problems

    def made_files() -> tuple[Artifact, ...]:
        return templates().made_files()

    def asked() -> frozenset[Read]:
        noted = frozenset(reads.noted)
        reads.begin()
        return noted

    shortcodes = _shortcodes(folders)
    return Snippets(
        shortcodes,
        has,
        render,
        made_files,
        config.file == FILE,
        fill_in if templated else None,
        asked,
    )


def _folders(config: SiteConfig) -> list[Path]:
    """Where a site has its templates, and where its theme has them."""
    folders = [config.root / "templates"]
    if config.theme:
        folders.append(config.root / "themes" / config.theme / "templates")
    return folders


def _no_term(term: Term) -> TermView:
    raise jinja2.TemplateRuntimeError("a shortcode is read before the site has terms")


def _shortcodes(folders: list[Path]) -> dict[str, str]:
    """Every shortcode by name; of two files for one name in one folder, that of Markdown."""
    built_in = files("sitegen.theme").joinpath("templates", _FOLDER)
    found = {_stem(entry.name): f"{_FOLDER}/{entry.name}" for entry in built_in.iterdir()}
    for folder in reversed(folders):
        for kind in reversed(_KINDS):
            for file in sorted((folder / _FOLDER).glob(f"*{kind}")):
                found[file.stem] = f"{_FOLDER}/{file.name}"
    return found


def _stem(name: str) -> str:
    return name.rpartition(".")[0]


def _view(origin: Origin, base_url: str) -> OriginView:
    source, meta = origin.source, origin.meta
    folder, _, name = source.path.rpartition("/")
    colocated = f"{folder}/" if folder and name.split(".", 1)[0] == "index" else None
    return OriginView(
        title=meta.title or "",
        description=meta.description,
        date=meta.date,
        updated=meta.updated,
        draft=meta.draft,
        slug=meta.slug or "",
        path=origin.url,
        permalink=permalink(base_url, origin.url),
        lang=meta.lang,
        relative_path=source.path,
        colocated_path=colocated,
        authors=meta.authors,
        taxonomies=meta.taxonomies,
        extra=meta.extra,
        assets=tuple(f"/{asset.path}" for asset in source.assets) if colocated else (),
    )

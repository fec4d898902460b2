"""What the name of a file says: its language, its date, the name that its URL is made from."""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple

from sitegen.base.errors import Problem, Span
from sitegen.model import SiteConfig, Source

_DATED = re.compile(
    r"(?P<date>\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"(?:T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))?)"
    r"(?:\s?[-_](?P<rest>.+))?",
    re.S,
)
_CODE = re.compile(r"[a-z]{2,3}(?:[-_](?:[A-Z][a-z]{3}|[A-Z]{2}))?")


class FileName(NamedTuple):
    """`folders` are those that the URL shows, `colocated` the folder of a bundle, else None.

    `date` and `rest` are the parts of a dated name; `rest` is the whole name where it has no date,
    or nothing behind it.
    """

    folders: tuple[str, ...]
    name: str
    lang: str
    colocated: str | None
    date: dt.datetime | None
    rest: str


def parse_name(source: Source, config: SiteConfig) -> FileName:
    """The parts of a file's path; a language that is none of the site's counts as the default."""
    folder, _, file = source.path.rpartition("/")
    stem = file.removesuffix(".md")
    name, lang = _language(stem, config)
    folders = tuple(folder.split("/")) if folder else ()
    colocated = None
    shown = name
    if stem.split(".", 1)[0] == "index" and folders:
        colocated = f"{folder}/"
        folders, last = folders[:-1], folders[-1]
        shown = last if name == "index" else name
    date, rest = _dated(shown)
    return FileName(folders, shown, lang, colocated, date, rest)


def why_no_page(source: Source, config: SiteConfig) -> Problem | None:
    """What the name of a file says that cannot be: a language that the site does not have, or a
    bundle that is the whole of `content/`."""
    stem = source.path.rpartition("/")[2].removesuffix(".md")
    name, _, code = stem.partition(".")
    span = Span(source.file, 1)
    if name == "index" and "/" not in source.path:
        help = "call the home page `_index.md`, or give the page a name"
        message = "`content/` itself cannot be a page"
        return Problem("fatal", "content", message, span, help=(help,))
    if not _others(config) or not _CODE.fullmatch(code) or code in _codes(config):
        return None
    message = f"`{code}` is none of the site's languages"
    help = f"write [languages.{code}] in {config.file}, or take the dot out of the name"
    return Problem("fatal", "language", message, span, help=(help,))


def _language(stem: str, config: SiteConfig) -> tuple[str, str]:
    """The name without its language, and the language."""
    name, _, code = stem.partition(".")
    return (name, code) if code in _others(config) else (stem, config.language)


def _codes(config: SiteConfig) -> set[str]:
    return {config.language, *(language.code for language in config.languages)}


def _others(config: SiteConfig) -> set[str]:
    return _codes(config) - {config.language}


def is_foreign_section(source: Source, config: SiteConfig) -> bool:
    """Whether the file is called as a section of a language that the site does not have."""
    code = source.path.rpartition("/")[2].removeprefix("_index").removesuffix(".md")[1:]
    return source.is_section and bool(code) and code not in _others(config)


def _dated(name: str) -> tuple[dt.datetime | None, str]:
    found = _DATED.fullmatch(name)
    if found is None:
        return None, name
    try:
        date = dt.datetime.fromisoformat(found["date"])
    except ValueError:
        return None, name
    date = date if date.tzinfo else date.replace(tzinfo=dt.UTC)
    return date, found["rest"] or name

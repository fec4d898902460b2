"""`new`: a post with its front matter filled in."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path

import msgspec

from sitegen.base.errors import Problem, SiteError, Span, exit_status
from sitegen.base.paths import why_no_path
from sitegen.content.config import load_config
from sitegen.content.names import parse_name
from sitegen.content.slug import slugify
from sitegen.model import SiteConfig, Source
from sitegen.storage.create import create_files


class Created(msgspec.Struct, frozen=True):
    """A new file, from the site's root, and what its author may want to know."""

    path: str
    notes: tuple[str, ...] = ()


class Wanted(msgspec.Struct, frozen=True):
    """A page to be written: its file below `content/`, and that which it would be instead of."""

    path: str
    twin: str
    title: str


def new(root: Path, name: str, day: dt.date, *, section: bool = False) -> Created:
    """Write a page, a bundle if the name ends in a slash, or a section.

    Raises SiteError where it is there already, or the name leads out of `content/`.
    """
    problems: list[Problem] = []
    config = load_config(root, problems)
    if exit_status(problems) == 2:
        raise SiteError(problems)
    wanted = plan_section(name, config) if section else plan_page(name, config)
    content = root / "content"
    if os.path.lexists(content / wanted.twin):
        message = f"`content/{wanted.twin}` is there already, at the same address"
        raise SiteError([Problem("fatal", "new", message, Span(f"content/{wanted.twin}", 1))])
    text = _section(wanted) if section else _page(wanted, config, day)
    content.mkdir(exist_ok=True)
    try:
        create_files(content, {wanted.path: text.encode()})
    except SiteError as error:
        raise SiteError([_from_root(problem) for problem in error.problems]) from error
    return Created(f"content/{wanted.path}", _notes(wanted, config, content))


def plan_page(name: str, config: SiteConfig) -> Wanted:
    """The page that a name means: a title in words, or the name of its file."""
    stem = _stem(name)
    folder, _, last = stem.rpartition("/")
    prefix = f"{folder}/" if folder else ""
    is_title = any(letter.isspace() or letter.isupper() for letter in last)
    file = last
    if is_title:
        source = Source(f"{last}.md", "", "")
        lang = parse_name(source, config).lang
        suffix = f".{lang}" if lang != config.language else ""
        file = slugify(last.removesuffix(suffix)) + suffix
        if file == suffix:
            raise _refused(f"`{last}` holds nothing that a file could be called by")
    parts = parse_name(Source(f"{prefix}{file}.md", "", ""), config)
    lang = "" if parts.lang == config.language else f".{parts.lang}"
    alone = f"{prefix}{file}.md"
    bundle = f"{prefix}{file.removesuffix(lang)}/index{lang}.md"
    title = last.removesuffix(lang) if is_title else _words(parts.rest)
    if name.endswith("/"):
        return Wanted(bundle, alone, title)
    return Wanted(alone, bundle, title)


def plan_section(name: str, config: SiteConfig) -> Wanted:
    """The section that a folder's name means."""
    stem = _stem(name.removesuffix("_index.md"))
    parts = parse_name(Source(f"{stem}.md", "", ""), config)
    lang = "" if parts.lang == config.language else f".{parts.lang}"
    folder = stem.removesuffix(lang)
    title = _words(folder.rpartition("/")[2])
    return Wanted(f"{folder}/_index{lang}.md", f"{folder}/index{lang}.md", title)


def _stem(name: str) -> str:
    """The name without what one may type around it; raises SiteError where it can be no path."""
    stem = name.removeprefix("./").removeprefix("content/").removesuffix("/")
    stem = stem.removesuffix(".md").removesuffix("/index")
    why = why_no_path(stem)
    if why is None and any(part.startswith(".") for part in stem.split("/")):
        why = "has a part that begins with a full stop, which would never be published"
    if why is None and stem.rpartition("/")[2].startswith("_index"):
        why = "is a section's: say `--section`"
    if why is not None:
        raise _refused(f"`{name}` {why}", "name a path below content/, such as `posts/a-title`")
    return stem


def _refused(message: str, *help: str) -> SiteError:
    return SiteError([Problem("fatal", "new", message, help=help)])


def _words(name: str) -> str:
    words = name.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:] or name


def _page(wanted: Wanted, config: SiteConfig, day: dt.date) -> str:
    parts = parse_name(Source(wanted.path, "", ""), config)
    date = day if parts.date is None else parts.date.date()
    names = [taxonomy.name for taxonomy in config.in_language(parts.lang).taxonomies]
    lines = [
        f"title = {_toml(wanted.title)}",
        'description = ""',
        f"date = {date.isoformat()}",
        "draft = true",
        *(["", "[taxonomies]"] if names else []),
        *(f"{_key(name)} = []" for name in names),
    ]
    return "+++\n" + "\n".join(lines) + "\n+++\n"


def _section(wanted: Wanted) -> str:
    return f'+++\ntitle = {_toml(wanted.title)}\nsort_by = "date"\n# paginate_by = 20\n+++\n'


def _toml(text: str) -> str:
    """The text as a TOML string; TOML reads what JSON escapes."""
    return json.dumps(text, ensure_ascii=False)


def _key(name: str) -> str:
    bare = name.replace("-", "").replace("_", "")
    return name if bare.isascii() and bare.isalnum() else _toml(name)


def _from_root(problem: Problem) -> Problem:
    span = problem.span
    if span is None:
        return problem
    return msgspec.structs.replace(problem, span=Span(f"content/{span.path}", span.line))


def _notes(wanted: Wanted, config: SiteConfig, content: Path) -> tuple[str, ...]:
    """That no list will show the page, where no section is around it."""
    parts = parse_name(Source(wanted.path, "", ""), config)
    lang = "" if parts.lang == config.language else f".{parts.lang}"
    folder = "/".join(parts.folders)
    if not folder or wanted.path.rpartition("/")[2].startswith("_index"):
        return ()
    if (content / folder / f"_index{lang}.md").exists():
        return ()
    help = f"sitegen new {folder}{lang} --section"
    return (f"content/{folder} is no section, so that no list shows it; `{help}` makes it one",)

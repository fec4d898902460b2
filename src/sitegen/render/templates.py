"""The Jinja environment: built-in templates, the site's own over them, filters and functions.

A template of the site may extend the built-in one of the same name: a name that a template asks
for while bearing it itself means the built-in.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2

from sitegen.base.address import local_reference, permalink
from sitegen.base.errors import Problem, SiteError, Span, nearest
from sitegen.model import SiteConfig
from sitegen.render.format import format_bytes, format_date, format_rfc3339, format_seconds

BUILT_IN = "sitegen:"
FILE = "template:"
"""What the names of templates begin with in tracebacks."""

_VIEW = re.compile(r"'sitegen\.render\.views\.(\w+)View object'")


class Templates:
    """Renders templates by name; an author's mistake in one becomes a SiteError with its place."""

    def __init__(self, config: SiteConfig, terms: Mapping[tuple[str, str, str], str]) -> None:
        self._site = config.root / "templates"
        self._environment = _environment(config, self._site, terms)

    def render(self, name: str, page: str, context: Mapping[str, Any]) -> str:
        """The text of a template; `page` is what it is rendered for, for messages."""
        try:
            return self._environment.get_template(name).render(context)
        except Exception as error:
            if not isinstance(error, jinja2.TemplateError) and not _frames(error):
                raise
            raise SiteError([self._problem(error, name, page)]) from error

    def first_of(self, *names: str) -> str:
        """The first of the templates that there is; the last where there is none."""
        for name in names[:-1]:
            try:
                self._environment.get_template(name)
            except jinja2.TemplateNotFound:
                continue
            except jinja2.TemplateSyntaxError:
                return name
            return name
        return names[-1]

    def _problem(self, error: Exception, name: str, page: str) -> Problem:
        """What an exception that rose from a template means to its author."""
        help = [f"while rendering {page}"]
        message = _in_authors_words(error)
        if isinstance(error, jinja2.TemplateNotFound):
            missing = (error.name or name).removeprefix(BUILT_IN)
            message = f"there is no template `{missing}`"
            close = nearest(missing, self._environment.list_templates())
            help.append(f"did you mean `{close}`?" if close else f"write templates/{missing}")
            if not _frames(error):
                return Problem("fatal", "template", message, help=tuple(help))
        file, line = self._place(error, name)
        shown = f"templates/{file}" if (self._site / file).is_file() else f"{file} (built in)"
        excerpt = self._line(file, line)
        return Problem("fatal", "template", message, Span(shown, line), excerpt, tuple(help))

    def _place(self, error: Exception, name: str) -> tuple[str, int]:
        """The template and line of an error: from the error itself, else from its traceback."""
        if isinstance(error, jinja2.TemplateSyntaxError):
            return (error.name or name).removeprefix(BUILT_IN), error.lineno
        frames = _frames(error)
        return frames[-1] if frames else (name, 1)

    def _line(self, file: str, line: int) -> str:
        path = self._site / file
        try:
            text = path.read_text("utf-8") if path.is_file() else _built_in(file)
        except (OSError, UnicodeDecodeError):
            return ""
        lines = (text or "").split("\n")
        return lines[line - 1] if line <= len(lines) else ""


def _frames(error: Exception) -> list[tuple[str, int]]:
    """The templates and lines that an exception came through, outermost first."""
    return [
        (frame.filename.removeprefix(FILE).removeprefix(BUILT_IN), frame.lineno or 1)
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(FILE)
    ]


def _in_authors_words(error: Exception) -> str:
    message = str(getattr(error, "message", None) or error)
    message = _VIEW.sub(lambda found: f"a {found[1].lower()}", message).replace(BUILT_IN, "")
    return (
        message if isinstance(error, jinja2.TemplateError) else f"{type(error).__name__}: {message}"
    )


class _Environment(jinja2.Environment):
    def join_path(self, template: str, parent: str) -> str:
        return BUILT_IN + template if template == parent else template


class _Loader(jinja2.BaseLoader):
    """The site's templates before the built-in ones; tracebacks then name `template:NAME`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str | None, None]:
        name = template.removeprefix(BUILT_IN)
        text = None
        if not (Path(name).is_absolute() or ".." in Path(name).parts or "\0" in name):
            text = self._own(name) if name == template else None
            text = _built_in(name) if text is None else text
        if text is None:
            raise jinja2.TemplateNotFound(template)
        return text, f"{FILE}{template}", None

    def _own(self, name: str) -> str | None:
        """The site's own template; None where there is none."""
        try:
            return (self._folder / name).read_text("utf-8")
        except OSError:
            return None
        except UnicodeDecodeError as error:
            raise jinja2.TemplateSyntaxError("not UTF-8", 1, name) from error

    def list_templates(self) -> list[str]:
        built_in = files("sitegen.theme").joinpath("templates")
        own = [path.relative_to(self._folder).as_posix() for path in self._folder.rglob("*.*")]
        return sorted({*own, *(entry.name for entry in built_in.iterdir())})


def _built_in(name: str) -> str | None:
    path = files("sitegen.theme").joinpath("templates").joinpath(name)
    try:
        return path.read_text("utf-8")
    except OSError:
        return None


def _environment(
    config: SiteConfig, folder: Path, terms: Mapping[tuple[str, str, str], str]
) -> jinja2.Environment:
    environment = _Environment(
        loader=_Loader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

    unlisted = {
        (language.code, taxonomy.name)
        for language in config.languages
        for taxonomy in language.taxonomies
        if not taxonomy.render
    }

    def get_url(path: str) -> str:
        return permalink(config.base_url, f"/{path.lstrip('/')}")

    def get_taxonomy_url(kind: str, name: str, lang: str = config.language) -> str:
        if (lang, kind) in unlisted:
            return ""
        known = terms.get((lang, kind, name))
        if known is None:
            raise jinja2.TemplateRuntimeError(f"there is no term `{name}` in `{kind}`")
        return permalink(config.base_url, known)

    environment.globals.update(get_url=get_url, get_taxonomy_url=get_taxonomy_url)
    environment.filters.update(
        date=format_date,
        rfc3339=format_rfc3339,
        duration=format_seconds,
        filesize=format_bytes,
        local=lambda address: local_reference(address, config.base_url),
    )
    return environment

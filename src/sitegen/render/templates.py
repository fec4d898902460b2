"""The Jinja environment: built-in templates, the site's own over them, filters and functions.

A template of the site may extend the built-in one of the same name: a name that a template asks
for while bearing it itself means the built-in.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2

from sitegen.base.errors import Problem, SiteError, Span, nearest
from sitegen.model import SiteConfig
from sitegen.render.format import format_bytes, format_date, format_rfc3339, format_seconds

BUILT_IN = "sitegen:"


class Templates:
    """Renders templates by name; an author's mistake in one becomes a SiteError with its place."""

    def __init__(self, config: SiteConfig, terms: Mapping[tuple[str, str], str]) -> None:
        self._site = config.root / "templates"
        self._environment = _environment(config, self._site, terms)

    def render(self, name: str, page: str, context: Mapping[str, Any]) -> str:
        """The text of a template; `page` is what it is rendered for, for messages."""
        try:
            return self._environment.get_template(name).render(context)
        except jinja2.TemplateError as error:
            raise SiteError([self._problem(error, name, page)]) from error

    def _problem(self, error: jinja2.TemplateError, name: str, page: str) -> Problem:
        message = str(error.message or error)
        if isinstance(error, jinja2.TemplateNotFound):
            known = self._environment.list_templates()
            close = nearest(str(error.name), known)
            hint = f"did you mean `{close}`?" if close else f"write templates/{error.name}"
            return Problem(
                "fatal",
                "template",
                f"there is no template `{error.name}`",
                help=(f"asked for by {page}", hint),
            )
        file, line = self._place(error, name)
        excerpt = self._line(file, line)
        shown = f"templates/{file}" if (self._site / file).is_file() else f"{file} (built in)"
        help = (f"while rendering {page}",)
        return Problem("fatal", "template", message, Span(shown, line), excerpt, help)

    def _place(self, error: jinja2.TemplateError, name: str) -> tuple[str, int]:
        """The template and line of an error: from the error itself, else from its traceback."""
        if isinstance(error, jinja2.TemplateSyntaxError):
            return (error.name or name).removeprefix(BUILT_IN), error.lineno
        ours = [
            (frame.filename, frame.lineno or 1)
            for frame in traceback.extract_tb(error.__traceback__)
            if frame.filename.startswith("template:")
        ]
        file, line = ours[-1] if ours else (f"template:{name}", 1)
        return file.removeprefix("template:").removeprefix(BUILT_IN), line

    def _line(self, file: str, line: int) -> str:
        path = self._site / file
        try:
            text = path.read_text("utf-8") if path.is_file() else _built_in(file)
        except OSError:
            return ""
        lines = (text or "").split("\n")
        return lines[line - 1] if line <= len(lines) else ""


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
        path = self._folder / name
        own = name == template and ".." not in Path(name).parts and path.is_file()
        text = path.read_text("utf-8") if own else _built_in(name)
        if text is None:
            raise jinja2.TemplateNotFound(template)
        return text, f"template:{template}", None

    def list_templates(self) -> list[str]:
        built_in = files("sitegen.theme").joinpath("templates")
        own = [path.relative_to(self._folder).as_posix() for path in self._folder.rglob("*.*")]
        return sorted({*own, *(entry.name for entry in built_in.iterdir())})


def _built_in(name: str) -> str | None:
    path = files("sitegen.theme").joinpath("templates").joinpath(name)
    return path.read_text("utf-8") if path.is_file() else None


def _environment(
    config: SiteConfig, folder: Path, terms: Mapping[tuple[str, str], str]
) -> jinja2.Environment:
    environment = _Environment(
        loader=_Loader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

    def get_url(path: str) -> str:
        return f"{config.base_url}/{path.lstrip('/')}"

    def get_taxonomy_url(kind: str, name: str) -> str:
        known = terms.get((kind, name))
        if known is None:
            raise jinja2.TemplateRuntimeError(f"there is no term `{name}` in `{kind}`")
        return config.base_url + known

    environment.globals.update(get_url=get_url, get_taxonomy_url=get_taxonomy_url)
    environment.filters.update(
        date=format_date,
        rfc3339=format_rfc3339,
        duration=format_seconds,
        filesize=format_bytes,
        local=lambda permalink: local_reference(permalink, config.base_url),
    )
    return environment


def local_reference(permalink: str, base_url: str) -> str:
    """A permalink of this site as a reference from the root of its host."""
    if permalink.startswith(f"{base_url}/"):
        return urlsplit(base_url).path + permalink[len(base_url) :]
    return permalink

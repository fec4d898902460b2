"""Rendering templates by name, and an author's mistakes in them as problems with their place."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FrameType
from typing import Any, NamedTuple

import jinja2

from sitegen.base.errors import Problem, SiteError, Span, nearest
from sitegen.base.tera2 import MARK, NUMBERED, as_jinja
from sitegen.model import Artifact, SiteConfig
from sitegen.render.environment import Environment
from sitegen.render.functions import Outside, functions
from sitegen.render.functions.others import draws, local
from sitegen.render.library import Library
from sitegen.render.loader import FILE, Level, open_levels
from sitegen.render.markdown import markdown_filter
from sitegen.render.missing import Missing, MissingError, known_names, missing_type
from sitegen.render.reads import ALWAYS, Reads

_VIEW = re.compile(r"'sitegen\.[\w.]+\.(\w+?)(?:View)? object'")
_UNKNOWN = re.compile(r"No (filter|test) named '(\w+)'")


_HEADING = "\ufdd2"
"""What stands for the beginning of a heading's id, which is none of a comment."""


_IN_TEXTS = {
    repr(MARK)[1:-1]: "a tag above is not closed",
    "unknown tag 'endcall'": "there is no component here that this closes",
    "following tags: 'endcall'": "the body of a component is never closed: write `{% </name> %}`",
}
"""What Jinja2 says of a text, and what that means to its author."""


class Text(NamedTuple):
    """A text that is a template: where it stands, and which line of its file its first one is."""

    body: str
    file: str
    line: int


class Templates:
    """Renders templates by name; an author's mistake in one becomes a SiteError with its place."""

    def __init__(
        self,
        config: SiteConfig,
        library: Library,
        outside: Outside,
        problems: list[Problem],
        reads: Reads | None = None,
        *,
        plain: bool = False,
    ) -> None:
        self._problems = problems
        self._reads = reads or Reads()
        self._levels = open_levels(config.root, config.theme or None, plain=plain)
        self._made: dict[str, Artifact] = {}
        self._draws: Iterator[str] = draws("")
        drawn = lambda: next(self._draws)  # noqa: E731
        known = functions(config, library, outside, self._made, drawn, self._reads)
        missing = missing_type(self._warn)
        self.environment = Environment(self._levels, known, missing, self._reads, outside.compiled)
        self.environment.filters.update(
            local=_unfolded(local(config.base_url)),
            markdown=_unfolded(
                markdown_filter(config, library, outside.read_markdown, self._reads)
            ),
            slugify=_unfolded(lambda value: outside.slugify(str(value))),
        )

    def render(self, name: str, page: str, context: Mapping[str, Any]) -> str:
        """The text of a template; `page` is what it is rendered for, for messages."""
        self._draws = draws(page)
        try:
            return self.environment.get_template(name).render(context)
        except Exception as error:
            if not isinstance(error, jinja2.TemplateError) and not _frames(error):
                raise
            names = (*context, *self.environment.globals)
            raise SiteError([self._problem(error, name, page, names)]) from error

    def render_text(self, text: Text, page: str, context: Mapping[str, Any]) -> str:
        """A text that is itself a template, Tera 2's; a mistake in it has its place in its file."""
        self._draws = draws(page)
        environment = self.environment
        try:
            source = as_jinja(text.body.replace("{#", _HEADING), whole=True)
            code = environment.compile(source, text.file, f"{FILE}{text.file}")
            template = jinja2.Template.from_code(environment, code, environment.make_globals(None))
            return template.render(context).replace(_HEADING, "{#")
        except Exception as error:
            frames = _frames(error)
            if not isinstance(error, jinja2.TemplateError) and not frames:
                raise
            raise SiteError([self._problem_in(text, error, frames, context)]) from error

    def _problem_in(
        self,
        text: Text,
        error: Exception,
        frames: list[tuple[str, int]],
        context: Mapping[str, Any],
    ) -> Problem:
        """What an exception that rose from such a text, or from what it called, means."""
        if isinstance(error, jinja2.TemplateSyntaxError) and error.name not in (None, text.file):
            return self._misspelt(error)
        lines = [line for file, line in frames if file == text.file]
        line = lines[-1] if lines else getattr(error, "lineno", None) or 1
        written = text.body.split("\n")
        excerpt = NUMBERED.sub("", written[line - 1]) if line <= len(written) else ""
        help = [self._shown(*frame) for frame in frames[-1:] if frame[0] != text.file]
        close = self._meant(error, (*context, *self.environment.globals))
        help += [f"did you mean `{close}`?"] if close else []
        help += ["`{% raw %} … {% endraw %}` shows braces as they are"] if not lines else []
        span = Span(text.file, text.line + line - 1)
        message = self._in_authors_words(error)
        for theirs, ours in _IN_TEXTS.items():
            message = ours if theirs in message else message
        return Problem("fatal", "template", message, span, excerpt, tuple(help))

    def _misspelt(self, error: jinja2.TemplateSyntaxError) -> Problem:
        """What is wrong with the template of a component, whichever text calls it."""
        level, bare = self._levels.find(str(error.name)) or (self._levels.all[0], str(error.name))
        span = Span(level.shown.format(bare), error.lineno)
        close = self._meant(error, ())
        help = (f"did you mean `{close}`?",) if close else ()
        message = self._in_authors_words(error).replace("macro'", "component'")
        excerpt = _line(level, bare, error.lineno)
        return Problem("fatal", "template", message, span, excerpt, help)

    def _shown(self, found: str, line: int) -> str:
        level, bare = self._levels.find(found) or (self._levels.all[0], found)
        return f"in {level.shown.format(bare)}:{line}"

    def first_of(self, *names: str) -> str:
        """The first of the templates that there is; the last where there is none."""
        found = (name for name in names if self._levels.find(name) is not None)
        return next(found, names[-1])

    def made_files(self) -> tuple[Artifact, ...]:
        """The images that templates have asked for so far, by path."""
        return tuple(self._made[path] for path in sorted(self._made))

    def _warn(self, missing: Missing) -> None:
        """A condition on a field that a page can never have: told once, nothing is stopped."""
        self._reads.note(*ALWAYS)
        frame: FrameType | None = sys._getframe()
        while frame is not None and not frame.f_code.co_filename.startswith(FILE):
            frame = frame.f_back
        template = frame.f_globals.get("__jinja_template__") if frame is not None else None
        if frame is None or template is None:
            return
        line = template.get_corresponding_lineno(frame.f_lineno)
        level, bare = self._levels.find(template.name) or (self._levels.all[0], template.name)
        kind = _kind(type(missing._undefined_obj).__name__.removesuffix("View"))
        name = str(missing._undefined_name)
        close = nearest(name, known_names(missing))
        problem = Problem(
            "warning",
            "template",
            f"a {kind} has no `{name}`: this condition is always false",
            Span(level.shown.format(bare), line),
            _line(level, bare, line),
            (f"did you mean `{close}`?",) if close else (),
        )
        if problem not in self._problems:
            self._problems.append(problem)

    def _problem(self, error: Exception, name: str, page: str, context: Iterable[str]) -> Problem:
        """What an exception that rose from a template means to its author."""
        help = [f"while rendering {page}"]
        message = self._in_authors_words(error)
        if isinstance(error, jinja2.TemplateNotFound):
            missing = self._levels.bare(str(error.name or name))
            message = f"there is no template `{missing}`"
            close = nearest(missing, self._levels.names())
            help.append(f"did you mean `{close}`?" if close else f"write templates/{missing}")
            if not _frames(error):
                return Problem("fatal", "template", message, help=tuple(help))
        else:
            close = self._meant(error, context)
            help += [f"did you mean `{close}`?"] if close else []
        found, line = self._place(error, name)
        level, bare = self._levels.find(found) or (self._levels.all[0], found)
        span = Span(level.shown.format(bare), line)
        return Problem("fatal", "template", message, span, _line(level, bare, line), tuple(help))

    def _meant(self, error: Exception, context: Iterable[str]) -> str | None:
        """The known name that one which is not there may be meant to be."""
        if isinstance(error, MissingError):
            return nearest(error.name, context if error.known is None else error.known)
        unknown = _UNKNOWN.search(str(error))
        if unknown is None:
            return None
        known = self.environment.filters if unknown[1] == "filter" else self.environment.tests
        return nearest(unknown[2], known)

    def _place(self, error: Exception, name: str) -> tuple[str, int]:
        """The template and line of an error: from the error itself, else from its traceback."""
        if isinstance(error, jinja2.TemplateSyntaxError):
            return error.name or name, error.lineno
        frames = _frames(error)
        return frames[-1] if frames else (name, 1)

    def _in_authors_words(self, error: Exception) -> str:
        message = str(getattr(error, "message", None) or error)
        message = _VIEW.sub(lambda found: f"a {_kind(found[1])}", message)
        for level in self._levels.all:
            message = message.replace(level.prefix, "") if level.prefix else message
        if isinstance(error, jinja2.TemplateError):
            return message
        return f"{type(error).__name__}: {message}"


def _kind(name: str) -> str:
    """What a view shows, in an author's words."""
    return "page" if name == "Origin" else name.lower()


def _unfolded(filter: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, never applied while a template is compiled: what it reads would be noted then,
    and what it gives depends on the site, but built-in templates are compiled for all."""

    @jinja2.pass_context
    def applied(context: object, *args: Any, **named: Any) -> Any:
        return filter(*args, **named)

    return applied


def _frames(error: Exception) -> list[tuple[str, int]]:
    """The templates and lines that an exception came through, outermost first."""
    return [
        (frame.filename.removeprefix(FILE), frame.lineno or 1)
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith(FILE)
    ]


def _line(level: Level, name: str, line: int) -> str:
    """A line of a template, for an excerpt."""
    try:
        lines = level.text(name).split("\n")
    except (OSError, jinja2.TemplateSyntaxError):
        return ""
    return lines[line - 1] if 0 < line <= len(lines) else ""

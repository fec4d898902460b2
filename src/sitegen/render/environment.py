"""The Jinja environment: Tera's manners where the two languages differ.

`map.items` is the map's own entry before Python's method, nothing prints as nothing, truth prints
as `true`, and a date prints as front matter writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jinja2
import msgspec
from jinja2 import nodes
from jinja2.environment import TemplateModule
from jinja2.runtime import Context

from sitegen.base.errors import Problem, Span
from sitegen.render.components import Tera2, component_functions
from sitegen.render.filters import FILTERS, TESTS
from sitegen.render.filters.values import as_text
from sitegen.render.loader import Levels, Loader
from sitegen.render.missing import Missing
from sitegen.render.reads import ALWAYS, Read, Reads
from sitegen.render.scope import Generator, SetGlobal, settle_globals


class Template(jinja2.Template):
    """A template; whoever imports it has read what was read when its module was made, which is
    once."""

    environment: Environment
    _read: frozenset[Read] = frozenset()

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        reads, make = self.environment.reads, super()._get_default_module
        module, read = reads.during(lambda: make(ctx))
        self._read |= read
        reads.noted |= self._read
        return module


class Environment(jinja2.Environment):
    """Jinja's environment over the levels of a site's templates."""

    template_class = Template
    code_generator_class = Generator

    def __init__(
        self,
        levels: Levels,
        functions: Mapping[str, Callable[..., Any]],
        undefined: type[Missing] = Missing,
        reads: Reads | None = None,
        compiled: jinja2.BytecodeCache | None = None,
    ) -> None:
        super().__init__(
            loader=Loader(levels),
            autoescape=lambda name: not (name or "").endswith(".md"),
            undefined=undefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            finalize=printed,
            bytecode_cache=compiled,
            extensions=["jinja2.ext.loopcontrols", SetGlobal, Tera2],
        )
        self.levels = levels
        self._joined: dict[tuple[str, str], str] = {}
        self.reads = reads or Reads()
        self.filters.update(FILTERS, escape_html=self.filters["escape"])
        self.tests.update(TESTS)
        parts = component_functions(self, levels)
        # A component is sought in all templates, and nobody has noted which.
        noted = self.reads.noting(ALWAYS[0], parts["component"])
        self.globals.update(functions, **{**parts, "component": noted})

    def join_path(self, template: str, parent: str) -> str:
        found = self._joined.get((template, parent))
        if found is None:
            found = self._joined[template, parent] = self.levels.below(template, parent)
        return found

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, msgspec.Struct):  # most are, and `Mapping` takes long to say no
            try:
                return getattr(obj, attribute)
            except AttributeError:
                return self.undefined(obj=obj, name=attribute)
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)

    def _load_template(self, name: str, globals: Any) -> jinja2.Template:
        self.reads.note("template", name)
        return super()._load_template(name, globals)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        template = super()._parse(source, name, filename)
        settle_globals(template)
        return template


def printed(value: Any) -> Any:
    """What `{{ value }}` shows of a value."""
    if isinstance(value, (str, jinja2.Undefined)):
        return value
    return value if hasattr(value, "__html__") else as_text(value)


def why_no_template(file: str, text: str) -> Problem | None:
    """What Jinja2 does not understand in a template's text; None where it does all."""
    levels = Levels((), None)
    try:
        Environment(levels, {}).parse(text)
    except jinja2.TemplateSyntaxError as error:
        lines = text.split("\n")
        excerpt = lines[error.lineno - 1] if error.lineno <= len(lines) else ""
        message = str(error.message)
        return Problem("warning", "template", message, Span(file, error.lineno), excerpt)
    return None

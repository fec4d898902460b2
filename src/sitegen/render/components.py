"""Components of Tera 2: found in a site's templates by their names, and called by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jinja2
from jinja2.ext import Extension
from jinja2.runtime import Context, Macro, Undefined
from markupsafe import Markup

from sitegen.base.errors import nearest
from sitegen.base.tera2 import as_jinja, components_only, definitions, macro_of
from sitegen.render.loader import FILE, Levels


class Tera2(Extension):
    """Reads what only Tera 2 understands as Jinja2."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return as_jinja(source)


def homes_of(levels: Levels) -> dict[str, str]:
    """The templates that define components, by these; of two the one that the site has first."""
    found: dict[str, str] = {}
    for level in reversed(levels.all):
        for name in level.names():
            if not name.endswith((".html", ".xml", ".txt", ".md")):
                continue
            try:
                text = level.text(name)
            except (OSError, jinja2.TemplateSyntaxError):
                continue
            if "component" in text:
                found |= {one.name: level.prefix + name for one in definitions(text)}
    return found


def component_functions(
    environment: jinja2.Environment, levels: Levels
) -> Mapping[str, Callable[..., Any]]:
    """What rewritten templates call: components, parameters from the context, `...`."""

    @cache
    def homes() -> dict[str, str]:
        return homes_of(levels)

    @cache
    def template(home: str) -> jinja2.Template:
        found = levels.find(home)
        assert found is not None  # noqa: S101 (it was found when homes were)
        level, name = found
        code = environment.compile(
            components_only(level.text(name)), home, f"{FILE}{level.prefix}{name}"
        )
        return jinja2.Template.from_code(environment, code, environment.make_globals(None))

    @jinja2.pass_context
    def component(context: Context, name: str, /, **arguments: Any) -> Any:
        home = homes().get(name)
        if home is None:
            close = nearest(name, homes())
            hint = f"; did you mean `{close}`?" if close else ""
            raise jinja2.TemplateRuntimeError(f"there is no component `{name}`{hint}")
        module = template(home).make_module(context.get_all())
        macro: Macro = getattr(module, macro_of(name))
        body = arguments.pop("caller", None)
        unknown = arguments.keys() - set(macro.arguments)
        if unknown and not macro.catch_kwargs:
            raise jinja2.TemplateRuntimeError(f"the component `{name}` takes no `{min(unknown)}`")
        if body is not None:
            arguments["caller"] = lambda: Markup(body())  # noqa: S704 (a template gave it)
        return macro(**arguments)

    @jinja2.pass_context
    def implicit(context: Context, name: str, default: Any = jinja2.Undefined) -> Any:
        value = context.get(name, default)
        if value is jinja2.Undefined or (isinstance(value, Undefined) and default is not Undefined):
            return default if default is not Undefined else environment.undefined(name=name)
        return value

    def nothing(name: str) -> Any:
        return environment.undefined(name=name)

    return {
        "component": component,
        "implicit_": implicit,
        "nothing_": nothing,
        "spread_": spread,
    }


def spread(*parts: Any) -> Any:
    """Lists as one list, or maps as one map."""
    if parts and isinstance(parts[0], Mapping):
        merged: dict[Any, Any] = {}
        for part in parts:
            merged |= dict(part)
        return merged
    return [item for part in parts for item in part]

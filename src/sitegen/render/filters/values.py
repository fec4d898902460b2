"""What filters share: arrays, texts and attributes of whatever a template hands them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import jinja2
import msgspec
from markupsafe import Markup

from sitegen.render.dates import as_date, iso_date


class FilterError(jinja2.TemplateRuntimeError):
    """A filter, test or function was given what it cannot take."""


def needs_array(value: Any, filter: str) -> list[Any]:
    """The value's items; a text or a map is no array, and neither is nothing."""
    if isinstance(value, (list, tuple, range)) or (
        isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping))
    ):
        return list(value)
    raise FilterError(f"`{filter}` needs an array, and was given {describe(value)}")


def needs_number(value: Any, filter: str) -> int | float:
    """The value, where it is a number."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise FilterError(f"`{filter}` needs a number, and was given {describe(value)}")


def needs_text(value: Any, filter: str) -> str:
    """The value as text, without its being safe; a date is text as front matter writes it."""
    if isinstance(value, Markup):
        return str.__str__(value)
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return as_text(value)
    date = as_date(value) if value is not None else None
    if date is not None:
        return iso_date(date)
    raise FilterError(f"`{filter}` needs a text, and was given {describe(value)}")


def as_text(value: Any) -> str:
    """The value as Tera would print it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, Mapping):
        return "[object]"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(as_text(item) for item in value)}]"
    date = None if isinstance(value, (str, int, float)) else as_date(value)
    return str(value) if date is None else iso_date(date)


def alike(value: Any, text: str) -> str:
    """The text, safe where the value that it was made from was."""
    return Markup(text) if isinstance(value, Markup) else text  # noqa: S704 (a part of what was safe)


def describe(value: Any) -> str:
    """The value for a message; one that is not there says so itself, by raising."""
    if isinstance(value, jinja2.Undefined):
        return str(value)
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return as_text(value)
    if isinstance(value, str):
        return f"the text `{value[:40]}`"
    if isinstance(value, (int, float)):
        return f"the number {value}"
    if isinstance(value, Mapping):
        return "a map"
    if isinstance(value, (list, tuple)):
        return "an array"
    return f"a {type(value).__name__.removesuffix('View').lower()}"


def look_up(value: Any, attribute: str) -> Any:
    """What a dotted path leads to from the value; None where it leads nowhere."""
    for part in attribute.split("."):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, (list, tuple)) and part.isdigit():
            value = value[int(part)] if int(part) < len(value) else None
        else:
            value = getattr(value, part, None) if not part.startswith("_") else None
    return value


def as_map(value: Any, filter: str) -> Mapping[str, Any]:
    """The value's fields by name."""
    if isinstance(value, Mapping):
        return value
    if isinstance(value, msgspec.Struct):
        return fields_of(value)
    raise FilterError(f"`{filter}` needs a map, and was given {describe(value)}")


def fields_of(value: msgspec.Struct) -> dict[str, Any]:
    """The fields that a template is meant to see of a value."""
    names = [name for name in value.__struct_fields__ if name not in ("around", "bare", "body")]
    listed = [name for name in ("toc", "pages") if hasattr(type(value), name)]
    return {name: getattr(value, name) for name in dict.fromkeys((*names, *listed))}

"""Tera's tests: `x is starting_with("a")`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from sitegen.render.filters.texts import compile_pattern
from sitegen.render.filters.values import FilterError, describe, look_up, needs_text


def starting_with(value: Any, needle: str) -> bool:
    return needs_text(value, "starting_with").startswith(needle)


def ending_with(value: Any, needle: str) -> bool:
    return needs_text(value, "ending_with").endswith(needle)


def containing(value: Any, needle: Any) -> bool:
    """Whether a text has the part, an array the item, a map the key."""
    if isinstance(value, (str, Mapping, list, tuple)):
        return needle in value
    if isinstance(value, msgspec.Struct):
        return look_up(value, str(needle)) is not None
    raise FilterError(f"`containing` cannot look into {describe(value)}")


def matching(value: Any, pattern: str) -> bool:
    """Whether a regular expression is met anywhere in a text."""
    expression = compile_pattern(pattern, "matching")
    return expression.search(needs_text(value, "matching")) is not None


def iterable(value: Any) -> bool:
    return isinstance(value, (list, tuple, range, Mapping))


def object(value: Any) -> bool:
    return isinstance(value, (Mapping, msgspec.Struct))


def number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

"""Tera's tests: `x is starting_with("a")`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from sitegen.render.filters.texts import compile_pattern
from sitegen.render.filters.values import FilterError, describe, look_up, needs_text


def starting_with(value: Any, pat: str) -> bool:
    return needs_text(value, "starting_with").startswith(pat)


def ending_with(value: Any, pat: str) -> bool:
    return needs_text(value, "ending_with").endswith(pat)


def containing(value: Any, pat: Any) -> bool:
    """Whether a text has the part, an array the item, a map the key."""
    if isinstance(value, (str, Mapping, list, tuple)):
        return pat in value
    if isinstance(value, msgspec.Struct):
        return look_up(value, str(pat)) is not None
    raise FilterError(f"`containing` cannot look into {describe(value)}")


def matching(value: Any, pat: str) -> bool:
    """Whether a regular expression is met anywhere in a text."""
    expression = compile_pattern(pat, "matching")
    return expression.search(needs_text(value, "matching")) is not None


def iterable(value: Any) -> bool:
    return isinstance(value, (list, tuple, range, Mapping))


def object(value: Any) -> bool:
    return isinstance(value, (Mapping, msgspec.Struct))


def divisible_by(value: Any, divisor: int) -> bool:
    return bool(value % divisor == 0)


def number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

"""Filters on arrays and maps, by Tera's names and with its semantics.

Each returns a list, so that what it gives has a length and can be read twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import Undefined, pass_context, pass_eval_context
from jinja2.filters import do_join, sync_do_map, sync_do_slice
from jinja2.nodes import EvalContext
from jinja2.runtime import Context
from markupsafe import Markup

from sitegen.render.filters.values import (
    FilterError,
    as_map,
    as_text,
    describe,
    look_up,
    needs_array,
)


def first(value: Any) -> Any:
    """The first item; an empty text where there is none."""
    items = value if isinstance(value, str) else needs_array(value, "first")
    return items[0] if items else ""


def last(value: Any) -> Any:
    """The last item; an empty text where there is none."""
    items = value if isinstance(value, str) else needs_array(value, "last")
    return items[-1] if items else ""


def nth(value: Any, n: int) -> Any:
    """The item at `n`, counted from 0; an empty text where there is none."""
    items = needs_array(value, "nth")
    return items[n] if 0 <= n < len(items) else ""


@pass_eval_context
def join(context: EvalContext, value: Any, sep: str = "", attribute: str | None = None) -> Any:
    """The items as one text, `sep` between them."""
    items: Iterable[Any] = value if isinstance(value, str) else needs_array(value, "join")
    if attribute is not None:
        items = [look_up(item, attribute) for item in items]
    return do_join(
        context, [item if isinstance(item, str) else as_text(item) for item in items], sep
    )


def sort(
    value: Any, reverse: bool = False, case_sensitive: bool = True, attribute: str | None = None
) -> list[Any]:
    """The items in ascending order of themselves or of an attribute, which each must have."""
    items = needs_array(value, "sort")

    def key(item: Any) -> Any:
        found = look_up(item, attribute) if attribute else item
        if found is None:
            raise FilterError(f"`sort`: {describe(item)} has no `{attribute}` to be sorted by")
        return found.casefold() if isinstance(found, str) and not case_sensitive else found

    return sorted(items, key=key, reverse=reverse)


def unique(value: Any, case_sensitive: bool = False, attribute: str | None = None) -> list[Any]:
    """The items without those that have been before; items without the attribute are left out."""
    seen: dict[Any, Any] = {}
    for item in needs_array(value, "unique"):
        found = look_up(item, attribute) if attribute else item
        if isinstance(found, str) and not case_sensitive:
            found = found.lower()
        if found is not None:
            seen.setdefault(_hashable(found), item)
    return list(seen.values())


def group_by(value: Any, attribute: str) -> dict[str, list[Any]]:
    """Items by the text of an attribute, in the order of their first; those without it are left
    out."""
    grouped: dict[str, list[Any]] = {}
    for item in needs_array(value, "group_by"):
        found = look_up(item, attribute)
        if found is not None:
            grouped.setdefault(as_text(found), []).append(item)
    return grouped


def filter(given: Any, /, attribute: str, value: Any = None) -> list[Any]:
    """The items whose attribute is `value`; without one, those that have the attribute."""
    items = [(item, look_up(item, attribute)) for item in needs_array(given, "filter")]
    if value is None:
        return [item for item, found in items if found is not None]
    return [item for item, found in items if found is not None and found == value]


@pass_context
def map(
    context: Context, value: Any, *names: str, attribute: str | None = None, **named: Any
) -> Any:
    """An attribute of each item that has it; with a filter's name, as Jinja2's `map`."""
    if names or attribute is None:
        return list(sync_do_map(context, value, *names, **named))
    found = [look_up(item, attribute) for item in needs_array(value, "map")]
    return [item for item in found if item is not None]


def slice(
    value: Any,
    slices: int | None = None,
    fill_with: Any = None,
    start: int | None = None,
    end: int | None = None,
) -> Any:
    """The items from `start` up to `end`, negative ones counted from behind.

    With a number alone, Jinja2's `slice`: the items in that many columns.
    """
    items = needs_array(value, "slice")
    if slices is not None:
        return list(sync_do_slice(items, slices, fill_with))
    return items[_place(start) : _place(end)]


def _place(number: int | float | None) -> int | None:
    return None if number is None else int(number)


def concat(value: Any, with_: Any = None, **named: Any) -> list[Any]:
    """The items, and those of another array, or one more."""
    other = _only(named, "with", "concat", with_)
    more = list(other) if isinstance(other, (list, tuple, range)) else [other]
    return [*needs_array(value, "concat"), *more]


def length(value: Any) -> int:
    """The number of items, entries or characters."""
    try:
        return len(value)
    except TypeError:
        return len(needs_array(value, "length"))


def reverse(value: Any) -> Any:
    """The items, or the characters, last first."""
    if isinstance(value, str):
        return value[::-1]
    return needs_array(value, "reverse")[::-1]


_UNSAID = object()


def get(value: Any, key: str, default: Any = _UNSAID) -> Any:
    """The entry of a map; `default` where it has none."""
    found = as_map(value, "get").get(key, default)
    if found is _UNSAID:
        raise FilterError(f"`get`: there is no `{key}`; say what else with `default=`")
    return found


def items(value: Any) -> list[tuple[str, Any]]:
    """A map's entries as pairs."""
    return [] if isinstance(value, Undefined) else list(as_map(value, "items").items())


def default(
    given: Any, default_value: Any = "", boolean: bool = False, *, value: Any = _UNSAID
) -> Any:
    """The value; another one where it is not there or nothing, or, with `boolean`, false."""
    other = default_value if value is _UNSAID else value
    if isinstance(given, Undefined) or given is None or (boolean and not given):
        return other
    return given


def _only(named: Mapping[str, Any], name: str, filter: str, positional: Any) -> Any:
    """An argument whose name Python keeps for itself."""
    for other in named:
        if other != name:
            raise FilterError(f"`{filter}` has no argument `{other}`")
    return named.get(name, positional)


def _hashable(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_hashable(item) for item in value)
    if isinstance(value, Mapping):
        return tuple((key, _hashable(item)) for key, item in value.items())
    return str(value) if isinstance(value, Markup) else value

"""What a block leaves behind as values: names to be stored, and inline expressions.

Standard library only; arrays are known by what they can do, so that no framework is imported.
"""

from __future__ import annotations

import math
from typing import Any

from sitegen_frames import describe_frames

LONGEST_TEXT = 200
"""Characters of a string that is stored as a value."""

LONGEST_INLINE = 10_000


def answer(ask: dict[str, Any], names: dict[str, Any], page: str) -> dict[str, Any]:
    """The values and inline expressions that a request asks for, from the block's names."""
    if not ask:
        return {}
    values: dict[str, Any] = {}
    unfit: list[str] = []
    for name in ask.get("values", ()):
        try:
            values[name] = plain(names[name])
        except KeyError:
            unfit.append(f"`values` names `{name}`, which the block does not define")
        except TypeError as error:
            unfit.append(f"`values` names `{name}`: {error}")
    inlines = [evaluate(code, spec, names, page) for code, spec in ask.get("inlines", ())]
    return {"values": values, "unfit": unfit, "inlines": inlines}


def plain(value: Any) -> bool | int | float | str:
    """A number or short string as JSON can hold it; an array of one element counts as that."""
    value = unwrapped(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(float(value))
    if isinstance(value, str) and len(value) <= LONGEST_TEXT:
        return str(value)
    if isinstance(value, str):
        raise TypeError(f"a string of {len(value)} characters; {LONGEST_TEXT} is the limit")
    raise TypeError(f"a {type(value).__name__} is neither a number nor a string")


def unwrapped(value: Any) -> Any:
    """The element of an array that has only one; all else as it is."""
    shape = getattr(value, "shape", None)
    if shape is None or not hasattr(value, "item"):
        return value
    try:
        return value.item() if math.prod(shape) == 1 else value
    except (TypeError, ValueError):
        return value


def evaluate(code: str, spec: str, names: dict[str, Any], page: str) -> dict[str, Any]:
    """The text of an expression, a string as it is; or how it failed."""
    try:
        value = unwrapped(eval(compile(code, f"{page}/inline.py", "eval"), names))  # noqa: S307
        text = format(value, spec)
    except BaseException as error:
        frames = describe_frames(error, page)
        failure = {"type": "failure", "name": type(error).__name__, "value": str(error)}
        return {"code": code, "failure": failure | {"frames": frames}}
    return {"code": code, "text": text[:LONGEST_INLINE]}

"""Plain values in JSON that gives them back as they are: dates and times are told from texts."""

from __future__ import annotations

import datetime as dt
from math import isfinite
from typing import Any

MARK = "\0"
"""What the key begins with that a date or time stands under, in an object of its own."""

_READ = {
    f"{MARK}datetime": dt.datetime.fromisoformat,
    f"{MARK}date": dt.date.fromisoformat,
    f"{MARK}time": dt.time.fromisoformat,
}


def is_exact(value: Any) -> bool:
    """Whether JSON gives back what `marked` makes of a value: numbers without end it does not, nor
    very large ones."""
    match value:
        case None | str() | bool() | dt.date() | dt.time():
            return True
        case int():
            return abs(value) < 1 << 53
        case float():
            return isfinite(value)
        case list():
            return all(map(is_exact, value))
        case dict():
            names = all(isinstance(key, str) and not key.startswith(MARK) for key in value)
            return names and all(map(is_exact, value.values()))
        case _:
            return False


def marked(value: Any) -> Any:
    """The value with each date and time as an object that says so."""
    match value:
        case dt.datetime():
            return {f"{MARK}datetime": value.isoformat()}
        case dt.date():
            return {f"{MARK}date": value.isoformat()}
        case dt.time():
            return {f"{MARK}time": value.isoformat()}
        case list():
            return [marked(item) for item in value]
        case dict():
            return {key: marked(item) for key, item in value.items()}
        case _:
            return value


def unmarked(value: Any) -> Any:
    """What `marked` was given."""
    match value:
        case list():
            return [unmarked(item) for item in value]
        case dict():
            [kind] = value if len(value) == 1 else [""]
            read = _READ.get(kind)
            if read is not None:
                return read(value[kind])
            return {key: unmarked(item) for key, item in value.items()}
        case _:
            return value

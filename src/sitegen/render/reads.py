"""What a page has read while it was rendered: noted by whatever hands it out."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

Read = tuple[str, str]
"""A kind and a name: `("file", "data.csv")`, `("template", "page.html")`, `("day", "")`; a field of
a page, section or term is `(its path, the field)`."""

_NAMED = ("file", "env")

ALWAYS: Read = ("always", "")
"""What cannot be told to be as it was: a page that has read it is rendered every time."""


class Reads:
    """The reads since `begin`."""

    def __init__(self) -> None:
        self.noted: set[Read] = set()

    def begin(self) -> None:
        """Forget what was read before."""
        self.noted = set()

    def note(self, kind: str, name: str = "") -> None:
        """Something was read."""
        self.noted.add((kind, name))

    def noting(self, kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, which then notes that it was called, and which file or variable it is to
        look at."""

        @wraps(function)
        def asked(*args: Any, **named: Any) -> Any:
            name = ""
            if kind in _NAMED:
                name = str(args[0] if args else named.get("path", named.get("name", "")))
            self.note(kind, name)
            return function(*args, **named)

        return asked

"""What a page has read while it was rendered: noted by whatever hands it out."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from sitegen.model import ALWAYS, Read

__all__ = ["ALWAYS", "Read", "Reads"]

_NAMED = ("file", "env")


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

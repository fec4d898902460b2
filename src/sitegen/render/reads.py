"""What a page has read while it was rendered: noted by whatever hands it out."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from sitegen.model import ALWAYS, Read

__all__ = ["ALWAYS", "Read", "Reads"]

T = TypeVar("T")

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

    def during(self, make: Callable[[], T]) -> tuple[T, set[Read]]:
        """What is made, and what was read meanwhile, which is noted as ever."""
        before, self.noted = self.noted, set()
        try:
            return make(), self.noted
        finally:
            self.noted = before | self.noted

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

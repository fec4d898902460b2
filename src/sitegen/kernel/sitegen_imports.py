"""Which modules a post imports, and which of them it found imported."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import islice

from sitegen_frameworks import COMPILER

SLOW = ("jax", "matplotlib", "numpy", "pandas", "scipy", "torch")
"""What takes long enough to import that a reader would wonder why it took no time."""

_IMPORT = re.compile(r"^[ \t]*(?:import[ \t]+(?P<modules>[^\n;]+)|from[ \t]+(?P<module>\w+))", re.M)


class Imports:
    """Top-level modules by what the code names and by what is new in the process."""

    def __init__(self, *, forked: bool) -> None:
        self._known = len(sys.modules)
        self._found: set[str] = set()
        self._loaded = {name for name in SLOW if name in sys.modules} if forked else set()
        if forked and COMPILER in sys.modules:
            self._loaded.add("torch.compile")

    def already_loaded(self, code: str) -> list[str]:
        """What the code is the first to import, and what had been imported before its kernel."""
        named = {*_named(code)} | ({"torch.compile"} if "torch.compile" in code else set())
        found = self._loaded & named
        self._loaded -= found
        return sorted(found)

    def take(self, code: str) -> list[str]:
        """All top-level modules that were imported so far, of code that has just run too."""
        new = len(sys.modules) - self._known
        if new > 0:
            names = list(islice(reversed(sys.modules), new))
            self._found |= {name.partition(".")[0] for name in names}
            self._known = len(sys.modules)
        self._found |= {name for name in _named(code) if name in sys.modules}
        return sorted(self._found)


def _named(code: str) -> Iterator[str]:
    """The top-level modules that the code's import statements name."""
    for found in _IMPORT.finditer(code):
        for part in (found["modules"] or found["module"]).split(","):
            yield part.split()[0].partition(".")[0] if part.strip() else ""

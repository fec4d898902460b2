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
    """Top-level modules that the code of the post names, and those that are new in the process."""

    def __init__(self, *, forked: bool) -> None:
        self.named: set[str] = set()
        self.new: set[str] = set()
        self._known = 0
        self._loaded = {name for name in SLOW if name in sys.modules} if forked else set()
        if forked and COMPILER in sys.modules:
            self._loaded.add("torch.compile")

    def begin(self) -> None:
        """Take what is imported before the first block as the kernel's."""
        self._known = self._known or len(sys.modules)

    def already_loaded(self, code: str) -> list[str]:
        """What the code is the first to import, and what had been imported before its kernel."""
        named = {*named_in(code)} | ({"torch.compile"} if "torch.compile" in code else set())
        found = self._loaded & named
        self._loaded -= found
        return sorted(found)

    def note(self, code: str) -> None:
        """Add what code that has just run has imported."""
        names = islice(reversed(sys.modules), max(0, len(sys.modules) - self._known))
        self.new |= {name.partition(".")[0] for name in names}
        self._known = len(sys.modules)
        self.named |= {name for name in named_in(code) if name in sys.modules}


def named_in(code: str) -> Iterator[str]:
    """The top-level modules that the code's import statements name."""
    for found in _IMPORT.finditer(code):
        for part in (found["modules"] or found["module"]).split(","):
            yield part.split()[0].partition(".")[0] if part.strip() else ""

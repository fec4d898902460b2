"""The text of a stream: what is kept of it, and what a terminal would show."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from typing import Literal

from sitegen.execute.terminal import as_terminal
from sitegen.model import Stream

MAX_STREAM = 1_100_000
MAX_TAIL = 40_000
"""Characters of a block's stream that are kept: of its beginning, and of its end."""

GOES_ON = re.compile(r"\n*\r(?!\n)|\x1b\[\d*[AF]")
"""How a text begins that redraws what stands above it."""

_CUT = "\n[{:,} characters were cut here]\n"


class Text:
    """A stream that still grows: its beginning, its end, and how much between them was cut."""

    def __init__(self, name: Literal["stdout", "stderr"]) -> None:
        self.name = name
        self._parts: list[str] = []
        self._tail: deque[str] = deque()
        self._tail_size = 0
        self._cut = self._noted = 0
        self._finished: Stream | None = None

    @property
    def unfinished(self) -> bool:
        """Whether its last line goes on, as that of a progress bar does."""
        last = self._tail[-1] if self._tail else self._parts[-1] if self._parts else ""
        return bool(last) and not last.endswith("\n")

    def add(self, text: str, room: int, cut: int) -> int:
        """Take more text, of which `room` characters may stand at the beginning; what that took.

        `cut` counts what the kernel left out before this text.
        """
        self._finished = None
        if cut:
            self._parts.append(_CUT.format(cut))
            self._cut += cut
            self._noted += cut
        kept, rest = text[:room], text[room:]
        self._parts.append(kept)
        if rest:
            self._cut += len(rest)
            self._tail.append(rest[-MAX_TAIL:])
            self._tail_size += len(self._tail[-1])
            while self._tail_size - len(self._tail[0]) >= MAX_TAIL:
                self._tail_size -= len(self._tail.popleft())
        return len(kept)

    def finish(self, mask: Callable[[str], str]) -> Stream:
        """The stream as a terminal would show it in the end."""
        if self._finished is None:
            tail = "".join(self._tail)[-MAX_TAIL:]
            cut = self._cut - len(tail)
            note = [_CUT.format(cut - self._noted)] if cut > self._noted else []
            parts = [*self._parts, *note, tail]
            self._finished = Stream(self.name, mask(as_terminal("".join(parts))), cut)
        return self._finished

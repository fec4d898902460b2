"""How much a kernel may say, enforced where it is said: standard library only, no side effects
but sleeping.

What is over a limit is counted and goes nowhere: a block that prints for ever would otherwise
fill the memory of the kernel first and of its reader next. Sizes are characters.
"""

from __future__ import annotations

import json
import time
from collections import deque
from typing import Any

MAX_STREAM = 1_000_000
MAX_TAIL = 20_000
"""Of what a block writes to one stream: how much of its beginning is kept, how much of its end."""

MAX_OUTPUT = 10_000_000
MAX_OUTPUTS = 1_000
MAX_POST = 50_000_000
"""The size of one rich output, how many a block may show, and the size of all in a kernel."""

FREE = 20_000_000
RATE = 10_000_000
"""What a block may replace as fast as it can, and how much a second after that.

A display that is updated or cleared again and again is not cut, since only its last state counts;
its sender is slowed down instead, so that the reader keeps up and nothing piles up between them.
"""

MESSAGE = 1_000
"""What a message takes besides its content."""

_PACED = 1_000_000


class StreamLimit:
    """What a block writes to one stream: its beginning goes on, its end is kept for later."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._room = MAX_STREAM
        self._tail: deque[str] = deque()
        self._held = 0
        self._cut = 0

    def take(self, text: str) -> str:
        """The part of the text that may be sent now."""
        kept = text[: self._room]
        self._room -= len(kept)
        if len(kept) < len(text):
            rest = text[len(kept) :]
            self.skip(max(0, len(rest) - MAX_TAIL))
            self._tail.append(rest[-MAX_TAIL:])
            self._held += len(self._tail[-1])
            while self._held - len(self._tail[0]) >= MAX_TAIL:
                self.skip(len(self._tail[0]))
                self._held -= len(self._tail.popleft())
        return kept

    def skip(self, count: int) -> None:
        """Count characters that were cut before they came here."""
        self._cut += count

    def end(self) -> tuple[str, int]:
        """The end of the text, and how many characters were cut before it; starts anew."""
        tail, cut = "".join(self._tail), self._cut
        over = max(0, len(tail) - MAX_TAIL)
        self.reset()
        return tail[over:], cut + over


class Limits:
    """The limits of rich outputs and of what is sent, of one kernel and its running block."""

    def __init__(self) -> None:
        self._room = MAX_POST
        self._sizes: dict[str, int] = {}
        self.begin()

    def begin(self) -> None:
        """A new block."""
        self._shown = self._used = self._written = 0
        self._left_out = self._cut = 0
        self._replaced = self._owed = 0

    def admits(self, size: int, identity: str | None = None, *, update: bool = False) -> bool:
        """Whether an output may be sent; if not, it is counted. An update replaces what was."""
        before = self._sizes.get(identity, 0) if identity and update else 0
        if not update and self._shown >= MAX_OUTPUTS:
            admitted = False
        else:
            admitted = size <= MAX_OUTPUT and size - before <= self._room
        if not admitted:
            self._left_out += 1
            self._cut += size
            return False
        self._room -= size - before
        if identity:
            self._sizes[identity] = size
        if update:
            self._replace(before + MESSAGE)
        else:
            self._shown += 1
            self._used += size
        return True

    def write(self, size: int) -> None:
        """Count what was written to a stream."""
        self._written += size

    def clear(self) -> None:
        """What the block has shown so far is gone."""
        self._room += self._used
        self._replace(self._used + self._written + MESSAGE)
        self._shown = self._used = self._written = self._left_out = self._cut = 0

    def _replace(self, size: int) -> None:
        """Count what was replaced, and wait where a block sends more than its reader can take."""
        self._replaced += size
        if self._replaced > FREE:
            self._owed += size
            if self._owed > _PACED:
                owed, self._owed = self._owed, 0
                time.sleep(owed / RATE)

    def note(self) -> tuple[str, int] | None:
        """What is to be said of the outputs that were left out, and their size."""
        if not self._left_out:
            return None
        what = "an output" if self._left_out == 1 else f"{self._left_out:,} outputs"
        were = "was" if self._left_out == 1 else "were"
        return (
            f"[{what} of {self._cut:,} characters {were} left out: a page holds {MAX_OUTPUT:,} of "
            f"one output, {MAX_OUTPUTS:,} outputs of a block and {MAX_POST:,} characters in all]",
            max(1, self._cut),
        )


def size_of(bundle: dict[str, Any]) -> int:
    """The characters of a rich output in all its forms."""
    size = 0
    for value in bundle.values():
        if isinstance(value, bytes):
            size += len(value) * 4 // 3
        elif isinstance(value, str):
            size += len(value)
        else:
            size += len(json.dumps(value, default=str))
    return size

"""What a block has given so far, while it runs, as often as somebody can read it."""

from __future__ import annotations

import time
from collections.abc import Callable

from sitegen.execute.messages import Fold
from sitegen.model import Output

OFTEN = 0.1
"""Seconds between two looks at a block's outputs."""

SHARE = 0.1
"""The part of the time that looking may take: long outputs are looked at less often."""


class SoFar:
    """Follows a fold; when it last looked is remembered, so that nothing is looked at in vain."""

    def __init__(self, fold: Fold, clock: Callable[[], float] = time.monotonic) -> None:
        self._fold = fold
        self._clock = clock
        self._next = float("-inf")
        self._latest: Output | None = None
        self._behind = False

    def note(self, step: Output | None) -> tuple[Output, tuple[Output, ...]] | None:
        """The latest output and all of them, if there is news and it is time; `step` is what came
        now, None for nothing."""
        if step is not None:
            self._latest, self._behind = step, True
        begun = self._clock()
        if not self._behind or self._latest is None or begun < self._next:
            return None
        outputs = self._fold.outputs()
        now = self._clock()
        self._next = now + max(OFTEN, (now - begun) / SHARE)
        self._behind = False
        return self._latest, outputs

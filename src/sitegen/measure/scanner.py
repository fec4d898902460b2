"""A text read from left to right, and what is wrong with it told at its place."""

from __future__ import annotations

import re
from typing import NoReturn

from sitegen.claims import ClaimError

_SPACE = re.compile(r"\s*")


class Scanner:
    """A text and the place, `at`, behind what was read of it."""

    def __init__(self, text: str, at: int = 0) -> None:
        self.text = text
        self.at = at

    def sees(self, pattern: re.Pattern[str]) -> bool:
        """Whether a pattern stands next."""
        return pattern.match(self.text, self.skip()) is not None

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What a pattern matches next, behind any space; None, and nothing read, if it does not."""
        self.skip()
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def skip(self) -> int:
        """The place of what stands next, behind any space."""
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found is not None else self.at
        return self.at

    def word(self, word: str) -> bool:
        """Whether a word stands next; it is then read."""
        return self.take(re.compile(rf"{word}\b")) is not None

    def expected(self, what: str, help: str) -> NoReturn:
        """Something else stands next than should."""
        start = self.skip()
        rest = self.text[start:].split()
        message = f"expected {what}, found `{rest[0]}`" if rest else f"expected {what}"
        self.fail(message, start, help, len(rest[0]) if rest else 1)

    def fail(self, message: str, start: int, help: str, width: int | None = None) -> NoReturn:
        """What is wrong from a place on; without a width up to what was read."""
        raise ClaimError(message, start, self.at - start if width is None else width, help)

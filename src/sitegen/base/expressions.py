"""The text of inline expressions, `` `{python} code :format` ``: taken apart, and filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

MARK = "{python}"

_SPAN = re.compile(r"`\{python\}(\s*[^`\s][^`]*)`")
_FORMAT = re.compile(
    r"\s+:(?P<spec>(?:.?[<>=^])?[-+]?z?\#?0?\d*[,_]?(?:\.\d+)?[bcdeEfFgGnosxX%]?|%\S+)$"
)


class Expression(NamedTuple):
    """What stands behind the mark: Python, and a format as in f-strings, "" for none."""

    code: str
    format: str


def parse_expression(text: str) -> Expression:
    """The parts of what stands between the mark and the closing backtick."""
    text = text.strip()
    found = _FORMAT.search(text)
    if found is None or not text[: found.start()].strip():
        return Expression(text, "")
    return Expression(text[: found.start()].strip(), found["spec"])


def holds_expression(code: str) -> bool:
    """Whether a code span is one to evaluate; the mark alone is only a mark."""
    return code.startswith(MARK) and bool(code.removeprefix(MARK).strip())


def spans_of(text: str | None) -> Iterator[str]:
    """What stands behind the mark of each expression in a text."""
    yield from _SPAN.findall(text or "")


def fill_in(text: str, values: Sequence[str]) -> str:
    """The text with its expressions replaced by the values, in order; spaces close over gaps."""
    if MARK not in text:
        return text
    left = iter(values)
    filled = _SPAN.sub(lambda _: next(left, ""), text)
    return re.sub(r" {2,}", " ", filled).strip()

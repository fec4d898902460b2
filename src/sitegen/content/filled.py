"""Texts that are themselves templates, as in Zola 0.23: filled in, and every line keeps its number.

Each line that will stand in the text as it is carries its number through the template.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

from sitegen.base.errors import Problem
from sitegen.base.tera2 import MARK, NUMBERED, plain_parts
from sitegen.model import Origin

FillIn = Callable[[str, Origin], str | tuple[Problem, ...]]
"""What a text gives that is a template, or the mistakes in it."""


class Filled(NamedTuple):
    """A text, the body's line, from 0, that each of its lines comes from, and which a template
    gave."""

    text: str
    lines: tuple[int, ...]
    made: frozenset[int]


def fill(body: str, origin: Origin, fill_in: FillIn) -> Filled | tuple[Problem, ...]:
    """What a body gives, or the mistakes in it."""
    filled = fill_in(_numbered(body.replace(MARK, "\ufffd")), origin)
    if not isinstance(filled, str):
        return filled
    lines, made, shown = [], set(), []
    last = 0
    for number, line in enumerate(filled.split("\n")):
        found = NUMBERED.search(line)
        if found is None:
            made.add(number)
        else:
            last = int(found[1])
        lines.append(last)
        shown.append(NUMBERED.sub("", line))
    return Filled("\n".join(shown), tuple(lines), frozenset(made))


def _numbered(body: str) -> str:
    """The body with a number at the beginning of each line that lies in no tag and no body."""
    parts = plain_parts(body)
    starts = [start for start, _ in parts]
    marked, at = [], 0
    for number, line in enumerate(body.split("\n")):
        place = bisect_right(starts, at) - 1
        is_plain = place >= 0 and at <= parts[place][1]
        marked.append(f"{MARK}{number}{MARK}{line}" if is_plain else line)
        at += len(line) + 1
    return "\n".join(marked)

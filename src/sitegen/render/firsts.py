"""Which characters a match of a regular expression can begin with."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

ASCII = frozenset(range(128))
_WORD = frozenset(code for code in ASCII if chr(code).isalnum() or chr(code) == "_")
_CLASSES = {
    op.CATEGORY_DIGIT: frozenset(range(48, 58)),
    op.CATEGORY_NOT_DIGIT: ASCII - frozenset(range(48, 58)),
    op.CATEGORY_SPACE: frozenset(code for code in ASCII if chr(code).isspace()),
    op.CATEGORY_NOT_SPACE: frozenset(code for code in ASCII if not chr(code).isspace()),
    op.CATEGORY_WORD: _WORD,
    op.CATEGORY_NOT_WORD: ASCII - _WORD,
}
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_NOWHERE = (op.AT, op.ASSERT, op.ASSERT_NOT)
"""What matches no character."""


@cache
def first_characters(pattern: re.Pattern[str]) -> frozenset[int]:
    """The ASCII characters with which a match can begin: all of them, where a match may be empty or
    that is not known."""
    try:
        found, empty = _firsts(parser.parse(pattern.pattern, pattern.flags))
    except (re.error, KeyError, RecursionError):
        return ASCII
    if empty:
        return ASCII
    return _both_cases(found) if pattern.flags & re.IGNORECASE else found


def _both_cases(codes: Iterable[int]) -> frozenset[int]:
    """The characters in either case; all, where one is not ASCII: some fold to one that is."""
    found: set[int] = set()
    for code in codes:
        if code >= 128:
            return ASCII
        found |= {ord(chr(code).lower()), ord(chr(code).upper())}
    return frozenset(found)


def _firsts(parsed: Any) -> tuple[frozenset[int], bool]:
    """The first characters, and whether nothing at all may match."""
    found: frozenset[int] = frozenset()
    for kind, value in parsed:
        if kind in _NOWHERE:
            continue
        here, empty = _of_one(kind, value)
        found |= here
        if not empty:
            return found, False
    return found, True


def _of_one(kind: Any, value: Any) -> tuple[frozenset[int], bool]:
    if kind is op.LITERAL:
        return frozenset((value,)), False
    if kind is op.IN:
        return _of_class(value), False
    if kind is op.BRANCH:
        parts = [_firsts(part) for part in value[1]]
        return frozenset().union(*(part for part, _ in parts)), any(e for _, e in parts)
    if kind is op.SUBPATTERN:
        _, added, removed, inner = value
        return (ASCII, True) if added or removed else _firsts(inner)
    if kind in _REPEATS:
        found, empty = _firsts(value[2])
        return found, empty or value[0] == 0
    if kind is op.ATOMIC_GROUP:
        return _firsts(value)
    return ASCII, True  # what is not known may be anything


def _of_class(items: Any) -> frozenset[int]:
    found: frozenset[int] = frozenset()
    negated = items[0][0] is op.NEGATE
    for kind, value in items[1:] if negated else items:
        if kind is op.LITERAL:
            found |= {value}
        elif kind is op.RANGE:
            low, high = value
            # Of characters that are not ASCII one tells as much as all.
            found |= frozenset(range(low, min(high, 128) + 1)) | ({128} if high >= 128 else set())
        else:
            found |= _CLASSES[value]
    return ASCII - found if negated else found

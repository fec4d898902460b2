"""Slugs: the part of a URL that stands for a title, a file name or a term, as Zola makes it."""

from __future__ import annotations

import re
from functools import cache
from typing import assert_never

from anyascii import anyascii
from text_unidecode import unidecode

from sitegen.settings import SlugMode

_OTHER = re.compile(r"[^a-z0-9]+")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_HAN = ((0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
_SKIN = (0x1F3FB, 0x1F3FF)
_LV = frozenset("旅履铝鋁吕呂侣侶屡屢缕縷驴驢绿綠律虑慮滤濾氯")
"""Read `lü`, which Zola's table spells with a v; anyascii has no letter for it."""


def slugify(text: str) -> str:
    """Lower-case ASCII letters and digits joined by single hyphens, as Zola's mode `on`."""
    return _OTHER.sub("-", ascii_of(text).lower()).strip("-")


def ascii_of(text: str) -> str:
    """A text in ASCII: letters without accents, other scripts as they sound."""
    if text.isascii():
        return text
    return "".join(char if char.isascii() else _spelled(char) for char in text)


def slug_of(text: str, mode: SlugMode) -> str:
    """What of an URL stands for a text in one of Zola's three modes."""
    match mode:
        case "on":
            return slugify(text)
        case "safe":
            return _FORBIDDEN.sub("", text.rstrip(" ."))
        case "off":
            return text
        case _:
            assert_never(mode)


def anchor_of(text: str, mode: SlugMode) -> str:
    """A heading's id in one of Zola's three modes, of which two are the same here."""
    return slugify(text) if mode == "on" else re.sub(r"[ \t\n\r\f]", "_", text)


@cache
def _spelled(char: str) -> str:
    """A character in ASCII, "-" where nobody knows how.

    Zola's table was made from Text::Unidecode, with anyascii for what that lacks, the newer
    readings of Chinese and the names of emoji.
    """
    code = ord(char)
    if char in _LV:
        return "Lv "
    if any(first <= code <= last for first, last in _HAN):
        return f"{anyascii(char)} "
    if _SKIN[0] <= code <= _SKIN[1]:
        return ""
    known = unidecode(char) if code < 0x10000 else "[?]"
    if known and known != "[?]":
        return known
    other = anyascii(char)
    if other.startswith(":"):
        return other.strip(":") + " "
    return other or (known and "-")

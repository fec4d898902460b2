"""Slugs: the part of a URL that stands for a title, a file name or a term, as Zola makes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import assert_never

from sitegen.settings import SlugMode

_OTHER = re.compile(r"[^a-z0-9]+")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_SKIN = range(0x1F3FB, 0x1F400)
_SQUARED = range(0x1F18E, 0x1F19B)
_UNKNOWN = "[?]"
_SILENT = frozenset("☀☂☃☎☑☝☹☺♀♂♟♨✂✈✉✌✔✖✝✡✳✴❄❇❣❤")
"""Emoji that have no name in Zola's table."""
_OWN: Mapping[str, str] = {
    **dict(zip("么什价旅术", ("Me ", "Shen ", "Jia ", "Lv ", "Shu "), strict=True)),
    "⭐": "star ",
    "👍": "+1 ",
    "👎": "-1 ",
    "📝": "memo ",
    "📧": "email ",
    "📱": "iphone ",
    "🤷": "shrug ",
    "🤦": "facepalm ",
    "🙄": "roll eyes ",
    "🤗": "hugs ",
    "🚗": "car ",
    "🙇": "bow ",
    "🖖": "spock-hand ",
    "🏃": "runner ",
    "🚶": "walking ",
    "👮": "cop ",
    "⬅": "arrow left",
    "⬆": "arrow up",
    "⬇": "arrow down",
    "ℹ": "information source ",
}
"""Where Zola's table differs from those that it was made from, as far as it matters."""


def slugify(text: str) -> str:
    """Lower-case ASCII letters and digits joined by single hyphens, as Zola's mode `on`."""
    return _OTHER.sub("-", ascii_of(text).lower()).strip("-")


def ascii_of(text: str) -> str:
    """A text in ASCII: letters without accents, other scripts as they sound."""
    if text.isascii():
        return text
    return "".join(char if char.isascii() else _spelled(char) for char in text)


@lru_cache(4096)
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

    Zola's table was made from Text::Unidecode, and for what that does not know from the names of
    emoji and from anyascii.
    """
    if char in _OWN:
        return _OWN[char]
    code = ord(char)
    if code in _SKIN:
        return ""
    from anyascii import anyascii  # tables that few sites need
    from text_unidecode import unidecode

    known = unidecode(char) if code < 0x10000 else _UNKNOWN
    if known.strip() not in ("", _UNKNOWN):
        return known
    other = anyascii(char)
    if (other.startswith(":") or code in _SQUARED) and char not in _SILENT:
        return other.strip(":") + " "
    return (other or "-") if known.startswith(_UNKNOWN) else known

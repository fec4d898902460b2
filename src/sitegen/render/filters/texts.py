"""Filters on texts, by Tera's names and with its semantics.

What only takes away or adds space keeps safe HTML safe; what puts other text in does not, so that
a template says `safe` where it means it.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import quote

from sitegen.render.filters.arrays import _only
from sitegen.render.filters.values import FilterError, alike, needs_text

_TAG = re.compile(r"<!--.*?-->|<[^>]*>", re.S)
_WORD = re.compile(r"\b([\w'])([\w']*)\b")
_CHARACTER = re.compile(r"&(?:#\d+|#x[0-9a-fA-F]+|\w+);|.", re.S)
_GROUP = re.compile(r"\$(?:\{(\w+)\}|(\w+)|(\$))")


def upper(value: Any) -> str:
    return needs_text(value, "upper").upper()


def lower(value: Any) -> str:
    return needs_text(value, "lower").lower()


def trim(value: Any, chars: str | None = None) -> str:
    return alike(value, needs_text(value, "trim").strip(chars))


def trim_start(value: Any, pat: str | None = None) -> str:
    if pat is not None:
        return trim_start_matches(value, pat)
    return alike(value, needs_text(value, "trim_start").lstrip())


def trim_end(value: Any, pat: str | None = None) -> str:
    if pat is not None:
        return trim_end_matches(value, pat)
    return alike(value, needs_text(value, "trim_end").rstrip())


def trim_start_matches(value: Any, pat: str) -> str:
    """The text without `pat` at its start, however often it stands there."""
    text, pat = needs_text(value, "trim_start_matches"), _unescaped(pat)
    while pat and text.startswith(pat):
        text = text.removeprefix(pat)
    return alike(value, text)


def trim_end_matches(value: Any, pat: str) -> str:
    """The text without `pat` at its end, however often it stands there."""
    text, pat = needs_text(value, "trim_end_matches"), _unescaped(pat)
    while pat and text.endswith(pat):
        text = text.removesuffix(pat)
    return alike(value, text)


def truncate(
    value: Any, length: int = 255, killwords: bool = True, end: str = "…", leeway: int = 0
) -> str:
    """The first `length` characters and `end`, where there are more.

    With `killwords=false` the last word is left out rather than cut, as in Jinja2. In safe HTML
    `&amp;` is one character.
    """
    text = needs_text(value, "truncate")
    safe = alike(value, text) is not text
    enough = length + leeway + 1
    characters: Sequence[str] = text[:enough]
    if safe and "&" in characters:
        characters = [found[0] for found in islice(_CHARACTER.finditer(text), enough)]
    if len(characters) < enough:
        return alike(value, text)
    kept = "".join(characters[:length])
    if not killwords:
        kept = kept.rsplit(" ", 1)[0]
    return alike(value, kept + end)


def wordcount(value: Any) -> int:
    return len(needs_text(value, "wordcount").split())


def replace(value: Any, from_: Any = None, to: Any = None, count: int = -1, **named: Any) -> str:
    """The text with `to` for every `from`."""
    old = _only(named, "from", "replace", from_)
    if old is None or to is None:
        raise FilterError("`replace` needs `from` and `to`")
    old, new = needs_text(old, "replace"), needs_text(to, "replace")
    return needs_text(value, "replace").replace(old, new, count)


def capitalize(value: Any) -> str:
    return needs_text(value, "capitalize").capitalize()


def title(value: Any) -> str:
    """The text with a capital at the start of each word."""
    text = needs_text(value, "title")
    return _WORD.sub(lambda found: found[1].upper() + found[2].lower(), text)


def addslashes(value: Any) -> str:
    text = needs_text(value, "addslashes").replace("\\", "\\\\")
    return text.replace('"', '\\"').replace("'", "\\'")


def linebreaksbr(value: Any) -> str:
    text = needs_text(value, "linebreaksbr").replace("\r\n", "\n")
    return alike(value, text.replace("\n", "<br>"))


def indent(
    value: Any,
    width: int | str = 4,
    first: bool = False,
    blank: bool = False,
    prefix: str | None = None,
) -> str:
    """The lines with `prefix` (or so many spaces) before each but the first and empty ones."""
    before = prefix if prefix is not None else width if isinstance(width, str) else " " * width
    lines = needs_text(value, "indent").splitlines()
    shown = [
        before + line if (first if place == 0 else blank or line.strip()) else line
        for place, line in enumerate(lines)
    ]
    return alike(value, "\n".join(shown))


def striptags(value: Any) -> str:
    return alike(value, _stripped(needs_text(value, "striptags")))


@lru_cache(16384)
def _stripped(text: str) -> str:
    """The text without tags; remembered, since a summary stands in many lists."""
    return _TAG.sub("", text)


def spaceless(value: Any) -> str:
    return alike(value, re.sub(r">\s+<", "><", needs_text(value, "spaceless")))


def urlencode_strict(value: Any) -> str:
    """The text percent-encoded but for ASCII letters and digits."""
    text = quote(needs_text(value, "urlencode_strict"), safe="")
    return re.sub(r"[-_.~]", lambda found: f"%{ord(found[0]):02X}", text)


def escape_xml(value: Any) -> str:
    text = needs_text(value, "escape_xml").replace("&", "&amp;").replace("<", "&lt;")
    return text.replace(">", "&gt;").replace('"', "&quot;").replace("'", "&apos;")


def split(value: Any, pat: str) -> list[str]:
    text, pat = needs_text(value, "split"), _unescaped(pat)
    return text.split(pat) if pat else ["", *text, ""]


def base64_encode(value: Any) -> str:
    return base64.b64encode(needs_text(value, "base64_encode").encode()).decode()


def base64_decode(value: Any) -> str:
    text = needs_text(value, "base64_decode")
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise FilterError(f"`base64_decode`: {error}") from None


def regex_replace(value: Any, pattern: str, rep: str) -> str:
    """The text with `rep` for every match; `$1` and `${name}` are its groups, as in Zola."""
    expression = compile_pattern(pattern, "regex_replace")

    def replacement(match: re.Match[str]) -> str:
        return _GROUP.sub(lambda found: _group(found, match), rep)

    return expression.sub(replacement, needs_text(value, "regex_replace"))


def _group(found: re.Match[str], match: re.Match[str]) -> str:
    if found[3]:
        return "$"
    name = found[1] or found[2]
    try:
        return match[int(name) if name.isdigit() else name] or ""
    except IndexError:
        return ""


def compile_pattern(pattern: str, filter: str) -> re.Pattern[str]:
    """A pattern as Rust's regex writes it, which differs from Python's in a few spellings."""
    spelled = re.sub(r"\(\?<(?![=!])", "(?P<", pattern).replace(r"\z", r"\Z")
    try:
        return re.compile(spelled)
    except re.error as error:
        raise FilterError(f"`{filter}`: `{pattern}` is no regular expression: {error}") from None


def _unescaped(pat: str) -> str:
    """Tera reads `\\n` and `\\t` in a pattern as the characters that they stand for."""
    if not isinstance(pat, str):
        raise FilterError("`pat` is a text")
    return pat.replace("\\n", "\n").replace("\\t", "\t")

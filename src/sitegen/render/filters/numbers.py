"""Filters on numbers and on any value, by Tera's and Zola's names and with their semantics."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import msgspec

from sitegen.render.dates import as_date, iso_date
from sitegen.render.filters.values import FilterError, as_text, fields_of, needs_number

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_BINARY_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")

_SEPARATORS = {
    **dict.fromkeys(("en", "ja", "ko", "zh", "th", "he"), ","),
    **dict.fromkeys(("de", "it", "nl", "da", "id", "tr", "el", "vi", "ro", "ca"), "."),
    **dict.fromkeys(("fr",), "\u202f"),
    **dict.fromkeys(("fi", "nb", "no", "sv", "cs", "sk", "pl", "ru", "uk", "pt", "es"), "\u00a0"),
    "de-CH": "’",
    "de-AT": "\u00a0",
    "pt-BR": ".",
    "es-MX": ",",
    "en-ZA": "\u00a0",
}
"""What parts thousands, by language, and by region where it differs."""


def pluralize(value: Any, singular: str = "", plural: str = "s", suffix: str | None = None) -> str:
    """`plural`, or `singular` for one."""
    return singular if abs(needs_number(value, "pluralize")) == 1 else (suffix or plural)


def round(value: Any, precision: int = 0, method: str = "common") -> int | float:
    """The number rounded half away from zero, or as `method` says: `ceil`, `floor`."""
    factor = 10.0**precision
    scaled = needs_number(value, "round") * factor
    match method:
        case "common":
            whole = math.copysign(math.floor(abs(scaled) + 0.5), scaled)
        case "ceil":
            whole = math.ceil(scaled)
        case "floor":
            whole = math.floor(scaled)
        case _:
            raise FilterError(f"`round`: the method is common, ceil or floor, not `{method}`")
    return int(whole) if precision == 0 else whole / factor


def filesizeformat(value: Any, binary: bool = False) -> str:
    """A size in bytes with two decimals, in steps of 1024 as Tera takes them."""
    size = float(needs_number(value, "filesizeformat"))
    if size < 0:
        raise FilterError("`filesizeformat` needs a size, and was given a negative number")
    step = 0
    while size >= 1024 and step < len(_UNITS) - 1:
        size, step = size / 1024, step + 1
    shown = f"{size:.2f}".rstrip("0").rstrip(".")
    return f"{shown} {(_BINARY_UNITS if binary else _UNITS)[step]}"


def num_format(value: Any, locale: str = "en") -> str:
    """A whole number with its thousands parted as in a language."""
    number = int(needs_number(value, "num_format"))
    separator = _SEPARATORS.get(locale) or _SEPARATORS.get(locale.split("-")[0])
    if separator is None:
        raise FilterError(f"`num_format` knows no locale `{locale}`")
    sign, digits = ("-" if number < 0 else ""), str(abs(number))
    head = digits[-3:]
    groups: list[str] = []
    rest, width = digits[:-3], 2 if locale in ("en-IN", "hi") else 3
    while rest:
        groups.insert(0, rest[-width:])
        rest = rest[:-width]
    return sign + separator.join([*groups, head])


def as_str(value: Any) -> str:
    """The value as it would be printed."""
    return as_text(value)


def json_encode(value: Any, pretty: bool = False) -> str:
    """The value as JSON, which may stand in a script: `<`, `>` and `&` are escaped."""
    text = json.dumps(
        _plain(value),
        ensure_ascii=False,
        indent=2 if pretty else None,
        separators=None if pretty else (",", ":"),
    )
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _plain(value: Any) -> Any:
    """The value in what JSON has: maps, arrays, texts, numbers."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {as_text(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, msgspec.Struct):
        return {name: _plain(item) for name, item in fields_of(value).items()}
    date = as_date(value)
    if date is not None:
        return iso_date(date)
    raise FilterError("`json_encode` was given what JSON has no words for")

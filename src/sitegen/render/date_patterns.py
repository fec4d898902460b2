"""Dates by patterns of letters (`MMMM d, yyyy`): those of Unicode TR 35, as Zola has them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import jinja2

_PART = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")


def by_letters(pattern: str, date: dt.datetime, months: Sequence[str], days: Sequence[str]) -> str:
    """The date as a pattern of letters says it; between quotes stands what is no pattern."""
    said = []
    for part in _PART.finditer(pattern):
        quoted, letter = part.groups()
        if quoted is not None:
            said.append(quoted.replace("''", "'") or "'")
        elif letter is not None:
            said.append(_field(letter, len(part[0]), date, months, days))
        else:
            said.append(part[0])
    return "".join(said)


def _field(
    letter: str, width: int, date: dt.datetime, months: Sequence[str], days: Sequence[str]
) -> str:
    match letter:
        case "y" | "u":
            return f"{date.year % 100:02}" if width == 2 else str(date.year).zfill(width)
        case "M" | "L" if width > 2:
            return _name(months[date.month - 1], months, width)
        case "E" | "c" | "e" if letter == "E" or width > 2:
            return _name(days[date.weekday()], days, width)
        case "a" | "b":
            return "AM" if date.hour < 12 else "PM"
        case "S":
            return f"{date.microsecond:06}".ljust(width, "0")[:width]
        case "X" | "x" | "Z":
            return _offset(letter, width, date)
        case "z" | "V" | "v" | "O":
            return date.tzname() or _offset("x", 3, date)
    number = _number(letter, date)
    if number is None:
        raise jinja2.TemplateRuntimeError(f"`date` knows no letter `{letter}` in a pattern")
    return str(number).zfill(width)


def _number(letter: str, date: dt.datetime) -> int | None:
    _, week, weekday = date.isocalendar()
    return {
        "M": date.month,
        "L": date.month,
        "Q": (date.month + 2) // 3,
        "q": (date.month + 2) // 3,
        "d": date.day,
        "D": date.timetuple().tm_yday,
        "w": week,
        "e": weekday,
        "c": weekday,
        "H": date.hour,
        "k": date.hour or 24,
        "h": date.hour % 12 or 12,
        "K": date.hour % 12,
        "m": date.minute,
        "s": date.second,
    }.get(letter)


def _name(name: str, all: Sequence[str], width: int) -> str:
    if width == 4:
        return name
    return name[:1] if width == 5 else brief(name, all)


def _offset(letter: str, width: int, date: dt.datetime) -> str:
    offset = date.strftime("%z")
    if letter == "X" and not date.utcoffset():
        return "Z"
    return f"{offset[:3]}:{offset[3:5]}" if width in (3, 5) and letter != "Z" else offset


def brief(name: str, all: Sequence[str]) -> str:
    """The first three letters of a name, or as many as tell it from the others."""
    if not name[0].isalpha() or ord(name[0]) > 0x2E80:
        return name  # Chinese, Japanese and Korean names are short already
    length = 3
    while len({other[:length] for other in all}) < len(all):
        length += 1
    return name[:length]

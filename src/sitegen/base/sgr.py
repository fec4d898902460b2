"""Colours and weights of terminal text (ECMA-48, SGR): sequences to a style, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
NAMES = (*COLOURS, *(f"bright-{name}" for name in COLOURS))
"""The sixteen colours in the order of their numbers."""

SGR = re.compile(r"\x1b\[([0-9;:]*)m")

_ON = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike", 21: "underline"}
_OFF = {22: {"bold", "dim"}, 23: {"italic"}, 24: {"underline"}, 27: {"inverse"}, 29: {"strike"}}
_CODES = {"bold": 1, "dim": 2, "italic": 3, "underline": 4, "inverse": 7, "strike": 9}


class Style(NamedTuple):
    """How text looks: numbers of the sixteen colours, None for the default, and flags in order."""

    fg: int | None = None
    bg: int | None = None
    flags: tuple[str, ...] = ()


PLAIN = Style()


@lru_cache(maxsize=4096)
def style_after(style: Style, parameters: str) -> Style:
    """The style after `ESC [ parameters m`; 256 and true colours become the nearest of sixteen."""
    codes = [[int(part or 0) for part in code.split(":")] for code in parameters.split(";")]
    fg, bg, flags = style
    at = 0
    while at < len(codes):
        code = codes[at]
        at += 1
        number = code[0]
        if number in (38, 48):
            if len(code) == 1:
                used = _extended([part[0] for part in codes[at : at + 4]])
                colour, length = used
                at += length
            else:
                inner = [*code[1:2], *code[-3:]] if len(code) > 4 else code[1:]
                colour, _ = _extended(inner)
            if colour is not None:
                fg, bg = (colour, bg) if number == 38 else (fg, colour)
        elif number == 0:
            fg, bg, flags = PLAIN
        elif number == 4 and code[1:] == [0]:
            flags = _without(flags, {"underline"})
        elif number in _ON:
            flags = (*_without(flags, {_ON[number]}), _ON[number])
        elif number in _OFF:
            flags = _without(flags, _OFF[number])
        elif 30 <= number <= 37 or 90 <= number <= 97:
            fg = number - 30 if number < 90 else number - 82
        elif 40 <= number <= 47 or 100 <= number <= 107:
            bg = number - 40 if number < 100 else number - 92
        elif number == 39:
            fg = None
        elif number == 49:
            bg = None
    return Style(fg, bg, flags)


@lru_cache(maxsize=4096)
def sequence_of(style: Style) -> str:
    """The sequence that gives this style, whatever came before."""
    codes = ["0", *(str(_CODES[flag]) for flag in style.flags)]
    if style.fg is not None:
        codes.append(str(style.fg + (30 if style.fg < 8 else 82)))
    if style.bg is not None:
        codes.append(str(style.bg + (40 if style.bg < 8 else 92)))
    return f"\x1b[{';'.join(codes)}m"


def _without(flags: tuple[str, ...], names: Iterable[str]) -> tuple[str, ...]:
    return tuple(flag for flag in flags if flag not in names)


def _extended(codes: list[int]) -> tuple[int | None, int]:
    """The colour that follows 38 or 48, and how many codes say it."""
    if len(codes) >= 2 and codes[0] == 5:
        return _of_256(codes[1]), 2
    if len(codes) >= 4 and codes[0] == 2:
        return _nearest(codes[1], codes[2], codes[3]), 4
    return None, len(codes)


def _of_256(number: int) -> int | None:
    if number < 16:
        return number
    if number < 232:
        levels = (0, 95, 135, 175, 215, 255)
        cube = number - 16
        return _nearest(levels[cube // 36], levels[cube // 6 % 6], levels[cube % 6])
    if number < 256:
        return _nearest(*[8 + 10 * (number - 232)] * 3)
    return None


def _nearest(red: int, green: int, blue: int) -> int:
    """The colour of the same hue, bright where one of its parts is full; greys by their light."""
    high, low = max(red, green, blue), min(red, green, blue)
    if high < 48:
        return 0
    if high - low < high / 5:
        mean = (red + green + blue) / 3
        return 0 if mean < 64 else 8 if mean < 160 else 7 if mean < 245 else 15
    middle = (high + low) / 2
    hue = (red > middle) | (green > middle) << 1 | (blue > middle) << 2
    return hue + 8 if high >= 245 else hue

"""What a terminal shows in the end of a text: pure, in time linear in the text.

A screen of 24 rows (`LINES`, as blocks are told) whose scrollback has no end; a line is as long
as it was written, since a page scrolls sideways. Known are line feed, carriage return, backspace,
tab, the cursor's moves (CSI A to H, `d`, `f`), erasing (CSI J, K, X), saving and restoring the
cursor, and colours; every other sequence is left out.
"""

from __future__ import annotations

import re
import unicodedata

from sitegen.base.sgr import PLAIN, Style, sequence_of, style_after

HEIGHT = 24
WIDTH = 80
"""Rows and columns between which moves keep the cursor; text is not wrapped."""

REACH = 1000
"""Cells that one sequence may blank: a terminal would have wrapped the row long before."""

_MOVES = re.compile(r"[\r\b\v\f\x07\x0e\x0f]|\x1b(?!\[[0-9;:]*m)")
_TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f\x1b]+)"
    r"|\x1b\[(?P<parameters>[0-?]*)[ -/]*(?P<final>[@-~])"
    r"|\x1b(?P<escape>[78DEM])"
    r"|\x1b\].*?(?:\x07|\x1b\\|$)"
    r"|\x1b\[[0-?]*[ -/]*$|\x1b[ -/]*[0-~]?"
    r"|(?P<control>[\x00-\x1f\x7f])",
    re.S,
)


def as_terminal(text: str) -> str:
    """The text as a terminal shows it in the end; colours stay with the characters they colour."""
    text = text.replace("\r\n", "\n")
    if not _MOVES.search(text):
        return text
    screen = Screen()
    for token in _TOKEN.finditer(text):
        if token["text"]:
            screen.write(token["text"])
        elif token["final"]:
            screen.obey(token["final"], token["parameters"])
        elif token["control"]:
            screen.control(token["control"])
        elif token["escape"]:
            screen.escape(token["escape"])
    return screen.shown()


class Row:
    """A row: a character and a style each cell; "" is the second half of a wide character."""

    __slots__ = ("chars", "styles")

    def __init__(self) -> None:
        self.chars: list[str] = []
        self.styles: list[Style] = []

    def put(self, at: int, chars: list[str], style: Style) -> None:
        """Overwrite cells from `at` on; what lies between the row's end and `at` is blank."""
        self._pad(at)
        end = at + len(chars)
        if at < len(self.chars) and self.chars[at] == "" and at:
            self.chars[at - 1] = " "
        if end < len(self.chars) and self.chars[end] == "":
            self.chars[end] = " "
        self.chars[at:end] = chars
        self.styles[at:end] = [style] * len(chars)

    def join(self, at: int, mark: str) -> None:
        """Add a mark without width to the character before `at`."""
        while 0 < at <= len(self.chars) and self.chars[at - 1] == "":
            at -= 1
        if 0 < at <= len(self.chars) and len(self.chars[at - 1]) < 32:
            self.chars[at - 1] += mark

    def cut(self, at: int) -> None:
        del self.chars[at:]
        del self.styles[at:]

    def blank(self, start: int, end: int) -> None:
        end = min(end, len(self.chars))
        start = max(start, end - REACH)
        if start < end:
            self.put(start, [" "] * (end - start), PLAIN)

    def shown(self) -> str:
        """The row's text without blanks at its end, each change of style as a sequence."""
        length = len(self.chars)
        while length and self.chars[length - 1] == " " and _is_blank(self.styles[length - 1]):
            length -= 1
        if not any(self.styles):
            return "".join(self.chars[:length])
        parts: list[str] = []
        now = PLAIN
        for char, style in zip(self.chars[:length], self.styles, strict=False):
            if style != now:
                parts.append(sequence_of(style))
                now = style
            parts.append(char)
        if now != PLAIN:
            parts.append("\x1b[0m")
        return "".join(parts)

    def _pad(self, length: int) -> None:
        missing = length - len(self.chars)
        if missing > 0:
            self.chars += [" "] * missing
            self.styles += [PLAIN] * missing


def _is_blank(style: Style) -> bool:
    """Whether a space in this style cannot be seen."""
    return style.bg is None and not {"inverse", "underline", "strike"} & set(style.flags)


class Screen:
    """The rows written so far, of which the last 24 are the screen, and the cursor among them."""

    def __init__(self) -> None:
        self._rows = [Row()]
        self._top = 0
        self._x = self._y = 0
        self._style = PLAIN
        self._saved = (0, 0)

    def shown(self) -> str:
        """All rows down to the last that says something, or to the cursor's."""
        rows = [row.shown() for row in self._rows]
        while len(rows) > self._y + 1 and not rows[-1]:
            rows.pop()
        return "\n".join(rows)

    def write(self, text: str) -> None:
        if text.isascii():
            self._put(list(text))
            return
        cells: list[str] = []
        for char in text:
            if unicodedata.combining(char) or char in "\u200d\ufe0e\ufe0f":
                self._put(cells)
                cells = []
                self._rows[self._y].join(self._x, char)
                continue
            cells.append(char)
            if unicodedata.east_asian_width(char) in "WF":
                cells.append("")
        self._put(cells)

    def control(self, char: str) -> None:
        match char:
            case "\n" | "\v" | "\f":
                self._x = 0
                self._down()
            case "\r":
                self._x = 0
            case "\b":
                self._x = max(0, self._x - 1)
            case "\t":
                self._x += 8 - self._x % 8

    def escape(self, char: str) -> None:
        match char:
            case "7":
                self._save()
            case "8":
                self._restore()
            case "D":
                self._down()
            case "E":
                self.control("\n")
            case "M":
                self._move(0, -1)

    def obey(self, final: str, parameters: str) -> None:
        """One control sequence."""
        if final == "m":
            if not re.search("[^0-9;:]", parameters):
                self._style = style_after(self._style, parameters)
            return
        numbers = [int(part) if part.isdecimal() else 0 for part in parameters.split(";")]
        first = numbers[0]
        many = min(max(1, first), 1_000_000)
        match final:
            case "A":
                self._move(0, -many)
            case "B":
                self._move(0, many)
            case "C":
                self._move(many, 0)
            case "D":
                self._move(-many, 0)
            case "E" | "F":
                self._move(0, many if final == "E" else -many)
                self._x = 0
            case "G" | "`":
                self._to(many - 1, self._y)
            case "H" | "f":
                column = max(1, numbers[1]) if len(numbers) > 1 else 1
                self._to(column - 1, self._top + many - 1)
            case "d":
                self._to(self._x, self._top + many - 1)
            case "J":
                self._erase_screen(first)
            case "K":
                self._erase_row(first)
            case "X":
                self._rows[self._y].blank(self._x, self._x + min(many, REACH))
            case "s":
                self._save()
            case "u":
                self._restore()

    def _put(self, cells: list[str]) -> None:
        if cells:
            self._rows[self._y].put(self._x, cells, self._style)
            self._x += len(cells)

    def _down(self) -> None:
        self._y += 1
        self._reach(self._y)
        self._top = max(self._top, self._y - HEIGHT + 1)

    def _reach(self, y: int) -> None:
        while len(self._rows) <= y:
            self._rows.append(Row())

    def _move(self, columns: int, rows: int) -> None:
        self._to(self._x + columns, self._y + rows)

    def _to(self, x: int, y: int) -> None:
        """Move within the screen; to the right no further than the row or the screen is wide."""
        self._y = min(max(self._top, y), self._top + HEIGHT - 1)
        self._reach(self._y)
        self._x = min(max(0, x), max(self._x, WIDTH - 1, len(self._rows[self._y].chars)))

    def _erase_row(self, which: int) -> None:
        row = self._rows[self._y]
        if which == 0:
            row.cut(self._x)
        elif which == 1:
            row.blank(0, self._x + 1)
        elif which == 2:
            row.cut(0)

    def _erase_screen(self, which: int) -> None:
        below = range(self._y + 1, len(self._rows))
        above = range(self._top, self._y)
        if which == 3:  # with the scrollback
            del self._rows[: self._top]
            self._y -= self._top
            self._saved = (self._saved[0], max(0, self._saved[1] - self._top))
            self._top = 0
            return
        for y in {0: below, 1: above}.get(which, (*above, *below)):
            self._rows[y].cut(0)
        self._erase_row(which)

    def _save(self) -> None:
        self._saved = (self._x, self._y)

    def _restore(self) -> None:
        self._to(*self._saved)

"""What is being made of one template: edits at their places, notes for its author, counts."""

from __future__ import annotations

import msgspec

from sitegen.base.errors import Problem, Span
from sitegen.migrate.tokens import Token


class Edit(msgspec.Struct, frozen=True):
    """The text that replaces what stands between two places; `why` names the construct, once."""

    start: int
    end: int
    text: str
    why: str


class Draft:
    """Collects the edits and notes of a file; the file's text stays as it is."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._text = text
        self.edits: list[Edit] = []
        self.notes: list[Problem] = []

    def replace(self, token: Token, text: str, why: str) -> None:
        self.edits.append(Edit(token.start, token.end, text, why))

    def insert(self, place: int, text: str, why: str = "") -> None:
        self.edits.append(Edit(place, place, text, why))

    def note(self, token: Token, message: str, help: str) -> None:
        """Something that the author must do by hand."""
        width = token.end - token.start
        self.notes.append(self.problem(token.start, width, message, help))

    def problem(self, place: int, width: int, message: str, help: str = "") -> Problem:
        line = self._text.count("\n", 0, place) + 1
        begin = self._text.rfind("\n", 0, place) + 1
        excerpt = self._text[begin:].split("\n", 1)[0]
        span = Span(self._file, line, place - begin + 1, width)
        return Problem("warning", "tera", message, span, excerpt, (help,) if help else ())

    def result(self) -> str:
        """The text with its edits."""
        pieces, at = [], 0
        for edit in sorted(self.edits, key=lambda edit: (edit.start, edit.end)):
            pieces += [self._text[at : edit.start], edit.text]
            at = edit.end
        return "".join(pieces) + self._text[at:]

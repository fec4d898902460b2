"""Shortcodes of a body: what they give stands in their place, and every line keeps its number.

A template of Markdown gives Markdown, which is read with the text around it. What a template of
HTML gives waits behind a mark of two noncharacters, since Markdown must not read it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sitegen.base.errors import Problem, Severity, Span, nearest
from sitegen.content.filled import Filled, FillIn, fill
from sitegen.content.shortcodes import CALL_LIKE, Call, Code, Fault, Ignored, Value, find_calls
from sitegen.content.snippets import Snippets
from sitegen.model import Origin

OPEN, CLOSE = "\ufdd0", "\ufdd1"
MARK = re.compile(f"{OPEN}(\\d+){CLOSE}")

_MARKER = re.compile(r"(?:[ \t>]|(?:[-+*]|\d{1,9}[.)])(?=[ \t]))*")

Include = Callable[[Mapping[str, Value]], str | Problem]
"""The built-in shortcode `include`: Markdown for a file, or why there is none."""


class Expanded(NamedTuple):
    """A body whose shortcodes are gone: `html[n]` stands where mark n is, for the call `calls[n]`.

    `lines[i]` is the body's line, from 0, that line i of the text comes from; None: they are the
    same. `made` are the lines that a template or a file gave.
    """

    text: str
    lines: Sequence[int] | None = None
    made: frozenset[int] = frozenset()
    html: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()


def expand(
    body: str, origin: Origin, snippets: Snippets, include: Include, problems: list[Problem]
) -> Expanded:
    """The body with its shortcodes expanded; mistakes in them go to `problems`."""
    if snippets.fill_in is not None:
        return _filled(body, origin, snippets.fill_in, problems)
    if CALL_LIKE.search(body) is None:
        return Expanded(body)
    return _Expander(body, origin, snippets, include, problems).expanded()


def _filled(body: str, origin: Origin, fill_in: FillIn, problems: list[Problem]) -> Expanded:
    """The body as the template that it is; as it stands where there is nothing to fill in."""
    if "{{" not in body and "{%" not in body:
        return Expanded(body)
    filled = fill(body, origin, fill_in)
    if isinstance(filled, Filled):
        return Expanded(*filled)
    problems += filled
    return Expanded(body)


class _Expander:
    """Expands the calls of one body: they are numbered by name, and share its marks."""

    def __init__(
        self,
        body: str,
        origin: Origin,
        snippets: Snippets,
        include: Include,
        problems: list[Problem],
    ) -> None:
        self._body = body.replace(OPEN, "\ufffd").replace(CLOSE, "\ufffd")
        self._origin = origin
        self._snippets = snippets
        self._include = include
        self._problems = problems
        self._code = Code(self._body)
        self._html: list[str] = []
        self._calls: list[str] = []
        self._count: dict[str, int] = {}

    def expanded(self) -> Expanded:
        text: list[str] = []
        lines: list[int] = []
        made: set[int] = set()
        number, at = 0, 0

        def add(piece: str, first: int, *, of_template: bool = False) -> None:
            """Add a piece, whose lines come from that of the body, or each from the next."""
            text.append(piece)
            begin = len(lines)
            for step in range(1, piece.count("\n") + 1):
                lines.append(first if of_template else first + step)
            if of_template:
                made.update(range(begin, len(lines) + 1))

        for found in find_calls(self._body, self._code):
            before = self._body[at : found.start]
            add(before, number)
            number += before.count("\n")
            if isinstance(found, Ignored):
                add(found.text, number)
            else:
                add(self._outer(found), number, of_template=True)
            number += self._body.count("\n", found.start, found.end)
            at = found.end
        add(self._body[at:], number)
        return Expanded(
            "".join(text), (0, *lines), frozenset(made), tuple(self._html), tuple(self._calls)
        )

    def _outer(self, call: Call | Fault) -> str:
        """What stands for a call in the text itself."""
        if isinstance(call, Fault):
            self._report_fault(call)
            return self._body[call.start : call.end]
        result, kind = self._result(call)
        if kind == "html":
            self._html.append(result)
            self._calls.append(self._body[call.start : call.end])
            return f"{OPEN}{len(self._html) - 1}{CLOSE}"
        begin = self._body.rfind("\n", 0, call.start) + 1
        marker = _MARKER.match(self._body, begin, call.start)
        indent = re.sub(r"[^ \t>]", " ", marker[0]) if marker else ""
        return result.replace("\n", f"\n{indent}")

    def _result(self, call: Call) -> tuple[str, str]:
        """What a call gives, and whether that is HTML or Markdown."""
        nth = self._count[call.name] = self._count.get(call.name, 0) + 1
        span = (call.start, call.end)
        if call.name == "include" and "include" not in self._snippets.shortcodes:
            found = self._include(call.arguments)
            if isinstance(found, Problem):
                self._report(found.message, span, *found.help)
                return "", "md"
            return found, "md"
        template = self._snippets.shortcodes.get(call.name)
        if template is None:
            close = nearest(call.name, [*self._snippets.shortcodes, "include"])
            hint = f"did you mean `{close}`?" if close else "to show it as it is: {{/* … */}}"
            self._report(f"there is no shortcode `{call.name}`", span, hint)
            return "", "html"
        kind = template.rpartition(".")[2]
        context = {**call.arguments, "nth": nth}
        if call.body is not None:
            context["body"] = self._inner(*call.body)
        where = f"{self._origin.source.file}:{self._span(span)[0].line}"
        result = self._snippets.render(template, self._origin, context, where)
        if isinstance(result, tuple):
            self._problems += result
            return "", kind
        return result.replace("\r\n", "\n").rstrip("\n"), kind

    def _inner(self, start: int, end: int) -> str:
        """The text of a body, with the calls in it replaced by what they give."""
        parts = []
        at = start
        for found in find_calls(self._body, self._code, start, end):
            parts.append(self._body[at : found.start])
            if isinstance(found, Fault):
                self._report_fault(found)
                parts.append(self._body[found.start : found.end])
            else:
                parts.append(found.text if isinstance(found, Ignored) else self._result(found)[0])
            at = found.end
        return "".join([*parts, self._body[at:end]]).strip("\n").rstrip()

    def _span(self, part: tuple[int, int]) -> tuple[Span, str]:
        """The place of a part of the body in its file, and the line there."""
        start, end = part
        line = self._body.count("\n", 0, start)
        begin = self._body.rfind("\n", 0, start) + 1
        text = self._body[begin:].partition("\n")[0]
        width = max(1, min(end, begin + len(text)) - start)
        line += self._origin.meta.body_line
        return Span(self._origin.source.file, line, start - begin + 1, width), text

    def _report_fault(self, fault: Fault) -> None:
        """What is no call to Zola is text there, and only a warning here."""
        part = (fault.start, fault.end)
        severity: Severity = "fatal" if self._snippets.strict else "warning"
        self._report(fault.message, part, fault.help, severity=severity)

    def _report(
        self, message: str, part: tuple[int, int], *help: str, severity: Severity = "fatal"
    ) -> None:
        span, text = self._span(part)
        self._problems.append(Problem(severity, "shortcode", message, span, text, help))

"""Problems: an author's mistakes, each with its place, its line and what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Literal, assert_never

import msgspec

Severity = Literal["fatal", "error", "warning", "notice"]
"""`fatal`: nothing is published (status 2); `error`: published, but wrong (status 1)."""

EXCERPT = 100
"""Characters of a line that an excerpt shows at most."""

_ORDER: dict[Severity, int] = {"fatal": 0, "error": 1, "warning": 2, "notice": 3}


class Span(msgspec.Struct, frozen=True):
    """A place in a file of the site: posix path from the site's root, line and column from 1."""

    path: str
    line: int
    column: int = 1
    width: int = 1


class Problem(msgspec.Struct, frozen=True):
    """One finding; `excerpt` is the line at `span`, kept so that showing it reads no file."""

    severity: Severity
    code: str
    message: str
    span: Span | None = None
    excerpt: str = ""
    help: tuple[str, ...] = ()


class SiteError(Exception):
    """The build cannot go on; carries every problem found so far, at least one of them fatal."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__("the site cannot be built")
        self.problems = sort_problems(problems)


def sort_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems by severity, then place, each said once."""

    def place(problem: Problem) -> tuple[int, str, int, int, str, str]:
        span = problem.span or Span("", 0, 0)
        return (
            _ORDER[problem.severity],
            span.path,
            span.line,
            span.column,
            problem.code,
            problem.message,
        )

    return tuple(sorted(dict.fromkeys(problems), key=place))


def exit_status(problems: Iterable[Problem], *, strict: bool = False) -> Literal[0, 1, 2]:
    """The command's status: 2 nothing was published, 1 something failed, 0 all well.

    With `strict` a warning counts as an error; a notice never does.
    """
    severities = {problem.severity for problem in problems}
    if "fatal" in severities:
        return 2
    if "error" in severities or (strict and "warning" in severities):
        return 1
    return 0


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` is probably meant to be, or None."""
    candidates = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return candidates[0] if candidates else None


def render_problem(problem: Problem) -> str:
    """The problem as plain text of several lines, in rustc's layout."""
    head = f"{_label(problem.severity)}[{problem.code}]: {problem.message}"
    lines = [head]
    span = problem.span
    margin = ""
    if span is not None:
        number = str(span.line)
        margin = " " * len(number)
        position = f":{span.column}" if span.column > 1 else ""
        lines.append(f"{margin}--> {span.path}:{span.line}{position}")
        if problem.excerpt:
            shown, column = _window(problem.excerpt.rstrip(), span)
            before = "".join("\t" if c == "\t" else " " for c in shown[: column - 1])
            width = max(1, min(span.width, len(shown) - column + 1))
            lines += [
                f"{margin} |",
                f"{number} | {shown}",
                f"{margin} | {before}{'^' * width}",
            ]
    lines += [f"{margin} = {line}" for line in problem.help]
    return "\n".join(lines)


def _window(line: str, span: Span) -> tuple[str, int]:
    """The part of a long line around the span, and the span's column in it."""
    if len(line) <= EXCERPT:
        return line, span.column
    start = max(0, min(span.column - 1 - EXCERPT // 2, len(line) - EXCERPT))
    end = start + EXCERPT
    left, right = "…" if start else "", "…" if end < len(line) else ""
    return left + line[start:end] + right, span.column - start + len(left)


def _label(severity: Severity) -> str:
    match severity:
        case "fatal" | "error":
            return "error"
        case "warning":
            return "warning"
        case "notice":
            return "note"
        case _:
            assert_never(severity)

"""Fences: the info string says how code looks, the `#|` lines on top of it say how it runs."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

import msgspec

from sitegen.base.errors import Problem, Severity, Span, nearest
from sitegen.base.python_text import reduce_python
from sitegen.base.schema import parse_duration
from sitegen.model import Block, ExecuteConfig, Limits, RunOptions, ShowOptions

PYTHON = frozenset({"python", "py", "python3"})

_OPTION = re.compile(r"#\|\s*([A-Za-z][\w-]*)\s*:\s*(.*?)\s*$")
_LABEL = re.compile(r"[A-Za-z][\w.-]*")
_EXCEPTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_INSTALLS = re.compile(r"\s*[%!]\s*(?:\S*python\S*\s+-m\s+)?(?:pip3?|conda|mamba|uv)\b")
_LATER = frozenset(
    "agree baseline bench correction cost devices expect fig-dpi fig-height fig-width file needs "
    "saves session sweep unlike values wait work".split()
)


class Info(NamedTuple):
    """A fence's info string: ` ```python,name=train.py ` → language and options."""

    language: str
    options: dict[str, str]


class Fence(msgspec.Struct, frozen=True):
    """A Python fence before it is parsed: where it opens, and the file's raw lines below that."""

    info: Info
    content: str
    file: str
    line: int
    raw: tuple[str, ...]

    def span(self, number: int, text: str, start: int, width: int) -> tuple[Span, str]:
        """The place of a part of line `number` (from 0) of the content, and the file's line there.

        The part stands at `start` within `text`, wherever a list or a quote has moved that.
        """
        raw = self.raw[number] if number < len(self.raw) else text
        column = max(raw.find(text), 0) + start + 1
        return Span(self.file, self.line + 1 + number, column, max(width, 1)), raw


def parse_info(info: str) -> Info:
    """The language (all before the first comma, lower-case) and the `key=value` words after it."""
    language, *words = [part.strip() for part in info.split(",")]
    options = {}
    for word in words:
        key, _, value = word.partition("=")
        options[key] = value
    return Info(language.lower(), options)


def parse_block(fence: Fence, index: int, execute: ExecuteConfig, problems: list[Problem]) -> Block:
    """The block in a Python fence; mistakes in its options go to `problems`."""
    lines = fence.content.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    first = 0
    while first < len(lines) and not lines[first].strip():
        first += 1
    top = first
    while top < len(lines) and lines[top].startswith("#|"):
        top += 1
    options = _Options(fence, range(first, top), lines, problems)
    _check_code(fence, lines, top, problems)
    while top < len(lines) and not lines[top].strip():
        top += 1
    reduced = reduce_python("\n".join(lines[top:]))
    line = fence.line + 1 + top
    return Block(
        index=index,
        code=reduced.code,
        lines=tuple(line + number for number in reduced.lines),
        shown="\n".join(lines[top:]).rstrip(),
        shown_line=line,
        run=RunOptions(eval=options.boolean("eval", True), error=options.error()),
        limits=Limits(options.timeout(execute.timeout)),
        show=ShowOptions(
            echo=options.echo(),
            output=options.boolean("output", True),
            include=options.boolean("include", True),
            label=options.label(),
            caption=options.text("caption"),
            alt=options.text("alt"),
            name=fence.info.options.get("name"),
        ),
        span=Span(fence.file, fence.line),
    )


def _check_code(fence: Fence, lines: list[str], top: int, problems: list[Problem]) -> None:
    """Report options below the top of a block, and commands that would change the environment."""
    for number in range(top, len(lines)):
        line = lines[number]
        start = len(line) - len(line.lstrip())
        if line.startswith("#|", start):
            help = "options stand on the first lines of a block; write `# |` for a comment"
            message = "this line is no option"
            part = (start, start + 2)
            _note(problems, fence, number, line, part, "warning", message, help)
        elif _INSTALLS.match(line):
            help = "install it in the environment that `[execute] python` names"
            message = "a post does not change the environment in which it runs"
            _note(problems, fence, number, line, (start, len(line)), "fatal", message, help)


def _note(
    problems: list[Problem],
    fence: Fence,
    number: int,
    text: str,
    part: tuple[int, int],
    severity: Severity,
    message: str,
    *help: str,
) -> None:
    """Note a problem at a part (start, end) of a line of the fence."""
    start, end = part
    span, raw = fence.span(number, text, start, end - start)
    problems.append(Problem(severity, "cell-option", message, span, raw, help))


class _Options:
    """The `#|` lines of one block; the option decides the type of its value, not YAML."""

    KNOWN = frozenset("alt caption echo error eval include label output timeout".split())

    def __init__(
        self, fence: Fence, numbers: range, lines: list[str], problems: list[Problem]
    ) -> None:
        self.fence = fence
        self.lines = lines
        self.problems = problems
        self.values: dict[str, tuple[int, re.Match[str]]] = {}
        for number in numbers:
            self._read(number, lines[number])

    def _read(self, number: int, line: str) -> None:
        found = _OPTION.match(line)
        if found is None:
            self._report(number, (0, 2), "not an option", "write `#| key: value`")
            return
        name = found[1]
        place = found.span(1)
        if name in _LATER:
            message = f"this version of sitegen does not know `{name}` yet"
            self._report(number, place, message, "leave it out, or say `#| eval: false`")
        elif name not in self.KNOWN:
            close = nearest(name, self.KNOWN | _LATER)
            known = ", ".join(sorted(self.KNOWN))
            hint = f"did you mean `{close}`?" if close else f"options: {known}"
            self._report(number, place, f"unknown option `{name}`", hint)
        elif name in self.values:
            self._report(number, place, f"`{name}` is said twice", "keep one of the two")
        else:
            self.values[name] = (number, found)

    def text(self, name: str) -> str | None:
        """The words after the colon, or None; matching quotes around them are not part of them."""
        value = self._value(name)
        if value is None:
            return None
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        if not value:
            self._wrong(name, f"`{name}` is empty", "leave it out, or give it a value")
        return value or None

    def boolean(self, name: str, default: bool, *also: str) -> bool:
        value = self._value(name)
        if value is None:
            return default
        if value not in ("true", "false"):
            choices = " or ".join(f"`{word}`" for word in ("true", "false", *also))
            message = f"`{name}` is {choices}, not `{value}`"
            self._wrong(name, message, f"write `#| {name}: {str(default).lower()}`")
        return value == "true"

    def echo(self) -> bool | Literal["fold"]:
        return "fold" if self._value("echo") == "fold" else self.boolean("echo", True, "fold")

    def error(self) -> bool | str:
        value = self._value("error")
        if value is None or value in ("true", "false"):
            return value == "true"
        if not _EXCEPTION.fullmatch(value):
            message = f"`error` is `true`, `false` or the name of an exception, not `{value}`"
            self._wrong("error", message, "such as `#| error: NameError`")
        return value

    def label(self) -> str | None:
        label = self.text("label")
        if label is not None and not _LABEL.fullmatch(label):
            hint = "a letter, then letters, digits, `-`, `_` and `.`"
            self._wrong("label", f"`{label}` cannot be a label", hint)
        return label

    def timeout(self, default: float) -> float:
        value = self._value("timeout")
        if value is None:
            return default
        seconds = parse_duration(value)
        if seconds is None:
            hint = "a number and ms, s, m or h, such as `90s`"
            self._wrong("timeout", f"`{value}` is no duration", hint)
        return seconds or default

    def _value(self, name: str) -> str | None:
        return self.values[name][1][2] if name in self.values else None

    def _wrong(self, name: str, message: str, *help: str) -> None:
        """Report an option's value, or its name where the value is empty."""
        number, found = self.values[name]
        self._report(number, found.span(2 if found[2] else 1), message, *help)

    def _report(self, number: int, part: tuple[int, int], message: str, *help: str) -> None:
        _note(self.problems, self.fence, number, self.lines[number], part, "fatal", message, *help)

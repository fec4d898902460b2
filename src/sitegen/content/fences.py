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
_NOT_YET = frozenset(
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

    def span(self, number: int, text: str = "", part: str = "") -> tuple[Span, str]:
        """The place of line `number` (from 0) of the content and the file's line there.

        The column is that of `part` within `text`, wherever a list or a quote has moved it.
        """
        raw = self.raw[number] if number < len(self.raw) else text
        indent = max(raw.find(text), 0) if text else 0
        column = indent + max(text.find(part), 0) + 1
        return Span(self.file, self.line + 1 + number, column, max(len(part), 1)), raw


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
    top = 0
    while top < len(lines) and lines[top].startswith("#|"):
        top += 1
    options = _Options(fence, lines[:top], problems)
    for number in range(top, len(lines)):
        if lines[number].lstrip().startswith("#|"):
            help = "options stand on the first lines of a block; write `# |` for a comment"
            _note(
                problems,
                fence,
                number,
                lines[number],
                "#|",
                "warning",
                "this line is no option",
                help,
            )
        if _INSTALLS.match(lines[number]):
            help = "install it in the environment that `[execute] python` names"
            word = lines[number].split()[0]
            message = "a post does not change the environment in which it runs"
            _note(problems, fence, number, lines[number], word, "fatal", message, help)
    while top < len(lines) and not lines[top].strip():
        top += 1
    reduced = reduce_python("\n".join(lines[top:]))
    first = fence.line + 1 + top
    return Block(
        index=index,
        code=reduced.code,
        lines=tuple(first + number for number in reduced.lines),
        shown="\n".join(lines[top:]).rstrip(),
        shown_line=first,
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


def _note(
    problems: list[Problem],
    fence: Fence,
    number: int,
    text: str,
    part: str,
    severity: Severity,
    message: str,
    *help: str,
) -> None:
    span, raw = fence.span(number, text, part)
    problems.append(Problem(severity, "cell-option", message, span, raw, help))


class _Options:
    """The `#|` lines of one block; the option decides the type of its value, not YAML."""

    KNOWN = frozenset("alt caption echo error eval include label output timeout".split())

    def __init__(self, fence: Fence, lines: list[str], problems: list[Problem]) -> None:
        self.fence = fence
        self.lines = lines
        self.problems = problems
        self.values: dict[str, tuple[int, str]] = {}
        for number, line in enumerate(lines):
            self._read(number, line)

    def _read(self, number: int, line: str) -> None:
        found = _OPTION.match(line)
        if found is None:
            self._report(number, "#|", "not an option", "write `#| key: value`")
            return
        name, value = found[1], found[2]
        if name in _NOT_YET:
            message = f"this version of sitegen does not know `{name}` yet"
            self._report(number, name, message, "leave it out, or say `#| eval: false`")
        elif name not in self.KNOWN:
            close = nearest(name, self.KNOWN | _NOT_YET)
            known = ", ".join(sorted(self.KNOWN))
            hint = f"did you mean `{close}`?" if close else f"options: {known}"
            self._report(number, name, f"unknown option `{name}`", hint)
        elif name in self.values:
            self._report(number, name, f"`{name}` is said twice", "keep one of the two")
        else:
            self.values[name] = (number, value)

    def text(self, name: str) -> str | None:
        """The words after the colon, or None; matching quotes around them are not part of them."""
        if name not in self.values:
            return None
        number, value = self.values[name]
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        if not value:
            self._report(number, name, f"`{name}` is empty", "leave it out, or give it a value")
        return value or None

    def boolean(self, name: str, default: bool) -> bool:
        if name not in self.values:
            return default
        number, value = self.values[name]
        if value not in ("true", "false"):
            message = f"`{name}` is `true` or `false`, not `{value}`"
            self._report(
                number, value or name, message, f"write `#| {name}: {str(default).lower()}`"
            )
        return value == "true"

    def echo(self) -> bool | Literal["fold"]:
        if self.values.get("echo", (0, ""))[1] == "fold":
            return "fold"
        return self.boolean("echo", True)

    def error(self) -> bool | str:
        number, value = self.values.get("error", (0, "false"))
        if value in ("true", "false"):
            return value == "true"
        if not _EXCEPTION.fullmatch(value):
            message = f"`error` is `true`, `false` or the name of an exception, not `{value}`"
            self._report(number, value or "error", message, "such as `#| error: NameError`")
        return value

    def label(self) -> str | None:
        label = self.text("label")
        if label is not None and not _LABEL.fullmatch(label):
            message = f"`{label}` cannot be a label"
            hint = "a letter, then letters, digits, `-`, `_` and `.`"
            self._report(self.values["label"][0], label, message, hint)
        return label

    def timeout(self, default: float) -> float:
        number, value = self.values.get("timeout", (0, ""))
        if "timeout" not in self.values:
            return default
        seconds = parse_duration(value)
        if seconds is None:
            message = f"`{value}` is no duration"
            hint = "a number and ms, s, m or h, such as `90s`"
            self._report(number, value or "timeout", message, hint)
        return seconds or default

    def _report(self, number: int, part: str, message: str, *help: str) -> None:
        _note(self.problems, self.fence, number, self.lines[number], part, "fatal", message, *help)

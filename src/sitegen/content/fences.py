"""Fences: the info string says how code looks, the `#|` lines on top of it say how it runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from markdown_it.common.utils import unescapeAll

from sitegen.base.errors import Problem, Span
from sitegen.base.python_text import reduce_python
from sitegen.content.benchmark import parse_bench, parse_correction, parse_expect
from sitegen.content.option_lines import Fence
from sitegen.content.options import Options
from sitegen.content.variants import Mistake
from sitegen.model import (
    Block,
    Limits,
    Look,
    Meta,
    Ranges,
    RunOptions,
    ShowOptions,
)

PYTHON = frozenset({"python", "py", "python3"})

KNOWN_LOOK = frozenset("copy hide_lines hl_lines linenos linenostart name".split())
"""The options of an info string that say how code looks."""

_RANGE = re.compile(r"(\d+)(?:-(\d+))?")
_DATA = re.compile(r"(?!lang$)[A-Za-z][\w-]*", re.I)
_INSTALLS = re.compile(r"\s*[%!]\s*(?:\S*python\S*\s+-m\s+)?(?:pip3?|conda|mamba|uv)\b")


class Info(NamedTuple):
    """A fence's info string: ` ```python,name=train.py ` → language and options."""

    language: str
    options: dict[str, str]


def parse_info(info: str) -> Info:
    """The language (all before the first comma, lower-case) and the `key=value` words after it."""
    language, *words = [part.strip() for part in unescapeAll(info).split(",")]
    options = {}
    for word in words:
        key, _, value = word.partition("=")
        options[key.strip()] = value.strip()
    return Info(language.lower(), options)


def shown_language(info: Info) -> str:
    """The language by which code is highlighted: the first word, as CommonMark has it."""
    return (info.language.split() or [""])[0]


def parse_look(info: Info, note: Callable[[str, str], None]) -> Look:
    """How the code of a fence is to look; what cannot be read is told to `note`, with a remedy.

    An option that nobody knows becomes a `data-` attribute, as in Zola; a bare word is nothing.
    """
    options = info.options
    start = options.get("linenostart", "1")
    if not start.isdecimal():
        note(f"`linenostart={start}` is no line number", "such as `linenostart=20`")
    copy = options.get("copy")
    if copy not in (None, "true", "false"):
        note(f"`copy={copy}` says nothing", "`copy=true` or `copy=false`")
    return Look(
        name=options.get("name"),
        linenos="linenos" in options and options["linenos"] != "false",
        linenostart=int(start) if start.isdecimal() else 1,
        hl_lines=_ranges(options, "hl_lines", note),
        hide_lines=_ranges(options, "hide_lines", note),
        copy=None if copy is None else copy == "true",
        data=tuple(
            (key.lower(), value)
            for key, value in options.items()
            if value and key not in KNOWN_LOOK and _DATA.fullmatch(key)
        ),
    )


def _ranges(options: Mapping[str, str], key: str, note: Callable[[str, str], None]) -> Ranges:
    """Lines such as `1 3-5`; a range may be written from its end."""
    found = []
    for word in options.get(key, "").split():
        part = _RANGE.fullmatch(word)
        if part is None:
            note(f"`{word}` names no line in `{key}`", f"such as `{key}=1 3-5`")
        else:
            first, last = int(part[1]), int(part[2] or part[1])
            found.append((min(first, last), max(first, last)))
    return tuple(found)


class Code(NamedTuple):
    """The code of a block as written: its lines, the line of `file` on which they begin."""

    text: str
    line: int
    file: str | None = None


Beside = Callable[[str], tuple[str, str] | Problem | None]
"""The path from the site's root and the text of a file beside the post; None: there is none."""


def parse_block(
    fence: Fence, above: Sequence[Block], meta: Meta, beside: Beside, problems: list[Problem]
) -> Block:
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
    options = Options(fence, range(first, top), lines, problems)
    _check_code(fence, lines, top, problems)
    while top < len(lines) and not lines[top].strip():
        top += 1
    code = Code("\n".join(lines[top:]).rstrip(), fence.line + 1 + top)
    code = _from_file(options, code, beside, problems)
    reduced = reduce_python(code.text)
    tell = partial(_tell, fence, code, problems)
    return Block(
        index=len(above),
        code=reduced.code,
        lines=tuple(code.line + number for number in reduced.lines),
        shown=code.text,
        shown_line=code.line,
        run=RunOptions(
            eval=options.boolean("eval", True),
            error=options.error(),
            devices=options.device_names(),
            values=options.python_names("values"),
            saves=options.paths("saves"),
            fig_width=options.inches("fig-width"),
            fig_height=options.inches("fig-height"),
            fig_dpi=options.dpi(),
        ),
        limits=Limits(options.timeout(meta.execute.timeout)),
        show=ShowOptions(
            echo=options.echo(),
            output=options.boolean("output", True),
            include=options.boolean("include", True),
            label=options.label(),
            caption=options.text("caption"),
            alt=options.text("alt"),
            name=fence.look.name or options.text("file"),
            cost=options.boolean("cost", True),
            look=fence.look,
        ),
        span=Span(fence.file, fence.line),
        session=options.session(),
        file=code.file,
        bench=parse_bench(options, code.text, tell, above, meta.measure),
        expect=() if "bench" in options else tuple(parse_expect(options)),
        correction=None if "bench" in options else parse_correction(options),
    )


def _tell(fence: Fence, code: Code, problems: list[Problem], mistake: Mistake) -> None:
    """Note a mistake in the code of a benchmark."""
    start, end = mistake.part
    text = code.text.split("\n")[mistake.line]
    if code.file is None:
        number = code.line - fence.line - 1 + mistake.line
        span, excerpt = fence.span(number, text, start, end - start)
    else:
        span = Span(code.file, code.line + mistake.line, start + 1, max(end - start, 1))
        excerpt = text
    problems.append(Problem("fatal", "bench", mistake.message, span, excerpt, (mistake.help,)))


def _from_file(options: Options, written: Code, beside: Beside, problems: list[Problem]) -> Code:
    """The code in the file that the block names; what is written where it names none."""
    name = options.text("file")
    if name is None:
        return written
    if written.text:
        options.wrong(
            "file", f"the block runs `{name}` and has code of its own", "keep one of them"
        )
        return written
    found = beside(name)
    if found is None:
        hint = "a post that has files of its own is a folder: name/index.md with them beside it"
        options.wrong("file", f"there is no `{name}` beside the post", hint)
        return written
    if isinstance(found, Problem):
        problems.append(found)
        return written
    path, text = found
    return Code(text.rstrip(), 1, path)


def _check_code(fence: Fence, lines: list[str], top: int, problems: list[Problem]) -> None:
    """Report options below the top of a block, and commands that would change the environment."""
    for number in range(top, len(lines)):
        line = lines[number]
        start = len(line) - len(line.lstrip())
        if line.startswith("#|", start):
            help = "options stand on the first lines of a block; write `# |` for a comment"
            message = "this line is no option"
            part = (start, start + 2)
            fence.note(problems, number, line, part, "warning", message, help)
        elif _INSTALLS.match(line):
            help = "install it in the environment that `[execute] python` names"
            message = "a post does not change the environment in which it runs"
            fence.note(problems, number, line, (start, len(line)), "fatal", message, help)

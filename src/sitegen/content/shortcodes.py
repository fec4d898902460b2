"""Calls of shortcodes in Markdown, in Zola's grammar: `{{ name(arg="x") }}`, `{% name() %}…`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import NamedTuple

from sitegen.content.dialect import block_parser

CALL_LIKE = re.compile(r"\{[{%](?:/\*)?\s*[A-Za-z_]\w*\s*\(")
"""What begins a call; a text without it holds none, and is not looked at again."""

Value = bool | int | float | str | list["Value"]

_OPENING = re.compile(r"\{([{%])(/\*)?\s*([A-Za-z_]\w*)\s*\(\s*")
_END = re.compile(r"\{%\s*end\s*%\}")
_IGNORED_END = re.compile(r"\{%/\*\s*end\s*\*/%\}")
_KEY = re.compile(r"([A-Za-z_]\w*)\s*=\s*")
_STRING = re.compile(r'"([^"]*)"|\'([^\']*)\'|`([^`]*)`')
_FLOAT = re.compile(r"-?(?:0|[1-9]\d*)\.\d+")
_INT = re.compile(r"-?(?:0|[1-9]\d*)(?![\w.])")
_WORD = re.compile(r"(?:true|false)\b")
_SPACE = re.compile(r"\s*")
_TICKS = re.compile(r"`+")
_NEXT = re.compile(r"`+|\{[{%]")
_NOT_PROSE = re.compile(r"\s*<(?:pre|script|style|!--)\b|\s*<!--", re.I)


class Call(NamedTuple):
    """A call: where it stands in the text, and the text and place of its body if it has one."""

    name: str
    arguments: Mapping[str, Value]
    start: int
    end: int
    body: tuple[int, int] | None = None


class Ignored(NamedTuple):
    """A call behind Zola's escape, and what it says in its place."""

    text: str
    start: int
    end: int


class Fault(NamedTuple):
    """What is wrong with a call, and where."""

    message: str
    help: str
    start: int
    end: int


Found = Call | Ignored | Fault


class Code:
    """Where in a text code stands: whole lines, and spans of code within runs of lines."""

    def __init__(self, text: str) -> None:
        starts = [0, *(found.end() for found in re.finditer("\n", text)), len(text) + 1]
        self._until: dict[int, int] = {}
        self._spans: list[tuple[int, int]] = []
        self._bodies: dict[int, tuple[int, int]] | None = None
        for token in block_parser().parse(text):
            if token.map is None:
                continue
            first, last = starts[token.map[0]], starts[min(token.map[1], len(starts) - 1)]
            if token.type in ("fence", "code_block") or (
                token.type == "html_block" and _NOT_PROSE.match(token.content)
            ):
                self._spans.append((first, last))
            elif token.type == "inline":
                self._until |= dict.fromkeys(range(*token.map), last)
        self._starts = starts
        self._spans.sort()

    def bodies(self, text: str) -> dict[int, tuple[int, int]]:
        """The bodies of the text's calls, found once."""
        if self._bodies is None:
            self._bodies = _pair_bodies(text, self)
        return self._bodies

    def end_of_block(self, at: int) -> int:
        """The end of the code that a place lies in; the place itself where it lies in none."""
        place = bisect_right(self._spans, at, key=itemgetter(0)) - 1
        return max(at, self._spans[place][1]) if place >= 0 else at

    def end_of_run(self, at: int) -> int:
        """Where the lines end in which a span of code that begins here may end."""
        line = min(bisect_right(self._starts, at), len(self._starts) - 1) - 1
        return self._until.get(line, self._starts[line + 1])


def find_calls(text: str, code: Code, start: int = 0, end: int | None = None) -> Iterator[Found]:
    """The calls of a part of a text in order, outside code; those in bodies are left in them."""
    at, end = start, len(text) if end is None else end
    while (found := _NEXT.search(text, at, end)) is not None:
        at = found.start()
        behind = code.end_of_block(at)
        if behind > at:
            at = behind
            continue
        if found[0].startswith("`"):
            at = _behind_span(text, found, code.end_of_run(at))
            continue
        call = _read(text, at, end, code)
        if call is None:
            at = found.end()
            continue
        yield call
        at = call.end


def _behind_span(text: str, ticks: re.Match[str], end: int) -> int:
    """Behind the span of code that backticks open; behind the backticks where they open none."""
    before = ticks.start()
    while before and text[before - 1] == "\\":
        before -= 1
    width = len(ticks[0]) - (ticks.start() - before) % 2
    if width:
        for found in _TICKS.finditer(text, ticks.end(), end):
            if len(found[0]) == width:
                return found.end()
    return ticks.end()


def _read(text: str, at: int, end: int, code: Code) -> Found | None:
    opening = _OPENING.match(text, at, end)
    if opening is None:
        return None
    brace, ignored, name = opening.groups()
    closing = ("*/" if ignored else "") + ("}}" if brace == "{" else "%}")
    arguments = _arguments(text, opening.end())
    if isinstance(arguments, Fault):
        return arguments
    values, behind = arguments
    if not text.startswith(closing, behind):
        help = f"close it with `{closing}`; `{{{{/* … */}}}}` shows a call as it is written"
        return Fault(f"the call of `{name}` is not closed", help, at, max(behind, at + 1))
    behind += len(closing)
    if ignored:
        return _ignore(text, at, behind, end, has_body=brace == "%")
    if brace == "{":
        return Call(name, values, at, behind)
    body = code.bodies(text).get(at)
    if body is None or body[1] > end:
        help = f"close it with `{{% end %}}`, or write `{{{{ {name}(…) }}}}` for one without a body"
        return Fault(f"the body of `{name}` is never closed", help, at, behind)
    return Call(name, values, at, body[1], (behind, body[0]))


def _ignore(text: str, at: int, behind: int, end: int, *, has_body: bool) -> Ignored:
    shown = text[at:behind].replace("/*", "", 1)
    shown = "".join(shown.rsplit("*/", 1))
    closing = _IGNORED_END.search(text, behind, end) if has_body else None
    if closing is None:
        return Ignored(shown, at, behind)
    return Ignored(shown + text[behind : closing.start()] + "{% end %}", at, closing.end())


def _pair_bodies(text: str, code: Code) -> dict[int, tuple[int, int]]:
    """By where a call with a body begins, where that ends, and where what closes it does."""
    pairs: dict[int, tuple[int, int]] = {}
    open_calls: list[int] = []
    at = 0
    while (found := _NEXT.search(text, at)) is not None:
        at = found.start()
        behind = code.end_of_block(at)
        if behind > at:
            at = behind
        elif found[0].startswith("`"):
            at = _behind_span(text, found, code.end_of_run(at))
        elif closing := _END.match(text, at):
            at = closing.end()
            if open_calls:
                pairs[open_calls.pop()] = (closing.start(), at)
        else:
            opening = _OPENING.match(text, at)
            if opening and opening[1] == "%" and not opening[2]:
                open_calls.append(at)
            at = opening.end() if opening else found.end()
    return pairs


def _arguments(text: str, at: int) -> tuple[dict[str, Value], int] | Fault:
    """The arguments from behind the opening parenthesis, and the place behind the closing one."""
    values: dict[str, Value] = {}
    while not text.startswith(")", at):
        key = _KEY.match(text, at)
        if key is None:
            return _fault(text, at, "an argument is written `name=value`")
        read = _value(text, key.end())
        if read is None:
            help = "a value is a string in quotes, a number, true, false, or a list [ … ] of them"
            return _fault(text, key.end(), help)
        value, at = read
        values[key[1]] = value
        at = _spaced(text, at)
        if text.startswith(",", at):
            at = _spaced(text, at + 1)
        elif not text.startswith(")", at):
            return _fault(text, at, "arguments are separated by commas and end with `)`")
    return values, _spaced(text, at + 1)


def _value(text: str, at: int) -> tuple[Value, int] | None:
    if found := _STRING.match(text, at):
        return next(group for group in found.groups() if group is not None), found.end()
    if found := _WORD.match(text, at):
        return found[0] == "true", found.end()
    if found := _FLOAT.match(text, at):
        return float(found[0]), found.end()
    if found := _INT.match(text, at):
        return int(found[0]), found.end()
    return _list(text, at + 1) if text.startswith("[", at) else None


def _list(text: str, at: int) -> tuple[Value, int] | None:
    values: list[Value] = []
    at = _spaced(text, at)
    while not text.startswith("]", at):
        read = _value(text, at)
        if read is None:
            return None
        values.append(read[0])
        at = _spaced(text, read[1])
        if text.startswith(",", at):
            at = _spaced(text, at + 1)
        elif not text.startswith("]", at):
            return None
    return values, at + 1


def _spaced(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _fault(text: str, at: int, help: str) -> Fault:
    end = next((n for n in range(at, len(text)) if text[n] in ",)\n}"), len(text))
    shown = text[at:end].strip()
    message = f"`{shown}` is no argument of a shortcode" if shown else "an argument is missing"
    return Fault(message, help, at, max(end, at + 1))

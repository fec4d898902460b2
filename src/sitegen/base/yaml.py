"""YAML with positions: front matter as other generators write it, read as if it were TOML."""

from __future__ import annotations

import datetime as dt
from typing import Any

import yaml

from sitegen.base.errors import Problem, Span
from sitegen.base.toml import Path, Toml

MOST_VALUES = 100_000
"""Values of a text once each alias is written out, as they are when a page is kept."""

_TOO_DEEP = "this YAML is nested too deeply"


class Yaml(Toml):
    """A parsed YAML text that knows where its keys stand."""

    def __init__(self, file: str, text: str, first_line: int, root: yaml.Node | None) -> None:
        data = _values(yaml.SafeLoader("").construct_document(root)) if root is not None else {}
        super().__init__(file, text, first_line, data if isinstance(data, dict) else {})
        self._root = root

    @property
    def _places(self) -> dict[Path, tuple[int, int, int]]:
        places: dict[Path, tuple[int, int, int]] = {}
        if self._root is not None:
            _note(self._root, (), places, set())
        return places


def parse_yaml(text: str, file: str, *, first_line: int = 1) -> Yaml | Problem:
    """The parsed text, or why it cannot be read as a fatal problem.

    `first_line` is the line of `file` on which `text` begins. A key without a value counts as
    absent.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is not None and not isinstance(root, yaml.MappingNode):
            span = _span(file, first_line, root.start_mark)
            message = "this YAML is no list of keys and values"
            return Problem("fatal", "yaml", message, span, _line(text, root.start_mark))
        large = _too_large(root, {}) if root is not None else None
        if large is not None:
            message = f"what aliases stand for here is more than {MOST_VALUES:,} values"
            span = _span(file, first_line, large.start_mark)
            return Problem("fatal", "yaml", message, span, _line(text, large.start_mark))
        return Yaml(file, text, first_line, root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = error.problem or error.context or "it cannot be read"
        message = f"not valid YAML: {what}"
        if mark is None:
            return Problem("fatal", "yaml", message, Span(file, first_line))
        return Problem("fatal", "yaml", message, _span(file, first_line, mark), _line(text, mark))
    except (yaml.YAMLError, ValueError) as error:
        message = f"this YAML cannot be read: {str(error).splitlines()[0]}"
        return Problem("fatal", "yaml", message, Span(file, first_line))
    except RecursionError:
        return Problem("fatal", "yaml", _TOO_DEEP, Span(file, first_line))


def _span(file: str, first_line: int, mark: yaml.Mark) -> Span:
    return Span(file, first_line + mark.line, mark.column + 1)


def _line(text: str, mark: yaml.Mark) -> str:
    lines = text.split("\n")
    return lines[mark.line] if mark.line < len(lines) else ""


def _too_large(node: yaml.Node, sizes: dict[int, int]) -> yaml.Node | None:
    """The first node that holds too many values with its aliases written out; `sizes` is filled."""
    if isinstance(node, yaml.MappingNode):
        children = [part for pair in node.value for part in pair]
    elif isinstance(node, yaml.SequenceNode):
        children = node.value
    else:
        sizes[id(node)] = 1
        return None
    for child in children:
        large = _too_large(child, sizes) if id(child) not in sizes else None
        if large is not None:
            return large
    sizes[id(node)] = 1 + sum(sizes[id(child)] for child in children)
    return node if sizes[id(node)] > MOST_VALUES else None


def _values(value: Any, known: dict[int, Any] | None = None) -> Any:
    """The value as TOML could hold it: keys are strings, and what is null is left out.

    What an alias repeats is made once, so that a short text cannot grow without end.
    """
    known = {} if known is None else known
    if id(value) not in known:
        match value:
            case dict():
                entries = ((key, item) for key, item in value.items() if item is not None)
                known[id(value)] = {_key(key): _values(item, known) for key, item in entries}
            case list() | tuple() | set():
                known[id(value)] = [_values(item, known) for item in value]
            case _:
                return value
    return known[id(value)]


def _key(key: object) -> str:
    if isinstance(key, bool):
        return str(key).lower()
    return key.isoformat() if isinstance(key, dt.date) else str(key)


def _note(
    node: yaml.Node, path: Path, places: dict[Path, tuple[int, int, int]], seen: set[int]
) -> None:
    """Note where each key and each entry of a list begins; what an alias repeats, once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            places[below] = _place(key)
            _note(value, below, places, seen)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            places[(*path, index)] = _place(item)
            _note(item, (*path, index), places, seen)


def _place(node: yaml.Node) -> tuple[int, int, int]:
    start, end = node.start_mark, node.end_mark
    width = end.column - start.column if end.line == start.line else 1
    return start.line + 1, start.column + 1, max(1, width)

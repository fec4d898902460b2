"""A file's front matter and its body: TOML between `+++` lines, or YAML between `---` lines."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from sitegen.base.errors import Problem, Span
from sitegen.base.toml import Toml, parse_toml
from sitegen.model import Source

_FENCES = ("+++", "---")


class Parser(Protocol):
    """Reads front matter whose text begins on a line of a file."""

    def __call__(self, text: str, file: str, *, first_line: int = 1) -> Toml | Problem: ...


class Parts(NamedTuple):
    """A file's text taken apart: its front matter, and the line on which its body begins."""

    toml: Toml
    body: str
    body_line: int


def split_front_matter(source: Source) -> Parts | Problem:
    """The front matter and the body of a file, or why there is none.

    Blank lines before it are passed over, as Zola does.
    """
    lines = source.text.split("\n")
    begin = next((number for number, line in enumerate(lines) if line.strip()), 0)
    fence = lines[begin].strip()
    span = Span(source.file, begin + 1)
    if fence not in _FENCES:
        help = 'begin the file with +++, title = "…", +++, each on a line of its own'
        message = "there is no front matter"
        return Problem("fatal", "front-matter", message, span, lines[begin], (help,))
    for number in range(begin + 1, len(lines)):
        if lines[number].rstrip() == fence:
            text = "\n".join(lines[begin + 1 : number])
            toml = _parser(fence)(text, source.file, first_line=begin + 2)
            if isinstance(toml, Problem):
                return toml
            return Parts(toml, "\n".join(lines[number + 1 :]), number + 2)
    help = f"end the front matter with a line `{fence}`"
    message = f"`{fence}` is never closed"
    return Problem("fatal", "front-matter", message, span, lines[begin], (help,))


def _parser(fence: str) -> Parser:
    if fence == "+++":
        return parse_toml
    from sitegen.base.yaml import parse_yaml  # it loads PyYAML, which takes 15 ms

    return parse_yaml

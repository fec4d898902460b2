"""Markdown for exported files: links, fences and texts that stand in it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from urllib.parse import unquote

WIDTH = 88
"""Columns of a script's comments."""

_MARKUP = re.compile(r"[\\`*\[\]<>$]|(?<!\w)_|_(?!\w)")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_AS_WRITTEN = re.compile(r"\s{4}|\t|\s*(?:[#>|<]|\[[^\]]+\]:|:?-{3})|\s*$")
_LIST_MARK = re.compile(r"\s*(?:(?:[-+*]|\d+[.)])\s+)?")
_BEGINS_ANEW = re.compile(r"\s*(?:[-+*>#|=<]|\d+[.)]|`{3}|~{3}|:)")


def escape_markdown(text: str) -> str:
    """Plain text that reads the same in Markdown."""
    return _MARKUP.sub(lambda found: "\\" + found.group(), text)


def link_target(target: str, addresses: Mapping[str, str]) -> str | None:
    """The address to which `@/posts/x.md#part` leads; None where there is no such page."""
    path, mark, anchor = target.removeprefix("@/").partition("#")
    address = addresses.get(unquote(path))
    return None if address is None else address + mark + anchor


def fence_of(code: str, before: str) -> str:
    """Python as a fence that is only read; `before` is what stands before it on its first line."""
    runs = [len(run) for run in re.findall("`+", code)]
    ticks = "`" * max(3, 1 + max(runs, default=0))
    below = re.sub(r"[^\s>]", " ", before)
    lines = [f"{before}{ticks}python", *(f"{below}{line}" for line in code.split("\n"))]
    return "\n".join((*lines, f"{below}{ticks}")) + "\n"


def without_indent(text: str, width: int) -> str:
    """The text without the indentation that its first lines share with a list's item above it."""
    if not width:
        return text
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line[:width].strip():
            break
        lines[number] = line[width:]
    return "\n".join(lines)


def wrap_markdown(text: str, width: int) -> str:
    """The text with its long lines of prose broken; tables, code, quotes and HTML as written."""
    lines: list[str] = []
    closing = ""
    for line in text.split("\n"):
        fence = _FENCE.match(line)
        if closing:
            closing = "" if fence and fence[1].startswith(closing) else closing
        elif fence:
            closing = fence[1]
        elif len(line) > width and not _AS_WRITTEN.match(line):
            lines += _wrap_line(line, width)
            continue
        lines.append(line)
    return "\n".join(lines)


def _wrap_line(line: str, width: int) -> list[str]:
    """A line of prose in several; one of which would begin a list or the like is left whole."""
    mark = _LIST_MARK.match(line)
    below = " " * len(mark.group()) if mark else ""
    wrapped = textwrap.wrap(
        line, width, subsequent_indent=below, break_long_words=False, break_on_hyphens=False
    )
    if any(_BEGINS_ANEW.match(part) for part in wrapped[1:]):
        return [line]
    if line.endswith("  "):  # a hard break
        wrapped[-1] += "  "
    return wrapped

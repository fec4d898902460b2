"""The built-in shortcode `include`: a file beside the post or in `content/`, as text or code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from sitegen.base.errors import Problem, nearest
from sitegen.base.paths import why_no_path
from sitegen.content.shortcodes import Value
from sitegen.content.source import decode
from sitegen.model import Read, Source

_KNOWN = ("path", "language", "lines", "name")
_LINES = re.compile(r"(\d+)-(\d+)")


def include_file(
    source: Source, root: Path, asked: set[Read], arguments: Mapping[str, Value]
) -> str | Problem:
    """The Markdown that stands for a file: its text if it is Markdown, else a fence around it.

    Which file that is goes to `asked`, as `("included", "content/train.py")`.
    """
    for key, value in arguments.items():
        if key not in _KNOWN or not isinstance(value, str):
            close = nearest(key, _KNOWN)
            hint = f"did you mean `{close}`?" if close else f"one of: {', '.join(_KNOWN)}, as text"
            return _problem(f"`include` takes no `{key}` like this", hint)
    path = str(arguments.get("path", ""))
    text = _read(source, root, asked, path)
    if isinstance(text, Problem):
        return text
    lines = text.rstrip("\n").split("\n")
    if "lines" in arguments:
        part = _LINES.fullmatch(str(arguments["lines"]))
        if part is None or not 1 <= int(part[1]) <= int(part[2]) <= len(lines):
            return _problem(f"`{path}` has no such lines", f'lines="1-{len(lines)}"')
        lines = lines[int(part[1]) - 1 : int(part[2])]
    language = str(arguments.get("language", ""))
    if path.endswith(".md") and not language:
        return "\n".join(lines)
    info = language or Path(path).suffix.removeprefix(".")
    if arguments.get("name"):
        info += f",name={arguments['name']}"
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return "\n".join([f"{ticks}{info}", *lines, ticks])


def _read(source: Source, root: Path, asked: set[Read], path: str) -> str | Problem:
    """The text of a file beside the page, else of one below `content/`; never of another."""
    if not path or why_no_path(path) is not None:
        return _problem(f"`{path}` names no file", 'include(path="train.py")')
    folder = source.path.rpartition("/")[0]
    beside = {asset.path.removeprefix(folder).lstrip("/"): asset.path for asset in source.assets}
    file = root / "content" / beside.get(path, path)
    asked.add(("included", file.relative_to(root).as_posix()))
    if path not in beside and (
        any(part.startswith(".") for part in path.split("/")) or not lies_inside(file, root)
    ):
        return _problem(f"`{path}` lies outside content/", "it may lie beside the post")
    try:
        return decode(file.read_bytes(), f"content/{path}")
    except OSError:
        close = nearest(path, beside)
        hint = f"did you mean `{close}`?" if close else "beside the post, or a path below content/"
        return _problem(f"there is no file `{path}`", hint)


def lies_inside(file: Path, root: Path) -> bool:
    """Whether a file lies in `content/`, wherever a link leads."""
    return file.resolve().is_relative_to((root / "content").resolve())


def _problem(message: str, help: str) -> Problem:
    return Problem("fatal", "shortcode", message, help=(help,))

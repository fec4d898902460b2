"""Paths that authors write: which of them can be the path of a file on any file system."""

from __future__ import annotations

import re
from pathlib import Path
from posixpath import normpath

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
LONGEST = 255
"""Bytes of a name."""

_OF_TOOLS = ("node_modules", "__pycache__")


def is_file(path: Path) -> bool:
    """Whether there is a file at a path, which may be too long to be one's."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_aside(path: str) -> bool:
    """Whether a path from a site's root leads into what is no part of the site: what is hidden
    there, or what tools put there. Below it they are names like others."""
    first = normpath(path.lstrip("/")).split("/")[0]
    return first in _OF_TOOLS or (first.startswith(".") and first != ".well-known")


def why_no_path(path: str) -> str | None:
    """What keeps a path from naming a place below a folder, as an end of a sentence; None if it is
    names joined by slashes."""
    if path.startswith("/"):
        return "is absolute"
    for part in path.split("/"):
        wrong = why_no_name(part)
        if wrong is not None:
            return wrong
    return None


def why_no_name(part: str) -> str | None:
    """What keeps one component of a path from being a name; None where nothing does."""
    if part in ("", ".", ".."):
        return "has an empty part, `.` or `..`"
    if _CONTROL.search(part):
        return "has a control character"
    if "\\" in part:
        return "has a backslash"
    if part[-1] in ". ":
        return "has a part that ends in a full stop or a space"
    try:
        size = len(part.encode())
    except UnicodeEncodeError:
        return "is not valid Unicode"
    return f"has a part of over {LONGEST} bytes" if size > LONGEST else None


def alias_file(alias: str) -> str | None:
    """The file that an old address of a page stands for, below the output folder; None where it
    can be none."""
    path = alias.strip().strip("/")
    if path and why_no_path(path) is not None:
        return None
    if path.endswith(".html"):
        return path
    return f"{path}/index.html" if path else "index.html"

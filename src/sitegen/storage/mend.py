"""Texts in Markdown files replaced: just these, and each file whole or not at all."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from sitegen.claims import Fix

_BREAK = re.compile(r"\r\n?|\n")
_MARK = b"\xef\xbb\xbf"


def put_fixes(root: Path, fixes: Iterable[Fix]) -> tuple[Fix, ...]:
    """Write the fixes into their files; those that were made.

    Line breaks, a byte order mark and all other text stay as they are. A fix whose text is not
    there any more is left out.
    """
    files: dict[str, list[Fix]] = {}
    for fix in fixes:
        files.setdefault(fix.file, []).append(fix)
    return tuple(done for file in sorted(files) for done in _mend(root / file, files[file]))


def _mend(path: Path, fixes: Sequence[Fix]) -> list[Fix]:
    path = Path(os.path.realpath(path))  # a link stays one
    data = path.read_bytes()
    mark = _MARK if data.startswith(_MARK) else b""
    text = data.removeprefix(mark).decode("utf-8")
    done = []
    for fix in sorted(fixes, key=lambda fix: fix.start, reverse=True):
        start = _place_in(text, fix.start)
        if text.startswith(fix.was, start):
            text = text[:start] + fix.text + text[start + len(fix.was) :]
            done.append(fix)
    if done:
        _replace(path, mark + text.encode("utf-8"))
    return done[::-1]


def _place_in(text: str, place: int) -> int:
    """Where in a text a place is that was counted with one character for each end of a line."""
    longer = 0
    for found in _BREAK.finditer(text):
        if found.start() - longer >= place:
            break
        longer += len(found[0]) - 1
    return place + longer


def _replace(path: Path, content: bytes) -> None:
    """Put a finished file with the same rights in the place of another."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(path.stat().st_mode & 0o7777)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

"""Places in a post's code: which block and line a file name and a line number of Python mean."""

from __future__ import annotations

import os
import re
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any

MAX_FRAMES = 40


def describe_frames(error: BaseException, page: str) -> list[dict[str, Any]]:
    """Where an exception came from, outermost first: block or file, line, function of each level.

    A block is counted from 0; a library's file is named without this machine's folders.
    """
    places = []
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        line = trace.tb_lineno or code.co_firstlineno  # an interrupt may come where no line is
        places.append((code.co_filename, line, code.co_name))
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno or 1, ""))
    frames: list[dict[str, Any]] = []
    for file, line, function in places:
        place = find_place(file, line, page)
        if place is not None:
            frames.append({"function": function, "line": place[1], "block": place[0]})
        elif frames:
            frames.append({"function": function, "line": line, "file": shorten(file)})
    half = MAX_FRAMES // 2
    return frames if len(frames) <= MAX_FRAMES else frames[:half] + frames[-half:]


def find_place(file: str, line: int, page: str) -> tuple[int, int] | None:
    """The block, from 0, and the line of its code; None for what is no block of the page."""
    found = re.fullmatch(re.escape(page) + r"/block-(\d+)(?:\+(\d+))?\.py", file)
    return (int(found[1]) - 1, line + int(found[2] or 0)) if found else None


def innermost_place(frames: Iterable[tuple[str, int]], page: str) -> tuple[int, int] | None:
    """The block and line of the innermost frame that is in a block; frames outermost first."""
    places = [find_place(file, line, page) for file, line in frames]
    return next((place for place in reversed(places) if place is not None), None)


def shorten(file: str) -> str:
    """A library's file without the folder in which this machine keeps it."""
    paths = sysconfig.get_paths()
    for folder in (paths["purelib"], paths["platlib"], paths["stdlib"]):
        if file.startswith(folder + os.sep):
            return file[len(folder) + 1 :].replace(os.sep, "/")
    return file if file.startswith("<") else Path(file).name

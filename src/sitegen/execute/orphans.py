"""Processes that a kernel left behind: found and ended, also those in sessions of their own.

On Linux this process becomes the reaper of its orphaned descendants (prctl(2),
PR_SET_CHILD_SUBREAPER), so that a daemon which a block started comes back to it. Elsewhere the
kernel's process group is all that can be found.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PR_SET_CHILD_SUBREAPER = 36
_PATIENCE = 2.0
"""Seconds to wait for processes that were killed to be gone."""


@contextmanager
def no_orphans() -> Iterator[None]:
    """At the end all processes that were started inside are gone; older ones are left alone."""
    if sys.platform != "linux":
        yield
        return
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = _descendants()
    try:
        yield
    finally:
        deadline = time.monotonic() + _PATIENCE
        while (left := _descendants() - before) and time.monotonic() < deadline:
            for process in left:
                _end(process)
            time.sleep(0.01)


def _end(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, os.WNOHANG)
    except (ProcessLookupError, ChildProcessError, PermissionError):
        return


def _descendants() -> set[int]:
    """The processes below this one, by number."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            parent = _parent(entry)
            if parent is not None:
                children.setdefault(parent, []).append(int(entry.name))
    found: set[int] = set()
    waiting = [os.getpid()]
    while waiting:
        below = children.get(waiting.pop(), [])
        found.update(below)
        waiting += below
    return found


def _parent(entry: Path) -> int | None:
    try:
        stat = (entry / "stat").read_text("utf-8", "replace")
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[1])

"""One build at a time: an advisory lock that ends with the process that holds it."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sitegen.base.errors import Problem, SiteError


def make_state(site: Path) -> Path:
    """The site's folder for what can be made again, `.sitegen`; git is told to ignore it."""
    state = site / ".sitegen"
    state.mkdir(mode=0o755, exist_ok=True)
    ignore = state / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    return state


@contextmanager
def locked(
    site: Path, *, wait: float = 10.0, given_up: Callable[[], bool] = lambda: False
) -> Iterator[None]:
    """No other process is inside `locked` for this site; waits `wait` seconds for its turn, or
    until that is given up.

    Raises SiteError, which names the holder, if the turn does not come. The lock is the kernel's:
    a process that ends in any way gives it up, and a file left behind means nothing.
    """
    lock = _open(site)
    try:
        _take(lock, time.monotonic() + wait, given_up)
        yield
    finally:
        # Not left to `close`: a forked worker may still share the descriptor.
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)


def _open(site: Path) -> int:
    try:
        return os.open(make_state(site) / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise _refusal(f"cannot lock the site: `{error.filename}`: {error.strerror}") from error


def _take(lock: int, deadline: float, given_up: Callable[[], bool]) -> None:
    try:
        while not _try(lock):
            if time.monotonic() >= deadline or given_up():
                raise _refusal(
                    f"{holder_of(lock)} is at work on this site",
                    "wait until it has ended, or end it, then try again",
                )
            time.sleep(0.02)
        sign_lock(lock)
    except OSError as error:
        raise _refusal(f"cannot lock the site: {error.strerror}") from error


def _try(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sign_lock(lock: int) -> None:
    """The file names its holder: process number and start, `4711 2026-01-31T12:00:00+00:00`."""
    start = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()} {start}\n".encode(), 0)


def holder_of(lock: int) -> str:
    """The holder in words; between its turn and its signature the file may be empty."""
    match os.pread(lock, 100, 0).decode(errors="replace").split():
        case [process, start]:
            return f"another sitegen (process {process}, since {start})"
        case _:
            return "another sitegen"


def _refusal(message: str, *help: str) -> SiteError:
    return SiteError([Problem("fatal", "locked", message, help=help)])

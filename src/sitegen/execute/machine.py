"""One lock a machine: a benchmark has it to itself, whatever sitegen runs besides, for any site."""

from __future__ import annotations

import fcntl
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sitegen.execute.kernels import Stopped
from sitegen.storage.lock import holder_of, sign_lock

LOCK = "sitegen-machine.lock"
TURN = "sitegen-machine.turn"
"""Whoever wants the machine for itself holds this while it waits: nobody starts before it."""

ASK_AGAIN = 0.2
"""Seconds between two tries: one that waits must not disturb the one that measures."""

Tell = Callable[[str], None]
"""Is told once whom one waits for."""


@contextmanager
def on_this_machine(stop: threading.Event, tell: Tell, *, alone: bool) -> Iterator[None]:
    """No benchmark of another sitegen runs meanwhile; with `alone` nothing else of any.

    Raises Stopped once `stop` is set while it waits. The lock is the kernel's: a process that ends
    in any way gives it up, and a file left behind means nothing.
    """
    folder = Path(tempfile.gettempdir())
    kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
    told: list[str] = []

    def wait(holder: str) -> None:
        if not told:
            told.append(holder)
            tell(holder)
        if stop.wait(ASK_AGAIN):
            raise Stopped

    with ExitStack() as stack:
        with _held(folder / TURN, kind, wait):
            stack.enter_context(_held(folder / LOCK, kind, wait))
        yield


@contextmanager
def _held(path: Path, kind: int, wait: Callable[[str], None]) -> Iterator[None]:
    lock = _open(path)
    try:
        while not _try(lock, kind):
            wait(holder_of(lock))
        if kind == fcntl.LOCK_EX:
            with suppress(OSError):  # the file is another user's
                sign_lock(lock)
        yield
    finally:
        # Not left to `close`: a process forked meanwhile may still share the descriptor.
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)


def _open(path: Path) -> int:
    """The lock's file, which all users of the machine share; who may not open it has his own."""
    own = path.with_name(f"{os.getuid()}-{path.name}")
    create = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
    for flags in (create, os.O_RDONLY | os.O_NOFOLLOW):
        with suppress(OSError):
            lock = os.open(path, flags, 0o644)
            with suppress(OSError):  # it is another user's
                os.fchmod(lock, 0o644)
            return lock
    return os.open(own, create, 0o600)


def _try(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

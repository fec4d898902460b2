"""Text that is written below Python: by C and C++ to stdout and stderr, by child processes.

It is read from pipes in place of file descriptors 1 and 2, and kept until the block that wrote it
ends. Standard library only.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import sys
import threading
from collections.abc import Callable

from sitegen_limits import StreamLimit

CAPACITY = 1 << 20
"""Bytes that a pipe holds where the system lets it: so much can be printed by code that keeps
Python's lock, and with it the thread that reads."""

_CHUNK = 1 << 16
_F_SETPIPE_SZ = 1031


class Pipe:
    """The reading end of a pipe, and what has been read since the last block ended."""

    def __init__(self, descriptor: int) -> None:
        self.reading, writing = os.pipe()
        with contextlib.suppress(ImportError, OSError):
            if sys.platform == "linux":
                import fcntl

                fcntl.fcntl(writing, _F_SETPIPE_SZ, CAPACITY)
        os.set_blocking(self.reading, False)
        os.dup2(writing, descriptor)
        os.close(writing)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._limit = StreamLimit()
        self._parts: list[str] = []

    def read(self) -> None:
        """Take what has been written before this call, and never more than the pipe can hold."""
        for _ in range(CAPACITY // _CHUNK + 1):
            try:
                content = os.read(self.reading, _CHUNK)
            except BlockingIOError:
                return
            text = self._limit.take(self._decoder.decode(content))
            if text:
                self._parts.append(text)
            if not content:
                return

    def take(self) -> tuple[str, str, int]:
        """The beginning of the text, its end, and how many characters between them were cut."""
        begin = "".join(self._parts)
        self._parts.clear()
        tail, cut = self._limit.end()
        return begin, tail, cut


class Below:
    """Reads what is written below Python, in a thread, for the block that is running."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flush = libc_flush()
        self._flush()
        self.pipes = {"stdout": Pipe(1), "stderr": Pipe(2)}
        threading.Thread(target=self._watch, name="sitegen-below", daemon=True).start()

    def take(self) -> dict[str, tuple[str, str, int]]:
        """All that has been written since the last call, libc's buffers included."""
        self._flush()
        with self._lock:
            for pipe in self.pipes.values():
                pipe.read()
            return {name: pipe.take() for name, pipe in self.pipes.items()}

    def _watch(self) -> None:
        poll = select.poll()
        pipes = {pipe.reading: pipe for pipe in self.pipes.values()}
        for reading in pipes:
            poll.register(reading, select.POLLIN)
        while True:
            for reading, _ in poll.poll():
                with self._lock:
                    pipes[reading].read()


def libc_flush() -> Callable[[], None]:
    """What makes libc write the text that it still holds for stdout and stderr.

    These two streams only: to flush all would wait for any that another thread is reading.
    """
    try:
        import ctypes

        libc = ctypes.CDLL(None)
        names = ("__stdoutp", "__stderrp") if sys.platform == "darwin" else ("stdout", "stderr")
        streams = [ctypes.c_void_p.in_dll(libc, name) for name in names]
        libc.fflush.argtypes = [ctypes.c_void_p]
        fflush = libc.fflush
    except (ImportError, OSError, AttributeError, ValueError):
        return lambda: None

    def flush() -> None:
        for stream in streams:
            fflush(stream)

    return flush

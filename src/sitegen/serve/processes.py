"""The processes of the preview: forked before any thread, socket or kernel exists, and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from sitegen.passes.asked import Caller
from sitegen.serve.worker import Worker

END_LIMIT = 1.4
"""Seconds that the processes have to end all kernels, before they are ended themselves."""


class Crew:
    """The processes of a preview; `line` leads to the one that builds."""

    def __init__(
        self, line: Connection, runner: Connection, members: Sequence[BaseProcess]
    ) -> None:
        """`runner` is the worker's line to the process with the kernels: by it the server has that
        process end, though the worker be in the middle of a build."""
        self.line = line
        self._lines = (runner, line)
        self._members = members
        self._deadline: float | None = None

    def end(self) -> None:
        """Have all processes end; they have END_LIMIT for it, from the first call on."""
        if self._deadline is None:
            self._deadline = time.monotonic() + END_LIMIT
            for line in self._lines:
                _shut(line)

    def join(self) -> None:
        """All are gone: what has not ended in time is killed."""
        self.end()
        for member in self._members:
            member.join(max(0.0, (self._deadline or 0.0) - time.monotonic()))
            _kill(member)
        for line in self._lines:
            line.close()


@contextmanager
def processes(
    root: Path,
    caller: Caller,
    tree: Path,
    forget: Callable[[], None],
    *,
    runs: bool,
    drafts: bool,
) -> Iterator[Crew]:
    """A worker that builds; with `runs` another process runs blocks.

    `forget` closes in them what only the server is to hold. At the end both are gone, and every
    kernel.
    """
    fork = get_context("fork")
    server, served = fork.Pipe()
    above, below = fork.Pipe()

    def work() -> None:
        forget()
        server.close()
        below.close()
        Worker(root, caller, tree, served, above if runs else None, drafts=drafts).serve()

    def run() -> None:
        # Imported beside the first build: the clients of kernels take a quarter of a second.
        from sitegen.serve.runner import Runner

        forget()
        for line in (server, served, above):
            line.close()
        Runner(root, caller, below).serve()

    started = [fork.Process(target=_alone, args=(target,)) for target in (run, work)[not runs :]]
    for process in started:
        process.start()
    for line in (served, below):
        line.close()
    crew = Crew(server, above, started)
    try:
        yield crew
    finally:
        crew.join()


def _shut(line: Connection) -> None:
    """Who reads at the other end of a line finds its end, and who writes there fails."""
    with socket.socket(fileno=os.dup(line.fileno())) as twin, contextlib.suppress(OSError):
        twin.shutdown(socket.SHUT_RDWR)


def _alone(target: Callable[[], None]) -> None:
    """Do it in a group of processes of its own: Ctrl-C in the terminal is for the server alone."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    target()


def _kill(process: BaseProcess) -> None:
    """End a process and what it started in its group, if it has not ended."""
    if process.is_alive() and process.pid is not None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.join()

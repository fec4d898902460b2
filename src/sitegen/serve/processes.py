"""The processes of the preview: forked before any thread, socket or kernel exists, and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from sitegen.passes.asked import Caller
from sitegen.serve.news import Quit
from sitegen.serve.worker import Worker

END_LIMIT = 1.4
"""Seconds that the processes have to end all kernels, before they are ended themselves."""


@contextmanager
def processes(
    root: Path,
    caller: Caller,
    tree: Path,
    forget: Callable[[], None],
    *,
    runs: bool,
    drafts: bool,
) -> Iterator[Connection]:
    """The line to a worker that builds; with `runs` another process runs blocks.

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
    for line in (served, above, below):
        line.close()
    try:
        yield server
    finally:
        with contextlib.suppress(OSError):
            server.send(Quit())
        server.close()
        deadline = time.monotonic() + END_LIMIT
        for process in reversed(started):
            process.join(max(0.0, deadline - time.monotonic()))
            _kill(process)


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

"""A process that has imported what kernels need, and forks one whenever it is asked to.

Runs in the kernels' interpreter: `python sitegen_zygote.py SOCKET MODULE…`. It imports ipykernel
and the modules, touches no device, starts no thread, and then answers requests on the socket, one
JSON object a connection:

- `{"fork": {argv, env, cwd, memory}}` hands the connection to the guard of a new kernel, which
  speaks as `sitegen_guard.py` says;
- `{"loaded": true}` gives `{"names": […]}`, the top-level modules that its children find imported.

It ends, and all below it, when its standard input is closed, as it is when its starter ends. When
it is killed its kernels live on: each guard has a line of its own to the starter.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import json
import os
import random
import select
import signal
import socket
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import launch
import sitegen_guard as guard

LATER = (
    "IPython.core.completerlib",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "IPython.utils.wildcard",
    "ipykernel.debugger",
    "tornado.platform.asyncio",
)
"""What each kernel would import when it starts: measured, half of the time that this takes."""


def main(address: str, modules: list[str]) -> None:
    """Import, then serve until standard input is closed."""
    guard.end_with_parent()  # until it listens to its standard input
    gc.disable()  # importing makes little garbage: a sixth of the time goes into looking for it
    for name in (*LATER, *modules):
        with contextlib.suppress(ImportError), a_kernels_shell():
            importlib.import_module(name)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    guard.become_reaper()
    gc.freeze()  # else a child's first search for garbage copies every page
    server = socket.socket(socket.AF_UNIX)
    server.bind(f"{address}-")
    server.listen()
    Path(f"{address}-").rename(address)  # who sees it finds it listening
    guard.outlive_parent()
    serve(server)


@contextlib.contextmanager
def a_kernels_shell() -> Iterator[None]:
    """Within, modules find as much of a shell as tells that they are imported by a kernel.

    pandas asks for it once and for all: in a terminal it would show as many columns as fit.
    """
    shell = SimpleNamespace(kernel=None)
    builtins.get_ipython = lambda: shell  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del builtins.get_ipython  # type: ignore[attr-defined]


def serve(server: socket.socket) -> None:
    """Answer requests; whoever comes back because a guard was killed is ended."""
    wake = guard.wake_up_on(signal.SIGCHLD)
    guards: set[int] = set()
    poller = select.poll()
    for source in (server, wake, sys.stdin):
        poller.register(source, select.POLLIN)
    while True:
        ready = dict(poller.poll())
        if wake.fileno() in ready:
            guard.received(wake)
            end_orphans(guards)
        if sys.stdin.fileno() in ready:
            guard.end_all_below()
            return
        if server.fileno() in ready:
            connection, _ = server.accept()
            with connection:
                try:
                    request = json.loads(connection.makefile().readline())
                except ValueError:
                    continue  # who asked has gone
                if "fork" in request:
                    guards.add(fork(request["fork"], connection, server, wake))
                else:
                    names = sorted(name for name in sys.modules if "." not in name)
                    connection.sendall(json.dumps({"names": names}).encode() + b"\n")


def fork(request: dict[str, Any], connection: socket.socket, *ours: socket.socket) -> int:
    """The number of a new process that guards a kernel."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads: numpy's survive a fork, none is ours
        pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        os.close(signal.set_wakeup_fd(-1))
        for one in ours:
            one.close()
        guard.keep(connection, request["memory"], lambda: become_kernel(request))
    finally:
        os._exit(1)


def become_kernel(request: dict[str, Any]) -> None:
    """Serve in the forked process as one started anew would."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    gc.enable()
    sys.argv = [launch.__file__, *request["argv"]]
    random.seed()
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        numpy.random.seed()
    if torch is not None:
        torch.default_generator.seed()
    launch.main(*request["argv"], forked=True)


def end_orphans(guards: set[int]) -> None:
    """Reap the guards that have ended, and kill the children that are none."""
    with contextlib.suppress(ChildProcessError):
        while process := os.waitpid(-1, os.WNOHANG)[0]:
            guards.discard(process)
    for process in guard.children(os.getpid()) - guards:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).resolve().parent))
    main(sys.argv[1], sys.argv[2:])

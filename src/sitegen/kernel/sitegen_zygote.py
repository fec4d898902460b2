"""A process that has imported what kernels need, and forks one whenever it is asked to.

Runs in the kernels' interpreter: `python sitegen_zygote.py SOCKET MODULE…`. It imports ipykernel
and the modules, touches no device, starts no thread, and then answers requests on the socket, one
JSON object a connection:

- `{"fork": {argv, env, cwd}}` gives `{"pid": N}`;
- `{"poll": N}` gives `{"status": S}`, S being null while the child lives, else its status as in
  `subprocess.Popen`;
- `{"loaded": true}` gives `{"names": […]}`, the top-level modules that its children find imported.

It ends with its parent.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import random
import signal
import socket
import sys
import warnings
from pathlib import Path
from typing import Any

import launch

statuses: dict[int, int] = {}
"""How the children that have ended did so, by process number."""


def main(address: str, modules: list[str]) -> None:
    """Import, then serve until killed."""
    end_with_parent()
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    signal.signal(signal.SIGCHLD, reap)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    server = socket.socket(socket.AF_UNIX)
    server.bind(address)
    server.listen()
    while True:
        connection, _ = server.accept()
        with connection:
            request = json.loads(connection.makefile().readline())
            if "fork" in request:
                answer: dict[str, Any] = {"pid": fork(request["fork"], server, connection)}
            elif "loaded" in request:
                answer = {"names": sorted(name for name in sys.modules if "." not in name)}
            else:
                answer = {"status": statuses.get(request["poll"])}
            connection.sendall(json.dumps(answer).encode() + b"\n")


def fork(request: dict[str, Any], server: socket.socket, connection: socket.socket) -> int:
    """The number of a new process that is a kernel."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # of threads: numpy's survive a fork, of ours there are none
        pid = os.fork()
    if pid:
        return pid
    try:
        server.close()
        connection.close()
        become_fresh(request)
        launch.main(*request["argv"])
    finally:
        os._exit(1)


def become_fresh(request: dict[str, Any]) -> None:
    """Make the forked process what one started anew would be."""
    parent = os.getppid()
    os.setsid()
    end_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    os.environ.clear()
    os.environ.update(request["env"], JPY_PARENT_PID=str(parent))
    os.chdir(request["cwd"])
    sys.argv = [launch.__file__, *request["argv"]]
    random.seed()
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        numpy.random.seed()
    if torch is not None:
        torch.default_generator.seed()
    statuses.clear()
    gc.unfreeze()


def reap(*_: object) -> None:
    """Note the status of every child that has ended."""
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            statuses[pid] = os.waitstatus_to_exitcode(status)


def end_with_parent() -> None:
    """On Linux, be killed when the process that started this one ends."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG, prctl(2)


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).resolve().parent))
    main(sys.argv[1], sys.argv[2:])

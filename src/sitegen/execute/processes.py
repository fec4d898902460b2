"""A kernel's process and the guard above it, as the one who started them sees them.

What guard and zygote say is written in `kernel/sitegen_guard.py` and `kernel/sitegen_zygote.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import IO, Any

INTERRUPT = b"i"
END = b"e"
FIRST_WORD_LIMIT = 30.0
END_LIMIT = 1.5
"""Seconds a guard has to end all that is left, before it is killed itself."""


class GuardError(Exception):
    """No guard answers; the message says why."""


class GuardedProcess:
    """A kernel below its guard, with as much of `subprocess.Popen` as a provisioner uses.

    `pid` is the kernel's number; `over` tells that it was ended for the memory it used.
    """

    stdin = stdout = stderr = None

    def __init__(
        self, line: socket.socket, popen: subprocess.Popen[bytes] | None, *, forked: bool
    ) -> None:
        self.forked = forked
        self.returncode: int | None = None
        self.over = False
        self._line = line
        self._popen = popen
        self._heard = b""
        try:
            first = self._next(FIRST_WORD_LIMIT)
        except TimeoutError:
            first = None
        if first is None:
            self._line.close()
            self._reap()
            raise GuardError("no guard of a kernel answers")
        self.pid: int = first["kernel"]
        self._guard: int = first["guard"]

    def fileno(self) -> int:
        """What becomes readable when the kernel has ended."""
        return self._line.fileno()

    def poll(self) -> int | None:
        """The kernel's status once nothing of it is left, else None."""
        return self._status(0.0)

    def wait(self, timeout: float | None = None) -> int | None:
        status = self._status(timeout)
        if status is not None:
            self._line.close()
        return status

    def send_signal(self, number: int) -> None:
        """An interrupt reaches the kernel's group; what is to end it ends all that it started."""
        if number == signal.SIGINT:
            self._say(INTERRUPT)
        elif number in (signal.SIGTERM, signal.SIGKILL):
            self._say(END)
        elif self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def abort(self, seconds: float) -> None:
        """Let the kernel alone crash, and wait so long for its end."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGABRT)
            self._status(seconds)

    def end(self) -> None:
        """End the kernel and all that it started, and the guard too if it is stuck."""
        self._say(END)
        if self.returncode is None:
            self._signal_guard(signal.SIGCONT)  # a block may have stopped it
        if self._status(END_LIMIT) is None:
            self._signal_guard(signal.SIGKILL)  # its kernel ends with it
            self._status(END_LIMIT)
        self._line.close()

    def _signal_guard(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._guard, number)

    def _say(self, word: bytes) -> None:
        if self.returncode is None:
            with contextlib.suppress(OSError):  # it is gone
                self._line.send(word, socket.MSG_DONTWAIT)

    def _status(self, seconds: float | None) -> int | None:
        if self.returncode is None:
            try:
                last = self._next(seconds)
            except TimeoutError:
                return None
            self.returncode = -signal.SIGKILL if last is None else last["status"]
            self.over = last is not None and last["over"]
            self._reap()
        return self.returncode

    def _next(self, seconds: float | None) -> dict[str, Any] | None:
        """What the guard says next; None where it is gone. Raises TimeoutError."""
        deadline = None if seconds is None else time.monotonic() + seconds
        poller = select.poll()
        poller.register(self._line, select.POLLIN)
        while b"\n" not in self._heard:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if not poller.poll(left if left is None else left * 1000):
                raise TimeoutError
            try:
                more = self._line.recv(4096)
            except OSError:
                more = b""
            if not more:
                return None
            self._heard += more
        line, _, self._heard = self._heard.partition(b"\n")
        news: dict[str, Any] = json.loads(line)
        return news

    def _reap(self) -> None:
        if self._popen is not None:
            self._popen.wait()


def spawn(
    python: str,
    program: Sequence[str],
    env: Mapping[str, str],
    cwd: str,
    memory: int,
    errors: IO[bytes] | None = None,
) -> GuardedProcess:
    """A new process of the interpreter that runs the program, guarded; raises GuardError.

    The guard's source lies beside the program. A `memory` of 0 is no limit. What is written to
    stderr goes to `errors`, and nowhere without it.
    """
    ours, theirs = socket.socketpair()
    guard = Path(program[0]).with_name("sitegen_guard.py")
    command = [python, str(guard), str(theirs.fileno()), str(memory), *program]
    with theirs:
        try:
            popen = subprocess.Popen(
                command,
                env=dict(env),
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL if errors is None else errors,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        except OSError as error:
            ours.close()
            raise GuardError(str(error)) from error
    return GuardedProcess(ours, popen, forked=False)


def fork(
    address: Path, arguments: Sequence[str], env: Mapping[str, str], cwd: str, memory: int
) -> GuardedProcess:
    """A kernel forked from the zygote at that socket, guarded; raises GuardError."""
    request = {"argv": list(arguments), "env": dict(env), "cwd": cwd, "memory": memory}
    return GuardedProcess(say(address, {"fork": request}), None, forked=True)


def say(address: Path, request: Mapping[str, object]) -> socket.socket:
    """A connection to the zygote on which the request was made; raises GuardError."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(str(address))
        connection.sendall(json.dumps(request).encode() + b"\n")
    except OSError as error:
        connection.close()
        raise GuardError(f"the zygote does not answer: {error}") from error
    return connection


def ship(folder: Path) -> None:
    """Write the sources that kernels consist of into a folder."""
    for source in files("sitegen.kernel").iterdir():
        if source.name.endswith(".py") and source.name != "__init__.py":
            (folder / source.name).write_text(source.read_text("utf-8"), "utf-8")

"""The process above a kernel: it ends with all that the kernel started, and touches nothing else.

Standard library only. A guard talks over the socket that its starter holds. It is told
`INTERRUPT` or `END`, one byte each; that the socket is closed, as when the starter was killed,
means `END` too. It tells one JSON object a line: first `{"guard": N, "kernel": N}`, the numbers of
the two processes, and when nothing is left `{"status": S, "over": B}`: the kernel's status as in
`subprocess.Popen`, and whether it was ended because it used too much memory.

A kernel that is not forked is started as `python sitegen_guard.py SOCKET MEMORY PROGRAM…`: the
socket's number, the limit in bytes or 0, and what Python is to run.

On Linux the guard is the reaper of what the kernel orphans (prctl(2), PR_SET_CHILD_SUBREAPER), so
daemons and sessions of their own come back to it. Elsewhere the kernel's process group is all that
can be found.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

INTERRUPT = b"i"
END = b"e"
PERIOD = 0.05
"""Seconds between two looks at the memory of a kernel that has a limit."""

LAST_WORDS = 0.1
"""Seconds in which a kernel that is to be ended may write down where it was."""

LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_FIRST_VICTIM = "500"
"""How much sooner than others the kernel's OOM killer takes a post: proc(5), oom_score_adj."""


def keep(starter: socket.socket, memory: int, serve: Callable[[], None]) -> NoReturn:
    """Run a kernel in a child of this process, and end when nothing is left of it."""
    become_reaper()
    wake = wake_up_on(signal.SIGCHLD, signal.SIGTERM)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    guard = os.getpid()
    kernel = os.fork()
    if not kernel:
        try:
            starter.close()
            _become_kernel(guard, wake)
            serve()
        finally:
            os._exit(1)
    with contextlib.suppress(OSError):  # the child did it first
        os.setpgid(kernel, kernel)
    _tell(starter, {"guard": guard, "kernel": kernel})
    status, over = _watch(starter, wake, kernel, memory)
    if status is None or not LINUX:
        _kill(os.killpg, kernel)  # all at once: nothing of it can fork meanwhile
    end_all_below()
    _tell(starter, {"status": -signal.SIGKILL if status is None else status, "over": over})
    os._exit(0)


def wake_up_on(*signals: int) -> socket.socket:
    """A socket from which the numbers of the signals that come can be read, a byte each."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    for number in signals:
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(writer.detach(), warn_on_full_buffer=False)
    return reader


def become_reaper() -> None:
    """On Linux, take what processes below this one orphan."""
    if LINUX:
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent() -> None:
    """On Linux, be killed when the thread that started this process ends."""
    if LINUX:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def outlive_parent() -> None:
    """Take `end_with_parent` back."""
    if LINUX:
        _prctl(_PR_SET_PDEATHSIG, 0)


def end_all_below() -> None:
    """Kill every process below this one, those started meanwhile too; returns when none is left."""
    me = os.getpid()
    while True:
        for process in below(me):
            _kill(os.kill, process)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(0.001)


def below(process: int) -> set[int]:
    """The processes below one, by number."""
    return _family({process}, {number: _parent(number) for number in _processes()}) - {process}


def children(process: int) -> set[int]:
    """The processes right below one, by number."""
    return {number for number in _processes() if _parent(number) == process}


class Memory:
    """The memory of all processes below this one.

    Whether a process is below this one never changes while it lives, since what is orphaned comes
    back to the guard; so each is asked once.
    """

    def __init__(self) -> None:
        self._inside = {os.getpid()}
        self._outside: set[int] = set()

    def exceeds(self, limit: int) -> bool:
        """Whether it is more than so many bytes.

        The sum of what is resident is cheap and never too small. Only where it is over the limit
        is the kernel asked for shares: pages that forked processes have in common count once.
        """
        processes = self._members()
        if sum(map(_resident, processes)) <= limit:
            return False
        return sum(map(_share, processes)) > limit

    def _members(self) -> set[int]:
        alive = _processes()
        self._inside &= alive
        self._outside &= alive
        parents = {number: _parent(number) for number in alive - self._inside - self._outside}
        self._inside = _family(self._inside, parents)
        self._outside |= parents.keys() - self._inside
        return self._inside - {os.getpid()}


def _watch(
    starter: socket.socket, wake: socket.socket, kernel: int, memory: int
) -> tuple[int | None, bool]:
    """The status of a kernel that has ended, None where it has to be; whether for its memory."""
    poller = select.poll()
    poller.register(starter, select.POLLIN)
    poller.register(wake, select.POLLIN)
    used = Memory()
    while True:
        poller.poll(PERIOD * 1000 if memory else None)
        if signal.SIGTERM in (received(wake) or b""):
            return None, False
        status = _status(kernel)
        if status is not None:
            return status, False
        orders = received(starter)
        if orders is not None and INTERRUPT in orders:
            _kill(os.killpg, kernel, signal.SIGINT)
        if orders is not None and (END in orders or not orders):
            return None, False
        if memory and used.exceeds(memory):
            _kill(os.kill, kernel, signal.SIGABRT)  # it tells where it was
            deadline = time.monotonic() + LAST_WORDS
            while (status := _status(kernel)) is None and time.monotonic() < deadline:
                time.sleep(0.002)
            return status, True


def received(source: socket.socket) -> bytes | None:
    """What can be read now: None where nothing waits, nothing where the other end is closed."""
    try:
        return source.recv(4096, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _status(kernel: int) -> int | None:
    """How the kernel ended; None while it lives. Whatever else has ended is reaped too."""
    found = None
    with contextlib.suppress(ChildProcessError):
        while True:
            process, status = os.waitpid(-1, os.WNOHANG)
            if not process:
                break
            if process == kernel:
                found = os.waitstatus_to_exitcode(status)
    return found


def _become_kernel(guard: int, wake: socket.socket) -> None:
    """What a process started anew would be, in a group of its own, and gone with its guard."""
    writer = signal.set_wakeup_fd(-1)
    os.close(writer)
    wake.close()
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with contextlib.suppress(OSError):
        os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no crash leaves a core beside the post
    end_with_parent()
    if os.getppid() != guard:
        os._exit(1)
    os.environ.pop("JPY_PARENT_PID", None)
    if not LINUX:  # ipykernel asks every second whether it is still there
        os.environ["JPY_PARENT_PID"] = str(guard)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_VICTIM)


def _tell(starter: socket.socket, news: dict[str, object]) -> None:
    with contextlib.suppress(OSError):  # it is gone
        starter.sendall(json.dumps(news).encode() + b"\n")


def _kill(how: Callable[[int, int], None], target: int, number: int = signal.SIGKILL) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        how(target, number)


def _family(members: set[int], parents: dict[int, int | None]) -> set[int]:
    """These processes and all below them, given everyone's parent."""
    below: dict[int | None, list[int]] = {}
    for one, parent in parents.items():
        below.setdefault(parent, []).append(one)
    found, waiting = set(members), list(members)
    while waiting:
        more = below.get(waiting.pop(), [])
        found.update(more)
        waiting += more
    return found


def _processes() -> set[int]:
    try:
        return {int(name) for name in os.listdir("/proc") if name.isdigit()}  # noqa: PTH208
    except OSError:
        return set()


def _parent(process: int) -> int | None:
    stat = _read(process, "stat")
    return int(stat.rpartition(b")")[2].split()[1]) if stat else None


def _resident(process: int) -> int:
    """Bytes of a process in memory, those that it shares included."""
    statm = _read(process, "statm")
    return int(statm.split()[1]) * os.sysconf("SC_PAGESIZE") if statm else 0


def _share(process: int) -> int:
    """Bytes of a process in memory, those that it shares by its part; all where none is told."""
    for line in _read(process, "smaps_rollup").split(b"\n"):
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) * 1024
    return _resident(process)


def _read(process: int, name: str) -> bytes:
    try:
        with open(f"/proc/{process}/{name}", "rb") as file:  # noqa: PTH123 (twenty times a second)
            return file.read()
    except OSError:
        return b""


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def main(number: str, memory: str, *program: str) -> NoReturn:
    """Guard a program of this interpreter.

    A post may kill the guard above its kernel: what it leaves then comes back to this process, as
    that of forked kernels does to their zygote.
    """
    command = [sys.executable, *program]
    starter = socket.socket(fileno=int(number))
    become_reaper()
    guard = os.fork()
    if not guard:
        keep(starter, int(memory), lambda: os.execv(command[0], command))  # noqa: S606
    os.waitpid(guard, 0)
    end_all_below()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])

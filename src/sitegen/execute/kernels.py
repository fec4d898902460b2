"""A kernel as a resource: started over IPC in a private folder, and gone with all it started."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import msgspec
import zmq
from jupyter_client.session import Session

from sitegen.execute.environment import kernel_environment
from sitegen.execute.host import Host
from sitegen.execute.processes import GuardedProcess, GuardError, fork, ship, spawn
from sitegen.model import Failure, Frame, Plan

START_LIMIT = 60.0
ASK_AGAIN = 1.0
LAST_WORDS = 20
"""Milliseconds in which the last messages of a kernel arrive."""

LAST_LINE = 0.2
"""Seconds in which an aborted kernel writes down where it was."""

RECONNECT = 3
"""Milliseconds between two attempts to reach a kernel; ZeroMQ's own are 100."""

DRAINED_AT_ONCE = 1000
"""Messages taken before time is looked at again."""

CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
FAULT = "fault"
"""The file in which a kernel that crashes leaves its traceback, as `kernel/launch.py` says."""

LONGEST_BASE = 60
"""Characters of a temporary folder's path that leave room for the name of a socket."""


class KernelStartError(Exception):
    """No kernel came up; the message says why."""


class Stopped(Exception):  # noqa: N818 (no error: somebody asked for it)
    """The work was to be given up."""


class Kernel(msgspec.Struct):
    """A running kernel with its client; when `stop` is set, who waits for it gets Stopped."""

    process: GuardedProcess
    session: Session
    shell: zmq.Socket[bytes]
    iopub: zmq.Socket[bytes]
    fault: Path
    memory: int | None
    stop: Event

    @property
    def forked(self) -> bool:
        """Whether it was forked from a zygote."""
        return self.process.forked

    def send(self, code: str, block: int, ask: Mapping[str, object] | None = None) -> str:
        """Ask for a block to be run; returns the request's identity.

        `ask` is what the probe is to do besides.
        """
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        metadata = {"sitegen_block": block, "sitegen_ask": dict(ask or {})}
        return self.request("execute_request", content, metadata)

    def request(self, kind: str, content: dict[str, Any], metadata: dict[str, Any]) -> str:
        """Send a request; returns its identity."""
        message = self.session.send(self.shell, kind, content, metadata=metadata)
        return str(message["header"]["msg_id"])  # type: ignore[index]

    def receive(self, seconds: float) -> list[dict[str, Any]]:
        """The messages that wait on IOPub and shell, after at most so many seconds; fewer where the
        kernel ends."""
        if self.stop.is_set():
            raise Stopped
        poller = zmq.Poller()
        for source in (self.iopub, self.shell, self.process.fileno()):
            poller.register(source, zmq.POLLIN)
        found = dict(poller.poll(round(seconds * 1000)))
        if found.keys() == {self.process.fileno()}:  # what it said last may still be on its way
            poller.unregister(self.process.fileno())
            found = dict(poller.poll(LAST_WORDS))
        messages: list[dict[str, Any]] = []
        for channel in (self.iopub, self.shell):
            while channel in found and len(messages) < DRAINED_AT_ONCE:
                message = self.session.recv(channel)[1]
                if message is None:
                    break
                messages.append(message)
        return messages

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def abort(self) -> tuple[Frame, ...]:
        """End the kernel by force; the lines where it was, if it could still tell."""
        self.process.abort(LAST_LINE)
        return frames_of(self.fault)

    def death(self) -> Failure | None:
        """How the kernel ended and where, if it could tell; None while it lives."""
        status = self.process.poll()
        if status is None:
            return None
        return describe_end(
            status, self.memory if self.process.over else None, frames_of(self.fault)
        )


def describe_end(status: int, limit: int | None, frames: tuple[Frame, ...] = ()) -> Failure:
    """How a kernel ended that was not meant to; `limit` is the memory that it was ended for."""
    if limit is not None:
        message = f"the post used more memory than its limit, {limit / 1e9:.3g} GB"
        return Failure("MemoryError", message, frames)
    if status >= 0:
        return Failure("KernelDied", f"the kernel exited with status {status}")
    message = f"the kernel was ended by {_name(-status)}"
    if status == -signal.SIGKILL:
        message += "; so it is when the machine has no memory left"
    return Failure("KernelDied", message, frames)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def frames_of(fault: Path) -> tuple[Frame, ...]:
    """The blocks' lines in the traceback of a crash, outermost first."""
    try:
        text = fault.read_text("utf-8", "replace")
    except OSError:
        return ()
    places = re.findall(r'^  File ".*/block-(\d+)\.py", line (\d+) in (.*)$', text, re.M)
    frames = (Frame(function, int(line), int(block) - 1) for block, line, function in places)
    return tuple(frames)[::-1]


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder only we can enter; its path is short: names of IPC sockets end at 107 bytes."""
    base = tempfile.gettempdir()
    if len(base) > LONGEST_BASE and Path("/tmp").is_dir():  # noqa: S108 (mkdtemp makes it private)
        base = "/tmp"  # noqa: S108
    folder = Path(tempfile.mkdtemp(prefix="sg-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def start_kernel(
    plan: Plan,
    host: Host,
    private: Path,
    work: Path,
    zygote: Path | None,
    stop: Event | None = None,
) -> Iterator[Kernel]:
    """A fresh kernel that answers, forked where there is a zygote; at the end it is killed with all
    that it started.

    Raises KernelStartError where none comes up, and Stopped once `stop` is set.
    """
    with ExitStack() as stack:
        info = _connection(private)
        process = _process(plan, host, private, work, zygote)
        stack.callback(process.end)
        kernel = _connect(stack, process, info, private, plan.execute.memory, stop or Event())
        _wait_until_ready(kernel)
        yield kernel


def _connection(private: Path) -> dict[str, Any]:
    """Where the kernel listens and its new key, also written to the file that it reads."""
    ports: dict[str, Any] = {f"{channel}_port": n for n, channel in enumerate(CHANNELS, 1)}
    info = {
        **ports,
        "transport": "ipc",
        "ip": str(private / "k"),
        "key": secrets.token_hex(32),
        "signature_scheme": "hmac-sha256",
        "kernel_name": "sitegen",
    }
    file = private / "connection.json"
    file.touch(0o600)
    file.write_text(json.dumps(info), "utf-8")
    return info


def _process(
    plan: Plan, host: Host, private: Path, work: Path, zygote: Path | None
) -> GuardedProcess:
    """The kernel's process; one started plainly where the zygote has been killed."""
    settings = private / "settings.json"
    settings.write_text(json.dumps(_settings(plan, host, work)), "utf-8")
    env = kernel_environment(
        plan.execute, host.device, host.python, private, host.environ, host.secrets
    )
    arguments = [str(private / "connection.json"), str(settings)]
    memory = plan.execute.memory or 0
    if zygote is not None:
        try:
            return fork(zygote, arguments, env, str(work), memory)
        except GuardError:
            pass
    ship(private)
    try:
        program = [str(private / "launch.py"), *arguments]
        return spawn(str(host.python), program, env, str(work), memory)
    except GuardError as error:
        raise KernelStartError(str(error)) from error


def _connect(
    stack: ExitStack,
    process: GuardedProcess,
    info: dict[str, Any],
    private: Path,
    memory: int | None,
    stop: Event,
) -> Kernel:
    """A client of the kernel; its sockets are closed with the stack."""
    context = zmq.Context()
    stack.callback(context.destroy, linger=0)
    shell, iopub = context.socket(zmq.DEALER), context.socket(zmq.SUB)
    iopub.subscribe(b"")
    for channel, socket in (("shell", shell), ("iopub", iopub)):
        socket.reconnect_ivl = RECONNECT  # the kernel is not there yet
        socket.connect(f"ipc://{info['ip']}-{info[f'{channel}_port']}")
    session = Session(key=info["key"].encode(), username="sitegen")
    return Kernel(process, session, shell, iopub, private / FAULT, memory, stop)


def _settings(plan: Plan, host: Host, work: Path) -> dict[str, object]:
    """What `kernel/launch.py` is told."""
    return {
        "page": plan.page,
        "site": str(host.root),
        "work": str(work),
        "passed_over": host.passed_over,
        "torch_device": host.provenance.torch_device,
    }


def _wait_until_ready(kernel: Kernel) -> None:
    """Wait for the first reply and for a first message on IOPub, so that no output is lost.

    A kernel without `iopub_welcome` (ipykernel < 7) is asked again until its answer is heard.
    """
    deadline = time.monotonic() + START_LIMIT
    heard = replied = False
    asked = float("-inf")
    while not (heard and replied):
        now = time.monotonic()
        if now > deadline:
            raise KernelStartError(f"it did not answer within {START_LIMIT:.0f} s")
        death = kernel.death()
        if death is not None:
            raise KernelStartError(death.value)
        if now - asked > ASK_AGAIN:
            kernel.request("kernel_info_request", {}, {})
            asked = now
        for message in kernel.receive(0.1):
            if message["msg_type"] == "kernel_info_reply":
                replied = True
            else:
                heard = True

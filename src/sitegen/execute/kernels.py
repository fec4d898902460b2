"""A kernel as a resource: started over IPC in a private folder, and gone with all it started."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from sitegen.execute.environment import kernel_environment
from sitegen.execute.host import Host
from sitegen.execute.orphans import no_orphans
from sitegen.execute.zygote import PROVISIONER, ZygoteError, ship
from sitegen.model import Plan

START_LIMIT = 60.0
ASK_AGAIN = 1.0
DRAINED_AT_ONCE = 1000
"""Messages taken before time is looked at again."""

LONGEST_BASE = 60
"""Characters of a temporary folder's path that leave room for the name of a socket."""


class KernelStartError(Exception):
    """No kernel came up; the message says why."""


class Kernel(msgspec.Struct):
    """A running kernel with its client; `pid` also names its process group."""

    manager: KernelManager
    client: BlockingKernelClient
    pid: int
    stop: threading.Event

    def send(self, code: str, block: int, ask: Mapping[str, object]) -> str:
        """Ask for a block to be run; returns the request's identity.

        `ask` is what the probe is to do besides: see `sitegen_probe.Probe.take`.
        """
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        metadata = {"sitegen_block": block, "sitegen_ask": dict(ask)}
        request = self.client.session.msg("execute_request", content, metadata=metadata)
        self.client.shell_channel.send(request)
        return str(request["header"]["msg_id"])

    def receive(self, seconds: float) -> list[dict[str, Any]]:
        """The messages that wait on IOPub and shell, after at most so many seconds."""
        messages: list[dict[str, Any]] = []
        for channel in _ready(self.client, seconds):
            while len(messages) < DRAINED_AT_ONCE and channel.msg_ready():
                messages.append(channel.get_msg(timeout=0))
        return messages

    def interrupt(self) -> None:
        _signal(self.pid, signal.SIGINT)

    def why_dead(self) -> str | None:
        """How the kernel's process ended, or that it is to end; None while it lives."""
        if self.stop.is_set():
            return "it was told to stop"
        if self.manager.is_alive():
            return None
        status = self.manager.provisioner.process.returncode  # type: ignore[union-attr]
        if status is not None and status < 0:
            return f"the kernel was ended by {signal.Signals(-status).name}"
        return f"the kernel exited with status {status}"


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
    plan: Plan, host: Host, private: Path, work: Path, zygote: Path | None, stop: threading.Event
) -> Iterator[Kernel]:
    """A fresh kernel that answers, forked where there is a zygote; at the end it is killed with all
    that it started.

    Raises KernelStartError where none comes up.
    """
    with no_orphans(), _started(plan, host, private, work, zygote, stop) as kernel:
        yield kernel


@contextmanager
def _started(
    plan: Plan, host: Host, private: Path, work: Path, zygote: Path | None, stop: threading.Event
) -> Iterator[Kernel]:
    manager = _manager(plan, host, private, work, zygote)
    env = kernel_environment(
        plan.execute, host.device, host.python, private, host.environ, host.secrets
    )
    client = manager.client()
    try:
        with open(os.devnull, "w") as silence:  # noqa: PTH123
            try:
                manager.start_kernel(cwd=str(work), env=env, stdout=silence, stderr=silence)
            except ZygoteError as error:
                raise KernelStartError(f"the zygote does not answer: {error}") from error
        pid: int = manager.provisioner.pid  # type: ignore[union-attr]
        client.load_connection_file(manager.connection_file)
        client.start_channels()
        kernel = Kernel(manager, client, pid, stop)
        _wait_until_ready(kernel)
        yield kernel
    finally:
        client.stop_channels()
        if manager.has_kernel:
            _signal(manager.provisioner.pid, signal.SIGKILL)  # type: ignore[union-attr]
            manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
        manager.context.term()


def _manager(
    plan: Plan, host: Host, private: Path, work: Path, zygote: Path | None
) -> KernelManager:
    """A manager whose kernel is `kernel/launch.py`, told of the page by a settings file."""
    ship(private)
    settings = private / "settings.json"
    settings.write_text(json.dumps(_settings(plan, host, work, forked=zygote is not None)), "utf-8")
    argv = [str(host.python), str(private / "launch.py"), "{connection_file}", str(settings)]
    spec: dict[str, object] = {
        "argv": argv,
        "display_name": "sitegen",
        "language": "python",
        "interrupt_mode": "signal",
        "metadata": {},
    }
    if zygote is not None:
        config = {"provisioner_name": PROVISIONER, "config": {"socket": str(zygote)}}
        spec["metadata"] = {"kernel_provisioner": config}
    folder = private / "kernels" / "sitegen"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec), "utf-8")
    specs = KernelSpecManager(kernel_dirs=[str(folder.parent)], ensure_native_kernel=False)
    return KernelManager(
        kernel_name="sitegen",
        kernel_spec_manager=specs,
        context=zmq.Context(),
        transport="ipc",
        ip=str(private / "k"),
        connection_file=str(private / "connection.json"),
        shutdown_wait_time=0.0,
    )


def _settings(plan: Plan, host: Host, work: Path, *, forked: bool) -> dict[str, object]:
    """What `kernel/launch.py` is told."""
    return {
        "page": plan.page,
        "site": str(host.root),
        "work": str(work),
        "passed_over": host.passed_over,
        "torch_device": host.provenance.torch_device,
        "forked": forked,
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
        ended = kernel.why_dead()
        if ended is not None:
            raise KernelStartError(ended)
        if now - asked > ASK_AGAIN:
            kernel.client.kernel_info()
            asked = now
        for message in kernel.receive(0.1):
            if message["msg_type"] == "kernel_info_reply":
                replied = True
            else:
                heard = True


def _ready(client: BlockingKernelClient, seconds: float) -> list[Any]:
    """The channels on which a message waits, after at most so many seconds."""
    channels = (client.iopub_channel, client.shell_channel)
    poller = zmq.Poller()
    for channel in channels:
        poller.register(channel.socket, zmq.POLLIN)
    found = dict(poller.poll(round(seconds * 1000)))
    return [channel for channel in channels if channel.socket in found]


def _signal(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return

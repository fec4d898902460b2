"""Runs plans on this machine: one fresh Jupyter kernel for each, over IPC in a private folder."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import msgspec
import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import KernelManager

from sitegen.base.errors import Problem
from sitegen.execute.environment import Mask, kernel_environment
from sitegen.execute.host import Host
from sitegen.execute.messages import Fold
from sitegen.model import (
    Block,
    BlockDone,
    Cell,
    Chunk,
    Event,
    Failed,
    Failure,
    Finished,
    Frame,
    Input,
    Measures,
    Output,
    Plan,
    Queued,
    Run,
    Started,
)

START_LIMIT = 60.0
POLL = 0.25
GRACE = 1.0
"""Seconds that an interrupted block has to say where it was."""


class LocalExecutor:
    """Runs plans one after another on `host`; a block that fails is data, never an exception."""

    def __init__(self, host: Callable[[Plan], Host | Problem]) -> None:
        self._host = host

    def run(self, plans: Iterable[Plan]) -> Iterator[Event]:
        waiting = list(plans)
        for plan in waiting:
            yield Queued(plan)
        for plan in waiting:
            host = self._host(plan)
            if isinstance(host, Problem):
                yield Failed(plan, host)
            else:
                yield from run_plan(plan, host)


class Reply(msgspec.Struct, frozen=True):
    """The probe's record in the reply to a block."""

    measures: Measures | None = None
    frames: tuple[Frame, ...] = ()
    opened: tuple[Input, ...] = ()


class KernelEndedError(Exception):
    """The kernel is gone: it died, or a block reached its limit and the kernel was killed."""

    def __init__(self, name: str, value: str, frames: tuple[Frame, ...] = ()) -> None:
        super().__init__(value)
        self.failure = Failure(name, value, frames)


class Kernel(msgspec.Struct):
    """A running kernel with its client."""

    manager: KernelManager
    client: BlockingKernelClient
    pid: int


def run_plan(plan: Plan, host: Host) -> Iterator[Event]:
    """The events of one session in a kernel of its own, which is gone when they end."""
    begun = time.monotonic()
    started = dt.datetime.now(dt.UTC).replace(microsecond=0)
    cells: list[Cell] = []
    opened: tuple[Input, ...] = ()
    with _private_folder() as private:
        work = private / "work"
        _lay_out(plan, work)
        mask = Mask(work=work, root=host.root, python=host.python, home=Path.home())
        try:
            with _kernel(plan, host, private, work) as kernel:
                for index, block in enumerate(plan.blocks):
                    yield Started(plan, index)
                    fold = Fold(mask)
                    try:
                        for output in _execute(kernel, index, block, fold):
                            if isinstance(output, Reply):
                                opened = output.opened
                                cells.append(_judge(block, fold.outputs(output.frames), output))
                            else:
                                yield Chunk(plan, index, output)
                    except KernelEndedError as end:
                        outputs = (*fold.outputs(), end.failure)
                        cells.append(_cell(block, "failed", outputs, None))
                        yield BlockDone(plan, index, cells[-1])
                        break
                    yield BlockDone(plan, index, cells[-1])
        except KernelStartError as error:
            yield Failed(plan, error.problem)
            return
    cells += [_cell(block, "not run", (), None) for block in plan.blocks[len(cells) :]]
    run = Run(
        key=plan.key,
        page=plan.page,
        session=plan.session,
        device=host.device,
        started=started,
        seconds=round(time.monotonic() - begun, 3),
        provenance=host.provenance,
        inputs=opened,
        cells=tuple(cells),
    )
    yield Finished(plan, run)


class KernelStartError(Exception):
    """No kernel came up; carries the problem to report."""

    def __init__(self, plan: Plan, why: str) -> None:
        super().__init__(why)
        span = plan.blocks[0].span
        help = "start it by hand to see more: python -m ipykernel_launcher"
        self.problem = Problem(
            "error", "kernel", f"no kernel could be started: {why}", span, "", (help,)
        )


@contextmanager
def _private_folder() -> Iterator[Path]:
    """A folder only we can enter; its path is short: names of IPC sockets end at 107 bytes."""
    base = "/tmp" if Path("/tmp").is_dir() else None  # noqa: S108 (mkdtemp makes it private)
    folder = Path(tempfile.mkdtemp(prefix="sg-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lay_out(plan: Plan, work: Path) -> None:
    """Copy the files beside the post into the working folder: what a run writes stays there."""
    work.mkdir()
    above = str(Path(plan.file).relative_to("content").parent)
    for asset in plan.assets:
        target = work / Path(asset.path).relative_to(above)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(asset.file, target)


@contextmanager
def _kernel(plan: Plan, host: Host, private: Path, work: Path) -> Iterator[Kernel]:
    manager = _prepare(plan, host, private, work)
    env = kernel_environment(plan.execute, host.device, host.python, private, host.environ)
    with open(os.devnull, "w") as silence:  # noqa: PTH123
        manager.start_kernel(cwd=str(work), env=env, stdout=silence, stderr=silence)
    pid: int = manager.provisioner.pid  # type: ignore[union-attr]
    client = manager.client()
    try:
        client.start_channels()
        _wait_until_ready(plan, manager, client)
        yield Kernel(manager, client, pid)
    finally:
        client.stop_channels()
        _kill_group(pid)
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
        manager.context.term() if manager._created_context else None


def _prepare(plan: Plan, host: Host, private: Path, work: Path) -> KernelManager:
    """A kernel manager whose kernel is `kernel/launch.py`, told of the page by a settings file."""
    specs = private / "kernels"
    (specs / "sitegen").mkdir(parents=True)
    for name in ("launch.py", "probe.py"):
        text = files("sitegen.kernel").joinpath(name).read_text("utf-8")
        (private / name).write_text(text, "utf-8")
    device = host.device.kind
    torch_device = None
    if plan.execute.torch_default_device and device in ("cuda", "rocm", "xpu", "mps"):
        torch_device = "cuda" if device == "rocm" else device
    settings = {
        "page": plan.page,
        "site": str(host.root),
        "beside": str(work),
        "torch_device": torch_device,
    }
    (private / "settings.json").write_text(json.dumps(settings), "utf-8")
    arguments = [str(host.python), str(private / "launch.py"), "{connection_file}"]
    spec = {
        "argv": [*arguments, str(private / "settings.json")],
        "display_name": "sitegen",
        "language": "python",
        "interrupt_mode": "signal",
    }
    (specs / "sitegen" / "kernel.json").write_text(json.dumps(spec), "utf-8")
    return KernelManager(
        kernel_name="sitegen",
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(specs)], ensure_native_kernel=False),
        transport="ipc",
        ip=str(private / "k"),
        connection_file=str(private / "connection.json"),
        shutdown_wait_time=0.0,
    )


def _wait_until_ready(plan: Plan, manager: KernelManager, client: BlockingKernelClient) -> None:
    """Wait for the first reply and for a first message on IOPub, so that no output is lost.

    A kernel without `iopub_welcome` (ipykernel < 7) is asked again until its answer is heard.
    """
    deadline = time.monotonic() + START_LIMIT
    heard = replied = False
    asked = 0.0
    while not (heard and replied):
        now = time.monotonic()
        if now > deadline:
            raise KernelStartError(plan, f"it did not answer within {START_LIMIT:.0f} s")
        if not manager.is_alive():
            raise KernelStartError(plan, "it ended at once; is ipykernel installed there?")
        if now - asked > 1.0 and not (replied and heard):
            client.kernel_info()
            asked = now
        for channel in _ready(client, 0.1):
            message = channel.get_msg(timeout=0)
            if channel is client.iopub_channel:
                heard = True
            elif message["msg_type"] == "kernel_info_reply":
                replied = True


def _ready(client: BlockingKernelClient, seconds: float) -> list[Any]:
    """The channels on which a message waits, after at most so many seconds."""
    channels = (client.iopub_channel, client.shell_channel)
    poller = zmq.Poller()
    for channel in channels:
        poller.register(channel.socket, zmq.POLLIN)
    found = dict(poller.poll(round(seconds * 1000)))
    return [channel for channel in channels if channel.socket in found]


def _execute(kernel: Kernel, index: int, block: Block, fold: Fold) -> Iterator[Output | Reply]:
    """The outputs of a block as they come, then the reply; KernelEndedError if the kernel goes."""
    content = {
        "code": block.code,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": False,
    }
    session = kernel.client.session
    request = session.msg("execute_request", content, metadata={"sitegen_block": index})
    kernel.client.shell_channel.send(request)
    identity = request["header"]["msg_id"]
    deadline = time.monotonic() + block.limits.timeout
    reply: Reply | None = None
    interrupted = idle = False
    while not (idle and reply is not None):
        left = deadline - time.monotonic()
        if left <= 0:
            if interrupted:
                raise _timed_out(block, ())
            os.killpg(kernel.pid, signal.SIGINT)
            interrupted, deadline = True, time.monotonic() + GRACE
        channels = _ready(kernel.client, min(POLL, max(left, 0)))
        if not channels and not kernel.manager.is_alive():
            raise KernelEndedError("KernelDied", _death(kernel.manager))
        for channel in channels:
            message = channel.get_msg(timeout=0)
            if message["parent_header"].get("msg_id") != identity:
                continue
            kind = message["msg_type"]
            if kind == "execute_reply":
                reply = msgspec.convert(message["metadata"].get("sitegen", {}), Reply)
            elif kind == "status":
                idle = message["content"]["execution_state"] == "idle"
            elif not interrupted:
                output = fold.add(kind, message["content"])
                if output is not None:
                    yield output
    if interrupted:
        raise _timed_out(block, reply.frames)
    yield reply


def _timed_out(block: Block, frames: tuple[Frame, ...]) -> KernelEndedError:
    limit = f"{block.limits.timeout:g} s"
    return KernelEndedError("TimeoutError", f"still running after {limit}, its limit", frames)


def _death(manager: KernelManager) -> str:
    """What the end of the kernel's process tells."""
    status = manager.provisioner.process.returncode  # type: ignore[union-attr]
    if status is not None and status < 0:
        return f"the kernel was ended by {signal.Signals(-status).name}"
    return f"the kernel exited with status {status}"


def _kill_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _judge(block: Block, outputs: tuple[Output, ...], reply: Reply) -> Cell:
    """Whether a block ended as its author said."""
    failure = next((output for output in outputs if isinstance(output, Failure)), None)
    wanted = block.run.error
    if failure is None and wanted is not False:
        name = "an error" if wanted is True else str(wanted)
        missed = Failure("DidNotRaise", f"`#| error` promises {name}, but the block raised none")
        return _cell(block, "failed", (*outputs, missed), reply.measures)
    expected = wanted is True or (
        failure is not None and str(wanted).rpartition(".")[2] == failure.name.rpartition(".")[2]
    )
    status: Literal["ok", "failed"] = "ok" if failure is None or expected else "failed"
    return _cell(block, status, outputs, reply.measures)


def _cell(
    block: Block,
    status: Literal["ok", "failed", "not run"],
    outputs: tuple[Output, ...],
    measures: Measures | None,
) -> Cell:
    return Cell(status, block.code_digest, block.show.label, outputs, measures)

"""Runs plans on this machine, several at once, each in a kernel of its own."""

from __future__ import annotations

import datetime as dt
import getpass
import platform
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec

from sitegen.base.errors import Problem
from sitegen.execute.declared import declared_inputs
from sitegen.execute.environment import Mask
from sitegen.execute.host import Host
from sitegen.execute.inputs import WorkingFolder
from sitegen.execute.kernels import KernelStartError, Stopped, private_folder, start_kernel
from sitegen.execute.leases import Leases
from sitegen.execute.origin import complete, conditions_of
from sitegen.execute.session import Session
from sitegen.execute.zygotes import Zygote, Zygotes
from sitegen.model import (
    Device,
    Event,
    Failed,
    Failure,
    Finished,
    Plan,
    Queued,
    Run,
    Saved,
)


class Job(msgspec.Struct, frozen=True):
    """A plan to run, and the files that earlier sessions of its page have saved for it."""

    plan: Plan
    saves: tuple[Saved, ...] = ()


class LocalExecutor:
    """Runs jobs on the hosts that `host` finds; a failing block is data, no exception.

    A job has an accelerator to itself; so many jobs as there are leases share the CPU. Where
    forking is safe, kernels are forked from one zygote for each environment, which has imported
    what `plans`, all that may come, import. Zygotes live until the executor is closed.
    """

    def __init__(
        self, host: Callable[[Plan], Host | Problem], plans: Sequence[Plan], jobs: int | None
    ) -> None:
        self._host = host
        self._stack = ExitStack()
        self._zygotes = Zygotes(self._stack, plans)
        self._leases = Leases(jobs)
        self._events: queue.SimpleQueue[Event | _Ended] = queue.SimpleQueue()
        self._stop = threading.Event()

    def __enter__(self) -> LocalExecutor:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, jobs: Sequence[Job]) -> Iterator[Event]:
        """The events of all jobs; every job ends with Finished or Failed."""
        waiting: list[_Ready] = []
        for job in jobs:
            yield Queued(job.plan)
        for job in jobs:
            host = self._host(job.plan)
            if isinstance(host, Problem):
                yield Failed(job.plan, host)
            else:
                waiting.append(_Ready(job, host))
        running: dict[int, _Running] = {}
        try:
            while waiting or running:
                self._start_what_can(waiting, running)
                event = self._events.get()
                if isinstance(event, _Ended):
                    ended = running.pop(event.number)
                    ended.thread.join()
                    self._leases.give_back(ended.device)
                    if event.error is not None:
                        raise event.error
                else:
                    yield _with_company(event, running)
        finally:
            self._end_all(running)

    def _start_what_can(self, waiting: list[_Ready], running: dict[int, _Running]) -> None:
        for ready in list(waiting):
            device = self._leases.take(ready.host.devices, ready.host.provenance.cores)
            if device is None:
                continue
            waiting.remove(ready)
            host = ready.host.on(device, ready.job.plan)
            zygote = self._zygotes.of(ready.job.plan, host)
            number = max(running, default=0) + 1
            arguments = (number, ready.job, host, zygote)
            thread = threading.Thread(target=self._work, args=arguments, daemon=True)
            running[number] = _Running(ready.job.plan, device, thread)
            for entry in running.values():
                entry.most = max(entry.most, len(running))
            thread.start()

    def _work(self, number: int, job: Job, host: Host, zygote: Zygote | None) -> None:
        error: BaseException | None = None
        try:
            for event in run_job(job, host, zygote, self._stop):
                self._events.put(event)
        except Stopped:
            pass
        except Exception as raised:  # it belongs to the caller of `run`
            error = raised
        self._events.put(_Ended(number, error))

    def _end_all(self, running: dict[int, _Running]) -> None:
        """Have every kernel that still runs ended, and wait until it is."""
        if running:
            self._stop.set()
            for entry in running.values():
                entry.thread.join()
                self._leases.give_back(entry.device)
            running.clear()


class _Ready(msgspec.Struct, frozen=True):
    job: Job
    host: Host


class _Running(msgspec.Struct):
    """A job that runs; `most` is how many ran at once, itself included."""

    plan: Plan
    device: Device
    thread: threading.Thread
    most: int = 1


class _Ended(msgspec.Struct, frozen=True):
    """The last that a worker says; `error` is a bug of ours that ended it."""

    number: int
    error: BaseException | None


def _with_company(event: Event, running: dict[int, _Running]) -> Event:
    """The event; that of a finished run notes how many others shared the machine."""
    if not isinstance(event, Finished):
        return event
    most = next(entry.most for entry in running.values() if entry.plan is event.plan)
    provenance = msgspec.structs.replace(event.run.provenance, beside=most - 1)
    return Finished(event.plan, msgspec.structs.replace(event.run, provenance=provenance))


def run_job(job: Job, host: Host, zygote: Zygote | None, stop: threading.Event) -> Iterator[Event]:
    """The events of one session in a fresh kernel, which is gone when they end.

    Raises Stopped once `stop` is set.
    """
    plan = job.plan
    conditions = conditions_of(host, plan)
    begun = time.monotonic()
    started = dt.datetime.now(dt.UTC).replace(microsecond=0)
    provenance = host.provenance
    with private_folder() as private:
        files = WorkingFolder(plan, private / "work", job.saves)
        session = Session(plan, host.device, mask_of(host, files.path, zygote))
        try:
            socket = zygote.socket if zygote is not None else None
            with start_kernel(plan, host, private, files.path, socket, stop) as kernel:
                if zygote is not None and kernel.forked:
                    provenance = msgspec.structs.replace(
                        provenance, start="forked", preloaded=zygote.modules
                    )
                yield from session.run(kernel)
        except KernelStartError as error:
            yield Failed(plan, _not_started(plan, error))
            return
        inputs = files.read_inputs(session.opened, host.root)
        mask = mask_of(host, files.path, zygote)
        provenance = complete(provenance, session.packages, conditions, mask)
        run = Run(
            key=plan.key,
            page=plan.page,
            session=plan.session,
            device=host.device,
            started=started,
            seconds=round(time.monotonic() - begun, 3),
            provenance=provenance,
            inputs=(*inputs, *declared_inputs(plan)),
            cells=session.cells(),
            inlines=session.inlines(),
        )
        run = _with_saves(plan, run, files, host)
    yield Finished(plan, run)


def mask_of(host: Host, work: Path, zygote: Zygote | None) -> Mask:
    """What hides this machine in the texts of a run."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = ""
    return Mask(
        work=work,
        root=host.root,
        python=host.python,
        home=Path.home(),
        user=user,
        host=platform.node(),
        secrets=host.secrets.values(),
        programs=() if zygote is None else (zygote.socket.parent,),
    )


def _with_saves(plan: Plan, run: Run, files: WorkingFolder, host: Host) -> Run:
    """The run with the files that its blocks save; a block whose file is not there has failed."""
    cells = list(run.cells)
    saves: dict[str, Saved] = {}
    secrets = [value.encode() for value in host.secrets.values()]
    for place, (block, cell) in enumerate(zip(plan.blocks, run.cells, strict=True)):
        if cell.status != "ok":
            continue
        for found in files.take_saves(block.run.saves, secrets):
            if isinstance(found, Saved):
                saves[found.path] = found
            else:
                outputs = (*cells[place].outputs, Failure("NotSaved", found))
                cells[place] = msgspec.structs.replace(
                    cells[place], status="failed", outputs=outputs
                )
    return msgspec.structs.replace(run, cells=tuple(cells), saves=tuple(saves.values()))


def _not_started(plan: Plan, error: KernelStartError) -> Problem:
    message = f"no kernel could be started: {error}"
    help = "see what it says: python -m ipykernel_launcher"
    return Problem("error", "kernel", message, plan.span, "", (help,))

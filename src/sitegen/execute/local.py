"""Runs plans on this machine, several at once, each in a kernel of its own."""

from __future__ import annotations

import datetime as dt
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import msgspec

from sitegen.base.errors import Problem
from sitegen.execute.bench import run_benchmark
from sitegen.execute.declared import declared_inputs
from sitegen.execute.host import Host, mask_of
from sitegen.execute.inputs import WorkingFolder
from sitegen.execute.kept import Kept
from sitegen.execute.kernels import KernelStartError, Stopped, private_folder, start_kernel
from sitegen.execute.leases import Leases
from sitegen.execute.machine import on_this_machine
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


Keep = Callable[[Kept], None]
"""Takes the kernel of a session that has ended."""


class LocalExecutor:
    """Runs jobs on the hosts that `host` finds; a failing block is data, no exception.

    A job has an accelerator to itself; so many jobs as there are leases share the CPU; a benchmark
    has the machine to itself, for which it waits until all other jobs have ended. Where
    forking is safe, kernels are forked from one zygote for each environment, which has imported
    what `plans`, all that may come, import. Zygotes live until the executor is closed.
    """

    def __init__(
        self,
        host: Callable[[Plan], Host | Problem],
        plans: Sequence[Plan],
        jobs: int | None,
        *,
        zygotes: Zygotes | None = None,
        keep: Keep | None = None,
    ) -> None:
        """`zygotes` of the caller's outlive the executor, and so do kernels given to `keep`."""
        self._host = host
        self._stack = ExitStack()
        self._zygotes = zygotes or Zygotes(self._stack, plans)
        self._keep = keep
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

    def stop(self) -> None:
        """Give all jobs up, also from another thread: they end without Finished."""
        self._stop.set()

    def _start_what_can(self, waiting: list[_Ready], running: dict[int, _Running]) -> None:
        """Benchmarks come last: they must be alone, and others need not be."""
        for ready in sorted(waiting, key=_is_benchmark):
            cores = ready.host.provenance.cores
            device = self._leases.take(ready.host.devices, cores, alone=_is_benchmark(ready))
            if device is None:
                continue
            waiting.remove(ready)
            host = ready.host.on(device, ready.job.plan)
            zygote = None if _is_benchmark(ready) else self._zygotes.of(ready.job.plan, host)
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
            alone = job.plan.bench is not None

            def tell(holder: str) -> None:
                self._events.put(Queued(job.plan, holder))

            with on_this_machine(self._stop, tell, alone=alone):
                for event in run_job(job, host, zygote, self._stop, self._keep):
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


def _is_benchmark(ready: _Ready) -> bool:
    return ready.job.plan.bench is not None


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


def run_job(
    job: Job,
    host: Host,
    zygote: Zygote | None,
    stop: threading.Event,
    keep: Keep | None = None,
) -> Iterator[Event]:
    """The events of one session in a fresh kernel, which is gone when they end; or of a benchmark.

    A kernel that lives is handed to `keep` where there is one; then chunks carry all that their
    block has given so far. Raises Stopped once `stop` is set.
    """
    plan = job.plan
    if plan.bench is not None:
        yield from run_benchmark(plan, plan.bench, host, job.saves, stop)
        return
    conditions = conditions_of(host, plan)
    begun = time.monotonic()
    started = dt.datetime.now(dt.UTC).replace(microsecond=0)
    provenance = host.provenance
    with ExitStack() as stack:
        private = stack.enter_context(private_folder())
        files = WorkingFolder(plan, private / "work", job.saves)
        programs = () if zygote is None else (zygote.socket.parent,)
        mask = mask_of(host, files.path, programs)
        session = Session(plan, host.device, mask, live=keep is not None)
        running = stack.enter_context(ExitStack())
        try:
            socket = zygote.socket if zygote is not None else None
            start = start_kernel(plan, host, private, files.path, socket, stop)
            kernel = running.enter_context(start)
            if zygote is not None and kernel.forked:
                provenance = msgspec.structs.replace(
                    provenance, start="forked", preloaded=zygote.modules
                )
            yield from session.run(kernel)
        except KernelStartError as error:
            yield Failed(plan, _not_started(plan, error))
            return
        if keep is None:
            running.close()
        inputs = files.read_inputs(session.opened, host.root)
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
        if keep is not None and session.alive:
            keep(Kept(stack.pop_all(), kernel, session, run))
    yield Finished(plan, run)


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

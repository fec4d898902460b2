"""The process with the kernels: runs what is wanted, one page at a time, so that nothing of ours
disturbs what is measured, and keeps the kernels of the last few sessions."""

from __future__ import annotations

import math
import os
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import assert_never

import msgspec

from sitegen.base.errors import SiteError
from sitegen.execute.choose import Mode
from sitegen.execute.host import Hosts
from sitegen.execute.kept import Kept
from sitegen.execute.kernels import Stopped
from sitegen.execute.local import Job, LocalExecutor
from sitegen.execute.stored import Asked, Settling
from sitegen.execute.zygote import modules_of
from sitegen.execute.zygotes import Zygotes
from sitegen.model import Device, Event, Finished, Plan, Run, SiteConfig
from sitegen.passes.asked import Caller
from sitegen.serve.failures import about_bug
from sitegen.serve.news import Ended, Happened, Notice, PageJob, StopRuns, Wanted
from sitegen.storage.lock import locked

QUIET = 1.5
"""Seconds without an edit after which the whole of a session is run whose last blocks ran alone."""

QUICK = 1.0
"""Seconds for a variant and a point of a benchmark that is only looked at."""

IDLE = 600.0
"""Seconds for which a kernel is kept that nobody uses."""

MOST_KEPT = 3
MOST_MEMORY = 0.25
"""The part of the machine's memory that kernels may hold while nothing runs."""

LOOK = 20.0
"""Seconds, at most, between two looks at the kernels that are kept."""

OF_RUNNING = frozenset("bug device input kernel locked missing python stale store".split())
"""Problems that only running can meet; of others the worker knows, and on which line they are."""


class _Task(msgspec.Struct, frozen=True):
    """A job that can be done: the whole of it, or what `plan` appends to a kernel's session."""

    job: PageJob
    config: SiteConfig
    kept: Kept | None = None
    plan: Plan | None = None


class Runner:
    """Takes what is wanted from the line in one thread, and runs it in another."""

    def __init__(self, root: Path, caller: Caller, line: Connection) -> None:
        self._root, self._caller, self._line = root, caller, line
        self._change = threading.Condition()
        self._sending = threading.Lock()
        self._wanted: Wanted | None = None
        self._done: set[int] = set()
        self._appended: dict[int, float] = {}
        self._current: PageJob | None = None
        self._working: LocalExecutor | Kept | None = None
        self._given_up = False
        self._quit = False
        self._kept: dict[tuple[str, str], Kept] = {}
        self._hosts: tuple[object, Hosts] | None = None
        self._seen: list[Plan] = []
        self._zygotes: Zygotes | None = None

    def serve(self) -> None:
        """Run until the line ends; then every kernel is gone."""
        with ExitStack() as stack:
            work = threading.Thread(target=self._work, args=(stack,))
            work.start()
            try:
                while True:
                    self._look()
            except (EOFError, OSError):  # also in the middle of an order
                pass
            finally:
                with self._change:
                    self._quit = True
                    self._give_up()
                    self._change.notify()
                work.join()
                for kept in self._kept.values():
                    kept.close()

    def _look(self) -> None:
        """Take what comes, and look at the kernels, also if nothing does."""
        if self._line.poll(LOOK):
            self._take(self._line.recv())
        with self._change:
            self._tidy()

    def _take(self, order: Wanted | StopRuns) -> None:
        with self._change:
            match order:
                case Wanted(jobs=jobs):
                    self._wanted = order
                    numbers = {job.number for job in jobs}
                    self._done &= numbers
                    if self._current is not None and self._current.number not in numbers:
                        self._give_up()
                case StopRuns():
                    self._give_up()
                case _:
                    assert_never(order)
            self._change.notify()

    def _give_up(self) -> None:
        """Have what runs now end; the caller holds the condition."""
        if self._current is not None:
            self._given_up = True
            if self._working is not None:
                self._working.stop()

    # --- what to do next ------------------------------------------------------------------------

    def _work(self, stack: ExitStack) -> None:
        while True:
            with self._change:
                task = self._await_task()
                if task is None:
                    return
                job = self._current = task.job
                self._working, self._given_up = task.kept, False
            ended = self._run(task, stack)
            with self._change:
                self._current = self._working = None
                if ended.alone:
                    self._appended[job.number] = time.monotonic()
                else:
                    self._done.add(job.number)
                    self._appended.pop(job.number, None)
            self._send(ended)

    def _await_task(self) -> _Task | None:
        """The first that can be done, once there is one; None at the end. The caller holds the
        condition."""
        while not self._quit:
            self._tidy()
            task = self._next(self._wanted) if self._wanted is not None else None
            if task is not None:
                return task
            self._change.wait(self._pause())
        return None

    def _next(self, wanted: Wanted) -> _Task | None:
        """The first that can be done now."""
        for job in wanted.jobs:
            if job.number in self._done:
                continue
            found = None if job.asked else self._appendable(job)
            if found is not None:
                return _Task(job, wanted.config, *found)
            if job.whole and self._due(job) <= time.monotonic():
                return _Task(job, wanted.config)
        return None

    def _due(self, job: PageJob) -> float:
        """When the whole of a job may be run."""
        return self._appended.get(job.number, float("-inf")) + QUIET

    def _pause(self) -> float | None:
        """Seconds until there is something to do that nobody tells of; None: there is nothing."""
        jobs = self._wanted.jobs if self._wanted else ()
        dues = [self._due(job) for job in jobs if job.number in self._appended and job.whole]
        return max(0.01, min(dues) - time.monotonic()) if dues else None

    def _appendable(self, job: PageJob) -> tuple[Kept, Plan] | None:
        """The kernel of a session to which blocks were appended, and its plan as it is now."""
        for plan in job.plans:
            kept = self._kept.get((plan.page, plan.session))
            if kept is not None and kept.begins(plan):
                return kept, plan
        return None

    # --- doing it -------------------------------------------------------------------------------

    def _run(self, task: _Task, stack: ExitStack) -> Ended:
        job = task.job
        try:
            if task.kept is not None and task.plan is not None:
                return self._run_appended(job, task.kept, task.plan)
            return self._run_whole(job, task.config, stack)
        except Exception as error:  # a bug of ours: the page says so, others go on
            traceback.print_exc()
            return Ended(job, problems=(about_bug(error),))

    def _run_appended(self, job: PageJob, kept: Kept, plan: Plan) -> Ended:
        """Run the appended blocks alone."""
        run: Run | None = None
        self._start(kept)
        try:
            for event in kept.append(plan):
                self._send(Happened(event, alone=True))
                if isinstance(event, Finished):
                    run = event.run
        except Stopped:
            with self._change:
                self._end_kept(kept)
            return Ended(job, stopped=True)
        return Ended(job, (run,) if run else (), alone=True)

    def _run_whole(self, job: PageJob, config: SiteConfig, stack: ExitStack) -> Ended:
        """Run what is not fresh of all sessions, each in a fresh kernel, and store it."""
        hosts = self._hosts_of(config)
        self._make_room(job, hosts)
        refresh = job.refresh and _has_results_of(job, hosts)
        mode: Mode = "measure" if refresh else "build"
        asked = Asked(mode, refresh=refresh)
        try:
            with self._executor(job, hosts, stack) as executor:
                self._start(executor)
                settling = Settling(
                    job.plans, self._root, hosts, asked, self._watch, stack, executor, self._turn
                )
                while not self._given_up and settling.step():
                    pass
                quick = tuple(self._look_quickly(job, settling, executor))
            if self._given_up:
                return Ended(job, stopped=True)
            result, outcomes = settling.result(), settling.outcomes()
        except SiteError as error:
            given_up = self._given_up
            return Ended(job, problems=() if given_up else error.problems, stopped=given_up)
        runs = tuple(outcome.failed for outcome in outcomes if outcome.failed is not None)
        problems = tuple(entry for entry in result.problems if entry.code in OF_RUNNING)
        return Ended(job, runs, quick, problems)

    def _turn(self) -> AbstractContextManager[None]:
        """The site's lock, which is held while a result is stored and not while it is measured: a
        build in another terminal need not wait for that. The result waits for the build."""
        return locked(self._root, wait=math.inf, given_up=lambda: self._given_up)

    def _look_quickly(
        self, job: PageJob, settling: Settling, executor: LocalExecutor
    ) -> Iterator[Run]:
        """What the job's benchmarks give in a single process, which is never stored."""
        for plan in job.quick:
            if self._given_up or plan.bench is None:
                return
            options = msgspec.structs.replace(
                plan.bench.run, processes=1, max_time=min(plan.bench.run.max_time, QUICK)
            )
            bench = msgspec.structs.replace(plan.bench, run=options)
            fast = msgspec.structs.replace(plan, bench=bench)
            for event in executor.run([Job(fast, settling.saves_of(plan))]):
                self._watch(event)
                if isinstance(event, Finished):
                    yield event.run

    def _executor(self, job: PageJob, hosts: Hosts, stack: ExitStack) -> LocalExecutor:
        """One whose kernels outlive it, forked from a zygote that has imported all they need."""
        known = set(modules_of(self._seen))
        if self._zygotes is None or not known.issuperset(modules_of(job.plans)):
            self._seen += job.plans
            self._zygotes = Zygotes(stack, self._seen)
        return LocalExecutor(hosts.host, job.plans, 1, zygotes=self._zygotes, keep=self._keep)

    def _start(self, working: LocalExecutor | Kept) -> None:
        """What gives up from now on is this; it does at once where that was asked for already."""
        with self._change:
            self._working = working
            if self._given_up:
                working.stop()

    def _watch(self, event: Event) -> None:
        self._send(Happened(event))

    def _send(self, notice: Notice) -> None:
        with self._sending, suppress(ConnectionError):  # that, the other thread notices
            self._line.send(notice)

    def _hosts_of(self, config: SiteConfig) -> Hosts:
        """What is known of this machine, asked anew only where the configuration of it changed."""
        about = (config.root, config.devices, config.output_dir)
        if self._hosts is None or self._hosts[0] != about:
            self._hosts = about, Hosts(config, self._caller.environ, self._caller.python)
        return self._hosts[1]

    # --- kernels that are kept --------------------------------------------------------------------

    def _keep(self, kept: Kept) -> None:
        with self._change:
            self._kept[kept.place] = kept
            self._tidy()

    def _make_room(self, job: PageJob, hosts: Hosts) -> None:
        """End the kernels that a run would supersede, or meet on an accelerator."""
        places = {(plan.page, plan.session) for plan in job.plans}
        with self._change:
            for place, kept in list(self._kept.items()):
                if place in places or kept.run.device.kind != "cpu":
                    self._end_kept(kept)

    def _end_kept(self, kept: Kept) -> None:
        """End a kernel; the caller holds the condition."""
        self._kept.pop(kept.place, None)
        kept.close()

    def _tidy(self) -> None:
        """End what nobody has used for long, and the oldest where there are too many; but not what
        runs now. The caller holds the condition."""
        waiting = (kept for kept in self._kept.values() if kept is not self._working)
        oldest_first = sorted(waiting, key=lambda kept: kept.used)
        limit = MOST_MEMORY * _memory_of_machine()
        for number, kept in enumerate(oldest_first):
            left = oldest_first[number:]
            idle = time.monotonic() - kept.used > IDLE
            if idle or len(left) > MOST_KEPT or sum(entry.memory() for entry in left) > limit:
                self._end_kept(kept)


def _memory_of_machine() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _has_results_of(job: PageJob, hosts: Hosts) -> bool:
    """Whether this machine has measured the page before: only `sitegen run` adds a device."""
    here = (hosts.device(plan) for plan in job.plans)
    return all(isinstance(device, Device) and device.name in job.devices for device in here)

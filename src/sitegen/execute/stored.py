"""Runs and the store together: what is stored is replayed, what must run is run and stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sitegen.base.errors import Problem, SiteError
from sitegen.base.paths import is_aside
from sitegen.execute.advice import about_absent, about_damage, about_shown, advice_for
from sitegen.execute.choose import (
    Decision,
    Mode,
    Stored,
    all_stale,
    choose_shown,
    decide_run,
    devices_of,
)
from sitegen.execute.failures import about_failures
from sitegen.execute.host import Hosts
from sitegen.execute.lookup import find_stored, saves_for
from sitegen.execute.measured import about_measured
from sitegen.execute.outcome import Outcome, explain, show_outcome
from sitegen.model import Device, Event, Failed, Finished, Plan, Run, Saved, Shown
from sitegen.storage.measurements import Store, load_store, put_failed, put_run

if TYPE_CHECKING:
    from sitegen.execute.local import Job, LocalExecutor


class Settled(msgspec.Struct, frozen=True):
    """What each page shows, by its name, and what it took to get it.

    `bound`: it rests on more than the files that a site is made of: on this machine, on whatever
    else the globs of `inputs` may match, or on a file that lies aside.
    """

    shown: Mapping[str, tuple[Shown, ...]] = {}
    problems: tuple[Problem, ...] = ()
    advice: tuple[str, ...] = ()
    explanations: tuple[str, ...] = ()
    executed_posts: int = 0
    executed_blocks: int = 0
    replayed_posts: int = 0
    bound: bool = False
    read: frozenset[str] = frozenset()


class Asked(msgspec.Struct, frozen=True):
    """How runs are to be settled: see `choose.Mode`; `refresh` renews what is fresh too.

    `today` are runs of the same keys that are not stored, by page and session: they are shown in
    place of what their device has stored, and not run again.
    """

    mode: Mode
    allow_errors: bool = False
    refresh: bool = False
    jobs: int | None = None
    today: Mapping[tuple[str, str], Run] = {}


class Unit(msgspec.Struct, frozen=True):
    """A plan with what the store has for it; `failed` is its run of today, if that has failed."""

    plan: Plan
    stored: Stored
    failed: Run | None = None


class Survey(msgspec.Struct, frozen=True):
    """The store, and what the page of each plan would show from it."""

    store: Store
    outcomes: tuple[Outcome, ...]


def settle_runs(
    plans: Sequence[Plan],
    root: Path,
    hosts: Hosts,
    asked: Asked,
    watch: Callable[[Event], None],
) -> Settled:
    """Replay what the store has, run what must run here, store it, and say what each page shows.

    A run with a failed block is shown but never stored. The sessions of a page are settled in
    order, since later ones see what earlier ones save, then its benchmarks; pages, side by side.
    """
    if not plans:
        return Settled()
    with ExitStack() as stack:
        settling = Settling(plans, root, hosts, asked, watch, stack)
        while settling.step():
            pass
    return settling.result()


def survey_runs(plans: Sequence[Plan], root: Path, hosts: Hosts) -> Survey:
    """What pages would show if nothing were run."""
    with ExitStack() as stack:
        settling = Settling(plans, root, hosts, Asked("no-exec"), lambda event: None, stack)
        while settling.step():
            pass
    return Survey(settling.store, settling.outcomes())


class Settling:
    """A settling under way: `step` decides what it can and runs what that asks for."""

    def __init__(
        self,
        plans: Sequence[Plan],
        root: Path,
        hosts: Hosts,
        asked: Asked,
        watch: Callable[[Event], None],
        stack: ExitStack,
        executor: LocalExecutor | None = None,
        turn: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """Without an `executor` one is made when it is needed, and ends with the stack. A result is
        stored inside of a `turn`; without one the caller holds the site's lock."""
        self._root = root
        self._turn = turn
        self._hosts = hosts
        self._asked = asked
        self._watch = watch
        self._stack = stack
        self.store = load_store(root)
        self._executor = executor
        self._problems: list[Problem] = []
        self._why: dict[tuple[str, str], str] = {}
        self._ran_on: dict[tuple[str, str], str] = {}
        self._settled: dict[str, list[Unit]] = {}
        self._waiting: dict[str, list[Plan]] = {}
        keys = {(plan.page, plan.session): plan.key for plan in plans}
        self._tried: dict[tuple[str, str], Run | None] = {
            place: run for place, run in asked.today.items() if keys.get(place) == run.key
        }
        self._told: list[Plan] = []
        self._blocks = 0
        for plan in plans:
            self._waiting.setdefault(plan.page, []).append(plan)

    def step(self) -> bool:
        """Settle every session that can be; run the next ones; whether there is more to do."""
        jobs = self._next_jobs()
        if jobs:
            self._run(jobs)
        return bool(jobs)

    def _next_jobs(self) -> list[Plan]:
        """The plans that must run now: of each page the first that is not settled.

        Of equal keys only one is run, under the first page by path; the others then find it stored.
        """
        jobs: list[Plan] = []
        keys: set[str] = set()
        for page in sorted(self._waiting):
            plans = self._waiting[page]
            while plans:
                plan = plans[0]
                stored = self._find(plan)
                if self._is_to_run(plan, stored) and self._can_run(plan):
                    if plan.key not in keys:
                        keys.add(plan.key)
                        jobs.append(plan)
                    break
                self._settle(page, plan, stored)
                plans.pop(0)
        return jobs

    def _settle(self, page: str, plan: Plan, stored: Stored) -> None:
        tried = self._tried.get((page, plan.session))
        self._settled.setdefault(page, []).append(Unit(plan, stored, tried))

    def _is_to_run(self, plan: Plan, stored: Stored) -> bool:
        """Whether it is to be run, and has not been yet; why is noted."""
        place = (plan.page, plan.session)
        if place in self._tried:
            return False
        decision = self._decide(plan, stored)
        self._why[place] = decision.why
        asked = self._asked.mode == "measure" and decision.why and not decision.execute
        if asked and isinstance(self._hosts.device(plan), Device):
            message = f"not run here: {decision.why}"
            help = "add it to `devices`, or say `--device` for another"
            self._problems.append(Problem("warning", "device", message, plan.span, help=(help,)))
        return decision.execute

    def _can_run(self, plan: Plan) -> bool:
        """Whether all its declared inputs are here; else they are reported and it is given up."""
        missing = [entry.pattern for entry in plan.inputs if entry.digest is None]
        for pattern in missing:
            message = f"`inputs` names `{pattern}`, which matches no file here"
            help = "globs start from the folder of the file that holds them"
            self._problems.append(Problem("error", "input", message, plan.span, "", (help,)))
        if missing:
            self._told.append(plan)
            self._tried[(plan.page, plan.session)] = None
            self._why[(plan.page, plan.session)] = f"`{missing[0]}`, which it needs, is not here"
        return not missing

    def _find(self, plan: Plan) -> Stored:
        settled = self._settled.get(plan.page, ())
        before = [(unit.failed, choose_shown(unit.plan, unit.stored).runs) for unit in settled]
        return find_stored(plan, self.store, self._root, self._hosts.named, before)

    def _decide(self, plan: Plan, stored: Stored) -> Decision:
        def here() -> Device | None:
            device = self._hosts.device(plan)
            if isinstance(device, Problem):
                self._problems.append(device)
                self._told.append(plan)
                return None
            if device is None and self._asked.mode == "measure":
                host = self._hosts.host(plan)
                if isinstance(host, Problem):
                    self._problems.append(host)
            return device

        known = [
            name for unit in self._settled.get(plan.page, ()) for name in devices_of(unit.stored)
        ]
        for later in self._waiting[plan.page][1:]:
            known += devices_of(self._find(later))
        refresh = self._asked.refresh
        return decide_run(plan, stored, known, self._asked.mode, here, refresh=refresh)

    def _run(self, plans: Sequence[Plan]) -> None:
        executor, jobs = self._executor_for(plans), [self._job(plan) for plan in plans]
        for event in executor.run(jobs):
            self._watch(event)
            match event:
                case Failed(plan=plan, problem=problem):
                    self._problems.append(problem)
                    self._told.append(plan)
                    self._tried[(plan.page, plan.session)] = None
                    self._why[(plan.page, plan.session)] = problem.message
                case Finished(plan=plan, run=run):
                    self._tried[(plan.page, plan.session)] = run if run.failed else None
                    self._ran_on[(plan.page, plan.session)] = run.device.name
                    own = run.cells if plan.bench is None else run.cells[-1:]
                    self._blocks += sum(cell.status in ("ok", "failed") for cell in own)
                    allow = self._asked.allow_errors
                    self._problems += about_failures(plan, run, allow=allow)
                    self._keep(run)

    def _keep(self, run: Run) -> None:
        try:
            with self._turn():
                if run.failed:
                    put_failed(self._root, run)
                else:
                    self.store.add(put_run(self._root, run))
        except OSError as error:
            where = f" `{error.filename}`" if error.filename else ""
            message = f"a result cannot be stored:{where}: {error.strerror}"
            raise SiteError([Problem("fatal", "store", message)]) from error

    def _executor_for(self, plans: Sequence[Plan]) -> LocalExecutor:
        """The executor, made when something must run: a replaying build need not load it (0.1 s).

        It is told of all plans of these pages, which may come later.
        """
        if self._executor is None:
            from sitegen.execute.local import LocalExecutor

            pages = {plan.page for plan in plans}
            likely = [plan for page in sorted(pages) for plan in self._waiting[page]]
            executor = LocalExecutor(self._hosts.host, likely, self._asked.jobs)
            self._executor = self._stack.enter_context(executor)
        return self._executor

    def _job(self, plan: Plan) -> Job:
        from sitegen.execute.local import Job

        return Job(plan, self.saves_of(plan))

    def saves_of(self, plan: Plan) -> tuple[Saved, ...]:
        """What the sessions before a plan have saved: on this device, else on the first shown."""
        settled = self._settled.get(plan.page, ())
        if not settled:
            return ()
        device = self._hosts.device(plan)
        name = device.name if isinstance(device, Device) else ""
        before = [(unit.failed, choose_shown(unit.plan, unit.stored).runs) for unit in settled]
        saves = saves_for(name, before)
        return tuple(self.store.with_content(saves[path]) for path in sorted(saves))

    def outcomes(self) -> tuple[Outcome, ...]:
        """What became of every plan, by page and in the order of its sessions."""
        found: list[Outcome] = []
        for _, units in sorted(self._settled.items()):
            left_out = all_stale(unit.stored for unit in units)
            for unit in units:
                place = (unit.plan.page, unit.plan.session)
                choice = choose_shown(unit.plan, unit.stored, left_out)
                ran_on, why = self._ran_on.get(place, ""), self._why.get(place, "")
                found.append(Outcome(unit.plan, unit.stored, choice, unit.failed, ran_on, why))
        return tuple(found)

    def result(self) -> Settled:
        """What all pages show, and what is to be said of it."""
        shown: dict[str, tuple[Shown, ...]] = {}
        mode = self._asked.mode
        problems = [*self._problems, *about_damage(self.store, mode)]
        advice: dict[str, None] = {}
        explanations: list[str] = []
        outcomes = self.outcomes()
        for outcome in outcomes:
            plan, stored, choice = outcome.plan, outcome.stored, outcome.choice
            runs = show_outcome(outcome, self.store)
            shown[plan.page] = (*shown.get(plan.page, ()), *runs)
            problems += about_measured(runs)
            explanations += explain(outcome, self._file_of)
            if outcome.failed is None and plan not in self._told:
                problems += about_shown(plan, stored, choice, mode)
                advice |= dict.fromkeys(advice_for(plan, choice, mode))
            for run in choice.fresh[:1]:
                problems += about_absent(plan, run, self._root)
        tried = {page for page, _ in self._tried}
        entries = [entry for run in self.store.runs for entry in run.inputs]
        read = frozenset(entry.path for entry in entries if entry.base == "site")
        aside = any(is_aside(path) for path in read)
        return Settled(
            shown=shown,
            problems=tuple(problems),
            advice=tuple(advice),
            explanations=tuple(explanations),
            executed_posts=len({page for page, _ in self._ran_on}),
            executed_blocks=self._blocks,
            replayed_posts=sum(bool(runs) and page not in tried for page, runs in shown.items()),
            bound=self._hosts.asked or aside or any(outcome.plan.inputs for outcome in outcomes),
            read=read,
        )

    def _file_of(self, run: Run) -> str:
        path = self.store.path_of(run)
        return path.relative_to(self._root).as_posix() if path else "this run"

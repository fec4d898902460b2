"""Runs and the store together: what is stored is replayed, what must run is run and stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from sitegen.base.errors import Problem, Severity, SiteError
from sitegen.execute.choose import Decision, Mode, Stored, decide, show_run
from sitegen.execute.failures import about_failures
from sitegen.execute.host import Hosts
from sitegen.model import Device, Event, Failed, Finished, Plan, Run, Shown
from sitegen.storage.measurements import (
    Store,
    absent_inputs,
    load_store,
    put_run,
    why_inputs_changed,
)


class Settled(msgspec.Struct, frozen=True):
    """What each page shows, by its name, and what it took to get it."""

    shown: Mapping[str, Shown] = {}
    problems: tuple[Problem, ...] = ()
    advice: tuple[str, ...] = ()
    executed_posts: int = 0
    executed_blocks: int = 0
    replayed_posts: int = 0


def settle_runs(
    plans: Sequence[Plan],
    root: Path,
    hosts: Hosts,
    mode: Mode,
    *,
    allow_errors: bool,
    watch: Callable[[Event], None],
) -> Settled:
    """Replay what the store has, run what must run here, store it, and say what each page shows.

    A run with a failed block is shown but never stored.
    """
    if not plans:
        return Settled()
    store = load_store(root)
    problems: list[Problem] = []
    decisions = [_decide(plan, store, root, hosts, mode, problems) for plan in plans]
    problems += _about_decisions(decisions, mode)
    problems += _about_damage(store, mode)
    shown = {
        decision.plan.page: show_run(decision.plan, decision.run, stale=decision.action == "stale")
        for decision in decisions
        if decision.run is not None
    }
    waiting = [decision.plan for decision in decisions if decision.action == "execute"]
    posts = blocks = 0
    for plan, run in _run(waiting, hosts, watch, problems):
        posts += 1
        blocks += sum(cell.status != "not run" for cell in run.cells)
        problems += about_failures(plan, run, allow=allow_errors)
        shown[plan.page] = show_run(plan, run if run.failed else _put(root, run))
    return Settled(
        shown=shown,
        problems=tuple(problems),
        advice=_advice(decisions, mode),
        executed_posts=posts,
        executed_blocks=blocks,
        replayed_posts=sum(decision.action == "replay" for decision in decisions),
    )


def find_stored(plan: Plan, store: Store, root: Path, named: Callable[[Run], Run]) -> Stored:
    """What the store has for a plan; files that its runs opened are compared beside its page."""
    beside = (root / plan.file).parent
    fresh: list[Run] = []
    changed = None
    for run in store.of_key(plan.key):
        why = why_inputs_changed(run, root, beside)
        changed = changed or why
        if why is None and len(run.cells) == len(plan.blocks):
            fresh.append(run)
    stale = [run for run in store.of_page(plan.page, plan.session) if run not in fresh]
    damaged = [entry.device for entry in store.damaged if entry.page == plan.page]
    return Stored(
        tuple(named(run) for run in fresh),
        tuple(named(run) for run in stale),
        tuple(damaged),
        changed,
    )


def _put(root: Path, run: Run) -> Run:
    try:
        return put_run(root, run)
    except OSError as error:
        where = f" `{error.filename}`" if error.filename else ""
        message = f"a result cannot be stored:{where}: {error.strerror}"
        raise SiteError([Problem("fatal", "store", message)]) from error


def _decide(
    plan: Plan, store: Store, root: Path, hosts: Hosts, mode: Mode, problems: list[Problem]
) -> Decision:
    def here() -> Device | None:
        device = hosts.device(plan)
        if isinstance(device, Problem):
            problems.append(device)
            return None
        return device

    decision = decide(plan, find_stored(plan, store, root, hosts.named), mode, here)
    if decision.action == "replay" and decision.run is not None:
        for entry in absent_inputs(decision.run, root, (root / plan.file).parent):
            message = f"`{entry.path}`, which the stored run read, is not here: not checked"
            problems.append(Problem("notice", "input", message, plan.blocks[0].span))
    return decision


def _run(
    plans: Sequence[Plan], hosts: Hosts, watch: Callable[[Event], None], problems: list[Problem]
) -> Iterator[tuple[Plan, Run]]:
    """Each plan that could be run, with its run."""
    if not plans:
        return
    # Imported here because a build that only replays need not load the kernel protocol (0.1 s).
    from sitegen.execute.local import LocalExecutor

    for event in LocalExecutor(hosts.host).run(plans):
        watch(event)
        if isinstance(event, Failed):
            problems.append(event.problem)
        elif isinstance(event, Finished):
            yield event.plan, event.run


def _about_decisions(decisions: Sequence[Decision], mode: Mode) -> Iterator[Problem]:
    """A warning for what is shown stale or not at all; under `--frozen` it stops the build."""
    severity: Severity = "fatal" if mode == "frozen" else "warning"
    for decision in decisions:
        if decision.action in ("stale", "missing"):
            shown = "the stored result is stale" if decision.run else "there is no result"
            message = f"{shown}: {decision.why}"
            span = decision.plan.blocks[0].span
            help = (_renewal(decision, mode),)
            yield Problem(severity, decision.action, message, span, "", help)


def _about_damage(store: Store, mode: Mode) -> Iterator[Problem]:
    """The damaged files; under `--frozen` one stops the build if no sound file has its key."""
    keys = {run.key[:8] for run in store.runs}
    for entry in store.damaged:
        fatal = mode == "frozen" and entry.key8 not in keys
        yield msgspec.structs.replace(entry.problem, severity="fatal") if fatal else entry.problem


def _renewal(decision: Decision, mode: Mode) -> str:
    where = f" on {' or '.join(decision.needs)}" if decision.needs else ""
    if mode in ("no-exec", "frozen"):
        return f"run `sitegen build`{where}"
    return (
        f"run `sitegen build`{where}, or `sitegen run {decision.plan.page}` to measure it here too"
    )


def _advice(decisions: Sequence[Decision], mode: Mode) -> tuple[str, ...]:
    """What the author may do next, a line for each page that shows less than it could."""
    return tuple(
        f"{decision.plan.file}: {_renewal(decision, mode)}"
        for decision in decisions
        if decision.action in ("stale", "missing")
    )

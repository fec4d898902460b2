"""`status`: how every result stands, and the command that would renew it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from sitegen.base.errors import Problem
from sitegen.commands.look import Look, look_at
from sitegen.commands.unused import find_orphans
from sitegen.execute.choose import why_not_fresh
from sitegen.execute.drift import find_drift
from sitegen.execute.failures import about_failures
from sitegen.execute.outcome import Outcome
from sitegen.model import Run
from sitegen.passes.asked import Caller
from sitegen.storage.measurements import absent_inputs, load_failed

State = Literal["fresh", "accepted", "drifted", "stale", "missing", "failed", "contributed"]
"""`drifted`: fresh, but of other libraries than this machine has; `accepted`: of other code;
`contributed`: a reader's, shown beside the author's."""


class Row(msgspec.Struct, frozen=True):
    """How the result of a session on a device stands; `device` is "" where nobody measured it.

    `measured` is its stored file, `renew` the command that would renew it, to be given on the
    device; both are "" where there is none.
    """

    page: str
    file: str
    line: int
    session: str
    device: str
    state: State
    why: tuple[str, ...] = ()
    measured: str = ""
    renew: str = ""


class DamagedFile(msgspec.Struct, frozen=True):
    """A stored file that cannot be trusted."""

    file: str
    why: str


class Status(msgspec.Struct, frozen=True):
    """How everything that is stored stands; `orphans` are files whose page is gone."""

    rows: tuple[Row, ...]
    damaged: tuple[DamagedFile, ...]
    orphans: tuple[str, ...]
    notes: tuple[str, ...] = ()


def status(root: Path, names: Sequence[str], caller: Caller) -> Status:
    """How the results of the named pages stand, those of all pages if none is named."""
    look = look_at(root, names, caller)
    failed = [look.hosts.named(run) for run in load_failed(root)]
    notes: dict[str, None] = {}
    rows = tuple(row for entry in look.outcomes for row in _rows(look, entry, failed, notes))
    orphans = [] if names else find_orphans(look)
    asked = {outcome.plan.page for outcome in look.outcomes}
    damaged = tuple(
        DamagedFile(entry.problem.span.path if entry.problem.span else "", entry.problem.message)
        for entry in look.store.damaged
        if not names or entry.page in asked
    )
    return Status(rows, damaged, tuple(look.file_of(run) for run in orphans), tuple(notes))


def _rows(
    look: Look, outcome: Outcome, failed: Sequence[Run], notes: dict[str, None]
) -> Iterator[Row]:
    plan, choice = outcome.plan, outcome.choice
    place = (plan.page, plan.session)
    broken = {run.device.name: run for run in failed if (run.page, run.session) == place}
    shown = {run.device.name: run for run in choice.runs}
    missing = [name for name in choice.absent if name not in shown]
    names = list(dict.fromkeys([*shown, *missing, *broken]))
    for name in names or [""]:
        run, state = shown.get(name), _state(outcome, name)
        why: list[str] = []
        if state == "fresh" and run is not None:
            beside = (look.root / plan.file).parent
            absent = absent_inputs(run, look.root, beside)
            why += (f"`{entry.path}`, which it read, is not here: not checked" for entry in absent)
            drift = _drift(look, outcome, run, notes)
            why += drift
            if run.accepted is not None:
                why.append(f"accepted on {run.accepted.when:%Y-%m-%d}: {run.accepted.because}")
            state = "drifted" if drift else "accepted" if run.accepted else "fresh"
        elif state != "fresh":
            why.append(why_not_fresh(plan, outcome.stored, name or None))
        line = plan.span.line
        if name in broken:
            failure, at = _why_failed(outcome, broken[name])
            why.append(failure)
            if broken[name].key == plan.key and state in ("stale", "missing"):
                state, line, why = "failed", at or line, [failure]
        yield Row(
            page=plan.page,
            file=plan.file,
            line=line,
            session=plan.session,
            device=name,
            state=state,
            why=tuple(why),
            measured=look.file_of(run) if run is not None else "",
            renew=_renewal(plan.page, state),
        )
    for run in choice.contributed:
        yield Row(
            page=plan.page,
            file=plan.file,
            line=plan.span.line,
            session=plan.session,
            device=run.device.name,
            state="contributed",
            why=(f"by {run.by}",),
            measured=look.file_of(run),
        )


def _state(outcome: Outcome, device: str) -> State:
    if any(run.device.name == device for run in outcome.choice.fresh):
        return "fresh"
    stale = any(run.device.name == device for run in outcome.choice.stale)
    return "stale" if stale else "missing"


def _drift(look: Look, outcome: Outcome, run: Run, notes: dict[str, None]) -> tuple[str, ...]:
    machine = look.hosts.versions(outcome.plan)
    if isinstance(machine, Problem):
        notes[f"library versions are not compared: {machine.message}"] = None
        return ()
    return find_drift(run.provenance, machine.python, machine.packages)


def _why_failed(outcome: Outcome, run: Run) -> tuple[str, int | None]:
    """What a failed run said, and the line of the post, where its code is that of today."""
    when = f"{run.started:%Y-%m-%d %H:%M}"
    if run.key != outcome.plan.key:
        return f"its last run, of other code, failed on {when}", None
    problem = next(about_failures(outcome.plan, run, allow=True), None)
    if problem is None or problem.span is None:
        return f"its last run failed on {when}", None
    return f"its last run failed on {when}: {problem.message}", problem.span.line


def _renewal(page: str, state: State) -> str:
    match state:
        case "fresh" | "accepted" | "contributed":
            return ""
        case "drifted":
            return f"sitegen run {page} --refresh"
        case _:
            return f"sitegen run {page}"

"""`accept`: what a page shows stale is bound to the code of today, and says so; and what a reader
has measured is stored beside the author's results."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec

from sitegen.base.errors import Problem, SiteError
from sitegen.commands.look import Look, look_at
from sitegen.execute.accept import accept_run
from sitegen.execute.contribution import (
    MOST_BYTES,
    Contribution,
    contributed_runs,
    parse_contribution,
)
from sitegen.execute.lookup import why_saves_changed
from sitegen.execute.outcome import Outcome
from sitegen.model import Run
from sitegen.passes.asked import Caller
from sitegen.storage.lock import locked
from sitegen.storage.measurements import Entry, load_failed, put_run, why_inputs_changed


class Bound(msgspec.Struct, frozen=True):
    """A result that now stands for other code: its new file, the measured one, the difference."""

    page: str
    session: str
    device: str
    file: str
    measured: str
    difference: str


class Acceptance(msgspec.Struct, frozen=True):
    """All that was accepted, by session and device."""

    bound: tuple[Bound, ...]


class Contributed(msgspec.Struct, frozen=True):
    """A reader's result that was stored."""

    page: str
    session: str
    device: str
    by: str
    file: str


class Contributions(msgspec.Struct, frozen=True):
    """All results that a reader's file held."""

    contributed: tuple[Contributed, ...]


def accept_contribution(root: Path, file: Path, by: str, caller: Caller) -> Contributions:
    """Store what an exported script has measured, under the reader's name: all of it, or none.

    Raises SiteError where the file is none such, or is of code that the site does not have today.
    """
    found = _read(file)
    if isinstance(found, str):
        raise SiteError([Problem("fatal", "accept", f"`{file.name}`: {found}")])
    with locked(root):
        look = look_at(root, (), caller)
        runs = contributed_runs(found, look.everything, look.config.devices, by)
        problems = [entry for entry in runs if isinstance(entry, Problem)]
        if problems:
            raise SiteError(problems)
        stored = [_put_run(root, run) for run in runs if isinstance(run, Run)]
    return Contributions(
        tuple(
            Contributed(
                page=entry.run.page,
                session=entry.run.session,
                device=entry.run.device.name,
                by=by,
                file=entry.path.relative_to(root).as_posix(),
            )
            for entry in stored
        )
    )


def _read(file: Path) -> Contribution | str:
    try:
        if file.stat().st_size > MOST_BYTES:
            return f"it is larger than {MOST_BYTES:,} bytes"
        return parse_contribution(file.read_bytes())
    except OSError as error:
        return f"it cannot be read: {error.strerror}"


def accept(root: Path, post: str, because: str, when: dt.datetime, caller: Caller) -> Acceptance:
    """Bind every result that a page shows stale to its code of today: all of them, or none.

    Raises SiteError where one cannot stand for that code, or nothing is shown stale.
    """
    with locked(root):
        look = look_at(root, [post], caller)
        bound: list[tuple[Run, Run]] = []
        problems: list[Problem] = []
        for outcome in look.outcomes:
            for run in outcome.choice.stale:
                problems += _why_not(look, outcome, run)
                found = accept_run(
                    outcome.plan, look.store.with_blobs(run), because, when, look.file_of(run)
                )
                if isinstance(found, Run):
                    bound.append((run, found))
                else:
                    problems += found
        if not bound and not problems:
            problems.append(_nothing(look))
        if problems:
            raise SiteError(problems)
        return Acceptance(tuple(_put(root, run, found) for run, found in bound))


def _why_not(look: Look, outcome: Outcome, run: Run) -> list[Problem]:
    """Reasons that are not in the code: a file has changed, or the code of today has failed."""
    plan = outcome.plan
    problems = []
    changed = why_inputs_changed(run, look.root, (look.root / plan.file).parent)
    before = [
        (entry.failed, entry.choice.runs)
        for entry in look.outcomes[: look.outcomes.index(outcome)]
        if entry.plan.page == plan.page
    ]
    changed = changed or why_saves_changed(run, before)
    if changed:
        help = ("accepting is for edited code, not for other data: run the post again",)
        problems.append(Problem("fatal", "accept", changed, plan.span, help=help))
    for failed in map(look.hosts.named, load_failed(look.root)):
        place = (failed.key, failed.page, failed.session, failed.device.name)
        if place == (plan.key, plan.page, plan.session, run.device.name):
            message = f"the code of today failed on {run.device.name}: a result cannot stand for it"
            problems.append(Problem("fatal", "accept", message, plan.span))
    return problems


def _nothing(look: Look) -> Problem:
    plan = look.outcomes[0].plan
    measured = any(outcome.choice.runs for outcome in look.outcomes)
    if measured:
        return Problem("fatal", "accept", "no result of it is stale", plan.span)
    message = "there is no result of it to accept"
    return Problem("fatal", "accept", message, plan.span, help=(f"sitegen run {plan.page}",))


def _put_run(root: Path, run: Run) -> Entry:
    try:
        return put_run(root, run)
    except OSError as error:
        message = f"a result cannot be stored: `{error.filename}`: {error.strerror}"
        raise SiteError([Problem("fatal", "store", message)]) from error


def _put(root: Path, run: Run, found: Run) -> Bound:
    entry = _put_run(root, found)
    accepted = found.accepted
    return Bound(
        page=found.page,
        session=found.session,
        device=run.device.name,
        file=entry.path.relative_to(root).as_posix(),
        measured=accepted.run if accepted else "",
        difference=accepted.difference if accepted else "",
    )

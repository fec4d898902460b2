"""What became of a plan in a build, and why, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec

from sitegen.execute.choose import Choice, Stored, show_run, why_not_fresh
from sitegen.execute.drift import version_set
from sitegen.model import MAIN, Plan, Run, Shown
from sitegen.storage.measurements import Store


class Outcome(msgspec.Struct, frozen=True):
    """A plan, what the store has for it, and what its page shows.

    `failed` is its run of today, if that has failed; `ran_on` the device on which it was run
    today, "" where it was not, and `why` the reason for either.
    """

    plan: Plan
    stored: Stored
    choice: Choice
    failed: Run | None = None
    ran_on: str = ""
    why: str = ""


def explain(outcome: Outcome, file_of: Callable[[Run], str]) -> Iterator[str]:
    """Why the plan was run, or what is shown in place of that; `file_of` names a stored run."""
    plan, choice = outcome.plan, outcome.choice
    name = plan.file if plan.session == MAIN else f"{plan.file}, session `{plan.session}`"
    name = f"{plan.file}, benchmark `{plan.bench.name}`" if plan.bench is not None else name
    left = f"; not run here: {outcome.why}" if outcome.why and not outcome.ran_on else ""
    if outcome.ran_on:
        yield f"{name}: run: {outcome.why}"
    for run in choice.fresh:
        if run.device.name != outcome.ran_on:
            accepted = f", accepted because {run.accepted.because}" if run.accepted else ""
            yield f"{name}: replayed from {file_of(run)}{accepted}"
    for run in choice.stale:
        if run.device.name == outcome.ran_on:
            continue  # its place is taken by the run of today, which has failed
        why = why_not_fresh(plan, outcome.stored, run.device.name)
        yield f"{name}: shown stale from {file_of(run)}: {why}{left}"
    shown = {run.device.name for run in choice.runs} | {outcome.ran_on}
    for device in choice.absent:
        if device not in shown:
            why = why_not_fresh(plan, outcome.stored, device)
            yield f"{name}: no result of {device}: {why}{left}"
    if not choice.runs and not choice.absent and not outcome.ran_on:
        yield f"{name}: no result: {why_not_fresh(plan, outcome.stored, None)}{left}"


def show_outcome(outcome: Outcome, store: Store) -> tuple[Shown, ...]:
    """The runs that a page shows for a plan, a failed one of today in place of what its device had
    before; those that readers contributed come last."""
    plan, choice, failed = outcome.plan, outcome.choice, outcome.failed
    runs = [(run, False) for run in choice.fresh] + [(run, True) for run in choice.stale]
    if failed is not None:
        name = failed.device.name
        runs = [(failed, False)] + [entry for entry in runs if entry[0].device.name != name]
    shown = [show_run(plan, store.with_blobs(run), stale=stale) for run, stale in runs]
    if plan.bench is None:
        return tuple(shown)
    for place, entry in enumerate(shown):
        if not entry.stale and entry.run is not failed:
            earlier = tuple(map(store.with_blobs, earlier_runs(entry.run, outcome.stored.fresh)))
            shown[place] = msgspec.structs.replace(entry, earlier=earlier)
    contributed = [show_run(plan, store.with_blobs(run)) for run in choice.contributed]
    return (*shown, *contributed)


def earlier_runs(shown: Run, fresh: Sequence[Run]) -> tuple[Run, ...]:
    """The runs of the same code on the same device with other libraries: the newest of each set,
    newest first."""
    best = {version_set(shown.provenance): shown}
    for run in sorted(fresh, key=lambda run: run.started, reverse=True):
        if run.device.name == shown.device.name:
            best.setdefault(version_set(run.provenance), run)
    return tuple(run for run in best.values() if run is not shown)

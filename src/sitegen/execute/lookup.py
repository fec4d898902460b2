"""What the store has for a plan: runs of its key that still hold, and older ones of its page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from sitegen.execute.choose import Stored
from sitegen.execute.plan import run_key
from sitegen.model import Plan, Run, Saved
from sitegen.storage.measurements import Store, why_inputs_changed

Before = Sequence[tuple[Run | None, Sequence[Run]]]
"""The sessions of a page that come before another: a failed run of today, and the runs shown."""


def find_stored(
    plan: Plan, store: Store, root: Path, named: Callable[[Run], Run], before: Before = ()
) -> Stored:
    """What the store has for a plan; files that its runs opened are compared beside its page.

    What earlier sessions save is compared with what they save now.
    """
    beside = (root / plan.file).parent
    fresh: list[Run] = []
    contributed: list[Run] = []
    changed = None
    for run in _of_key(plan, store):
        run = named(run)
        why = why_inputs_changed(run, root, beside) or why_saves_changed(run, before)
        if run.by is None:
            changed = changed or why
        if why is None and len(run.cells) == len(plan.blocks) and store.is_sound(run):
            (fresh if run.by is None else contributed).append(run)
    found = {_identity(run) for run in (*fresh, *contributed)}
    older = [
        run
        for run in map(named, store.of_page(plan.page, plan.session))
        if _identity(run) not in found
    ]
    stale = _without_broken([run for run in older if run.by is None], store)
    outdated = [run for run in older if run.by is not None]
    damaged = [entry.device for entry in store.damaged if entry.page == plan.page]
    return Stored(
        tuple(fresh), tuple(stale), tuple(damaged), changed, tuple(contributed), tuple(outdated)
    )


def _identity(run: Run) -> tuple[object, ...]:
    return (run.key, run.started, run.device.name, run.by)


def _without_broken(runs: Sequence[Run], store: Store) -> list[Run]:
    """The runs, of each device without the newest ones as far as their blobs are damaged: only the
    newest can be shown, so only there all blobs are read."""
    left = sorted(runs, key=lambda run: (run.started, run.key))
    for device in {run.device.name for run in runs}:
        for run in [run for run in reversed(left) if run.device.name == device]:
            if store.is_sound(run):
                break
            left.remove(run)
    return left


def _of_key(plan: Plan, store: Store) -> list[Run]:
    """The runs of the plan's key; declared inputs that are not here count as each run had them."""
    if all(entry.digest is not None for entry in plan.inputs):
        return list(store.of_key(plan.key))
    found = []
    for run in store.runs:
        recorded = {entry.path: entry.digest for entry in run.inputs if entry.base == "declared"}
        if recorded and run_key(plan, recorded) == run.key:
            found.append(run)
    return found


def saves_for(device: str, before: Before) -> dict[str, Saved]:
    """The files that a session on a device finds: of that device, else of the first one shown."""
    found: dict[str, Saved] = {}
    for failed, shown in before:
        runs = [run for run in (failed, *shown) if run is not None]
        run = next((run for run in runs if run.device.name == device), next(iter(runs), None))
        if run is not None:
            found |= {saved.path: saved for saved in run.saves}
    return found


def why_saves_changed(run: Run, before: Before) -> str | None:
    """Which file that an earlier session saves is not what the run read; None where none."""
    wanted = [entry for entry in run.inputs if entry.base == "saves"]
    if not wanted:
        return None
    saves = saves_for(run.device.name, before)
    for entry in wanted:
        saved = saves.get(entry.path)
        if saved is None or saved.blob.digest != entry.digest:
            return f"`{entry.path}`, which an earlier session saves, has changed since"
    return None

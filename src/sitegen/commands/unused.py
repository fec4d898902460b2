"""Stored runs that no page needs: orphans, and old runs that newer ones stand for."""

from __future__ import annotations

from collections.abc import Iterable

from sitegen.commands.look import Look
from sitegen.execute.choose import freshest
from sitegen.execute.drift import version_set
from sitegen.execute.outcome import Outcome
from sitegen.model import Run
from sitegen.storage.measurements import Entry


def find_orphans(look: Look) -> list[Run]:
    """The runs that no session of any page has; a page on which execution is off keeps its own."""
    off = {
        draft.document.source.name
        for draft in look.drafts
        if not draft.document.meta.execute.enabled
    }
    wanted = {look.store.path_of(run) for outcome in look.everything for run in _all(outcome)}
    return [
        entry.run
        for entry in _sound(look)
        if entry.path not in wanted and entry.run.page not in off
    ]


def find_old(look: Look) -> list[Run]:
    """The runs that are older than the one shown of their session and device, but for the newest
    of each set of library versions, and for what an accepted result was measured by."""
    held: dict[str, Run] = {}
    kept: set[str] = set()
    for outcome in look.everything:
        for run in _all(outcome):
            held[look.file_of(run)] = run
        kept |= {look.file_of(run) for run in _kept(outcome)}
    kept |= {run.accepted.run for file, run in held.items() if file in kept and run.accepted}
    return [run for file, run in sorted(held.items()) if file not in kept]


def _all(outcome: Outcome) -> Iterable[Run]:
    stored = outcome.stored
    return (*stored.fresh, *stored.stale, *stored.contributed, *stored.outdated)


def _kept(outcome: Outcome) -> Iterable[Run]:
    stored, shown = outcome.stored, {run.device.name: run for run in outcome.choice.runs}
    fresh = freshest(outcome.plan, stored)
    yield from (*shown.values(), *outcome.choice.contributed)
    best: dict[tuple[str, ...], Run] = {}
    # The later in this order stands for its versions: fresh ones after stale, newer after older.
    ordered = [
        *sorted(stored.stale, key=lambda run: run.started),
        *sorted(stored.fresh, key=lambda run: run.started),
        *fresh.values(),
    ]
    for run in ordered:
        best[(run.device.name, *version_set(run.provenance))] = run
        speaks = shown.get(run.device.name)
        if speaks is not None and run.started > speaks.started:
            yield run
    yield from best.values()


def _sound(look: Look) -> list[Entry]:
    return [entry for entry in look.store.entries if look.store.is_sound(entry.run)]

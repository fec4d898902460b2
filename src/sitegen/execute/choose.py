"""Who runs what: whether a plan is replayed, run here, or shown as it was stored before.

A result of another device is never replaced behind the author's back: this machine runs a plan
only if the page names its device, or nobody has measured the page yet, or it has before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from sitegen.model import Cell, Device, Plan, Run, Shown

Mode = Literal["build", "measure", "no-exec", "frozen"]
"""`build` renews what is this machine's, `measure` also adds this machine's results to a page that
has others'; `no-exec` and `frozen` run nothing."""


class Stored(msgspec.Struct, frozen=True):
    """What the store has for a plan: runs of its key with unchanged inputs, older runs of its page.

    `damaged` names the devices in whose folder a file of the page cannot be read; `changed` says
    which input is why a run of the plan's own key is stale.
    """

    fresh: tuple[Run, ...] = ()
    stale: tuple[Run, ...] = ()
    damaged: tuple[str, ...] = ()
    changed: str | None = None


class Decision(msgspec.Struct, frozen=True):
    """What to do with a plan. `run` is shown when nothing is executed; `why` explains the rest."""

    plan: Plan
    action: Literal["replay", "execute", "stale", "missing"]
    run: Run | None = None
    why: str = ""
    needs: tuple[str, ...] = ()


def decide(plan: Plan, stored: Stored, mode: Mode, here: Callable[[], Device | None]) -> Decision:
    """The decision for one plan.

    `here` tells this machine's device, None where the wanted one is absent; it is asked only when
    the answer matters, because asking costs seconds.
    """
    named = plan.execute.devices
    fresh = {run.device.name: run for run in _best_last(stored.fresh, plan.page)}
    stale = {run.device.name: run for run in _oldest_first(stored.stale)}
    known = _in_order([*stored.fresh, *stored.stale], stored.damaged)
    wanted = named or known
    absent = [name for name in wanted if name not in fresh]
    if mode == "measure" or (mode == "build" and (absent or not wanted)):
        device = here()
        if device is not None and _may(device, named, known, mode) and device.name not in fresh:
            return Decision(plan, "execute", why=_why(stored, stale=device.name in stale))
    for name in wanted:
        if name in fresh:
            return Decision(plan, "replay", fresh[name])
    for name in wanted:
        if name in stale:
            return Decision(plan, "stale", stale[name], _why(stored, stale=True), tuple(absent))
    return Decision(plan, "missing", why=_why(stored, stale=False), needs=tuple(absent))


def _may(device: Device, named: Sequence[str], known: Sequence[str], mode: Mode) -> bool:
    if named and device.name not in named:
        return False
    return mode == "measure" or not known or device.name in known


def _why(stored: Stored, *, stale: bool) -> str:
    if not stale:
        return "it has not been run yet"
    return stored.changed or "its code has changed since it was measured"


def _oldest_first(runs: Sequence[Run]) -> list[Run]:
    return sorted(runs, key=lambda run: (run.started, run.key))


def _best_last(runs: Sequence[Run], page: str) -> list[Run]:
    """The newest last, and those of the page itself after those of others with equal code."""
    return sorted(_oldest_first(runs), key=lambda run: run.page == page)


def _in_order(runs: Sequence[Run], damaged: Sequence[str]) -> list[str]:
    """Devices by first measurement, then those of which only damaged files are left."""
    names = [run.device.name for run in _oldest_first(runs)]
    return list(dict.fromkeys([*names, *sorted(damaged)]))


def show_run(plan: Plan, run: Run, *, stale: bool = False) -> Shown:
    """The run under the plan's blocks: one to one if its key is the plan's, else matched.

    The cells of another key are matched by label, then by equal code, then by place.
    """
    if run.key == plan.key:
        return Shown(plan, run, run.cells, stale)
    left: list[Cell | None] = list(run.cells)
    cells: list[Cell | None] = [None] * len(plan.blocks)

    def match(matches: Callable[[int, int], bool]) -> None:
        for index in range(len(cells)):
            for place, cell in enumerate(left):
                if cells[index] is None and cell is not None and matches(index, place):
                    cells[index], left[place] = cell, None

    def same_label(index: int, place: int) -> bool:
        cell = left[place]
        label = plan.blocks[index].show.label
        return cell is not None and label is not None and label == cell.label

    def same_code(index: int, place: int) -> bool:
        cell = left[place]
        return cell is not None and cell.code == plan.blocks[index].code_digest

    match(same_label)
    match(same_code)
    match(lambda index, place: index == place)
    return Shown(plan, run, tuple(cells), stale=True)

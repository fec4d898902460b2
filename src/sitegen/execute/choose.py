"""Who runs what: whether a plan is run here, and which stored runs its page shows.

A result of another device is never replaced behind the author's back: this machine runs a plan
only if the page names its device, or nobody has measured the page yet, or it has before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import msgspec

from sitegen.model import Cell, Device, Plan, Run, Shown

Mode = Literal["build", "measure", "no-exec", "frozen"]
"""`build` renews what is this machine's, `measure` also adds this machine's results to a page that
has others'; `no-exec` and `frozen` run nothing."""


class Stored(msgspec.Struct, frozen=True):
    """What the store has for a plan: runs of its key with unchanged inputs, older runs of its page.

    `damaged` names the devices in whose folder a file of the page cannot be read; `changed` says
    which input is why a run of the plan's own key is stale. Runs that name who contributed them are
    `contributed` where they still hold, else `outdated`: nothing rests on them.
    """

    fresh: tuple[Run, ...] = ()
    stale: tuple[Run, ...] = ()
    damaged: tuple[str, ...] = ()
    changed: str | None = None
    contributed: tuple[Run, ...] = ()
    outdated: tuple[Run, ...] = ()


class Choice(msgspec.Struct, frozen=True):
    """What a page shows for a plan: runs by device, the first one speaking for all.

    `absent` are the devices whose results the page needs and that have no fresh one. `contributed`
    stand beside, for nothing but themselves.
    """

    fresh: tuple[Run, ...] = ()
    stale: tuple[Run, ...] = ()
    absent: tuple[str, ...] = ()
    contributed: tuple[Run, ...] = ()

    @property
    def runs(self) -> tuple[Run, ...]:
        """What the author's page says."""
        return (*self.fresh, *self.stale)


class Decision(msgspec.Struct, frozen=True):
    """Whether a plan is run on this machine, and why; without words where all of it is fresh."""

    execute: bool
    why: str = ""


def decide_run(
    plan: Plan,
    stored: Stored,
    known: Sequence[str],
    mode: Mode,
    here: Callable[[], Device | None],
    *,
    refresh: bool = False,
) -> Decision:
    """Whether the plan is to be run on this machine.

    `known` are the devices that have results of the page's other sessions. `here` tells this
    machine's device, None where the wanted one is absent; it is asked only when the answer
    matters, because asking costs seconds.
    """
    if mode in ("no-exec", "frozen"):
        return Decision(False, f"`--{mode}` runs nothing")
    named = plan.execute.devices
    fresh = {run.device.name for run in stored.fresh}
    known = list(dict.fromkeys([*devices_of(stored), *known]))
    wanted = named or known
    if mode == "build" and wanted and fresh.issuperset(wanted):
        return Decision(False)
    device = here()
    if device is None:
        return Decision(False, "this machine does not have the device that it is to run on")
    if named and device.name not in named:
        return Decision(False, f"`devices` does not name `{device.name}`, which is here")
    if mode == "build" and not named and known and device.name not in known:
        others = ", ".join(known)
        return Decision(False, f"it was measured on {others}, and never on `{device.name}`")
    if device.name in fresh:
        again = refresh and mode == "measure"
        return Decision(again, "it was asked for" if again else "")
    return Decision(True, why_not_fresh(plan, stored, device.name))


def why_not_fresh(plan: Plan, stored: Stored, device: str | None) -> str:
    """Why there is no fresh result; of this device, where one is named."""
    stale = [run for run in stored.stale if device in (None, run.device.name)]
    if not stale:
        damaged = device in stored.damaged if device else bool(stored.damaged)
        return "what was stored is damaged" if damaged else "it has not been run yet"
    return stored.changed or _what_changed(plan, _oldest_first(stale)[-1])


def _what_changed(plan: Plan, run: Run) -> str:
    """What of a run's key is not as it was."""
    codes = [cell.code for cell in run.cells] == [block.code_digest for block in plan.blocks]
    inlines = [entry.code for entry in run.inlines] == [inline.code for inline in plan.inlines]
    if not codes or not inlines:
        return "its code has changed since it was measured"
    declared = {entry.path: entry.digest for entry in run.inputs if entry.base == "declared"}
    for entry in plan.inputs:
        if entry.digest is not None and declared.get(entry.pattern) != entry.digest:
            return f"`{entry.pattern}`, which `inputs` names, has changed since it was measured"
    return "its options or environment have changed since it was measured"


def choose_shown(plan: Plan, stored: Stored, left_out: Iterable[str] = ()) -> Choice:
    """The runs to show: of each device the newest fresh one, else the newest stale one.

    `left_out` are devices all of whose results are stale while another has fresh ones; where the
    page names its devices, just these are shown, in their order.
    """
    named = plan.execute.devices
    fresh = freshest(plan, stored)
    stale = {run.device.name: run for run in _oldest_first(stored.stale)}
    given = {(run.device.name, run.by): run for run in _oldest_first(stored.contributed)}
    order = named or [name for name in devices_of(stored) if name not in set(left_out)]
    return Choice(
        fresh=tuple(fresh[name] for name in order if name in fresh),
        stale=tuple(stale[name] for name in order if name not in fresh and name in stale),
        absent=tuple(name for name in order if name not in fresh),
        contributed=tuple(given.values()),
    )


def freshest(plan: Plan, stored: Stored) -> dict[str, Run]:
    """The fresh run of each device that speaks for it."""
    return {run.device.name: run for run in _best_last(stored.fresh, plan.page)}


def all_stale(stored: Iterable[Stored]) -> tuple[str, ...]:
    """The devices whose results for a page are all stale, where another device has fresh ones."""
    found = list(stored)
    fresh = {run.device.name for entry in found for run in entry.fresh}
    stale = {run.device.name for entry in found for run in entry.stale}
    return tuple(sorted(stale - fresh)) if fresh else ()


def devices_of(stored: Stored) -> list[str]:
    """Devices by first measurement, then those of which only damaged files are left."""
    names = [run.device.name for run in _oldest_first([*stored.fresh, *stored.stale])]
    return list(dict.fromkeys([*names, *sorted(stored.damaged)]))


def _oldest_first(runs: Sequence[Run]) -> list[Run]:
    return sorted(runs, key=lambda run: (run.started, run.key))


def _best_last(runs: Sequence[Run], page: str) -> list[Run]:
    """The newest last, and those of the page itself after those of others with equal code."""
    return sorted(_oldest_first(runs), key=lambda run: run.page == page)


def show_run(plan: Plan, run: Run, *, stale: bool = False) -> Shown:
    """The run under the plan's blocks: one to one where it is of their code, else matched.

    The cells of other code are matched by label, then by equal code, then by place; inline
    expressions by their own code.
    """
    texts = _match_texts(plan, run)
    if not stale and len(run.cells) == len(plan.blocks):
        return Shown(plan, run, run.cells, texts)
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
    return Shown(plan, run, tuple(cells), texts, stale=True)


def _match_texts(plan: Plan, run: Run) -> tuple[str | None, ...]:
    left = list(run.inlines)
    texts: list[str | None] = []
    for inline in plan.inlines:
        found = next((entry for entry in left if entry.code == inline.code), None)
        if found is not None:
            left.remove(found)
        texts.append(found.text if found is not None else None)
    return tuple(texts)

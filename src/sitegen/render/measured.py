"""What templates see of how a page was measured: its card, for one device."""

from __future__ import annotations

import datetime as dt

import msgspec

from sitegen.model import Measured, Measures
from sitegen.render.origin import (
    conditions_in_words,
    machine_in_words,
    packages_in_words,
    variables_in_words,
)

SHORTEST_FOR_CORES = 0.05
"""Seconds below which processor time over time is mostly the clock's own grain."""

_SHOWN_PACKAGES = ("torch", "jax", "numpy")


class CostView(msgspec.Struct, frozen=True):
    """What a block cost; `cores` is its processor time over its time, 0 where that says nothing."""

    title: str
    anchor: str
    wall: float
    cpu: float
    compile: float
    peak_host: int | None
    peak_device: int | None
    first: tuple[str, ...]
    notes: tuple[str, ...]
    cores: float


class AcceptedView(msgspec.Struct, frozen=True):
    """A result that stands for other code than was measured: why, since when, what differs."""

    because: str
    when: dt.datetime
    difference: str


class MeasuredView(msgspec.Struct, frozen=True):
    """The card of an executed post.

    `software` is Python with what the post imports, `packages` all with what these need;
    `machine` and `conditions` say in words where it ran, and how that was just before.
    """

    device_label: str
    device_reported: str
    device_kind: str
    driver: str | None
    software: tuple[str, ...]
    when: dt.datetime
    seconds: float
    commit: str | None
    dirty: bool | None
    shown: int
    hidden: int
    stale: bool
    preloaded: tuple[str, ...]
    beside: int
    torch_device: str | None
    rows: tuple[CostView, ...]
    accepted: tuple[AcceptedView, ...]
    machine: tuple[str, ...]
    conditions: tuple[str, ...]
    packages: tuple[str, ...]
    variables: tuple[str, ...]


def _in_words(modules: tuple[str, ...]) -> tuple[str, ...]:
    """Modules as a reader knows them: torch's compiler is not called by its parts."""
    compiler = ("torch.compile",) if any("." in name for name in modules) else ()
    return (*(name for name in modules if "." not in name), *compiler)


def _cores(measures: Measures) -> float:
    """Cores in use on average, of a block that ran long enough to tell."""
    if measures.wall < SHORTEST_FOR_CORES:
        return 0.0
    return round(measures.cpu / measures.wall, 1)


def view_measured(measured: Measured) -> MeasuredView:
    origin = measured.provenance
    names = dict.fromkeys((*_SHOWN_PACKAGES, *origin.imports))
    packages = [f"{name} {origin.packages[name]}" for name in names if name in origin.packages]
    return MeasuredView(
        device_label=measured.device.label,
        device_reported=measured.device.reported,
        device_kind=measured.device.kind,
        driver=measured.device.driver,
        software=(f"Python {origin.python}", *packages),
        when=measured.started,
        seconds=measured.seconds,
        commit=origin.commit,
        dirty=origin.dirty,
        shown=measured.shown,
        hidden=measured.hidden,
        stale=measured.stale,
        preloaded=_in_words(origin.preloaded),
        beside=origin.beside,
        torch_device=origin.torch_device,
        rows=tuple(
            CostView(
                title=row.title,
                anchor=row.anchor,
                wall=row.measures.wall,
                cpu=row.measures.cpu,
                compile=row.measures.compile,
                peak_host=row.measures.peak_host,
                peak_device=row.measures.peak_device,
                first=row.one_off,
                notes=row.notes,
                cores=_cores(row.measures),
            )
            for row in measured.rows
        ),
        accepted=tuple(
            AcceptedView(entry.because, entry.when, entry.difference) for entry in measured.accepted
        ),
        machine=machine_in_words(measured),
        conditions=conditions_in_words(origin.conditions),
        packages=packages_in_words(origin),
        variables=variables_in_words(origin),
    )

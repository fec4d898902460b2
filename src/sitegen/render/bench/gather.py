"""The benchmarks that a page shows, each with its runs summed up, device by device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sitegen.benchmarks import Summary
from sitegen.measure.summary import summarise
from sitegen.model import Document, Shown
from sitegen.render.export.names import run_files


class OnDevice(NamedTuple):
    """A run of a benchmark, summed up; `data` is the file beside the page that holds it whole,
    `picture` the one that holds its chart, "" for none."""

    shown: Shown
    summary: Summary
    data: str
    picture: str = ""

    @property
    def label(self) -> str:
        """The device as readers know it, and who contributed the run if not the author."""
        run = self.shown.run
        by = f", contributed by {run.by}" if run.by is not None else ""
        return f"{run.device.label}{by}"


class Benched(NamedTuple):
    """What a page shows of a benchmark: its runs by device, contributed ones last; and earlier
    ones of the same code, each the newest of its libraries, newest first."""

    readings: tuple[OnDevice, ...]
    earlier: tuple[OnDevice, ...] = ()


def chart_id(name: str) -> str:
    """The id of a benchmark's chart on its page, where numbers in prose lead."""
    return f"bench-{name}"


def gather_benches(document: Document, shown: Sequence[Shown]) -> Mapping[str, Benched]:
    """The benchmarks of a page that were measured, by name."""
    found: dict[str, list[OnDevice]] = {}
    before: dict[str, list[OnDevice]] = {}
    current = {id(entry.run) for entry in shown}
    for data, entry in run_files(document, shown):
        bench, run = entry.plan.bench, entry.run
        if bench is not None and run.benchmark is not None:
            summary = summarise(bench, run, document.meta.measure.noise)
            timed = id(run) in current and any(row.time for row in summary.rows)
            picture = f"{data.removesuffix('.json')}.svg" if timed else ""
            place = found if id(run) in current else before
            place.setdefault(bench.name, []).append(OnDevice(entry, summary, data, picture))
    return {
        name: Benched(
            tuple(sorted(readings, key=lambda reading: reading.shown.run.by is not None)),
            tuple(before.get(name, ())),
        )
        for name, readings in found.items()
    }


def colours_of(benches: Mapping[str, Benched]) -> Mapping[str, int]:
    """A number for every variant of a page, in order: one name has one colour throughout it."""
    names: dict[str, int] = {}
    for found in benches.values():
        for reading in found.readings:
            for variant in reading.summary.variants:
                names.setdefault(variant, len(names))
    return names

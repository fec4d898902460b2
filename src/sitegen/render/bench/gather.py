"""The benchmarks that a page shows, each with its runs summed up, device by device."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sitegen.benchmarks import Summary
from sitegen.measure.summary import summarise
from sitegen.model import Document, Run, Shown
from sitegen.render.export.names import post_name

PREFIX = "bench:"
"""What sessions of benchmarks are called, before their names."""


class Reading(NamedTuple):
    """A run of a benchmark, summed up; `data` is the file beside the page that holds it whole."""

    shown: Shown
    summary: Summary
    data: str

    @property
    def label(self) -> str:
        """The device as readers know it, and who contributed the run if not the author."""
        run = self.shown.run
        by = f", contributed by {run.by}" if run.by is not None else ""
        return f"{run.device.label}{by}"


class Benched(NamedTuple):
    """What a page shows of a benchmark: its runs by device, contributed ones last; and earlier
    ones of the same code, each the newest of its libraries, newest first."""

    readings: tuple[Reading, ...]
    earlier: tuple[Reading, ...] = ()


def chart_id(name: str) -> str:
    """The id of a benchmark's chart on its page, where numbers in prose lead."""
    return f"bench-{name}"


def gather_benches(document: Document, shown: Sequence[Shown]) -> Mapping[str, Benched]:
    """The benchmarks of a page that were measured, by name."""
    noise = document.meta.measure.noise
    stem = post_name(document)
    readings: dict[str, list[Reading]] = {}
    earlier: dict[str, list[Reading]] = {}
    taken: set[str] = set()
    for entry in sorted(shown, key=lambda entry: entry.run.by is not None):
        bench = entry.plan.bench
        if bench is None or entry.run.benchmark is None:
            continue
        for run in (entry.run, *entry.earlier):
            if run.benchmark is None:
                continue
            data = _file_name(stem, bench.name, run, dated=run is not entry.run, taken=taken)
            place = readings if run is entry.run else earlier
            one = entry if run is entry.run else Shown(entry.plan, run, run.cells)
            found = Reading(one, summarise(bench, run, noise), data)
            place.setdefault(bench.name, []).append(found)
    return {name: Benched(tuple(found), tuple(earlier.get(name, ()))) for name, found in readings.items()}


def _file_name(stem: str, name: str, run: Run, *, dated: bool, taken: set[str]) -> str:
    """A name that no other run of the page has: `post-matmul.h100.json`."""
    parts = [f"{stem}-{name}", run.device.name]
    parts += [f"by-{_plain(run.by)}"] if run.by is not None else []
    parts += [f"{run.started:%Y-%m-%d}"] if dated else []
    wanted = ".".join(parts)
    unique, count = wanted, 1
    while unique in taken:
        count += 1
        unique = f"{wanted}.{count}"
    taken.add(unique)
    return f"{unique}.json"


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "reader"


def colours_of(benches: Mapping[str, Benched]) -> Mapping[str, int]:
    """A number for every variant of a page, in order: one name has one colour throughout it."""
    names: dict[str, int] = {}
    for found in benches.values():
        for reading in found.readings:
            for variant in reading.summary.variants:
                names.setdefault(variant, len(names))
    return names


def all_readings(benches: Mapping[str, Benched]) -> Iterator[Reading]:
    """Every run that the page can show, in order."""
    for found in benches.values():
        yield from found.readings
        yield from found.earlier

"""The runs that a page shows, as the ground on which its claims and numbers stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

import msgspec

from sitegen.measure.evidence import Ground, Known, bench_ground
from sitegen.model import Device, Run, Shown

Pinned = Callable[[str, date], tuple[Ground, ...]]
"""The stored runs of a day: of a benchmark by name, or of a page's values for ""."""


class PageGrounds(msgspec.Struct, frozen=True):
    """What stands under a page's claims: runs of benchmarks by name and values, each by device, the
    one that speaks first ahead; `pinned` finds those of a day."""

    benches: Mapping[str, tuple[Ground, ...]]
    values: tuple[Ground, ...]
    pinned: Pinned

    def of(self, name: str, on: str = "", as_of: date | None = None) -> tuple[Ground, ...]:
        """The grounds of a benchmark, or of values for "", on a device and of a day."""
        found = self.benches.get(name, ()) if name else self.values
        if as_of is not None:
            found = self.pinned(name, as_of)
        return tuple(ground for ground in found if on in ("", ground.device.name))


def bench_grounds(shown: Sequence[Shown]) -> dict[str, tuple[Ground, ...]]:
    """The runs of each benchmark that count: those of the author."""
    found: dict[str, tuple[Ground, ...]] = {}
    for entry in shown:
        bench = entry.plan.bench
        if bench is not None and entry.run.benchmark is not None and entry.run.by is None:
            ground = bench_ground(bench, entry.run, stale=entry.stale)
            found[bench.name] = (*found.get(bench.name, ()), ground)
    return found


def value_grounds(shown: Sequence[Shown]) -> tuple[Ground, ...]:
    """The values of a page by device; of two blocks that list a name, the later one counts."""
    found: dict[str, dict[str, tuple[int, Known]]] = {}
    runs: dict[str, Run] = {}
    for entry in shown:
        if entry.plan.bench is not None or entry.run.by is not None:
            continue
        device = entry.run.device.name
        runs.setdefault(device, entry.run)
        names = found.setdefault(device, {})
        for block, cell in zip(entry.plan.blocks, entry.cells, strict=True):
            for name in block.run.values:
                later = name not in names or names[name][0] <= block.index
                if cell is not None and name in cell.values and later:
                    names[name] = block.index, Known(cell.values[name], entry.run.started)
    return tuple(
        _of_values(runs[device].device, runs[device], known)
        for device, named in found.items()
        if (known := {name: value for name, (_, value) in named.items()})
    )


def stored_values(runs: Iterable[Run]) -> tuple[Ground, ...]:
    """The values in stored runs by device, a later run's over an earlier one's."""
    found: dict[str, dict[str, Known]] = {}
    last: dict[str, Run] = {}
    for run in sorted(runs, key=lambda run: (run.started, run.key)):
        last[run.device.name] = run
        for cell in run.cells:
            for name, value in cell.values.items():
                found.setdefault(run.device.name, {})[name] = Known(value, run.started)
    return tuple(_of_values(last[name].device, last[name], found[name]) for name in found)


def _of_values(device: Device, run: Run, known: Mapping[str, Known]) -> Ground:
    return Ground(device, run.started, values=known)

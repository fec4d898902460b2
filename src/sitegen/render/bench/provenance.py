"""The line under a benchmark that says how, on what, with what and when it was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sitegen.benchmarks import Benchmark
from sitegen.measure.series import kept_samples
from sitegen.measure.stats import order_ranks
from sitegen.model import Provenance, Run

_PACKAGES = ("torch", "jax")


def provenance_line(run: Run) -> str:
    """`median of 6 processes × 30 samples × 16 calls, range of process medians · NVIDIA H100 ·
    torch 2.13.0 · 2026-11-22 · a1b2c3d`."""
    return " · ".join(_parts(run))


def software_of(origin: Provenance, benchmark: Benchmark | None) -> tuple[str, ...]:
    """The frameworks whose work was measured, with their versions; Python's where it did some."""
    used = {
        series.alike.framework for series in (benchmark.series if benchmark else ()) if series.alike
    }
    known = [name for name in (*_PACKAGES, *sorted(used - set(_PACKAGES))) if name in used]
    found = [f"{name} {origin.packages[name]}" for name in known if name in origin.packages]
    plain = (f"Python {origin.python}",) if origin.python and len(found) < len(used or [""]) else ()
    return (*found, *plain)


def _parts(run: Run) -> Iterator[str]:
    if run.benchmark is not None:
        yield _method(run.benchmark)
    yield run.device.reported
    yield from software_of(run.provenance, run.benchmark)
    yield f"{run.started:%Y-%m-%d}"
    origin = run.provenance
    if origin.commit:
        yield f"{origin.commit}{', uncommitted changes' if origin.dirty else ''}"
    if run.benchmark is not None and run.benchmark.attempts > 1:
        yield f"{run.benchmark.attempts} attempts"
    if run.by is not None:
        yield f"contributed by {run.by}"


def _method(benchmark: Benchmark) -> str:
    kept = [entry for series in benchmark.series for entry in kept_samples(benchmark, series)]
    by_series = [len(kept_samples(benchmark, series)) for series in benchmark.series]
    processes = max(by_series, default=0)
    samples = _span(len(entry.samples) for entry in kept)
    calls = _span(entry.calls for entry in kept)
    one = processes == 1
    head = f"median of {processes} process{'' if one else 'es'} × {samples} samples × {calls} calls"
    ranks = order_ranks(processes) if processes else None
    if processes < 6 or ranks is None:
        return f"{head}, too few processes for an interval"
    if ranks == (1, processes):
        return f"{head}, range of process medians"
    return f"{head}, process medians {ranks[0]} to {ranks[1]} in order of size"


def _span(numbers: Iterable[int]) -> str:
    found = sorted(set(numbers))
    if not found:
        return "0"
    return f"{found[0]:,}" if len(found) == 1 else f"{found[0]:,} to {found[-1]:,}"

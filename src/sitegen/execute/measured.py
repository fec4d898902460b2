"""What a measured benchmark gives reason to say, judged anew at each build."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sitegen.base.errors import Problem, Severity, Span
from sitegen.benchmarks import FEWEST_PROCESSES, Bench, Benchmark, Point, Series
from sitegen.measure.series import series_at, why_disagreeing, why_unlike, why_unstable
from sitegen.measure.summary import baseline_of
from sitegen.model import Plan, Shown

LONG_PRELUDE = 1.0
"""Seconds that the blocks above a benchmark may take before it is asked which of them it needs."""


def about_measured(runs: Sequence[Shown]) -> Iterator[Problem]:
    """The problems of what a page shows for a benchmark, but for measurements of other code and
    those of readers."""
    runs = [shown for shown in runs if shown.run.by is None]
    for shown in runs:
        bench, benchmark = shown.plan.bench, shown.run.benchmark
        if bench is not None and benchmark is not None and not shown.stale:
            on = f" on {shown.run.device.name}" if len(runs) > 1 else ""
            yield from _about(shown.plan, bench, benchmark, on)


def _about(plan: Plan, bench: Bench, benchmark: Benchmark, on: str) -> Iterator[Problem]:
    """`on` names the device, where there are several."""
    yield from _about_results(plan, bench, benchmark, on)
    yield from _about_stability(plan, benchmark, on)
    yield from _about_method(plan, bench, benchmark, on)


def _about_results(plan: Plan, bench: Bench, benchmark: Benchmark, on: str) -> Iterator[Problem]:
    """Variants that compute something else, that must not be compared, or that have no result."""
    span, excerpt = _place(plan, bench)
    base = baseline_of(bench, benchmark)
    for variant in benchmark.variants:
        found = [series for series in benchmark.series if series.variant == variant]
        wrong = [series for series in found if why_disagreeing(bench, benchmark, series)]
        if wrong:
            worst = max(wrong, key=lambda series: series.difference or 0.0)
            why = why_disagreeing(bench, benchmark, worst)
            help = "mend one of the two, or say how far they may differ: `#| agree: …`"
            message = f"`{variant}` {why}{at_point(worst.point)}{on}"
            yield Problem("error", "disagreement", message, span, excerpt, (help,))
        for series in found:
            if series.failure is not None:
                message = (
                    f"`{variant}` was not measured{at_point(series.point)}{on}: {series.failure}"
                )
                yield Problem("warning", "bench", message, span, excerpt)
        unlike = next(filter(None, (_unlike(benchmark, base, series) for series in found)), "")
        if unlike and not bench.unlike:
            message = f"`{variant}` and `{base}` are not compared{on}: {unlike}"
            help = "measure them alike, or say `#| unlike: true`"
            yield Problem("warning", "unlike", message, span, excerpt, (help,))


def _unlike(benchmark: Benchmark, base: str, series: Series) -> str:
    other = series_at(benchmark, base, series.point)
    return why_unlike(other, series) if other is not None else ""


def _about_stability(plan: Plan, benchmark: Benchmark, on: str) -> Iterator[Problem]:
    unstable = [
        (series, reasons)
        for series in benchmark.series
        if (reasons := why_unstable(benchmark, series))
    ]
    if not unstable:
        return
    series, reasons = unstable[0]
    more = f", and {len(unstable) - 1} more" if len(unstable) > 1 else ""
    message = f"unstable{on}: `{series.variant}`{at_point(series.point)}{more}: {reasons[0]}"
    severity: Severity = "error" if plan.measure.on_unstable == "fail" else "warning"
    help = (
        "measure it again on a quiet machine: `sitegen run --refresh`; or give it more `max_time`"
    )
    yield Problem(severity, "unstable", message, plan.span, help=(help,))


def _about_method(plan: Plan, bench: Bench, benchmark: Benchmark, on: str) -> Iterator[Problem]:
    counted = [note for note in benchmark.processes if note.discarded is None]
    for note in benchmark.processes:
        if note.discarded is not None:
            message = f"process {note.process + 1} does not count{on}: {note.discarded}"
            yield Problem("warning", "bench", message, plan.span)
    if len(counted) < FEWEST_PROCESSES:
        message = f"fewer than {FEWEST_PROCESSES} processes: no interval, no verdict, no claim"
        help = f"here they are {len(counted)}; `[measure] processes` says how many"
        yield Problem("notice", "bench", message, plan.span, help=(help,))
    prelude = sum(benchmark.prelude)
    if bench.needs is None and prelude > LONG_PRELUDE:
        labels = [block.show.label or "…" for block in plan.blocks[:-1]]
        message = f"the blocks above took {prelude:.2g} s in each of its processes{on}"
        help = f"name those that it needs, such as `#| needs: [{', '.join(labels)}]`"
        yield Problem("warning", "needs", message, plan.span, help=(help,))


def _place(plan: Plan, bench: Bench) -> tuple[Span, str]:
    return (bench.place.span, bench.place.excerpt) if bench.place else (plan.span, "")


def at_point(point: Point) -> str:
    """The point in words, behind a blank; nothing where there is no sweep."""
    words = " and ".join(f"{name} = {value}" for name, value in point.items())
    return f" at {words}" if words else ""

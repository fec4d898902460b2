"""A benchmark in half a line, for lists."""

from __future__ import annotations

from sitegen.benchmarks import Row, Summary
from sitegen.render.bench.numbers import format_estimate, format_point, inverse, time_unit


def headline(summary: Summary) -> str:
    """The fastest variant at the last point of the sweep, and what it was shown to be."""
    last = summary.points[-1] if summary.points else {}
    rows = [row for row in summary.rows if row.point == last and row.time is not None]
    if not rows:
        return "nothing could be timed"
    at = f" at {format_point(last)}" if last else ""
    return f"{_said(min(rows, key=_seconds), summary.baseline)}{at}"


def _seconds(row: Row) -> float:
    return row.time.estimate if row.time is not None else 0.0


def _said(row: Row, baseline: str) -> str:
    assert row.time is not None  # noqa: S101 (only those with a time are asked)
    unit = time_unit(row.time.estimate)
    time = f"{row.variant} {format_estimate(row.time, unit)} {unit.name}"
    if row.unstable:
        return f"{time}, unstable"
    match row.verdict:
        case "faster" if row.ratio is not None:
            return f"{time}, {format_estimate(inverse(row.ratio))}× faster than {baseline}"
        case "no difference":
            return f"{time}, no difference to {baseline}"
        case "undecided":
            return f"{time}, undecided against {baseline}"
        case _:
            return time

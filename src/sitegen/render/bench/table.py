"""The numbers of a benchmark as a table: the text twin of its chart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sitegen.benchmarks import FEWEST_PROCESSES, Row, Summary
from sitegen.model import Frame
from sitegen.render.bench.drawing import Group, Look
from sitegen.render.bench.gather import OnDevice
from sitegen.render.bench.numbers import (
    Unit,
    format_estimate,
    format_number,
    format_point,
    format_range,
    inverse,
    rate_unit,
    shared_unit,
    unit_of,
)
from sitegen.render.escape import escape_text
from sitegen.render.format import format_bytes, format_seconds
from sitegen.render.outputs import Place, frame_place

_NONE = "–"
_LEAST_SHARE = 0.01
"""Of a first call: less compiling is not worth a word."""

_FOLDED_NOTES = 4
"""Notes above which they are folded."""


class _Columns(NamedTuple):
    """What there is something to say of."""

    rate: Unit | None
    peak: str
    compiling: bool


def render_table(reading: OnDevice, look: Look) -> str:
    """The table of a run: a group of rows for each point of the sweep."""
    summary = reading.summary
    columns = _columns(reading)
    head = [
        "variant",
        "median",
        f"range of {_processes(summary)}",
        f"against {summary.baseline}",
        *([columns.rate.name] if columns.rate else []),
        "first, compiling" if columns.compiling else "first call",
        *([columns.peak] if columns.peak else []),
    ]
    cells = "".join(f'<th scope="col">{escape_text(name)}</th>' for name in head)
    bodies = [
        _body(look, columns, rows, heading, len(head)) for heading, rows in _by_point(summary)
    ]
    return f'<table class="numbers"><thead><tr>{cells}</tr></thead>{"".join(bodies)}</table>'


def render_side_by_side(groups: Sequence[Group], look: Look) -> str:
    """The medians of several devices or runs, one column each."""
    head = "".join(f'<th scope="col">{escape_text(group.label)}</th>' for group in groups)
    bodies = []
    first = groups[0].summary
    points = {format_point(point): point for group in groups for point in group.summary.points}
    variants = dict.fromkeys(name for group in groups for name in group.summary.variants)
    for heading, point in points.items():
        lines = [_heading(heading, len(groups) + 1)] if len(points) > 1 else []
        for variant in variants:
            rows = [_find(group.summary, variant, point) for group in groups]
            cells = "".join(f"<td>{_time(row)}</td>" for row in rows)
            lines.append(f"<tr>{_name(variant, look)}{cells}</tr>")
        bodies.append(f"<tbody>{''.join(lines)}</tbody>")
    corner = f'<th scope="col">{"variant" if len(first.variants) > 1 else "what"}</th>'
    return f'<table class="numbers"><thead><tr>{corner}{head}</tr></thead>{"".join(bodies)}</table>'


def _find(summary: Summary, variant: str, point: object) -> Row | None:
    rows = (row for row in summary.rows if row.variant == variant and row.point == point)
    return next(rows, None)


def _time(row: Row | None) -> str:
    if row is None or row.time is None:
        return _NONE
    unit = shared_unit([row.time])
    reach = format_range(row.time, unit)
    small = f" <small>{reach}</small>" if reach else ""
    return f"{format_estimate(row.time, unit)} {unit.name}{small}"


def _processes(summary: Summary) -> str:
    most = max((len(row.process_medians) for row in summary.rows), default=0)
    return str(most or FEWEST_PROCESSES)


def _columns(reading: OnDevice) -> _Columns:
    rows = reading.summary.rows
    rates = [row.rate.estimate for row in rows if row.rate is not None]
    work = reading.shown.plan.bench.work if reading.shown.plan.bench else None
    peaks = [row for row in rows if row.peak_device]
    host = [row for row in rows if row.peak_host]
    return _Columns(
        rate=rate_unit(rates, work.unit) if rates and work else None,
        peak="device peak" if peaks else "host peak" if host else "",
        compiling=any(_share(row) >= _LEAST_SHARE for row in rows),
    )


def _by_point(summary: Summary) -> Iterator[tuple[str, tuple[Row, ...]]]:
    for point in summary.points:
        heading = format_point(point) if len(summary.points) > 1 else ""
        yield heading, tuple(row for row in summary.rows if row.point == point)


def _body(look: Look, columns: _Columns, rows: Sequence[Row], heading: str, width: int) -> str:
    unit = shared_unit([row.time for row in rows])
    lines = [_heading(heading, width)] if heading else []
    lines += (_row(look, columns, row, unit) for row in rows)
    return f"<tbody>{''.join(lines)}</tbody>"


def _heading(text: str, width: int) -> str:
    return f'<tr><th scope="rowgroup" colspan="{width}">{escape_text(text)}</th></tr>'


def _name(variant: str, look: Look) -> str:
    mark = f'<span class="mark {look.colour(variant)}"></span>'
    return f'<th scope="row">{mark}{escape_text(variant)}</th>'


def _row(look: Look, columns: _Columns, row: Row, shared: Unit) -> str:
    time = row.time
    unit = unit_of(time, shared) if time else shared
    cells = [
        f"{format_estimate(time, unit)} {unit.name}" if time else _NONE,
        f"<small>{format_range(time, unit) or _NONE}</small>" if time else _NONE,
        _against(row),
    ]
    if columns.rate:
        cells.append(format_number(row.rate.estimate / columns.rate.size) if row.rate else _NONE)
    cells.append(_first(row))
    if columns.peak:
        peak = row.peak_device if columns.peak.startswith("device") else row.peak_host
        cells.append(format_bytes(peak) if peak else _NONE)
    written = "".join(f"<td>{cell}</td>" for cell in cells)
    return f"<tr>{_name(row.variant, look)}{written}</tr>"


def _share(row: Row) -> float:
    """How much of the first call was compiling."""
    return (row.first_compile or 0.0) / row.first if row.first else 0.0


def _first(row: Row) -> str:
    """The first call, and how much of it was compiling."""
    if row.first is None:
        return _NONE
    share = _share(row)
    told = f" <small>{min(share, 1):.0%}</small>".replace("%", " %")
    return format_seconds(row.first) + (told if share >= _LEAST_SHARE else "")


def _against(row: Row) -> str:
    """The ratio to the baseline, turned so that it is above one where that says more."""
    match row.verdict:
        case "baseline":
            return "1"
        case "not comparable":
            return "not comparable"
        case "faster" | "slower" | "no difference" | "undecided":
            pass
    if row.ratio is None:
        return row.verdict
    quick = row.verdict == "faster" or (row.verdict == "undecided" and row.ratio.estimate < 1)
    ratio = inverse(row.ratio) if quick else row.ratio
    reach = format_range(ratio)
    small = f" <small>{reach}</small>" if reach else ""
    figure = f"{format_estimate(ratio)}×"
    match row.verdict:
        case "faster":
            return f'<b class="faster">{figure} faster</b>{small}'
        case "slower":
            return f"{figure} slower{small}"
        case "no difference":
            return f"no difference{small}"
        case _:
            word = "faster" if quick else "slower"
            return f"undecided <small>{figure} {word}{f', {reach}' if reach else ''}</small>"


def render_notes(reading: OnDevice) -> str:
    """What else is to be said of the variants, a line for each; many are folded, none are ""."""
    points: dict[tuple[str, str], list[str]] = {}
    for row in reading.summary.rows:
        notes = list(_notes(reading, row))
        if notes:
            points.setdefault((row.variant, "; ".join(notes)), []).append(format_point(row.point))
    lines = []
    for (variant, note), found in points.items():
        at = "" if len(found) == len(reading.summary.points) else f" at {', '.join(found)}"
        lines.append(f"<li><b>{escape_text(variant + at)}</b>: {escape_text(note)}</li>")
    if not lines:
        return ""
    notes_list = f'<ul class="bench-notes">{"".join(lines)}</ul>'
    if len(lines) <= _FOLDED_NOTES:
        return notes_list
    summary = f"<summary>Notes on {', '.join(dict.fromkeys(name for name, _ in points))}</summary>"
    return f'<details class="bench-more">{summary}{notes_list}</details>'


def _notes(reading: OnDevice, row: Row) -> Iterator[str]:
    if row.unstable:
        yield f"unstable: {', '.join(row.unstable)}"
    yield from row.notes
    yield from dict.fromkeys(_marks(reading, row))


def _marks(reading: OnDevice, row: Row) -> Iterator[str]:
    """Graph breaks and recompiles, with the lines of today's file."""
    shown = reading.shown
    benchmark = shown.run.benchmark
    other = shown.stale or shown.run.accepted is not None  # lines are of other code
    place = Place("", shown.plan, shown.run.page, False, other, "")
    for series in benchmark.series if benchmark else ():
        if series.variant == row.variant and series.point == row.point:
            for kind, marks in (("graph break", series.breaks), ("recompiled", series.recompiles)):
                for mark in marks:
                    where = frame_place(Frame("", mark.line, mark.block), place)
                    yield f"{kind} at {where}: {mark.reason}"

"""Bars with intervals, from one zero: a bar for each variant, in groups where there are several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sitegen.benchmarks import Row
from sitegen.render.bench.drawing import Drawing, Group, Key, Look, hatching, percent, pixels
from sitegen.render.bench.numbers import format_point, format_time, shared_unit
from sitegen.render.bench.scale import Linear, linear_ticks
from sitegen.render.escape import escape_text

_ROW, _BAR, _HEADING, _AXIS = 32, 20, 26, 26
_ABOVE = 16
_HATCHED = Key('<path class="reach" d="M-8 5L0-5M-2 5L6-5"/>', "hatched: unstable")
_LONGEST_BESIDE = 16
"""Characters of a name that may stand beside a bar; longer ones stand above theirs."""


class _Part(NamedTuple):
    heading: str
    rows: tuple[Row, ...]


def draw_bars(groups: Sequence[Group], look: Look, suffix: str = "") -> Drawing | None:
    """A bar for every variant that has a time, by group and point; None where none has."""
    parts = list(_parts(groups))
    rows = [row for part in parts for row in part.rows]
    if not rows:
        return None
    unit = shared_unit([row.time for row in rows])
    scale = Linear(1.03 * max(_far(row) for row in rows))
    beside = max(len(row.variant) for row in rows) <= _LONGEST_BESIDE
    id = f"{look.id}{suffix}"
    height, content = 0.0, []
    for part in parts:
        if part.heading:
            height += _HEADING
            content.append(
                f'<text class="group" y="{pixels(height - 8)}">{escape_text(part.heading)}</text>'
            )
        for row in part.rows:
            if not beside:
                height += _ABOVE
            content.append(_bar(row, scale, height, look, id, beside=beside))
            height += _ROW
    grid = "".join(_grid(linear_ticks(scale.top / unit.size), unit.size, unit.name, scale, height))
    hatched = hatching(id) if any(row.unstable for row in rows) else ""
    names = max(len(row.variant) for row in rows) if beside else 0
    key = (_HATCHED,) if hatched else ()
    return Drawing(f"{hatched}{grid}{''.join(content)}", height + _AXIS, names, _say(parts), key)


def _parts(groups: Sequence[Group]) -> Iterator[_Part]:
    for label, summary in groups:
        for point in summary.points:
            rows = tuple(row for row in summary.rows if row.point == point and row.time)
            names = [label] if len(groups) > 1 else []
            names += [format_point(point)] if len(summary.points) > 1 else []
            if rows:
                yield _Part(" · ".join(names), rows)


def _far(row: Row) -> float:
    assert row.time is not None  # noqa: S101 (rows without a time have no bar)
    return max(row.time.estimate, row.time.high or 0.0)


def _bar(row: Row, scale: Linear, top: float, look: Look, id: str, *, beside: bool) -> str:
    time = row.time
    assert time is not None  # noqa: S101 (rows without a time have no bar)
    y = top + (_ROW - _BAR) / 2
    middle = y + _BAR / 2
    place = f'class="end" x="-10" y="{pixels(middle + 4)}"' if beside else f'y="{pixels(y - 5)}"'
    parts = [f"<text {place}>{escape_text(row.variant)}</text>"]
    box = f'y="{pixels(y)}" width="{percent(scale.place(time.estimate))}" height="{_BAR}"'
    parts.append(f'<rect class="bar {look.colour(row.variant)}" {box} rx="2"/>')
    if row.unstable:
        parts.append(f'<rect fill="url(#{id}-h)" {box}/>')
    if time.low is not None and time.high is not None:
        low, high = percent(scale.place(time.low)), percent(scale.place(time.high))
        ends = f'y1="{pixels(middle - 4)}" y2="{pixels(middle + 4)}"'
        parts.append(
            f'<g class="reach"><line x1="{low}" x2="{high}" y1="{pixels(middle)}"'
            f' y2="{pixels(middle)}"/><line x1="{low}" x2="{low}" {ends}/>'
            f'<line x1="{high}" x2="{high}" {ends}/></g>'
        )
    return "".join(parts)


def _grid(
    ticks: Sequence[float], size: float, unit: str, scale: Linear, height: float
) -> Iterator[str]:
    places = [percent(scale.place(tick * size)) for tick in ticks]
    lines = (f'<line x1="{x}" x2="{x}" y2="{pixels(height)}"/>' for x in places)
    yield f'<g class="grid">{"".join(lines)}</g><g class="middle">'
    for x, tick in zip(places, ticks, strict=True):
        label = f"{tick:g} {unit}" if tick == ticks[-1] else f"{tick:g}"
        yield f'<text x="{x}" y="{pixels(height + 17)}">{label}</text>'
    yield "</g>"


def _say(parts: Sequence[_Part]) -> str:
    """What the bars show, in words."""
    said = []
    for part in parts:
        bars = ", ".join(
            f"{row.variant} {format_time(row.time)}{', unstable' if row.unstable else ''}"
            for row in part.rows
            if row.time
        )
        said.append(f"{part.heading}: {bars}" if part.heading else bars)
    return "; ".join(said) + "."

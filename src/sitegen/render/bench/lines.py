"""A sweep as lines on two logarithmic axes, with intervals and the power by which time grows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from sitegen.benchmarks import Interval, Param, Row, Summary
from sitegen.render.bench.drawing import Drawing, Group, Key, Look, percent, pixels
from sitegen.render.bench.numbers import format_param, format_time, time_unit
from sitegen.render.bench.scale import Log, log_scale, log_ticks, thin_out
from sitegen.render.escape import escape_text

_HEIGHT, _AXIS, _TOP = 230, 28, 4
_DASHES = ("", "7 4", "2 4", "10 3 2 3")
_NARROWEST = 270
"""Pixels between the ends of the x axis on a telephone."""


class _Line(NamedTuple):
    """A variant of a group along the first parameter."""

    group: int
    variant: str
    rows: tuple[tuple[float, Row, Interval], ...]


def is_sweep(summary: Summary) -> bool:
    """Whether it is drawn as lines: over two values or more of a first parameter, all above 0."""
    along = _along(summary)
    found = {point.get(along) for point in summary.points} if along else set()
    return len(found) > 1 and all(_number(value) > 0 for value in found)


def draw_lines(
    groups: Sequence[Group], look: Look, suffix: str = ""
) -> Iterator[tuple[str, Drawing]]:
    """A drawing for every value of the other parameters, which it is headed by; all have the same
    axes."""
    along = _along(groups[0].summary)
    facets: dict[str, list[_Line]] = {}
    for number, group in enumerate(groups):
        for name, line in _lines(number, group.summary, along):
            facets.setdefault(name, []).append(line)
    every = [entry for lines in facets.values() for line in lines for entry in line.rows]
    if not every:
        return
    x = log_scale([value for value, _, _ in every])
    y = log_scale([end for _, _, time in every for end in _ends(time)])
    for place, (name, lines) in enumerate(facets.items()):
        id = f"{look.id}{suffix}-{place}"
        yield name, _draw(groups, lines, name, along, x, y, look, id)


def _along(summary: Summary) -> str:
    """The first parameter of the sweep; "" where there is none."""
    return next(iter(summary.points[0]), "") if summary.points else ""


def _number(value: Param | None) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _ends(time: Interval) -> tuple[float, float]:
    return time.low or time.estimate, time.high or time.estimate


def _lines(number: int, summary: Summary, along: str) -> Iterator[tuple[str, _Line]]:
    found: dict[tuple[str, str], list[tuple[float, Row, Interval]]] = {}
    for row in summary.rows:
        others = [f"{key} = {value}" for key, value in row.point.items() if key != along]
        if row.time is not None and _number(row.point.get(along)) > 0:
            entry = (_number(row.point[along]), row, row.time)
            found.setdefault((", ".join(others), row.variant), []).append(entry)
    for (facet, variant), rows in found.items():
        yield facet, _Line(number, variant, tuple(sorted(rows, key=lambda entry: entry[0])))


def _draw(
    groups: Sequence[Group],
    lines: Sequence[_Line],
    facet: str,
    along: str,
    x: Log,
    y: Log,
    look: Look,
    id: str,
) -> Drawing:
    def down(value: float) -> str:
        return pixels(_TOP + _HEIGHT * (1 - y.place(value) / 100))

    colours = {look.colour(line.variant): look.mark(line.variant) for line in lines}
    marks = (
        f'<path id="{id}-{colour}" class="{colour}" d="{d}"/>' for colour, d in colours.items()
    )
    content = [f"<defs>{''.join(marks)}</defs>"]
    ticks = {down(tick): _tick(tick) for tick in log_ticks(y)}
    content.append('<g class="grid">')
    content += (f'<line x2="100%" y1="{place}" y2="{place}"/>' for place in ticks)
    content.append('</g><g class="end">')
    content += (
        f'<text x="-10" y="{place}" dy="4">{label}</text>' for place, label in ticks.items()
    )
    content.append("</g>")
    content += _x_axis(lines, along, x)
    content += _intervals(lines, x, down, look)
    for line in lines:
        content += _line(line, x, down, look, id)
    says = "; ".join(_say(groups, line, along) for line in lines) + "."
    width = max(map(len, ticks.values()), default=0)
    key = tuple(_key(groups, lines, facet, along, look))
    return Drawing("".join(content), _TOP + _HEIGHT + _AXIS, width, says, key)


def _tick(seconds: float) -> str:
    unit = time_unit(seconds)
    return f"{seconds / unit.size:g} {unit.name}"


def _x_axis(lines: Sequence[_Line], along: str, x: Log) -> Iterator[str]:
    written = {
        value: format_param(row.point[along]) for line in lines for value, row, _ in line.rows
    }
    room = 100 * (8 + 7 * max(map(len, written.values()))) / _NARROWEST
    bottom = _TOP + _HEIGHT
    labelled = {value: percent(x.place(value)) for value in thin_out(list(written), x, room)}
    yield '<g class="grid">'
    for place in labelled.values():
        yield f'<line x1="{place}" x2="{place}" y1="{_TOP}" y2="{bottom}"/>'
    yield '</g><g class="middle">'
    for number, (value, place) in enumerate(labelled.items()):
        name = f"{along} = {written[value]}" if number == 0 else written[value]
        yield f'<text x="{place}" y="{bottom + 18}">{escape_text(name)}</text>'
    yield "</g>"


def _intervals(
    lines: Sequence[_Line], x: Log, down: Callable[[float], str], look: Look
) -> Iterator[str]:
    for line in lines:
        yield f'<g class="{look.colour(line.variant)}">'
        for value, _, time in line.rows:
            if time.low is not None and time.high is not None:
                place, low, high = percent(x.place(value)), down(time.low), down(time.high)
                if low != high:
                    yield f'<line x1="{place}" x2="{place}" y1="{low}" y2="{high}"/>'
        yield "</g>"


def _line(line: _Line, x: Log, down: Callable[[float], str], look: Look, id: str) -> Iterator[str]:
    colour, dash = look.colour(line.variant), _DASHES[line.group % len(_DASHES)]
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    yield f'<g class="path {colour}"{dashed}>'
    for (x1, _, one), (x2, _, two) in pairwise(line.rows):
        ends = f'x1="{percent(x.place(x1))}" y1="{down(one.estimate)}"'
        yield f'<line {ends} x2="{percent(x.place(x2))}" y2="{down(two.estimate)}"/>'
    yield "</g>"
    for value, row, time in line.rows:
        place = f'x="{percent(x.place(value))}" y="{down(time.estimate)}"'
        if row.unstable:
            path = f'<path class="{colour} hollow" d="{look.mark(line.variant)}"/>'
            yield f'<svg {place} overflow="visible">{path}</svg>'
        else:
            yield f'<use href="#{id}-{colour}" {place}/>'


def _key(
    groups: Sequence[Group], lines: Sequence[_Line], facet: str, along: str, look: Look
) -> Iterator[Key]:
    """What the lines are: variants with the power by which they grow; devices or runs by dashes."""
    several = len(groups) > 1
    for variant in dict.fromkeys(line.variant for line in lines):
        sign = f'<path class="{look.colour(variant)}" d="{look.mark(variant)}"/>'
        name = f"{variant}, {facet}" if facet else variant
        exponent = None if several else groups[0].summary.exponents.get(name)
        if exponent is None:
            yield Key(sign, variant)
        else:
            power = f"{exponent:.2f}".replace("-0.00", "0.00").replace("-", "−")
            yield Key(sign, variant, f"grows as {along}", power)
    for number in dict.fromkeys(line.group for line in lines) if several else ():
        dash = _DASHES[number % len(_DASHES)]
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        yield Key(f'<path class="reach" d="M-14 0H14"{dashed}/>', groups[number].label)
    if any(row.unstable for line in lines for _, row, _ in line.rows):
        yield Key(f'<path class="reach hollow" d="{look.mark("")}"/>', "hollow: unstable")


def _say(groups: Sequence[Group], line: _Line, along: str) -> str:
    """What a line shows, in words: its ends, and the power."""
    group = groups[line.group]
    name = f"{line.variant} on {group.label}" if len(groups) > 1 else line.variant
    ends = [line.rows[0], *line.rows[1:][-1:]]
    said = ", ".join(
        f"{format_time(time)} at {along} = {format_param(row.point[along])}"
        for _, row, time in ends
    )
    unstable = ", in part unstable" if any(row.unstable for _, row, _ in line.rows) else ""
    return f"{name}: {said}{unstable}"

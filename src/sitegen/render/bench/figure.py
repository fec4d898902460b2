"""A benchmark as a figure: caption, charts, tables, provenance; devices behind tabs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from sitegen.benchmarks import Alike
from sitegen.render.bench.bars import draw_bars
from sitegen.render.bench.drawing import Drawing, Group, Look, Picture, render_file, render_inline
from sitegen.render.bench.gather import Benched, OnDevice, chart_id
from sitegen.render.bench.lines import draw_lines, is_sweep
from sitegen.render.bench.provenance import provenance_line, software_of
from sitegen.render.bench.strip import draw_strip
from sitegen.render.bench.table import render_notes, render_side_by_side, render_table
from sitegen.render.escape import escape_text

_FOLDED = 12
"""Rows of a table above which it is folded."""


class Ask(msgspec.Struct, frozen=True):
    """What a figure is to show: the runs of now on each device, or all of them, then and now; the
    samples of every process beside."""

    runs: bool = False
    samples: bool = False


NOW = Ask()
"""What stands under a benchmark's block."""


def render_figure(benched: Benched, look: Look, ask: Ask = NOW) -> str:
    """The figure of a benchmark: under its block, or where the author asks for it."""
    panels = [
        (reading.label, _panel(reading, look, ask, n)) for n, reading in enumerate(benched.readings)
    ]
    if len(panels) > 1:
        panels.append(("All devices", _together(_groups(benched.readings), look, "-all")))
    if ask.runs:
        panels = list(_then_and_now(benched, look, ask)) or panels
    notes = f'<span class="note">{escape_text(_what(benched.readings[0]))}</span>'
    body = panels[0][1] if len(panels) == 1 else _tabs(panels, look)
    return (
        f'<figure class="bench" id="{escape_text(look.id)}">'
        f"<figcaption>{escape_text(look.title)} {notes}</figcaption>{body}</figure>"
    )


def draw(groups: Sequence[Group], look: Look, suffix: str = "") -> Iterator[tuple[str, Drawing]]:
    """The charts of a benchmark, each with a heading or "": lines for a sweep, else bars."""
    if all(is_sweep(group.summary) for group in groups):
        yield from draw_lines(groups, look, suffix)
        return
    bars = draw_bars(groups, look, suffix)
    if bars is not None:
        yield "", bars


def look_of(name: str, caption: str, colours: Mapping[str, int], id: str | None = None) -> Look:
    """What the charts of a benchmark are called and look like."""
    return Look(id or chart_id(name), caption or f"Time a call: {name}", colours)


def render_picture(reading: OnDevice, look: Look) -> Picture | None:
    """The chart of a run as a file of its own; None where nothing could be timed."""
    drawings = list(draw([Group(reading.label, reading.summary)], look))
    origin = f"{reading.label} · {_when(reading)}"
    return render_file(drawings, look, origin) if drawings else None


def render_pictures(benched: Benched, look: Look) -> Iterator[tuple[str, str]]:
    """The chart of each device as a file, by its name: what feeds show."""
    for reading in benched.readings:
        picture = render_picture(reading, look)
        if picture is not None and reading.picture:
            yield reading.picture, picture.text


def render_for_feed(benched: Benched, look: Look) -> str:
    """A benchmark far from its page: of one device after another a picture and the table."""
    parts = [f"<p><strong>{escape_text(look.title)}</strong></p>"]
    for reading in benched.readings:
        if len(benched.readings) > 1:
            parts.append(f"<h4>On {escape_text(reading.label)}</h4>")
        parts.append(_code_note(reading))
        picture = render_picture(reading, look)
        if picture is not None and reading.picture:
            alt = escape_text(f"{look.title}: the numbers are in the table below")
            size = f'width="{picture.width}" height="{picture.height}"'
            parts.append(f'<p><img src="{escape_text(reading.picture)}" {size} alt="{alt}"></p>')
        parts += (_unlike_note(reading), render_table(reading, look))
        parts += (render_notes(reading), _provenance(reading))
    return "\n".join(part for part in parts if part)


def _groups(readings: Sequence[OnDevice]) -> list[Group]:
    return [Group(reading.label, reading.summary) for reading in readings]


def _panel(reading: OnDevice, look: Look, ask: Ask, number: int) -> str:
    """What one device says: chart, table, provenance."""
    parts = [_code_note(reading)]
    parts.append(_charts([Group(reading.label, reading.summary)], look, f"-{number}"))
    if ask.samples:
        parts.append(_strips(reading, look, f"-{number}-samples"))
    parts.append(_unlike_note(reading))
    label = f"{look.title}: {reading.label}"
    parts.append(_framed(render_table(reading, look), label, len(reading.summary.rows)))
    parts.append(render_notes(reading))
    parts.append(_provenance(reading))
    return "".join(parts)


def _code_note(reading: OnDevice) -> str:
    """That it was measured with other code than the page shows, where it was."""
    accepted = reading.shown.run.accepted
    if accepted is not None:
        text = f"measured with other code, and accepted because: {accepted.because}"
    elif reading.shown.stale:
        text = "measured with earlier code or data"
    else:
        return ""
    return f'<p class="cell-note">{escape_text(text)}</p>'


def _unlike_note(reading: OnDevice) -> str:
    """In what variants are not alike, where they are not."""
    unlike = reading.summary.unlike
    return f'<p class="note">not alike: {escape_text(unlike)}</p>' if unlike else ""


def _charts(groups: Sequence[Group], look: Look, suffix: str) -> str:
    charts = []
    for place, (heading, drawing) in enumerate(draw(groups, look, suffix)):
        head = f"<p>{escape_text(heading)}</p>" if heading else ""
        charts.append(f"<div>{head}{render_inline(drawing, look, f'{suffix}-{place}')}</div>")
    facets = " facets" if len(charts) > 1 else ""
    return f'<div class="bench-chart{facets}">{"".join(charts)}</div>' if charts else ""


def _strips(reading: OnDevice, look: Look, suffix: str) -> str:
    drawing = draw_strip(reading, look)
    if drawing is None:
        return ""
    when = escape_text(_when(reading))
    head = f"<p>Every sample of {when}; a row for each process, its median marked</p>"
    return f'<div class="bench-chart"><div>{head}{render_inline(drawing, look, suffix)}</div></div>'


def _together(groups: Sequence[Group], look: Look, suffix: str) -> str:
    """Several devices or runs in one chart, and their medians side by side."""
    table = render_side_by_side(groups, look)
    rows = len(groups[0].summary.rows)
    return _charts(groups, look, suffix) + _framed(table, f"{look.title}: side by side", rows)


def _then_and_now(benched: Benched, look: Look, ask: Ask) -> Iterator[tuple[str, str]]:
    """Of each device, all runs of today's code, the oldest first."""
    for number, reading in enumerate(benched.readings):
        device = reading.shown.run.device.name
        if reading.shown.run.by is not None:
            continue
        before = [one for one in benched.earlier if one.shown.run.device.name == device]
        runs = sorted([*before, reading], key=lambda one: one.shown.run.started)
        groups = [Group(_when(one), one.summary) for one in runs]
        parts = [_together(groups, look, f"-then-{number}")]
        for place, run in enumerate(runs if ask.samples else ()):
            parts.append(_strips(run, look, f"-then-{number}-{place}-samples"))
        yield reading.label, "".join([*parts, *map(_provenance, runs)])


def _when(reading: OnDevice) -> str:
    run = reading.shown.run
    software = ", ".join(software_of(run.provenance, run.benchmark))
    return f"{run.started:%Y-%m-%d}" + (f" · {software}" if software else "")


def _provenance(reading: OnDevice) -> str:
    """How it was measured, and the files to take away."""
    files = {"JSON": reading.data, "SVG": reading.picture}
    links = "".join(
        f' · <a href="{escape_text(file)}" download>{kind}</a>'
        for kind, file in files.items()
        if file
    )
    line = escape_text(provenance_line(reading.shown.run))
    return f'<p class="provenance">{line}{links}</p>'


def _framed(table: str, label: str, rows: int) -> str:
    """A table that scrolls by itself; a long one is folded."""
    frame = (
        f'<div class="table" tabindex="0" role="group" aria-label="{escape_text(label)}">'
        f"{table}</div>"
    )
    if rows <= _FOLDED:
        return frame
    return (
        f'<details class="bench-more"><summary>The numbers, {rows} rows</summary>{frame}</details>'
    )


def _tabs(panels: Sequence[tuple[str, str]], look: Look) -> str:
    """Panels of which the reader picks one, without a script; printed, all of them stand there."""
    parts = []
    for number, (label, panel) in enumerate(panels):
        id, checked = f"{escape_text(look.id)}-tab-{number}", " checked" if number == 0 else ""
        parts.append(
            f'<input type="radio" name="{escape_text(look.id)}-tab" id="{id}"{checked}>'
            f'<label for="{id}">{escape_text(label)}</label><div class="bench-panel">{panel}</div>'
        )
    legend = '<legend class="unseen">Device</legend>'
    return f'<fieldset class="bench-tabs">{legend}{"".join(parts)}</fieldset>'


def _what(reading: OnDevice) -> str:
    """What the axes are, which way is better, and what all variants have in common."""
    bench = reading.shown.plan.bench
    latency = bench is not None and bench.run.wait == "call"
    parts = ["latency of a call" if latency else "time a call"]
    if is_sweep(reading.summary):
        parts.append("both axes logarithmic")
    parts += _alike(reading)
    return ", ".join(parts) + " · less is better"


def _alike(reading: OnDevice) -> Iterator[str]:
    """The type of the numbers and the precision of products, where all variants share them."""
    benchmark = reading.shown.run.benchmark
    found = [series.alike for series in (benchmark.series if benchmark else ()) if series.alike]
    types = {alike.dtype for alike in found}
    if len(types) == 1:
        yield (
            _type_of(found[0]) if len({alike.precision for alike in found}) == 1 else found[0].dtype
        )


def _type_of(alike: Alike) -> str:
    usual = alike.precision in ("", "highest", "float32") or alike.dtype != "float32"
    name = alike.precision.replace("tf32", "TF32")
    return alike.dtype if usual else f"{alike.dtype} with {name} products"

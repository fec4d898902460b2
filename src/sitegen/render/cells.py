"""Blocks to HTML: code, outputs and cost in one figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from sitegen.model import Artifact, Block, Cell, Failure, MeasureConfig, Measures, Shown
from sitegen.render.bench.drawing import Look
from sitegen.render.bench.figure import look_of, render_figure
from sitegen.render.bench.gather import Benched
from sitegen.render.breaks import Mark, list_marks, notes_in
from sitegen.render.code import name_of, pre
from sitegen.render.escape import escape_text
from sitegen.render.format import format_bytes, format_seconds
from sitegen.render.outputs import Place, Rendered, render_output

NOTABLE_SECONDS = 1.0
NOTABLE_COMPILE = 0.05
"""What a block must reach, in seconds, for `[measure] show = "auto"` to show its cost."""

_ONE_OFF = {
    "import torch": "importing torch",
    "import jax": "importing jax",
    "import torch.compile": "importing torch.compile",
    "start torch": "starting torch on the accelerator",
    "start jax": "starting jax",
}

_CACHES = {"inductor": "Inductor's", "xla": "XLA's"}


class Placed(NamedTuple):
    """What one device's run has for a block; None: nothing yet."""

    shown: Shown
    cell: Cell | None


class CellContext(msgspec.Struct, frozen=True):
    """What a page gives to each of its blocks.

    `placed` are the runs by the index of their block, that of the device which speaks first; no
    entry: nothing was run or stored. `captions` are the texts of the blocks that have one, `marks`
    what the lines of blocks are marked with.
    `benches` are its benchmarks by name, `moved` those whose charts stand elsewhere on the page;
    `colours` are numbers of their variants, `bench_captions` the captions of their blocks.
    """

    url: str
    placed: Mapping[int, tuple[Placed, ...]]
    captions: Mapping[int, str]
    measure: MeasureConfig
    trust: bool
    benches: Mapping[str, Benched] = {}
    moved: frozenset[str] = frozenset()
    colours: Mapping[str, int] = {}
    bench_captions: Mapping[str, str] = {}
    marks: Mapping[int, tuple[Mark, ...]] = {}


def render_cell(block: Block, context: CellContext) -> Rendered:
    """The figure of a block; empty where the author hides it and it did not fail."""
    placed = context.placed.get(block.index, ())
    failed = any(cell is not None and cell.status == "failed" for _, cell in placed)
    show = block.show
    if not show.include and not failed:
        return Rendered("")
    parts: list[str] = []
    files: list[Artifact] = []
    if show.include and show.echo:
        parts.append(_code(block, context.marks.get(block.index, ())))
    if block.run.eval:
        chart = _chart(block, context)
        failures = [entry for entry in placed if entry.shown.run.failed]
        if chart:
            results = [*(_result(block, entry, context) for entry in failures), Rendered(chart)]
        else:
            results = list(_results(block, placed, context))
        for rendered in results:
            parts.append(rendered.html)
            files += rendered.files
    body = "".join(part for part in parts if part)
    if not body:
        return Rendered("")
    drawn = block.bench is not None and block.bench.name in context.benches
    text = None if drawn else context.captions.get(block.index)
    caption = f"<figcaption>{escape_text(text)}</figcaption>" if text else ""
    html = f'<figure class="cell" id="{escape_text(block.id)}">{body}{caption}</figure>\n'
    return Rendered(html, tuple(files))


def look_at_bench(block: Block, context: CellContext) -> tuple[Benched, Look] | None:
    """What was measured of a benchmark, and how its charts look; None where nothing was."""
    benched = context.benches.get(block.bench.name) if block.bench is not None else None
    if block.bench is None or benched is None:
        return None
    caption = context.captions.get(block.index, "")
    return benched, look_of(block.bench.name, caption, context.colours)


def _chart(block: Block, context: CellContext) -> str:
    """The figure of a benchmark, or a link to where on the page it stands; "" without one."""
    found = look_at_bench(block, context)
    if block.bench is None or found is None:
        return ""
    benched, look = found
    if block.bench.name not in context.moved:
        return render_figure(benched, look)
    link = f'<a href="#{escape_text(look.id)}">what was measured</a>'
    return f'<p class="bench-elsewhere">{link}</p>'


def _results(block: Block, placed: Sequence[Placed], context: CellContext) -> Iterator[Rendered]:
    """What the block gave on the device that speaks first, then behind a click on each other."""
    measured = [entry for entry in placed if entry.cell and entry.cell.status in ("ok", "failed")]
    first = next(iter(measured or placed), None)
    if first is None:
        yield _pending(pending_words(block))
        return
    if len(measured) > 1:
        yield Rendered(_device_note(first.shown))
    yield _result(block, first, context)
    for other in measured[1:]:
        result = _result(block, other, context)
        body = result.html
        if first.cell and other.cell and other.cell.outputs == first.cell.outputs:
            body = '<p class="cell-note">the same output</p>' + cost_line(block, other, context)
        label = escape_text(other.shown.run.device.label)
        if body:
            summary = f"<summary>On {label}</summary>"
            html = f'<details class="cell-device">{summary}{body}</details>'
            yield Rendered(html, result.files)


def _result(block: Block, placed: Placed, context: CellContext) -> Rendered:
    cell = placed.cell
    if cell is None:
        return _pending(pending_words(block))
    if cell.status == "not run":
        return _pending("not run: the session ended in a block above")
    if cell.status == "not here":
        return _pending(f"not run here: it is for {' and '.join(block.run.devices)}")
    outputs = _outputs(block, placed.shown, cell, context)
    return Rendered(outputs.html + cost_line(block, placed, context), outputs.files)


def pending_words(block: Block) -> str:
    """What stands in place of results that are not there yet."""
    return "not measured yet" if block.bench is not None else "not run yet"


def _pending(words: str) -> Rendered:
    return Rendered(f'<div class="cell-output cell-pending">{escape_text(words)}</div>')


def _device_note(shown: Shown) -> str:
    return f'<p class="cell-device-name">on {escape_text(shown.run.device.label)}</p>'


def one_off_costs(measures: Measures) -> tuple[str, ...]:
    """What a block paid for once, in words."""
    return tuple(_ONE_OFF.get(name, name) for name in measures.first)


def notes_on(measures: Measures) -> tuple[str, ...]:
    """What else is to be known of a block's cost, in words."""
    found = [_counted(len(measures.breaks), "graph break")]
    if measures.recompiles:
        found.append(f"compiled anew {_counted(len(measures.recompiles), 'time')}")
    if measures.uncompiled:
        found.append(f"{_counted(len(measures.uncompiled), 'function')} not compiled")
    if measures.compile_torch and measures.compile_xla:
        torch, xla = format_seconds(measures.compile_torch), format_seconds(measures.compile_xla)
        found.append(f"compiling: torch {torch}, XLA {xla}")
    return tuple(text for text in found if text) + _found_at_hand(measures)


def _found_at_hand(measures: Measures) -> tuple[str, ...]:
    """What makes a cost smaller than a reader's would be: caches, and imports made before."""
    found = [
        f"{use.hits} of {use.hits + use.misses} compilations from {_CACHES[use.name]} cache"
        for use in measures.caches
        if use.hits
    ]
    if measures.loaded:
        found.append(f"{' and '.join(measures.loaded)} already loaded")
    return tuple(found)


def _counted(number: int, name: str) -> str:
    return f"{number} {name}{'s' if number > 1 else ''}" if number else ""


def _code(block: Block, marks: Sequence[Mark]) -> str:
    look = block.show.look
    code = pre(block.shown, "python", look, notes_in(marks))
    inner = name_of(block.show.name) + code + list_marks(marks, look)
    if block.show.echo == "fold":
        summary = "<summary>Code</summary>"
        return f'<details class="cell-code">{summary}{inner}</details>'
    return f'<div class="cell-code">{inner}</div>'


def _outputs(block: Block, shown: Shown, cell: Cell, context: CellContext) -> Rendered:
    """What the block said. A failure that was not meant is shown whatever the options say."""
    alt = block.show.alt or context.captions.get(block.index) or "Output of the code above"
    other = shown.stale or shown.run.accepted is not None  # frames are of other lines
    place = Place(context.url, shown.plan, shown.run.page, context.trust, other, alt)
    html: list[str] = []
    ordinary: list[str] = []
    files: list[Artifact] = []

    def close() -> None:
        if any(ordinary):
            stale = " cell-stale" if shown.stale else ""
            html.append(f'<div class="cell-output{stale}">{"".join(ordinary)}</div>')
        ordinary.clear()

    for output in cell.outputs:
        if not block.show.output and not (isinstance(output, Failure) and cell.status == "failed"):
            continue
        rendered = render_output(output, place)
        files += rendered.files
        if isinstance(output, Failure):
            close()
            html.append(f'<div class="cell-error">{rendered.html}</div>')
        else:
            ordinary.append(rendered.html)
    close()
    if shown.stale and html:
        html.insert(0, '<p class="cell-note">measured with earlier code or data</p>')
    return Rendered("".join(html), tuple(files))


def cost_line(block: Block, placed: Placed, context: CellContext) -> str:
    """The line that says what a block cost, where that says something."""
    measures, measure = placed.cell.measures if placed.cell else None, context.measure
    silent = placed.shown.stale or not block.show.cost or measure.show == "never"
    if measures is None or silent:
        return ""
    compiling = measures.compile >= NOTABLE_COMPILE
    if measure.show == "auto" and measures.wall < NOTABLE_SECONDS and not compiling:
        return ""
    parts = [f"<b>{format_seconds(measures.wall)}</b>"]
    if compiling:
        share = min(100, round(100 * measures.compile / measures.wall))
        parts.append(f'<span class="split" style="--compiling: {share}%"></span>')
        parts.append(f"<span>{format_seconds(measures.compile)} compiling</span>")
    if measures.peak_device:
        parts.append(f"<span>peak {format_bytes(measures.peak_device)} on the accelerator</span>")
    elif measures.peak_host:
        parts.append(f"<span>peak {format_bytes(measures.peak_host)}</span>")
    if measures.first:
        costs = " and ".join(one_off_costs(measures))
        parts.append(f"<span>includes one-off cost of {costs}</span>")
    parts += (f"<span>{escape_text(note)}</span>" for note in _found_at_hand(measures))
    return f'<div class="cell-cost">{" ".join(parts)}</div>'

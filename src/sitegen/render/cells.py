"""Blocks to HTML: code, outputs and cost in one figure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from sitegen.model import Artifact, Block, Cell, Failure, MeasureConfig, Measures, Shown
from sitegen.render.escape import escape_text
from sitegen.render.format import format_bytes, format_seconds
from sitegen.render.highlight import highlight
from sitegen.render.outputs import Place, Rendered, render_output

NOTABLE_SECONDS = 1.0
NOTABLE_COMPILE = 0.05
"""What a block must reach, in seconds, for `[measure] show = "auto"` to show its cost."""

_ONE_OFF = {
    "import torch": "importing torch",
    "import jax": "importing jax",
    "start torch": "starting torch on the accelerator",
    "start jax": "starting jax",
}


class CellContext(msgspec.Struct, frozen=True):
    """What a page gives to each of its blocks.

    `shown` is None where nothing was run or stored; `cells` are its cells by their block's index.
    """

    url: str
    shown: Shown | None
    cells: Mapping[int, Cell]
    measure: MeasureConfig
    trust: bool


def render_cell(block: Block, context: CellContext) -> Rendered:
    """The figure of a block; empty where the author hides it and it did not fail."""
    cell = context.cells.get(block.index)
    failed = cell is not None and cell.status == "failed"
    show = block.show
    if not show.include and not failed:
        return Rendered("")
    parts: list[str] = []
    files: tuple[Artifact, ...] = ()
    if show.include and show.echo:
        parts.append(_code(block))
    if not block.run.eval:
        pass
    elif cell is None:
        parts.append('<div class="cell-output cell-pending">not run yet</div>')
    elif cell.status == "not run":
        note = "not run: the session ended in a block above"
        parts.append(f'<div class="cell-output cell-pending">{note}</div>')
    else:
        outputs = _outputs(block, cell, context)
        parts.append(outputs.html)
        files = outputs.files
        if context.shown is not None and not context.shown.stale:
            parts.append(_cost(cell.measures, context.measure))
    body = "".join(part for part in parts if part)
    if not body:
        return Rendered("")
    caption = f"<figcaption>{escape_text(show.caption)}</figcaption>" if show.caption else ""
    html = f'<figure class="cell" id="{escape_text(block.id)}">{body}{caption}</figure>\n'
    return Rendered(html, files)


def render_code(code: str, language: str, name: str | None) -> str:
    """Code that is not run."""
    return f'<div class="code">{_name(name)}{_pre(code, language)}</div>\n'


def one_off_costs(measures: Measures) -> tuple[str, ...]:
    """What a block paid for once, in words."""
    return tuple(_ONE_OFF.get(name, name) for name in measures.first)


def _code(block: Block) -> str:
    inner = _name(block.show.name) + _pre(block.shown, "python")
    if block.show.echo == "fold":
        return f'<details class="cell-code"><summary>Code</summary>{inner}</details>'
    return f'<div class="cell-code">{inner}</div>'


def _name(name: str | None) -> str:
    return f'<div class="cell-name">{escape_text(name)}</div>' if name else ""


def _pre(code: str, language: str) -> str:
    mark = (
        f' class="language-{escape_text(language)}" data-lang="{escape_text(language)}"'
        if language
        else ""
    )
    return f'<pre tabindex="0"><code{mark}>{highlight(code, language)}</code></pre>'


def _outputs(block: Block, cell: Cell, context: CellContext) -> Rendered:
    """What the block said. A failure that was not meant is shown whatever the options say."""
    shown = context.shown
    assert shown is not None  # noqa: S101 (a cell comes from a shown run)
    alt = block.show.alt or block.show.caption or "Output of the code above"
    place = Place(context.url, shown.plan, shown.run.page, context.trust, shown.stale, alt)
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


def _cost(measures: Measures | None, measure: MeasureConfig) -> str:
    """The line that says what a block cost, where that says something."""
    if measures is None or measure.show == "never":
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
    return f'<div class="cell-cost">{" ".join(parts)}</div>'

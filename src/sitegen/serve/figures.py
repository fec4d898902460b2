"""Figures of blocks that are running: by the same code as those of the page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sitegen.model import Block, Cell, Device, Document, Output, Plan, Provenance, Run, Shown
from sitegen.render.cells import CellContext, Placed, render_cell
from sitegen.render.outputs import Rendered
from sitegen.render.texts import captions_of, texts_of

_SOMEWHERE = Device(name="", kind="cpu", reported="", label="")
_NOW = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def render_figure(
    document: Document, plan: Plan, place: int, cell: Cell, shown: Sequence[Shown]
) -> Rendered:
    """The figure of the plan's block at a place with a cell that is not stored yet; `shown` are
    the runs from which the page has its other texts."""
    block = plan.blocks[place]
    run = Run(plan.key, plan.page, plan.session, _SOMEWHERE, _NOW, 0.0, Provenance(), (), ())
    context = CellContext(
        url=document.url,
        placed={block.index: (Placed(Shown(plan, run, ()), cell),)},
        captions=captions_of(document, texts_of(shown)),
        measure=document.meta.measure,
        trust=document.meta.execute.trust_output,
    )
    return render_cell(block, context)


def cell_so_far(block: Block, outputs: tuple[Output, ...]) -> Cell:
    """The cell of a block that is still running."""
    return Cell("ok", block.code_digest, block.show.label, outputs, None)

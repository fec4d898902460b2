"""Charts where the author asks for them: `![caption](bench:NAME)`."""

from __future__ import annotations

from collections.abc import Sequence

from sitegen.claims import BenchImage, Tie
from sitegen.model import Document
from sitegen.render.bench.drawing import Look
from sitegen.render.bench.figure import Ask, look_of, render_figure, render_for_feed
from sitegen.render.bench.gather import Benched, OnDevice, chart_id
from sitegen.render.cells import CellContext
from sitegen.render.escape import escape_text


def moved_benches(document: Document) -> frozenset[str]:
    """The benchmarks whose charts stand where an image asks for them, not under their blocks.

    What asks for all runs or all samples stands there beside what is under the block.
    """
    return frozenset(image.tie.name for image in document.bench_images if _moves(image.tie))


def render_chart(images: Sequence[BenchImage], index: int, context: CellContext) -> str:
    """The figure that an image of a page asks for."""
    found = _asked(images, index, context)
    if isinstance(found, str):
        return f'<p class="cell-pending">{escape_text(found)}</p>\n'
    tie = images[index].tie
    return render_figure(*found, Ask(tie.runs, tie.samples)) + "\n"


def render_feed_chart(images: Sequence[BenchImage], index: int, context: CellContext) -> str:
    """What a feed has in place of that figure; only the page shows every run and sample."""
    found = _asked(images, index, context)
    if isinstance(found, str):
        return f"<p><em>{escape_text(found)}</em></p>\n"
    return render_for_feed(*found) if _moves(images[index].tie) else ""


def _moves(tie: Tie) -> bool:
    return not (tie.runs or tie.samples)


def _asked(
    images: Sequence[BenchImage], index: int, context: CellContext
) -> tuple[Benched, Look] | str:
    """What is to be drawn, and how it looks; or why there is nothing."""
    image = images[index]
    tie = image.tie
    benched = context.benches.get(tie.name)
    chosen = _choose(benched, tie) if benched is not None else ()
    if benched is None or not chosen:
        when = f" of {tie.where.as_of}" if tie.where.as_of is not None else ""
        on = f" on {tie.where.on}" if tie.where.on else ""
        return f"{tie.name}: no measurement{when}{on} yet"
    moving = [place for place, other in enumerate(images) if _is_moved(other.tie, tie.name)]
    first = moving[:1] == [index]
    id = chart_id(tie.name) if first else f"{chart_id(tie.name)}-{index + 1}"
    caption = image.caption or context.bench_captions.get(tie.name, "")
    look = look_of(tie.name, caption, context.colours, id)
    return benched._replace(readings=chosen), look


def _is_moved(tie: Tie, name: str) -> bool:
    return tie.name == name and _moves(tie)


def _choose(benched: Benched, tie: Tie) -> tuple[OnDevice, ...]:
    """The runs that an image asks for: on a device, of a day."""
    day = tie.where.as_of
    runs = benched.readings if day is None else (*benched.readings, *benched.earlier)
    return tuple(
        reading
        for reading in runs
        if tie.where.on in ("", reading.shown.run.device.name)
        and (day is None or reading.shown.run.started.date() == day)
    )

"""The texts of inline expressions: in titles, descriptions and captions, filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sitegen.base.expressions import fill_in
from sitegen.model import Document, Shown
from sitegen.render.escape import escape_text

NOT_YET = "not run yet"


def texts_of(shown: Sequence[Shown]) -> dict[int, str]:
    """The texts of the inline expressions that have one, by index; the first run speaks."""
    found: dict[int, str] = {}
    for run in shown:
        for inline, text in zip(run.plan.inlines, run.texts, strict=True):
            if text is not None:
                found.setdefault(inline.index, text)
    return found


def failures_of(shown: Sequence[Shown]) -> dict[int, str]:
    """How the inline expressions failed that did, by index."""
    found: dict[int, str] = {}
    for run in shown:
        if not run.stale:
            for inline, entry in zip(run.plan.inlines, run.run.inlines, strict=False):
                if entry.failure is not None:
                    found[inline.index] = f"{entry.failure.name}: {entry.failure.value}"
    return found


def render_inline(index: int, texts: Mapping[int, str], failures: Mapping[int, str]) -> str:
    """An inline expression of prose as HTML: its text, how it failed, or that it has not run."""
    if index in failures:
        return f'<strong class="value-failed">{escape_text(failures[index])}</strong>'
    if index not in texts:
        return f'<span class="value-pending">{NOT_YET}</span>'
    return f'<span class="value">{escape_text(texts[index])}</span>'


def fill_place(
    document: Document, text: str, place: str, texts: Mapping[int, str], none: str
) -> str:
    """A text with its expressions filled in; one without a value reads `none`."""
    inlines = [inline for inline in document.inlines if inline.place == place]
    return fill_in(text, [texts.get(inline.index, none) for inline in inlines])


def captions_of(document: Document, texts: Mapping[int, str]) -> dict[int, str]:
    """The captions of the blocks that have one, by the block's index."""
    captions = {}
    for block in document.blocks:
        if block.show.caption:
            inlines = [entry for entry in document.inlines if entry.block == block.index]
            values = [texts.get(inline.index, NOT_YET) for inline in inlines]
            captions[block.index] = fill_in(block.show.caption, values)
    return captions

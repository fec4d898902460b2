"""Bodies for feeds: rendered anew from the document and its runs, plain and whole.

Devices stand one after another, each under its name; code and text are `<pre>` without classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import assert_never

from sitegen.base.address import permalink
from sitegen.claims import Judgement
from sitegen.model import Block, Card, Display, Document, Failure, Shown, Stream
from sitegen.render.bench.figure import render_for_feed
from sitegen.render.body import NOTHING_JUDGED, render_html
from sitegen.render.book import FeedBody
from sitegen.render.cells import CellContext, Placed, cost_line, look_at_bench, pending_words
from sitegen.render.charts import render_feed_chart
from sitegen.render.escape import escape_text
from sitegen.render.links import resolve_text
from sitegen.render.outputs import Place, Rendered, name_places, render_failure, render_output
from sitegen.render.reader import for_readers
from sitegen.render.renderer import Makers

MOST = 40
"""Lines of an output that a feed shows; the page has the rest."""


def feed_bodies(
    documents: Iterable[Document],
    shown: Mapping[str, Sequence[Shown]],
    cards: Mapping[str, Card],
    base_url: str,
    judged: Mapping[str, Judgement] = {},
) -> FeedBody:
    """Renders the body of a page for its feeds, by the page's path: only those that are asked for,
    each once. `shown` are the runs by the name of their page, `judged` what is said of its claims.
    """
    known = {document.source.path: document for document in documents}

    @cache
    def render(path: str) -> str:
        document = known[path]
        runs = shown.get(document.source.name, ())
        judgement = judged.get(path, NOTHING_JUDGED)
        return render_feed_body(document, runs, cards, base_url, judgement)

    return render


def render_feed_body(
    document: Document,
    shown: Sequence[Shown],
    cards: Mapping[str, Card],
    base_url: str,
    judgement: Judgement = NOTHING_JUDGED,
) -> str:
    """The body of a page as its feeds carry it."""
    return as_fed(feed_html(document, shown, judgement), document.url, cards, base_url)


def feed_html(
    document: Document, shown: Sequence[Shown], judgement: Judgement = NOTHING_JUDGED
) -> str:
    """The body before its links lead anywhere: that of the page, where nothing in it is run."""
    return render_html(document, shown, Makers(_cell, render_feed_chart), judgement)


def as_fed(html: str, url: str, cards: Mapping[str, Card], base_url: str) -> str:
    """The HTML of the page at a URL as feeds carry it."""
    return for_readers(resolve_text(html, cards, base_url), permalink(base_url, url))


def _cell(block: Block, context: CellContext) -> Rendered:
    """A block: its code, then what it gave on each device."""
    placed = context.placed.get(block.index, ())
    show = block.show
    failed = any(cell is not None and cell.status == "failed" for _, cell in placed)
    if not show.include and not failed:
        return Rendered("")
    parts: list[str] = []
    if show.include and show.echo:
        parts.append(_named(show.look.name) + _pre(block.shown))
    measured = look_at_bench(block, context)
    if measured is not None:
        for entry in placed:
            parts += _outputs(block, entry, context) if entry.shown.run.failed else ()
        moved = block.bench is not None and block.bench.name in context.moved
        parts.append("" if moved else render_for_feed(*measured))
    elif block.run.eval:
        parts += _results(block, placed, context)
    if measured is None and any(parts) and block.index in context.captions:
        parts.append(f"<p><em>{escape_text(context.captions[block.index])}</em></p>")
    return Rendered("\n".join(part for part in parts if part) + "\n")


def _results(block: Block, placed: Sequence[Placed], context: CellContext) -> Iterator[str]:
    measured = [entry for entry in placed if entry.cell and entry.cell.status in ("ok", "failed")]
    if not measured:
        yield f"<p><em>{pending_words(block)}</em></p>"
    for entry in measured:
        if len(measured) > 1:
            label = escape_text(entry.shown.run.device.label)
            yield f"<h4>On {label}</h4>"
        yield from _outputs(block, entry, context)
        yield cost_line(block, entry, context)


def _outputs(block: Block, placed: Placed, context: CellContext) -> Iterator[str]:
    """What the block said; a failure that was not meant is shown whatever the options say."""
    shown, cell = placed.shown, placed.cell
    if cell is None:
        return
    alt = block.show.alt or context.captions.get(block.index) or "Output of the code above"
    place = Place(context.url, shown.plan, shown.run.page, context.trust, shown.stale, alt)
    if shown.stale and cell.outputs:
        yield "<p><em>measured with earlier code or data</em></p>"
    for output in cell.outputs:
        if not block.show.output and not (isinstance(output, Failure) and cell.status == "failed"):
            continue
        match output:
            case Stream(text=text):
                yield _short(name_places(text, place).rstrip("\n"))
            case Failure():
                yield _pre(render_failure(output, place))
            case Display():
                yield render_output(output, place).html
            case _:
                assert_never(output)


def _named(name: str | None) -> str:
    return f"<p><code>{escape_text(name)}</code></p>\n" if name else ""


def _pre(text: str) -> str:
    return f"<pre><code>{escape_text(text)}</code></pre>"


def _short(text: str) -> str:
    """The first lines of a text, and how many more there are."""
    lines = text.split("\n")
    if not text.strip():
        return ""
    more = len(lines) - MOST
    if more <= 0:
        return _pre(text)
    return f"{_pre(chr(10).join(lines[:MOST]))}<p><em>{more:,} more lines</em></p>"

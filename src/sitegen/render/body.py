"""Bodies: a document's tokens and its runs to HTML, and the card that lists see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sitegen.model import Block, Card, Cell, CostRow, Document, Measured, Page, Shown
from sitegen.render.breaks import marks_of
from sitegen.render.cells import CellContext, Placed, notes_on, one_off_costs, render_cell
from sitegen.render.export.names import download_names
from sitegen.render.renderer import CellRenderer, Env, render_tokens
from sitegen.render.summary import summary_of
from sitegen.render.texts import captions_of, failures_of, fill_place, texts_of


def render_body(document: Document, shown: Sequence[Shown]) -> Page:
    """The page of a document with what was measured; `@/…` links are left for the assembly.

    Of several runs of a session, on several devices, the first speaks.
    """
    env = _env(document, shown, render_cell)
    body = render_tokens(document.tokens, env)
    card = _card(document, shown, env.texts, summary_of(body))
    return Page(card, body, document.links, tuple(env.files.values()), tuple(env.problems))


def render_html(document: Document, shown: Sequence[Shown], cells: CellRenderer) -> str:
    """The body of a document with its blocks rendered by `cells`, `@/…` links left as they are."""
    return render_tokens(document.tokens, _env(document, shown, cells))


def _env(document: Document, shown: Sequence[Shown], cells: CellRenderer) -> Env:
    texts = texts_of(shown)
    context = CellContext(
        url=document.url,
        placed=_placed(shown),
        captions=captions_of(document, texts),
        measure=document.meta.measure,
        trust=document.meta.execute.trust_output,
        marks=marks_of(shown),
    )
    env = Env(document.meta.html, document.markdown)
    env.blocks, env.cells, env.render_block = document.blocks, context, cells
    env.texts, env.failures = texts, failures_of(shown)
    return env


def _placed(shown: Sequence[Shown]) -> dict[int, tuple[Placed, ...]]:
    """The runs of each block, by its index: of a block that a benchmark needs, its session's."""
    found: dict[int, tuple[Placed, ...]] = {}
    for run in shown:
        for block, cell in own_cells(run):
            found[block.index] = (*found.get(block.index, ()), Placed(run, cell))
    return found


def own_cells(shown: Shown) -> list[tuple[Block, Cell | None]]:
    """The blocks that a run speaks for, with their cells: of a benchmark itself alone."""
    pairs = list(zip(shown.plan.blocks, shown.cells, strict=True))
    return pairs if shown.plan.bench is None else pairs[-1:]


def _card(
    document: Document, shown: Sequence[Shown], texts: Mapping[int, str], summary: str | None
) -> Card:
    meta = document.meta
    measured = tuple(_measured(document, runs, texts) for runs in _by_device(shown))
    return Card(
        path=document.source.path,
        url=document.url,
        title=fill_place(document, meta.title or "", "title", texts, ""),
        description=fill_place(document, meta.description, "description", texts, ""),
        date=meta.date,
        updated=meta.updated,
        weight=meta.weight,
        draft=meta.draft,
        authors=meta.authors,
        taxonomies=meta.taxonomies,
        extra=meta.extra,
        words=document.words,
        toc=document.toc,
        anchors=document.anchors,
        summary=summary,
        assets=tuple(sorted((asset.path for asset in document.source.assets), key=str.lower)),
        measured=next(iter(measured), None),
        also_measured=measured[1:],
        meta=meta,
        downloads=download_names(document, shown),
    )


def _by_device(shown: Sequence[Shown]) -> list[list[Shown]]:
    """The runs of each device, the one that speaks first ahead."""
    found: dict[str, list[Shown]] = {}
    for run in shown:
        found.setdefault(run.run.device.name, []).append(run)
    return list(found.values())


def _measured(document: Document, shown: Sequence[Shown], texts: Mapping[int, str]) -> Measured:
    """What one device's runs of a page cost; they are those of its sessions."""
    captions = captions_of(document, texts)
    hidden = 0
    rows = []
    pairs = [(block, cell) for entry in shown for block, cell in own_cells(entry)]
    for block, cell in sorted(pairs, key=lambda pair: pair[0].index):
        show = block.show
        hidden += not (show.include and show.echo)
        if cell is not None and cell.measures is not None:
            title = captions.get(block.index) or show.name or show.label
            anchor = block.id if show.include else ""
            one_off = one_off_costs(cell.measures)
            rows.append(
                CostRow(
                    title=title or f"Block {block.index + 1}",
                    anchor=anchor,
                    one_off=one_off,
                    measures=cell.measures,
                    notes=notes_on(cell.measures),
                )
            )
    last = max(shown, key=lambda entry: entry.run.started).run
    return Measured(
        device=last.device,
        provenance=last.provenance,
        started=last.started,
        seconds=sum(entry.run.seconds for entry in shown),
        shown=len(pairs) - hidden,
        hidden=hidden,
        rows=tuple(rows),
        stale=any(entry.stale for entry in shown),
        accepted=tuple(entry.run.accepted for entry in shown if entry.run.accepted),
    )

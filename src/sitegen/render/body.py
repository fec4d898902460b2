"""Bodies: a document's tokens and its runs to HTML, and the card that lists see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sitegen.claims import Judgement
from sitegen.model import (
    Artifact,
    BenchCard,
    BenchRow,
    Block,
    Card,
    Cell,
    CostRow,
    Document,
    Measured,
    Page,
    Shown,
)
from sitegen.render.bench.figure import render_pictures
from sitegen.render.bench.gather import (
    Benched,
    OnDevice,
    chart_id,
    colours_of,
    gather_benches,
)
from sitegen.render.bench.headline import headline
from sitegen.render.bench.provenance import software_of
from sitegen.render.breaks import marks_of
from sitegen.render.cells import CellContext, Placed, look_at_bench, notes_on, one_off_costs
from sitegen.render.charts import moved_benches
from sitegen.render.export.names import download_names
from sitegen.render.renderer import ON_PAGE, Env, Makers, render_tokens
from sitegen.render.summary import summary_of
from sitegen.render.texts import captions_of, failures_of, fill_place, texts_of

NOTHING_JUDGED = Judgement()


def render_body(
    document: Document, shown: Sequence[Shown], judgement: Judgement = NOTHING_JUDGED
) -> Page:
    """The page of a document with what was measured; `@/…` links are left for the assembly.

    Of several runs of a session, on several devices, the first speaks.
    """
    env = _env(document, shown, ON_PAGE, judgement)
    body = render_tokens(document.tokens, env)
    benches = env.cells.benches if env.cells is not None else {}
    card = _card(document, shown, env.texts, summary_of(body), benches)
    files = (*env.files.values(), *_pictures(document, env.cells))
    problems = tuple(env.problems)
    return Page(card, body, document.links, files, problems, env.highlighting, document.toc)


def render_html(
    document: Document,
    shown: Sequence[Shown],
    makers: Makers,
    judgement: Judgement = NOTHING_JUDGED,
) -> str:
    """The body of a document with its blocks and charts made by `makers`, `@/…` links left as they
    are."""
    return render_tokens(document.tokens, _env(document, shown, makers, judgement))


def _env(document: Document, shown: Sequence[Shown], makers: Makers, judgement: Judgement) -> Env:
    texts = texts_of(shown)
    benches, captions = gather_benches(document, shown), captions_of(document, texts)
    context = CellContext(
        url=document.url,
        placed=_placed(shown),
        captions=captions,
        measure=document.meta.measure,
        trust=document.meta.execute.trust_output,
        benches=benches,
        colours=colours_of(benches),
        moved=moved_benches(document),
        bench_captions={
            block.bench.name: captions.get(block.index, "")
            for block in document.blocks
            if block.bench is not None
        },
        marks=marks_of(shown),
    )
    env = Env(document.meta.html, document.markdown)
    env.blocks, env.cells, env.makers = document.blocks, context, makers
    env.charts = document.bench_images
    env.texts, env.failures, env.judgement = texts, failures_of(shown), judgement
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
    document: Document,
    shown: Sequence[Shown],
    texts: Mapping[int, str],
    summary: str | None,
    benches: Mapping[str, Benched],
) -> Card:
    meta = document.meta
    measured = tuple(_measured(document, runs, texts) for runs in _by_device(shown))
    return Card(
        path=document.source.path,
        url=document.url,
        title=fill_place(document, meta.title or "", "title", texts, ""),
        description=fill_place(document, meta.description, "description", texts, ""),
        words=document.words,
        meta=meta,
        anchors="\0".join(document.anchors),
        summary=summary,
        assets=tuple(sorted((asset.path for asset in document.source.assets), key=str.lower)),
        measured=next(iter(measured), None),
        also_measured=measured[1:],
        downloads=download_names(document, shown, benches=False),
        benches=tuple(_bench_cards(document, benches, captions_of(document, texts))),
    )


def _pictures(document: Document, context: CellContext | None) -> Iterator[Artifact]:
    """The charts of a page as files."""
    for block in document.blocks:
        found = look_at_bench(block, context) if context is not None else None
        for name, text in render_pictures(*found) if found is not None else ():
            path = f"{document.url}{name}".lstrip("/")
            yield Artifact(path, text.encode(), document.source.file)


def _bench_cards(
    document: Document, benches: Mapping[str, Benched], captions: Mapping[int, str]
) -> Iterator[BenchCard]:
    """The benchmarks of a page that were measured, in its order."""
    for block in document.blocks:
        benched = benches.get(block.bench.name) if block.bench is not None else None
        if block.bench is not None and benched is not None:
            name = block.bench.name
            title = captions.get(block.index) or name
            rows = [_bench_row(reading, current=True) for reading in benched.readings]
            rows += (_bench_row(reading, current=False) for reading in benched.earlier)
            there = block.show.include or name in moved_benches(document)
            yield BenchCard(name, title, chart_id(name) if there else "", tuple(rows))


def _bench_row(reading: OnDevice, *, current: bool) -> BenchRow:
    run = reading.shown.run
    return BenchRow(
        device=run.device,
        started=run.started,
        software=software_of(run.provenance, run.benchmark),
        result=headline(reading.summary),
        data=reading.data,
        current=current,
        stale=reading.shown.stale,
        by=run.by,
    )


def _by_device(shown: Sequence[Shown]) -> list[list[Shown]]:
    """The author's runs of each device, the one that speaks first ahead."""
    found: dict[str, list[Shown]] = {}
    for run in shown:
        if run.run.by is None:
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

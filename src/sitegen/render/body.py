"""Bodies: a document's tokens and its runs to HTML, and the card that lists see."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from mdit_py_plugins.footnote import footnote_plugin

from sitegen.model import Artifact, Card, Cell, CostRow, Document, Measured, Page, Shown
from sitegen.render.cells import CellContext, one_off_costs, render_cell, render_code
from sitegen.render.escape import escape_text
from sitegen.render.summary import mark_summary, summary_of


def render_body(document: Document, shown: Shown | None) -> Page:
    """The page of a document with what was measured; `@/…` links are left for the assembly."""
    meta = document.meta
    context = CellContext(
        url=document.url,
        shown=shown,
        cells=_cells(shown),
        measure=meta.measure,
        trust=meta.execute.trust_output,
    )
    env = _Env(document, context)
    renderer = _renderer()
    body = renderer.renderer.render(list(document.tokens), renderer.options, env)
    card = _card(document, shown, summary_of(body))
    return Page(card, body, document.links, tuple(env.files.values()))


def _cells(shown: Shown | None) -> dict[int, Cell]:
    """The cells that are shown, by the index of their block."""
    if shown is None:
        return {}
    pairs = zip(shown.plan.blocks, shown.cells, strict=True)
    return {block.index: cell for block, cell in pairs if cell is not None}


class _Env(dict[str, Any]):
    """markdown-it's environment of a rendering: the document, and the files it came to show."""

    def __init__(self, document: Document, context: CellContext) -> None:
        super().__init__()
        self.document = document
        self.context = context
        self.files: dict[str, Artifact] = {}


@cache
def _renderer() -> MarkdownIt:
    return MarkdownIt("commonmark", renderer_cls=BodyRenderer).use(footnote_plugin)


class BodyRenderer(RendererHTML):
    """markdown-it's renderer; the methods named after tokens are its rules."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        token = tokens[idx]
        if "block" in token.meta:
            block = env.document.blocks[token.meta["block"]]
            rendered = render_cell(block, env.context)
            env.files |= {file.path: file for file in rendered.files}
            return rendered.html
        language, name = token.meta["language"], token.meta["name"]
        return render_code(token.content.rstrip("\n"), language, name)

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return render_code(tokens[idx].content.rstrip("\n"), "", None)

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """A table that scrolls by itself where the page is narrow, also by keyboard."""
        return '<div class="table" tabindex="0" role="group" aria-label="Table"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        tokens[idx].attrSet("scope", "col")
        return self.renderToken(tokens, idx, options, env)

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        token = tokens[idx]
        alt = self.renderInlineAsText(token.children, options, env) if token.children else ""
        title = (
            f' title="{escape_text(str(token.attrs["title"]))}"' if "title" in token.attrs else ""
        )
        source = escape_text(str(token.attrs["src"]))
        return (
            f'<img src="{source}" alt="{escape_text(alt)}"{title} loading="lazy" decoding="async">'
        )

    def html_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return mark_summary(tokens[idx].content)

    def html_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return mark_summary(tokens[idx].content)

    def hr(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return "<hr>\n"

    def hardbreak(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return "<br>\n"


def _card(document: Document, shown: Shown | None, summary: str | None) -> Card:
    meta = document.meta
    return Card(
        path=document.source.path,
        url=document.url,
        title=meta.title or "",
        description=meta.description,
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
        measured=_measured(document, shown),
        meta=meta,
    )


def _measured(document: Document, shown: Shown | None) -> Measured | None:
    if shown is None:
        return None
    run = shown.run
    hidden = sum(not (block.show.include and block.show.echo) for block in shown.plan.blocks)
    rows = []
    for number, (block, cell) in enumerate(zip(shown.plan.blocks, shown.cells, strict=True), 1):
        if cell is not None and cell.measures is not None:
            show = block.show
            title = show.caption or show.name or show.label or f"Block {number}"
            anchor = block.id if show.include else ""
            rows.append(CostRow(title, anchor, one_off_costs(cell.measures), cell.measures))
    return Measured(
        device=run.device,
        provenance=run.provenance,
        started=run.started,
        seconds=run.seconds,
        shown=len(shown.plan.blocks) - hidden,
        hidden=hidden,
        rows=tuple(rows),
        stale=shown.stale,
    )

"""Bodies: a document's tokens and its runs to HTML, and the card that lists see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from mdit_py_plugins.footnote import footnote_plugin

from sitegen.model import Artifact, Card, CostRow, Document, Measured, Page, Shown
from sitegen.render.cells import CellContext, Placed, one_off_costs, render_cell, render_code
from sitegen.render.escape import escape_text
from sitegen.render.export.names import download_names
from sitegen.render.summary import mark_summary, summary_of
from sitegen.render.texts import captions_of, failures_of, fill_place, render_inline, texts_of


def render_body(document: Document, shown: Sequence[Shown]) -> Page:
    """The page of a document with what was measured; `@/…` links are left for the assembly.

    Of several runs of a session, on several devices, the first speaks.
    """
    meta = document.meta
    texts = texts_of(shown)
    context = CellContext(
        url=document.url,
        placed=_placed(shown),
        captions=captions_of(document, texts),
        measure=meta.measure,
        trust=meta.execute.trust_output,
    )
    env = _Env(document, context, texts, failures_of(shown))
    renderer = _renderer()
    body = renderer.renderer.render(list(document.tokens), renderer.options, env)
    card = _card(document, shown, texts, summary_of(body))
    return Page(card, body, document.links, tuple(env.files.values()))


def _placed(shown: Sequence[Shown]) -> dict[int, tuple[Placed, ...]]:
    """The runs of each block, by its index."""
    found: dict[int, tuple[Placed, ...]] = {}
    for run in shown:
        for block, cell in zip(run.plan.blocks, run.cells, strict=True):
            found[block.index] = (*found.get(block.index, ()), Placed(run, cell))
    return found


class _Env(dict[str, Any]):
    """markdown-it's environment of a rendering: the document, and the files it came to show."""

    def __init__(
        self,
        document: Document,
        context: CellContext,
        texts: Mapping[int, str],
        failures: Mapping[int, str],
    ) -> None:
        super().__init__()
        self.document = document
        self.context = context
        self.texts = texts
        self.failures = failures
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

    def code_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        token = tokens[idx]
        if "inline" not in token.meta:
            return f"<code>{escape_text(token.content)}</code>"
        return render_inline(token.meta["inline"], env.texts, env.failures)

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
    pairs = [
        (block, cell)
        for entry in shown
        for block, cell in zip(entry.plan.blocks, entry.cells, strict=True)
    ]
    for block, cell in sorted(pairs, key=lambda pair: pair[0].index):
        show = block.show
        hidden += not (show.include and show.echo)
        if cell is not None and cell.measures is not None:
            title = captions.get(block.index) or show.name or show.label
            anchor = block.id if show.include else ""
            one_off = one_off_costs(cell.measures)
            rows.append(
                CostRow(title or f"Block {block.index + 1}", anchor, one_off, cell.measures)
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

"""markdown-it's renderer: tokens to HTML."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, assert_never

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from sitegen.base.errors import Problem, Span
from sitegen.claims import BenchImage, Judgement, Says
from sitegen.model import Artifact, Block, Look
from sitegen.render.cells import CellContext, render_cell
from sitegen.render.charts import render_chart
from sitegen.render.code import render_code
from sitegen.render.escape import escape_text
from sitegen.render.guests import PREFIX, clean_body, mark_part
from sitegen.render.highlight import is_known
from sitegen.render.maths import MathsError, to_mathml
from sitegen.render.outputs import Rendered
from sitegen.render.sizes import size_in
from sitegen.render.summary import is_summary_mark, mark_summary
from sitegen.render.texts import render_inline
from sitegen.render.ties import close_tie, open_tie, render_expectations
from sitegen.settings import Html, MarkdownConfig

CellRenderer = Callable[[Block, CellContext], Rendered]
"""What makes HTML of a block."""

ChartRenderer = Callable[[Sequence[BenchImage], int, CellContext], str]
"""What makes HTML of one of a page's images of benchmarks."""


class Makers(NamedTuple):
    """What makes HTML of the parts of a body that pages and feeds show differently."""

    block: CellRenderer
    chart: ChartRenderer


ON_PAGE = Makers(render_cell, render_chart)


class Env(dict[str, Any]):
    """markdown-it's environment of a rendering: what it reads, and what it came to know."""

    def __init__(self, html: Html, markdown: MarkdownConfig) -> None:
        super().__init__()
        self.html = html
        self.markdown = markdown
        self.blocks: Sequence[Block] = ()
        self.cells: CellContext | None = None
        self.makers: Makers = ON_PAGE
        self.charts: Sequence[BenchImage] = ()
        self.texts: Mapping[int, str] = {}
        self.failures: Mapping[int, str] = {}
        self.judgement = Judgement()
        self.files: dict[str, Artifact] = {}
        self.problems: list[Problem] = []
        self.parts: list[str] = []
        self.highlighting = 0.0

    @property
    def prefix(self) -> str:
        """What ids begin with."""
        return "" if self.html == "trusted" else PREFIX

    def says(self, token: Token) -> Says | None:
        """What a link shows, if it leads to a measurement."""
        if "tied" not in token.meta:
            return None
        index = token.meta["tied"]
        links = self.judgement.links
        return links[index] if index < len(links) else Says()

    def own(self, html: str) -> str:
        """HTML of ours: kept from the cleaning, if there is one."""
        if self.html != "sanitise":
            return html
        self.parts.append(html)
        return mark_part(len(self.parts) - 1)


def render_tokens(tokens: Sequence[Token], env: Env) -> str:
    """The tokens as HTML, cleaned where their author is not trusted."""
    renderer = _renderer()
    body = renderer.renderer.render(list(tokens), renderer.options, env)
    return clean_body(body, env.parts) if env.html == "sanitise" else body


def render_fragment(tokens: Sequence[Token], markdown: MarkdownConfig) -> str:
    """A text that is no page of its own as HTML."""
    return render_tokens(tokens, Env("trusted", markdown))


@cache
def _renderer() -> MarkdownIt:
    return MarkdownIt("commonmark", renderer_cls=BodyRenderer)


class BodyRenderer(RendererHTML):
    """markdown-it's renderer; the methods named after tokens are its rules."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        begun = time.perf_counter()
        html = self._fence(tokens[idx], env)
        env.highlighting += time.perf_counter() - begun
        return html

    def _fence(self, token: Token, env: Any) -> str:
        if "block" in token.meta:
            rendered = env.makers.block(env.blocks[token.meta["block"]], env.cells)
            env.files |= {file.path: file for file in rendered.files}
            fallen = render_expectations(env.judgement.expects.get(token.meta["block"], ()))
            return str(env.own(rendered.html + fallen if rendered.html else ""))
        language, look = token.meta["language"], token.meta["look"]
        if env.markdown.highlighting.error_on_missing_language and not is_known(language):
            message = f"`{language}` is no language that can be highlighted"
            span, excerpt = token.meta.get("place", (None, ""))
            help = ("`error_on_missing_language` asks for one that is known",)
            env.problems.append(Problem("error", "fence", message, span, excerpt, help))
        return str(env.own(render_code(token.content.rstrip("\n"), language, look)))

    def bench_image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        index = tokens[idx].meta.get("bench_image")
        return "" if index is None else str(env.own(env.makers.chart(env.charts, index, env.cells)))

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return str(env.own(render_code(tokens[idx].content.rstrip("\n"), "", Look())))

    def code_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        token = tokens[idx]
        if "inline" not in token.meta:
            return f"<code>{escape_text(token.content)}</code>"
        # our own markup: in a cleaned text it would lose its classes
        return str(env.own(render_inline(token.meta["inline"], env.texts, env.failures)))

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        says = env.says(tokens[idx])
        if says is None:
            return self.renderToken(tokens, idx, options, env)
        return str(env.own(open_tie(says)))

    def link_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        says = env.says(tokens[idx])
        if says is None:
            return self.renderToken(tokens, idx, options, env)
        return str(env.own(close_tie(says)))

    def formula(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        token = tokens[idx]
        html = to_mathml(token.content.strip(), display=token.meta["display"])
        if isinstance(html, MathsError):
            env.problems.append(_about_formula(token, html))
            return f"<code>{escape_text(token.content.strip())}</code>"
        return str(env.own(html))

    def formula_block(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any
    ) -> str:
        return f"<p>{self.formula(tokens, idx, options, env)}</p>\n"

    def made(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        token = tokens[idx]
        return token.content if "part" in token.meta else str(env.own(token.content))

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """A table that scrolls by itself where the page is narrow, also by keyboard."""
        if env.html == "sanitise":
            return "<table>\n"
        return '<div class="table" tabindex="0" role="group" aria-label="Table"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return "</table>\n" if env.html == "sanitise" else "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        tokens[idx].attrSet("scope", "col")
        return self.renderToken(tokens, idx, options, env)

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        token = tokens[idx]
        alt = self.renderInlineAsText(token.children, options, env) if token.children else ""
        attributes = {"src": str(token.attrs["src"]), "alt": alt}
        if "title" in token.attrs:
            attributes["title"] = str(token.attrs["title"])
        size = size_in(token.meta["file"]) if "file" in token.meta else None
        if size is not None:
            attributes |= {"width": str(size[0]), "height": str(size[1])}
        if env.markdown.lazy_async_image:
            attributes |= {"loading": "lazy", "decoding": "async"}
        written = "".join(f' {key}="{escape_text(value)}"' for key, value in attributes.items())
        return f"<img{written}>"

    def html_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        html = _raw(tokens[idx].content, env.html)
        return f"<p>{html.strip()}</p>\n" if _is_escaped(tokens[idx].content, env.html) else html

    def html_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return _raw(tokens[idx].content, env.html)

    def footnote_ref(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any
    ) -> str:
        note, use = _note(tokens[idx]), tokens[idx].meta.get("subId", 0) + 1
        number = tokens[idx].meta["id"] + 1
        link = f'<a href="#{env.prefix}fn-{note}" role="doc-noteref">{number}</a>'
        id = f"{env.prefix}fr-{note}-{use}"
        return f'<sup class="footnote-reference" id="{id}">{link}</sup>'

    def footnote_block_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any
    ) -> str:
        return '<section class="footnotes" role="doc-endnotes">\n<ol class="footnotes-list">\n'

    def footnote_block_close(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any
    ) -> str:
        return "</ol>\n</section>\n"

    def footnote_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any
    ) -> str:
        return f'<li id="{env.prefix}fn-{_note(tokens[idx])}">\n'

    def footnote_close(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any
    ) -> str:
        return "</li>\n"

    def footnote_anchor(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any
    ) -> str:
        use = tokens[idx].meta.get("subId", 0) + 1
        back = f"#{env.prefix}fr-{_note(tokens[idx])}-{use}"
        sign = "↩" if use == 1 else f"↩{use}"
        return f' <a href="{back}" class="footnote-backref" role="doc-backlink">{sign}</a>'

    def footnote_reference_open(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any
    ) -> str:
        number = tokens[idx].meta["id"] + 1
        label = f'<sup class="footnote-definition-label">{number}</sup>'
        id = f"{env.prefix}fn-{_note(tokens[idx])}"
        return f'<div class="footnote-definition" id="{id}">{label}\n'

    def footnote_reference_close(
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any
    ) -> str:
        return "</div>\n"

    def alert_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        """An alert begins with its own title, so that colour alone never says what it is."""
        tokens[idx].attrSet("role", "note")
        return self.renderToken(tokens, idx, options, env)

    def hr(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return "<hr>\n"

    def hardbreak(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return "<br>\n"


def _raw(html: str, mode: Html) -> str:
    """HTML of the author's as it may stand in the body, the mark of a summary always."""
    match mode:
        case "trusted" | "sanitise":
            return mark_summary(html)
        case "escape":
            return mark_summary(html) if is_summary_mark(html) else escape_text(html)
        case _:
            assert_never(mode)


def _is_escaped(html: str, mode: Html) -> bool:
    return mode == "escape" and not is_summary_mark(html)


def _note(token: Token) -> str:
    """What a footnote is called: by its author, else by its number behind a hyphen."""
    label = token.meta.get("label")
    name = f"-{token.meta['id'] + 1}" if label is None else str(label)
    return escape_text(re.sub(r"\s", "-", name))


def _about_formula(token: Token, error: MathsError) -> Problem:
    """What is wrong with a formula, at its place: that of its first line is known."""
    span, excerpt = token.meta["place"]
    latex = token.content.strip()
    before = latex[: error.offset]
    below = before.count("\n")
    column = span.column + len(before)
    if below:
        column = len(before.rpartition("\n")[2]) + 1
        excerpt = latex.split("\n")[below]
    message = f"this formula cannot be shown: {error.message}"
    help = ("write `\\$` for a dollar sign",)
    place = Span(span.path, span.line + below, column)
    return Problem("error", "maths", message, place, excerpt, help)

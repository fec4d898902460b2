"""Inline expressions: `` `{python} expr :format` `` in prose, title, description and captions."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it.token import Token

from sitegen.base.errors import Span
from sitegen.base.expressions import MARK, holds_expression, parse_expression, spans_of
from sitegen.model import MAIN, Block, Inline, InlinePlace, Meta, Source


def find_inlines(
    tokens: Sequence[Token],
    blocks: Sequence[Block],
    source: Source,
    meta: Meta,
) -> tuple[Inline, ...]:
    """The inline expressions of a document; the tokens of those in prose are given their number.

    Those of captions come after the prose, then those of the front matter: evaluated after the
    last block.
    """
    finder = _Finder(source, blocks)
    after = -1
    for token in tokens:
        if "block" in token.meta and _evaluates(blocks[token.meta["block"]]):
            after = token.meta["block"]
        for child in token.children or ():
            if child.type == "code_inline" and holds_expression(child.content):
                start = token.map[0] if token.map is not None else 0
                finder.seek(meta.body_line + start)
                child.meta = {**child.meta, "inline": len(finder.found)}
                finder.add(child.content.removeprefix(MARK), after, "prose")
    evaluated = -1
    finder.seek(1)
    for block in blocks:
        evaluated = block.index if _evaluates(block) else evaluated
        finder.seek(block.span.line)
        for text in spans_of(block.show.caption):
            finder.add(text, evaluated, "caption", block.index)
    front: tuple[tuple[InlinePlace, str | None], ...] = (
        ("title", meta.title),
        ("description", meta.description),
    )
    for place, field in front:
        finder.seek(1)
        for text in spans_of(field):
            finder.add(text, evaluated, place)
    return tuple(finder.found)


def _evaluates(block: Block) -> bool:
    """Whether expressions can follow the block: a benchmark's names are its own."""
    return block.run.eval and block.bench is None


class _Finder:
    """Collects expressions and where they stand: each is sought from behind the one before."""

    def __init__(self, source: Source, blocks: Sequence[Block]) -> None:
        self.found: list[Inline] = []
        self._file = source.file
        self._lines = source.text.split("\n")
        self._blocks = blocks
        self._at = (1, 0)

    def seek(self, line: int) -> None:
        """Look from this line of the file on, unless the last expression stood further down."""
        if line == 1 or line > self._at[0]:
            self._at = (line, 0)

    def add(
        self,
        text: str,
        after: int,
        place: InlinePlace,
        block: int | None = None,
    ) -> None:
        expression = parse_expression(text)
        span, excerpt = self._place(expression.code)
        session = self._session(after)
        self.found.append(
            Inline(
                index=len(self.found),
                code=expression.code,
                format=expression.format,
                after=after,
                place=place,
                session=session,
                span=span,
                excerpt=excerpt,
                block=block,
            )
        )

    def _session(self, after: int) -> str:
        """That of the block above; above all blocks, that of the first one that runs."""
        if after >= 0:
            return self._blocks[after].session
        return next((block.session for block in self._blocks if _evaluates(block)), MAIN)

    def _follows(self, code: str, line: int, column: int) -> bool:
        """Whether the code stands there; a span may run over lines, which Markdown joins."""
        lines = self._lines[line - 1 : line + code.count(" ")]
        text = " ".join(" ".join(lines)[column:].split())
        return text.startswith(" ".join(code.split()))

    def _place(self, code: str) -> tuple[Span, str]:
        line, column = self._at
        for number in range(line, len(self._lines) + 1):
            text = self._lines[number - 1]
            at = text.find(MARK, column if number == line else 0)
            if at >= 0 and self._follows(code, number, at + len(MARK)):
                self._at = (number, at + len(MARK))
                end = text.find("`", at)
                width = (end if end > 0 else len(text)) - at
                return Span(self._file, number, at + 1, width), text
        return Span(self._file, line), self._lines[line - 1] if line <= len(self._lines) else ""

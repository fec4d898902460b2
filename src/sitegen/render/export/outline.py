"""A session of a post as a list of parts: prose as written, and the code that runs in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

import msgspec

from sitegen.base.expressions import MARK
from sitegen.claims import Judgement
from sitegen.model import Block, Cell, Document, Inline, Shown
from sitegen.render.export.notes import front_matter, how_to_run
from sitegen.render.export.prose import escape_markdown, fence_of, link_target, without_indent
from sitegen.render.export.requirements import imported
from sitegen.render.texts import captions_of, fill_place, texts_of


class Prose(msgspec.Struct, frozen=True):
    """Markdown; `id` is the same as long as what stands around it is."""

    id: str
    text: str


class Code(msgspec.Struct, frozen=True):
    """A block that runs, with what came of it and where; None: not run yet."""

    id: str
    block: Block
    cell: Cell | None
    shown: Shown | None


Part = Prose | Code


class Outline(msgspec.Struct, frozen=True):
    """What one exported file holds; `shown` are the runs of its session, the first speaks.

    `page` is the page's permalink, `imports` the top-level modules that the code imports.
    `benches` are the runs of its benchmarks, of each the first shown; `captions` are by block.
    """

    document: Document
    session: str
    title: str
    parts: tuple[Part, ...]
    shown: tuple[Shown, ...]
    page: str
    imports: frozenset[str]
    benches: tuple[Shown, ...] = ()
    captions: Mapping[int, str] = {}

    @property
    def code(self) -> tuple[Code, ...]:
        return tuple(part for part in self.parts if isinstance(part, Code))


def outline(
    document: Document,
    session: str,
    shown: Sequence[Shown],
    addresses: Mapping[str, str],
    judgement: Judgement,
) -> Outline:
    """The parts of a session in the document's order.

    Blocks that are only read, and those of other sessions, are fences in the prose. `addresses`
    are the permalinks of all pages by their path below `content/`, to which internal links lead.
    Links to measurements lead to the page.
    """
    texts = texts_of(shown)
    own = tuple(entry for entry in shown if entry.plan.session == session)
    page = addresses[document.source.path]
    blocks = [block for block in document.blocks if block.run.eval and block.session == session]
    imports = imported(block.shown for block in blocks)
    title = fill_place(document, document.meta.title or "", "title", texts, "")
    description = fill_place(document, document.meta.description, "description", texts, "")
    head = (
        Prose("front-matter", front_matter(document.meta, title, description, page)),
        Prose("how-to-run", how_to_run(document, session, own, imports)),
    )
    body = _Body(document, session, own, addresses, texts, judgement)
    parts = [
        part for part in (*head, *body.parts()) if not isinstance(part, Prose) or part.text.strip()
    ]
    benches = tuple(_benches(shown, session))
    named = tuple(_with_ids(parts))
    captions = captions_of(document, texts)
    return Outline(document, session, title, named, own, page, imports, benches, captions)


def _benches(shown: Sequence[Shown], session: str) -> Iterator[Shown]:
    """Of each benchmark of the session the run that speaks for it."""
    told: set[str] = set()
    for entry in shown:
        plan, run = entry.plan, entry.run
        if plan.bench is None or plan.blocks[-1].session != session or run.benchmark is None:
            continue
        if run.by is None and not entry.stale and plan.session not in told:
            told.add(plan.session)
            yield entry


class _Body:
    """A document's body, cut at the blocks that run, links and expressions replaced."""

    def __init__(
        self,
        document: Document,
        session: str,
        own: Sequence[Shown],
        addresses: Mapping[str, str],
        texts: Mapping[int, str],
        judgement: Judgement,
    ) -> None:
        self._document = document
        self._session = session
        self._own = own
        self._captions = captions_of(document, texts)
        self._text = document.source.text
        lengths = (len(line) + 1 for line in self._text.split("\n"))
        self._starts = list(accumulate(lengths, initial=0))
        self._edits = sorted(
            [
                *self._links(addresses),
                *self._values(texts),
                *self._ties(addresses, judgement),
                *self._charts(addresses),
            ]
        )

    def parts(self) -> Iterator[Part]:
        first = self._document.meta.body_line - 1
        at, before, indent = first, "introduction", 0
        pending: list[str] = []
        for token in self._document.tokens:
            if "block" not in token.meta or token.map is None:
                continue
            block = self._document.blocks[token.meta["block"]]
            opening, closing = (first + line for line in token.map)
            pending.append(without_indent(self._prose(at, opening), indent))
            line = self._prose(opening, opening + 1)
            before_fence = line[: line.find(token.markup)]
            at, indent = closing, len(before_fence)
            if block.run.eval and block.session == self._session:
                yield Prose(before, _joined(pending))
                yield self._code(block)
                caption = self._captions.get(block.index) if block.show.include else None
                pending = [f"*{escape_markdown(caption)}*\n"] if caption else []
                before = f"after-{block.id}"
            elif block.run.eval or (block.show.include and block.show.echo):
                pending.append(fence_of(block.shown, before_fence))
        pending.append(without_indent(self._prose(at, len(self._starts) - 1), indent))
        yield Prose(before, _joined(pending))

    def _code(self, block: Block) -> Code:
        """The block with its cell: of the first device that ran it, as on the page."""
        found = [
            (shown, cell)
            for shown in self._own
            for other, cell in zip(shown.plan.blocks, shown.cells, strict=True)
            if other.index == block.index
        ]
        ran = [pair for pair in found if pair[1] and pair[1].status in ("ok", "failed")]
        shown, cell = next(iter(ran or found), (None, None))
        return Code(block.id, block, cell, shown)

    def _prose(self, begin: int, end: int) -> str:
        """Lines of the file, from 0, with what is to be replaced in them replaced."""
        start, stop = self._starts[begin], min(self._starts[end], len(self._text))
        parts, at = [], start
        for first, last, new in self._edits:
            if at <= first and last <= stop:
                parts += [self._text[at:first], new]
                at = last
        return "".join((*parts, self._text[at:stop]))

    def _links(self, addresses: Mapping[str, str]) -> Iterator[tuple[int, int, str]]:
        for link in self._document.links:
            start = self._starts[link.span.line - 1] + link.span.column - 1
            end = start + link.span.width
            address = link_target(link.target, addresses)
            if address is not None and self._text.startswith("@/", start):
                yield start, end, address

    def _ties(
        self, addresses: Mapping[str, str], judgement: Judgement
    ) -> Iterator[tuple[int, int, str]]:
        """Links to measurements: to the page, with their text where they have none."""
        page = addresses[self._document.source.path]
        for tied, says in zip(self._document.ties, judgement.links, strict=False):
            if tied.written is None:
                continue
            start = self._starts[tied.span.line - 1] + tied.span.column - 1
            yield start, start + tied.span.width, link_target(says.href, addresses) or page
            if says.text:
                at, source = tied.written
                yield at, at + len(source), escape_markdown(says.text)

    def _charts(self, addresses: Mapping[str, str]) -> Iterator[tuple[int, int, str]]:
        """The places of charts: links to them on the page."""
        page = addresses[self._document.source.path]
        for image in self._document.bench_images:
            start = self._starts[image.span.line - 1] + image.span.column - 1
            opening = self._text.rfind("![", 0, start)
            if image.span.width > 1 and opening >= 0:
                yield opening, opening + 1, ""
                yield start, start + image.span.width, f"{page}#bench-{image.tie.name}"

    def _values(self, texts: Mapping[int, str]) -> Iterator[tuple[int, int, str]]:
        """Inline expressions that have a text; the others stay readable as they are."""
        done = self._starts[self._document.meta.body_line - 1]
        for inline in self._document.inlines:
            if inline.place != "prose":
                continue
            span = _span_of(inline)
            line = self._starts[inline.span.line - 1]
            at = line + inline.span.column - 1
            on_line = span.finditer(self._text, line)
            found = next((match for match in on_line if match.end() > at), None)
            if found is None or found.start() > at:  # it stands on several lines
                found = span.search(self._text, done)
            if found:
                done = found.end()
                if inline.index in texts:
                    yield found.start(), done, escape_markdown(texts[inline.index])


def _span_of(inline: Inline) -> re.Pattern[str]:
    """The code span of an inline expression, on one line or on several."""
    words = [*inline.code.split(), *([f":{inline.format}"] if inline.format else [])]
    code = r"\s+".join(re.escape(word) for word in words)
    return re.compile(rf"(?<!`)(`+)\s*{re.escape(MARK)}\s*{code}\s*\1(?!`)")


def _joined(texts: Sequence[str]) -> str:
    """Texts as one, each on lines of its own."""
    return "".join(text if text.endswith("\n") else f"{text}\n" for text in texts if text)


def _with_ids(parts: Sequence[Part]) -> Iterator[Part]:
    """The parts with ids that nbformat takes: 64 of its characters, each once."""
    taken: set[str] = set()
    for part in parts:
        base = id = re.sub(r"[^A-Za-z0-9_-]", "-", part.id)[:60]
        number = 1
        while id in taken:
            number += 1
            id = f"{base[:56]}-{number}"
        taken.add(id)
        yield msgspec.structs.replace(part, id=id)

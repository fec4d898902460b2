"""Links to measurements in a text, `bench:…` and `value:…`: found, read, and given their places."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple
from urllib.parse import unquote

from markdown_it.token import Token

from sitegen.base.errors import Problem, Span
from sitegen.benchmarks import Bench, Said
from sitegen.claims import About, BenchImage, Claim, ClaimError, Tie, Tied
from sitegen.content.links import Finder, Text
from sitegen.content.tie_tokens import is_tie
from sitegen.content.variants import Functions, find_functions
from sitegen.measure.grammar import parse_claim
from sitegen.measure.ties import SCHEMES, parse_tie
from sitegen.model import Block

_NO_LINK = re.compile(r"\]\((?:bench|value):\S*")
_NEAR = 100
"""Characters before a destination in which its bracket stands."""


class Ties(NamedTuple):
    """The tokens of a text, its links to measurements in reading order, the places of charts."""

    tokens: list[Token]
    links: tuple[Tied, ...] = ()
    images: tuple[BenchImage, ...] = ()


def find_ties(text: Text, blocks: Sequence[Block], problems: list[Problem]) -> Ties:
    """The links to measurements and the places of charts; their tokens are given their numbers,
    and mistakes go to `problems`."""
    finder = _TieFinder(text, blocks, problems)
    tokens = finder.read()
    problems += find_mistaken(blocks)
    return Ties(tokens, tuple(finder.ties), tuple(finder.images))


def about_bench(block: Block, bench: Bench) -> About:
    """What claims may say of a benchmark."""
    functions = find_functions(block.code)
    return About(
        variants=functions.variants if isinstance(functions, Functions) else (),
        sweep=bench.run.sweep,
        work=bench.work.unit if bench.work is not None else "",
    )


def about_values(blocks: Sequence[Block]) -> About:
    """What claims may say of the values of a page."""
    names = (name for block in blocks if block.run.eval for name in block.run.values)
    return About(values=tuple(dict.fromkeys(names)))


def claims_of(blocks: Sequence[Block]) -> Iterator[tuple[Block, Said, About]]:
    """The claims of a page's blocks, as written, each with what it may speak of."""
    values = about_values(blocks)
    for block in blocks:
        about = values if block.bench is None else about_bench(block, block.bench)
        for said in block.expect if block.bench is None else block.bench.expect:
            yield block, said, about


def find_mistaken(blocks: Sequence[Block]) -> Iterator[Problem]:
    """A problem for each claim of a block that cannot be read, at its column."""
    for _, said, about in claims_of(blocks):
        try:
            parse_claim(said.text, about)
        except ClaimError as error:
            place = said.span
            span = Span(place.path, place.line, place.column + error.start, error.width)
            yield Problem("fatal", "claim", error.message, span, said.excerpt, (error.help,))


class _TieFinder:
    """Reads the links of a text one after another; each is sought behind the one before."""

    def __init__(self, text: Text, blocks: Sequence[Block], problems: list[Problem]) -> None:
        self.ties: list[Tied] = []
        self.images: list[BenchImage] = []
        self._text = text
        self._finder = Finder(text)
        self._problems = problems
        self._benches = {
            block.bench.name: about_bench(block, block.bench) for block in blocks if block.bench
        }
        self._values = about_values(blocks).values or ()

    @cached_property
    def _starts(self) -> list[int]:
        """Where each line of the file begins."""
        lengths = (len(line) + 1 for line in self._text.source.text.split("\n"))
        return [0, *accumulate(lengths)]

    def read(self) -> list[Token]:
        found: list[Token] = []
        tokens = list(self._text.tokens)
        at = 0
        while at < len(tokens):
            token = tokens[at]
            self._finder.seek(token)
            image = self._alone(tokens[at : at + 3]) if token.type == "paragraph_open" else None
            if image is not None:
                found.append(image)
                at += 3
                continue
            if token.children:
                self._read_inline(token.children)
            found.append(token)
            at += 1
        return found

    def _read_inline(self, children: Sequence[Token]) -> None:
        opened: Token | None = None
        texts: list[str] = []
        for child in children:
            if child.type == "link_open" and is_tie(child):
                opened, texts = child, []
            elif child.type == "link_close" and opened is not None:
                opened.meta = {**opened.meta, "tied": len(self.ties)}
                child.meta = {**child.meta, "tied": len(self.ties)}
                self._add(str(opened.attrGet("href")), "".join(texts))
                opened = None
            elif child.type == "image" and is_tie(child, "src"):
                self._misplaced(child)
            elif opened is not None:
                texts.append(_plain(child))
            elif child.type == "text":
                self._no_links(child.content)
            elif child.type in ("code_inline", "html_inline") and any(
                mark in child.content for mark in SCHEMES
            ):
                self._finder.place_of(child.content)

    def _add(self, href: str, text: str) -> None:
        """A link, at its place; one whose destination stands elsewhere is at its text."""
        target = unquote(href)

        def is_its(span: Span) -> bool:
            written = self._written(span)
            return written is not None and _letters(written[1]) == _letters(text)

        forms = (target, href, target.replace(" ", "%20"))
        own = self._finder.try_at(is_its, *forms)
        span, excerpt = own or self._finder.place_of(text.strip() or target)
        written = self._written(span) if own is not None else None
        words = span if written is None else self._span_of(*written)
        tie = self._parse(target, span, excerpt)
        if tie is not None and isinstance(tie.asks, Claim) and not text.strip():
            self._report("a claim needs words", span, excerpt, "such as `[faster](bench:…)`")
        self.ties.append(Tied(tie, text, span, excerpt, words, written))

    def _parse(self, target: str, span: Span, excerpt: str) -> Tie | None:
        """What a destination asks for; None, and a problem at its column, if it cannot be read."""
        try:
            tie = parse_tie(target, self._benches, self._values)
        except ClaimError as error:
            if span.width == len(target):  # it is written as it is read
                width = max(1, min(error.width, span.width - error.start))
                span = Span(span.path, span.line, span.column + error.start, width)
            self._report(error.message, span, excerpt, error.help)
            return None
        if tie.runs or tie.samples:
            self._report("this link shows no chart", span, excerpt, "write `![…](bench:NAME)`")
            return None
        return tie

    # --- charts -----------------------------------------------------------------------------

    def _alone(self, tokens: Sequence[Token]) -> Token | None:
        """The token of a chart, where a paragraph is nothing but its image."""
        children = [child for child in tokens[1].children or () if _plain(child).strip()]
        if len(children) != 1 or children[0].type != "image" or not is_tie(children[0], "src"):
            return None
        image = children[0]
        target = unquote(str(image.attrGet("src")))
        span, excerpt = self._finder.place(target)
        token = Token("bench_image", "", 0, map=tokens[0].map, block=True)
        try:
            tie = parse_tie(target, self._benches, self._values)
        except ClaimError as error:
            self._report(error.message, span, excerpt, error.help)
            return token
        if not tie.name or tie.asks is not None or tie.where.at:
            help = "such as `![Time by size](bench:matmul)`, `;on=h100` or `;runs=all`"
            self._report("a chart is of a whole benchmark", span, excerpt, help)
            return token
        token.meta = {"bench_image": len(self.images)}
        self.images.append(BenchImage(tie, image.content, span, excerpt))
        return token

    def _misplaced(self, image: Token) -> None:
        span, excerpt = self._finder.place(unquote(str(image.attrGet("src"))))
        image.type, image.content, image.children = "text", image.content, None
        help = "leave a blank line before and after it"
        self._report("a chart stands alone in its paragraph", span, excerpt, help)

    # --- places -----------------------------------------------------------------------------

    def _no_links(self, text: str) -> None:
        for found in _NO_LINK.finditer(text):
            span, excerpt = self._finder.place_of(found[0], found[0][:8])
            if span.width == 1 and span.column == 1:
                continue
            span = Span(span.path, span.line, span.column + 2, max(1, len(found[0]) - 2))
            help = "a destination has no spaces, and its brackets are closed: write `%20`, or none"
            self._report("this became no link", span, excerpt, help)

    def _written(self, span: Span) -> tuple[int, str] | None:
        """Where in the file the text of the link stands whose destination is at `span`, and as
        what; None where that is not `[text](destination)`."""
        if span.width == 1:
            return None
        file = self._text.source.text
        at = self._starts[span.line - 1] + span.column - 1
        closing = file.rfind("](", max(0, at - _NEAR), at)
        if closing < 0 or file[closing + 2 : at].strip() not in ("", "<"):
            return None
        start = _opening(file, closing)
        return None if start is None else (start + 1, file[start + 1 : closing])

    def _span_of(self, at: int, text: str) -> Span:
        """The place of a text of the file, on its first line."""
        line = bisect(self._starts, at)
        width = max(1, len(text.partition("\n")[0]))
        return Span(self._text.source.file, line, at - self._starts[line - 1] + 1, width)

    def _report(self, message: str, span: Span, excerpt: str, help: str) -> None:
        self._problems.append(Problem("error", "claim", message, span, excerpt, (help,)))


def _letters(text: str) -> str:
    """What of a text no markup can be."""
    return re.sub(r"[\W_]", "", text)


def _opening(text: str, closing: int) -> int | None:
    """Where the bracket stands that the one at `closing` closes; None where a paragraph begins."""
    depth = 0
    for at in range(closing, -1, -1):
        if text.startswith("\n\n", at):
            return None
        if text[at] in "[]" and not _is_escaped(text, at):
            depth += 1 if text[at] == "]" else -1
            if depth == 0:
                return at
    return None


def _is_escaped(text: str, at: int) -> bool:
    before = at
    while before and text[before - 1] == "\\":
        before -= 1
    return (at - before) % 2 == 1


def _plain(token: Token) -> str:
    match token.type:
        case "text" | "code_inline" | "formula" | "html_inline":
            return token.content
        case "softbreak" | "hardbreak":
            return " "
        case "image":
            return token.content or "image"
        case _:
            return ""

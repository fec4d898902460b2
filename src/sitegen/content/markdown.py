"""Markdown to a document: tokens, Python blocks, headings with ids, internal links."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import unescape
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.tasklists import tasklists_plugin

from sitegen.base.address import permalink
from sitegen.base.errors import Problem, Span
from sitegen.base.expressions import holds_expression
from sitegen.content.fences import PYTHON, Beside, parse_block, parse_info
from sitegen.content.inline import find_inlines
from sitegen.content.options import Fence
from sitegen.content.slug import anchor_of
from sitegen.content.source import decode
from sitegen.model import Block, Document, Heading, Link, Meta, SiteConfig, Source
from sitegen.settings import SlugMode

RULES = ("table", "strikethrough")
"""markdown-it's rules beyond CommonMark."""

RESERVED_IDS = re.compile(r"main|how-measured|block-\d+|fn(?:ref)?\d+(?::\d+)?")
"""Ids that the theme, blocks without a label and footnotes give."""

_RAW_LINK = re.compile(r"""href=["\']?(@/[^"\'\s>]*)""")

PLUGINS = (footnote_plugin, tasklists_plugin)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable(list(RULES))
    for plugin in PLUGINS:
        parser.use(plugin)
    return parser


def parse_document(
    source: Source, meta: Meta, body: str, url: str, config: SiteConfig, problems: list[Problem]
) -> Document:
    """The document in a file's body; mistakes in its blocks go to `problems`."""
    tokens = _parser().parse(body)
    if config.demote_headings:
        _demote(tokens)
    blocks = _blocks(tokens, source, body, meta, problems)
    inlines = find_inlines(tokens, blocks, source, meta) if meta.execute.enabled else ()
    address = permalink(config.base_url, url)
    headings = _headings(tokens, address, [block.id for block in blocks], config.slugify.anchors)
    return Document(
        source=source,
        meta=meta,
        url=url,
        tokens=tuple(tokens),
        blocks=blocks,
        toc=_nest(headings),
        links=tuple(_links(tokens, source, body, meta)),
        anchors=(*(heading.id for heading in headings), *(block.id for block in blocks)),
        words=sum(len(child.content.split()) for child in _inline(tokens, "text")),
        inlines=inlines,
    )


def _demote(tokens: list[Token]) -> None:
    """Move all headings one level down where the body has one of the level of the page's title."""
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    if any(token.tag == "h1" for token in headings):
        for token in headings:
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"


def _blocks(
    tokens: list[Token], source: Source, body: str, meta: Meta, problems: list[Problem]
) -> tuple[Block, ...]:
    lines = body.split("\n")
    beside = _beside(source)
    blocks: list[Block] = []
    labels: dict[str, int] = {}
    for token in tokens:
        if token.type != "fence" or token.map is None:
            continue
        info = parse_info(token.info)
        token.meta |= {"language": info.language, "name": info.options.get("name")}
        opening = token.map[0]
        span = Span(source.file, meta.body_line + opening)
        if info.language not in PYTHON and _nearly(info.language) in PYTHON:
            message = f"`{token.info.strip()}` names no language, so this fence is not run"
            help = "how a block runs is said in `#|` lines, how it looks after a comma"
            problems.append(Problem("warning", "fence", message, span, lines[opening], (help,)))
        if info.language not in PYTHON or not meta.execute.enabled:
            continue
        raw = tuple(lines[opening + 1 : token.map[1]])
        fence = Fence(token.content, info.options.get("name"), source.file, span.line, raw)
        block = parse_block(fence, len(blocks), meta.execute, beside, problems)
        if block.show.label in labels:
            message = f"the label `{block.show.label}` is used twice"
            help = f"the first is in line {labels[block.show.label]}"
            problems.append(Problem("fatal", "label", message, span, lines[opening], (help,)))
        elif block.show.label and RESERVED_IDS.fullmatch(block.show.label):
            message = f"the label `{block.show.label}` is an id that the page gives itself"
            help = "take another name"
            problems.append(Problem("fatal", "label", message, span, lines[opening], (help,)))
        elif block.show.label:
            labels[block.show.label] = span.line
        token.meta["block"] = block.index
        blocks.append(block)
    return tuple(blocks)


def _beside(source: Source) -> Beside:
    """A look at the files beside a page, by their path from its folder."""
    folder = source.path.rpartition("/")[0]
    files = {asset.path.removeprefix(folder).lstrip("/"): asset for asset in source.assets}

    def read(name: str) -> tuple[str, str] | Problem | None:
        asset = files.get(name)
        if asset is None:
            return None
        path = f"content/{asset.path}"
        try:
            text = decode(asset.file.read_bytes(), path)
        except OSError as error:
            return Problem("fatal", "file", error.strerror or "cannot be read", Span(path, 1))
        return text if isinstance(text, Problem) else (path, text)

    return read


def _nearly(language: str) -> str:
    """What a language probably means: ` ```{python} ` and ` ```python exec ` mean Python."""
    return (language.strip("{}. ").split() or [""])[0]


def _headings(
    tokens: list[Token], address: str, taken: Iterable[str], mode: SlugMode
) -> list[Heading]:
    """The headings in order; each token is given its id, which nothing else on the page has.

    `taken` are the ids of the page's blocks.
    """
    flat: list[Heading] = []
    used = set(taken)
    for position, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        title = _plain(tokens[position + 1])
        base = anchor_of(title, mode) or "section"
        id = base
        number = 0
        while id in used or RESERVED_IDS.fullmatch(id):
            number += 1
            id = f"{base}-{number}"
        used.add(id)
        token.attrSet("id", id)
        flat.append(Heading(int(token.tag[1]), id, title, f"{address}#{id}"))
    return flat


def _nest(flat: list[Heading]) -> tuple[Heading, ...]:
    """Each heading with the deeper ones that follow it as its children."""
    nested: list[Heading] = []
    at = 0
    while at < len(flat):
        end = at + 1
        while end < len(flat) and flat[end].level > flat[at].level:
            end += 1
        head = flat[at]
        children = _nest(flat[at + 1 : end])
        nested.append(Heading(head.level, head.id, head.title, head.permalink, children))
        at = end
    return tuple(nested)


def _plain(inline: Token) -> str:
    """A heading's text without its markup and without its inline expressions: a number moves no
    link."""
    texts = {"softbreak": " ", "hardbreak": " "}
    kinds = ("text", "code_inline")
    return "".join(
        child.content if child.type in kinds else texts.get(child.type, "")
        for child in inline.children or ()
        if not (child.type == "code_inline" and holds_expression(child.content))
    )


def _inline(tokens: list[Token], kind: str) -> Iterator[Token]:
    for token in tokens:
        for child in token.children or ():
            if child.type == kind:
                yield child


def _links(tokens: list[Token], source: Source, body: str, meta: Meta) -> Iterator[Link]:
    """The internal links in reading order, those in raw HTML too."""
    lines = body.split("\n")
    number, column = 0, 0
    for token in tokens:
        if token.map is not None and token.map[0] > number:
            number, column = token.map[0], 0
        last = token.map[1] if token.map is not None else len(lines)
        for target in _targets(token):
            place = _find(lines, (unquote(target), target), number, column, last)
            span = Span(source.file, meta.body_line + number)
            if place is not None:
                number, column, width = place
                span = Span(source.file, meta.body_line + number, column - width + 1, width)
            yield Link(target, span, lines[number])


def _targets(token: Token) -> Iterator[str]:
    for part in (token, *(token.children or ())):
        if part.type in ("html_block", "html_inline"):
            yield from (unescape(found[1]) for found in _RAW_LINK.finditer(part.content))
        elif part.type == "link_open":
            target = str(part.attrGet("href") or "")
            if target.startswith("@/"):
                yield target


def _find(
    lines: list[str], forms: tuple[str, ...], number: int, column: int, last: int
) -> tuple[int, int, int] | None:
    """Where one of the forms next stands: its line, the column behind it, its width."""
    for at in range(number, min(last, len(lines))):
        start = column if at == number else 0
        for form in forms:
            found = lines[at].find(form, start)
            if found >= 0:
                return at, found + len(form), len(form)
    return None

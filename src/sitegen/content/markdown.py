"""Markdown to a document: tokens, Python blocks, headings with ids, links."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
from markdown_it.token import Token

from sitegen.base.address import local_reference, permalink
from sitegen.base.errors import Problem, Span
from sitegen.content.dialect import dialect_of, parser_for
from sitegen.content.expand import Expanded, expand
from sitegen.content.fences import (
    PYTHON,
    Beside,
    parse_block,
    parse_info,
    parse_look,
    shown_language,
)
from sitegen.content.globs import matcher
from sitegen.content.headings import (
    RESERVED_IDS,
    demote,
    find_headings,
    insert_anchors,
    made,
    nest,
)
from sitegen.content.include import include_file
from sitegen.content.inline import find_inlines
from sitegen.content.links import Beside as Files
from sitegen.content.links import Finder, Text, raw_ids, settle_links
from sitegen.content.marks import settle_marks
from sitegen.content.option_lines import Fence
from sitegen.content.snippets import NONE, Snippets
from sitegen.content.source import decode
from sitegen.content.ties import Ties, find_ties
from sitegen.content.urls import asset_folder
from sitegen.model import ALWAYS, Block, Document, Meta, Origin, Read, SiteConfig, Source

GUEST_PREFIX = "user-content-"
"""What ids begin with where the text is not trusted, so that they shadow no name of a script."""

_ANCHOR = "anchor-link.html"


def parse_document(
    source: Source,
    meta: Meta,
    body: str,
    url: str,
    config: SiteConfig,
    problems: list[Problem],
    snippets: Snippets = NONE,
) -> Document:
    """The document in a file's body; mistakes in its blocks go to `problems`."""
    origin = Origin(source, meta, url)
    asked: set[Read] = set()
    include = partial(include_file, source, config.root, asked)
    skipped = matcher(config.skip_content_templating)
    if snippets.fill_in is not None and skipped(source.path):
        expanded = Expanded(body)
    else:
        expanded = expand(body, origin, snippets, include, problems)
    environment: dict[str, Any] = {}
    dialect = dialect_of(config.markdown, expanded.text)
    tokens = parser_for(dialect).parse(expanded.text, environment)
    tokens = settle_marks(_footnotes(tokens, environment), expanded)
    if config.demote_headings:
        demote(tokens)
    text = Text(tokens, body.split("\n"), source, meta)
    blocks = _blocks(text, problems)
    ties = find_ties(text, blocks, problems) if meta.execute.enabled else Ties(tokens)
    tokens, text = ties.tokens, text._replace(tokens=ties.tokens)
    inlines = find_inlines(tokens, blocks, source, meta) if meta.execute.enabled else ()
    prefix = "" if meta.html == "trusted" else GUEST_PREFIX
    address = permalink(config.base_url, url)
    taken = [block.id for block in blocks]
    taken += (f"bench-{block.bench.name}" for block in blocks if block.bench is not None)
    headings = find_headings(tokens, address, taken, config.slugify.anchors, prefix)
    anchors = (*(heading.id for heading in headings), *taken, *raw_ids(tokens))
    files = _files(source, url, config)
    links = settle_links(text, config.markdown, files, anchors, prefix, problems)
    anchor = partial(_anchor, snippets, origin, problems)
    insert_anchors(tokens, headings, meta.insert_anchor_links, anchor)
    if dialect.math:
        _place_formulas(text)
    _name_alerts(tokens, config, meta)
    _label_tasks(tokens)
    asked |= snippets.asked()
    asked.update(("picture", file.relative_to(config.root).as_posix()) for file in files.pictures)
    if meta.execute.inputs or any(block.file is not None for block in blocks):
        asked.add(ALWAYS)
    return Document(
        source=source,
        meta=meta,
        url=url,
        tokens=tuple(tokens),
        blocks=blocks,
        toc=nest(headings),
        links=links,
        anchors=anchors,
        words=sum(len(child.content.split()) for child in _inline(tokens, "text")),
        inlines=inlines,
        files=() if expanded.lines is None else snippets.made_files(),
        markdown=config.markdown,
        ties=ties.links,
        bench_images=ties.images,
        asked=frozenset(asked),
    )


def asks_templates(body: str, meta: Meta, snippets: Snippets) -> bool:
    """Whether reading a body may render small templates, which may ask for any page's address."""
    anchors = meta.insert_anchor_links != "none" and snippets.has(_ANCHOR)
    return "{{" in body or "{%" in body or anchors


def parse_fragment(text: str, config: SiteConfig) -> tuple[Token, ...]:
    """The tokens of a text that is no page of its own, such as what the filter `markdown` is given:
    in the site's dialect, without ids, blocks and shortcodes."""
    tokens = parser_for(dialect_of(config.markdown, text)).parse(text, {})
    source, meta = Source("", "", text), Meta()
    settled = Text(tokens, text.split("\n"), source, meta)
    settle_links(settled, config.markdown, Files({}, "", (), []), (), "", [])
    _set_languages(tokens)
    _label_tasks(tokens)
    return tuple(tokens)


# --- fences ---------------------------------------------------------------------------------


def _blocks(text: Text, problems: list[Problem]) -> tuple[Block, ...]:
    reader = _Reader(text, _beside(text.source), [], {}, problems)
    for token in text.tokens:
        if token.type == "fence" and token.map is not None:
            _read_fence(token, token.map[0], reader)
    return tuple(reader.blocks)


class _Reader(NamedTuple):
    """What reading the fences of a text needs, and has found: blocks, and the lines of labels."""

    text: Text
    beside: Beside
    blocks: list[Block]
    labels: dict[str, int]
    problems: list[Problem]


def _read_fence(token: Token, opening: int, reader: _Reader) -> None:
    (_, lines, source, meta), problems = reader.text, reader.problems
    span = Span(source.file, meta.body_line + opening)

    def note(message: str, help: str, *, fatal: str = "") -> None:
        severity, code = ("fatal", fatal) if fatal else ("warning", "fence")
        found = Problem("warning", code, message, span, lines[opening], (help,))
        problems.append(msgspec.structs.replace(found, severity=severity))

    info = parse_info(token.info)
    look = parse_look(info, note)
    token.meta |= {"language": shown_language(info), "look": look, "place": (span, lines[opening])}
    if info.language not in PYTHON and _nearly(info.language) in PYTHON:
        message = f"`{token.info.strip()}` names no language, so this fence is not run"
        note(message, "how a block runs is said in `#|` lines, how it looks after a comma")
    if info.language not in PYTHON or not meta.execute.enabled or "made" in token.meta:
        return
    raw = tuple(lines[opening + 1 : (token.map or [0, 0])[1]])
    fence = Fence(token.content, look, source.file, span.line, raw)
    block = parse_block(fence, reader.blocks, meta, reader.beside, problems)
    label = block.show.label
    if label in reader.labels:
        help = f"the first is in line {reader.labels[label]}"
        note(f"the label `{label}` is used twice", help, fatal="label")
    elif label and RESERVED_IDS.fullmatch(label):
        message = f"the label `{label}` is an id that the page gives itself"
        note(message, "take another name", fatal="label")
    elif label:
        reader.labels[label] = span.line
    token.meta["block"] = block.index
    reader.blocks.append(block)


def _set_languages(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.type == "fence":
            info = parse_info(token.info)
            look = parse_look(info, lambda *problem: None)
            token.meta |= {"language": shown_language(info), "look": look}


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


# --- what else a token must know ------------------------------------------------------------


def _files(source: Source, url: str, config: SiteConfig) -> Files:
    """The files that a page's links can mean, and the address of those beside it."""
    folder, below = asset_folder(source, url, config)
    names = {asset.path.removeprefix(folder).lstrip("/"): asset.file for asset in source.assets}
    themes = [config.root / "themes" / config.theme / "static"] if config.theme else []
    address = local_reference(permalink(config.base_url, below), config.base_url)
    return Files(names, address, [config.root / "static", *themes], [])


def _anchor(
    snippets: Snippets, origin: Origin, problems: list[Problem], id: str, level: int, text: str
) -> str:
    """The link to a heading itself: the template's, as in Zola, else a sign, not read out."""
    if not snippets.has(_ANCHOR):
        around = origin.meta.insert_anchor_links == "heading"
        unheard = "" if around else ' aria-hidden="true" tabindex="-1"'
        return f'<a class="zola-anchor" href="#{quote(id)}"{unheard}>#</a>'
    context = {"id": id, "level": level, "text": text}
    html = snippets.render(_ANCHOR, origin, context, origin.source.file)
    if isinstance(html, tuple):
        problems += html
        return ""
    return html.strip()


def _footnotes(tokens: list[Token], environment: dict[str, Any]) -> list[Token]:
    """The tokens with each footnote numbered where it stands, if none was moved to the end.

    One that nothing refers to is left out, as at the end.
    """
    numbers = environment.get("footnotes", {}).get("refs", {})
    found: list[Token] = []
    left_out = False
    for token in tokens:
        if token.type == "footnote_reference_open":
            token.meta["id"] = numbers.get(f":{token.meta['label']}", -1)
            left_out = token.meta["id"] < 0
        if not left_out:
            found.append(token)
        if token.type == "footnote_reference_close":
            left_out = False
    return found


def _place_formulas(text: Text) -> None:
    """Tell each formula its line and column in the file."""
    finder = Finder(text)
    for token in text.tokens:
        finder.seek(token)
        for part in (token, *(token.children or ())):
            if part.type in ("formula", "formula_block"):
                first = next(line for line in part.content.split("\n") if line.strip())
                part.meta["place"] = finder.place_of(first)


def _name_alerts(tokens: Sequence[Token], config: SiteConfig, meta: Meta) -> None:
    """Give alerts their title in the page's language."""
    words = config.in_language(meta.lang).translations
    for token, inline in pairwise(tokens):
        if token.type == "alert_title_open" and inline.children:
            word = inline.content.lower()
            inline.content = words.get(f"alert_{word}", inline.content)
            inline.children[0].content = inline.content


def _label_tasks(tokens: Sequence[Token]) -> None:
    """Put the box of a task and its text into one label, so that the one names the other."""
    for position, token in enumerate(tokens):
        if token.type == "list_item_open" and "checked" in token.meta:
            checked = " checked" if token.meta.pop("checked") else ""
            box = made(f'<input type="checkbox" disabled{checked}> ')
            inline = next((later for later in tokens[position:] if later.type == "inline"), None)
            if inline is not None:
                label = made("<label>", part=True), made("</label>", part=True)
                inline.children = [label[0], box, *(inline.children or ()), label[1]]


def _inline(tokens: Sequence[Token], kind: str) -> Iterator[Token]:
    for token in tokens:
        for child in token.children or ():
            if child.type == kind:
                yield child

"""Headings: their level, attributes and ids, the links to themselves, the table of contents."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from sitegen.base.expressions import holds_expression
from sitegen.content.slug import anchor_of
from sitegen.content.tie_tokens import without_ties
from sitegen.model import Heading
from sitegen.settings import Anchors, SlugMode

RESERVED_IDS = re.compile(
    r"main|how-measured|block-\d+|bench-.*|continue-reading|fn(?:ref)?\d+(?::\d+)?|(?:fn|fr)-.*"
)
"""Ids that the theme, blocks without a label, summaries and footnotes give."""

_ATTRIBUTES = re.compile(r"[ \t]*\{((?:\s*(?:[#.][^\s{}#]+|[\w-]+=[^\s{}]+))+)\s*\}\s*$")
_LINK = re.compile(r"(<\s*a\b[^>]*>).*<\s*/\s*a\s*>", re.S)

Anchor = Callable[[str, int, str], str]
"""The HTML of the link to a heading itself, from its id, level and text."""


def attributes_plugin(parser: MarkdownIt) -> None:
    """`## Title {#id .class}` gives a heading its id and classes, as in Zola."""
    parser.core.ruler.before("inline", "heading_attributes", _attributes)


def _attributes(state: StateCore) -> None:
    for opening, inline in zip(state.tokens, state.tokens[1:], strict=False):
        if opening.type != "heading_open":
            continue
        found = _ATTRIBUTES.search(inline.content)
        if found is None:
            continue
        inline.content = inline.content[: found.start()]
        for word in found[1].split():
            if word.startswith("#"):
                opening.attrSet("id", word[1:])
            elif word.startswith("."):
                opening.attrJoin("class", word[1:])


def demote(tokens: Sequence[Token]) -> None:
    """Move all headings one level down where the body has one of the level of the page's title."""
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    if any(token.tag == "h1" for token in headings):
        for token in headings:
            token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"


def find_headings(
    tokens: Sequence[Token], address: str, taken: Iterable[str], mode: SlugMode, prefix: str
) -> list[Heading]:
    """The headings in order; each token is given its id, which nothing else on the page has.

    `taken` are the ids of the page's blocks. What a heading says itself stands, and is taken
    before any other is made.
    """
    flat: list[Heading] = []
    used = {*taken, *(str(token.attrGet("id")) for token in tokens if _own_id(token))}
    for position, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        title = plain_text(tokens[position + 1])
        id = prefix + str(token.attrGet("id")) if _own_id(token) else ""
        if not id:
            base = prefix + (anchor_of(title, mode) or "section")
            id = base
            number = 0
            while id in used or RESERVED_IDS.fullmatch(id):
                number += 1
                id = f"{base}-{number}"
        used.add(id)
        token.attrs = {"id": id, **{k: v for k, v in token.attrs.items() if k != "id"}}
        flat.append(Heading(int(token.tag[1]), id, title, f"{address}#{id}"))
    return flat


def _own_id(token: Token) -> bool:
    return token.type == "heading_open" and token.attrGet("id") is not None


def nest(flat: Sequence[Heading]) -> tuple[Heading, ...]:
    """Each heading with the deeper ones that follow it as its children."""
    nested: list[Heading] = []
    at = 0
    while at < len(flat):
        end = at + 1
        while end < len(flat) and flat[end].level > flat[at].level:
            end += 1
        head = flat[at]
        children = nest(flat[at + 1 : end])
        nested.append(Heading(head.level, head.id, head.title, head.permalink, children))
        at = end
    return tuple(nested)


def plain_text(inline: Token) -> str:
    """A heading's text without its markup, its inline expressions and its links to measurements: a
    number moves no link."""
    texts = {"softbreak": " ", "hardbreak": " "}
    kinds = ("text", "code_inline", "formula")
    return "".join(
        child.content if child.type in kinds else texts.get(child.type, "")
        for child in without_ties(inline.children or ())
        if not (child.type == "code_inline" and holds_expression(child.content))
    ).strip()


def insert_anchors(
    tokens: Sequence[Token], headings: Iterable[Heading], where: Anchors, anchor: Anchor
) -> None:
    """Put a heading's link to itself before or behind its text, or around a text without links."""
    if where == "none":
        return
    found = iter(headings)
    for position, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        heading = next(found)
        html = anchor(heading.id, heading.level, heading.title)
        children = tokens[position + 1].children or []
        if where == "left":
            children = [made(html), *children]
        elif where == "right":
            children = [*children, made(html)]
        elif not any(child.type == "link_open" for child in children):
            opening = _LINK.search(html)
            if opening:
                children = [made(opening[1], part=True), *children, made("</a>", part=True)]
        tokens[position + 1].children = children


def made(html: str, *, part: bool = False) -> Token:
    """A token of HTML that is not the author's: a template's, or ours.

    A part is a tag whose other half is another token.
    """
    return Token("made", "", 0, content=html, meta={"part": True} if part else {})

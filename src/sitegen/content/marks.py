"""What shortcodes gave, put into the tokens of the text around them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from markdown_it.token import Token

from sitegen.content.expand import CLOSE, MARK, OPEN, Expanded
from sitegen.content.headings import made

_QUOTED = re.compile(f"{quote(OPEN)}(\\d+){quote(CLOSE)}")
_TAG = re.compile(r"<[^>]*>")
_BLOCK = re.compile(
    r"\s*(?:<!--.*?-->\s*)*<(?:address|article|aside|blockquote|details|dialog|div|dl|fieldset|"
    r"figure|footer|form|h[1-6]|header|hr|iframe|main|nav|ol|p|pre|script|section|style|table|ul|"
    r"video)\b",
    re.I | re.S,
)


def settle_marks(tokens: list[Token], expanded: Expanded) -> list[Token]:
    """The tokens with their lines in the file, and with HTML in the place of each mark.

    A paragraph that is nothing but what shortcodes gave is no paragraph, if there is one of them
    or a block among them.
    """
    if expanded.lines is None:
        return tokens
    for token in tokens:
        if token.map is not None:
            _place(token, expanded)
    if not expanded.html:
        return tokens
    for token in tokens:
        for part in (token, *(token.children or ())):
            _settle_attributes(part, expanded.html)
            if part.type in ("html_block", "html_inline"):
                part.content = _filled(part.content, expanded.html)
        if token.children and OPEN in token.content:
            token.children = [
                piece for child in token.children for piece in _pieces(child, expanded.html)
            ]
    return _without_paragraphs(tokens)


def _place(token: Token, expanded: Expanded) -> None:
    lines = expanded.lines or ()
    first, behind = token.map or (0, 0)
    if first in expanded.made:
        token.meta["made"] = True
    begin = lines[min(first, len(lines) - 1)]
    end = lines[behind] if behind < len(lines) else lines[-1] + 1
    token.map = [begin, max(end, begin + 1)]


def _filled(text: str, html: Sequence[str]) -> str:
    return MARK.sub(lambda found: html[int(found[1])], text) if OPEN in text else text


def _settle_attributes(token: Token, html: Sequence[str]) -> None:
    """A destination or title that a shortcode gave; an alternative text is text."""
    for key, value in token.attrs.items():
        if isinstance(value, str) and (OPEN in value or quote(OPEN) in value):
            for pattern in (MARK, _QUOTED):
                value = pattern.sub(lambda found: html[int(found[1])].strip(), value)
            token.attrs[key] = value
    if token.type == "image" and OPEN in token.content:
        for child in token.children or ():
            child.content = _TAG.sub("", _filled(child.content, html))


def _pieces(child: Token, html: Sequence[str]) -> list[Token]:
    if child.type != "text" or OPEN not in child.content:
        return [child]
    parts = MARK.split(child.content)
    found = []
    for number, part in enumerate(parts):
        if number % 2:
            found.append(made(html[int(part)]))
        elif part:
            found.append(Token("text", "", 0, content=part))
    return found


def _without_paragraphs(tokens: list[Token]) -> list[Token]:
    found: list[Token] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        inline = tokens[at + 1] if token.type == "paragraph_open" else None
        if inline is not None and _is_made(inline):
            html = "\n".join(child.content for child in inline.children or () if _is(child))
            block = made(html if html.endswith("\n") else f"{html}\n")
            block.map, block.block = token.map, True
            found.append(block)
            at += 3
        else:
            found.append(token)
            at += 1
    return found


def _is(child: Token) -> bool:
    return child.type == "made"


def _is_made(inline: Token) -> bool:
    children = inline.children or []
    given = [child for child in children if _is(child)]
    others = (child for child in children if not _is(child))
    if not given or any(child.type != "softbreak" and child.content.strip() for child in others):
        return False
    return len(given) == 1 or any(_BLOCK.match(child.content) for child in given)

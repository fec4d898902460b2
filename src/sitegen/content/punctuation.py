"""Text into the characters that it means: dashes, ellipses, names of emoji."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_DASHES = re.compile(r"---|--|\.\.\.")
_MEANT = {"---": "—", "--": "–", "...": "…"}


def dashes_plugin(parser: MarkdownIt) -> None:
    """`--`, `---` and `...` become what a printer would set."""
    text = _over_text(lambda content: _DASHES.sub(lambda found: _MEANT[found[0]], content))
    parser.core.ruler.after("inline", "dashes", text)


def emoji_plugin(parser: MarkdownIt) -> None:
    """`:tada:` becomes the character of that name; an unknown name stays as written."""
    from rich.emoji import Emoji  # 8 ms, and few sites have them

    parser.core.ruler.after("text_join", "emoji", _over_text(Emoji.replace))


def _over_text(change: Callable[[str], str]) -> Callable[[StateCore], None]:
    """A rule that changes every text, but that of an address that is its own text."""

    def rule(state: StateCore) -> None:
        for token in state.tokens:
            for child in _texts(token.children or []):
                child.content = change(child.content)

    return rule


def _texts(children: list[Token]) -> Iterator[Token]:
    bare = 0
    for child in children:
        if child.type == "link_open" and child.info == "auto":
            bare += 1
        elif child.type == "link_close" and child.info == "auto":
            bare -= 1
        elif child.type == "image":
            yield from _texts(child.children or [])
        elif child.type == "text" and not bare:
            yield child

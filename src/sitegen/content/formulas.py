r"""Formulas in Markdown: `$…$` and `\\(…\\)` in a line, `$$…$$` and `\\[…\\]` displayed.

A dollar opens a formula only if no letter or digit stands before it and no space behind it, and
closes one only if no space stands before it and no letter or digit behind it: prices stay text.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

_INLINE = re.compile(
    r"\$\$(?P<shown>(?:[^$\\]|\\.)+?)\$\$"
    r"|(?<![\w$\\])\$(?![\s$])(?P<line>(?:[^$\\]|\\.)*?(?:[^\s$\\]|\\.))\$(?![\w$])",
    re.S,
)
_SLASHED = {r"\\(": r"\\)", r"\\[": r"\\]"}
_BLOCKS = (("$$", "$$"), ("\\\\[", "\\\\]"))


def formulas_plugin(parser: MarkdownIt) -> None:
    """Formulas as tokens `formula` (inline) and `formula_block`, their LaTeX as content."""
    parser.inline.ruler.before("escape", "formula", _inline)
    parser.block.ruler.before("fence", "formula_block", _block, {"alt": ["paragraph", "reference"]})


class _Formula(NamedTuple):
    latex: str
    end: int
    display: bool


def _inline(state: StateInline, silent: bool) -> bool:
    found = {"$": _dollars, "\\": _slashes}.get(state.src[state.pos], _none)(state)
    if found is None or not found.latex.strip():
        return False
    if not silent:
        token = state.push("formula", "", 0)
        token.content = found.latex
        token.meta = {"display": found.display}
    state.pos = found.end
    return True


def _none(state: StateInline) -> _Formula | None:
    return None


def _dollars(state: StateInline) -> _Formula | None:
    found = _INLINE.match(state.src, state.pos, state.posMax)
    if found is None:
        return None
    display = found["shown"] is not None
    return _Formula(found["shown"] if display else found["line"], found.end(), display)


def _slashes(state: StateInline) -> _Formula | None:
    opening = state.src[state.pos : state.pos + 3]
    closing = _SLASHED.get(opening)
    end = state.src.find(closing, state.pos + 3, state.posMax) if closing else -1
    if end < 0:
        return None
    return _Formula(state.src[state.pos + 3 : end], end + 3, opening.endswith("["))


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A formula that begins a line and ends one, over any lines without a blank one between."""
    if state.is_code_block(start):
        return False
    line = _line(state, start)
    pair = next((pair for pair in _BLOCKS if line.startswith(pair[0])), None)
    if pair is None:
        return False
    opening, closing = pair
    lines = []
    for number in range(start, end):
        text = _line(state, number).rstrip()
        if (number > start and state.sCount[number] < state.blkIndent) or not text:
            return False
        text = text.removeprefix(opening) if number == start else text
        if text.endswith(closing):
            lines.append(text.removesuffix(closing))
            break
        if closing in text:
            return False
        lines.append(text)
    else:
        return False
    latex = "\n".join(lines)
    if not latex.strip() or closing in latex:
        return False
    if not silent:
        state.line = number + 1
        token = state.push("formula_block", "", 0)
        token.content = latex
        token.map = [start, state.line]
        token.meta = {"display": True}
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]

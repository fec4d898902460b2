"""Summaries: what of a body stands before `<!-- more -->`."""

from __future__ import annotations

import re

MARK = '<span id="continue-reading"></span>'
"""What the comment leaves in the body, so that a list can link to where its summary ends."""

_MORE = re.compile(r"<!--\s*more\s*-->", re.I)
_FOOTNOTE = re.compile(r'<sup class="footnote-reference"[^>]*>.*?</sup>', re.S)
_ID = re.compile(r'(<[A-Za-z][^<>]*?)\sid="[^"]*"')
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)[^<>]*?(/?)>")
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())


def mark_summary(html: str) -> str:
    """HTML of a body, the comment made an element."""
    return _MORE.sub(MARK, html, count=1)


def is_summary_mark(html: str) -> bool:
    """Whether the HTML is the comment and nothing else."""
    return _MORE.fullmatch(html.strip()) is not None


def summary_of(body: str) -> str | None:
    """The body before the mark as HTML of its own: what is open there is closed, nothing in it has
    an id, and footnotes are not referred to. None where there is no mark."""
    before, mark, _ = body.partition(MARK)
    if not mark:
        return None
    text = _ID.sub(r"\1", _FOOTNOTE.sub("", before))
    return text + "".join(f"</{name}>" for name in reversed(_open_in(text)))


def _open_in(html: str) -> list[str]:
    """The elements that are open at the end of a piece of HTML, outermost first."""
    found: list[str] = []
    for closing, name, empty in _TAG.findall(html):
        if closing and name in found:
            while found.pop() != name:
                pass
        elif not closing and not empty and name.lower() not in _VOID:
            found.append(name)
    return found

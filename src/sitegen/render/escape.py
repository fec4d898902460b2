"""Text into HTML: escaped in one way everywhere, quotes too.

A body is searched for internal links before it is published; text that only looks like one, in
code or in an output, is told from them by its escaped quotes.
"""

from __future__ import annotations

import re

_CONTROLS = bytes((*range(9), 11, 12, *range(14, 32), 127))
_RARE = (b"\xed", b"\xef\xbf")
"""How surrogates and the last two characters of the plane begin in UTF-8, besides others."""
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def escape_text(text: str) -> str:
    """The text for HTML content and double-quoted attributes."""
    return escape_content(text).replace('"', "&quot;")


def escape_content(text: str) -> str:
    """The plain text for HTML content, its quotes as they are.

    Most texts are short and have nothing to escape: then this takes a tenth of `str.translate`.
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def replace_unfit(text: str) -> str:
    """The text with U+FFFD for every character that neither HTML nor XML may hold."""
    data = text.encode("utf-8", "surrogatepass")
    if len(data.translate(None, _CONTROLS)) == len(data) and not any(b in data for b in _RARE):
        return text  # as most do, which takes half as long to see as to look for one
    return _UNFIT.sub("\ufffd", text)

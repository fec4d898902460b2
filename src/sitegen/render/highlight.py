"""Code to HTML through Pygments: spans with its short class names, no wrapper."""

from __future__ import annotations

from functools import cache

from pygments import highlight as pygments_highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from sitegen.render.escape import escape_text

_FORMATTER = HtmlFormatter(nowrap=True)
_PLAIN = frozenset({"txt", "plain", "plaintext"})


def highlight(code: str, language: str) -> str:
    """The code as HTML, escaped; in an unknown language without colours."""
    lexer = _lexer(language)
    if lexer is None:
        return escape_text(code)
    return pygments_highlight(code, lexer, _FORMATTER).rstrip("\n")


@cache
def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False) if language else None
    except ClassNotFound:
        return None


def is_known(language: str) -> bool:
    """Whether code in this language can be highlighted; text needs no colours."""
    return not language or language in _PLAIN or _lexer(language) is not None

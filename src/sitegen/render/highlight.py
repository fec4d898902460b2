"""Code to HTML through Pygments: spans with its short class names, no wrapper."""

from __future__ import annotations

from functools import cache

from pygments import format as pygments_format
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Name, Punctuation, Text, Whitespace
from pygments.util import ClassNotFound

from sitegen.render.escape import escape_text

_FORMATTER = HtmlFormatter(nowrap=True)
_UNMARKED = frozenset({Name, Punctuation, Whitespace})
"""What looks like the text around it: spans for them were a quarter of the sample post's page."""
_PLAIN = frozenset({"txt", "plain", "plaintext"})


def highlight(code: str, language: str) -> str:
    """The code as HTML, escaped; in an unknown language without colours."""
    lexer = _lexer(language)
    if lexer is None:
        return escape_text(code)
    tokens = ((Text if kind in _UNMARKED else kind, text) for kind, text in lexer.get_tokens(code))
    return pygments_format(tokens, _FORMATTER).rstrip("\n")


@cache
def _lexer(language: str) -> Lexer | None:
    try:
        return get_lexer_by_name(language, stripnl=False) if language else None
    except ClassNotFound:
        return None


def is_known(language: str) -> bool:
    """Whether code in this language can be highlighted; text needs no colours."""
    return not language or language in _PLAIN or _lexer(language) is not None

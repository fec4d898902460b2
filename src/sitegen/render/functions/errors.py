"""How a function says that what it was asked for is not there."""

from __future__ import annotations

from collections.abc import Iterable

import jinja2

from sitegen.base.errors import nearest


def no_such(
    asked_by: str, what: str, word: str, known: Iterable[str]
) -> jinja2.TemplateRuntimeError:
    """The error, with the known word that `word` may be meant to be."""
    close = nearest(word, known)
    hint = f"; did you mean `{close}`?" if close else ""
    return jinja2.TemplateRuntimeError(f"`{asked_by}`: {what}{hint}")

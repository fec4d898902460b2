"""LaTeX to MathML, at build time: no script, and nothing fetched by readers."""

from __future__ import annotations

import re
from functools import cache

import msgspec
from math_core import LatexError, LatexToMathML

_DELIMITED = (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"), ("$", "$"))
_PLACE = re.compile(r"^(\d+): ")


class MathsError(msgspec.Struct, frozen=True):
    """Why a formula cannot be shown; `offset` counts its characters before the fault."""

    message: str
    offset: int = 0


def to_mathml(latex: str, *, display: bool) -> str | MathsError:
    """A formula without its delimiters as a `<math>` element, or why there is none."""
    try:
        return str(_converter().convert_with_local_state(latex, displaystyle=display))
    except LatexError as error:
        message = str(error)
        place = _PLACE.match(message)
        offset = int(place[1]) if place else 0
        return MathsError(_PLACE.sub("", message).strip().rstrip("."), offset)


def strip_delimiters(latex: str) -> str:
    """The formula between `$…$`, `$$…$$`, `\\(…\\)` or `\\[…\\]`, where one pair holds it all."""
    text = latex.strip()
    for opening, closing in _DELIMITED:
        if text.startswith(opening) and text.endswith(closing):
            inner = text[len(opening) : -len(closing)]
            if len(text) >= len(opening) + len(closing) and opening not in inner:
                return inner.strip()
    return text


@cache
def _converter() -> LatexToMathML:
    return LatexToMathML(fancy_error=False)

"""LaTeX as a kernel displays it, formulas and text between them, to HTML."""

from __future__ import annotations

import re

from sitegen.render.escape import escape_text
from sitegen.render.maths import MathsError, strip_delimiters, to_mathml

_FORMULA = re.compile(r"(\$\$.+?\$\$|\\\[.+?\\\]|(?<!\\)\$.+?(?<!\\)\$|\\\(.+?\\\))", re.S)


def convert_latex(latex: str) -> str | MathsError:
    """The formulas as MathML, the text between them escaped; without delimiters, one formula."""
    text = latex.strip()
    parts = _FORMULA.split(text)
    whole = len(parts) == 1 or not (parts[0] + parts[-1]).strip()
    if len(parts) <= 3 and whole:
        return to_mathml(strip_delimiters(text), display=True)
    html: list[str] = []
    for index, part in enumerate(parts):
        if index % 2 == 0:
            html.append(escape_text(part))
            continue
        formula = to_mathml(strip_delimiters(part), display=part.startswith(("$$", "\\[")))
        if isinstance(formula, MathsError):
            return formula
        html.append(formula)
    return f"<p>{''.join(html)}</p>"

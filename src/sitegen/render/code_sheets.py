"""The style sheets that a template made for Zola links for code, by Zola's names.

The colours are the built-in theme's, whatever theme the names of the configuration mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files

from sitegen.model import Artifact
from sitegen.settings import HighlightConfig

_COLOUR = re.compile(r"--([\w-]+): light-dark\((#\w+), (#\w+)\);")
_USED = re.compile(r"var\(--([\w-]+)\)")
_RULE = re.compile(r"^code :is\([^\n]*\}$|^\.line\[data-number\]::before \{[^}]*\}", re.M)
_LIGHT = re.compile("light|latte|dawn|lotus|ochin|snow|day")
_GROUND = """\
.code pre { background: var(--raised); color: var(--ink); }
mark.line { background: var(--marked); color: inherit; }
"""


def code_sheets(highlighting: HighlightConfig) -> Iterator[Artifact]:
    """`giallo.css` where one theme is named, `giallo-light.css` and `giallo-dark.css` for two."""
    wanted: dict[str, bool] = {}
    if highlighting.light_theme and highlighting.dark_theme:
        wanted = {"giallo-light.css": False, "giallo-dark.css": True}
    elif highlighting.theme:
        wanted = {"giallo.css": _LIGHT.search(highlighting.theme.lower()) is None}
    for name, dark in wanted.items():
        yield Artifact(name, _sheet(dark).encode(), f"the theme's {name}")


def _sheet(dark: bool) -> str:
    """What the built-in theme's style sheet says about code, in the colours of one scheme."""
    text = files("sitegen.theme").joinpath("static", "sitegen.css").read_text("utf-8")
    colours = {name: pair[dark] for name, *pair in _COLOUR.findall(text)}
    rules = _GROUND + "\n".join(_RULE.findall(text)) + "\n"
    return _USED.sub(lambda used: colours[used[1]], rules)

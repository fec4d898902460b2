"""What a stored output cannot show without a script, and what was cut: found again on every build.

Nothing of this is stored with a run but the names of MIME types and the sizes, so that a replay
says what the run said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sitegen.base.errors import Problem
from sitegen.model import Blob, Cell, Display, Failure, Output, Shown
from sitegen.render.clean import clean_html
from sitegen.render.latex import convert_latex
from sitegen.render.maths import MathsError

PICTURES = ("image/svg+xml", "image/png", "image/jpeg", "image/webp", "image/gif")

_SCRIPT = re.compile(r"<script\b", re.I)
_LOADERS = ("bk-notebook-logo",)
"""What stands in HTML that only says that a script is being loaded."""

_MEDIA = re.compile(r"<(?:img|hr|table)\b", re.I)
_TAG = re.compile(r"<[^>]*>|&nbsp;")
_NO_TEXT = re.compile(
    r"<[\w.]+(?: [^\n>]*)?>(?:\n.*)?"  # <Figure size 640x480 with 1 Axes>, <VegaLite 5 object>
    r"|[\w.]+\((?:\.\.\.)?\)"  # alt.Chart(...), Output()
    r"|Figure(?:Widget)?\(\{.*",  # plotly's
    re.S,
)


class Remedy(NamedTuple):
    """A library that draws with scripts: how it is recognised, what to write instead."""

    sign: str
    library: str
    help: str


REMEDIES = (
    Remedy(
        "plotly",
        "plotly",
        "`pip install kaleido`, and at the top of the post: "
        '`import plotly.io as pio; pio.renderers.default = "png"`',
    ),
    Remedy(
        "vega",
        "altair",
        "`pip install vl-convert-python`, and at the top of the post: "
        '`alt.renderers.enable("png")`',
    ),
    Remedy(
        "bokeh",
        "bokeh",
        "write it with `bokeh.io.export_png` and show the file with `IPython.display.Image`, "
        "or draw it with matplotlib",
    ),
    Remedy("widget", "ipywidgets", "print the value: `print(widget.value)`"),
    Remedy("", "", "show the result as HTML, SVG or a picture, or with `print`"),
)
"""The last of them is for all others."""


def says_something(display: Display, mime: str) -> bool:
    """Whether this form of an output tells readers something without a script."""
    value = display.data.get(mime)
    if isinstance(value, Blob):
        return True
    if value is None or not value.strip():
        return False
    if mime == "text/html":
        return not _is_loader(display, value) and _shows(clean_html(value))
    if mime == "text/plain":
        return _NO_TEXT.fullmatch(value.strip()) is None
    return True


def needs_script(display: Display) -> bool:
    """Whether the output draws with a script and has no form that says something without one."""
    html = display.data.get("text/html")
    scripted = any(map(_is_script, display.others)) or (
        isinstance(html, str) and _SCRIPT.search(html) is not None
    )
    return scripted and not any(says_something(display, mime) for mime in display.data)


def find_output_problems(shown: Shown, *, trust: bool) -> Iterator[Problem]:
    """What authors should know of the outputs that a page shows, at the lines of their blocks."""
    for block, cell in zip(shown.plan.blocks, shown.cells, strict=True):
        if cell is None or cell.status == "not run":
            continue
        found = [*_cuts(cell), *_latex(cell)]
        if not trust:
            found += _scripts(cell)
        for problem in dict.fromkeys(found):
            yield Problem(
                problem.severity, problem.code, problem.message, block.span, "", problem.help
            )


def _scripts(cell: Cell) -> Iterator[Problem]:
    """One problem a library."""
    for output in cell.outputs:
        if isinstance(output, Display) and needs_script(output):
            remedy = _remedy(output)
            by = f" of {remedy.library}" if remedy.library else ""
            message = f"an output{by} can only be shown by a script, which pages have none of"
            yield Problem("error", "needs-script", message, help=(remedy.help,))


def _cuts(cell: Cell) -> Iterator[Problem]:
    cut = sum(_cut(output) for output in cell.outputs)
    if cut:
        message = f"the block said more than a page can show: {cut:,} characters were cut"
        help = "say less, or write it to a file"
        yield Problem("warning", "cut", message, help=(help,))


def _cut(output: Output) -> int:
    return 0 if isinstance(output, Failure) else output.cut


def _latex(cell: Cell) -> Iterator[Problem]:
    for output in cell.outputs:
        if isinstance(output, Display) and isinstance(latex := output.data.get("text/latex"), str):
            converted = convert_latex(latex)
            if isinstance(converted, MathsError):
                message = f"LaTeX that cannot be shown as a formula: {converted.message}"
                yield Problem("warning", "latex", message, help=("it is shown as it is written",))


def _remedy(display: Display) -> Remedy:
    html = display.data.get("text/html")
    signs = " ".join([*display.others, html if isinstance(html, str) else ""]).lower()
    return next(remedy for remedy in REMEDIES if remedy.sign in signs)


def _is_script(mime: str) -> bool:
    return "javascript" in mime or (
        mime.startswith("application/vnd.") and not mime.startswith("application/vnd.dataresource")
    )


def _is_loader(display: Display, html: str) -> bool:
    return any(sign in html for sign in _LOADERS) or (
        any(map(_is_script, display.others)) and _SCRIPT.search(html) is not None
    )


def _shows(html: str) -> bool:
    return bool(_MEDIA.search(html) or _TAG.sub("", html).strip())

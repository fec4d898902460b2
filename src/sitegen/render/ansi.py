"""Terminal colours to classes: `ansi-red-fg`, `ansi-bright-red-bg`, `ansi-bold` and the like.

256 and true colours become the nearest of the sixteen: those have a value for each scheme that
reads well there, which 16 million colours cannot have, and a class needs no inline style.
"""

from __future__ import annotations

import re

from sitegen.base.sgr import NAMES, PLAIN, Style, style_after
from sitegen.render.escape import escape_text

_ESCAPE = re.compile(
    r"\x1b\[([0-9;:]*)m"  # colours and weights
    r"|\x1b\[[0-?]*[ -/]*(?:[@-~]|$)"  # all other control sequences, also one that was cut
    r"|\x1b\].*?(?:\x07|\x1b\\|$)"  # operating system commands, such as links
    r"|\x1b[ -/]*(?:[0-~]|$)",
    re.S,
)


def render_ansi(text: str) -> str:
    """The text escaped for HTML, colours and weights as spans; other sequences are left out."""
    return render_part(text, PLAIN)[0]


def render_part(text: str, style: Style) -> tuple[str, Style]:
    """As `render_ansi`, for a text that begins in a style; with the style in which it ends."""
    if "\x1b" not in text and style == PLAIN:
        return escape_text(text), style
    parts: list[str] = []
    at = 0
    for found in _ESCAPE.finditer(text):
        parts.append(_span(text[at : found.start()], style))
        if found[1] is not None:
            style = style_after(style, found[1])
        at = found.end()
    parts.append(_span(text[at:], style))
    return "".join(parts), style


def _span(text: str, style: Style) -> str:
    shown = escape_text(text)
    classes = _classes(style) if shown else ""
    return f'<span class="{classes}">{shown}</span>' if classes else shown


def _classes(style: Style) -> str:
    """The style's classes; inverse swaps the colours, where there are any to swap."""
    fg, bg, flags = style
    if "inverse" in flags and (fg, bg) != (None, None):
        fg, bg = bg, fg
        flags = tuple(flag for flag in flags if flag != "inverse")
    names = [*flags]
    if fg is not None:
        names.append(f"{NAMES[fg]}-fg")
    if bg is not None:
        names.append(f"{NAMES[bg]}-bg")
    return " ".join(f"ansi-{name}" for name in names)

"""Terminal colours to classes: `ansi-red-fg`, `ansi-bold` and the like (ECMA-48, SGR)."""

from __future__ import annotations

import re

from sitegen.render.escape import escape_text

COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")

_ESCAPE = re.compile(
    r"\x1b\[([0-9;]*)m"  # colours and weights
    r"|\x1b\[[0-?]*[ -/]*(?:[@-~]|$)"  # all other control sequences, also one that was cut
    r"|\x1b\].*?(?:\x07|\x1b\\|$)"  # operating system commands, such as links
    r"|\x1b[ -/]*(?:[0-~]|$)",
    re.S,
)


def render_ansi(text: str) -> str:
    """The text escaped for HTML, colours and bold as spans; all other sequences are left out."""
    if "\x1b" not in text:
        return escape_text(text)
    parts: list[str] = []
    classes: tuple[str, ...] = ()
    at = 0
    for found in _ESCAPE.finditer(text):
        parts.append(_span(text[at : found.start()], classes))
        if found[1] is not None:
            classes = _apply(classes, [int(code or 0) for code in found[1].split(";")])
        at = found.end()
    parts.append(_span(text[at:], classes))
    return "".join(parts)


def _span(text: str, classes: tuple[str, ...]) -> str:
    shown = escape_text(text)
    return f'<span class="{" ".join(classes)}">{shown}</span>' if shown and classes else shown


def _apply(classes: tuple[str, ...], codes: list[int]) -> tuple[str, ...]:
    """The classes after a sequence of SGR codes."""
    kept = dict.fromkeys(classes)
    for code in codes:
        if code in (38, 48):
            break  # 256 and true colours: left as they were
        if code == 0:
            kept.clear()
        elif code == 1:
            kept["ansi-bold"] = None
        elif code == 22:
            kept.pop("ansi-bold", None)
        elif code == 39 or 30 <= code <= 37 or 90 <= code <= 97:
            kept = {name: None for name in kept if not name.endswith("-fg")}
            if code != 39:
                kept[f"ansi-{COLOURS[code % 10]}-fg"] = None
    return tuple(kept)

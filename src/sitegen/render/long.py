"""Text of an output as `<pre>`, long text folded: its first lines open, the rest a click away."""

from __future__ import annotations

from sitegen.base.sgr import PLAIN
from sitegen.render.ansi import render_ansi, render_part

MOST = 40
"""Lines that are shown whole."""

FIRST = 20
"""Lines of a longer text that stay open."""


def render_text(text: str, kind: str) -> str:
    """The text with its colours; of more than 40 lines, 20 and a `<details>` with the others."""
    lines = text.split("\n")
    if len(lines) <= MOST:
        return _pre(render_ansi(text), kind)
    first, style = render_part("\n".join(lines[:FIRST]), PLAIN)
    rest, _ = render_part("\n".join(lines[FIRST:]), style)
    summary = f"<summary>{len(lines) - FIRST:,} more lines</summary>"
    more = f'<details class="cell-more">{summary}{_pre(rest, kind)}</details>'
    return _pre(first, kind) + more


def _pre(html: str, kind: str) -> str:
    return f'<pre tabindex="0" class="{kind}">{html}</pre>'

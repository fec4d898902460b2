"""Code to HTML, as its fence's info string wants it: numbered, marked, hidden lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sitegen.model import Look, Ranges
from sitegen.render.escape import escape_text
from sitegen.render.highlight import highlight


def render_code(code: str, language: str, look: Look) -> str:
    """Code that is not run."""
    inner = name_of(look.name) + pre(code, language, look)
    return f'<div class="code">{inner}</div>\n'


def name_of(name: str | None) -> str:
    """The file name above code."""
    return f'<div class="cell-name">{escape_text(name)}</div>' if name else ""


NO_NOTES: Mapping[int, str] = {}


def pre(code: str, language: str, look: Look, notes: Mapping[int, str] = NO_NOTES) -> str:
    """The `<pre>` of code; a line has an element of its own only where it is numbered or marked.

    `notes` are short texts beside lines, by their place. A number and a note stand in attributes
    that the style sheet shows, so that they are never copied.
    """
    marks = ""
    if language:
        escaped = escape_text(language)
        marks = f' class="language-{escaped}" data-lang="{escaped}"'
    if look.copy is not None:  # a script gives it a button, or none
        marks += f' data-copy="{str(look.copy).lower()}"'
    marks += "".join(f' data-{key}="{escape_text(value)}"' for key, value in look.data)
    html = highlight(code, language)
    if look.linenos or look.hl_lines or look.hide_lines or notes:
        html = "\n".join(_lines(html, look, notes))
    return f'<pre tabindex="0"><code{marks}>{html}</code></pre>'


def shown_number(look: Look, place: int) -> int | None:
    """The number by which a reader knows a line of the code, from 1; None where it is hidden."""
    if _holds(look.hide_lines, place):
        return None
    hidden = sum(_holds(look.hide_lines, line) for line in range(1, place))
    return look.linenostart + place - 1 - hidden


def _lines(html: str, look: Look, notes: Mapping[int, str]) -> Iterator[str]:
    number = look.linenostart
    for place, line in enumerate(html.split("\n"), 1):
        if _holds(look.hide_lines, place):
            continue
        data = f' data-number="{number}"' if look.linenos else ""
        if place in notes:
            note = escape_text(notes[place])
            yield f'<mark class="line noted"{data} data-note="{note}">{line}</mark>'
        elif _holds(look.hl_lines, place):
            yield f'<mark class="line"{data}>{line}</mark>'
        else:
            yield f'<span class="line"{data}>{line}</span>' if data else line
        number += 1


def _holds(ranges: Ranges, place: int) -> bool:
    return any(first <= place <= last for first, last in ranges)

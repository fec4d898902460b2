"""Outputs to HTML: streams, rich displays by MIME type, failures with their places in the post."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import assert_never

import msgspec
from markdown_it import MarkdownIt

from sitegen.base.digest import digest_bytes
from sitegen.model import Artifact, Blob, Display, Failure, Frame, Output, Plan, Stream
from sitegen.render.clean import clean_html, clean_svg
from sitegen.render.escape import escape_text
from sitegen.render.highlight import highlight
from sitegen.render.latex import convert_latex
from sitegen.render.long import MOST, render_text
from sitegen.render.maths import MathsError
from sitegen.render.needs import PICTURES, needs_script, says_something
from sitegen.render.sizes import picture_size

SHORT = 32
"""Digits of a digest in a file's name."""

ON_DARK_SCREENS = "screen and (prefers-color-scheme: dark)"
"""Where a figure's dark picture is shown: paper is white, whatever its reader prefers.

Chromium prints before `picture` has chosen anew, so the light one stands there once more, hidden,
for the style sheet to show in print; nothing loads it before.
"""

_SVG_ROOT = re.compile(r"<svg\b[^>]*>")
_SVG_SIZE = re.compile(r"""\s(width|height)=["'](\d+(?:\.\d+)?)(?:px)?["']""")
_COLOURED = re.compile(r"""\bstyle=["'][^"']*color""")
_ONLY_PRE = re.compile(r"<pre\b(?:(?!<pre\b).)*</pre>", re.S)
_NO_SCRIPT = "This output can only be drawn by a script, and is not shown."


class Place(msgspec.Struct, frozen=True):
    """What an output needs to know of its page: its URL, the plan it belongs to, what to trust.

    `page` is what the page was called when the run was made; its texts name blocks after it.
    """

    url: str
    plan: Plan
    page: str
    trust: bool
    stale: bool
    alt: str


class Rendered(msgspec.Struct, frozen=True):
    """HTML, and the files that it shows."""

    html: str
    files: tuple[Artifact, ...] = ()


def render_output(output: Output, place: Place) -> Rendered:
    """One output of a block as HTML."""
    match output:
        case Stream(name=name, text=text):
            shown = name_places(text, place).rstrip("\n")
            return Rendered(render_text(shown, f"stream {name}") if shown else "")
        case Display():
            return _render_display(output, place)
        case Failure():
            return Rendered(f'<pre tabindex="0">{escape_text(render_failure(output, place))}</pre>')
        case _:
            assert_never(output)


def render_failure(failure: Failure, place: Place) -> str:
    """The exception and where it came from, innermost first, in plain text.

    Of a library's own levels only the innermost is named: the author cannot mend the others.
    """
    value = name_places(failure.value, place)
    lines = [f"{failure.name}: {value}" if value else failure.name]
    innermost = len(failure.frames) - 1
    for index, frame in reversed(list(enumerate(failure.frames))):
        if frame.block is not None or index == innermost:
            where = _in_function(frame)
            lines.append(f"  {frame_place(frame, place)}{where}")
    return "\n".join(lines)


def frame_place(frame: Frame, place: Place) -> str:
    """`content/posts/x.md:24` for a block's line as the file stands today, else the library's."""
    if frame.block is None:
        return f"{frame.file}:{frame.line}"
    return _line_of(frame.block, frame.line, place)


def name_places(text: str, place: Place) -> str:
    """The text with the names under which blocks are compiled turned into lines of the post."""
    if "/block-" not in text:
        return text
    file = rf"(?<![\w/.-]){re.escape(place.page)}/block-(?P<block>\d+)(?:\+(?P<below>\d+))?\.py"
    pattern = rf'(?P<quote>")?{file}(?(quote)", line |(?::|, line ))(?P<line>\d+)'

    def line_of(found: re.Match[str]) -> str:
        line = int(found["line"]) + int(found["below"] or 0)
        return _line_of(int(found["block"]) - 1, line, place)

    return re.sub(pattern, line_of, text)


def _in_function(frame: Frame) -> str:
    return f" in {frame.function}" if frame.function not in ("", "<module>") else ""


def _line_of(block: int, line: int, place: Place) -> str:
    blocks = place.plan.blocks
    if place.stale or not (0 <= block < len(blocks) and 0 < line <= len(blocks[block].lines)):
        return f"block {block + 1}, line {line}"
    file = blocks[block].file or place.plan.file
    return f"{file}:{blocks[block].lines[line - 1]}"


def _render_display(display: Display, place: Place) -> Rendered:
    """The first form that says something; of what needs a script and has none, a note."""
    if not place.trust and needs_script(display):
        return Rendered(f'<p class="cell-note">{_NO_SCRIPT}</p>')
    forms = [(mime, render) for mime, render in RENDERERS.items() if mime in display.data]
    if not place.trust and _is_coloured_text(display):
        forms = [form for form in forms if form[0] != "text/html"]
    for mime, render in forms:
        if says_something(display, mime) or (place.trust and mime == "text/html"):
            rendered = render(display, display.data[mime], place)
            if rendered.html:
                return rendered
    plain = display.data.get("text/plain")
    return _plain(display, plain, place) if plain is not None else Rendered("")


def _is_coloured_text(display: Display) -> bool:
    """Whether the HTML says what the plain text says, as rich's does, in colours of its own."""
    html, plain = display.data.get("text/html"), display.data.get("text/plain")
    return (
        isinstance(html, str)
        and isinstance(plain, str)
        and (_ONLY_PRE.fullmatch(html.strip()) is not None and "\x1b[" in plain)
    )


def _html(display: Display, value: str | Blob, place: Place) -> Rendered:
    html = value if isinstance(value, str) else ""
    if not place.trust:
        html = clean_html(html)
    label = escape_text(place.alt)
    kind = "html own-colours" if _COLOURED.search(html) else "html"
    return Rendered(
        f'<div class="{kind}" tabindex="0" role="group" aria-label="{label}">{html}</div>'
    )


def _plain(display: Display, value: str | Blob, place: Place) -> Rendered:
    text = name_places(value, place).rstrip("\n") if isinstance(value, str) else ""
    return Rendered(render_text(text, "result") if text.strip() else "")


def _latex(display: Display, value: str | Blob, place: Place) -> Rendered:
    """Formulas as MathML; what is none, or cannot be converted, leaves it to the other forms."""
    converted = convert_latex(value) if isinstance(value, str) else ""
    if isinstance(converted, MathsError):
        pictured = any(mime in display.data for mime in PICTURES)
        return Rendered("") if pictured else _plain(display, value, place)
    return Rendered(f'<div class="maths" tabindex="0" role="group">{converted}</div>')


def _json(display: Display, value: str | Blob, place: Place) -> Rendered:
    """JSON as it was indented, in colour, folded where it is long."""
    text = value if isinstance(value, str) else ""
    lines = text.count("\n") + 1
    pre = f'<pre tabindex="0" class="result"><code>{highlight(text, "json")}</code></pre>'
    if lines <= MOST:
        return Rendered(pre)
    return Rendered(
        f'<details class="cell-more"><summary>JSON, {lines:,} lines</summary>{pre}</details>'
    )


def _markdown(display: Display, value: str | Blob, place: Place) -> Rendered:
    """Markdown without raw HTML, cleaned as HTML is."""
    text = value if isinstance(value, str) else ""
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    return _html(display, html, place)


def _svg(display: Display, value: str | Blob, place: Place) -> Rendered:
    """SVG in a file of its own, shown as an image: in there no script runs."""
    text = value if isinstance(value, str) else ""
    if not place.trust:
        text = clean_svg(text)
    content = text.encode("utf-8", "replace")
    blob = Blob(digest_bytes(content), len(content), content)
    sized = msgspec.structs.replace(display, **_svg_size(text))
    return _image(sized, blob, place, extension="svg")


def _svg_size(text: str) -> dict[str, int]:
    """Width and height in pixels, where the root element gives both as plain numbers."""
    root = _SVG_ROOT.search(text)
    found = dict(_SVG_SIZE.findall(root.group())) if root else {}
    return {name: round(float(value)) for name, value in found.items()} if len(found) == 2 else {}


def _image(display: Display, value: str | Blob, place: Place, *, extension: str) -> Rendered:
    if not isinstance(value, Blob):
        return Rendered("")
    name = f"{value.digest[:SHORT]}.{extension}"
    width, height = _size(display, value.content)
    size = f' width="{width}" height="{height}"' if width and height else ""
    attributes = f'{size} alt="{escape_text(place.alt)}" loading="lazy" decoding="async"'
    html = f'<img src="{name}"{attributes}>'
    files = (_file(name, value, place),)
    if display.dark is None or extension != "png":
        return Rendered(html, files)
    dark = f"{display.dark.digest[:SHORT]}.{extension}"
    source = f'<source media="{ON_DARK_SCREENS}" srcset="{dark}">'
    on_paper = f'<img hidden src="{name}"{attributes}>'
    html = f"<picture>{source}{html}</picture>{on_paper}"
    return Rendered(html, (*files, _file(dark, display.dark, place)))


def _file(name: str, blob: Blob, place: Place) -> Artifact:
    path = f"{place.url.strip('/')}/{name}".lstrip("/")
    return Artifact(path, blob.content, place.plan.file)


def _size(display: Display, content: bytes) -> tuple[int | None, int | None]:
    """Width and height on the page: what the kernel names, the other in proportion, else the
    picture's own."""
    width, height = display.width, display.height
    if width is not None and height is not None:
        return width, height
    own = picture_size(content)
    if own is None:
        return None, None
    if width is not None:
        return width, max(1, round(width * own[1] / own[0]))
    if height is not None:
        return max(1, round(height * own[0] / own[1])), height
    return own


RENDERERS: dict[str, Callable[[Display, str | Blob, Place], Rendered]] = {
    "text/html": _html,
    "text/latex": _latex,
    "image/svg+xml": _svg,
    "image/png": partial(_image, extension="png"),
    "image/jpeg": partial(_image, extension="jpg"),
    "image/webp": partial(_image, extension="webp"),
    "image/gif": partial(_image, extension="gif"),
    "text/markdown": _markdown,
    "application/json": _json,
    "text/plain": _plain,
}
"""How each MIME type is shown; of a bundle, the first that stands here is taken."""

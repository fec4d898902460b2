"""SVG around what is drawn: inline, in the colours of the page, or a file of its own.

Horizontal places are percentages and vertical ones pixels, so that text keeps its size however
narrow the page is. What is drawn stands beside names; `names` is their width in characters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from sitegen.benchmarks import Summary
from sitegen.render.escape import escape_text

MARKS = (
    "M-4-4H4V4H-4Z",
    "M-4.5 0A4.5 4.5 0 1 0 4.5 0A4.5 4.5 0 1 0-4.5 0Z",
    "M0-5L5 4H-5Z",
    "M0-5.5L5.5 0L0 5.5L-5.5 0Z",
    "M0 5L5-4H-5Z",
    "M-2-5H2V-2H5V2H2V5H-2V2H-5V-2H-2Z",
)
"""The shapes of markers, by the number of their variant."""

COLOURS = (
    ("#434b58", "#c3ccd6"),
    ("#0f6a4a", "#55d39c"),
    ("#dd620c", "#e5702f"),
    ("#3b82dc", "#6f8cf7"),
    ("#c04a90", "#cf66b0"),
    ("#6b4a0c", "#f0cb4a"),
)
"""The colours of variants on light and on dark pages, as the style sheet has them."""

FILE_WIDTH = 640
_KEY_LINE = 20
_CHARACTER = 7.2
"""Pixels that a character of a name takes in a file, about."""


class Group(NamedTuple):
    """A benchmark on one device, or of one run, as a chart of several names it."""

    label: str
    summary: Summary


class Look(msgspec.Struct, frozen=True):
    """What a chart is called and what its variants look like, by number; `id` is unique on its
    page."""

    id: str
    title: str
    colours: Mapping[str, int]

    def colour(self, variant: str) -> str:
        return f"v{self.colours.get(variant, 0) % len(COLOURS) + 1}"

    def mark(self, variant: str) -> str:
        return MARKS[self.colours.get(variant, 0) % len(MARKS)]


class Key(NamedTuple):
    """What a sign in a drawing means: the sign, around its middle; `power` is that of a growth."""

    sign: str
    name: str
    grows: str = ""
    power: str = ""


class Drawing(NamedTuple):
    """What stands in an SVG: its height in pixels, and what it says to those who cannot see it."""

    content: str
    height: float
    names: int
    says: str
    key: tuple[Key, ...] = ()


def render_inline(drawing: Drawing, look: Look, suffix: str = "") -> str:
    """The drawing as part of a page: as wide as its frame, in the page's colours."""
    id = f"{look.id}{suffix}"
    names = f' style="--names: {drawing.names}ch"' if drawing.names else ""
    return (
        f"{_key_list(drawing.key)}"
        f'<svg class="chart" role="img" aria-labelledby="{id}-t {id}-d" width="100%"'
        f' height="{drawing.height:g}"{names}>'
        f'<title id="{id}-t">{escape_text(look.title)}</title>'
        f'<desc id="{id}-d">{escape_text(drawing.says)}</desc>'
        f"{drawing.content}</svg>"
    )


def _key_list(key: Sequence[Key]) -> str:
    """The key as a list, above the drawing."""
    if not key:
        return ""
    entries = []
    for sign, name, grows, power in key:
        growth = f" <small>{escape_text(grows)}<sup>{power}</sup></small>" if grows else ""
        mark = f'<svg class="sign" viewBox="-14 -8 28 16" aria-hidden="true">{sign}</svg>'
        entries.append(f"<li>{mark}{escape_text(name)}{growth}</li>")
    return f'<ul class="bench-key">{"".join(entries)}</ul>'


def _key_lines(key: Sequence[Key], left: float, top: float) -> str:
    """The key as lines of text in a file."""
    lines = []
    for place, (sign, name, grows, power) in enumerate(key):
        growth = (
            f' {escape_text(grows)}<tspan class="power" dy="-4">{power}</tspan>' if grows else ""
        )
        lines.append(
            f'<g transform="translate({left + 14:g} {top + _KEY_LINE * place + 8:g})">{sign}'
            f'<text x="22" y="4">{escape_text(name)}{growth}</text></g>'
        )
    return "".join(lines)


class Picture(NamedTuple):
    """An SVG file with its size in pixels."""

    text: str
    width: int
    height: int


def render_file(drawings: Sequence[tuple[str, Drawing]], look: Look, origin: str) -> Picture:
    """The drawings, each under its heading, as a file: of a fixed size, in light colours; `origin`
    says below them on what and when they were measured."""
    left = 16 + max(drawing.names for _, drawing in drawings) * _CHARACTER
    top, parts = 40.0, []
    for heading, drawing in drawings:
        if heading:
            parts.append(f'<text x="{left:g}" y="{top + 12:g}">{escape_text(heading)}</text>')
            top += 22
        parts.append(_key_lines(drawing.key, left, top))
        top += _KEY_LINE * len(drawing.key)
        parts.append(
            f'<svg x="{left:g}" y="{top:g}" width="{FILE_WIDTH - 32 - left:g}"'
            f' height="{drawing.height:g}" overflow="visible">{drawing.content}</svg>'
        )
        top += drawing.height + 8
    parts.append(f'<text x="16" y="{top + 10:g}">{escape_text(origin)}</text>')
    height = round(top + 24)
    says = " ".join(f"{heading}: {drawing.says}".lstrip(": ") for heading, drawing in drawings)
    text = (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="t d"'
        f' width="{FILE_WIDTH}" height="{height}" viewBox="0 0 {FILE_WIDTH} {height}">'
        f'<title id="t">{escape_text(look.title)}</title><desc id="d">{escape_text(says)}</desc>'
        f'<style>{_STYLE}</style><rect class="ground" width="100%" height="100%"/>'
        f'<text class="title" x="16" y="24">{escape_text(look.title)}</text>'
        f"{''.join(parts)}</svg>\n"
    )
    return Picture(text, FILE_WIDTH, height)


def pixels(value: float) -> str:
    """A length in pixels, to a tenth."""
    return f"{round(value, 1):g}"


def percent(value: float) -> str:
    """A place in percent, to a hundredth."""
    return f"{round(value, 2):g}%"


def hatching(id: str) -> str:
    """The pattern that lies over what is unstable."""
    return (
        f'<pattern id="{id}-h" width="7" height="7" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><path class="hatching" d="M0 0V7"/></pattern>'
    )


_FILLS = "".join(
    f".v{number}{{fill:{light};stroke:{light}}}" for number, (light, _) in enumerate(COLOURS, 1)
)
_STYLE = (
    "text{font:12px system-ui,sans-serif;stroke:none;fill:#5c564c}"
    ".title{font-size:14px;font-weight:600;fill:#1f1c18}.grid{stroke:#ded8cb}"
    f"{_FILLS}.bar{{stroke:none}}.path{{fill:none;stroke-width:2}}"
    ".reach{stroke:#1f1c18;stroke-width:1.4}.hatching{stroke:#fcfbf7;stroke-width:3}"
    ".ground,.hollow{fill:#fcfbf7}.end{text-anchor:end}.middle{text-anchor:middle}"
    ".power{font-size:9px}"
)

"""Other colours for the artists of a matplotlib figure, for the time of saving it.

Only what kept the colours of the style changes: it becomes the dark scheme's ink and ground. What
stands on a ground of its author's, or on an image, keeps its colours: they were chosen for that.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

DARK_INK, DARK_GROUND = "#e9e4d9", "#161512"
"""`--ink` and `--paper` of the theme's dark scheme."""

READABLE = 3.0
"""The contrast below which a grey is swapped even where its author chose it."""

LIGHT = 0.85
"""The lightness of white paper and of the greys that styles give to axes."""

LETTERS = "text.color axes.labelcolor axes.titlecolor legend.labelcolor".split() + [
    f"{axis}tick.{name}" for axis in "xy" for name in ("color", "labelcolor")
]
STROKES = (
    "axes.edgecolor grid.color grid.major.color grid.minor.color legend.edgecolor patch.edgecolor "
    "hatch.color boxplot.boxprops.color boxplot.whiskerprops.color boxplot.capprops.color "
    "boxplot.flierprops.color boxplot.flierprops.markeredgecolor"
).split()
PAPERS = ("figure.facecolor", "savefig.facecolor")
GROUNDS = (
    *PAPERS,
    *("figure.edgecolor", "axes.facecolor", "legend.facecolor"),
    *(f"axes3d.{axis}axis.panecolor" for axis in "xyz"),
)
"""The settings whose colours count as a style's own: of text, lines, the page, what lies on it."""

Colour = tuple[float, float, float, float]
Change = tuple[Any, dict[str, Any]]
"""An artist, and by property the colours that it is given."""


@contextmanager
def recoloured(changes: list[Change]) -> Iterator[None]:
    """Within, the artists have other colours; afterwards each is exactly what it was."""
    before = [(artist, dict(artist.__dict__)) for artist, _ in changes]
    try:
        for artist, colours in changes:
            if "grid3d" in colours:
                grid = {**artist._axinfo["grid"], "color": colours["grid3d"]}
                artist._axinfo = {**artist._axinfo, "grid": grid}
                continue
            if getattr(artist, "colors", None) is not None:  # a contour: its mapping would win
                artist.set_array(None)
            for name, colour in colours.items():
                getattr(artist, f"set_{name}")(colour)
        yield
    finally:
        for artist, state in reversed(before):
            artist.__dict__.clear()
            artist.__dict__.update(state)


class Style(NamedTuple):
    """The colours, as (red, green, blue) in 255ths, that a style gives by itself."""

    letters: frozenset[tuple[int, ...]]
    strokes: frozenset[tuple[int, ...]]
    grounds: frozenset[tuple[int, ...]]
    papers: frozenset[tuple[int, ...]]
    light_on_dark: bool


def style_of(settings: Mapping[str, Any], figure: Any) -> Style:
    """The style as it is set now, with what matplotlib sets where no style does.

    A light grey ground of axes is taken for that of a style that was set while they were made.
    """
    black, white = (0, 0, 0), (255, 255, 255)

    def colours(names: list[str] | tuple[str, ...], default: tuple[int, ...]) -> frozenset[Any]:
        found = [settings.get(name) for name in names]
        return frozenset({default, *(key(rgba(colour)) for colour in found if _is_fixed(colour))})

    letters = colours(LETTERS, black)
    strokes = colours(STROKES, black)
    luma = lightness(rgba(settings["text.color"]))
    faces = [rgba(axes.patch.get_facecolor()) for axes in figure.axes]
    light = {key(face) for face in faces if _is_grey(face) and lightness(face) > LIGHT}
    grounds = colours(GROUNDS, white) | light
    return Style(letters, strokes, grounds, colours(PAPERS, white), luma > 0.5)


def _is_fixed(colour: Any) -> bool:
    """Whether a setting is a colour of its own: not `auto`, `none` or one of the cycle."""
    colors = sys.modules["matplotlib.colors"]
    is_of_cycle = isinstance(colour, str) and colour[:1] == "C" and colour[1:].isdigit()
    return colour is not None and not is_of_cycle and bool(colors.is_color_like(colour))


def rgba(colour: Any) -> Colour:
    found: Colour = sys.modules["matplotlib.colors"].to_rgba(colour)
    return found


def key(colour: Any) -> tuple[int, ...]:
    return tuple(round(float(part) * 255) for part in colour[:3])


def lightness(colour: Any) -> float:
    """From 0 for black to 1 for white, as ITU-R BT.601 weighs the channels."""
    return float(0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2])


def luminance(colour: Any) -> float:
    """WCAG's relative luminance."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]
    ]
    return float(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])


def _is_grey(colour: Colour) -> bool:
    return max(colour[:3]) - min(colour[:3]) < 0.05


def dark_of(colour: Any, own: frozenset[tuple[int, ...]]) -> Colour | None:
    """The dark scheme's colour for one of the style's own or a grey unreadable there, else None.

    Black becomes ink and white the ground; what lies between keeps its distance from both.
    """
    if colour[3] == 0:
        return None
    ink, ground = rgba(DARK_INK), rgba(DARK_GROUND)
    contrast = (luminance(colour) + 0.05) / (luminance(ground) + 0.05)
    if key(colour) not in own and not (_is_grey(colour) and contrast < READABLE):
        return None
    part = 1 - lightness(colour)
    red, green, blue = (
        low + part * (high - low) for low, high in zip(ground[:3], ink[:3], strict=True)
    )
    return red, green, blue, float(colour[3])


def has_own_ground(figure: Any, style: Style) -> bool:
    """Whether a figure's ground is dark or its author's choice, so that it suits any page.

    So does a style that gives all it draws a halo, as `plt.xkcd` does.
    """
    if figure.patch.get_path_effects():
        return True
    ground = rgba(figure.get_facecolor())
    if ground[3] == 0:
        return style.light_on_dark
    return key(ground) not in style.papers or lightness(ground) < 0.5


def clear_grounds(figure: Any, style: Style) -> list[Change]:
    """Let the page show through figure and axes, but for axes that lie on others."""
    papers = style.papers | {key(rgba(figure.get_facecolor()))}
    axes = [part for top in figure.axes for part in (top, *top.child_axes)]
    clear = [figure, *figure.subfigs, *(part for part in axes if not _lies_on_another(part, axes))]
    return [
        (part.patch, {"facecolor": "none"})
        for part in clear
        if key(rgba(part.patch.get_facecolor())) in papers
    ]


def _lies_on_another(axes: Any, others: list[Any]) -> bool:
    own = axes.get_window_extent()
    boxes = [other.get_window_extent() for other in others]
    return any(
        box.x0 <= own.x0 and own.x1 <= box.x1 and box.y0 <= own.y0 and own.y1 <= box.y1
        for box in boxes
        if own.width * own.height < box.width * box.height
    )


def dark_changes(figure: Any, style: Style) -> list[Change]:
    """What becomes of a drawn figure's artists on a dark page."""
    changes = []
    for artist in on_style_ground(figure, style):
        colours = dark_colours(artist, style)
        if colours:
            changes.append((artist, colours))
    return changes


def on_style_ground(artist: Any, style: Style) -> Iterator[Any]:
    """The artist and all below it, but for those that have a ground of their own."""
    yield artist
    kept: set[int] = set()
    children = [*artist.get_children(), *_unlisted(artist, style)]
    if _is(artist, "axes", "Axes") and _is_grounded(artist, style):
        axes = artist._axis_map.values()
        ticks = [tick for axis in axes for tick in (*axis.majorTicks, *axis.minorTicks)]
        kept = {id(tick.gridline) for tick in ticks}
        children = [*artist.spines.values(), *axes, *artist.child_axes]
        children += [artist.title, artist._left_title, artist._right_title]
        children += [text for text in artist.texts if _is_outside(text, artist)]
    elif _is(artist, "legend", "Legend") and _is_own(artist.get_frame(), style):
        return
    for child in children:
        yield from (part for part in on_style_ground(child, style) if id(part) not in kept)


def _unlisted(artist: Any, style: Style) -> list[Any]:
    """The parts of an artist that it draws and does not count among its children."""
    names = ("_bbox_patch", "_text", "arrow_patch", "line", "pane", "patch", "text", "vector")
    parts = [vars(artist).get(name) for name in names]
    box = parts[0]
    return [
        part
        for part in parts
        if _is(part, "artist", "Artist") and not (part is box and _is_own(box, style))
    ]


def _is_own(ground: Any, style: Style) -> bool:
    """Whether a patch under other artists is shown in a colour that no style gave it."""
    colour = ground.get_facecolor()
    return bool(ground.get_visible() and colour[3] > 0 and key(colour) not in style.grounds)


def _is(part: Any, module: str, name: str) -> bool:
    return isinstance(part, getattr(sys.modules[f"matplotlib.{module}"], name))


def _is_grounded(axes: Any, style: Style) -> bool:
    """Whether axes have a ground that stays: a colour of their author's, an image, a mesh."""
    return (axes.axison and _is_own(axes.patch, style)) or any(
        _is(part, "image", "_ImageBase")
        or _is(part, "collections", "QuadMesh")
        or getattr(part, "filled", False)  # a filled contour
        for part in axes.get_children()
    )


def _is_outside(text: Any, axes: Any) -> bool:
    place = text.get_transform().transform(text.get_unitless_position())
    return not axes.get_window_extent().contains(*place)


def dark_colours(artist: Any, style: Style) -> dict[str, Any]:
    """By property, the colours that an artist changes on a dark page."""
    if artist.get_path_effects():
        return {}  # such as a halo, which was chosen for the colour within it
    if _is(artist, "text", "Text"):
        box = artist.get_bbox_patch()
        if box is not None and _is_own(box, style):
            return {}
        return _changed(style.letters, color=artist.get_color())
    own = style.letters | style.strokes | style.grounds
    if _is(artist, "lines", "Line2D"):
        parts = {
            name: vars(artist)[f"_{name}"]
            for name in ("color", "markerfacecolor", "markeredgecolor")
        }
        return _changed(own, **{name: part for name, part in parts.items() if _is_fixed(part)})
    if _is(artist, "patches", "Patch"):
        return _changed(own, facecolor=artist.get_facecolor(), edgecolor=artist.get_edgecolor())
    if _is(artist, "collections", "Collection"):
        return _changed_rows(artist, own)
    if "grid" in getattr(artist, "_axinfo", {}):  # of 3-d axes, where each drawing sets it anew
        return _changed(own, grid3d=artist._axinfo["grid"]["color"])
    return {}


def _changed(own: frozenset[tuple[int, ...]], **colours: Any) -> dict[str, Any]:
    dark = {name: dark_of(rgba(colour), own) for name, colour in colours.items()}
    return {name: colour for name, colour in dark.items() if colour is not None}


def _changed_rows(artist: Any, own: frozenset[tuple[int, ...]]) -> dict[str, Any]:
    """The same for a collection, which has many colours of each kind.

    Mapped ones stay, and so do the edges of faces that are mapped.
    """
    is_contour = getattr(artist, "colors", None) is not None
    if not is_contour and (artist._face_is_mapped or artist._edge_is_mapped):
        return {}
    found = {}
    for name in ("facecolor", "edgecolor"):
        if isinstance(vars(artist)[f"_{name}s"], str):  # `face`: as that
            continue
        rows = [tuple(row) for row in getattr(artist, f"get_{name}")()]
        dark = [dark_of(row, own) for row in rows]
        if any(dark):
            found[name] = [new or row for new, row in zip(dark, rows, strict=True)]
    return found

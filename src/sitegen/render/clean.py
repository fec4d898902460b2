"""Cleaning of stored outputs: what may stand in HTML and SVG that came by pull request."""

from __future__ import annotations

import re

import nh3

from sitegen.render.tables import inline_styles, name_heads

_HTML_TAGS = set(
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption "
    "figure h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub "
    "summary sup table tbody td tfoot th thead time tr u ul var".split()
)
_HTML_ATTRIBUTES = {
    "*": {"class", "title", "dir", "lang", "style"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope"},
    "ol": {"start"},
    "time": {"datetime"},
    "details": {"open"},
}
_SVG_TAGS = set(
    "circle clipPath defs desc ellipse feBlend feColorMatrix feComposite feFlood feGaussianBlur "
    "feMerge feMergeNode feOffset filter g image line linearGradient marker mask path pattern "
    "polygon polyline radialGradient rect stop svg symbol text textPath title tspan use".split()
)
_SVG_ATTRIBUTES = set(
    "clip-path clip-rule clipPathUnits class cx cy d dominant-baseline dx dy fill fill-opacity "
    "fill-rule filter font-family font-size font-style font-weight fx fy gradientTransform "
    "gradientUnits height href id in in2 letter-spacing marker-end marker-height marker-mid "
    "marker-start marker-width markerHeight markerUnits markerWidth mask maskUnits mode offset "
    "opacity operator orient patternTransform patternUnits points preserveAspectRatio r refX refY "
    "result role rotate rx ry spreadMethod stdDeviation stop-color stop-opacity stroke "
    "stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit "
    "stroke-opacity stroke-width text-anchor textLength transform type values vector-effect "
    "version viewBox visibility width x x1 x2 xmlns y y1 y2".split()
)
_STYLE_PROPERTIES = {name for name in _SVG_ATTRIBUTES if "-" in name} | {
    "fill",
    "font",
    "mask",
    "opacity",
    "stroke",
    "visibility",
}
_HTML_STYLE = {
    "background-color",
    "border",
    "border-bottom",
    "border-left",
    "border-right",
    "border-top",
    "color",
    "font-style",
    "font-weight",
    "text-align",
    "text-decoration",
    "vertical-align",
    "white-space",
}
"""What a `style` may say: how text and cells look, never where they stand."""

_EVERYWHERE = re.compile(
    r"<style[^>]*>\s*\*\s*\{\s*stroke-linejoin:\s*(\w+);\s*stroke-linecap:\s*(\w+);?\s*\}\s*</style>"
)
"""matplotlib's one rule: inherited properties, so they say the same on the root element."""

_LINK = re.compile(r"\bxlink:href\s*=")
_ROOT = re.compile(r"<svg\b", re.I)


def clean_html(html: str) -> str:
    """The HTML without scripts, forms, frames and links that leave the page; tables say what their
    heads head, and colours that a style sheet gave to cells stay with them."""
    cleaned = nh3.clean(
        inline_styles(html),
        tags=_HTML_TAGS,
        attributes=_HTML_ATTRIBUTES,
        attribute_filter=_local_only,
        filter_style_properties=_HTML_STYLE,
        url_schemes={"data", "http", "https"},
        link_rel=None,
    )
    return name_heads(cleaned)


def clean_svg(svg: str) -> str:
    """The SVG as a document of its own without scripts, handlers and anything from elsewhere.

    Glyphs that matplotlib defines once and uses by `xlink:href="#…"` stay.
    """
    cleaned = nh3.clean(
        _LINK.sub("href=", svg),
        tags=_SVG_TAGS,
        clean_content_tags={"script", "style", "foreignObject"},
        attributes={"*": _SVG_ATTRIBUTES | {"style"}},
        attribute_filter=_local_only,
        filter_style_properties=_STYLE_PROPERTIES,
        url_schemes={"data"},
        link_rel=None,
    )
    root = _ROOT.search(cleaned)
    if root is None:
        return '<svg xmlns="http://www.w3.org/2000/svg"></svg>'
    cleaned = cleaned[root.start() :].strip()
    strokes = _EVERYWHERE.search(svg)
    if strokes:
        joins = f'stroke-linejoin="{strokes[1]}" stroke-linecap="{strokes[2]}"'
        cleaned = cleaned.replace("<svg", f"<svg {joins}", 1)
    if 'xmlns="http://www.w3.org/2000/svg"' not in cleaned[: cleaned.index(">")]:
        cleaned = cleaned.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return cleaned.replace("&nbsp;", "\u00a0")  # the one name that XML does not know


def _local_only(tag: str, attribute: str, value: str) -> str | None:
    """Links only within the page, pictures only inline: nothing is fetched from elsewhere."""
    if attribute == "src" or (tag, attribute) == ("image", "href"):
        return value if value.startswith("data:image/") else None
    if attribute == "href":
        return value if value.startswith("#") else None
    if "url(" in value and not re.search(r"url\(\s*['\"]?#", value):
        return None
    return value

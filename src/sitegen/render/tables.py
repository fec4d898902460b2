"""Tables that libraries wrote as HTML: what their heads head, and the colours of their cells."""

from __future__ import annotations

import re

_TAGS = re.compile(r"<(/?)(thead|tbody|tfoot|th)\b([^>]*)>(\s*</th>)?", re.I)
_STYLES = re.compile(r"<style\b[^>]*>(.*?)</style\s*>", re.I | re.S)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_ID = re.compile(r"#([\w-]+)")
_WITH_ID = re.compile(r"""<(\w+)\b([^<>]*?)\sid=["']([\w-]+)["']([^<>]*)>""")
_COLOUR = re.compile(r"(?:^|;)\s*color\s*:", re.I)
_GROUND = re.compile(r"background-color\s*:\s*([^;]+)", re.I)
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})(?:[0-9a-f]{2})?$", re.I)
_DARK = frozenset(
    "black blue brown darkblue darkgreen darkred green indigo maroon navy purple".split()
)


def name_heads(html: str) -> str:
    """The tables with a scope for each head that lacks one: of columns in `thead`, else of rows.

    An empty corner, as pandas leaves it, heads nothing and is no head.
    """
    part = ""

    def named(found: re.Match[str]) -> str:
        nonlocal part
        closing, tag, attributes, empty = found.groups()
        if tag.lower() != "th":
            part = "" if closing else tag.lower()
            return found.group()
        if closing:
            return found.group()
        if empty and not attributes.strip():
            return "<td></td>"
        if "scope=" in attributes or not part:
            return found.group()
        if part == "thead":
            scope = "colgroup" if "colspan=" in attributes else "col"
        else:
            scope = "rowgroup" if "rowspan=" in attributes else "row"
        return f'<th scope="{scope}"{attributes}>{empty or ""}'

    return _TAGS.sub(named, html)


def inline_styles(html: str) -> str:
    """The HTML with what a style sheet in it says of single ids written at those elements.

    So pandas' styled tables keep their colours, though their style sheet goes. Text on a coloured
    ground without a colour of its own is given one that can be read.
    """
    styles: dict[str, list[str]] = {}
    for sheet in _STYLES.findall(html):
        for selectors, declarations in _RULE.findall(sheet):
            for selector in selectors.split(","):
                found = _ID.fullmatch(selector.strip())
                if found:
                    said = " ".join(declarations.split()).strip("; ")
                    styles.setdefault(found[1], []).append(said.replace('"', "'"))
    if not styles:
        return html

    def styled(found: re.Match[str]) -> str:
        tag, before, name, after = found.groups()
        said = styles.get(name)
        if said is None or "style=" in before + after:
            return found.group()
        return f'<{tag}{before} style="{_readable("; ".join(said))}"{after}>'

    return _WITH_ID.sub(styled, html)


def _readable(style: str) -> str:
    """The style with a colour for its text where it only gives the ground."""
    grounds = _GROUND.findall(style)
    if not grounds or _COLOUR.search(style.replace("background-color", "")):
        return style
    return f"{style}; color: {'#fff' if _is_dark(grounds[-1].strip()) else '#000'}"


def _is_dark(colour: str) -> bool:
    found = _HEX.match(colour)
    if not found:
        return colour.lower() in _DARK
    digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return bool(0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 < 0.18)

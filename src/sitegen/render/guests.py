"""Bodies whose authors are not trusted: cleaned as a whole, with our own parts put in afterwards.

What is ours (code, formulas, outputs, what templates gave) waits behind marks. Their key is made
from all that there is, so that no text can hold a mark which it knows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import nh3

from sitegen.base.digest import digest_text

PREFIX = "user-content-"
"""What every id in such a body begins with."""

_TAGS = set(
    "a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em "
    "figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd label li mark ol p pre q rp rt ruby s "
    "samp section small span strike strong sub summary sup table tbody td tfoot th thead time tr "
    "u ul var wbr".split()
)
_ATTRIBUTES = {
    "*": {"class", "id", "title", "dir", "lang"},
    "a": {"href", "rel", "target", "role", "aria-hidden", "tabindex"},
    "bdo": {"dir"},
    "blockquote": {"cite"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"cite", "datetime"},
    "details": {"open"},
    "img": {"src", "alt", "width", "height", "loading", "decoding"},
    "ins": {"cite", "datetime"},
    "ol": {"start", "reversed"},
    "q": {"cite"},
    "section": {"role"},
    "div": {"role"},
    "td": {"colspan", "rowspan", "headers", "style"},
    "th": {"colspan", "rowspan", "headers", "scope", "style"},
    "time": {"datetime"},
}
_CLASSES = set(
    "contains-task-list task-list-item footnotes footnotes-list footnote-reference "
    "footnote-definition footnote-definition-label footnote-backref markdown-alert "
    "markdown-alert-title markdown-alert-note markdown-alert-tip markdown-alert-important "
    "markdown-alert-warning markdown-alert-caution table value value-pending zola-anchor".split()
)
_ROLES = {"doc-endnotes", "doc-backlink", "doc-noteref", "note"}
_PICTURE = re.compile(r"data:image/(?:avif|gif|jpe?g|png|webp)[;,]", re.I)
_MARK = "\ufdd2{}\ufdd3"


def mark_part(number: int) -> str:
    """What stands for a part of ours until the body is clean; not to be told from text."""
    return _MARK.format(number)


def clean_body(body: str, parts: Sequence[str]) -> str:
    """The body cleaned, with each part in the place of its mark, once."""
    key = digest_text("\0".join([body, *parts]))[:24]
    for number in range(len(parts)):
        body = body.replace(mark_part(number), f"sitegen-{key}-{number}-", 1)
    cleaned = nh3.clean(
        body,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_allowed,
        url_schemes={"http", "https", "mailto", "tel", "data", "xmpp"},
        filter_style_properties={"text-align"},
        link_rel=None,
    )
    marks = re.compile(f"sitegen-{key}-(\\d+)-")
    filled = marks.sub(lambda found: parts[int(found[1])], cleaned)
    return filled if filled.endswith("\n") else f"{filled}\n"


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "class":
        return " ".join(name for name in value.split() if name in _CLASSES) or None
    if attribute == "id":
        return value if value.startswith(PREFIX) or value == "continue-reading" else None
    if attribute == "role":
        return value if value in _ROLES else None
    if value.strip().lower().startswith("data:"):
        return value if (tag, attribute) == ("img", "src") and _PICTURE.match(value) else None
    if attribute == "target":
        return value if value == "_blank" else None
    return value

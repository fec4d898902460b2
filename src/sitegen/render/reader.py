"""HTML for feed readers: what works far from the page, without its style sheet and its scripts.

References become absolute, of a figure the light picture stays, what was folded stands open, and
nothing is left that a reader strips or warns about. MathML and SVG stay as they are.
"""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from itertools import zip_longest
from urllib.parse import urljoin

from sitegen.render.escape import escape_text

_DROPPED = frozenset(
    "script style template noscript object embed canvas button select textarea dialog".split()
)
"""What goes with all that is in it."""

_UNWRAPPED = frozenset("span picture details font form label fieldset source link meta".split())
"""What goes, and leaves what is in it."""

_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_FOREIGN = ("math", "svg")

_HIGHLIGHT = re.compile(r'<span class="[a-z][a-z0-9]{0,2}">([^<]*)</span>')
"""A span of highlighted code, which would go anyway: nine of ten elements of a post with code, and
the parser took 7 of the 8 ms of its feed's text for them."""
_HAS_FOREIGN = re.compile(r"<(?:math|svg|script|style)\b", re.I)

_COMMON = (
    "a|blockquote|br|code|del|div|em|figcaption|figure|h[1-6]|hr|img|li|ol|p|pre|section|span"
    "|strong|sup|table|tbody|td|th|thead|tr|ul"
)
_PLAIN_VALUE = r'"(?:[^"<>&]|&(?:amp|lt|gt|quot);)*"'
_PLAIN_TAG = re.compile(f"(</(?:{_COMMON})>|<(?:{_COMMON})(?: [a-z-]+={_PLAIN_VALUE})*>)")
_ATTRIBUTE = re.compile(r' ([a-z-]+)="([^"]*)"')
"""Tags that mean the same to any parser, wherever they stand. Where a text has no others, they are
read without Python's, which took three times as long: 6 % of the build of 1,000 posts."""

_KEPT: dict[str, frozenset[str]] = {
    "a": frozenset(("href", "hreflang")),
    "audio": frozenset(("src", "controls")),
    "blockquote": frozenset(("cite",)),
    "img": frozenset(("src", "alt", "width", "height")),
    "ol": frozenset(("start", "reversed", "type")),
    "q": frozenset(("cite",)),
    "td": frozenset(("colspan", "rowspan")),
    "th": frozenset(("colspan", "rowspan", "scope")),
    "time": frozenset(("datetime",)),
    "video": frozenset(("src", "controls", "poster", "width", "height")),
}
_KEPT_ANYWHERE = frozenset(("dir", "lang", "title"))
_ADDRESSES = frozenset(("href", "src", "poster", "cite", "xlink:href"))
_ANCHOR = frozenset(("zola-anchor", "anchor"))


def for_readers(html: str, address: str) -> str:
    """The HTML as a feed carries it; `address` is that of the page, where references start."""
    rewriter = _Rewriter(address)
    rewriter.read(html if _HAS_FOREIGN.search(html) else _HIGHLIGHT.sub(r"\1", html))
    return "".join(rewriter.parts).strip()


class _Rewriter(HTMLParser):
    """Writes down what it is fed, element by element."""

    def __init__(self, address: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._address = address
        self._dropping = ""
        self._dropped = 0
        self._foreign = ""
        self._foreign_depth = 0

    def read(self, html: str) -> None:
        """All of a text at once."""
        pieces = _PLAIN_TAG.split(html)
        if any("<" in text for text in pieces[::2]):
            self.feed(html)
            self.close()
            return
        for text, tag in zip_longest(pieces[::2], pieces[1::2], fillvalue=""):
            if text:
                self.handle_data(unescape(text))
            if tag.startswith("</"):
                self.handle_endtag(tag[2:-1])
            elif tag:
                name, attributes = tag[1:-1].partition(" ")[0], _ATTRIBUTE.findall(tag)
                self.handle_starttag(name, [(key, unescape(value)) for key, value in attributes])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open(tag, attrs, closed=False)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open(tag, attrs, closed=True)

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            self._dropped -= tag == self._dropping
            self._dropping = self._dropping if self._dropped else ""
        elif self._foreign:
            self.parts.append(f"</{tag}>")
            self._foreign_depth -= tag == self._foreign
            self._foreign = self._foreign if self._foreign_depth else ""
        elif tag == "summary":
            self.parts.append("</strong></p>")
        elif tag not in _UNWRAPPED and tag not in _VOID and tag not in ("iframe", *_DROPPED):
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self.parts.append(escape_text(data))

    def _open(self, tag: str, attrs: list[tuple[str, str | None]], *, closed: bool) -> None:
        given = {name: value or "" for name, value in attrs}
        if self._dropping:
            self._dropped += tag == self._dropping and not closed
        elif self._foreign or tag in _FOREIGN:
            self._open_foreign(tag, given, closed=closed)
        elif tag in _DROPPED or _is_anchor(tag, given):
            if not closed and tag not in _VOID:
                self._dropping, self._dropped = tag, 1
        elif tag == "summary":
            self.parts.append("<p><strong>")
        elif tag == "input":
            self._check_box(given)
        elif tag == "iframe":
            self._frame(given)
        elif tag not in _UNWRAPPED and not (tag == "img" and "hidden" in given):
            self.parts.append(f"<{tag}{self._attributes(tag, given)}>")

    def _open_foreign(self, tag: str, given: dict[str, str], *, closed: bool) -> None:
        if tag in _DROPPED:
            if not closed:
                self._dropping, self._dropped = tag, 1
            return
        kept = {name: value for name, value in given.items() if not name.startswith("on")}
        self.parts.append(f"<{tag}{self._written(kept)}{'/' if closed else ''}>")
        if not closed:
            self._foreign = self._foreign or tag
            self._foreign_depth += tag == self._foreign

    def _check_box(self, given: dict[str, str]) -> None:
        if given.get("type") == "checkbox":
            self.parts.append("☑" if "checked" in given else "☐")

    def _frame(self, given: dict[str, str]) -> None:
        """A link to what a frame shows: readers do not show frames."""
        if given.get("src"):
            link = self._written({"href": given["src"]})
            name = given.get("title") or urljoin(self._address, given["src"])
            self.parts.append(f"<p><a{link}>{escape_text(name)}</a></p>")

    def _attributes(self, tag: str, given: dict[str, str]) -> str:
        if not given:
            return ""
        known = _KEPT.get(tag, frozenset()) | _KEPT_ANYWHERE
        return self._written({name: value for name, value in given.items() if name in known})

    def _written(self, given: dict[str, str]) -> str:
        parts = []
        for name, value in given.items():
            text = value
            if name in _ADDRESSES:
                text = self._absolute(value)
                if not text:
                    continue
            parts.append(f' {name}="{escape_text(text)}"')
        return "".join(parts)

    def _absolute(self, reference: str) -> str:
        """The reference from the page's address; nothing for one that runs a script."""
        bare = "".join(reference.split()).lower()
        if bare.startswith(("javascript:", "vbscript:")):
            return ""
        try:
            return urljoin(self._address, reference.strip())
        except ValueError:
            return reference


def _is_anchor(tag: str, given: dict[str, str]) -> bool:
    """Whether an element is the link that a heading has to itself."""
    return tag == "a" and bool(_ANCHOR & set(given.get("class", "").split()))

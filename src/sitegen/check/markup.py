"""What a page of HTML refers to, and what can be referred to in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser

import msgspec

ADDRESSES: Mapping[str, tuple[str, ...]] = {
    "a": ("href",),
    "area": ("href",),
    "audio": ("src",),
    "embed": ("src",),
    "iframe": ("src",),
    "image": ("href", "xlink:href"),
    "img": ("src",),
    "input": ("src",),
    "link": ("href",),
    "object": ("data",),
    "script": ("src",),
    "source": ("src",),
    "track": ("src",),
    "video": ("src", "poster"),
}
"""The attributes that hold an address, by element."""

_SETS = ("img", "source")
_PICTURES_ABOUT = ("og:image", "og:image:url", "twitter:image")
_NOTHING_TO_GET = frozenset({"dns-prefetch", "preconnect"})


class Seen(msgspec.Struct, frozen=True):
    """What stands in a text of HTML, each address once and in order of appearance.

    `silent` are the addresses of the images without an `alt`; `redirects` tells of a page that
    sends its reader on by itself.
    """

    addresses: tuple[str, ...]
    ids: frozenset[str]
    silent: tuple[str, ...]
    redirects: bool


def read_html(text: str) -> Seen:
    """What stands in it; never fails, whatever the text."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return Seen(
        tuple(reader.addresses), frozenset(reader.ids), tuple(reader.silent), reader.redirects
    )


class _Reader(HTMLParser):
    """Python's parser, which calls this for every element that begins."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: dict[str, None] = {}
        self.ids: set[str] = set()
        self.silent: dict[str, None] = {}
        self.redirects = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.ids.add(found["id"])
        if tag == "a" and "name" in found:
            self.ids.add(found["name"])
        self.addresses |= dict.fromkeys(_addresses(tag, found))
        if tag == "img" and "alt" not in found and found.get("role") != "presentation":
            self.silent[found.get("src", "")] = None
        self.redirects |= tag == "meta" and found.get("http-equiv", "").lower() == "refresh"


def _addresses(tag: str, attributes: Mapping[str, str]) -> Iterator[str]:
    if tag == "meta":
        about = attributes.get("property") or attributes.get("name")
        if about in _PICTURES_ABOUT:
            yield attributes.get("content", "").strip()
        return
    if tag == "link" and _NOTHING_TO_GET & set(attributes.get("rel", "").lower().split()):
        return
    for name in ADDRESSES.get(tag, ()):
        if name in attributes:
            yield attributes[name].strip()
    if tag in _SETS and "srcset" in attributes:
        yield from split_set(attributes["srcset"])


def split_set(candidates: str) -> list[str]:
    """The addresses of a `srcset`; a comma parts two of them only where a space is near it."""
    words = candidates.replace(", ", " , ").split()
    found = []
    for word, before in zip(words, [",", *words], strict=False):
        if before.endswith(",") and word != ",":
            found.append(word.rstrip(","))
    return found

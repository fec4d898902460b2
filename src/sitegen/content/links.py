"""Links and pictures of a text: where they lead, what is refused, what is beside the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from html import unescape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

from markdown_it.token import Token

from sitegen.base.errors import Problem, Span
from sitegen.base.paths import is_file
from sitegen.content.headings import RESERVED_IDS
from sitegen.model import Link, Meta, Source
from sitegen.settings import MarkdownConfig

_RAW_LINK = re.compile(r"""href=["\']?(@/[^"\'\s>]*)""")
_RAW_ID = re.compile(r"""<[A-Za-z][^<>]*?\s(?:id|name)\s*=\s*["\']?([^"\'\s>]+)""")
_REFUSED = re.compile(r"(?:javascript|vbscript|data):", re.I)
_PICTURE = re.compile(r"data:image/(?:avif|gif|jpe?g|png|webp)[;,]", re.I)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|[/#?@]")


class Beside(NamedTuple):
    """What links may reach without an address: the files beside a page by name, and their URL.

    `pictures` are the files that pictures were looked for at: what lies there decides how they are
    shown.
    """

    names: Mapping[str, Path]
    url: str
    static: Sequence[Path]
    pictures: list[Path]

    def has(self, target: str) -> bool:
        """Whether a path means a file beside the page."""
        return _path(target) in self.names

    def find_picture(self, target: str) -> Path | None:
        """The file that a path is published from, if there is one."""
        path = _path(target)
        if not path.startswith("/"):
            places = [self.names[path]] if path in self.names else []
        elif ".." in path.split("/") or "\0" in path:
            places = []
        else:
            places = [folder / path.lstrip("/") for folder in self.static]
        for file in places:
            self.pictures.append(file)
            if is_file(file):
                return file
        return None


def _path(target: str) -> str:
    """The path in a target, without what an address may have behind it."""
    return unquote(target.partition("?")[0].partition("#")[0]).removeprefix("./")


class Text(NamedTuple):
    """What links are read from: the tokens, and the file that they come from."""

    tokens: Sequence[Token]
    lines: Sequence[str]
    source: Source
    meta: Meta


def settle_links(
    text: Text,
    config: MarkdownConfig,
    beside: Beside,
    anchors: Collection[str],
    prefix: str,
    problems: list[Problem],
) -> tuple[Link, ...]:
    """The internal links in reading order, those in raw HTML too.

    Links outside get their attributes, files beside the page their address; what could run a
    script is refused.
    """
    found = []
    finder = Finder(text)
    for token in text.tokens:
        finder.seek(token)
        for part in (token, *(token.children or ())):
            if part.type in ("html_block", "html_inline"):
                for raw in _RAW_LINK.finditer(part.content):
                    target = unescape(raw[1])
                    found.append(finder.link(target, target))
            elif part.type in ("link_open", "image"):
                found += _settle(part, finder, config, beside, anchors, prefix, problems)
    return tuple(found)


def raw_ids(tokens: Sequence[Token]) -> Iterator[str]:
    """The ids that raw HTML and shortcodes give."""
    for token in tokens:
        for part in (token, *(token.children or ())):
            if part.type in ("html_block", "html_inline", "made"):
                yield from _RAW_ID.findall(part.content)


def _settle(
    token: Token,
    finder: Finder,
    config: MarkdownConfig,
    beside: Beside,
    anchors: Collection[str],
    prefix: str,
    problems: list[Problem],
) -> Iterator[Link]:
    key = "src" if token.type == "image" else "href"
    target = str(token.attrGet(key) or "")
    if _REFUSED.match(target.strip()) and not _PICTURE.match(target.strip()):
        scheme = target.strip().partition(":")[0].lower()
        span, excerpt = finder.place(target)
        help = "write where it leads: https://…, or a page of this site"
        message = f"a link of the kind `{scheme}:` is refused"
        problems.append(Problem("error", "link", message, span, excerpt, (help,)))
        token.attrSet(key, "#")
    elif key == "src" and target.startswith("@/"):
        yield finder.link(target, target)
    elif key == "src":
        _settle_picture(token, target, beside)
    elif target.startswith("@/"):
        yield finder.link(target, target)
    elif target.startswith("#"):
        yield from _settle_anchor(token, target, finder, anchors, prefix)
    elif target.startswith(("http:", "https:")):
        _mark_external(token, config)
    elif not _SCHEME.match(target) and beside.has(target):
        token.attrSet("href", beside.url + _below(target))


def _settle_picture(token: Token, target: str, beside: Beside) -> None:
    if target.startswith("//") or (_SCHEME.match(target) and not target.startswith("/")):
        return
    file = beside.find_picture(target)
    if file is not None:
        token.meta["file"] = file
        if not target.startswith("/"):
            token.attrSet("src", beside.url + _below(target))


def _below(target: str) -> str:
    return target.removeprefix("./")


def _settle_anchor(
    token: Token, target: str, finder: Finder, anchors: Collection[str], prefix: str
) -> Iterator[Link]:
    """A link within the page: to an id that there is, but for those that nobody writes."""
    id = unquote(target[1:])
    if prefix and prefix + id in anchors:
        token.attrSet("href", f"#{quote(prefix + id)}")
    elif id and id != "top" and not RESERVED_IDS.fullmatch(id) and id not in anchors:
        yield finder.link(f"@/{finder.path}{target}", target)


def _mark_external(token: Token, config: MarkdownConfig) -> None:
    if config.external_links_class:
        token.attrSet("class", config.external_links_class)
    if config.external_links_target_blank:
        token.attrSet("target", "_blank")
    rel = {
        "noopener": config.external_links_target_blank,
        "nofollow": config.external_links_no_follow,
        "noreferrer": config.external_links_no_referrer,
        "external": config.external_links_external,
    }
    if any(rel.values()):
        token.attrSet("rel", " ".join(word for word, on in rel.items() if on))


class Finder:
    """Finds in a file what tokens do not place: each is sought from behind the one before."""

    def __init__(self, text: Text) -> None:
        self.path = text.source.path
        self._text = text
        self._at = (0, 0)
        self._last = len(text.lines)

    def seek(self, token: Token) -> None:
        """Look within the lines of a token, from behind what was last found there."""
        if token.map is None:
            self._last = len(self._text.lines)
            return
        if token.map[0] > self._at[0]:
            self._at = (token.map[0], 0)
        self._last = token.map[1]

    def try_at(self, accept: Callable[[Span], bool], *forms: str) -> tuple[Span, str] | None:
        """Where one of these texts next stands so that it is accepted; else None, and the next look
        is from where this one was."""
        before = last = self._at
        while True:
            span, excerpt = self.place_of(*forms)
            if self._at == last:
                self._at = before
                return None
            if accept(span):
                return span, excerpt
            last = self._at

    def link(self, target: str, written: str) -> Link:
        """A link, with its place."""
        span, excerpt = self.place(written)
        return Link(target, span, excerpt)

    def place(self, target: str) -> tuple[Span, str]:
        """Where a destination stands, as it is written or decoded; else the line to look in."""
        return self.place_of(unquote(target), target)

    def place_of(self, *forms: str) -> tuple[Span, str]:
        """Where one of these texts next stands; else the line to look in."""
        lines, meta = self._text.lines, self._text.meta
        first, column = self._at
        for number in range(first, min(self._last, len(lines))):
            for form in forms:
                found = lines[number].find(form, column if number == first else 0)
                if found >= 0:
                    self._at = (number, found + len(form))
                    place = (meta.body_line + number, found + 1, len(form))
                    return Span(self._text.source.file, *place), lines[number]
        line = lines[first] if first < len(lines) else ""
        return Span(self._text.source.file, meta.body_line + first), line

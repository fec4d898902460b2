"""Internal links: `@/posts/x.md#part` becomes the page's URL once all pages are known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import unescape
from urllib.parse import unquote

from sitegen.base.address import local_reference, permalink
from sitegen.base.errors import Problem, Severity, nearest
from sitegen.model import Card, Link
from sitegen.render.escape import escape_text
from sitegen.render.guests import PREFIX as GUEST_PREFIX

_HREF = re.compile(r'href="@/([^"#]*)(#[^"]*)?"')


def resolve_text(text: str, cards: Mapping[str, Card], base_url: str) -> str:
    """The HTML with every `@/…` link pointing to its page; one without a page leads nowhere."""
    if "@/" not in text:
        return text

    def target(found: re.Match[str]) -> str:
        card = cards.get(unquote(unescape(found[1])))
        if card is None:
            return 'href="#"'
        address = local_reference(permalink(base_url, card.url), base_url)
        anchor = found[2] or ""
        if GUEST_PREFIX + unquote(unescape(anchor[1:])) in card.anchors:
            anchor = f"#{GUEST_PREFIX}{anchor[1:]}"
        return f'href="{escape_text(address)}{anchor}"'

    return _HREF.sub(target, text)


def targets_of(links: Iterable[Link]) -> frozenset[str]:
    """The files that links lead to, by path below `content/`."""
    return frozenset(unquote(link.target.removeprefix("@/")).partition("#")[0] for link in links)


def linked_from(links: Mapping[str, Sequence[Link]]) -> Mapping[str, tuple[str, ...]]:
    """The files that link to each file, of the links in each; all by path below `content/`."""
    found: dict[str, dict[str, None]] = {}
    for path in sorted(links):
        for target in targets_of(links[path]) if links[path] else ():
            if target != path:
                found.setdefault(target, {})[path] = None
    return {target: tuple(sources) for target, sources in found.items()}


def check_links(
    links: Iterable[Link], cards: Mapping[str, Card], level: Severity = "error"
) -> Iterator[Problem]:
    """A problem for every internal link whose page or heading does not exist."""
    for link in links:
        path, _, anchor = unquote(link.target.removeprefix("@/")).partition("#")
        card = cards.get(path)
        if card is None:
            close = nearest(path, cards)
            hint = f"did you mean `@/{close}`?" if close else "paths are relative to content/"
            message = f"there is no page `{path}`"
            yield Problem(level, "link", message, link.span, link.excerpt, (hint,))
        elif anchor and not {anchor, GUEST_PREFIX + anchor} & set(card.anchors):
            close = nearest(anchor, card.anchors)
            hint = f"did you mean `#{close}`?" if close else "only headings and labels have one"
            message = f"`{path}` has no heading and no label `#{anchor}`"
            yield Problem(level, "link", message, link.span, link.excerpt, (hint,))

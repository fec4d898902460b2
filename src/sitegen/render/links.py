"""Internal links: `@/posts/x.md#part` becomes the page's URL once all pages are known, and
`@/posts/x/plot.png` that of the file beside it."""

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

_HREF = re.compile(r'(href|src)="@/([^"#]*)(#[^"]*)?"')


def resolve_text(text: str, cards: Mapping[str, Card], base_url: str) -> str:
    """The HTML with every `@/…` link pointing to its page; one without a page leads nowhere."""
    if "@/" not in text:
        return text

    def target(found: re.Match[str]) -> str:
        path = unquote(unescape(found[2]))
        card = cards.get(path)
        url = card.url if card is not None else file_url(path, cards)
        if url is None:
            return 'href="#"' if found[1] == "href" else found[0]
        address = local_reference(permalink(base_url, url), base_url)
        anchor = found[3] or ""
        if card is not None and GUEST_PREFIX + unquote(unescape(anchor[1:])) in card.ids:
            anchor = f"#{GUEST_PREFIX}{anchor[1:]}"
        return f'{found[1]}="{escape_text(address)}{anchor}"'

    return _HREF.sub(target, text)


def file_url(path: str, cards: Mapping[str, Card]) -> str | None:
    """Where a file beside a page lies, by its path below `content/`; None where there is none."""
    folder = path
    while folder:
        folder = folder.rpartition("/")[0]
        for name in ("index.md", "_index.md"):
            card = cards.get(f"{folder}/{name}" if folder else name)
            if card is not None and path in card.assets:
                return card.url + path.removeprefix(folder).lstrip("/")
    return f"/{path}" if any(path in card.assets for card in cards.values()) else None


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
        if card is None and file_url(path, cards) is not None:
            continue
        if card is None:
            close = nearest(path, cards)
            hint = f"did you mean `@/{close}`?" if close else "paths are relative to content/"
            message = f"there is no page `{path}`"
            yield Problem(level, "link", message, link.span, link.excerpt, (hint,))
        elif anchor and not {anchor, GUEST_PREFIX + anchor} & set(card.ids):
            close = nearest(anchor, card.ids)
            hint = f"did you mean `#{close}`?" if close else "only headings and labels have one"
            message = f"`{path}` has no heading and no label `#{anchor}`"
            yield Problem(level, "link", message, link.span, link.excerpt, (hint,))

"""Pages that only lead elsewhere: aliases, sections that redirect, the first page by its number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sitegen.base.address import permalink
from sitegen.model import Artifact, Card, Site
from sitegen.render.escape import escape_text
from sitegen.render.words import direction


def redirect(path: str, target: str, lang: str, words: Mapping[str, str], made: str) -> Artifact:
    """A small page that sends its reader on, also without following it by itself."""
    address = escape_text(target)
    text = (
        f'<!DOCTYPE html>\n<html lang="{escape_text(lang)}" dir="{direction(lang)}">\n<head>\n'
        f'<meta charset="utf-8">\n<title>{escape_text(words["redirecting"])}</title>\n'
        f'<meta name="robots" content="noindex">\n<link rel="canonical" href="{address}">\n'
        f'<meta http-equiv="refresh" content="0; url={address}">\n</head>\n<body>\n'
        f'<p>{escape_text(words["redirect"])} <a href="{address}">{address}</a></p>\n'
        "</body>\n</html>\n"
    )
    return Artifact(path, text.encode(), made)


def redirect_target(card: Card, base_url: str) -> str | None:
    """Where a section sends its reader; None where it is a page itself."""
    target = card.meta.redirect_to
    if target is None:
        return None
    if target.startswith(("http://", "https://", "//")):
        return target
    path = target.strip("/")
    return permalink(base_url, f"/{path}/" if path else "/")


def aliases_of(site: Site) -> Iterator[tuple[str, Card]]:
    """Every alias with the page or section that it leads to; one of itself is left out."""
    for card in (*site.pages, *(section.card for section in site.sections)):
        if card.meta.render:
            for alias in card.meta.aliases:
                if alias.strip("/") != card.url.strip("/"):
                    yield alias, card

"""The picture of each page, for those who link to it: the author's, a social card, a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote, urljoin

import msgspec

from sitegen.base.address import permalink
from sitegen.base.errors import Problem, Span
from sitegen.model import Artifact, Card, Page, Site
from sitegen.render.social import Missing, card_of, render_card

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif")


class Covers(msgspec.Struct, frozen=True):
    """The addresses of the pictures by the path of their page, and the cards that were made."""

    addresses: Mapping[str, str]
    files: tuple[Artifact, ...]


def open_covers(site: Site, pages: Sequence[Page], problems: list[Problem]) -> Covers:
    """The pictures of a site's pages; a card that cannot be drawn goes to `problems`."""
    base = site.config.base_url
    addresses: dict[str, str] = {}
    files: dict[str, Artifact] = {}
    for page in pages:
        card = page.card
        if card.is_section or not card.meta.render:
            continue
        drawn = None
        if site.config.social_cards and card.date is not None:
            found = render_card(card_of(card, _figure(page), site.config), site.config)
            if isinstance(found, Missing):
                problems.append(_undrawn(card, found))
            else:
                drawn = files[found.path] = found
        figure = _figure(page)
        own = card.extra.get("image")
        if isinstance(own, str) and own:
            addresses[card.path] = _address(own, card, base)
        elif drawn is not None:
            addresses[card.path] = permalink(base, f"/{drawn.path}")
        elif figure is not None:
            addresses[card.path] = permalink(base, f"/{figure.path}")
    return Covers(addresses, tuple(files[path] for path in sorted(files)))


def _figure(page: Page) -> Artifact | None:
    """The first picture that the page's blocks drew, its light form."""
    return next((file for file in page.files if file.path.endswith(_PICTURES)), None)


def _address(image: str, card: Card, base: str) -> str:
    """An image that front matter names: an address, a path on the site, or a file beside it."""
    if image.startswith(("https://", "http://")):
        return image
    if image.startswith("/"):
        return permalink(base, image)
    return urljoin(permalink(base, card.url), quote(image))


def _undrawn(card: Card, missing: Missing) -> Problem:
    message = f"no social card: {missing.why}"
    span = Span(f"content/{card.path}", 1)
    help = "name a font that has them: `social_font` in site.toml"
    return Problem("notice", "social-card", message, span, help=(help,))

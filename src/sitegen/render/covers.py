"""The picture of each page, for those who link to it: the author's, a social card, a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import quote, urljoin

import msgspec

from sitegen.base.address import permalink
from sitegen.base.errors import Problem, Span
from sitegen.model import Artifact, Card, Page, Read, Site, SiteConfig
from sitegen.render.social import Missing, card_of, render_card

_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif")


class Covers(msgspec.Struct, frozen=True):
    """The addresses of the pictures by the path of their page, and the cards that were made."""

    addresses: Mapping[str, str]
    files: tuple[Artifact, ...]


def open_covers(site: Site, pages: Sequence[Page], problems: list[Problem]) -> Covers:
    """The pictures of a site's pages; a card that cannot be drawn goes to `problems`."""
    addresses: dict[str, str] = {}
    files: dict[str, Artifact] = {}
    for page in pages:
        cover = cover_of(page, site.config, problems)
        if cover.drawn is not None:
            files[cover.drawn.path] = cover.drawn
        if cover.address is not None:
            addresses[page.card.path] = cover.address
    return Covers(addresses, tuple(files[path] for path in sorted(files)))


class Cover(NamedTuple):
    """The address of a page's picture, and the card that was drawn for it."""

    address: str | None = None
    drawn: Artifact | None = None


def cover_of(page: Page, config: SiteConfig, problems: list[Problem]) -> Cover:
    """The picture of a page; a card that cannot be drawn goes to `problems`."""
    card, base = page.card, config.base_url
    if card.is_section or not card.meta.render:
        return Cover()
    figure, drawn = _figure(page), None
    if config.social_cards and card.date is not None:
        found = render_card(card_of(card, figure, config), config)
        if isinstance(found, Missing):
            problems.append(_undrawn(card, found))
        else:
            drawn = found
    own = card.extra.get("image")
    if isinstance(own, str) and own:
        return Cover(_address(own, card, base), drawn)
    picture = drawn or figure
    return Cover(permalink(base, f"/{picture.path}") if picture else None, drawn)


def asked_by_cover(card: Card, config: SiteConfig) -> frozenset[Read]:
    """What the picture of a page is made of besides the page: the font of a social card."""
    is_drawn = config.social_cards and card.date is not None
    return frozenset((("included", config.social_font),) if is_drawn and config.social_font else ())


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

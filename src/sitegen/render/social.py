"""Social cards: title, first figure, device and site on 1200 × 630 pixels, drawn by Pillow.

Same contents, font and version of Pillow: same bytes. They are kept in `.sitegen/images/`.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sitegen.base.digest import digest_bytes, digest_value
from sitegen.base.errors import Problem, SiteError
from sitegen.model import Artifact, Card, SiteConfig
from sitegen.storage.images import keep_image

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

WIDTH, HEIGHT = 1200, 630
FOLDER = "social_cards"
DESIGN = 1
"""Part of a card's key: a change of how cards look is a new number."""

_PAPER, _INK, _QUIET, _MEASURED = "#fbf8f1", "#1d1a16", "#6b6459", "#1f5c3f"
_EDGE = 72
_FIGURE = 420
_SIZES = (76, 66, 58, 50, 44, 38)
_LINES = 5
_TYPED = str.maketrans(
    {"–": "-", "—": "-", "‑": "-", "×": "x", "’": "'", "‘": "'", "“": '"', "”": '"', "\xa0": " "}
)
"""What can be said with simpler letters where a font does not have it."""


class SocialCard(msgspec.Struct, frozen=True):
    """What a card shows; `figure` is the digest of its picture, "" for none."""

    title: str
    site: str
    note: str
    figure: str
    design: int = DESIGN


class Missing(msgspec.Struct, frozen=True):
    """Why a card cannot be drawn."""

    why: str


class Planned(msgspec.Struct, frozen=True):
    """A card with the bytes of its picture."""

    card: SocialCard
    figure: bytes


def card_of(card: Card, figure: Artifact | None, config: SiteConfig) -> Planned:
    """What the card of a page shows."""
    picture = figure.content if figure is not None else b""
    content = picture if isinstance(picture, bytes) else picture.read_bytes()
    device = f"measured on {card.measured.device.label}" if card.measured else ""
    date = card.date.strftime("%Y-%m-%d") if card.date else ""
    shown = SocialCard(
        title=card.title or card.meta.slug or "",
        site=config.in_language(card.lang).title or config.base_url.partition("://")[2],
        note=" · ".join(part for part in (date, device) if part),
        figure=digest_bytes(content) if content else "",
    )
    return Planned(shown, content)


def render_card(planned: Planned, config: SiteConfig) -> Artifact | Missing:
    """The card as a PNG, from the cache where it was drawn before."""
    from PIL import __version__

    font = str(config.root / config.social_font) if config.social_font else ""
    known = digest_bytes(Path(font).read_bytes()) if font else "Pillow's own"
    letters = _without(planned.card, font)
    if letters:
        return Missing(f"the font has no {' '.join(letters)}")
    key = digest_value([planned.card, known, __version__])
    file = keep_image(config.root, key, ".png", partial(_draw, planned, font))
    return Artifact(f"{FOLDER}/{key[:16]}.png", file, "a social card")


@cache
def _font(path: str, size: int) -> FreeTypeFont:
    from PIL import ImageFont

    if path:
        try:
            return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
        except OSError:
            message = f"`{Path(path).name}` is no TrueType or OpenType font"
            raise SiteError([Problem("fatal", "social-card", message)]) from None
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow has no FreeType"  # noqa: S101
    return font


def _text(text: str, font: str) -> str:
    """The text in letters that the font has, as far as that is possible."""
    return "".join(letter if _has(font, letter) else letter.translate(_TYPED) for letter in text)


def _without(card: SocialCard, font: str) -> list[str]:
    """The letters of a card that its font does not have."""
    letters = {letter for text in (card.title, card.site, card.note) for letter in text}
    return sorted(
        letter for letter in letters if not all(_has(font, one) for one in _text(letter, font))
    )


@cache
def _has(font: str, letter: str) -> bool:
    if letter.isspace():
        return True
    drawn = _font(font, 40)
    return bytes(drawn.getmask(letter)) != bytes(drawn.getmask("\uffff"))


def _draw(planned: Planned, font: str) -> bytes:
    from PIL import Image, ImageDraw

    card = planned.card
    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 14, HEIGHT), fill=_MEASURED)
    width = WIDTH - 2 * _EDGE
    if planned.figure and _put_figure(image, planned.figure):
        width -= _FIGURE + _EDGE // 2
    draw.text((_EDGE, _EDGE), _text(card.site, font), _QUIET, _font(font, 32), anchor="ls")
    size, lines = _set_title(_text(card.title, font), width, font)
    leading = round(size * 1.22)
    top = (HEIGHT - leading * len(lines)) // 2 + size
    for number, line in enumerate(lines):
        place = (_EDGE, top + number * leading)
        draw.text(place, line, _INK, _font(font, size), anchor="ls")
    place = (_EDGE, HEIGHT - _EDGE + 16)
    draw.text(place, _text(card.note, font), _MEASURED, _font(font, 30), anchor="ls")
    buffer = io.BytesIO()
    image.quantize(64).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _put_figure(image: Image, content: bytes) -> bool:
    """Puts a figure on its own white ground at the right; nothing where it is no picture."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as opened:
            figure = opened.convert("RGBA")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError):
        return False
    fitted = ImageOps.contain(figure, (_FIGURE, _FIGURE), Image.Resampling.LANCZOS)
    ground = Image.new("RGBA", fitted.size, "#ffffff")
    ground.alpha_composite(fitted)
    place = (WIDTH - _EDGE - _FIGURE, (HEIGHT - fitted.height) // 2)
    image.paste(ground.convert("RGB"), place)
    return True


def _set_title(title: str, width: int, font: str) -> tuple[int, Sequence[str]]:
    """The largest size in which the title fits, and its lines; cut where it fits in none."""
    lines: list[str] = []
    size = _SIZES[-1]
    for size in _SIZES:
        lines = _wrap(title, width, _font(font, size))
        if len(lines) <= _LINES and size * 1.22 * len(lines) <= HEIGHT - 3 * _EDGE:
            return size, lines
    return size, [*lines[: _LINES - 1], f"{lines[_LINES - 1]}..."]


def _wrap(text: str, width: int, font: FreeTypeFont) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and font.getlength(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
        while font.getlength(line) > width and len(line) > 1:
            kept = next(n for n in range(len(line), 0, -1) if font.getlength(line[:n]) <= width)
            lines.append(line[:kept])
            line = line[kept:]
    return [*lines, line] if line else lines

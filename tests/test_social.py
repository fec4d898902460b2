"""Social cards: what is drawn, when it is drawn again, what cannot be drawn."""

from __future__ import annotations

import io
from pathlib import Path

import matplotlib
import pytest
from PIL import Image

from sitegen.content.config import load_config
from sitegen.model import Artifact
from sitegen.render.social import Planned, SocialCard, render_card
from tests.test_outputs import png
from tests.tiny import SITE, page, publish, published, write_site

ON = SITE + "social_cards = true\n"
FONT = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"


def cards(root: Path) -> list[Path]:
    return sorted((root / "public/social_cards").glob("*.png"))


def drawn(root: Path, card: SocialCard, figure: bytes = b"") -> bytes:
    write_site(root, {"site.toml": ON})
    made = render_card(Planned(card, figure), load_config(root, []))
    assert isinstance(made, Artifact)
    assert isinstance(made.content, Path)
    return made.content.read_bytes()


def test_a_card_is_made_on_request_and_named_in_the_head(tmp_path: Path) -> None:
    files = {"content/a.md": page('title = "Title"\ndate = 2026-01-01'), "content/b.md": page()}
    publish(tmp_path / "off", files)
    assert cards(tmp_path / "off") == []
    assert publish(tmp_path / "on", {**files, "site.toml": ON}) == ()
    [card] = cards(tmp_path / "on")
    address = f'content="https://example.org/social_cards/{card.name}"'
    assert address in published(tmp_path / "on", "a/index.html")
    assert "og:image" not in published(tmp_path / "on", "b/index.html")
    with Image.open(card) as image:
        assert (image.size, image.format) == ((1200, 630), "PNG")


def test_the_authors_image_goes_first(tmp_path: Path) -> None:
    text = page('title = "T"\ndate = 2026-01-01\n[extra]\nimage = "own.png"')
    publish(tmp_path, {"site.toml": ON, "content/a.md": text})
    assert "https://example.org/a/own.png" in published(tmp_path, "a/index.html")


def test_the_same_contents_are_the_same_bytes(tmp_path: Path) -> None:
    card = SocialCard("A title of several words", "Site", "2026-01-01", "")
    assert drawn(tmp_path / "one", card) == drawn(tmp_path / "two", card)


def test_a_card_is_drawn_once(tmp_path: Path) -> None:
    files = {"site.toml": ON, "content/a.md": page('title = "T"\ndate = 2026-01-01')}
    publish(tmp_path, files)
    [kept] = (tmp_path / ".sitegen/images").rglob("*.png")
    before = kept.stat().st_mtime_ns
    publish(tmp_path, {**files, "content/a.md": files["content/a.md"] + "More text."})
    assert [path.stat().st_mtime_ns for path in (tmp_path / ".sitegen/images").rglob("*.png")] == [
        before
    ]


@pytest.mark.parametrize(
    "title",
    ["", "x", "word " * 60, "W" * 300, "Dashes – “quotes” — 2×3\u00a0x", " ".join(["wide"] * 30)],
)
def test_any_title_stays_within_its_card(title: str, tmp_path: Path) -> None:
    data = drawn(tmp_path, SocialCard(title, "Site", "note", ""))
    with Image.open(io.BytesIO(data)) as image:
        pixels = image.convert("L")
        edges = [pixels.crop((1150, 0, 1200, 630)), pixels.crop((20, 600, 1200, 630))]
        assert all(low > 200 for low, _ in (edge.getextrema() for edge in edges))


def test_a_figure_stands_at_the_right(tmp_path: Path) -> None:
    picture = io.BytesIO()
    Image.new("RGBA", (40, 20), (200, 0, 0, 255)).save(picture, "PNG")
    data = drawn(tmp_path, SocialCard("Title", "Site", "", "x"), picture.getvalue())
    with Image.open(io.BytesIO(data)) as image:
        red, green, _ = image.convert("RGB").getpixel((1200 - 72 - 210, 315))
    assert red > 150 > green
    assert drawn(tmp_path / "b", SocialCard("Title", "Site", "", "y"), b"no picture")
    assert drawn(tmp_path / "c", SocialCard("Title", "Site", "", "z"), png(1, 1))


def test_letters_that_the_font_lacks_are_said_and_a_font_has_them(tmp_path: Path) -> None:
    title = 'title = "Größe"\ndate = 2026-01-01'
    [problem] = publish(tmp_path, {"site.toml": ON, "content/a.md": page(title)})
    assert (problem.severity, problem.code) == ("notice", "social-card")
    assert "ß ö" in problem.message
    assert cards(tmp_path) == []
    config = ON + 'social_font = "own.ttf"\n'
    (tmp_path / "own.ttf").write_bytes(FONT.read_bytes())
    assert publish(tmp_path, {"site.toml": config, "content/a.md": page(title)}) == ()
    assert len(cards(tmp_path)) == 1


def test_two_pages_that_look_alike_have_one_card(tmp_path: Path) -> None:
    text = page('title = "T"\ndate = 2026-01-01')
    both = {"site.toml": ON, "content/a.md": text, "content/b.md": text}
    assert publish(tmp_path, both) == ()
    assert len(cards(tmp_path)) == 1
    assert publish(tmp_path, both | {"content/c.md": text}) == ()
    assert publish(tmp_path, both | {"content/a.md": f"{text} More."}) == ()
    assert len(cards(tmp_path)) == 1


@pytest.mark.parametrize("font", ["own.ttf", ".fonts/own.ttf"])
def test_a_card_is_drawn_again_with_another_font(tmp_path: Path, font: str) -> None:
    text = page('title = "T"\ndate = 2026-01-01')
    files = {"site.toml": ON + f'social_font = "{font}"\n', "content/a.md": text}
    file = tmp_path / font
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(FONT.read_bytes())
    assert publish(tmp_path, files) == ()
    [before] = cards(tmp_path)
    file.unlink()  # FreeType has mapped it into memory
    file.write_bytes(FONT.with_name("DejaVuSans-Bold.ttf").read_bytes())
    assert publish(tmp_path, files) == ()
    [after] = cards(tmp_path)
    assert after.name != before.name


def test_a_font_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    [problem] = publish(tmp_path, {"site.toml": ON + 'social_font = "no.ttf"\n'})
    assert (problem.severity, problem.code) == ("fatal", "config")


def test_a_font_that_is_none_is_an_error(tmp_path: Path) -> None:
    files = {"site.toml": ON + 'social_font = "own.ttf"\n', "own.ttf": "no font"}
    found = publish(tmp_path, {**files, "content/a.md": page('title = "T"\ndate = 2026-01-01')})
    assert [(problem.severity, problem.code) for problem in found] == [("fatal", "social-card")]

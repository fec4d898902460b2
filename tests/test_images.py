"""Images that templates ask for: sizes, formats, orientation, the cache, the published files."""

# ruff: noqa: E501 (templates on one line)

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from sitegen.base.digest import digest_bytes
from sitegen.render.images import image_key, make_image, plan_image, read_header
from tests.test_functions import outcome, shown
from tests.tiny import SITE

RED, BLUE = (200, 30, 30), (30, 30, 200)


def picture(
    path: Path, size: tuple[int, int] = (80, 40), mode: str = "RGB", **options: Any
) -> Path:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.convert(mode).save(path, **options)
    return path


def made(source: Path, **arguments: Any) -> Image.Image:
    operation, _, size = plan_image(source, **arguments)
    image = Image.open(io.BytesIO(make_image(source, operation, size)))
    image.load()
    assert image.size == (size.width, size.height)
    return image


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        ({"op": "scale", "width": 10, "height": 30}, (10, 30)),
        ({"op": "fit_width", "width": 20}, (20, 10)),
        ({"op": "fit_width", "width": 160, "height": 0}, (160, 80)),
        ({"op": "fit_height", "width": 0, "height": 20}, (40, 20)),
        ({"op": "fit_width", "width": 160}, (160, 80)),
        ({"op": "fit_height", "height": 10}, (20, 10)),
        ({"op": "fit", "width": 20, "height": 20}, (20, 10)),
        ({"op": "fit", "width": 100, "height": 10}, (20, 10)),
        ({"op": "fit", "width": 100, "height": 100}, (80, 40)),
        ({"op": "fill", "width": 10, "height": 10}, (10, 10)),
        ({"width": 10, "height": 40}, (10, 40)),
    ],
)
@pytest.mark.parametrize("format", ["jpg", "png", "webp", "avif"])
def test_sizes_and_formats(
    arguments: dict[str, Any], size: tuple[int, int], format: str, tmp_path: Path
) -> None:
    image = made(picture(tmp_path / "a.png"), format=format, **arguments)
    assert image.size == size
    assert image.format == {"jpg": "JPEG"}.get(format, format.upper())


def test_fill_keeps_the_middle(tmp_path: Path) -> None:
    image = made(picture(tmp_path / "a.png"), width=40, height=40, format="png")
    assert image.getpixel((2, 20)) == RED
    assert image.getpixel((37, 20)) == BLUE
    tall = made(picture(tmp_path / "b.png", (40, 80)), width=40, height=40, format="png")
    assert tall.getpixel((2, 20)) == RED


@pytest.mark.parametrize(
    ("name", "format"), [("a.jpg", "jpg"), ("a.png", "png"), ("a.bmp", "png"), ("a.webp", "jpg")]
)
def test_auto_keeps_what_is_lossless(name: str, format: str, tmp_path: Path) -> None:
    operation, _, _ = plan_image(picture(tmp_path / name), width=4, height=4)
    assert operation.format == format


def test_the_camera_s_orientation_is_applied_and_nothing_else_kept(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    exif[0x010F] = "A camera"
    source = picture(tmp_path / "a.jpg", exif=exif, quality=95)
    assert read_header(source)[0].width == 40
    image = made(source, op="fit_width", width=40, format="jpg", quality=95)
    assert image.size == (40, 80)
    above, below = image.getpixel((20, 5)), image.getpixel((20, 75))
    assert isinstance(above, tuple)
    assert isinstance(below, tuple)
    assert above[0] > 150 > below[0]
    assert not image.getexif()
    assert "exif" not in image.info


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1"])
@pytest.mark.parametrize("format", ["jpg", "png", "webp"])
def test_every_kind_of_colours(mode: str, format: str, tmp_path: Path) -> None:
    name = "a.tiff" if mode == "CMYK" else "a.png"
    assert made(picture(tmp_path / name, mode=mode), width=8, height=8, format=format)


def test_transparency_is_kept_where_the_format_knows_it(tmp_path: Path) -> None:
    source = tmp_path / "a.png"
    Image.new("RGBA", (4, 4), (255, 0, 0, 0)).save(source)
    assert made(source, width=2, height=2, format="png").getpixel((0, 0)) == (0, 0, 0, 0)
    assert made(source, width=2, height=2, format="jpg").getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("format", ["jpg", "png", "webp", "avif"])
def test_the_same_bytes_in_another_process(format: str, tmp_path: Path) -> None:
    source = picture(tmp_path / "a.png")
    operation, _, size = plan_image(source, width=30, height=30, format=format)
    code = (
        "import sys; from pathlib import Path; from sitegen.base.digest import digest_bytes\n"
        "from sitegen.render.images import make_image, plan_image\n"
        "source, format = Path(sys.argv[1]), sys.argv[2]\n"
        "operation, _, size = plan_image(source, width=30, height=30, format=format)\n"
        "print(digest_bytes(make_image(source, operation, size)))"
    )
    arguments = [sys.executable, "-c", code, str(source), format]
    done = subprocess.run(
        arguments,
        env={**os.environ, "TZ": "Asia/Tokyo"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == digest_bytes(make_image(source, operation, size))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"op": "shrink"}, "the operation is one of scale"),
        ({"format": "gif"}, "the format is one of auto"),
        ({"width": 1}, "`fill` needs `height`"),
        ({"op": "fit_height", "width": 1}, "`fit_height` needs `height`"),
        ({"width": 0, "height": 1}, "whole number of pixels"),
        ({"width": 1, "height": 1, "quality": 101}, "from 1 to 100"),
    ],
)
def test_a_mistake(arguments: dict[str, Any], message: str, tmp_path: Path) -> None:
    source = picture(tmp_path / "a.png")
    with pytest.raises(Exception, match=message):
        plan_image(source, **arguments)


# --- in a site --------------------------------------------------------------------------------

RESIZE = "{% set i = resize_image(path='photo.png', width=20, height=20, format='webp') %}"


def test_a_resized_image_is_published_and_cached(tmp_path: Path) -> None:
    picture(tmp_path / "static" / "photo.png")
    text = (
        RESIZE + "{{ i.url }} {{ i.static_path }} {{ i.width }}x{{ i.height }} {{ i.orig_width }}"
    )
    url, static, size, original = shown(tmp_path, text).split()
    name = url.removeprefix("https://example.org/processed_images/")
    assert name.startswith("photo.")
    assert name.endswith(".webp")
    assert static == f"static/processed_images/{name}"
    assert (size, original) == ("20x20", "80")
    file = tmp_path / "public" / "processed_images" / name
    with Image.open(file) as image:
        assert image.size == (20, 20)
    [cached] = (tmp_path / ".sitegen" / "images").rglob("*.webp")
    before = cached.stat().st_mtime_ns
    assert shown(tmp_path, text).split()[0] == url
    assert cached.stat().st_mtime_ns == before


def test_a_damaged_image_of_the_cache_is_made_again(tmp_path: Path) -> None:
    picture(tmp_path / "static" / "photo.png")
    shown(tmp_path, RESIZE)
    [file] = (tmp_path / "public" / "processed_images").iterdir()
    good = file.read_bytes()
    [cached] = (tmp_path / ".sitegen" / "images").rglob("*.webp")
    cached.unlink()
    cached.write_bytes(b"damaged")
    shown(tmp_path, RESIZE)
    [again] = (tmp_path / ".sitegen" / "images").rglob("*.webp")
    assert again.read_bytes() == good
    assert file.read_bytes() == good


def test_another_source_is_another_image(tmp_path: Path) -> None:
    source = picture(tmp_path / "a.png")
    operation, _, _ = plan_image(source, width=4, height=4)
    key = image_key(source, operation)
    picture(source, (80, 41))
    assert image_key(source, operation) != key


def test_an_image_beside_a_page_and_in_a_theme_is_found(tmp_path: Path) -> None:
    picture(tmp_path / "content" / "posts" / "c" / "d.png")
    text = "{{ get_image_metadata(path='posts/c/d.png').width }} {{ get_image_metadata(path='@/posts/c/d.png').format }}"
    assert shown(tmp_path, text) == "80 png"
    picture(tmp_path / "themes" / "t" / "static" / "logo.png")
    more = {"site.toml": f'theme = "t"\n{SITE}'}
    assert shown(tmp_path, "{{ get_image_metadata(path='logo.png').height }}", more) == "40"


def test_metadata_of_an_svg(tmp_path: Path) -> None:
    svg = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 12 7.5"/>'
    more = {"static/a.svg": svg, "static/b.svg": svg.replace("viewBox", 'width="3px" height="4" x')}
    text = "{% for n in ['a', 'b'] %}{% set m = get_image_metadata(path=n ~ '.svg') %}{{ m.width }}x{{ m.height }} {{ m.mime }} {% endfor %}"
    assert shown(tmp_path, text, more) == "12x7.5 image/svg+xml 3x4 image/svg+xml "


def test_a_missing_image_is_nothing_where_that_is_allowed(tmp_path: Path) -> None:
    assert shown(tmp_path, "[{{ get_image_metadata(path='no.png', allow_missing=true) }}]") == "[]"


def test_a_broken_image_is_told_with_its_place(tmp_path: Path) -> None:
    problems = outcome(tmp_path, RESIZE, {"static/photo.png": "no image"})
    assert ["`photo.png` is no image" in p.message for p in problems if p.severity == "fatal"] == [
        True
    ]


def test_pillow_is_not_imported_where_no_image_is_asked_for(tmp_path: Path) -> None:
    code = "import sys, sitegen.render.pages, sitegen.cli; print('PIL' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"

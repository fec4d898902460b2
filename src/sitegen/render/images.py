"""`resize_image` and `get_image_metadata`: Pillow, imported when a template asks for an image.

Same source, operation and version of Pillow: same bytes. The camera's orientation is applied,
colours become sRGB, and nothing else that a camera wrote is kept.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

import jinja2
import msgspec

from sitegen.base.digest import digest_bytes, digest_value

if TYPE_CHECKING:
    from PIL.Image import Image

Op = Literal["scale", "fit_width", "fit_height", "fit", "fill"]
OPS: tuple[Op, ...] = ("scale", "fit_width", "fit_height", "fit", "fill")
FORMATS = ("auto", "jpg", "png", "webp", "avif")
FOLDER = "processed_images"

_LOSSLESS = ("PNG", "PPM", "TIFF", "TGA", "BMP", "ICO")
_QUALITY = {"jpg": 75, "avif": 80}
_MIME = {"JPEG": "image/jpeg", "MPO": "image/jpeg"}
_SVG = re.compile(r"<svg\b[^>]*>", re.S)
_LENGTH = re.compile(r"""\s(width|height)\s*=\s*["']\s*([0-9.]+)(?:px)?\s*["']""")
_VIEW_BOX = re.compile(
    r"""\sviewBox\s*=\s*["']\s*[-\d.]+[\s,]+[-\d.]+[\s,]+([\d.]+)[\s,]+([\d.]+)"""
)


class Operation(msgspec.Struct, frozen=True):
    """What is to be done with an image: part of its key. `quality` 0 is lossless."""

    op: Op
    width: int
    height: int
    format: str
    quality: int


class Size(msgspec.Struct, frozen=True):
    width: int
    height: int


def plan_image(
    source: Path,
    op: str = "fill",
    width: int | None = None,
    height: int | None = None,
    format: str = "auto",
    quality: int | None = None,
) -> tuple[Operation, Size, Size]:
    """The operation that the arguments mean, with the sizes of the source and of the result.

    `fit_width` does not look at the height, nor `fit_height` at the width.
    """
    if op not in OPS:
        raise _error(f"the operation is one of {', '.join(OPS)}, not `{op}`")
    if format not in FORMATS:
        raise _error(f"the format is one of {', '.join(FORMATS)}, not `{format}`")
    needed = {"fit_width": ("width",), "fit_height": ("height",)}.get(op, ("width", "height"))
    for name, value in (("width", width), ("height", height)):
        if name in needed and value is None:
            raise _error(f"`{op}` needs `{name}`")
        if name in needed and (not isinstance(value, int) or not 0 < value <= 65535):
            raise _error(f"`{name}` is a whole number of pixels")
    if quality is not None and not 1 <= quality <= 100:
        raise _error("`quality` is from 1 to 100")
    original, kind = read_header(source)
    if format == "auto":
        format = "png" if kind in _LOSSLESS else "jpg"
    width, height = (width or 0, 0) if op == "fit_width" else (width or 0, height or 0)
    width = 0 if op == "fit_height" else width
    done = Operation(op, width, height, format, quality or _QUALITY.get(format, 0))
    return done, original, _result(done, original)


def _result(operation: Operation, original: Size) -> Size:
    """The size of the result; only `fit` never enlarges."""
    width, height = operation.width, operation.height
    match operation.op:
        case "scale" | "fill":
            return Size(width, height)
        case "fit_width":
            return Size(width, max(1, original.height * width // original.width))
        case "fit_height":
            return Size(max(1, original.width * height // original.height), height)
        case "fit":
            if original.width <= width and original.height <= height:
                return original
            if original.width * height > original.height * width:
                return Size(width, max(1, original.height * width // original.width))
            return Size(max(1, original.width * height // original.height), height)


def image_key(source: Path, operation: Operation) -> str:
    """The key of the result: the source's bytes, the operation, the version of Pillow."""
    from PIL import __version__

    return digest_value([digest_bytes(source.read_bytes()), operation, __version__])


def image_path(source: Path, operation: Operation, key: str) -> str:
    """Where the result is published: `processed_images/<stem>.<hash>.<ext>`."""
    return f"{FOLDER}/{PurePosixPath(source.name).stem}.{key[:16]}.{operation.format}"


def make_image(source: Path, operation: Operation, size: Size) -> bytes:
    """The processed image."""
    from PIL import Image

    image = _upright(source)
    box = None
    if operation.op == "fill":
        scale = min(image.width / size.width, image.height / size.height)
        width, height = size.width * scale, size.height * scale
        left, top = (image.width - width) / 2, (image.height - height) / 2
        box = (left, top, left + width, top + height)
    if (image.width, image.height) != (size.width, size.height):
        image = image.resize((size.width, size.height), Image.Resampling.LANCZOS, box=box)
    buffer = io.BytesIO()
    match operation.format:
        case "jpg":
            quality = operation.quality
            _opaque(image).save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
        case "png":
            image.save(buffer, "PNG", optimize=True)
        case "webp" if operation.quality:
            image.save(buffer, "WEBP", quality=operation.quality, method=4)
        case "webp":
            image.save(buffer, "WEBP", lossless=True, method=4)
        case _:
            image.save(buffer, "AVIF", quality=operation.quality, speed=6, max_threads=1)
    return buffer.getvalue()


def _upright(source: Path) -> Image:
    """The picture in RGB(A) or grey, upright, in sRGB, without anything else."""
    from PIL import Image, ImageOps

    with Image.open(source) as opened:
        image: Image.Image = ImageOps.exif_transpose(opened)
        image.load()
    profile = image.info.get("icc_profile")
    transparent = "A" in image.getbands() or "transparency" in image.info
    if image.mode not in ("L", "RGB", "RGBA"):
        deep = image.mode.startswith("I")
        image = image.point(lambda level: level / 256).convert("L") if deep else image
        image = image.convert("RGBA" if transparent else "RGB")
    elif transparent and image.mode != "RGBA":
        image = image.convert("RGBA")
    if profile:
        image = _in_srgb(image, profile)
    image.info = {}
    return image


def _in_srgb(image: Image, profile: bytes) -> Image:
    """The image with its colours in sRGB; as it is where its profile is not understood."""
    from PIL import ImageCms

    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        done = ImageCms.profileToProfile(image, given, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError):
        return image
    return done or image


def _opaque(image: Image) -> Image:
    """The image on white: JPEG knows no transparency."""
    if image.mode != "RGBA":
        return image
    import PIL.Image

    ground = PIL.Image.new("RGBA", image.size, (255, 255, 255, 255))
    return PIL.Image.alpha_composite(ground, image).convert("RGB")


def read_header(source: Path) -> tuple[Size, str]:
    """An image's size as it is shown, and its format; pixels are not read."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(source) as image:
            turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
            size = Size(image.height, image.width) if turned else Size(image.width, image.height)
            return size, image.format or ""
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError) as error:
        raise _error(f"`{source.name}` is no image: {type(error).__name__}") from None


def describe_image(source: Path) -> Mapping[str, Any]:
    """Width, height, format and MIME type of an image, SVG too."""
    if source.suffix.lower() == ".svg":
        width, height = _svg_size(source)
        return {"width": width, "height": height, "format": "svg", "mime": "image/svg+xml"}
    size, kind = read_header(source)
    name = {"JPEG": "jpg", "MPO": "jpg"}.get(kind, kind.lower())
    mime = _MIME.get(kind, f"image/{kind.lower()}")
    return {"width": size.width, "height": size.height, "format": name, "mime": mime}


def _svg_size(source: Path) -> tuple[float, float]:
    """What an SVG says of its size: its width and height, else its view box."""
    root = _SVG.search(source.read_text("utf-8", "replace"))
    tag = root[0] if root else ""
    lengths = {name: float(number) for name, number in _LENGTH.findall(tag)}
    box = _VIEW_BOX.search(tag)
    if "width" in lengths and "height" in lengths:
        return _whole(lengths["width"]), _whole(lengths["height"])
    if box:
        return _whole(float(box[1])), _whole(float(box[2]))
    raise _error(f"`{source.name}` says neither its width and height nor a view box")


def _whole(number: float) -> float:
    return int(number) if number.is_integer() else number


def _error(message: str) -> jinja2.TemplateRuntimeError:
    return jinja2.TemplateRuntimeError(f"image: {message}")

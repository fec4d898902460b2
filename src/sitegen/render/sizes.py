"""Width and height of a picture, read from the first bytes of its file."""

from __future__ import annotations

from pathlib import Path

_HEADER = 64 * 1024
"""Bytes of a picture's file that hold its size, almost always."""

_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""JPEG's markers of a frame, whose header holds the size (ITU-T T.81, table B.1)."""


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a PNG, JPEG, WebP or GIF; None where they cannot be read."""
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        size = _pair(content[16:24], 4, "big")
    elif content.startswith((b"GIF87a", b"GIF89a")):
        size = _pair(content[6:10], 2, "little")
    elif content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        size = _webp(content)
    elif content.startswith(b"\xff\xd8"):
        size = _jpeg(content)
    else:
        size = None
    return size if size is not None and min(size) > 0 else None


def size_in(file: Path) -> tuple[int, int] | None:
    """The same of a picture's file."""
    try:
        with file.open("rb") as opened:
            return picture_size(opened.read(_HEADER))
    except OSError:
        return None


def _pair(content: bytes, width: int, order: str) -> tuple[int, int] | None:
    if len(content) < 2 * width:
        return None
    first, second = content[:width], content[width : 2 * width]
    if order == "big":
        return int.from_bytes(first, "big"), int.from_bytes(second, "big")
    return int.from_bytes(first, "little"), int.from_bytes(second, "little")


def _webp(content: bytes) -> tuple[int, int] | None:
    """The three kinds of a WebP: with a canvas, lossless, lossy (RFC 9649)."""
    kind = content[12:16]
    if kind == b"VP8X" and len(content) >= 30:
        size = _pair(content[24:30], 3, "little")
        return (size[0] + 1, size[1] + 1) if size else None
    if kind == b"VP8L" and len(content) >= 25 and content[20] == 0x2F:
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        size = _pair(content[26:30], 2, "little")
        return (size[0] & 0x3FFF, size[1] & 0x3FFF) if size else None
    return None


def _jpeg(content: bytes) -> tuple[int, int] | None:
    """Walks the segments to the first frame's header."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # padding
            at += 1
        elif marker in _FRAMES:
            size = _pair(content[at + 5 : at + 9], 2, "big")
            return (size[1], size[0]) if size else None
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:  # without a length
            at += 2
        else:
            at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return None

"""Processed images in `.sitegen/images/`: by the digest of what they are made from and how.

A file's name ends in the digest of its own bytes: one that was damaged is made again.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from sitegen.base.digest import digest_bytes


def keep_image(root: Path, key: str, suffix: str, make: Callable[[], bytes]) -> Path:
    """The file of the image with this key, made where it is not there yet."""
    folder = root / ".sitegen" / "images" / key[:2]
    for known in sorted(folder.glob(f"{key}-*{suffix}")):
        if digest_bytes(known.read_bytes())[:16] == known.stem.rpartition("-")[2]:
            return known
        known.unlink()
    data = make()
    path = folder / f"{key}-{digest_bytes(data)[:16]}{suffix}"
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    Path(temporary).replace(path)
    return path

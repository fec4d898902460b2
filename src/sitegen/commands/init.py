"""`init`: a site that builds at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Literal

import msgspec

from sitegen import __version__
from sitegen.base.errors import Problem, SiteError
from sitegen.content.config import FILES
from sitegen.storage.create import create_files

Host = Literal["github", "gitlab"]
"""Whose workflow may be written."""


class Started(msgspec.Struct, frozen=True):
    """The files of a new site, from its folder."""

    written: tuple[str, ...]


def init(folder: Path, host: Host | None, day: dt.date) -> Started:
    """Write a new site into a folder, beside what lies there; raises SiteError where a file of it
    would be written over, and then writes nothing."""
    starter = files("sitegen.starter")
    found = dict(_read(starter.joinpath("site")))
    if host is not None:
        found |= _read(starter.joinpath(host))
    filled = {path: _fill(content, day) for path, content in sorted(found.items())}
    there = [name for name in FILES if (folder / name).exists() and name not in filled]
    if there:
        help = "write a site.toml of your own, or name another folder"
        message = f"there is a site already: `{there[0]}`"
        raise SiteError([Problem("fatal", "init", message, help=(help,))])
    create_files(folder, filled)
    return Started(tuple(filled))


def _read(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    """The files below a folder of the starter, under the names that they get."""
    for entry in folder.iterdir():
        name = entry.name.replace("dot-", ".", 1) if entry.name.startswith("dot-") else entry.name
        if entry.is_dir():
            yield from _read(entry, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", entry.read_bytes()


def _fill(content: bytes, day: dt.date) -> bytes:
    today = content.replace(b"@TODAY@", day.isoformat().encode())
    return today.replace(b"@SITEGEN_VERSION@", __version__.encode())

"""What was published: a tree's files as they lie on the disk, and the trace that remembers them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec


class Stamp(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A file's state as git's index remembers it: while it stands, so does the content."""

    size: int
    mtime_ns: int
    inode: int


_SECOND = 1_000_000_000

TICK_NS = 50_000_000
"""A clock of files goes on at least this often: on Linux each 1 to 10 ms."""

WHOLE_NS = 2 * _SECOND
"""The same where a file system keeps whole seconds; FAT every other."""

NO_FILE = Stamp(-1, -1, -1)
"""The stamp of what is no regular file: a link, a device, an empty folder."""


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A published file: the SHA-256 of its content, and its state just after it was written."""

    digest: str
    stamp: Stamp


class Trace(msgspec.Struct, frozen=True, array_like=True):
    """What is remembered of a published tree: the records of its files by path, and what the build
    that made them left for the next one to compare."""

    records: dict[str, Record]
    memory: bytes = b""
    format: Literal[2] = 2


def stamp_of(status: os.stat_result) -> Stamp:
    """The stamp of a regular file."""
    return Stamp(status.st_size, status.st_mtime_ns, status.st_ino)


def changed_ns(status: os.stat_result) -> int:
    """When a file last changed: its own time can be set, that of its inode cannot."""
    return max(status.st_mtime_ns, status.st_ctime_ns)


def is_settled(when_ns: int, now_ns: int) -> bool:
    """Whether a file's state tells that it is the same, if it last changed then: two changes within
    a tick of the file system's clock look like one."""
    return when_ns < now_ns - (TICK_NS if when_ns % _SECOND else WHOLE_NS)


def scan_tree(folder: Path) -> dict[str, Stamp]:
    """Each leaf below the folder, by posix path; nothing where there is no folder.

    Links are leaves and are not followed; an empty folder is a leaf too.
    """
    leaves: dict[str, Stamp] = {}
    pending = [""] if folder.is_dir() and not folder.is_symlink() else []
    while pending:
        prefix = pending.pop()
        empty = True
        with os.scandir(f"{folder}/{prefix}") as entries:
            for entry in entries:
                empty = False
                path = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    pending.append(path + "/")
                elif entry.is_file(follow_symlinks=False):
                    leaves[path] = stamp_of(entry.stat(follow_symlinks=False))
                else:
                    leaves[path] = NO_FILE
        if empty and prefix:
            leaves[prefix[:-1]] = NO_FILE
    return leaves


def load_trace(path: Path) -> Trace:
    """The trace at the path; an empty one if it is absent, damaged or of another format."""
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=Trace)
    except (FileNotFoundError, msgspec.DecodeError):
        return Trace({})


def put_trace(path: Path, records: Mapping[str, Record], memory: bytes = b"") -> None:
    """The trace at the path is wholly the old one or wholly this one, whatever happens."""
    put_file(path, msgspec.msgpack.encode(Trace(dict(sorted(records.items())), memory)))


def put_file(path: Path, content: bytes) -> None:
    """The file at the path has its old content or this one, and this one survives a power cut."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)

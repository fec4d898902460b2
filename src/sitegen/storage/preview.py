"""The tree that the preview serves: each file is replaced in one step, and only what differs."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from sitegen.base.digest import digest_bytes, digest_text
from sitegen.model import Artifact
from sitegen.storage.exchange import remove, remove_leaf
from sitegen.storage.lock import make_state
from sitegen.storage.trace import scan_tree, stamp_of

MOST_AT_ONCE = 64
"""Previews of one site that each have a tree of their own."""


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A file of the preview: what changes whenever its content does, and what it was made from."""

    digest: str
    made_from: str


class Changes(msgspec.Struct, frozen=True):
    """What a put has written and removed, by path."""

    written: Mapping[str, Entry] = {}
    removed: tuple[str, ...] = ()


@contextmanager
def claimed_tree(site: Path) -> Iterator[Path]:
    """A folder below `.sitegen` that no other preview of the site uses meanwhile."""
    state = make_state(site)
    for number in range(1, MOST_AT_ONCE + 1):
        name = "preview" if number == 1 else f"preview-{number}"
        lock = os.open(state / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        try:
            yield state / name
        finally:
            os.close(lock)
        return
    raise BlockingIOError(f"{MOST_AT_ONCE} previews of this site are open")


class Tree:
    """The files of a preview as they lie in its folder; what is not listed is never served."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._entries: dict[str, Entry] = {}
        self._clean = False

    def put(self, artifacts: Iterable[Artifact]) -> Changes:
        """The tree holds the artifacts, which can lie together in one folder, and nothing else."""
        by_path = {artifact.path: artifact for artifact in artifacts}
        removed = tuple(sorted(self._entries.keys() - by_path.keys()))
        for path in removed:
            self._remove(path)
        return Changes(self.add(by_path.values()), removed)

    def add(self, artifacts: Iterable[Artifact]) -> dict[str, Entry]:
        """The tree also holds these; returns those that were not there, or were others."""
        if not self._clean:
            if self._folder.is_symlink() or self._folder.is_file():
                remove(self._folder)
            self._folder.mkdir(parents=True, exist_ok=True)
        written = {}
        for artifact in artifacts:
            entry = self._put_file(artifact)
            if entry is not None:
                self._entries[artifact.path] = written[artifact.path] = entry
        if not self._clean:
            self._clean = True
            for leaf in scan_tree(self._folder).keys() - self._entries.keys():
                remove_leaf(self._folder, leaf)
        return written

    def _put_file(self, artifact: Artifact) -> Entry | None:
        """The new entry of a file that was written, None where it was there already."""
        path, content = artifact.path, artifact.content
        known = self._entries.get(path)
        if isinstance(content, Path):  # while its stamp stands, so does what it holds
            stamp = stamp_of(content.stat())
            digest = digest_text(f"{content}\0{stamp.size} {stamp.mtime_ns} {stamp.inode}")
        else:
            digest = digest_bytes(content)
        entry = Entry(digest, artifact.made_from)
        if known == entry:
            return None
        if known is None or known.digest != digest:
            self._write(path, content)
        return entry

    def _write(self, path: str, content: bytes | Path) -> None:
        target = self._folder / path
        for folder in reversed(target.relative_to(self._folder).parents):
            above = self._folder / folder
            if above.is_symlink() or above.is_file():
                above.unlink()
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir() and not target.is_symlink():
            remove(target)
        part = target.with_name(".part")
        if isinstance(content, Path):
            shutil.copyfile(content, part)
        else:
            part.write_bytes(content)
        part.replace(target)

    def _remove(self, path: str) -> None:
        self._entries.pop(path, None)
        with suppress(NotADirectoryError, IsADirectoryError):
            remove_leaf(self._folder, path)

"""The tree that the preview serves: each file is replaced in one step, and only what differs."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from sitegen.model import Artifact
from sitegen.storage.exchange import Trees, remove, remove_leaf
from sitegen.storage.lock import make_state
from sitegen.storage.publish import MARKER
from sitegen.storage.stage import Stage
from sitegen.storage.trace import Record, load_trace, put_trace, scan_tree

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


def trees_in_use(state: Path) -> set[str]:
    """The names of the trees below `.sitegen` that a preview uses now."""
    found = set()
    for file in state.glob("preview*.lock"):
        with file.open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                found.add(file.stem)
    return found


class Filed(Protocol):
    """A file on the stage, and what it was made from."""

    @property
    def path(self) -> str: ...

    @property
    def made_from(self) -> str: ...

    @property
    def record(self) -> Record: ...


class Tree:
    """The files of a preview as they lie in its folder; what is not listed is never served.

    Files are made beside it, and take their places when all are there.
    """

    def __init__(self, folder: Path) -> None:
        state = folder.parent
        self.folder = folder
        self._trees = Trees(folder, state / f"{folder.name}-next", state / f"{folder.name}-trace")
        self._trace = state / f"{folder.name}-trace"
        self._entries: dict[str, Entry] = {}
        self._early: set[str] = set()
        self._open()

    def _open(self) -> None:
        """Take what an earlier preview has left; what it does not vouch for is removed."""
        remove(self._trees.standby)
        if self.folder.is_symlink() or self.folder.is_file():
            remove(self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        found, trace = scan_tree(self.folder), load_trace(self._trace)
        self._records = {
            path: record
            for path, record in trace.records.items()
            if found.get(path) == record.stamp
        }
        for leaf in found.keys() - self._records.keys():
            remove_leaf(self.folder, leaf)
        self._memory = trace.memory

    def tell_all(self) -> None:
        """The next build tells of all its files as if they were new."""
        self._entries = {}

    def stage(self) -> Stage:
        """Takes what a build makes, and tells it what lies in the tree."""
        found = {path: record.stamp for path, record in self._records.items()}
        old = {path: r for path, r in self._records.items() if path not in self._early}
        return Stage(self._trees, found, old, self._memory)

    def finish(self, entries: Iterable[Filed], memory: bytes = b"") -> Changes:
        """The tree holds these files of the stage and nothing else; `memory` is for the next."""
        wanted = {entry.path: entry for entry in entries if entry.path != MARKER}
        for path in self._records.keys() - wanted.keys():
            with suppress(NotADirectoryError):
                remove_leaf(self.folder, path)
        for path in sorted(wanted):
            if self._records.get(path) != wanted[path].record:
                self._place(path)
        self._records = {path: entry.record for path, entry in wanted.items()}
        self._memory = memory
        self._early = set()
        now = {path: Entry(entry.record.digest, entry.made_from) for path, entry in wanted.items()}
        written = {path: entry for path, entry in now.items() if self._entries.get(path) != entry}
        removed = tuple(sorted(self._entries.keys() - now.keys()))
        self._entries = now
        return Changes(written, removed)

    def put(self, artifacts: Iterable[Artifact]) -> Changes:
        """The tree holds the artifacts, which can lie together in one folder, and nothing else."""
        stage = self.stage()
        return self.finish(
            _Made(artifact.path, artifact.made_from, stage.put(artifact)) for artifact in artifacts
        )

    def add(self, artifacts: Iterable[Artifact]) -> dict[str, Entry]:
        """The tree also holds these until the next build, which takes none of them as made;
        returns those that were not there, or were others."""
        stage, written = self.stage(), {}
        for artifact in artifacts:
            record = stage.put(artifact)
            if self._records.get(artifact.path) != record:
                self._place(artifact.path)
                self._records[artifact.path] = record
                self._early.add(artifact.path)
            entry = Entry(record.digest, artifact.made_from)
            if self._entries.get(artifact.path) != entry:
                self._entries[artifact.path] = written[artifact.path] = entry
        return written

    def made_from(self, file: str) -> list[str]:
        """What was made from a file, and from nothing else."""
        return [path for path, entry in self._entries.items() if entry.made_from == file]

    def remember(self) -> None:
        """The next preview of the site begins with what lies here."""
        put_trace(self._trace, self._records, self._memory)

    def _place(self, path: str) -> None:
        """Move a file from the stage to its place, whatever lies there."""
        target = self.folder / path
        for above in reversed(target.relative_to(self.folder).parents):
            folder = self.folder / above
            if folder.is_symlink() or folder.is_file():
                folder.unlink()
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_dir() and not target.is_symlink():
            remove(target)
        (self._trees.standby / path).replace(target)


class _Made(NamedTuple):
    path: str
    made_from: str
    record: Record

"""The working folder of a run, and which files of the site its results depend on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from sitegen.base.digest import digest_bytes
from sitegen.execute.blocks import Opened
from sitegen.model import Asset, Blob, Input, Plan, Saved

MOST_SAVED = 5_000_000
"""Bytes of a file that `saves` names."""

CHANGED = ""
"""The digest of a file that changed while a run read it: no file has it, so the run is stale."""


class WorkingFolder:
    """Copies of the files beside a post, in which whatever a run writes stays.

    The time of last access of each copy is set back, so that a read shows by whatever process and
    library it is done; on a file system that keeps no such times, the kernel's own reads are known
    all the same.
    """

    def __init__(self, plan: Plan, path: Path, saves: Sequence[Saved] = ()) -> None:
        self.path = path
        self._saves: dict[str, Saved] = {}
        self._sources: dict[str, Asset] = {}
        self._stamps: dict[str, tuple[int, int]] = {}
        above = str(Path(plan.file).relative_to("content").parent)
        path.mkdir()
        for asset in plan.assets:
            name = Path(asset.path).relative_to(above).as_posix()
            self._sources[name] = asset
            self._stamps[name] = _stamp(asset.file)
            target = path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(asset.file, target)
            _set_unread(target)
        for saved in saves:
            target = path / saved.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(saved.blob.content)
            _set_unread(target)
            self._saves[saved.path] = saved
            self._sources.pop(saved.path, None)

    def read_inputs(self, opened: Iterable[Opened], root: Path) -> tuple[Input, ...]:
        """The files that were read, with the digest of what the site has; by path."""
        opened = list(opened)
        local = {entry.path for entry in opened if entry.base == "post"}
        read = {name for name in (*self._sources, *self._saves) if self._was_read(name)} | local
        inputs = [
            Input("post", name, self._digest(name)) for name in sorted(self._sources.keys() & read)
        ]
        inputs += [
            Input("saves", name, self._saves[name].blob.digest)
            for name in sorted(self._saves.keys() & read)
        ]
        for name in sorted({entry.path for entry in opened if entry.base == "site"}):
            try:
                inputs.append(Input("site", name, digest_bytes((root / name).read_bytes())))
            except OSError:
                continue  # written and removed by the run itself
        return tuple(inputs)

    def take_saves(self, names: Iterable[str], secrets: Sequence[bytes]) -> Iterator[Saved | str]:
        """The files that the run was to save, in order; why one cannot be."""
        for name in dict.fromkeys(names):
            path = self.path / name
            try:
                inside = path.resolve().is_relative_to(self.path.resolve())
                content = path.read_bytes() if inside and path.is_file() else None
            except OSError:
                content = None
            if content is None:
                yield f"`{name}` is to be saved, but the run left no such file"
            elif len(content) > MOST_SAVED:
                limit = f"{len(content) / 1e6:.1f} MB; {MOST_SAVED // 10**6} MB is the limit"
                yield f"`{name}` is to be saved, but has {limit}"
            elif any(secret in content for secret in secrets):
                yield f"`{name}` is to be saved, but holds the value of a variable of `pass_env`"
            else:
                yield Saved(name, Blob(digest_bytes(content), len(content), content))

    def _was_read(self, name: str) -> bool:
        try:
            return (self.path / name).stat().st_atime_ns != 0
        except OSError:
            return False

    def _digest(self, name: str) -> str:
        source = self._sources[name].file
        try:
            content = source.read_bytes()
            return digest_bytes(content) if _stamp(source) == self._stamps[name] else CHANGED
        except OSError:
            return CHANGED


def _set_unread(file: Path) -> None:
    os.utime(file, ns=(0, file.stat().st_mtime_ns))


def _stamp(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_size, status.st_mtime_ns

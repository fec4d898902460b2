"""The working folder of a run, and which files of the site its results depend on."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from sitegen.base.digest import digest_bytes
from sitegen.execute.blocks import Opened
from sitegen.model import Asset, Input, Plan

_CHANGED = ""
"""The digest of a file that changed while a run read it: no file has it, so the run is stale."""


class WorkingFolder:
    """Copies of the files beside a post, in which whatever a run writes stays.

    The time of last access of each copy is set back, so that a read shows by whatever process and
    library it is done; on a file system that keeps no such times, the kernel's own reads are known
    all the same.
    """

    def __init__(self, plan: Plan, path: Path) -> None:
        self.path = path
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
            os.utime(target, ns=(0, target.stat().st_mtime_ns))

    def read_inputs(self, opened: Iterable[Opened], root: Path) -> tuple[Input, ...]:
        """The files that were read, with the digest of what the site has; by path."""
        opened = list(opened)
        beside = {entry.path for entry in opened if entry.base == "post"} & self._sources.keys()
        beside |= {name for name in self._sources if self._was_read(name)}
        inputs = [Input("post", name, self._digest(name)) for name in sorted(beside)]
        for name in sorted({entry.path for entry in opened if entry.base == "site"}):
            try:
                inputs.append(Input("site", name, digest_bytes((root / name).read_bytes())))
            except OSError:
                continue  # written and removed by the run itself
        return tuple(inputs)

    def _was_read(self, name: str) -> bool:
        try:
            return (self.path / name).stat().st_atime_ns != 0
        except OSError:
            return False

    def _digest(self, name: str) -> str:
        source = self._sources[name].file
        try:
            content = source.read_bytes()
            return digest_bytes(content) if _stamp(source) == self._stamps[name] else _CHANGED
        except OSError:
            return _CHANGED


def _stamp(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_size, status.st_mtime_ns

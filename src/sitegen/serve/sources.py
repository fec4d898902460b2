"""The files of `content/` for a process that reads them again and again."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from sitegen.base.errors import Problem
from sitegen.content.source import Named, load_source
from sitegen.model import Source
from sitegen.storage.trace import Stamp, stamp_of

LATE = 0.01
MOST_LATE = 5
"""Seconds after which a file that is empty is looked at again, and how often: most editors empty a
file before they write it."""

SETTLED = 2.0
"""Seconds after which a file's state tells that it has not changed: two changes within a tick of
the file system's clock look like one."""


class Sources:
    """Reads a file again only where its state says that it has changed.

    A file that is held is given as it last was whole; one that never was, not at all.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, tuple[Stamp, Source]] = {}
        self._whole: dict[str, Source] = {}
        self._now: dict[str, Source] = {}
        self.held: set[str] = set()

    def begin(self, held: Iterable[str]) -> None:
        """From now on these files are held."""
        self.held = set(held)
        self._now = {}

    def read(self, named: Named, problems: list[Problem]) -> Source | None:
        """The file with its text; None where it cannot be read."""
        file = f"content/{named.path}"
        held = file in self.held
        source = self._whole.get(file) if held else self._load(named, problems)
        if source is not None:
            self._now[file] = source
        return source

    def complete(self, names: Iterable[Named]) -> None:
        """Also read what other processes of the build have read."""
        for named in names:
            if f"content/{named.path}" not in self._now:
                self.read(named, [])

    def end(self) -> None:
        """All that was read since `begin` is whole."""
        self._whole = self._now
        self._known = {file: self._known[file] for file in self._known.keys() & self._now.keys()}

    def renew(self, source: Source) -> None:
        """A file is whole as it was read since."""
        self._whole[source.file] = source

    def last(self, file: str) -> Source | None:
        """A file as it last was whole."""
        return self._whole.get(file)

    def sections(self) -> list[Source]:
        """The files of sections as they last were whole."""
        return [source for source in self._whole.values() if source.is_section]

    def _load(self, named: Named, problems: list[Problem]) -> Source | None:
        file = f"content/{named.path}"
        known = self._known.get(file)
        wait_until_written(self._root / file)
        try:
            stamp = stamp_of((self._root / file).stat())
        except OSError:
            return load_source(self._root, named, problems)
        if known is not None and known[0] == stamp and known[1].assets == named.assets:
            return known[1]
        source = load_source(self._root, named, problems)
        self._known.pop(file, None)
        if source is not None and stamp.mtime_ns < (time.time() - SETTLED) * 1e9:
            self._known[file] = (stamp, source)
        return source


def wait_until_written(path: Path) -> None:
    """Wait a moment if the file has just been emptied."""
    for _ in range(MOST_LATE):
        try:
            status = path.stat()
        except OSError:
            return
        if status.st_size or time.time() - status.st_mtime > 1.0:
            return
        time.sleep(LATE)

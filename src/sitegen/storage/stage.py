"""The standby tree while it is made: each file is written as it comes, or known to be unchanged."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sitegen.base.digest import digest_bytes
from sitegen.base.errors import Problem, SiteError
from sitegen.model import Artifact
from sitegen.storage.exchange import Trees, create, make_folders, remove, remove_leaf
from sitegen.storage.trace import Record, Stamp, scan_tree, stamp_of


@contextmanager
def telling() -> Iterator[None]:
    """What the system refuses is told as a problem."""
    try:
        yield
    except OSError as error:
        message = f"cannot publish: `{error.filename}`: {error.strerror}"
        raise SiteError([Problem("fatal", "publish", message)]) from error


class Stage:
    """Takes what is to be published, in any process that shares it: nothing but records is kept.

    `found` is all that lies in the output folder, `old` those of it that are as they were left,
    `memory` what the last build left for this one; `left` all that lies there once it is published.
    """

    def __init__(
        self, trees: Trees, found: Mapping[str, Stamp], old: Mapping[str, Record], memory: bytes
    ) -> None:
        self.trees = trees
        self.found = found
        self.old = old
        self.memory = memory
        self.left: Mapping[str, Stamp] = {}
        self._standby = str(trees.standby)
        self._folders: set[str] = set()

    def put(self, artifact: Artifact) -> Record:
        """The artifact's record: that of the published file where that holds the same.

        Raises SiteError where the system refuses to read or to write it.
        """
        known = self.old.get(artifact.path)
        with telling():
            if known is not None and _holds(known, artifact):
                return known
            return self._write(artifact.path, artifact.content)

    def _write(self, path: str, content: bytes | Path) -> Record:
        folder = path.rpartition("/")[0]
        if folder not in self._folders:
            self._make(folder)
        target = Path(f"{self._standby}/{path}")
        try:
            return _write_file(target, content)
        except (FileExistsError, IsADirectoryError):
            remove(target)
            return _write_file(target, content)

    def _make(self, folder: str) -> None:
        """A folder of the standby, whatever lies in its place from an earlier generation."""
        if folder and (above := folder.rpartition("/")[0]) not in self._folders:
            self._make(above)
        path = f"{self._standby}/{folder}" if folder else self._standby
        try:
            os.mkdir(path, 0o755)  # noqa: PTH102 (a Path for each of 16,000 folders costs as much)
        except FileExistsError:
            if not stat.S_ISDIR(os.lstat(path).st_mode):
                remove(Path(path))
                os.mkdir(path, 0o755)  # noqa: PTH102
        self._folders.add(folder)

    def link(self, kept: Mapping[str, Record], fresh: Mapping[str, Record]) -> None:
        """The standby holds the fresh files, shares the kept ones with the output, and holds
        nothing else, whatever it held.

        Most of the kept it has from the publish before the last; which, its inodes tell, so that it
        need not be trusted, and one that a kill left half done is as good as any other.
        """
        trees = self.trees
        if trees.standby.is_symlink():
            remove(trees.standby)
        linked = set()
        for leaf, stamp in scan_tree(trees.standby).items():
            if leaf in kept and kept[leaf].stamp.inode == stamp.inode:
                linked.add(leaf)
            elif leaf not in fresh or fresh[leaf].stamp != stamp:
                remove_leaf(trees.standby, leaf)
        missing = sorted(kept.keys() - linked)
        make_folders(trees.standby, missing)
        for path in missing:
            os.link(trees.output / path, trees.standby / path, follow_symlinks=False)


def _holds(record: Record, artifact: Artifact) -> bool:
    """Whether the file that the record is about has the artifact's content."""
    content = artifact.content
    if isinstance(content, bytes):
        return digest_bytes(content) == record.digest
    if content.stat().st_size != record.stamp.size:
        return False
    digest = hashlib.sha256()
    for part in _parts(content):
        digest.update(part)
    return digest.hexdigest() == record.digest


def _write_file(path: Path, content: bytes | Path) -> Record:
    digest = hashlib.sha256()
    try:
        with create(path) as file:
            for part in _parts(content):
                digest.update(part)
                file.write(part)
            file.flush()
            return Record(digest.hexdigest(), stamp_of(os.fstat(file.fileno())))
    except OSError as error:
        # A write knows no name: without one, a full disk could not be said to be full.
        error.filename = error.filename or str(path)
        raise


def _parts(content: bytes | Path) -> Iterator[bytes]:
    """The content in pieces that fit in memory."""
    if isinstance(content, bytes):
        yield content
        return
    if not stat.S_ISREG(content.stat().st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(content))
    with content.open("rb") as file:
        while part := file.read(1 << 20):
            yield part

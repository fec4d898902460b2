"""A new tree takes the published tree's place: in one step, or the nearest thing to it there is."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Literal, assert_never

import msgspec

from sitegen.base.digest import digest_text
from sitegen.storage.trace import NO_FILE, put_file, scan_tree

Mechanism = Literal["exchange", "renames", "files"]
"""How a new tree is published. In one step; by renames, between two of which the output folder
is missing; or file by file, which shows readers a mixture for a moment. After a kill, `recover`
completes the last two."""

_UNSUPPORTED = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}


class Trees(msgspec.Struct, frozen=True):
    """The published tree, the standby that is to take its place, and the prefix of their traces."""

    output: Path
    standby: Path
    traces: Path

    def trace(self, tree: Path) -> Path:
        """Where the tree's trace lies: it is named after the folder, and goes where that goes."""
        return self.traces.with_name(f"{self.traces.name}-{tree.stat().st_ino}")

    @property
    def aside(self) -> Path:
        """Where `renames` keeps the old tree; that it exists says that a swap is under way."""
        return self.standby.with_name(self.standby.name + ".old")

    @property
    def journal(self) -> Path:
        """The paths of the tree that `files` is publishing; exists until all is in place."""
        return self.standby.with_name(self.standby.name + ".journal")


def place_trees(output: Path, site: Path, state: Path) -> Trees:
    """The trees of an output folder; the standby lies where it can be renamed into place.

    It is found again when the site has been moved, with its output folder, elsewhere.
    """
    inside = output.is_relative_to(site)
    name = digest_text(output.relative_to(site).as_posix() if inside else str(output))[:16]
    folder = state / "next"
    folder.mkdir(mode=0o755, exist_ok=True)
    near = _mount(folder) == _mount(output.parent) or _is_mounted(output)
    standby = folder / name if near else output.with_name(f".{output.name}.sitegen-next")
    return Trees(output, standby, state / "trace" / name)


def choose_mechanism(trees: Trees) -> Mechanism:
    """The best mechanism that works where the trees are, found by trying it on empty folders."""
    if _is_mounted(trees.output):
        return "files"
    probe = trees.standby.with_name(trees.standby.name + ".probe")
    one, two = probe / "one", probe / "two"
    remove(probe)
    try:
        one.mkdir(parents=True)
        two.mkdir()
        (one / "file").touch()
        if not _works(os.link, one / "file", two / "file"):
            return "files"
        return "exchange" if _works(_exchange, one, two) else "renames"
    finally:
        remove(probe)


def swap(trees: Trees, paths: Collection[str], mechanism: Mechanism) -> Mechanism:
    """The output is the standby's tree, which publishes `paths`; returns the mechanism used."""
    if not trees.output.exists():
        trees.standby.rename(trees.output)
    elif mechanism == "exchange":
        try:
            _exchange(trees.output, trees.standby)
        except OSError as error:
            # A folder from a lower layer of overlayfs (a container's image) cannot be renamed.
            if error.errno not in (errno.EXDEV, errno.EBUSY):
                raise
            return swap(trees, paths, "files")
    elif mechanism == "renames":
        trees.output.rename(trees.aside)
        _finish_renames(trees)
    elif mechanism == "files":
        put_file(trees.journal, msgspec.msgpack.encode(sorted(paths)))
        try:
            _finish_files(trees, paths)
        except OSError as error:
            reason = f"{error.strerror}; the next build completes what this one has begun"
            raise OSError(error.errno, reason, error.filename) from error
    else:
        assert_never(mechanism)
    sync_folder(trees.output.parent)
    sync_folder(trees.standby.parent)
    return mechanism


def replace_file(trees: Trees, path: str) -> bool:
    """A file of the output is the standby's, in one step; False if that cannot be done there, since
    the file lies in a mount of its own."""
    staged, published = trees.standby / path, trees.output / path
    with staged.open("rb") as file:
        os.fsync(file.fileno())
    try:
        staged.replace(published)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EBUSY):
            raise
        return False
    sync_folder(published.parent)
    return True


def recover(trees: Trees) -> None:
    """What a killed `swap` had begun is finished, and the output wholly one generation."""
    if trees.aside.exists():
        _finish_renames(trees)
    try:
        paths = msgspec.msgpack.decode(trees.journal.read_bytes(), type=set[str])
    except FileNotFoundError:
        return
    except msgspec.DecodeError:
        trees.journal.unlink()
    else:
        _finish_files(trees, paths)


def _finish_renames(trees: Trees) -> None:
    """From any moment after the old tree was put aside: the new one published, the old standby."""
    if not trees.output.exists() and trees.standby.exists():
        trees.standby.rename(trees.output)
    remove(trees.standby)
    trees.aside.rename(trees.standby)


def _finish_files(trees: Trees, paths: Collection[str]) -> None:
    """From any moment after the journal was written: the output holds `paths`, the standby's new.

    Only what a scan found is removed or written, so that a damaged journal leads nowhere else.
    """
    staged = scan_tree(trees.standby)
    found = scan_tree(trees.output)
    for path, stamp in found.items():
        if path not in paths or stamp == NO_FILE:
            remove_leaf(trees.output, path)
    make_folders(trees.output, staged)
    # No artifact's name ends in a full stop.
    part = trees.output / ".sitegen-part."
    for path, stamp in sorted(staged.items()):
        if path in paths and found.get(path) != stamp:
            with (trees.standby / path).open("rb") as source, create(part) as copy:
                shutil.copyfileobj(source, copy)
            part.replace(trees.output / path)
    sync_files(trees.output, (trees.output / path for path in staged))
    trees.journal.unlink()


def _exchange(one: Path, two: Path) -> None:
    """Two folders have each other's name, at no moment none or the same."""
    if sys.platform == "darwin":
        _call("renamex_np", bytes(one), bytes(two), 2)
    else:
        _call("renameat2", -100, bytes(one), -100, bytes(two), 2)


def sync_files(folder: Path, files: Iterable[Path]) -> None:
    """The files' contents, all below the folder, survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _call("syncfs", descriptor)
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
        for file in files:
            with suppress(FileNotFoundError), file.open("rb") as opened:
                os.fsync(opened.fileno())
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """The folder's names survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create(path: Path) -> BinaryIO:
    """A new file to write, 0644 but for the umask; never one that is there, nor through a link."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    return os.fdopen(os.open(path, flags, 0o644), "wb")


def make_folders(root: Path, files: Iterable[str]) -> None:
    """The root and every folder that the files lie in exist, 0755 but for the umask."""
    folders: set[str] = set()
    for path in files:
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    root.mkdir(mode=0o755, exist_ok=True)
    for folder in sorted(folders):
        (root / folder).mkdir(mode=0o755, exist_ok=True)


def remove(path: Path) -> None:
    """Nothing is at the path, whatever was; a link is removed, not followed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def remove_leaf(root: Path, leaf: str) -> None:
    """The leaf is gone, and every folder above it, below the root, that it leaves empty."""
    remove(root / leaf)
    folder = leaf.rpartition("/")[0]
    with suppress(OSError):
        while folder:
            (root / folder).rmdir()
            folder = folder.rpartition("/")[0]


def _is_mounted(output: Path) -> bool:
    return output.exists() and _mount(output) != _mount(output.parent)


def _mount(folder: Path) -> tuple[int, str]:
    """Equal for two folders if files can be linked and renamed from one to the other.

    Linux tells two mounts of one file system apart only in /proc (see proc(5), fdinfo).
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        mount = ""
        with suppress(OSError):
            info = Path(f"/proc/self/fdinfo/{descriptor}").read_text(encoding="utf-8")
            mount = next((x for x in info.splitlines() if x.startswith("mnt_id:")), "")
        return os.fstat(descriptor).st_dev, mount
    finally:
        os.close(descriptor)


def _works(action: Callable[[Path, Path], None], one: Path, two: Path) -> bool:
    try:
        action(one, two)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        return False
    return True


def _call(name: str, *arguments: int | bytes) -> None:
    """Call a function of the C library that returns 0 or sets errno; ENOSYS if it has none such."""
    function: Any = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    code = errno.ENOSYS if function is None else 0
    if function is not None and function(*arguments) != 0:
        code = ctypes.get_errno()
    if code:
        raise OSError(code, os.strerror(code))

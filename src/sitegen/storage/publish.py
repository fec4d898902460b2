"""Artifacts become the published tree: checked, staged beside it, then exchanged for it."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from sitegen.base.digest import digest_bytes
from sitegen.base.errors import Problem, SiteError, Span
from sitegen.model import Artifact
from sitegen.storage.exchange import (
    Mechanism,
    Trees,
    choose_mechanism,
    create,
    make_folders,
    place_trees,
    recover,
    remove,
    remove_leaf,
    swap,
    sync_files,
)
from sitegen.storage.lock import make_state
from sitegen.storage.trace import Record, load_trace, put_trace, scan_tree, stamp_of

MARKER = ".sitegen-output"
"""An empty file in every tree we publish: what the folder holds is ours to replace."""

_NOT_OURS = ("content", "templates", "static", "measurements", ".sitegen", ".git")
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")


class Published(msgspec.Struct, frozen=True):
    """How many files a publish wrote, left and removed, and how; None if nothing had changed."""

    written: int
    unchanged: int
    removed: int
    mechanism: Mechanism | None = None


def publish(
    artifacts: Iterable[Artifact],
    output: Path,
    site: Path,
    *,
    mechanism: Mechanism | None = None,
) -> Published:
    """The output folder holds the artifacts and the marker, nothing else.

    A changed file is a new inode, an unchanged one keeps its inode and time. Whoever is killed
    here leaves the old tree or the new one, and needs no help; what the mechanisms `renames` and
    `files` leave, the next publish completes. Raises SiteError with every problem found, and then
    nothing is published. The caller holds the lock.
    """
    site, output = Path(os.path.realpath(site)), Path(os.path.realpath(output))
    wanted = (Artifact(MARKER, b"", "sitegen"), *artifacts)
    try:
        if problems := [*check_artifacts(wanted), *check_place(output, site)]:
            raise SiteError(problems)
        output.parent.mkdir(parents=True, exist_ok=True)
        trees = place_trees(output, site, make_state(site))
        recover(trees)
        _check_ours(output)
        return _publish({artifact.path: artifact for artifact in wanted}, trees, mechanism)
    except OSError as error:
        message = f"cannot publish: `{error.filename}`: {error.strerror}"
        raise SiteError([Problem("fatal", "publish", message)]) from error


def _publish(
    wanted: Mapping[str, Artifact], trees: Trees, mechanism: Mechanism | None
) -> Published:
    found = scan_tree(trees.output)
    old = load_trace(trees.trace(trees.output)) if found else {}
    kept = {
        path: old[path]
        for path, artifact in wanted.items()
        if path in old and found.get(path) == old[path].stamp and _holds(old[path], artifact)
    }
    gone = found.keys() - wanted.keys()
    if len(kept) == len(wanted) and not gone:
        return Published(0, len(wanted) - 1, 0)
    mechanism = mechanism or choose_mechanism(trees)
    fresh = {path: wanted[path] for path in sorted(wanted.keys() - kept.keys())}
    _link(trees, {} if mechanism == "files" else kept)
    records = kept | _write(trees.standby, fresh)
    put_trace(trees.trace(trees.standby), records)
    sync_files(trees.standby, (trees.standby / path for path in fresh))
    used = swap(trees, wanted.keys(), mechanism)
    if used == "files":
        stamps = scan_tree(trees.output).items()
        copied = {path: Record(records[path].digest, stamp) for path, stamp in stamps}
        put_trace(trees.trace(trees.output), copied)
    _forget_traces(trees)
    written = len(fresh.keys() - {MARKER})
    return Published(written, len(wanted) - 1 - written, len(gone), used)


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


def _link(trees: Trees, kept: Mapping[str, Record]) -> None:
    """The standby, whatever it held, shares the kept files with the output and holds nothing else.

    Most of them it has from the publish before the last; which, its inodes tell, so that it need
    not be trusted, and one that a kill left half done is as good as any other.
    """
    if trees.standby.is_symlink():
        remove(trees.standby)
    linked = set()
    for leaf, stamp in scan_tree(trees.standby).items():
        if leaf in kept and kept[leaf].stamp.inode == stamp.inode:
            linked.add(leaf)
        else:
            remove_leaf(trees.standby, leaf)
    missing = sorted(kept.keys() - linked)
    make_folders(trees.standby, missing)
    for path in missing:
        os.link(trees.output / path, trees.standby / path, follow_symlinks=False)


def _write(root: Path, artifacts: Mapping[str, Artifact]) -> dict[str, Record]:
    """New files below the root, and their records."""
    make_folders(root, artifacts)
    return {path: _write_file(root / path, artifacts[path].content) for path in artifacts}


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


def _forget_traces(trees: Trees) -> None:
    """No trace is left but the published tree's."""
    valid = trees.trace(trees.output)
    for trace in valid.parent.glob(f"{trees.traces.name}-*"):
        if trace != valid:
            trace.unlink()


def check_place(output: Path, site: Path) -> list[Problem]:
    """Why nothing may be published there; compares the folders themselves, never their names."""
    above = _lineage(output)
    if _identity(output) in _lineage(site):
        return [_misplaced(output, "the site lies in it, and publishing replaces all it holds")]
    for name in _NOT_OURS:
        if (identity := _identity(site / name)) and identity in above:
            return [_misplaced(output, f"it lies in `{name}/`, whose files are yours")]
    if output.exists() and not output.is_dir():
        return [_misplaced(output, "it is a file")]
    return []


def _check_ours(output: Path) -> None:
    """Raises SiteError if the folder holds anything and has not been published by us."""
    names = {entry.name for entry in output.iterdir()} if output.exists() else set()
    if names and MARKER not in names:
        because = f"it holds files that are not sitegen's (there is no `{MARKER}` in it)"
        raise SiteError([_misplaced(output, because)])
    if ".git" in names:
        raise SiteError([_misplaced(output, "it holds a `.git`, which publishing would remove")])


def _misplaced(output: Path, because: str) -> Problem:
    message = f"cannot publish to `{output}`: {because}"
    return Problem("fatal", "output", message, help=("name an empty or new folder instead",))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_dev, status.st_ino


def _lineage(path: Path) -> set[tuple[int, int] | None]:
    """The identities of the path and of all folders that it lies in, where they exist."""
    return {_identity(folder) for folder in (path, *path.parents)} - {None}


def check_artifacts(artifacts: Iterable[Artifact]) -> list[Problem]:
    """Why the artifacts cannot lie together in one folder, on any file system."""
    problems: list[Problem] = []
    files: dict[str, Artifact] = {}
    for artifact in artifacts:
        folded = _fold(artifact.path)
        if reason := _why_unfit(artifact.path):
            message = f"`{repr(artifact.path)[1:-1]}`, made from `{artifact.made_from}`, {reason}"
            problems.append(Problem("fatal", "path", message))
        elif folded in files:
            why = "two names must differ, and by more than case or Unicode form"
            problems.append(_clash(files[folded], artifact, why))
        else:
            files[folded] = artifact
    for folded, artifact in files.items():
        folder = folded.rpartition("/")[0]
        while folder:
            if folder in files:
                problems.append(_clash(files[folder], artifact, "a file cannot also be a folder"))
            folder = folder.rpartition("/")[0]
    return problems


def _why_unfit(path: str) -> str | None:
    """What makes it no path of a file below the output folder; None if it is one."""
    try:
        sizes = [len(part.encode()) for part in path.split("/")]
    except UnicodeEncodeError:
        return "is not valid Unicode"
    parts = path.split("/")
    if path.startswith("/"):
        return "is absolute"
    if any(part in ("", ".", "..") for part in parts):
        return "has an empty part, `.` or `..`"
    if _UNFIT.search(path):
        return "has a control character or a backslash"
    if any(part.endswith((".", " ")) for part in parts):
        return "has a part that ends in a full stop or a space"
    if max(sizes) > 255:
        return "has a part of over 255 bytes"
    return None


def _fold(path: str) -> str:
    """Equal for two paths that some file system takes for one: by case or by Unicode form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


def _clash(one: Artifact, two: Artifact, help: str) -> Problem:
    message = (
        f"`{one.path}` (from `{one.made_from}`) and `{two.path}` (from `{two.made_from}`)"
        " cannot both be published"
    )
    return Problem("fatal", "path", message, _first_line(two), help=(help,))


def _first_line(artifact: Artifact) -> Span | None:
    """The beginning of the page that an artifact is made from, if it is made from one."""
    file = artifact.made_from
    is_page = file.startswith("content/") and file.endswith(".md")
    return Span(file, 1) if is_page else None

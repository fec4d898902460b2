"""The store: one reviewable JSON file for each run under `measurements/`, never rewritten.

`measurements/<page>/<device>/<UTC date>-<key8>-<run8>.json`; run8 is of the file's own SHA-256, so
damage is noticed on every read. Binary outputs lie beside it in `blobs/`, named by their digest.
Folder names are for people: page, session, device and key are read from the file.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, assert_never

import msgspec

from sitegen.base.digest import digest_bytes
from sitegen.base.errors import Problem, Span
from sitegen.model import Blob, Input, Run, Saved
from sitegen.storage.run_file import blob_name, blobs_of, map_blobs, parse_run, render_run
from sitegen.storage.samples import SamplesError, join_samples, part_samples

FOLDER = "measurements"
FAILED = ".sitegen/failed"


class Damaged(NamedTuple):
    """A file that cannot be trusted: where it lies, the start of the key in its name."""

    page: str
    device: str
    key8: str
    problem: Problem


class Entry(NamedTuple):
    """A stored run, and its file; the blobs lie beside that."""

    run: Run
    path: Path


class Store:
    """All sound runs, and the damaged files. Blobs are read, and their digests checked, when a run
    is asked about; one with a damaged blob then counts as damaged."""

    def __init__(self, root: Path, entries: Iterable[Entry], damaged: Iterable[Damaged]) -> None:
        self.damaged = list(damaged)
        self._root = root
        self._entries: list[Entry] = []
        self._keys: dict[str, list[Entry]] = {}
        self._pages: dict[tuple[str, str], list[Entry]] = {}
        self._blobs: dict[Path, dict[str, Blob] | None] = {}
        for entry in entries:
            self._add(entry)

    @property
    def runs(self) -> tuple[Run, ...]:
        """The sound runs, by path."""
        broken = {path for path, blobs in self._blobs.items() if blobs is None}
        return tuple(entry.run for entry in self._entries if entry.path not in broken)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries)

    def of_page(self, page: str, session: str) -> tuple[Run, ...]:
        """The runs of a page's session, whatever code they ran."""
        return tuple(entry.run for entry in self._pages.get((page, session), ()))

    def of_key(self, key: str) -> tuple[Run, ...]:
        """The runs of a key, whatever page they were made for."""
        return tuple(entry.run for entry in self._keys.get(key, ()))

    def path_of(self, run: Run) -> Path | None:
        """The file of a run; None for one that is not from the store."""
        entry = self._entry(run)
        return entry.path if entry is not None else None

    def is_sound(self, run: Run) -> bool:
        """Whether all blobs of a stored run are as they were written."""
        entry = self._entry(run)
        return entry is None or self._load(entry) is not None

    def with_blobs(self, run: Run) -> Run:
        """The run with the bytes of its blobs, and its samples; one that is not from the store has
        them."""
        entry = self._entry(run)
        blobs = self._load(entry) if entry is not None else None
        if not blobs:
            return run
        return join_samples(_with_content(run, blobs))

    def with_content(self, saved: Saved) -> Saved:
        """The saved file with its bytes, found by digest."""
        if saved.blob.content or not saved.blob.size:
            return saved
        for entry in self._entries:
            if any(other.blob.digest == saved.blob.digest for other in entry.run.saves):
                blobs = self._load(entry)
                if blobs:
                    return Saved(saved.path, blobs[saved.blob.digest])
        return saved

    def add(self, entry: Entry) -> None:
        """Take in a run that was just written."""
        self._add(entry)

    def _add(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._keys.setdefault(entry.run.key, []).append(entry)
        self._pages.setdefault((entry.run.page, entry.run.session), []).append(entry)

    def _entry(self, run: Run) -> Entry | None:
        """The entry of a run, whatever its device is called today."""
        known = _known_by(run)
        same = (one for one in self._keys.get(run.key, ()) if _known_by(one.run) == known)
        return next(same, None)

    def _load(self, entry: Entry) -> dict[str, Blob] | None:
        """The blobs of a run by digest; None, and the file among the damaged, where one is not as
        it was written."""
        if entry.path in self._blobs:
            return self._blobs[entry.path]
        folder = entry.path.parent / "blobs"
        try:
            blobs = {
                blob.digest: _read_blob(folder, extension, blob)
                for extension, blob in blobs_of(entry.run)
            }
            self._blobs[entry.path] = blobs
            join_samples(_with_content(entry.run, blobs))
        except (_BlobError, SamplesError) as error:
            self._blobs[entry.path] = None
            self.damaged.append(_damaged(entry.path, self._root, str(error)))
        return self._blobs[entry.path]


def _known_by(run: Run) -> tuple[object, ...]:
    """What tells a run from others of its key: not the name of its device, which may change."""
    device = (run.device.kind, run.device.reported, run.device.index)
    return (run.started, run.page, device, run.by, run.cells)


def _with_content(run: Run, blobs: Mapping[str, Blob]) -> Run:
    return map_blobs(run, lambda _, blob: blobs.get(blob.digest, blob))


def load_store(root: Path) -> Store:
    """Every stored run of the site at `root`, each checked against its digest."""
    entries: list[Entry] = []
    damaged: list[Damaged] = []
    for path in sorted((root / FOLDER).rglob("*.json")):
        if path.parent.name == "blobs":
            continue
        loaded = _load_run(path, root)
        if isinstance(loaded, Run):
            entries.append(Entry(loaded, path))
        else:
            damaged.append(loaded)
    return Store(root, entries, damaged)


def put_run(root: Path, run: Run) -> Entry:
    """Write a run that has not failed, whole or not at all; the entry of the run as it is read.

    What an earlier failed run of its session left is removed, but not by a contributed one.
    """
    folder = root / FOLDER / run.page / run.device.name
    entry = _put(folder, run, f"{run.started:%Y-%m-%d}-{run.key[:8]}-{{digest}}.json")
    if run.by is None:
        shutil.rmtree(_failed_folder(root, run), ignore_errors=True)
    return entry


def put_failed(root: Path, run: Run) -> None:
    """Keep a run that has failed, for `status` alone; the one before it is replaced."""
    folder = _failed_folder(root, run)
    shutil.rmtree(folder, ignore_errors=True)
    _put(folder, run, "{digest}.json")


def load_failed(root: Path) -> tuple[Run, ...]:
    """The failed runs that are kept, by page and session."""
    found = []
    for path in sorted((root / FAILED).rglob("*.json")):
        if path.parent.name != "blobs":
            run = parse_run(path.read_bytes())
            if isinstance(run, Run):
                found.append(run)
    return tuple(found)


def _failed_folder(root: Path, run: Run) -> Path:
    return root / FAILED / run.page / f"{run.session}@{run.device.name}"


def _put(folder: Path, run: Run, name: str) -> Entry:
    for extension, blob in blobs_of(part_samples(run)):
        (folder / "blobs").mkdir(parents=True, exist_ok=True)
        _write(folder / "blobs" / blob_name(extension, blob), blob.content)
    content = render_run(run).encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name.format(digest=digest_bytes(content)[:8])
    _write(path, content)
    written = parse_run(content)
    assert isinstance(written, Run), written  # noqa: S101 (what was just written can be read)
    return Entry(written, path)


def why_inputs_changed(run: Run, root: Path, beside: Path) -> str | None:
    """Which file that the run opened differs now; None where none does.

    Files beside the post are compared beside the page that asks. A file that is absent here is
    taken at the digest that the run names.
    """
    for entry in run.inputs:
        path = _input_path(entry, root, beside)
        if path and path.is_file() and digest_bytes(path.read_bytes()) != entry.digest:
            return f"`{entry.path}`, which it read, has changed since it was measured"
    return None


def absent_inputs(run: Run, root: Path, beside: Path) -> tuple[Input, ...]:
    """The files that the run opened and that are not here to compare."""
    paths = ((entry, _input_path(entry, root, beside)) for entry in run.inputs)
    return tuple(entry for entry, path in paths if path and not path.is_file())


def _input_path(entry: Input, root: Path, beside: Path) -> Path | None:
    """Where the file lies; None where it is no single file of the site."""
    match entry.base:
        case "post":
            return beside / entry.path
        case "site":
            return root / entry.path
        case "saves" | "declared":
            return None
        case _:
            assert_never(entry.base)


def _load_run(path: Path, root: Path) -> Run | Damaged:
    try:
        content = path.read_bytes()
    except OSError as error:
        return _damaged(path, root, f"cannot be read: {error.strerror}")
    if digest_bytes(content)[:8] != path.stem[-8:]:
        return _damaged(path, root, "damaged: the content is not what was written")
    run = parse_run(content)
    return run if isinstance(run, Run) else _damaged(path, root, f"damaged: {run}")


def _damaged(path: Path, root: Path, why: str) -> Damaged:
    folder, device = path.parent.parent, path.parent.name
    help = "restore it with git, or delete it and measure again"
    problem = Problem(
        "warning", "damaged", why, Span(path.relative_to(root).as_posix(), 1), help=(help,)
    )
    page = folder.relative_to(root / FOLDER).as_posix()
    return Damaged(page, device, path.stem[-17:-9], problem)


class _BlobError(Exception):
    """A blob is missing or not what was written."""


def _read_blob(folder: Path, extension: str, blob: Blob) -> Blob:
    """The blob with its bytes, checked."""
    path = folder / blob_name(extension, blob)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _BlobError(f"its blob `blobs/{path.name}` is missing") from error
    if digest_bytes(content) != blob.digest:
        raise _BlobError(f"its blob `blobs/{path.name}` is damaged")
    return msgspec.structs.replace(blob, content=content)


def _write(path: Path, content: bytes) -> None:
    """Write a file by renaming a finished one into place."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise

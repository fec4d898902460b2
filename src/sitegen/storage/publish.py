"""Artifacts become the published tree: checked, staged beside it, then exchanged for it; one file
alone is put in its place, and who is killed before its trace is written has it made again."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from sitegen.base.errors import Problem, SiteError, Span
from sitegen.model import Artifact
from sitegen.storage.exchange import (
    Mechanism,
    Trees,
    choose_mechanism,
    place_trees,
    recover,
    remove,
    replace_file,
    swap,
    sync_files,
)
from sitegen.storage.lock import make_state
from sitegen.storage.stage import Stage, telling
from sitegen.storage.trace import NO_FILE, Record, Trace, load_trace, put_trace, scan_tree

MARKER = ".sitegen-output"
"""An empty file in every tree we publish: what the folder holds is ours to replace."""

_NOT_OURS = ("content", "templates", "static", "measurements", ".sitegen", ".git")
_USUAL = re.compile(r"(?:[a-z0-9_-]{1,99}/)*[a-z0-9_-]{1,99}(?:\.[a-z0-9]{1,9}){1,2}")
"""A path as most are: nothing is wrong with it, and it is its own folded form."""
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")


class Published(msgspec.Struct, frozen=True):
    """How many files a publish wrote, left and removed, and how: `file` if one file alone took the
    place of another, None if nothing had changed."""

    written: int
    unchanged: int
    removed: int
    mechanism: Mechanism | Literal["file"] | None = None


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
    wanted = (Artifact(MARKER, b"", "sitegen"), *artifacts)
    stage = open_stage(output, site, check_artifacts(wanted))
    with telling():
        records = {artifact.path: stage.put(artifact) for artifact in wanted}
    return finish(stage, records, mechanism=mechanism)


def resume_stage(output: Path, site: Path, known: Trace) -> Stage | None:
    """The stage of an output folder that holds just what its trace says; None where somebody who
    published there was killed. The caller holds the lock and has compared it."""
    site, output = Path(os.path.realpath(site)), Path(os.path.realpath(output))
    with telling():
        trees = place_trees(output, site, make_state(site))
        if trees.aside.exists() or trees.journal.exists() or trees.standby.is_symlink():
            return None
    found = {path: record.stamp for path, record in known.records.items()}
    return Stage(trees, found, known.records, known.memory)


def open_stage(output: Path, site: Path, problems: Iterable[Problem] = ()) -> Stage:
    """The stage of an output folder; raises SiteError, with the problems found before, where
    nothing may be published there. The caller holds the lock."""
    site, output = Path(os.path.realpath(site)), Path(os.path.realpath(output))
    with telling():
        if found := [*problems, *check_place(output, site)]:
            raise SiteError(found)
        output.parent.mkdir(parents=True, exist_ok=True)
        trees = place_trees(output, site, make_state(site))
        recover(trees)
        _check_ours(output)
        if trees.standby.is_symlink():
            remove(trees.standby)
        tree = scan_tree(trees.output)
        old = load_trace(trees.trace(trees.output)) if tree else Trace({})
        left = {path: entry for path, entry in old.records.items() if tree.get(path) == entry.stamp}
        return Stage(trees, tree, left, old.memory)


def finish(
    stage: Stage,
    records: Mapping[str, Record],
    memory: bytes = b"",
    *,
    mechanism: Mechanism | None = None,
) -> Published:
    """The output folder holds the files of the records, which `stage` has put, nothing else.

    `memory` is handed to the next stage of this folder.
    """
    with telling():
        return _finish(stage, records, memory, mechanism)


def _finish(
    stage: Stage, records: Mapping[str, Record], memory: bytes, mechanism: Mechanism | None
) -> Published:
    trees, old = stage.trees, stage.old
    kept = {path: record for path, record in records.items() if old.get(path) == record}
    gone = stage.found.keys() - records.keys()
    stage.left = {path: record.stamp for path, record in records.items()}
    if len(kept) == len(records) and not gone:
        if memory != stage.memory:
            put_trace(trees.trace(trees.output), records, memory)
        return Published(0, len(records) - 1, 0)
    fresh = {path: records[path] for path in sorted(records.keys() - kept.keys())}
    if mechanism is None and not gone and len(fresh) == 1 and _replace(stage, *fresh):
        put_trace(trees.trace(trees.output), records, memory)
        return Published(1, len(records) - 2, 0, "file")
    mechanism = mechanism or choose_mechanism(trees)
    stage.link({} if mechanism == "files" else kept, fresh)
    put_trace(trees.trace(trees.standby), records, memory)
    sync_files(trees.standby, (trees.standby / path for path in fresh))
    used = swap(trees, records.keys(), mechanism)
    if used == "files":
        stamps = scan_tree(trees.output)
        copied = {path: Record(records[path].digest, stamp) for path, stamp in stamps.items()}
        stage.left = stamps
        put_trace(trees.trace(trees.output), copied, memory)
    _forget_traces(trees)
    written = len(fresh.keys() - {MARKER})
    return Published(written, len(records) - 1 - written, len(gone), used)


def _replace(stage: Stage, path: str) -> bool:
    """Whether a file that was published before is another one now, and nothing else has changed."""
    published = stage.found.get(path, NO_FILE) != NO_FILE and path != MARKER
    return published and replace_file(stage.trees, path)


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
        usual = _USUAL.fullmatch(artifact.path)
        folded = artifact.path if usual else _fold(artifact.path)
        if reason := None if usual else _why_unfit(artifact.path):
            message = f"`{repr(artifact.path)[1:-1]}`, made from `{artifact.made_from}`, {reason}"
            problems.append(Problem("fatal", "path", message))
        elif folded in files:
            why = "two names must differ, and by more than case or Unicode form"
            problems.append(_clash(files[folded], artifact, why))
        else:
            files[folded] = artifact
    for folded, artifact in files.items():
        folder = folded
        while folder := folder.rpartition("/")[0]:
            if folder in files:
                problems.append(_clash(files[folder], artifact, "a file cannot also be a folder"))
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

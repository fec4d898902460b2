"""Stored files that nothing needs: found, weighed, and removed once that is agreed to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from sitegen.base.digest import digest_bytes
from sitegen.model import Run
from sitegen.storage.measurements import FOLDER
from sitegen.storage.run_file import blob_name, blobs_of, parse_run

_BLOB = re.compile(r"[0-9a-f]{32}\.[0-9a-z]+")
_BEGUN = re.compile(r"\.[0-9a-z_]{8}")
"""The names that we give: of a blob, and of a file that was being written when all ended."""


def is_beyond_repair(path: Path) -> bool:
    """Whether a stored run is damaged; not one that is whole, but of another version's format."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    whole = digest_bytes(content)[:8] == path.stem[-8:]
    return not whole or isinstance(parse_run(content), Run)


def find_unreferenced(root: Path, gone: Collection[Path]) -> list[Path]:
    """Blobs that no run refers to once the `gone` files are, and what a killed write left behind.

    Beside a run that cannot be read no blob is touched: it may be one of its own.
    """
    found: list[Path] = []
    folders = [path for path in sorted((root / FOLDER).rglob("*")) if path.is_dir()]
    for folder in folders:
        found += (path for path in sorted(folder.iterdir()) if _BEGUN.fullmatch(path.name))
        if folder.name != "blobs":
            continue
        runs = [_parse(path) for path in folder.parent.glob("*.json") if path not in gone]
        if None in runs:
            continue
        names = {
            blob_name(extension, blob)
            for run in runs
            if run is not None
            for extension, blob in blobs_of(run)
        }
        found += (
            path
            for path in sorted(folder.iterdir())
            if _BLOB.fullmatch(path.name) and path.name not in names
        )
    return found


def remove_stored(root: Path, paths: Iterable[Path]) -> None:
    """The files are gone, and the folders below `measurements/` that they leave empty."""
    for path in paths:
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == root / FOLDER:
                break
            with suppress(OSError):
                folder.rmdir()


def _parse(path: Path) -> Run | None:
    run = parse_run(path.read_bytes())
    return run if isinstance(run, Run) else None

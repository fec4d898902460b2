"""Inputs that a post declares: globs, and the digest of all that one matches here."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from sitegen.base.digest import digest_bytes, digest_value
from sitegen.model import Declared, Digested, Input, Plan

_PASSED_OVER = frozenset({".sitegen", ".git", ".venv", "measurements", "__pycache__"})


def scan_inputs(root: Path, declared: Iterable[Declared]) -> tuple[Digested, ...]:
    """The declared inputs as they are here: one digest of all files that a glob matches."""
    return tuple(_scan_glob(root, entry) for entry in dict.fromkeys(declared))


def declared_inputs(plan: Plan) -> tuple[Input, ...]:
    """The declared inputs as they are recorded with a run; they are all here when it is made."""
    return tuple(
        Input("declared", entry.pattern, entry.digest)
        for entry in plan.inputs
        if entry.digest is not None
    )


def _scan_glob(root: Path, declared: Declared) -> Digested:
    base = root / declared.folder
    files: dict[str, Path] = {}
    for path in base.glob(declared.pattern):
        inside = Path(os.path.relpath(path, root)).parts
        if path.is_file() and not _PASSED_OVER.intersection(inside):
            files[Path(os.path.relpath(path, base)).as_posix()] = path
    contents = [[name, digest_bytes(files[name].read_bytes())] for name in sorted(files)]
    return Digested(declared.pattern, digest_value(contents) if contents else None)

"""`prune`: stored files that no page needs go, once they have been listed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from sitegen.base.errors import Problem, SiteError
from sitegen.commands.look import Look, look_at
from sitegen.commands.unused import find_old, find_orphans
from sitegen.passes.asked import Caller
from sitegen.storage.lock import locked
from sitegen.storage.prune import find_unreferenced, is_beyond_repair, remove_stored

Why = Literal["old", "orphaned", "damaged", "unreferenced"]


class Unneeded(msgspec.Struct, frozen=True):
    """A file that may go, from the site's root: its size, and why."""

    file: str
    bytes: int
    why: Why


class Pruning(msgspec.Struct, frozen=True):
    """What may go, by reason and path; whether it went; what was left alone, and why."""

    unneeded: tuple[Unneeded, ...]
    removed: bool = False
    notes: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        return sum(entry.bytes for entry in self.unneeded)


def prune(root: Path, caller: Caller, approve: Callable[[Pruning], bool]) -> Pruning:
    """What no page needs, removed if `approve` says so; no page shows less than before."""
    with locked(root):
        listed = _list_unneeded(look_at(root, (), caller))
        if not listed.unneeded or not approve(listed):
            return listed
        try:
            remove_stored(root, [root / entry.file for entry in listed.unneeded])
        except OSError as error:
            message = f"cannot remove `{error.filename}`: {error.strerror}"
            raise SiteError([Problem("fatal", "prune", message)]) from error
        return msgspec.structs.replace(listed, removed=True)


def _list_unneeded(look: Look) -> Pruning:
    files: dict[str, Why] = {}
    notes = []
    orphans, old = find_orphans(look), find_old(look)
    for entry in look.store.damaged:
        file = entry.problem.span.path if entry.problem.span else ""
        if is_beyond_repair(look.root / file):
            files[file] = "damaged"
        else:
            notes.append(f"{file} is left alone: {entry.problem.message}")
    reasons: tuple[tuple[Why, list[str]], ...] = (
        ("old", [look.file_of(run) for run in old]),
        ("orphaned", [look.file_of(run) for run in orphans]),
    )
    for why, names in reasons:
        files |= {name: why for name in names if name not in files}
    gone = {look.root / file for file in files}
    for path in find_unreferenced(look.root, gone):
        files[path.relative_to(look.root).as_posix()] = "unreferenced"
    unneeded = [
        Unneeded(file, (look.root / file).stat().st_size, why) for file, why in files.items()
    ]
    order: list[Why] = ["old", "orphaned", "damaged", "unreferenced"]
    unneeded.sort(key=lambda entry: (order.index(entry.why), entry.file))
    return Pruning(tuple(unneeded), notes=tuple(sorted(notes)))

"""The published tree and the site's own state are removed; what is not ours is refused."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from sitegen.base.errors import Problem, SiteError
from sitegen.storage.exchange import place_trees, recover, remove
from sitegen.storage.lock import make_state
from sitegen.storage.preview import trees_in_use
from sitegen.storage.publish import MARKER, check_place

_KEPT = ("failed", "lock", ".gitignore")
"""Of `.sitegen/`: failed runs, which `status` tells of; the lock, which is held."""


def remove_published(output: Path, site: Path) -> list[str]:
    """What the output folder held is gone, and its standby; what was removed.

    The folder itself stays where it is a mount. Raises SiteError where it is not ours.
    """
    site, output = Path(os.path.realpath(site)), Path(os.path.realpath(output))
    if problems := check_place(output, site):
        raise SiteError(problems)
    if not output.parent.exists():
        return []
    trees = place_trees(output, site, make_state(site))
    recover(trees)
    _check_ours(output)
    found = []
    for tree in (trees.output, trees.standby):
        if tree.exists():
            found.append(_shown(tree, site))
            for child in tree.iterdir():
                remove(child)
            with suppress(OSError):
                tree.rmdir()
    return found


def _check_ours(output: Path) -> None:
    names = {entry.name for entry in output.iterdir()} if output.exists() else set()
    if names and (MARKER not in names or ".git" in names):
        why = "it holds a `.git`" if ".git" in names else f"there is no `{MARKER}` in it"
        message = f"`{output}` is not removed: it is not a folder that sitegen published: {why}"
        raise SiteError([Problem("fatal", "clean", message)])


def remove_state(site: Path) -> list[str]:
    """Of `.sitegen/` only failed runs are left, and what a preview uses now; what was removed."""
    state = make_state(site)
    found = []
    used = trees_in_use(state)
    for child in sorted(state.iterdir()):
        name = child.name
        if name in _KEPT or any(
            name == one or name.startswith((f"{one}.", f"{one}-")) for one in used
        ):
            continue
        if not child.is_dir() or any(child.iterdir()):
            found.append(_shown(child, site))
        remove(child)
    return found


def _shown(path: Path, site: Path) -> str:
    return path.relative_to(site).as_posix() if path.is_relative_to(site) else str(path)

"""Which folders of a site are watched, and that something in them has changed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from watchfiles import Change, awatch

from sitegen.storage.publish import MARKER

QUIET = 15
"""Milliseconds without a change after which a burst is over."""

LONGEST = 200
"""Milliseconds of a burst after which it is told, though it goes on."""

AGAIN = 0.3
"""Seconds after which is looked once more: a folder that has just appeared may have been filled
before it was watched, and of a very long burst the system may have dropped some."""

MANY = 200
"""Changes in a burst from which on it is not told which files they were."""

Files = tuple[str, ...] | None
_NEVER = frozenset({"node_modules", "__pycache__"})
_ASIDE = ("~", ".swp", ".swx", ".part")
_TRIAL = "/4913"
"""The file that vim makes and removes before it saves, to see whether it can."""


def watched_folders(root: Path) -> list[Path]:
    """The folders of the site whose files may matter to it: not what sitegen has published, what is
    hidden, an environment of Python's, or what the author may not enter."""
    found = []
    for path in sorted(root.iterdir()):
        if path.name.startswith(".") or path.name in _NEVER:
            continue
        with suppress(OSError):
            marked = any((path / mark).exists() for mark in (MARKER, "pyvenv.cfg"))
            if path.is_dir() and not marked:
                found.append(path)
    return found


def matters(change: Change, path: str) -> bool:
    """Whether a change may be one of the site's: editors' own files are none."""
    name = path.rpartition("/")[2]
    hidden = name.startswith(".") and name != ".well-known"
    return not (hidden or name.endswith(_ASIDE) or "/__pycache__" in path)


async def changes(root: Path, over: asyncio.Event) -> AsyncIterator[Files]:
    """The files of each burst of changes below the site, until `over` is set.

    None is missed: where that could be, it tells once more that something may have changed.
    """
    while not over.is_set():
        folders = watched_folders(root)
        stop = asyncio.Event()
        queue: asyncio.Queue[set[tuple[Change, str]]] = asyncio.Queue()
        tasks = [
            asyncio.create_task(_follow(queue, stop, [root], recursive=False)),
            asyncio.create_task(_follow(queue, stop, folders, recursive=True)),
            asyncio.create_task(_end(over, queue)),
        ]
        try:
            await asyncio.sleep(AGAIN)
            yield None  # for what has changed before all was watched
            while watched_folders(root) == folders and not over.is_set():
                found = await queue.get()
                while not queue.empty():
                    found |= queue.get_nowait()
                if found and all(_is_trial(path, found) for _, path in found):
                    continue
                yield _files(root, found)
                if _may_be_unwatched(folders, found):
                    break
                if _is_doubtful(found) and not over.is_set():
                    await asyncio.sleep(AGAIN)
                    yield None
        finally:
            stop.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _files(root: Path, found: set[tuple[Change, str]]) -> Files:
    """The files by path from the root; None where there are many, or it is not known which."""
    if not found or len(found) >= MANY:
        return None
    paths = {path for _, path in found if not _is_trial(path, found)}
    return tuple(sorted(os.path.relpath(path, root) for path in paths))


def _is_trial(path: str, found: set[tuple[Change, str]]) -> bool:
    """Whether a file has come and gone within the burst, as vim's does; a folder may have that
    name too."""
    both = {(Change.added, path), (Change.deleted, path)}
    return path.endswith(_TRIAL) and both <= found and not os.path.lexists(path)


def _may_be_unwatched(folders: list[Path], found: set[tuple[Change, str]]) -> bool:
    """Whether there may be folders that nobody watches: another in the place of a watched one, or
    some that were made while the system dropped what it had to tell."""
    paths = {path for _, path in found}
    return len(found) >= MANY or any(str(folder) in paths for folder in folders)


def _is_doubtful(found: set[tuple[Change, str]]) -> bool:
    """Whether more may have changed than was told: in folders that are new, in a long burst."""
    new = any(change == Change.added and Path(path).is_dir() for change, path in found)
    return new or len(found) >= MANY or not found


async def _follow(
    queue: asyncio.Queue[set[tuple[Change, str]]],
    stop: asyncio.Event,
    folders: list[Path],
    *,
    recursive: bool,
) -> None:
    """Put each burst of changes into the queue; an empty one where watching has failed."""
    if not folders:
        return
    for polling in (None, True):  # by asking, where the system cannot tell of so many files
        try:
            watching = awatch(
                *folders,
                watch_filter=matters,
                debounce=LONGEST,
                step=QUIET,
                stop_event=stop,
                rust_timeout=500,
                recursive=recursive,
                ignore_permission_denied=True,
                force_polling=polling,
            )
            async for found in watching:
                queue.put_nowait(found)
            return
        except (OSError, RuntimeError):
            queue.put_nowait(set())


async def _end(over: asyncio.Event, queue: asyncio.Queue[set[tuple[Change, str]]]) -> None:
    await over.wait()
    queue.put_nowait(set())

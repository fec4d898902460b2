"""Which folders of a site are watched, and that something in them has changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
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
_NEVER = frozenset({"node_modules", "__pycache__"})
_ASIDE = ("~", ".swp", ".swx", ".part")


def watched_folders(root: Path) -> list[Path]:
    """The folders of the site whose files may matter to it: not what sitegen has published, what is
    hidden, or an environment of Python's."""
    found = []
    for path in sorted(root.iterdir()):
        name = path.name
        if name.startswith(".") or name in _NEVER or not path.is_dir():
            continue
        if not any((path / mark).exists() for mark in (MARKER, "pyvenv.cfg")):
            found.append(path)
    return found


def matters(change: Change, path: str) -> bool:
    """Whether a change may be one of the site's: editors' own files are none."""
    name = path.rpartition("/")[2]
    hidden = name.startswith(".") and name != ".well-known"
    return not (hidden or name.endswith(_ASIDE) or name.isdecimal() or "/__pycache__" in path)


async def changes(root: Path, over: asyncio.Event) -> AsyncIterator[None]:
    """Something for each burst of changes below the site, until `over` is set.

    None is missed: where that could be, it tells once more.
    """
    while not over.is_set():
        folders = watched_folders(root)
        stop = asyncio.Event()
        queue: asyncio.Queue[bool] = asyncio.Queue()
        tasks = [
            asyncio.create_task(_follow(queue, stop, [root], recursive=False)),
            asyncio.create_task(_follow(queue, stop, folders, recursive=True)),
            asyncio.create_task(_end(over, queue)),
        ]
        try:
            await asyncio.sleep(AGAIN)
            yield  # for what has changed before all was watched
            while watched_folders(root) == folders and not over.is_set():
                again = await queue.get()
                while not queue.empty():
                    again |= queue.get_nowait()
                yield
                if again and not over.is_set():
                    await asyncio.sleep(AGAIN)
                    yield
        finally:
            stop.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(
    queue: asyncio.Queue[bool], stop: asyncio.Event, folders: list[Path], *, recursive: bool
) -> None:
    """Put each burst of changes into the queue: whether it is worth a second look."""
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
                new = any(change == Change.added and Path(path).is_dir() for change, path in found)
                queue.put_nowait(new or len(found) >= MANY)
            return
        except (OSError, RuntimeError):
            queue.put_nowait(True)


async def _end(over: asyncio.Event, queue: asyncio.Queue[bool]) -> None:
    await over.wait()
    queue.put_nowait(False)

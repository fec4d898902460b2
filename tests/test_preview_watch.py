"""What the preview hears of changes, and how it passes orders on."""

from __future__ import annotations

import asyncio
import multiprocessing
import shutil
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from sitegen.serve.news import Look, Looking, Order, RunPage
from sitegen.serve.orders import Orders, with_order
from sitegen.serve.watch import MANY, Files, changes, watched_folders
from tests.previewing import run_apart
from tests.support import write_site

Told = Callable[[Callable[[], object]], Awaitable[list[Files]]]
"""Does something to files, and gives what was told of it until all was quiet."""


def watching(root: Path, story: Callable[[Told], Awaitable[None]]) -> None:
    """Live through the story while the site at the root is watched."""

    async def live() -> None:
        over, found = asyncio.Event(), list[Files]()

        async def look() -> None:
            async for files in changes(root, over):
                found.append(files)

        async def told(change: Callable[[], object]) -> list[Files]:
            found.clear()
            change()
            before = -1
            while len(found) != before:
                before = len(found)
                await asyncio.sleep(0.9)
            return [*found]

        task = asyncio.create_task(look())
        await told(lambda: None)
        await story(told)
        over.set()
        await asyncio.wait_for(task, 30)

    run_apart(live)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    files = {"content/a.md": "a", "content/2024/b.md": "b", "other/a.md": "other"}
    return write_site(tmp_path, files)


def put_back(site: Path) -> None:
    shutil.copytree(site / "content", site / ".copy")
    shutil.rmtree(site / "content")
    (site / ".copy").rename(site / "content")


def exchange(site: Path) -> None:
    (site / "content").rename(site / ".aside")
    (site / "other").rename(site / "content")
    (site / ".aside").rename(site / "other")


@pytest.mark.parametrize("change", [put_back, exchange])
def test_a_folder_in_the_place_of_another_is_watched(
    site: Path, change: Callable[[Path], None]
) -> None:
    async def story(told: Told) -> None:
        assert None in await told(lambda: change(site))
        edited = site / "content/a.md"
        assert await told(lambda: edited.write_text("edited")) == [("content/a.md",)]

    watching(site, story)


def test_after_a_burst_of_many_all_folders_are_watched(site: Path) -> None:
    def burst() -> None:
        for number in range(MANY):
            folder = site / f"content/{number}"
            folder.mkdir(exist_ok=True)
            (folder / "index.md").write_text("x")

    async def story(told: Told) -> None:
        assert None in await told(burst)
        for name in ("content/a.md", "content/0/index.md", f"content/{MANY - 1}/index.md"):
            assert await told(partial((site / name).write_text, "edited")) == [(name,)]

    watching(site, story)


def test_a_folder_with_a_number_for_a_name_is_renamed_and_removed(site: Path) -> None:
    async def story(told: Told) -> None:
        year = site / "content/2024"
        renamed = await told(lambda: year.rename(site / "content/2025"))
        assert renamed[0] == ("content/2024", "content/2025")
        gone = await told(lambda: (site / "content/2025").rename(site / ".away"))
        assert gone == [("content/2025",)]

    watching(site, story)


def test_the_trial_file_of_vim_is_no_change(site: Path) -> None:
    def save() -> None:
        trial, file = site / "content/4913", site / "content/a.md"
        trial.touch()
        trial.unlink()
        file.rename(site / "content/a.md~")
        file.write_text("saved")
        (site / "content/a.md~").unlink()

    async def story(told: Told) -> None:
        assert await told(save) == [("content/a.md",)]
        folder = site / "content/4913"
        assert (await told(folder.mkdir))[0] == ("content/4913",)
        assert await told(folder.rmdir) == [("content/4913",)]

    watching(site, story)


def test_a_folder_that_may_not_be_entered_is_not_watched(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exists = Path.exists

    def refuse(path: Path) -> bool:
        if path.parent.name == "other":
            raise PermissionError(13, "Permission denied", str(path))
        return exists(path)

    monkeypatch.setattr(Path, "exists", refuse)
    assert [path.name for path in watched_folders(site)] == ["content"]


# --- orders -----------------------------------------------------------------------------------

A, B = Look(("a",)), Look(("b",))


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ([A, B, A], [Look(("a", "b"))]),
        ([A, Look(None), B], [Look(None)]),
        ([A, RunPage("/"), B], [Look(("a", "b")), RunPage("/")]),
        ([RunPage("/"), RunPage("/")], [RunPage("/")] * 2),
        ([Looking(("/",)), A, Looking(("/a/", "/b/"))], [Looking(("/a/", "/b/")), A]),
    ],
)
def test_orders_that_wait_are_taken_together(orders: list[Order], expected: list[Order]) -> None:
    waiting: list[Order] = []
    for order in orders:
        waiting = with_order(waiting, order)
    assert waiting == expected


def test_nobody_waits_for_a_worker_that_takes_no_orders() -> None:
    here, there = multiprocessing.Pipe()
    with here, there:
        orders = Orders(here)
        begun = time.monotonic()
        for number in range(1000):
            orders.give(Look(tuple(f"content/{number}/{file}.md" for file in range(199))))
            orders.give(RunPage(f"/{number}/"))
        assert time.monotonic() - begun < 5
        taken = [there.recv()]
        while taken[-1] != RunPage("/999/"):
            taken.append(there.recv())
        assert [order.url for order in taken if isinstance(order, RunPage)] == [
            f"/{number}/" for number in range(1000)
        ]
        assert Look(None) in taken

"""The preview: from saving a file to the open page, in Chromium, as a blog grows.

A paragraph of a post is edited again and again, in a blog of so many posts with 500 tags; then a
style sheet. Also: from the start of the command to the first page. Median and worst of so many
edits; wall time, the browser's own share included. Give numbers of posts to measure only those.
"""

from __future__ import annotations

import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from bench.pages import write_blog
from tests.browser.tools import chromium_path

if TYPE_CHECKING:
    from playwright.sync_api import Page

SIZES = (100, 10_000)
EDITS = 20
START_LIMIT = 300_000
"""Milliseconds that a first build may take."""

SHOWN = "text => document.body.textContent.includes(text)"


@contextmanager
def preview(root: Path) -> Iterator[str]:
    """The address of a preview of the site, and how long it took until it answered is printed."""
    command = [sys.executable, "-m", "sitegen", "serve", "--port", "0", "--no-exec"]
    log = root.with_name(f"{root.name}.log")
    with log.open("wb") as out:
        environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(command, cwd=root, stdout=out, stderr=out, env=environ)
    try:
        while not (found := re.search(r"http://\S+:\d+", log.read_text("utf-8"))):
            if process.poll() is not None:
                raise RuntimeError(log.read_text("utf-8"))
            time.sleep(0.005)
        yield found[0]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=10)


def memory_of(root: Path) -> float:
    """Megabytes that the processes which work in a folder have resident, shared pages counted once
    each."""
    total = 0
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdecimal() and (folder / "cwd").resolve() == root.resolve():
                text = (folder / "smaps_rollup").read_text("ascii")
                total += int(re.findall(r"^Pss:\s+(\d+)", text, re.M)[0])
        except (OSError, IndexError):
            continue
    return total / 1024


def measure(page: Page, root: Path, count: int) -> None:
    post = root / f"content/posts/p{count // 2}.md"
    sheet = root / "static/mine.css"
    begun = time.monotonic()
    with preview(root) as address:
        page.goto(f"{address}/posts/p{count // 2}/")
        page.wait_for_function(SHOWN, arg="More of it.", timeout=START_LIMIT)
        first = time.monotonic() - begun
        page.wait_for_selector("#sitegen-preview[data-ready]", state="attached")
        text = post.read_text("utf-8")

        def edit(number: int) -> float:
            written = f"Edit {number}, now."
            begun = time.monotonic()
            post.write_text(text.replace("More of it.", written), "utf-8")
            page.wait_for_function(SHOWN, arg=written)
            return time.monotonic() - begun

        def style(number: int) -> float:
            begun = time.monotonic()
            sheet.write_text(f"body {{ orphans: {number} }}", "utf-8")
            page.wait_for_function(
                "text => getComputedStyle(document.body).orphans === text", arg=str(number)
            )
            return time.monotonic() - begun

        prose = sorted(edit(number) for number in range(EDITS))
        sheets = sorted(style(number) for number in range(2, EDITS + 2))
        memory = memory_of(root)
    print(
        f"{count} posts: first page {first:.2f} s; prose {_said(prose)}; style {_said(sheets)};"
        f" {memory:.0f} MB",
        flush=True,
    )


def _said(seconds: list[float]) -> str:
    median, worst = statistics.median(seconds) * 1000, seconds[-1] * 1000
    return f"{median:.0f} ms, worst {worst:.0f} ms"


def main() -> None:
    sizes = [int(word) for word in sys.argv[1:]] or SIZES
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        for count in sizes:
            with tempfile.TemporaryDirectory() as folder:
                root = Path(folder) / "site"
                root.mkdir()
                write_blog(root, count)
                (root / "zola.toml").rename(root / "site.toml")
                for name, text in (
                    ("static/mine.css", "body { orphans: 1 }"),
                    ("templates/head.html", '<link rel="stylesheet" href="/mine.css">'),
                ):
                    (root / name).parent.mkdir()
                    (root / name).write_text(text, "utf-8")
                page = browser.new_page()
                measure(page, root, count)
                page.close()
        browser.close()


if __name__ == "__main__":
    main()

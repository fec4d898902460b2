"""The preview in a real browser: what is written is seen, what runs is seen while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.previewing import Preview, preview, wait_for
from tests.support import stored, write_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PARAGRAPHS = "\n\n".join(f"Paragraph {number} of the text, long enough." for number in range(60))
SLOW = """+++
title = "Slow"
+++
```python
import time
for number in range(8):
    print("line", number, flush=True)
    time.sleep(0.5)
```
"""
MARK = "window.sameDocument = true"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_site(
        tmp_path,
        {
            "content/_index.md": "+++\ntitle = 'Home'\n+++\n",
            "content/a.md": f"+++\ntitle = 'A'\n+++\nFirst words.\n\n{PARAGRAPHS}\n",
            "content/b.md": "+++\ntitle = 'B'\n+++\nOther words.\n",
            "static/mine.css": "body { outline-color: rgb(1, 2, 3); }",
            "templates/head.html": '<link rel="stylesheet" href="/mine.css">',
        },
    )


@pytest.fixture
def start(site: Path) -> Iterator[Callable[..., Preview]]:
    """Starts the preview of the site; it ends with the test."""
    with preview(site) as begin:
        yield begin


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page()
    yield opened
    opened.close()


def opened(page: Page, served: Preview, path: str, text: str) -> None:
    """The page is open, shows the text, and follows the preview; its document is marked."""
    page.goto(served.url + path)
    page.wait_for_selector(f"main:has-text('{text}')")
    page.wait_for_selector("#sitegen-preview[data-ready]", state="attached")
    page.evaluate(MARK)


def same_document(page: Page) -> bool:
    return page.evaluate("window.sameDocument") is True


def shows(page: Page, text: str) -> None:
    page.wait_for_function("text => document.body.innerText.includes(text)", arg=text, polling=10)


def test_an_edit_is_in_the_open_page_without_reload_scroll_and_focus_kept(
    site: Path, start: Callable[..., Preview], page: Page
) -> None:
    served = start()
    opened(page, served, "/a/", "Paragraph 30")
    page.evaluate("scrollTo(0, 900)")
    page.evaluate("document.querySelector('#sitegen-preview a').focus({preventScroll: true})")
    file = site / "content/a.md"
    begun = time.monotonic()
    file.write_text(file.read_text("utf-8").replace("Paragraph 30 of", "Rewritten 30 of"), "utf-8")
    shows(page, "Rewritten 30 of")
    print(f"\nfrom saving to the open page: {(time.monotonic() - begun) * 1000:.0f} ms")
    assert same_document(page)
    assert page.evaluate("scrollY") == 900
    assert page.evaluate("document.activeElement.tagName") == "A"


def test_outputs_appear_line_by_line_while_the_block_runs(
    site: Path, start: Callable[..., Preview], page: Page
) -> None:
    (site / "content/slow.md").write_text(SLOW, "utf-8")
    served = start()
    opened(page, served, "/slow/", "Slow")
    shows(page, "line 1")
    assert "line 7" not in page.inner_text("#block-1")
    assert "running" in page.inner_text("#block-1 .sitegen-mark")
    assert not stored(site)
    shows(page, "line 7")
    wait_for(lambda: stored(site))
    page.wait_for_selector("#block-1[data-sitegen=shown]")
    assert page.inner_text("#block-1 .stream").splitlines() == [f"line {n}" for n in range(8)]
    assert same_document(page)


def test_a_style_sheet_is_swapped_without_reload(
    site: Path, start: Callable[..., Preview], page: Page
) -> None:
    served = start()
    opened(page, served, "/b/", "Other words")
    colour = "getComputedStyle(document.body).outlineColor"
    assert page.evaluate(colour) == "rgb(1, 2, 3)"
    (site / "static/mine.css").write_text("body { outline-color: rgb(4, 5, 6); }", "utf-8")
    page.wait_for_function(f"{colour} === 'rgb(4, 5, 6)'", polling=10)
    assert same_document(page)
    assert page.locator("link[href^='/mine.css']").count() == 1


def test_a_mistake_is_shown_on_its_page_and_goes_when_it_is_mended(
    site: Path, start: Callable[..., Preview], page: Page
) -> None:
    served = start()
    opened(page, served, "/b/", "Other words")
    file = site / "content/b.md"
    whole = file.read_text("utf-8")
    file.write_text(whole.replace("title = 'B'", "title = oops"), "utf-8")
    problem = page.locator("#sitegen-preview .problems pre")
    problem.wait_for()
    assert "content/b.md:2" in problem.inner_text()
    assert "Other words" in page.inner_text("main")
    assert "content/b.md:2" in served.get("/b/").text
    assert "content/b.md:2" not in served.get("/a/").text
    assert "1 elsewhere" in served.get("/a/").text
    file.write_text(whole.replace("Other", "Mended"), "utf-8")
    shows(page, "Mended words")
    assert page.locator("#sitegen-preview .problems").count() == 0
    assert same_document(page)

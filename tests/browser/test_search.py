"""Searching as a reader does it: by keyboard, under a policy that forbids inline scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.tools import axe_source, axe_violations
from tests.tiny import SITE, page, publish

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'self'; script-src 'self'; object-src 'none'\">"
)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("search")
    posts = {
        f"content/p{n:02}.md": page(f'title = "Post {n} <b>"\ndate = 2026-01-{n:02}', "kernel")
        for n in range(1, 25)
    }
    posts["content/one.md"] = page('title = "Only one"\ndate = 2026-02-01', "A kernel for torch.")
    config = SITE.replace("https://example.org", "/") + "build_search_index = true\n"
    assert publish(root, {"site.toml": config, "templates/head.html": POLICY, **posts}) == ()
    return root / "public"


def _is_ours(said: ConsoleMessage) -> bool:
    return said.type == "error" and not said.location["url"].endswith("/favicon.ico")


@pytest.fixture
def opened(browser: Browser, published: Path, serve: Callable[[Path], str]) -> Iterator[Page]:
    tab = browser.new_page()
    errors: list[str] = []
    tab.on("console", lambda said: errors.append(said.text) if _is_ours(said) else None)
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto(f"{serve(published)}/one/")
    yield tab
    tab.close()
    assert errors == []


def test_by_keyboard_from_any_page(opened: Page) -> None:
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    with opened.expect_response("**/search.js"):
        opened.keyboard.press("/")
    assert [name for name in asked if name != "icon.svg"] == ["search.js"]
    opened.keyboard.type("torch")
    opened.keyboard.press("Enter")
    result = opened.locator("#search-results a")
    result.wait_for()
    assert result.all_text_contents() == ["Only one"]
    assert opened.locator("#search-said").text_content() == "1 found"
    opened.keyboard.press("Tab")
    opened.keyboard.press("Enter")
    opened.wait_for_url(re.compile("/one/$"))


def test_results_as_one_types_and_more_of_them(opened: Page) -> None:
    opened.goto(opened.url.replace("/one/", "/search/?q=kernel"))
    links = opened.locator("#search-results a")
    opened.locator("#search-more").wait_for()
    assert links.count() == 10
    assert "<b>" in str(links.nth(5).text_content())
    opened.locator("#search-more").click()
    links.nth(19).wait_for()
    assert links.count() == 20
    assert opened.evaluate("document.activeElement.closest('li') !== null")
    opened.fill("main input", "nosuchword")
    opened.get_by_text("Nothing found.").wait_for()
    assert links.count() == 0
    assert opened.url.endswith("?q=nosuchword")


def test_a_slash_in_a_box_is_a_slash(opened: Page) -> None:
    opened.keyboard.press("/")
    opened.keyboard.type("a/b")
    assert opened.input_value("header input") == "a/b"


def test_without_scripts_the_archive_is_a_click_away(
    browser: Browser, published: Path, serve: Callable[[Path], str]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.goto(f"{serve(published)}/one/")
    tab.fill("header input", "torch")
    tab.keyboard.press("Enter")
    tab.click("noscript a")
    assert tab.url.endswith("/archive/")
    context.close()


@pytest.mark.skipif(axe_source() is None, reason="axe-core needs npm to install it")
@pytest.mark.parametrize("path", ["/search/?q=kernel", "/archive/", "/one/"])
def test_axe_finds_no_violation(
    path: str, browser: Browser, published: Path, serve: Callable[[Path], str]
) -> None:
    context = browser.new_context(bypass_csp=True)
    tab = context.new_page()
    tab.goto(f"{serve(published)}{path}")
    if "search" in path:
        tab.locator("#search-results a").first.wait_for()
    assert axe_violations(tab) == []
    context.close()

"""Every kind of page of the theme, as readers and checkers meet it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.gallery import PAGES
from tests.browser.tools import (
    axe_source,
    axe_violations_by_scheme,
    html_validate,
    html_validate_messages,
    java_path,
    nu_messages,
    vnu_jar,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

POST = PAGES["executed"]
SHIFTS = """new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(entry => { sum += entry.value; }))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 300);
})"""


@pytest.fixture(scope="session")
def address(gallery: Path, serve: Callable[[Path], str]) -> str:
    return serve(gallery)


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """A function that opens a page of the gallery; options are those of the browser's context."""
    pages: list[Page] = []

    def open_page(path: str, **options: Any) -> Page:
        page = browser.new_page(**{"viewport": {"width": 1440, "height": 900}, **options})
        pages.append(page)
        page.goto(address + path)
        return page

    yield open_page
    for page in pages:
        page.close()


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """One tab in which all kinds of pages are opened, one after another."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    yield page
    page.close()


# --- checkers -------------------------------------------------------------------------------


@pytest.mark.skipif(
    not os.environ.get("CI") and axe_source() is None, reason="axe-core needs npm to install it"
)
@pytest.mark.parametrize("kind", PAGES)
def test_axe_finds_no_violation(tab: Page, address: str, kind: str) -> None:
    tab.set_viewport_size({"width": 1440, "height": 900})
    tab.goto(address + PAGES[kind])
    tab.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    tab.add_style_tag(content=".copy { opacity: 1 !important; }")
    assert axe_violations_by_scheme(tab) == {"light": [], "dark": []}


@pytest.mark.skipif(
    not os.environ.get("CI") and (java_path() is None or vnu_jar() is None),
    reason="the Nu HTML checker needs Java, and npm to install it",
)
def test_the_nu_html_checker_finds_no_error(gallery: Path) -> None:
    """Beyond what Markdown wrote: the markup of footnotes is not the theme's."""
    assert [line for line in nu_messages(gallery) if ": error:" in line] == []


@pytest.mark.skipif(
    not os.environ.get("CI") and html_validate() is None, reason="html-validate needs npm"
)
def test_html_validate_finds_no_error(gallery: Path) -> None:
    """But for how Markdown aligns the columns of tables, and a title that is long by intent."""
    found = html_validate_messages(gallery)
    allowed = (": no-inline-style:", ": long-title:")
    assert [line for line in found if not any(rule in line for rule in allowed)] == []


# --- what readers see -----------------------------------------------------------------------


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("kind", PAGES)
def test_only_tables_and_code_scroll_sideways(
    tab: Page, address: str, kind: str, width: int
) -> None:
    tab.set_viewport_size({"width": width, "height": 900})
    tab.goto(address + PAGES[kind])
    assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_a_line_of_prose_has_about_66_characters(opened: Callable[..., Page]) -> None:
    page = opened(PAGES["plain"])
    page.evaluate(
        "document.querySelector('.prose p').textContent ="
        " 'It is the reader who counts. '.repeat(60)"
    )
    box = page.locator(".prose p").bounding_box()
    assert box is not None
    height = page.evaluate("parseFloat(getComputedStyle(document.querySelector('p')).lineHeight)")
    assert 60 <= 29 * 60 / (box["height"] / height) <= 72


def test_eighty_columns_of_code_do_not_scroll(opened: Callable[..., Page]) -> None:
    page = opened(PAGES["prose"])
    frame = page.locator(".code pre").first
    page.evaluate("document.querySelector('.code code').textContent = 'x'.repeat(80)")
    assert frame.evaluate("frame => frame.scrollWidth <= frame.clientWidth")


def test_code_begins_where_prose_begins(opened: Callable[..., Page]) -> None:
    for width in (360, 1440):
        page = opened(POST, viewport={"width": width, "height": 900})
        edges = page.evaluate(
            "['.prose > p', '.cell-code code'].map(css =>"
            " document.querySelector(css).getBoundingClientRect().left)"
        )
        assert edges[0] == pytest.approx(edges[1], abs=0.1)


def test_the_tape_is_to_scale(opened: Callable[..., Page]) -> None:
    page = opened(POST)
    spans = page.locator(".heading .tape rect").evaluate_all(
        "parts => parts.map(part => [part.x.baseVal.value, part.width.baseVal.value])"
    )
    assert spans
    for (start, width), (following, _) in pairwise(spans):
        assert start + width == pytest.approx(following, abs=0.3)
    assert spans[-1][0] + spans[-1][1] == pytest.approx(1000, abs=0.5)


def test_nothing_comes_from_elsewhere_and_strict_rules_for_content_hold(
    browser: Browser, address: str
) -> None:
    """Scripts in the page are forbidden; styles are not, for the bar under a block has one."""
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'"
    )
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))

    def with_policy(route: Any) -> None:
        response = route.fetch()
        headers = {**response.headers, "content-security-policy": policy}
        route.fulfill(response=response, headers=headers)

    page.route("**/*", with_policy)
    page.goto(address + POST, wait_until="networkidle")
    assert page.locator(".copy").count() > 0
    page.close()
    assert said == []
    assert all(url.startswith(address) for url in asked)


# --- scripts ----------------------------------------------------------------------------------


def test_without_scripts_there_is_nothing_that_needs_them(opened: Callable[..., Page]) -> None:
    page = opened(POST, java_script_enabled=False)
    assert page.locator(".copy").count() == 0
    assert not page.locator(".scheme").is_visible()
    page.locator(".cell-device summary").first.click()
    assert page.locator(".cell-device .cell-cost").first.is_visible()


@pytest.mark.parametrize(("system", "chosen"), [("light", "dark"), ("dark", "light")])
def test_the_switch_holds_for_the_page_its_pictures_and_the_next_page(
    opened: Callable[..., Page], system: str, chosen: str
) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    expected = opened(PAGES["plain"], color_scheme=chosen).evaluate(ground)
    page = opened(POST, color_scheme=system)
    shown = page.locator(".cell-output picture img")
    shown.scroll_into_view_if_needed()
    page.wait_for_function(
        "image => image.complete && image.currentSrc", arg=shown.element_handle()
    )
    before = shown.evaluate("image => image.currentSrc")
    page.locator(".scheme select").select_option(chosen)
    page.wait_for_function(
        "([image, before]) => image.complete && image.currentSrc !== before",
        arg=[shown.element_handle(), before],
    )
    after = shown.evaluate("image => image.currentSrc")
    assert after
    assert page.evaluate(ground) == expected
    page.reload(wait_until="networkidle")
    assert page.locator(".scheme select").input_value() == chosen
    assert page.evaluate(ground) == expected
    shown.scroll_into_view_if_needed()
    shows = "([image, source]) => image.currentSrc === source"
    page.wait_for_function(shows, arg=[shown.element_handle(), after])
    page.locator(".scheme select").select_option("auto")
    page.wait_for_function(shows, arg=[shown.element_handle(), before])


def test_the_scheme_is_known_before_the_body_is_there(
    opened: Callable[..., Page], address: str
) -> None:
    page = opened(PAGES["plain"], color_scheme="light")
    page.locator(".scheme select").select_option("dark")
    page.add_init_script(
        "new MutationObserver((_, self) => { if (document.body) {"
        " window.early = document.documentElement.dataset.scheme; self.disconnect(); } })"
        ".observe(document, { childList: true, subtree: true })"
    )
    page.goto(address + POST)
    assert page.evaluate("window.early") == "dark"


def test_paper_is_white_whatever_was_chosen(opened: Callable[..., Page]) -> None:
    page = opened(POST, color_scheme="dark")
    page.locator(".scheme select").select_option("dark")
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not page.locator(".scheme").is_visible()
    assert page.locator(".printed").inner_text() == "https://example.org/posts/measured/"
    folded = page.locator("details.cell-code:not([open]) pre").first
    assert folded.evaluate("pre => pre.checkVisibility({ contentVisibilityAuto: true })")


def test_code_is_copied_by_keyboard_and_that_is_said(browser: Browser, address: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(address + PAGES["prose"])
    button = page.locator(".code .copy").first
    assert button.inner_text() == "Copy"
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('[role=status]').textContent === 'Copied'")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("fn main() {\n    println!")
    assert button.inner_text() == "Copied"
    context.close()


def test_the_contents_show_where_one_is_and_nothing_moves(opened: Callable[..., Page]) -> None:
    page = opened(POST)
    here = page.locator(".toc [aria-current]")
    assert here.count() == 0
    for heading in ("A figure", "An error", "Code that is long"):
        page.get_by_role("heading", name=heading, exact=True).evaluate(
            "heading => heading.scrollIntoView({ behavior: 'instant' })"
        )
        page.wait_for_function(
            "name => document.querySelector('.toc [aria-current]')?.textContent === name",
            arg=heading,
        )
    assert page.evaluate(SHIFTS) < 0.01


def test_keys_reach_everything_and_leave_it_again(opened: Callable[..., Page]) -> None:
    page = opened(POST)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    seen = []
    for _ in range(200):
        page.keyboard.press("Tab")
        current = page.evaluate(
            "(e => e === document.body ? '' : e.tagName + (e.className || e.textContent))"
            "(document.activeElement)"
        )
        if not current:
            break
        seen.append(current)
    assert seen[-1].startswith("AFeed")
    assert sum(name.startswith("PRE") for name in seen) < 4  # only what does scroll is a stop


def test_a_page_from_right_to_left_is_mirrored_but_not_its_code(
    opened: Callable[..., Page],
) -> None:
    page = opened(PAGES["right to left"])
    place = "element => element.getBoundingClientRect().left"
    assert page.locator(".toc").evaluate(place) < page.locator("article h1").evaluate(place)
    assert page.locator("pre").first.evaluate("pre => getComputedStyle(pre).direction") == "ltr"

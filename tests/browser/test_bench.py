"""Benchmarks as readers meet them: on a telephone, by keyboard, without scripts, on paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.gallery import PAGES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

POST = PAGES["benchmarks"]


@pytest.fixture
def opened(
    browser: Browser, gallery: Path, serve: Callable[[Path], str]
) -> Iterator[Callable[..., Page]]:
    """A function that opens the page with benchmarks; options are of the browser's context."""
    address = serve(gallery)
    pages: list[Page] = []

    def open_page(path: str = POST, **options: Any) -> Page:
        page = browser.new_page(**{"viewport": {"width": 1440, "height": 900}, **options})
        pages.append(page)
        page.goto(address + path)
        return page

    yield open_page
    for page in pages:
        page.close()


def test_arrows_go_through_the_devices_without_a_script(opened: Callable[..., Page]) -> None:
    page = opened(java_script_enabled=False)
    figure = page.locator("#bench-block")
    panels = figure.locator(".bench-panel")
    assert panels.count() == 4
    assert [panels.nth(n).is_visible() for n in range(4)] == [True, False, False, False]
    figure.locator("input").first.focus()
    page.keyboard.press("ArrowRight")
    assert [panels.nth(n).is_visible() for n in range(4)] == [False, True, False, False]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert [panels.nth(n).is_visible() for n in range(4)] == [False, False, False, True]
    figure.get_by_text("M3 Max", exact=True).first.click()
    assert panels.nth(1).is_visible()
    assert figure.locator("input").nth(1).is_checked()


def test_a_focused_tab_is_seen(opened: Callable[..., Page]) -> None:
    page = opened()
    tab = page.locator("#bench-block label").first
    page.locator("#bench-block input").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert tab.evaluate("label => getComputedStyle(label).outlineStyle") == "solid"


def test_paper_shows_every_device_under_its_name(opened: Callable[..., Page]) -> None:
    page = opened()
    page.emulate_media(media="print")
    figure = page.locator("#bench-block")
    panels, labels = figure.locator(".bench-panel"), figure.locator("label")
    places = []
    for number in range(4):
        assert panels.nth(number).is_visible()
        label, panel = labels.nth(number).bounding_box(), panels.nth(number).bounding_box()
        assert label
        assert panel
        places += [label["y"], panel["y"]]
    assert places == sorted(places)


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_text_in_charts_keeps_its_size_and_stays_within_the_page(
    opened: Callable[..., Page], width: int
) -> None:
    page = opened(viewport={"width": width, "height": 900})
    sizes = page.locator(".chart text").evaluate_all(
        "texts => [...new Set(texts.filter(t => !t.closest('.samples')).map(t =>"
        " Math.round(parseFloat(getComputedStyle(t).fontSize) * 10) / 10))]"
    )
    assert len(sizes) == 1
    assert 11 <= sizes[0] <= 14
    page.add_style_tag(content=".bench-panel { display: block !important; }")
    outside = page.locator(".chart text").evaluate_all(
        "(texts, width) => texts.map(t => [t.textContent, t.getBoundingClientRect()])"
        ".filter(([, box]) => box.right > width || box.left < 0).map(([text]) => text)",
        width,
    )
    assert outside == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [360, 1440])
def test_names_of_variants_do_not_lie_on_their_bars(
    opened: Callable[..., Page], width: int
) -> None:
    page = opened(viewport={"width": width, "height": 900})
    figure = page.locator("#bench-block .bench-panel").first
    name = figure.locator("text.end").first.bounding_box()
    bar = figure.locator(".bar").first.bounding_box()
    frame = page.locator("#bench-block").bounding_box()
    assert name
    assert bar
    assert frame
    assert frame["x"] < name["x"]
    assert name["x"] + name["width"] < bar["x"]


def test_a_telephone_scrolls_the_table_in_its_frame(opened: Callable[..., Page]) -> None:
    page = opened(viewport={"width": 360, "height": 900})
    frame = page.locator("#bench-block .bench-panel .table").first
    assert frame.evaluate("frame => frame.scrollWidth > frame.clientWidth")
    frame.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "document.querySelector('#bench-block .bench-panel .table').scrollLeft > 0"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_charts_follow_the_scheme(opened: Callable[..., Page], scheme: str) -> None:
    page = opened(color_scheme="dark" if scheme == "light" else "light")
    fill = "getComputedStyle(document.querySelector('.bar')).fill"
    before = page.evaluate(fill)
    page.locator(".scheme select").select_option(scheme)
    assert page.evaluate(fill) != before


def test_charts_are_drawn_in_colours_that_a_reader_forces(opened: Callable[..., Page]) -> None:
    page = opened(forced_colors="active")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    for part in (".bar", ".chart text", ".chart .reach", ".sign path"):
        style = page.locator(part).first.evaluate(
            "part => { const s = getComputedStyle(part);"
            " return s.fill === 'none' ? s.stroke : s.fill; }"
        )
        assert style not in (ground, "none"), part


def test_a_link_to_a_chart_leads_there(opened: Callable[..., Page]) -> None:
    page = opened(PAGES["measurements"])
    page.locator(".measurements th[scope=row] > a").last.click()
    page.wait_for_url("**/posts/benchmarks/#bench-block")
    assert page.locator("#bench-block").is_visible()
    outline = page.locator("#bench-block").evaluate("one => getComputedStyle(one).outlineWidth")
    assert outline == "2px"


def test_heads_of_columns_lead_to_pages_in_their_order(opened: Callable[..., Page]) -> None:
    page = opened(PAGES["measurements"], java_script_enabled=False)
    page.locator(".measurements thead").get_by_text("Device").click()
    assert page.url.endswith("/measurements/by-device/")
    assert page.locator("[aria-sort]").inner_text().startswith("Device")
    devices = page.locator(".measurements td:nth-child(2)").all_inner_texts()
    assert devices == sorted(devices, key=lambda text: text.split("\n")[0])


# --- numbers in prose ---------------------------------------------------------------------------


def test_a_checked_number_says_on_focus_where_it_comes_from(opened: Callable[..., Page]) -> None:
    page = opened(viewport={"width": 360, "height": 900})
    number = page.locator("a.checked").nth(1)
    number.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    said = number.evaluate("link => getComputedStyle(link, '::before').content")
    assert "H100 SXM" in said
    assert "2026-11-22" in said
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.keyboard.press("Enter")
    page.wait_for_function("location.hash === '#bench-block'")


def test_what_holds_has_a_tick_and_what_has_fallen_says_so(opened: Callable[..., Page]) -> None:
    page = opened()
    tick = "link => getComputedStyle(link, '::after').content"
    held, fallen = page.locator("a.checked").first, page.locator("a.checked-fallen")
    assert "✓" in held.evaluate(tick)
    assert fallen.evaluate(tick) == "none"
    assert "now measured: 1.3" in page.locator("span.fallen").inner_text()

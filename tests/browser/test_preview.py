"""The preview in a real browser: what is written is seen, what runs is seen while it runs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import tools
from tests.previewing import Preview, kernels_of, preview, wait_for
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
    mark = page.locator("#block-1 .sitegen-mark span")
    said = re.fullmatch(r"running (\d+\.\d) s", mark.inner_text())
    assert said is not None
    page.wait_for_function(
        "before => parseFloat(document.querySelector('#block-1 .sitegen-mark span')"
        ".textContent.split(' ')[1]) > before + 0.5",
        arg=float(said[1]),
    )
    assert not stored(site)
    shows(page, "line 7")
    wait_for(lambda: stored(site))
    page.wait_for_selector("#block-1[data-sitegen=shown]")
    assert page.inner_text("#block-1 .stream").splitlines() == [f"line {n}" for n in range(8)]
    assert same_document(page)


def test_a_block_that_waits_for_others_says_since_when_it_is_queued(
    site: Path, start: Callable[..., Preview], page: Page
) -> None:
    (site / "content/slow.md").write_text(f"{SLOW}\n```python\nprint('last')\n```\n", "utf-8")
    served = start()
    opened(page, served, "/slow/", "Slow")
    page.wait_for_selector("#block-1[data-sitegen=running]")
    mark = page.locator("#block-2 .sitegen-mark span")
    assert re.fullmatch(r"queued \d+ s", mark.inner_text())
    said = mark.inner_text()
    page.wait_for_function(
        "said => document.querySelector('#block-2 .sitegen-mark span').textContent !== said",
        arg=said,
        timeout=2000,
    )
    assert page.is_visible("#sitegen-preview [data-do=stop]")
    page.wait_for_selector("#block-2[data-sitegen=shown]")
    assert mark.inner_text() == ""


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


SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="{0}"><title>x</title></svg>'
PICTURES = """+++
title = "Pictured"
+++
<img id="one" src="/one.svg" alt="one">
<img id="two" srcset="/one.svg 1x, /two.svg 2x" alt="two">
<video poster="/one.svg" src="/none.mp4"></video>
"""


def test_pictures_are_swapped_without_reload(
    site: Path, start: Callable[..., Preview], page: Page
) -> None:
    for name in ("one", "two"):
        (site / f"static/{name}.svg").write_text(SQUARE.format(10), "utf-8")
    (site / "content/b.md").write_text(PICTURES, "utf-8")
    served = start()
    opened(page, served, "/b/", "Pictured")
    page.wait_for_selector("#two", state="attached")
    wide = "['one', 'two'].map(id => document.getElementById(id).naturalWidth).join()"
    page.wait_for_function(f"{wide} === '10,10'")
    (site / "static/one.svg").write_text(SQUARE.format(30), "utf-8")
    page.wait_for_function(f"{wide} === '30,30'", polling=10)
    assert "/two.svg 2x" in str(page.get_attribute("#two", "srcset"))
    assert "?preview=" in str(page.get_attribute("video", "poster"))
    assert same_document(page)


def test_what_a_style_sheet_names_is_swapped_with_it(
    site: Path, start: Callable[..., Preview], page: Page
) -> None:
    colour = "body {{ border-left-color: rgb({0}, {0}, {0}); }}"
    sheet = "@import 'sub/more.css';\nmain { background-image: url('back.svg'); }"
    (site / "static/mine.css").write_text(sheet, "utf-8")
    (site / "static/sub").mkdir()
    (site / "static/sub/more.css").write_text(colour.format(1), "utf-8")
    (site / "static/back.svg").write_text(SQUARE.format(10), "utf-8")
    served = start()
    opened(page, served, "/b/", "Other words")
    page.wait_for_load_state("networkidle")
    (site / "static/sub/more.css").write_text(colour.format(2), "utf-8")
    now = "getComputedStyle(document.body).borderLeftColor"
    page.wait_for_function(f"{now} === 'rgb(2, 2, 2)'", polling=10)
    back = re.compile(r"/back\.svg\?preview=")
    with page.expect_response(back, timeout=10_000) as found:
        (site / "static/back.svg").write_text(SQUARE.format(20), "utf-8")
    assert 'width="20"' in found.value.text()
    (site / "static/mine.css").write_text(f"{sheet} main {{ order: 1; }}", "utf-8")
    page.wait_for_function("getComputedStyle(document.querySelector('main')).order === '1'")
    page.wait_for_function("document.querySelectorAll('link[href^=\"/mine.css\"]').length === 1")
    shown = "getComputedStyle(document.querySelector('main')).backgroundImage"
    page.wait_for_function(f"{shown}.includes('/back.svg?preview=')")
    assert same_document(page)


def test_a_search_index_that_is_a_script_does_not_load_the_page_anew(
    site: Path, start: Callable[..., Preview], page: Page
) -> None:
    config = (site / "site.toml").read_text("utf-8")
    search = "build_search_index = true\n"
    (site / "site.toml").write_text(
        f"{search}{config}\n[search]\nindex_format = 'elasticlunr_javascript'\n", "utf-8"
    )
    (site / "templates/head.html").write_text(
        '<script src="/search_index.en.js"></script><script src="/own.js"></script>', "utf-8"
    )
    (site / "static/own.js").write_text("window.own = 1;", "utf-8")
    served = start()
    opened(page, served, "/b/", "Other words")
    assert page.evaluate("Boolean(window.searchIndex)") is True
    (site / "content/b.md").write_text("+++\n+++\nUnheardof words.\n", "utf-8")
    shows(page, "Unheardof words")
    wait_for(lambda: "unheardof" in served.get("/search_index.en.js").text.lower())
    page.wait_for_timeout(500)
    assert same_document(page)
    (site / "static/own.js").write_text("window.own = 2;", "utf-8")
    page.wait_for_function("window.own === 2 && window.sameDocument === undefined")


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


BAR = """+++
title = "Bar"
+++
```python
import sys, time
for number in range(40):
    print(f"\\rstep {number}", end="", flush=True)
    time.sleep(0.1)
```

```python
import matplotlib.pyplot as plt
plt.plot([1, 2])
plt.show()
time.sleep(4)
```

Below.
"""


def test_a_bar_is_one_line_and_a_figure_is_there_before_its_block_ends(
    site: Path, start: Callable[..., Preview], page: Page
) -> None:
    (site / "content/bar.md").write_text(BAR, "utf-8")
    served = start()
    opened(page, served, "/bar/", "Below")
    shows(page, "step ")
    seen = page.inner_text("#block-1 .stream")
    page.wait_for_function(
        "seen => document.querySelector('#block-1 .stream').innerText !== seen", arg=seen
    )
    assert len(page.inner_text("#block-1 .stream").splitlines()) == 1
    page.wait_for_function("document.querySelector('#block-2 img')?.naturalWidth > 0")
    assert page.get_attribute("#block-2", "data-sitegen") == "running"
    assert not stored(site)
    page.wait_for_selector("#block-2[data-sitegen=shown]")
    assert page.evaluate("document.querySelector('#block-2 img').naturalWidth > 0")
    assert same_document(page)


def test_what_the_reader_has_done_stays_and_nothing_else_is_touched(
    site: Path, start: Callable[..., Preview], page: Page
) -> None:
    text = "+++\ntitle = 'A'\n+++\n<details><summary>More</summary>\n\nInside.\n\n</details>\n\n"
    file = site / "content/a.md"
    file.write_text(f"{text}First.\n\nSecond.\n\nThird.\n", "utf-8")
    served = start()
    opened(page, served, "/a/", "Third")
    page.click("summary:has-text('More')")
    page.evaluate("""() => {
        window.kept = [...document.querySelectorAll('.prose > *')];
        window.touched = [];
        new MutationObserver(found => found.forEach(one => window.touched.push(
            [...one.addedNodes, ...one.removedNodes].map(node => node.textContent).join('|')
            || one.type))).observe(document.querySelector('main'),
            { childList: true, subtree: true, attributes: true, characterData: true });
    }""")
    file.write_text(f"{text}First.\n\nBetween.\n\nSecond, edited.\n\nThird.\n", "utf-8")
    shows(page, "Second, edited.")
    assert page.evaluate("document.querySelector('details').open") is True
    now = page.evaluate("[...document.querySelectorAll('.prose > p')].map(p => p.textContent)")
    assert now == ["First.", "Between.", "Second, edited.", "Third."]
    stay = "[...document.querySelectorAll('.prose > *')].map(one => window.kept.includes(one))"
    assert page.evaluate(stay).count(False) == 1
    assert len(page.evaluate("window.touched")) <= 4
    assert same_document(page)


def test_the_text_being_read_does_not_move(
    site: Path, start: Callable[..., Preview], page: Page
) -> None:
    served = start()
    opened(page, served, "/a/", "Paragraph 40")
    place = """[...document.querySelectorAll('p')].find(
        p => p.textContent.startsWith('Paragraph 40')).getBoundingClientRect().top"""
    page.evaluate(f"scrollBy(0, {place} - 200)")
    before = page.evaluate(place)
    file = site / "content/a.md"
    added = "\n\n".join(["Something new above."] * 5)
    file.write_text(file.read_text("utf-8").replace("First words.", added), "utf-8")
    shows(page, "Something new above.")
    page.wait_for_function(f"Math.abs({place} - {before}) < 2", timeout=2000)
    assert same_document(page)


def test_two_tabs_follow_each_their_page(
    site: Path, start: Callable[..., Preview], browser: Browser
) -> None:
    served = start()
    one, two, three = (browser.new_page() for _ in range(3))
    try:
        opened(one, served, "/a/", "First words")
        opened(two, served, "/a/", "First words")
        opened(three, served, "/b/", "Other words")
        file = site / "content/a.md"
        file.write_text(file.read_text("utf-8").replace("First words", "New words"), "utf-8")
        shows(one, "New words")
        shows(two, "New words")
        (site / "content/b.md").write_text("+++\n+++\nNew too.", "utf-8")
        shows(three, "New too.")
        assert all(map(same_document, (one, two, three)))
    finally:
        for tab in (one, two, three):
            tab.close()


def test_many_tabs_that_nobody_sees_do_not_keep_the_server_from_answering(
    site: Path, start: Callable[..., Preview], browser: Browser
) -> None:
    served = start()
    context = browser.new_context()
    tabs = [context.new_page() for _ in range(4)]
    for tab in tabs:
        opened(tab, served, "/b/", "Other words")
    assert served.get("/b/").status == 200
    context.close()


def test_run_and_stop_by_their_buttons(
    site: Path, start: Callable[..., Preview], page: Page
) -> None:
    config = (site / "site.toml").read_text("utf-8")
    (site / "site.toml").write_text(f"{config}auto = 'never'\n", "utf-8")
    (site / "content/slow.md").write_text(SLOW.replace("0.5", "2"), "utf-8")
    served = start()
    opened(page, served, "/slow/", "Slow")
    shows(page, "waits for Run")
    page.click("#sitegen-preview [data-do=run]")
    shows(page, "line 0")
    page.click("#sitegen-preview [data-do=stop]")
    page.wait_for_selector("#block-1:not([data-sitegen=running])")
    shows(page, "not run yet")
    assert not stored(site)
    assert same_document(page)


def test_drafts_are_shown_when_asked_for_and_wait(
    site: Path, start: Callable[..., Preview], page: Page
) -> None:
    draft = "+++\ntitle = 'Draft'\ndraft = true\n+++\n```python\nprint('ran')\n```\n"
    (site / "content/draft.md").write_text(draft, "utf-8")
    served = start()
    opened(page, served, "/b/", "Other words")
    assert served.get("/draft/").status == 404
    page.check("#sitegen-preview [data-do=drafts]")
    wait_for(lambda: served.get("/draft/").status == 200)
    opened(page, served, "/draft/", "not run yet")
    shows(page, "waits for Run")
    assert not stored(site)
    page.uncheck("#sitegen-preview [data-do=drafts]")
    wait_for(lambda: served.get("/draft/").status == 404)


def test_a_deleted_page_says_so_and_comes_back(
    site: Path, start: Callable[..., Preview], page: Page
) -> None:
    served = start()
    opened(page, served, "/b/", "Other words")
    file = site / "content/b.md"
    text = file.read_text("utf-8")
    file.unlink()
    page.wait_for_selector("main:not(:has-text('Other words'))")
    file.write_text(text, "utf-8")
    shows(page, "Other words")


def test_an_edit_beside_a_block_that_runs_leaves_what_it_has_said(
    site: Path, start: Callable[..., Preview], page: Page
) -> None:
    file = site / "content/slow.md"
    file.write_text(f"{SLOW}\nWords below.\n", "utf-8")
    served = start()
    opened(page, served, "/slow/", "Slow")
    shows(page, "line 1")
    file.write_text(f"{SLOW}\nOther words below.\n", "utf-8")
    shows(page, "Other words below")
    page.wait_for_timeout(300)
    assert "line 1" in page.inner_text("#block-1")
    shows(page, "line 7")
    wait_for(lambda: len(stored(site)) == 1)
    assert same_document(page)


def test_a_page_finds_a_preview_that_was_started_again(
    site: Path, start: Callable[..., Preview], page: Page
) -> None:
    served = start()
    opened(page, served, "/b/", "Other words")
    served.end()
    start("--port", str(served.port))
    page.wait_for_function("window.sameDocument === undefined", timeout=60_000)
    page.wait_for_selector("#sitegen-preview[data-ready]", state="attached")
    (site / "content/b.md").write_text("+++\n+++\nWritten since.", "utf-8")
    shows(page, "Written since")


# --- from elsewhere -------------------------------------------------------------------------------

QUICK = "+++\ntitle = 'Quick'\n+++\n```python\nprint('ran')\n```\n"
ATTACK = """async ({ target, follow, token }) => {
  const got = [];
  const from = async (name, work) => {
    try { if (await work()) got.push(name); } catch { /* nothing was got */ }
  };
  const element = (name, source) => new Promise((yes) => {
    const one = document.createElement(name);
    one.onload = () => yes(true);
    one.onerror = () => yes(false);
    one[name === "link" ? "href" : "src"] = target + source;
    if (name === "link") one.rel = "stylesheet";
    document.body.append(one);
  });
  await from("fetch", async () => (await fetch(target + "/b/")).ok);
  await from("script", () => element("script", "/.sitegen/preview.js"));
  await from("style", () => element("link", "/sitegen.css"));
  await from("picture", () => element("img", "/icon.svg"));
  await from("events", () => new Promise((yes) => {
    const events = new EventSource(`${target}/.sitegen/events?url=/b/&token=${follow}`);
    events.onopen = () => yes(true);
    events.onerror = () => yes(false);
  }));
  const body = JSON.stringify({ url: "/quick/" });
  await from("run", async () => (await fetch(`${target}/.sitegen/run`, { method: "POST",
    headers: { "Content-Type": "application/json", "X-Sitegen-Token": token }, body })).ok);
  await from("run unseen", async () => {
    await fetch(`${target}/.sitegen/run`, { method: "POST", mode: "no-cors",
      headers: { "Content-Type": "text/plain" }, body });
    return false;
  });
  const frame = document.createElement("iframe");
  frame.src = `${target}/b/`;
  document.body.append(frame);
  await new Promise((done) => { frame.onload = done; setTimeout(done, 2000); });
  return got;
}"""


def test_a_page_of_another_origin_gets_nothing(
    site: Path,
    start: Callable[..., Preview],
    page: Page,
    serve: Callable[[Path], str],
    tmp_path: Path,
) -> None:
    config = (site / "site.toml").read_text("utf-8")
    (site / "site.toml").write_text(f"{config}auto = 'never'\n", "utf-8")
    (site / "content/quick.md").write_text(QUICK, "utf-8")
    served = start()
    follow = served.page("/b/").partition('data-follow="')[2].partition('"')[0]
    assert follow
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "index.html").write_text("<!DOCTYPE html><title>x</title><body>", "utf-8")
    page.goto(serve(folder))
    answers: list[tuple[str, int]] = []
    page.on("response", lambda answer: answers.append((answer.url, answer.status)))
    tokens = {"follow": follow, "token": served.token("/b/")}
    assert page.evaluate(ATTACK, {"target": served.url, **tokens}) == []
    texts = [frame.evaluate("document.body.innerText") for frame in page.frames[1:]]
    assert not any("Other words" in text for text in texts)
    assert not [url for url, status in answers if status < 400]
    page.wait_for_timeout(1000)
    assert not kernels_of(served)
    assert not stored(site)


def test_a_foreign_name_for_this_machine_gets_nothing(
    site: Path, start: Callable[..., Preview], browser: Browser
) -> None:
    served = start()
    served.page("/b/")
    path = tools.chromium_path()
    rules = "--host-resolver-rules=MAP rebound.example 127.0.0.1"
    rebound = browser.browser_type.launch(executable_path=path, args=["--no-sandbox", rules])
    try:
        tab = rebound.new_page()
        answer = tab.goto(f"http://rebound.example:{served.port}/b/")
        assert answer is not None
        assert answer.status == 421
        assert "Other words" not in tab.content()
    finally:
        rebound.close()

"""This repository's own site as readers meet it: in Chromium, and before two checkers of others."""

from __future__ import annotations

import gzip
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.tools import (
    SCHEMES,
    axe_source,
    axe_violations_by_scheme,
    java_path,
    nu_messages,
    vnu_jar,
)
from tests.support import REPOSITORY, report_of, sitegen, tree

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

PAGES = [
    "/",
    "/posts/",
    "/posts/tensor-wars/",
    "/posts/tensor-wars-run/",
    "/posts/tensor-wars-measured/",
    "/docs/",
    "/docs/authoring/",
    "/docs/markdown/",
    "/categories/",
    "/categories/dev-bin/",
    "/tags/jax/",
    "/404.html",
]
BUDGET = 60_000
"""Bytes of a post's HTML, style sheet and scripts, before they are compressed."""
WIDTHS = [360, 768, 1440]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's site, built in a copy; posts without results in the store are run."""
    root = tmp_path_factory.mktemp("own") / "site"
    root.mkdir()
    for name in ("content", "static", "templates", "measurements"):
        if (REPOSITORY / name).is_dir():
            shutil.copytree(REPOSITORY / name, root / name)
    shutil.copyfile(REPOSITORY / "site.toml", root / "site.toml")
    done = sitegen(root, "build", "--json", timeout=600)
    report = report_of(done)
    assert done.returncode == 0, report["problems"]
    assert {problem["code"] for problem in report["problems"]} <= {"unstable"}
    return root


@pytest.fixture(scope="session")
def address(site: Path, serve: Callable[[Path], str]) -> str:
    return serve(site / "public")


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Page]:
    """One tab in which all pages are opened, one after another."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    yield page
    page.close()


def test_a_post_is_light(site: Path) -> None:
    html = site / "public/posts/tensor-wars-run/index.html"
    named = re.findall(r'(?:src|href)="/([\w-]+\.(?:css|js))\b', html.read_text("utf-8"))
    assert {"scheme.js", "sitegen.css", "sitegen.js"} <= set(named)
    parts = [html.read_bytes(), *((site / "public" / name).read_bytes() for name in named)]
    assert sum(map(len, parts)) < BUDGET
    assert sum(len(gzip.compress(part)) for part in parts) < BUDGET / 3


def test_a_stored_result_is_replayed(site: Path) -> None:
    """A fresh clone shows the numbers that were committed with one post."""
    committed = sorted((REPOSITORY / "measurements/posts/tensor-wars-measured").rglob("*.json"))
    ours = sorted((site / "measurements/posts/tensor-wars-measured").rglob("*.json"))
    assert committed
    assert [path.name for path in ours] == [path.name for path in committed]


def test_a_second_build_runs_nothing_and_changes_nothing(site: Path) -> None:
    before = tree(site / "public")
    report = report_of(sitegen(site, "build", "--json"))
    assert (report["executed_posts"], report["written"], report["removed"]) == (0, 0, 0)
    assert report["replayed_posts"] == 6
    assert tree(site / "public") == before


def test_no_page_holds_a_script_or_needs_another_host(site: Path) -> None:
    for path in (site / "public").rglob("*.html"):
        html = path.read_text("utf-8")
        scripts = re.findall(r"<script([^>]*)>([^<]*)</script>", html)
        assert all(
            re.search(r'src="/\w', attributes) or "ld+json" in attributes
            for attributes, _ in scripts
        ), path
        assert not any(text for attributes, text in scripts if "src=" in attributes)
        sources = re.findall(
            r'(?:src|srcset)="([^"]+)"|<link rel="stylesheet" href="([^"]+)"', html
        )
        assert all(not re.match(r"\w+:|//", one or two) for one, two in sources), path
    assert "url(" not in (site / "public/sitegen.css").read_text("utf-8")


@pytest.mark.skipif(
    not os.environ.get("CI") and (java_path() is None or vnu_jar() is None),
    reason="the Nu HTML checker needs Java, and npm to install it",
)
def test_the_nu_html_checker_has_nothing_to_say(site: Path) -> None:
    assert nu_messages(site / "public") == []


@pytest.mark.skipif(
    not os.environ.get("CI") and axe_source() is None, reason="axe-core needs npm to install it"
)
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_no_violation(tab: Page, address: str, path: str) -> None:
    tab.set_viewport_size({"width": 1440, "height": 900})
    tab.goto(address + path)
    assert axe_violations_by_scheme(tab) == {"light": [], "dark": []}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", PAGES)
def test_only_tables_and_code_scroll_sideways(
    tab: Page, address: str, path: str, width: int
) -> None:
    requests: list[str] = []

    def note(request: Request) -> None:
        requests.append(request.url)

    tab.set_viewport_size({"width": width, "height": 900})
    tab.on("request", note)
    response = tab.goto(address + path)
    tab.remove_listener("request", note)
    assert response is not None
    assert response.ok
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert requests
    assert all(url.startswith((address, "data:")) for url in requests), requests


def test_both_schemes_are_there(browser: Browser, address: str) -> None:
    grounds = []
    for scheme in SCHEMES:
        page = browser.new_page(color_scheme=scheme)
        page.goto(f"{address}/posts/tensor-wars/")
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.close()
    assert len(set(grounds)) == 2


def test_every_internal_link_leads_somewhere(site: Path) -> None:
    public = site / "public"
    checked = 0
    for path in public.rglob("*.html"):
        for target in re.findall(r'href="(/[^"#?]*)(?:[#?][^"]*)?"', path.read_text("utf-8")):
            file = public / target.lstrip("/")
            assert (file / "index.html" if target.endswith("/") else file).is_file(), (path, target)
            checked += 1
    assert checked > 100

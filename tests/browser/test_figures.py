"""Figures as a reader's browser picks them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tests.support import build_site, write_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

POST = """
```python
import matplotlib.pyplot as plt
plt.plot([1, 2]);
```
"""

CASES: list[tuple[Literal["screen", "print"], Literal["light", "dark"], str]] = [
    ("screen", "light", "src"),
    ("screen", "dark", "srcset"),
    ("print", "light", "src"),
    ("print", "dark", "src"),
]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_site(tmp_path_factory.mktemp("figures"), {"content/post.md": POST})
    report, _ = build_site(root)
    assert report.problems == ()
    return root / "public"


@pytest.mark.parametrize(("media", "scheme", "attribute"), CASES)
def test_the_readers_scheme_picks_and_paper_is_light(
    media: Literal["screen", "print"],
    scheme: Literal["light", "dark"],
    attribute: str,
    published: Path,
    browser: Browser,
    serve: Callable[[Path], str],
) -> None:
    page = browser.new_page()
    page.emulate_media(media=media, color_scheme=scheme)
    page.goto(f"{serve(published)}/post/")
    wanted = page.locator(f"picture > *[{attribute}]").get_attribute(attribute)
    image = page.locator("main img:visible")
    image.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    shown = image.evaluate("image => [image.currentSrc, image.naturalWidth > image.clientWidth]")
    page.close()
    assert shown[0].endswith(f"/{wanted}")
    assert shown[1]


def test_a_reader_loads_one_picture_and_a_printer_the_light_one(
    published: Path, browser: Browser, serve: Callable[[Path], str]
) -> None:
    page = browser.new_page(color_scheme="dark")
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url.rpartition("/")[2]))
    page.goto(f"{serve(published)}/post/", wait_until="networkidle")
    dark = page.locator("picture > source").get_attribute("srcset")
    light = page.locator("picture > img").get_attribute("src")
    assert [name for name in loaded if name.endswith(".png")] == [dark]
    page.pdf()
    page.close()
    assert loaded[-1] == light

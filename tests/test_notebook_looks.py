"""What libraries show in a notebook, they show in a post."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sitegen.model import BlockDone, Cell, Display, Stream
from tests.support import build_site, write_site

POST = """
```python
import jax
import jax.numpy as jnp
jax.make_jaxpr(lambda x: x + 1)(1.0)
```
```python
import rich
rich.print("[red]rot[/]")
```
```python
from rich.progress import track
for _ in track(range(3), description="steps"):
    pass
print("after")
```
```python
type(get_ipython()).__name__, "zmq" in str(type(get_ipython())).lower()
```
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Cell]]:
    root = write_site(tmp_path_factory.mktemp("looks"), {"content/x.md": POST})
    _, events = build_site(root)
    return root, [event.cell for event in events if isinstance(event, BlockDone)]


def test_a_jaxpr_is_in_colour(site: tuple[Path, list[Cell]]) -> None:
    (jaxpr,) = site[1][0].outputs
    assert isinstance(jaxpr, Display)
    assert "\x1b[" in str(jaxpr.data["text/plain"])
    html = (site[0] / "public/x/index.html").read_text("utf-8")
    assert "\x1b" not in html
    assert re.search(r'<span class="ansi-[^>]*>[^<]*lambda', html)


def test_rich_text_is_a_display_in_colour(site: tuple[Path, list[Cell]]) -> None:
    (text,) = site[1][1].outputs
    assert isinstance(text, Display)
    assert "\x1b[31mrot" in str(text.data["text/plain"])


def test_a_bar_of_rich_stands_as_it_ended(site: tuple[Path, list[Cell]]) -> None:
    html = (site[0] / "public/x/index.html").read_text("utf-8")
    text = re.sub("<[^>]*>", "", html)
    assert re.search(r"steps ━+ 100%", text)
    last = site[1][2].outputs[-1]
    assert last == Stream("stdout", "after\n")
    assert "ipywidgets" not in str(site[1][2].outputs)


def test_the_shell_is_known_as_that_of_a_notebook(site: tuple[Path, list[Cell]]) -> None:
    (names,) = site[1][3].outputs
    assert isinstance(names, Display)
    assert names.data["text/plain"] == "('ZMQInteractiveShell', True)"

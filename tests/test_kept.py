"""Builds that keep what the one before has made: the same site as without, and only what is new is
made again."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from sitegen.build import build
from sitegen.claims import Judgement
from sitegen.model import Document, Page, Shown
from sitegen.passes.asked import Caller, Options
from sitegen.passes.kept import Kept
from sitegen.render.body import NOTHING_JUDGED, render_body
from tests.support import CONFIG, tree, write_site

CODE = "```rust\nfn a() {}\n```\n"
POSTS = {f"content/p{number}.md": f"## Post {number}\n\n{CODE}" for number in range(4)}
FILE = "```python\n#| file: x.py\n```"


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages whose bodies are rendered."""
    paths: list[str] = []

    def noting(
        document: Document, shown: Sequence[Shown], judgement: Judgement = NOTHING_JUDGED
    ) -> Page:
        paths.append(document.source.path)
        return render_body(document, shown, judgement)

    monkeypatch.setattr("sitegen.passes.press.render_body", noting)
    monkeypatch.setattr("sitegen.passes.live.render_body", noting)
    return paths


def again(root: Path, kept: Kept | None) -> dict[str, bytes]:
    caller = Caller(dict(os.environ), sys.executable)
    build(root, Options(mode="no-exec"), caller, lambda event: None, kept)
    return tree(root / "public")


def clean(root: Path) -> dict[str, bytes]:
    """What a build comes to that knows of no other."""
    shutil.rmtree(root / ".sitegen")
    shutil.rmtree(root / "public")
    return again(root, None)


def test_only_what_changed_is_made_again(tmp_path: Path, rendered: list[str]) -> None:
    root, kept = write_site(tmp_path, POSTS), Kept()
    again(root, kept)
    rendered.clear()
    write_site(root, {"content/p2.md": "Other."})
    site = again(root, kept)
    assert rendered == ["p2.md"]
    assert site == clean(root)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (
            {"templates/shortcodes/a.md": "one", "content/a.md": "{{ a() }}"},
            {"templates/shortcodes/a.md": "two"},
        ),
        ({"content/a/index.md": FILE, "content/a/x.py": "1"}, {"content/a/x.py": "2"}),
        (
            {"content/s/_index.md": "x", "content/s/a.md": "# x"},
            {"content/s/_index.md": "+++\ninsert_anchor_links = 'left'\n+++\n"},
        ),
        ({"content/a.md": "# Ä"}, {"site.toml": CONFIG + "\n[slugify]\nanchors = 'safe'\n"}),
    ],
)
def test_what_a_page_is_made_of(
    tmp_path: Path, first: dict[str, str], then: dict[str, str]
) -> None:
    root, kept = write_site(tmp_path, {**POSTS, **first}), Kept()
    before = again(root, kept)
    write_site(root, then, then.pop("site.toml", CONFIG))
    after = again(root, kept)
    assert after != before
    assert after == clean(root)

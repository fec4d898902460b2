"""A build that has nothing to do is told by the states of files; all else leaves doubt."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sitegen.build import build
from sitegen.model import Report
from sitegen.passes.asked import Caller, Options
from sitegen.passes.unchanged import find_unchanged
from tests.support import CONFIG, write_site

FILES = {
    "content/a.md": "Text.",
    "content/b/index.md": "[it](p.txt)",
    "content/b/p.txt": "it",
    "static/x.css": "p {}",
    "templates/head.html": '{{ load_data(path="data.json").a }}',
    "data.json": '{"a": 1}',
}
CALLER = Caller({"HOME": "/nowhere"}, sys.executable)
OPTIONS = Options(mode="no-exec")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site that has been built; the state of a file tells something as soon as it is written."""
    monkeypatch.setattr("sitegen.build.SETTLED_NS", 0)
    monkeypatch.setattr("sitegen.passes.unchanged.SETTLED_NS", 0)
    root = write_site(tmp_path / "site", FILES)
    time.sleep(0.05)
    built(root)
    return root


def built(root: Path, options: Options = OPTIONS) -> Report:
    return build(root, options, CALLER, lambda event: None)


def known(root: Path, caller: Caller = CALLER, options: Options = OPTIONS) -> Report | None:
    return find_unchanged(root, options, caller, time.time_ns())


def test_what_has_not_changed_is_told_at_once(site: Path) -> None:
    found = known(site)
    assert found is not None
    again = built(site)
    assert (found.pages, found.written, found.unchanged) == (3, 0, again.unchanged)
    assert (found.output, found.removed, found.problems) == (again.output, 0, ())
    assert list(found.seconds) == ["compare"]


def rewrite(root: Path) -> None:
    file = root / "content/a.md"
    times = file.stat()
    file.write_text(file.read_text("utf-8").replace("Text", "Next"), "utf-8")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))


def link(root: Path) -> None:
    (root / "static/link.css").symlink_to("x.css")


@pytest.mark.parametrize(
    "change",
    [
        rewrite,
        link,
        lambda root: (root / "content/new.md").write_text("+++\n+++\n"),
        lambda root: (root / "content/b/p.txt").unlink(),
        lambda root: (root / "content/a.md").rename(root / "content/c.md"),
        lambda root: (root / "data.json").write_text('{"a": 2}'),
        lambda root: (root / "static/x.css").touch(),
        lambda root: (root / "site.toml").write_text(CONFIG + "\n[extra]\na = 1\n"),
        lambda root: (root / "public/a/index.html").write_text("spoilt"),
        lambda root: (root / "public/a/index.html").unlink(),
        lambda root: (root / "public/extra.html").write_text("extra"),
        lambda root: shutil.rmtree(root / "public"),
        lambda root: shutil.rmtree(root / ".sitegen"),
        lambda root: next((root / ".sitegen/unchanged").iterdir()).write_bytes(b"\x00"),
    ],
)
def test_a_change_leaves_doubt(site: Path, change: Callable[[Path], object]) -> None:
    assert known(site) is not None
    change(site)
    assert known(site) is None


def test_who_asks_and_for_what_leaves_doubt(site: Path) -> None:
    assert known(site, Caller({"HOME": "/elsewhere"}, sys.executable)) is None
    assert known(site, Caller({"SOURCE_DATE_EPOCH": "0"}, sys.executable)) is None
    assert known(site, options=Options(mode="no-exec", drafts=True)) is None
    assert known(site, options=Options(mode="no-exec", base_url="https://e.org")) is None


def test_a_site_with_something_to_say_is_built(site: Path) -> None:
    write_site(site, {"content/a.md": "[gone](@/gone.md)"})
    assert [problem.code for problem in built(site).problems] == ["link"]
    assert known(site) is None
    write_site(site, {"content/a.md": "```python\n1\n```"})
    built(site)
    assert known(site) is None


def test_what_has_just_been_written_tells_nothing(tmp_path: Path) -> None:
    root = write_site(tmp_path, FILES)
    built(root)
    assert known(root) is None

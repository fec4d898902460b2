"""A build that has nothing to do is told by the states of files; all else leaves doubt."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Callable
from importlib.metadata import requires
from pathlib import Path

import pytest

from sitegen.build import build
from sitegen.execute.choose import Mode
from sitegen.model import Report
from sitegen.passes.asked import Caller, Options
from sitegen.passes.made_by import PACKAGES
from sitegen.passes.unchanged import compare, report_of
from sitegen.storage.trace import is_settled
from tests.support import CONFIG, write_site

FILES = {
    "content/a.md": "Text.",
    "content/b/index.md": "[it](p.txt)",
    "content/b/p.txt": "it",
    "static/x.css": "p {}",
    "static/node_modules/y.css": "p {}",
    "templates/head.html": '{{ load_data(path="data.json").a }}{% include ".part.html" %}',
    "templates/.part.html": '{{ get_env(name="WHO", default="") }}',
    "templates/__pycache__/part.html": "",
    "content/node_modules/c.md": "[it](q.txt)",
    "content/node_modules/q.txt": "it",
    "content/d.md": "{{ whose() }}",
    "templates/shortcodes/whose.html": '{{ get_env(name="WHOSE", default="") }}',
    "data.json": '{"a": 1}',
}
CALLER = Caller({"HOME": "/nowhere"}, sys.executable)
OPTIONS = Options(mode="no-exec")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site that has been built; the state of a file tells something as soon as it is written."""
    monkeypatch.setattr("sitegen.storage.trace.TICK_NS", 0)
    root = write_site(tmp_path / "site", FILES)
    time.sleep(0.05)
    built(root)
    return root


def built(root: Path, options: Options = OPTIONS) -> Report:
    return build(root, options, CALLER, lambda event: None)


def known(root: Path, caller: Caller = CALLER, options: Options = OPTIONS) -> Report | None:
    """What a build reports at once; None where it has something to do, or may have."""
    compared = compare(root, options, caller, time.time_ns())
    if compared is None or compared.changed:
        return None
    return report_of(compared, time.perf_counter())


def test_what_has_not_changed_is_told_at_once(site: Path) -> None:
    found = known(site)
    assert found is not None
    again = built(site)
    assert (found.pages, found.written, found.unchanged) == (5, 0, again.unchanged)
    assert (found.output, found.removed, found.problems) == (again.output, 0, ())
    assert list(found.seconds) == ["compare"]


def rewrite(root: Path, path: str = "content/a.md") -> None:
    file = root / path
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
        lambda root: (root / "static/node_modules/y.css").write_text("p { color: red }"),
        lambda root: (root / "static/node_modules/new.css").write_text("p {}"),
        lambda root: (root / "templates/.part.html").write_text("x"),
        lambda root: (root / "templates/__pycache__/part.html").write_text("x"),
        lambda root: (root / "content/node_modules/c.md").write_text("+++\n+++\nOther."),
        lambda root: (root / "content/node_modules/q.txt").unlink(),
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


def test_two_processes_look_at_half_of_the_output_each(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sitegen.passes.unchanged.WORTH_FORKING", 0)
    assert known(site) is not None
    for path in sorted(file for file in (site / "public").rglob("*") if file.is_file()):
        content = path.read_bytes()
        path.unlink()
        assert known(site) is None
        path.write_bytes(content)
        assert known(site) is None
        built(site)
        assert known(site) is not None


def test_who_asks_and_for_what_leaves_doubt(site: Path) -> None:
    assert known(site, Caller({"HOME": "/elsewhere"}, sys.executable)) is not None
    assert known(site, Caller({"WHO": "me"}, sys.executable)) is None
    assert known(site, Caller({"WHOSE": "mine"}, sys.executable)) is None
    assert known(site, Caller({"SOURCE_DATE_EPOCH": "0"}, sys.executable)) is None
    assert known(site, options=Options(mode="no-exec", drafts=True)) is None
    assert known(site, options=Options(mode="no-exec", base_url="https://e.org")) is None


def test_a_site_with_something_to_say_says_it_again(site: Path) -> None:
    held = "+++\ndate = 2999-01-01\n+++\n"
    files = {"content/a.md": "[gone](@/gone.md)", "content/h.md": held, "static/robots.txt": "x"}
    write_site(site, files, CONFIG.replace("[execute]", "hold_future = true\n[execute]"))
    report = built(site)
    assert {problem.code for problem in report.problems} == {"link", "static"}
    found = known(site)
    assert found is not None
    assert (found.problems, found.advice) == (report.problems, report.advice)
    assert report.advice


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a stored result."""
    files = {"content/m.md": "```python\nopen('d.txt').read()\n```", "content/d.txt": "1"}
    root = write_site(tmp_path_factory.mktemp("site"), files)
    built(root, Options())
    return root


@pytest.mark.parametrize("mode", ["build", "no-exec", "frozen"])
def test_stored_results_are_told_at_once(
    measured: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode
) -> None:
    monkeypatch.setattr("sitegen.storage.trace.TICK_NS", 0)
    options = Options(mode=mode)
    report = built(measured, options)
    assert (report.replayed_posts, report.executed_posts) == (1, 0)
    found = known(measured, options=options)
    assert found is not None
    assert found.replayed_posts == 1
    (measured / "content/d.txt").touch()
    assert known(measured, options=options) is None


def test_what_rests_on_more_than_the_site_is_built(site: Path) -> None:
    aside = {"node_modules/x.json": '{"a": 1}', ".hidden/x.csv": "1"}
    shown = {"templates/index.html": '{{ load_data(path="node_modules/x.json").a }}'}
    built(write_site(site, aside | shown))
    assert known(site) is None
    (site / "templates/index.html").unlink()
    built(site)
    assert known(site) is not None
    built(write_site(site, {"content/m.md": "```python\n1\n```"}))
    assert known(site) is not None
    inputs = "+++\n[execute]\ninputs = ['**/*.csv']\n+++\n```python\n1\n```"
    built(write_site(site, {"content/m.md": inputs}))
    assert known(site) is None


def test_a_file_with_its_old_time_is_copied_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sitegen.storage.trace.TICK_NS", 0)
    root = write_site(tmp_path, {"static/x.css": "Text", "content/a.md": "Text"})
    time.sleep(0.05)
    built(root)
    rewrite(root, "static/x.css")
    built(root)
    assert (root / "public/x.css").read_text("utf-8") == "Next"


def test_every_package_has_a_part_or_is_known_to_have_none() -> None:
    """What a site is made with decides whether what was kept of it still holds."""
    needed = {
        re.split("[>; ]", line)[0] for line in requires("sitegen") or () if "extra" not in line
    }
    none = {"click", "jupyter-client", "starlette", "uvicorn", "watchfiles"}
    assert needed | {"markupsafe"} == {*PACKAGES, *none}


def test_what_has_just_been_written_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sitegen.storage.trace.TICK_NS", 60_000_000_000)
    root = write_site(tmp_path, FILES)
    built(root)
    assert known(root) is None


def test_whole_seconds_take_longer_to_tell() -> None:
    now = 1_790_000_000_000_000_000
    assert is_settled(now - 60_000_001, now)
    assert not is_settled(now - 20_000_001, now)
    assert not is_settled(now - 1_000_000_000, now)
    assert is_settled(now - 3_000_000_000, now)

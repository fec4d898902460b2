"""`prune` and `clean`: what goes, and what never does. The results are real, their copies with
other dates and versions made up."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from sitegen.base.digest import digest_bytes
from sitegen.commands.prune import Pruning
from sitegen.commands.prune import prune as prune_results
from sitegen.model import Run
from sitegen.passes.asked import Caller
from sitegen.storage.measurements import load_store, put_run
from tests.support import build_site, report_of, sitegen, stored, tree, write_site

POST = """\
```python
#| saves: [s.txt]
open("s.txt", "w").write("kept")
```
"""


def prune(root: Path, approve: Callable[[Pruning], bool] = lambda listed: True) -> Pruning:
    return prune_results(root, Caller(dict(os.environ), sys.executable), approve)


def unneeded(found: Pruning) -> list[tuple[str, str]]:
    return [(entry.why, Path(entry.file).name) for entry in found.unneeded]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {"content/p.md": POST, "content/q.md": "```python\nprint('q')\n```\n"}
    root = write_site(tmp_path_factory.mktemp("prune"), files)
    report, _ = build_site(root)
    assert report.problems == ()
    return root


@pytest.fixture
def site(template: Path, tmp_path: Path) -> Path:
    return shutil.copytree(template, tmp_path / "site")


def run_of(root: Path, page: str) -> Run:
    store = load_store(root)
    (run,) = store.of_page(page, "main")
    return store.with_blobs(run)


def put_again(root: Path, run: Run, *, days: int, torch: str = "", key: str = "") -> Path:
    """A copy of a run, so many days younger, of another torch or of other code."""
    packages = {**run.provenance.packages, **({"torch": torch} if torch else {})}
    other = msgspec.structs.replace(
        run,
        key=key or run.key,
        started=run.started + dt.timedelta(days=days),
        provenance=msgspec.structs.replace(run.provenance, packages=packages),
    )
    return put_run(root, other).path


def test_nothing_to_remove(site: Path) -> None:
    found = prune(site)
    assert (found.unneeded, found.removed) == ((), False)


def test_older_runs_go_but_the_newest_of_each_version_set(site: Path) -> None:
    run = run_of(site, "p")
    (first,) = (site / "measurements/p").rglob("*.json")
    older = [put_again(site, run, days=-day, torch="1.0") for day in (3, 2)]
    stale = put_again(site, run, days=-9, torch="0.9", key="f" * 64)
    newest = put_again(site, run, days=1)
    build_site(site, mode="frozen")
    before = tree(site / "public")
    found = prune(site)
    gone = {path.relative_to(site).as_posix() for path in (first, older[0])}
    assert {entry.file for entry in found.unneeded} == gone
    assert {entry.why for entry in found.unneeded} == {"old"}
    assert found.removed
    assert {path for path in (first, older[0]) if path.exists()} == set()
    assert all(path.exists() for path in (older[1], stale, newest)), "then and now"
    report, _ = build_site(site, mode="frozen")
    assert (report.problems, report.written) == ((), 0)
    assert tree(site / "public") == before


def test_a_fresh_run_stands_for_its_versions_rather_than_a_newer_stale_one(site: Path) -> None:
    run = run_of(site, "p")
    then = put_again(site, run, days=-5, torch="1.0")
    edited = put_again(site, run, days=-4, torch="1.0", key="f" * 64)
    found = prune(site)
    assert unneeded(found) == [("old", edited.name)]
    assert then.exists()


def test_what_is_younger_than_what_is_shown_stays(site: Path) -> None:
    run = run_of(site, "p")
    put_again(site, run, days=1, key="f" * 64)
    put_again(site, run, days=2, key="e" * 64)
    assert prune(site).unneeded == ()


def test_the_measured_run_of_an_accepted_one_stays(site: Path) -> None:
    write_site(site, {"content/q.md": "```python\nprint('Q')\n```\n"})
    assert sitegen(site, "accept", "q", "--because", "letters").returncode == 0
    assert prune(site).unneeded == ()
    assert len(list((site / "measurements/q").rglob("*.json"))) == 2


def test_orphans_and_what_their_folders_held(site: Path) -> None:
    (site / "content/p.md").unlink()
    listed: list[Pruning] = []

    def refuse(pruning: Pruning) -> bool:
        listed.append(pruning)
        return False

    found = prune(site, refuse)
    assert listed == [found]
    assert not found.removed
    assert [entry.why for entry in found.unneeded] == ["orphaned", "unreferenced"]
    sizes = [(site / entry.file).stat().st_size for entry in found.unneeded]
    assert [entry.bytes for entry in found.unneeded] == sizes
    assert found.bytes == sum(sizes)
    assert prune(site).removed
    assert not (site / "measurements/p").exists()
    assert (site / "measurements/q").exists()


def test_a_renamed_post_keeps_what_it_shows(site: Path) -> None:
    (site / "content/p.md").rename(site / "content/new.md")
    assert prune(site).unneeded == ()


def test_drafts_and_posts_without_execution_keep_theirs(site: Path) -> None:
    write_site(
        site,
        {
            "content/p.md": f"+++\ndraft = true\n+++\n{POST}",
            "content/q.md": "+++\n[execute]\nenabled = false\n+++\n```python\n1\n```\n",
        },
    )
    assert prune(site).unneeded == ()


def test_damaged_files_and_blobs_that_nobody_refers_to(site: Path) -> None:
    run = run_of(site, "p")
    good = put_again(site, run, days=1)
    blobs = good.parent / "blobs"
    (bad,) = (path for path in good.parent.glob("*.json") if path != good)
    bad.write_bytes(bad.read_bytes() + b" ")
    (blobs / f"{'a' * 32}.png").write_bytes(b"nobody's")
    (good.parent / ".abcd1234").write_bytes(b"half")
    (good.parent / ".gitattributes").write_text("* -text\n")
    found = prune(site)
    assert unneeded(found) == [
        ("damaged", bad.name),
        ("unreferenced", ".abcd1234"),
        ("unreferenced", f"{'a' * 32}.png"),
    ]
    left = {path.name for path in good.parent.rglob("*") if path.is_file()}
    assert {good.name, ".gitattributes"} < left
    assert len(left) == 3, "and the blob of the run that stays"


def test_a_damaged_blob_takes_its_run_along(site: Path) -> None:
    (run,) = (site / "measurements/p").rglob("*.json")
    (blob,) = (site / "measurements/p").rglob("*.txt")
    blob.write_text("tampered")
    assert unneeded(prune(site)) == [("damaged", run.name), ("unreferenced", blob.name)]


def test_a_whole_file_of_another_format_is_left_alone_with_its_blobs(site: Path) -> None:
    (run,) = (site / "measurements/p").rglob("*.json")
    content = run.read_bytes().replace(b'"format": 1', b'"format": 7')
    run.unlink()
    name = run.name[: -len("12345678.json")] + digest_bytes(content)[:8] + ".json"
    (run.parent / name).write_bytes(content)
    found = prune(site)
    assert found.unneeded == ()
    assert len(found.notes) == 1
    assert "format 7" in found.notes[0]


def test_the_command_removes_only_when_told(site: Path) -> None:
    (site / "content/p.md").unlink()
    before = stored(site)
    done = sitegen(site, "prune")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].startswith("orphaned: 1 file, ")
    assert done.stdout.splitlines()[-1].startswith(
        "nothing was removed; `sitegen prune --yes` removes 2 files, "
    )
    report = report_of(sitegen(site, "prune", "--json"))
    assert (report["removed"], len(report["unneeded"])) == (False, 2)
    assert stored(site) == before
    done = sitegen(site, "prune", "--yes")
    assert done.stdout.splitlines()[-1].startswith("removed 2 files, ")
    assert len(stored(site)) == 1
    assert sitegen(site, "prune", "--yes").stdout.startswith("nothing to remove")


def test_clean_leaves_results_and_failed_runs(site: Path) -> None:
    write_site(site, {"content/q.md": "```python\n1 / 0\n```\n"})
    build_site(site)
    results = tree(site / "measurements")
    failed = tree(site / ".sitegen/failed")
    assert failed
    done = sitegen(site, "clean")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == "removed public"
    assert done.stdout.splitlines()[-1] == "results are untouched"
    assert not (site / "public").exists()
    left = {path.name for path in (site / ".sitegen").iterdir()}
    assert left == {"failed", "lock", ".gitignore"}
    assert (tree(site / "measurements"), tree(site / ".sitegen/failed")) == (results, failed)
    assert sitegen(site, "clean").stdout == "there was nothing to remove\n"
    write_site(site, {"content/q.md": "```python\nprint('q')\n```\n"})
    report, _ = build_site(site, mode="frozen")
    assert report.problems == ()


@pytest.mark.parametrize(
    ("folder", "why"),
    [
        ("public", "there is no `.sitegen-output` in it"),
        ("content", "whose files are yours"),
    ],
)
def test_clean_removes_nothing_that_is_not_ours(tmp_path: Path, folder: str, why: str) -> None:
    root = write_site(tmp_path, {f"{folder}/mine.txt": "mine"})
    if folder != "public":
        (root / "public").symlink_to(folder)
    done = sitegen(root, "clean")
    assert done.returncode == 2
    assert why in done.stderr
    assert (root / folder / "mine.txt").read_text("utf-8") == "mine"

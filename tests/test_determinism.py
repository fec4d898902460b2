"""Same input and same store, same bytes: whatever the time zone, locale, directory order, clock."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import CONFIG, build_site, sitegen, tree, write_site

DAY = {"SOURCE_DATE_EPOCH": "1767225600"}
"""The build's day is part of what goes in: at midnight it would be another."""

POSTS = {
    f"content/{folder}/{name}.md": (
        f'+++\ntitle = "Ünïcode {name}"\ndate = 2026-01-0{number}T23:30:00-05:00\n'
        f'[taxonomies]\ntags = ["Été", "b{number}", "İstanbul"]\n+++\n'
        f"# One\n\n## Two\n\n```python\nprint({{'a', 'b', 'c'}}, {number})\n```\n"
    )
    for folder in ("posts", "notes")
    for number, name in enumerate(["a", "B", "ç"], 1)
}
SECTIONS = {f"content/{folder}/_index.md": '+++\nsort_by = "date"\n+++\n' for folder in ("posts",)}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = CONFIG.replace('title = "A test"', 'title = "A test"\ngenerate_feeds = true')
    root = write_site(tmp_path_factory.mktemp("site"), {**POSTS, **SECTIONS}, config)
    (root / "static").mkdir()
    (root / "static/data.bin").write_bytes(bytes(range(256)))
    assert sitegen(root, "build", env=DAY).returncode == 0
    return root


@pytest.mark.parametrize(
    ("jobs", "env"),
    [
        (1, {"TZ": "Pacific/Kiritimati"}),
        (2, {"TZ": "America/St_Johns", "LC_ALL": "C", "LANG": "C"}),
        (4, {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7"}),
        (1, {"HOME": "/nowhere", "PYTHONOPTIMIZE": "1"}),
    ],
    ids=str,
)
def test_the_same_bytes_elsewhere(
    measured: Path, tmp_path: Path, jobs: int, env: dict[str, str]
) -> None:
    """A copy, built in other surroundings by any number of processes; then again, once edited."""
    for path in sorted(measured.rglob("*"), reverse=True):
        target = tmp_path / "copy" / path.relative_to(measured)
        kept = path.relative_to(measured).parts[0] not in ("public", ".sitegen")
        if path.is_file() and kept:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    ways = "build", "--frozen", "--jobs", str(jobs)
    done = sitegen(tmp_path / "copy", *ways, env={**DAY, **env})
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "copy/public") == tree(measured / "public")
    post = tmp_path / "copy/content/posts/a.md"
    post.write_text(post.read_text("utf-8").replace("# One", "# Another"), "utf-8")
    assert sitegen(tmp_path / "copy", *ways, env={**DAY, **env}).returncode == 0
    found = tree(tmp_path / "copy/public")
    shutil.rmtree(tmp_path / "copy/.sitegen")
    shutil.rmtree(tmp_path / "copy/public")
    assert sitegen(tmp_path / "copy", "build", "--frozen", env=DAY).returncode == 0
    assert found == tree(tmp_path / "copy/public")


class Shuffled:
    """What a folder holds, in an order of chance."""

    def __init__(self, entries: Any, chance: random.Random) -> None:
        with entries:
            found = sorted(entries, key=lambda entry: entry.name)
        chance.shuffle(found)
        self._entries = iter(found)

    def __enter__(self) -> Shuffled:
        return self

    def __exit__(self, *error: object) -> None:
        return None

    def __iter__(self) -> Iterator[Any]:
        return self._entries

    def __next__(self) -> Any:
        return next(self._entries)

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("seed", range(3))
def test_the_same_bytes_in_any_order_of_folders(
    measured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    root = tmp_path / "copy"
    shutil.copytree(measured, root, ignore=shutil.ignore_patterns("public", ".sitegen"))
    chance, scandir = random.Random(seed), os.scandir  # noqa: S311

    def listdir(path: Any = ".") -> list[str]:
        with Shuffled(scandir(path), chance) as entries:
            return [entry.name for entry in entries]

    with monkeypatch.context() as patch:  # walk, glob and iterdir all call one of these
        patch.setattr("os.listdir", listdir)
        patch.setattr("os.scandir", lambda path=".": Shuffled(scandir(path), chance))
        patch.setenv("SOURCE_DATE_EPOCH", DAY["SOURCE_DATE_EPOCH"])
        build_site(root, mode="frozen", jobs=2)
    assert tree(root / "public") == tree(measured / "public")


def test_a_clean_build_equals_the_incremental_one(measured: Path, tmp_path: Path) -> None:
    root = tmp_path / "site"
    shutil.copytree(measured, root)
    (root / "content/posts/a.md").unlink()
    write_site(root, {"content/notes/new.md": "New.\n"}, (root / "site.toml").read_text("utf-8"))
    assert sitegen(root, "build", "--frozen").returncode == 0
    after = tree(root / "public")
    shutil.rmtree(root / "public")
    shutil.rmtree(root / ".sitegen")
    assert sitegen(root, "build", "--frozen").returncode == 0
    assert tree(root / "public") == after
    assert "posts/a/index.html" not in after

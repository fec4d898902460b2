"""Same input and same store, same bytes: whatever the time zone, locale, directory order, clock."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support import CONFIG, sitegen, tree, write_site

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
    assert sitegen(root, "build").returncode == 0
    return root


@pytest.mark.parametrize(
    "env",
    [
        {"TZ": "Pacific/Kiritimati"},
        {"LC_ALL": "C", "LANG": "C"},
        {"PYTHONHASHSEED": "7"},
        {"HOME": "/nowhere", "PYTHONOPTIMIZE": "1"},
    ],
    ids=lambda env: next(iter(env)),
)
def test_the_same_bytes_elsewhere(measured: Path, tmp_path: Path, env: dict[str, str]) -> None:
    """A copy whose files are created in the opposite order, built in other surroundings."""
    for path in sorted(measured.rglob("*"), reverse=True):
        target = tmp_path / "copy" / path.relative_to(measured)
        kept = path.relative_to(measured).parts[0] not in ("public", ".sitegen")
        if path.is_file() and kept:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    done = sitegen(tmp_path / "copy", "build", "--frozen", env=env)
    assert done.returncode == 0, done.stderr
    assert tree(tmp_path / "copy/public") == tree(measured / "public")


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

"""`sitegen new`: a post with its front matter filled in, never over another."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from sitegen.base.errors import SiteError
from sitegen.commands.new import new
from tests.support import CONFIG, build_site, sitegen, tree, write_site

DAY = dt.date(2026, 3, 1)
LANGUAGES = CONFIG + '[languages.pt]\ntaxonomies = [{ name = "etiquetas" }]\n'


@pytest.mark.parametrize(
    ("name", "path", "title"),
    [
        ("posts/a-first-post", "posts/a-first-post.md", "A first post"),
        ("posts/a-first-post/", "posts/a-first-post/index.md", "A first post"),
        ("content/posts/x.md", "posts/x.md", "X"),
        ("./content/posts/x/index.md", "posts/x.md", "X"),
        ("about", "about.md", "About"),
        ("posts/What it costs", "posts/what-it-costs.md", "What it costs"),
        ("posts/Über 2.5 “TFLOPS”/", "posts/uber-2-5-tflops/index.md", "Über 2.5 “TFLOPS”"),
        ('posts/A "quoted" one', "posts/a-quoted-one.md", 'A "quoted" one'),
        ("snake_case", "snake_case.md", "Snake case"),
        ("posts/tres.pt", "posts/tres.pt.md", "Tres"),
        ("posts/tres.pt/", "posts/tres/index.pt.md", "Tres"),
        ("posts/O custo.pt", "posts/o-custo.pt.md", "O custo"),
        ("日本", "日本.md", "日本"),
    ],
)
def test_a_post(tmp_path: Path, name: str, path: str, title: str) -> None:
    write_site(tmp_path, {}, LANGUAGES)
    created = new(tmp_path, name, DAY)
    assert created.path == f"content/{path}"
    text = (tmp_path / created.path).read_text("utf-8")
    terms = "etiquetas = []" if ".pt" in path else "categories = []\ntags = []"
    shown = title.replace('"', '\\"')
    assert text == (
        f'+++\ntitle = "{shown}"\ndescription = ""\ndate = 2026-03-01\ndraft = true\n\n'
        f"[taxonomies]\n{terms}\n+++\n"
    )
    report, _ = build_site(tmp_path, drafts=True)
    assert [problem for problem in report.problems if problem.severity != "notice"] == []
    assert report.pages == 3, "two homes, and the post"


def test_a_date_in_the_name(tmp_path: Path) -> None:
    write_site(tmp_path, {})
    created = new(tmp_path, "posts/2025-12-24-a-tree", DAY)
    text = (tmp_path / created.path).read_text("utf-8")
    assert 'title = "A tree"' in text
    assert "date = 2025-12-24\n" in text


def test_a_section(tmp_path: Path) -> None:
    write_site(tmp_path, {}, LANGUAGES)
    assert new(tmp_path, "posts/deep-learning", DAY, section=True).path == (
        "content/posts/deep-learning/_index.md"
    )
    assert new(tmp_path, "posts/deep-learning.pt/", DAY, section=True).path == (
        "content/posts/deep-learning/_index.pt.md"
    )
    text = (tmp_path / "content/posts/deep-learning/_index.md").read_text("utf-8")
    assert text.startswith('+++\ntitle = "Deep learning"\nsort_by = "date"\n')
    report, _ = build_site(tmp_path)
    assert report.problems == ()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("posts/there", "is there already"),
        ("posts/there/", "`content/posts/there.md` is there already, at the same address"),
        ("posts/bundle", "`content/posts/bundle/index.md` is there already, at the same address"),
        ("../escape", "an empty part, `.` or `..`"),
        ("posts/../../escape", "an empty part, `.` or `..`"),
        ("/absolute", "is absolute"),
        ("", "an empty part"),
        ("posts//x", "an empty part"),
        ("posts/.hidden", "never be published"),
        (".git/x", "never be published"),
        ("posts/a\\b", "has a backslash"),
        ("posts/a\nb", "has a control character"),
        ("posts/x.", "ends in a full stop"),
        ("posts/" + "x" * 300, "over 255 bytes"),
        ("posts/_index", "say `--section`"),
        ("posts/there.md/x", "is a file, so that nothing can lie in it"),
        ("outside/x", "leads out of the folder"),
        ("posts/! ?", "holds nothing that a file could be called by"),
    ],
)
def test_what_is_refused(tmp_path: Path, name: str, why: str) -> None:
    site = tmp_path / "site"
    write_site(site, {"content/posts/there.md": "", "content/posts/bundle/index.md": ""})
    (tmp_path / "elsewhere").mkdir()
    (site / "content/outside").symlink_to(tmp_path / "elsewhere")
    before = tree(tmp_path)
    with pytest.raises(SiteError) as raised:
        new(site, name, DAY)
    assert why in raised.value.problems[0].message
    assert tree(tmp_path) == before


def test_the_command(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/posts/_index.md": ""})
    day = {"SOURCE_DATE_EPOCH": "1700000000"}
    done = sitegen(root, "new", "posts/x", env=day)
    assert (done.returncode, done.stdout, done.stderr) == (0, "content/posts/x.md\n", "")
    assert "date = 2023-11-14\n" in (root / "content/posts/x.md").read_text("utf-8")
    done = sitegen(root, "new", "posts/x")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--> content/posts/x.md:1" in done.stderr
    done = sitegen(root, "new", "notes/y")
    assert done.stdout == "content/notes/y.md\n"
    assert "`sitegen new notes --section` makes it one" in done.stderr
    assert sitegen(root, "new", "notes", "--section").stdout == "content/notes/_index.md\n"
    assert sitegen(tmp_path / "content", "new", "x").returncode == 2, "no site there"

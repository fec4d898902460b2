"""Whatever a path-bearing field says, nothing outside the output folder changes."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sitegen.base.errors import render_problem
from tests.support import tree
from tests.tiny import publish, published, write_site

CONFIG = """\
base_url = "https://example.org"
{above}
[slugify]
paths = "{mode}"
taxonomies = "{mode}"
{below}
"""
TAGS = 'taxonomies = [{ name = "tags", feed = true, paginate_by = 1 }]'

HOSTILE = [
    "..",
    "../../escaped",
    "a/../../escaped",
    "/etc/escaped",
    "//escaped",
    "./escaped",
    "..\\escaped",
    "C:\\escaped",
    "escaped\x00.html",
    "escaped\n",
    "\u202e../escaped",
    "a/./b",
    "escaped.",
    "escaped ",
    " ../escaped",
    "../public_private/escaped",
    "%2e%2e/escaped",
    "~/escaped",
    "$HOME/escaped",
    "e" * 256,
    "é" * 128,
    "a/" * 400,
    ".git/hooks/post-checkout",
    ".sitegen-output",
    "index.html",
    "index.html/x",
    "..html",
    "．．/escaped",
    "escaped\ufeff",
]

FIELDS = {
    "path": ("path = {}", ""),
    "slug": ("slug = {}", ""),
    "alias": ("aliases = [{}]", ""),
    "term": ("[taxonomies]\ntags = [{}]", ""),
    "file-date": ("date = {}", ""),
    "template": ("template = {}", ""),
    "redirect": ("", "redirect_to = {}"),
    "paginate_path": ("", "paginate_by = 1\npaginate_path = {}"),
    "section-alias": ("", "aliases = [{}]"),
}
KEYS = {
    "taxonomy_root": "taxonomy_root = {}",
    "output_dir": "output_dir = {}",
    "theme": "theme = {}",
    "feed_filenames": "generate_feeds = true\nfeed_filenames = [{}]",
    "taxonomy": 'taxonomies = [{{ name = "tags" }}, {{ name = {}, paginate_by = 1 }}]',
    "taxonomy-path": 'taxonomies = [{{ name = "tags", paginate_by = 1, paginate_path = {} }}]',
    "language": "[languages.{}]",
    "ignored": "ignored_content = [{}]",
}
MODES = ("on", "safe", "off")
SLUGS = ("slug", "term", "taxonomy")


def toml(text: str) -> str:
    """A text as a TOML string."""
    return '"' + "".join(f"\\U{ord(char):08x}" for char in text) + '"'


def site_with(field: str, value: str, mode: str) -> dict[str, str | bytes]:
    """A site in which the field says the value."""
    page, section = FIELDS.get(field, ("", ""))
    key = KEYS.get(field, "").format(toml(value))
    above, below = ("", key) if key.startswith("[") else (key, "")
    if "taxonomies" not in key:
        above += f"\n{TAGS}"
    terms = '[taxonomies]\ntags = ["a", "b"]' if "taxonomies" not in page else ""
    if field == "taxonomy":
        terms += f'\n{toml(value)} = ["x"]'
    return {
        "site.toml": CONFIG.format(above=above, below=below, mode=mode),
        "content/_index.md": "+++\n+++\n",
        "content/posts/_index.md": f"+++\n{section.format(toml(value))}\n+++\n",
        "content/posts/a.md": f"+++\n{page.format(toml(value))}\n{terms}\n+++\nText.\n",
        "content/posts/b.md": "+++\n+++\nText.\n",
        "static/x.txt": "x",
    }


def published_by(field: str, value: str, mode: str, outer: Path) -> None:
    """Builds the site and checks that all that was there before, and no more, is there after."""
    (outer / "public_private").mkdir(parents=True)
    (outer / "public_private/own.txt").write_text("mine")
    root = write_site(outer / "site", site_with(field, value, mode))
    (root / "public_private").mkdir()
    (root / "public_private/own.txt").write_text("mine")
    before = tree(outer)
    publish(root, {"site.toml": site_with(field, value, mode)["site.toml"]})
    after = tree(outer)
    assert {path: after.get(path) for path in before} == before
    added = {path for path in after.keys() - before.keys() if not path.startswith("site/.sitegen/")}
    if field == "output_dir":
        assert all(path.startswith("site/") for path in added)
    else:
        assert all(path.startswith("site/public/") for path in added)
    assert not any(path.is_symlink() for path in outer.rglob("*"))


@pytest.mark.parametrize("value", HOSTILE, ids=repr)
@pytest.mark.parametrize("field", [*FIELDS, *KEYS])
def test_hostile_values_write_nothing_elsewhere(field: str, value: str, tmp_path: Path) -> None:
    for mode in MODES if field in SLUGS else ("on",):
        published_by(field, value, mode, tmp_path / mode)


PLAIN = {"file-date": "2026-01-31", "template": "page.html", "theme": "", "language": "pt"}


@pytest.mark.parametrize("field", [*FIELDS, *KEYS])
def test_a_plain_value_is_published(field: str, tmp_path: Path) -> None:
    files = site_with(field, PLAIN.get(field, "plain"), "on")
    files |= {"templates/plain": "{{ feed_url }}"}
    problems = publish(tmp_path, files)
    assert [problem for problem in problems if problem.severity in ("fatal", "error")] == []


PARTS = st.one_of(
    st.sampled_from(["..", ".", "", " ", "~", "con", "a", "escaped", "\\", "é", "x.\x7f"]),
    st.text(max_size=5),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    field=st.sampled_from([*FIELDS, *KEYS]),
    parts=st.lists(PARTS, min_size=1, max_size=4),
    joint=st.sampled_from(["/", "\\", "//", "/../"]),
    mode=st.sampled_from(MODES),
)
@example(field="path", parts=["a", "..", "..", ".."], joint="/", mode="off")
def test_any_value_writes_nothing_elsewhere(
    field: str, parts: list[str], joint: str, mode: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        published_by(field, joint.join(parts), mode, Path(folder) / "outer")


@pytest.mark.parametrize("name", ["a\x01b", "a.", "a ", "b" * 240, "back\\slash"])
def test_hostile_names_of_files(name: str, tmp_path: Path) -> None:
    files = {f"content/{name}/index.md": "+++\n+++\n", f"content/{name}/x.txt": "x"}
    try:
        write_site(tmp_path / "site", files)
    except OSError:
        pytest.skip("this file system takes no such name")
    before = tree(tmp_path)
    publish(tmp_path / "site", {})
    after = tree(tmp_path)
    assert {path: after.get(path) for path in before} == before
    added = (path for path in after.keys() - before.keys() if "/.sitegen/" not in path)
    assert all(path.startswith("site/public/") for path in added)


@pytest.mark.parametrize(
    "name", [b"content/\xff.md", b"content/\xff.txt", b"content/\xff/index.md", b"static/\xff"]
)
def test_a_name_that_is_no_text_is_a_mistake(name: bytes, tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/_index.md": "+++\n+++\n"})
    path = root / os.fsdecode(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("+++\n+++\n")
    except OSError:
        pytest.skip("this file system takes no such name")
    problems = publish(root, {})
    assert [problem.severity for problem in problems] == ["fatal"]
    for problem in problems:
        render_problem(problem).encode()


NEVER = [
    ".env",
    ".git/config",
    ".gitignore",
    ".DS_Store",
    "notes.txt~",
    "page.html.swp",
    ".page.html.swp",
    "old.bak",
    "merge.orig",
    "__pycache__/x.pyc",
    ".hidden/inside.txt",
]


@pytest.mark.parametrize("folder", ["static", "content/posts", "content/posts/bundle"])
def test_hidden_files_and_backups_are_never_published(folder: str, tmp_path: Path) -> None:
    files = {f"{folder}/{name}": "secret" for name in NEVER}
    files |= {
        "content/posts/_index.md": "+++\n+++\n",
        "content/posts/bundle/index.md": "+++\n+++\n",
        f"{folder}/seen.txt": "seen",
    }
    assert publish(tmp_path, files) == ()
    paths = tree(tmp_path / "public")
    assert not [path for path, text in paths.items() if text == b"secret"]
    assert [path for path, text in paths.items() if text == b"seen"]


def test_the_well_known_folder_is_published(tmp_path: Path) -> None:
    publish(tmp_path, {"static/.well-known/security.txt": "Contact: mailto:a@example.org"})
    assert published(tmp_path, ".well-known/security.txt").startswith("Contact")


@pytest.mark.parametrize("folder", ["static", "content", "content/bundle"])
def test_links_out_of_the_site_are_not_followed(folder: str, tmp_path: Path) -> None:
    secret = tmp_path / "outside"
    secret.mkdir()
    (secret / "secret.txt").write_text("secret")
    root = write_site(tmp_path / "site", {"content/bundle/index.md": "+++\n+++\n"})
    (root / folder).mkdir(parents=True, exist_ok=True)
    (root / folder / "linked.txt").symlink_to(secret / "secret.txt")
    (root / folder / "linked").symlink_to(secret)
    publish(root, {})
    assert b"secret" not in tree(root / "public").values()


@pytest.mark.parametrize("folder", ["static", "content/bundle"])
def test_links_to_hidden_files_are_not_followed(folder: str, tmp_path: Path) -> None:
    files = {"content/bundle/index.md": "+++\n+++\n", ".env": "secret", ".private/x.txt": "secret"}
    root = write_site(tmp_path, files)
    (root / folder).mkdir(parents=True, exist_ok=True)
    (root / folder / "env.txt").symlink_to(root / ".env")
    (root / folder / "private").symlink_to(root / ".private")
    publish(root, {})
    assert b"secret" not in tree(root / "public").values()


def test_links_within_the_site_are_followed_and_not_for_ever(tmp_path: Path) -> None:
    files = {"notes/a.md": "+++\n+++\n", "notes/x.txt": "x", "content/_index.md": "+++\n+++\n"}
    root = write_site(tmp_path, files)
    (root / "content/posts").symlink_to(root / "notes")
    (root / "notes/again").symlink_to(root / "notes")
    (root / "notes/up").symlink_to(root / "content")
    (root / "static").mkdir()
    (root / "static/y.txt").symlink_to(root / "notes/x.txt")
    publish(root, {})
    assert published(root, "y.txt") == "x"
    assert (root / "public/posts/a/index.html").is_file()
    assert len(tree(root / "public")) < 20


def test_a_folder_whose_name_begins_like_the_output_is_not_the_output(tmp_path: Path) -> None:
    publish(tmp_path, {"public_private/own.txt": "mine", "content/a.md": "+++\n+++\n"})
    shutil.rmtree(tmp_path / "public")
    publish(tmp_path, {})
    assert (tmp_path / "public_private/own.txt").read_text() == "mine"


def clashes() -> Iterator[tuple[str, dict[str, str | bytes]]]:
    page = "+++\n+++\n"
    yield (
        "alias and page",
        {
            "content/a.md": '+++\naliases = ["b"]\n+++\n',
            "content/b.md": page,
        },
    )
    yield (
        "two aliases",
        {
            "content/a.md": '+++\naliases = ["old"]\n+++\n',
            "content/b.md": '+++\naliases = ["/old/"]\n+++\n',
        },
    )
    yield (
        "case",
        {
            "content/a.md": '+++\npath = "Same"\n+++\n',
            "content/b.md": '+++\npath = "same"\n+++\n',
        },
    )
    yield (
        "Unicode form",
        {
            "content/a.md": '+++\npath = "caf\u00e9"\n+++\n',
            "content/b.md": '+++\npath = "cafe\u0301"\n+++\n',
        },
    )
    yield (
        "sharp s",
        {
            "content/a.md": '+++\npath = "stra\u00dfe"\n+++\n',
            "content/b.md": '+++\npath = "STRASSE"\n+++\n',
        },
    )
    yield (
        "alias and file",
        {
            "content/a.md": '+++\naliases = ["x.html"]\n+++\n',
            "static/x.html": "x",
        },
    )
    yield (
        "numbered page and page",
        {
            "content/_index.md": "+++\npaginate_by = 1\n+++\n",
            "content/a.md": page,
            "content/b.md": page,
            "content/c.md": '+++\npath = "page/2"\n+++\n',
        },
    )


@pytest.mark.parametrize("files", [pytest.param(files, id=title) for title, files in clashes()])
def test_two_sources_of_one_path_are_both_named(
    files: dict[str, str | bytes], tmp_path: Path
) -> None:
    problems = [p for p in publish(tmp_path, files) if p.severity == "fatal"]
    assert problems
    for problem in problems:
        named = [name for name in files if name in problem.message]
        assert len(named) == 2 or "page 1 of" in problem.message, problem.message
    assert not (tmp_path / "public").exists()


def test_an_alias_of_itself_is_left_out(tmp_path: Path) -> None:
    assert publish(tmp_path, {"content/a.md": '+++\naliases = ["/a", "a/", "b"]\n+++\n'}) == ()
    assert "refresh" not in published(tmp_path, "a/index.html")
    assert 'url=https://example.org/a/"' in published(tmp_path, "b/index.html")

"""`sitegen init`: a site that builds at once, with torch and without it."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sitegen import __version__
from sitegen.cli import main
from tests.support import report_of, sitegen, stored, tree

DAY = {"SOURCE_DATE_EPOCH": "1790000000"}  # 2026-09-21


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new site, built once."""
    root = tmp_path_factory.mktemp("new") / "my site"
    assert sitegen(root.parent, "init", root.name, env=DAY).returncode == 0
    begun = time.monotonic()
    done = sitegen(root, "build", "--json")
    assert done.returncode == 0, done.stderr
    report = report_of(done)
    assert report["problems"] == []
    assert (report["executed_posts"], report["executed_blocks"]) == (1, 3)
    assert time.monotonic() - begun < 30
    return root


def test_what_is_said_leads_to_a_site(tmp_path: Path) -> None:
    done = sitegen(tmp_path, "init", "my site")
    assert done.stdout.splitlines()[-4:] == [
        "9 files written; next:".replace("9", str(len(tree(tmp_path / "my site")))),
        "  cd 'my site'",
        "  sitegen serve",
        "  sitegen build",
    ]
    there = tmp_path / "there"
    there.mkdir()
    assert "cd " not in sitegen(there, "init").stdout
    assert tree(there) == tree(tmp_path / "my site")


def test_nothing_is_wrong_with_it(site: Path) -> None:
    before = tree(site)
    done = sitegen(site, "check", "--strict")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("nothing is wrong\n")
    assert sitegen(site, "build", "--frozen", "--strict").returncode == 0
    assert tree(site / "content") == {
        name.removeprefix("content/"): content
        for name, content in before.items()
        if name.startswith("content/")
    }


def test_it_shows_a_table_a_picture_and_a_number_that_were_measured(site: Path) -> None:
    html = (site / "public/posts/matrix-product/index.html").read_text("utf-8")
    assert "<td>PyTorch</td>" in html
    assert re.search(r'<img src="[0-9a-f]{32}\.svg"', html)
    assert re.search(r"<span class=\"value\">[0-9.]+</span> nanoseconds", html)
    assert "not run yet" not in html
    assert len(stored(site)) == 2, "a session each"
    assert 'datetime="2026-09-21"' in html
    for path, content in tree(site).items():
        assert b"@TODAY@" not in content, path


def test_what_git_passes_over_and_how_it_shows_results(site: Path) -> None:
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(site), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    git("init", "--quiet")
    git("add", ".")
    added = git("ls-files").splitlines()
    folders = {name.split("/")[0] for name in added}
    assert folders == {
        ".gitattributes",
        ".gitignore",
        "content",
        "measurements",
        "site.toml",
        "static",
        "templates",
    }
    runs = [name for name in added if name.endswith(".json") and "/blobs/" not in name]
    (blob, *_) = [name for name in added if "/blobs/" in name]
    said = git("check-attr", "diff", "linguist-generated", "eol", "--", runs[0], blob)
    assert f"{runs[0]}: diff: unspecified" in said
    assert f"{runs[0]}: eol: lf" in said
    assert f"{blob}: diff: unset" in said
    assert f"{blob}: linguist-generated: set" in said


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "static").mkdir()
    (tmp_path / "README.md").write_text("mine")
    assert sitegen(tmp_path, "init").returncode == 0, "what lies there does not clash"
    (tmp_path / "site.toml").write_text("mine")
    (tmp_path / ".gitignore").write_text("mine")
    (tmp_path / "content/about.md").unlink()
    before = tree(tmp_path)
    done = sitegen(tmp_path, "init")
    assert done.returncode == 2
    assert tree(tmp_path) == before
    for name in (".gitignore:1", "site.toml:1", "content/_index.md:1"):
        assert f"--> {name}" in done.stderr
    assert "about.md" not in done.stderr
    assert "nothing was written" in done.stderr


@pytest.mark.parametrize("name", ["zola.toml", "config.toml"])
def test_a_zola_site_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('base_url = "/"\n')
    done = sitegen(tmp_path, "init")
    assert done.returncode == 2
    assert f"there is a site already: `{name}`" in done.stderr
    assert list(tree(tmp_path)) == [name]


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "content").write_text("a file")
    done = sitegen(tmp_path, "init")
    assert done.returncode == 2
    assert "`content` is a file" in done.stderr
    assert list(tree(tmp_path)) == ["content"]
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "content").unlink()
    (tmp_path / "content").symlink_to(elsewhere)
    assert sitegen(tmp_path, "init").returncode == 0, "a link within the folder"
    (tmp_path / "site").mkdir()
    (tmp_path / "site/content").symlink_to(elsewhere)
    done = sitegen(tmp_path, "init", "site")
    assert done.returncode == 2
    assert list(tree(tmp_path / "site")) == []


WORKFLOWS = {"github": ".github/workflows/site.yml", "gitlab": ".gitlab-ci.yml"}


@pytest.fixture(params=WORKFLOWS)
def workflow(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Any, str]:
    """A host's workflow, parsed, and its text."""
    host: str = request.param
    assert sitegen(tmp_path, "init", "--ci", host).returncode == 0
    text = (tmp_path / WORKFLOWS[host]).read_text("utf-8")
    return yaml.safe_load(text), text


def scripts(value: Any) -> Iterator[str]:
    """The commands of a workflow."""
    match value:
        case dict():
            for key, entry in value.items():
                lines = [entry] if isinstance(entry, str) else entry
                yield from lines if key in ("run", "script", "before_script") else scripts(entry)
        case list():
            for entry in value:
                yield from scripts(entry)


def test_a_workflow_publishes_from_stored_results_alone(workflow: tuple[Any, str]) -> None:
    parsed, text = workflow
    commands = [shlex.split(line) for line in scripts(parsed)]
    assert ["python", "-m", "pip", "install", f"sitegen=={__version__}"] in commands
    assert "sitegen[" not in text, "the base package has neither torch nor a kernel"
    assert ["sitegen", "check"] in commands
    builds = [words for words in commands if words[:2] == ["sitegen", "build"]]
    assert len(builds) == 2
    for words in builds:
        assert "--frozen" in words
    for words in commands:
        if words[0] == "sitegen":
            known = {option for entry in main.commands[words[1]].params for option in entry.opts}
            assert {word for word in words if word.startswith("-")} <= known


def test_githubs_actions_are_pinned_and_may_do_no_more_than_they_must(tmp_path: Path) -> None:
    assert sitegen(tmp_path, "init", "--ci", "github").returncode == 0
    text = (tmp_path / WORKFLOWS["github"]).read_text("utf-8")
    parsed = yaml.safe_load(text)
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert len(used) == 5
    for name, comment in used:
        assert re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", name)
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)
    assert parsed["permissions"] == {"contents": "read"}
    build, deploy = parsed["jobs"]["build"], parsed["jobs"]["deploy"]
    assert build["permissions"] == {"contents": "read", "pages": "read"}
    assert deploy["permissions"] == {"pages": "write", "id-token": "write"}
    assert deploy["needs"] == "build"
    assert "${{" not in " ".join(scripts(parsed)), "no value is pasted into a shell's text"
    (upload,) = [step for step in build["steps"] if "upload-pages" in step.get("uses", "")]
    assert upload["with"]["path"] == "public"


def test_gitlab_publishes_the_folder_it_serves(tmp_path: Path) -> None:
    assert sitegen(tmp_path, "init", "--ci", "gitlab").returncode == 0
    parsed = yaml.safe_load((tmp_path / WORKFLOWS["gitlab"]).read_text("utf-8"))
    assert parsed["pages"]["artifacts"]["paths"] == ["public"]

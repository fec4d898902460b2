"""Several processes at one build: the same bytes as one, and what is rendered again, and why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from bench.blog import posts
from sitegen.base.errors import SiteError
from sitegen.cli.report import render_profile
from sitegen.model import Look, Origin
from sitegen.passes.asked import Draft
from sitegen.passes.parse import read_draft
from sitegen.passes.share import GoneError, Share, together
from sitegen.render.code import render_code
from tests.support import CONFIG, build_site, sitegen, tree, write_site

SETTINGS = CONFIG.replace(
    "taxonomies = [", 'generate_feeds = true\ntaxonomies = [{ name = "series", feed = true }, '
)
SECTION = '+++\ntitle = "Posts"\nsort_by = "date"\npaginate_by = 5\n+++\n'


def blog(root: Path, count: int = 40) -> Path:
    """The posts of the benchmark, and some that ask for more than their own text."""
    files = {
        f"content/posts/p{post.number}.md": f'+++\ntitle = "{post.title}"\ndate = {post.date}\n'
        f"[execute]\nenabled = false\n[taxonomies]\ntags = {list(post.tags)!r}\n+++\n{post.body}"
        for post in posts(count)
    }
    files["content/posts/_index.md"] = SECTION
    files["content/posts/run.md"] = "```python\n1 + 1\n```\n\nSee [all](@/posts/_index.md)."
    files["content/posts/short.md"] = '{{ figure(src="/x.png", alt="x") }}'
    return write_site(root, files, SETTINGS)


def why(root: Path) -> dict[str, str]:
    """Why each file is rendered by a build."""
    report, _ = build_site(root, mode="no-exec", jobs=1)
    reasons = (line.split(": ", 1) for line in report.explanations)
    return {path: reason for path, reason in reasons if not path.startswith("content/")}


def edit(root: Path, path: str, old: str, new: str) -> None:
    file = root / path
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_the_same_bytes_with_any_number_of_processes(tmp_path: Path) -> None:
    site = blog(tmp_path / "site")
    trees = {}
    for jobs in (1, 2, 4):
        output = tmp_path / f"out{jobs}"
        report, _ = build_site(site, mode="no-exec", jobs=jobs, output=output)
        trees[jobs] = tree(output), report.problems
        subprocess.run(["rm", "-rf", site / ".sitegen"], check=True)
    assert trees[1] == trees[2] == trees[4]
    assert len(trees[1][0]) > 60


def test_nothing_is_rendered_where_nothing_has_changed(tmp_path: Path) -> None:
    site = blog(tmp_path)
    assert len(why(site)) > 60
    assert why(site) == {}


def test_a_body_concerns_its_own_page(tmp_path: Path) -> None:
    site = blog(tmp_path)
    why(site)
    edit(site, "content/posts/p7.md", "## ", "## Another ")
    found = why(site)
    feeds = {path for path in found if path.endswith("atom.xml")}
    assert found.keys() - feeds == {"posts/p7/index.html"}
    assert "posts/p7.md: `content`, " in found["posts/p7/index.html"]
    assert "`word_count` changed" in found["posts/p7/index.html"]


def test_a_title_concerns_the_pages_that_show_it(tmp_path: Path) -> None:
    site = blog(tmp_path)
    why(site)
    before = tree(site / "public")
    edit(site, "content/posts/p7.md", 'title = "', 'title = "Zyzzyva ')
    report, _ = build_site(site, mode="no-exec", jobs=1)
    after = tree(site / "public")
    changed = {path for path in after if after[path] != before[path]}
    assert {"posts/p7/index.html", "archive/index.html"} <= changed
    assert changed == {path for path in after if b"Zyzzyva" in after[path]}
    assert report.written == len(changed)
    assert {one.path for one in report.rendered} == changed
    reason = "archive/index.html: posts/p7.md: `title` changed"
    assert any(line.startswith(reason) for line in report.explanations)


def test_a_template_concerns_the_pages_that_used_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = blog(tmp_path)
    page = '{% extends "page.html" %}{% block card %}'
    write_site(site, {"templates/page.html": page + "one{% endblock %}"}, SETTINGS)
    why(site)
    read: list[str] = []

    def noting(origin: Origin, *others: Any) -> Draft:
        read.append(origin.source.path)
        return read_draft(origin, *others)

    monkeypatch.setattr("sitegen.passes.press.read_draft", noting)
    edit(site, "templates/page.html", "one", "two")
    found = why(site)
    assert read == []
    assert set(found.values()) == {"the template page.html changed"}
    assert found.keys() == {
        path
        for path in tree(site / "public")
        if path.startswith("posts/") and path.count("/") == 2 and "atom" not in path
    }


def test_the_profile_and_the_reasons_are_printed(tmp_path: Path) -> None:
    site = blog(tmp_path, 3)
    done = sitegen(site, "build", "--no-exec", "--explain", "--profile", "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert "posts/p1/index.html: nothing is known of an earlier build" in done.stdout
    assert "7 pages read; the slowest:" in done.stdout
    assert "files rendered; the slowest:" in done.stdout
    assert "files of page.html" in done.stdout


def test_the_profile_tells_what_reading_a_page_took(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(origin: Origin, *others: Any) -> Draft:
        time.sleep(0.3 if origin.source.path == "posts/p1.md" else 0)
        return read_draft(origin, *others)

    def slow_code(code: str, language: str, look: Look) -> str:
        time.sleep(0.2 if language == "slow" else 0)
        return render_code(code, language, look)

    site = blog(tmp_path, 3)
    write_site(site, {"content/posts/p2.md": "```slow\nx\n```\n"}, SETTINGS)
    monkeypatch.setattr("sitegen.passes.press.read_draft", slowly)
    monkeypatch.setattr("sitegen.render.renderer.render_code", slow_code)
    report, _ = build_site(site, mode="no-exec", jobs=2)
    found = {page.path: page for page in report.parsed}
    assert found.keys() >= {f"posts/{name}.md" for name in ("p0", "p1", "p2", "run", "short")}
    assert found["posts/p1.md"].parsing > 0.3 > found["posts/p1.md"].highlighting
    assert found["posts/p2.md"].highlighting > 0.2 > found["posts/p2.md"].parsing
    first, second = list(render_profile(report))[1:3]
    assert "posts/p1.md (parsed 3" in first
    assert "posts/p2.md (parsed " in second
    again, _ = build_site(site, mode="no-exec", jobs=2)
    assert "posts/p1.md" not in {page.path for page in again.parsed}


def test_what_a_process_meets_is_told(tmp_path: Path) -> None:
    site = blog(tmp_path)
    write_site(site, {"content/posts/p3.md": "{{ nope() }}", "content/posts/p4.md": "+++\n1"})
    messages = []
    for jobs in (1, 2):
        with pytest.raises(SiteError) as raised:
            build_site(site, mode="no-exec", jobs=jobs)
        messages.append([problem.message for problem in raised.value.problems])
    assert messages[0] == messages[1]
    assert len(messages[0]) >= 2


def test_together_each_number_is_taken_once() -> None:
    def story(share: Share) -> list[int]:
        taken = list(share.taken(1000))
        return sorted(number for numbers in share.gather(taken) for number in numbers)

    for count in (1, 2, 4):
        assert together(count, story) == list(range(1000))


def test_the_others_end_with_the_first() -> None:
    numbers: list[int] = []

    def story(share: Share) -> None:
        numbers.extend(share.gather(os.getpid()))
        if share.first:
            raise SiteError([])
        share.gather(0)

    with pytest.raises(SiteError):
        together(3, story)
    assert len(numbers) == 3
    for number in numbers[1:]:
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)


def test_a_process_that_is_killed_ends_the_build() -> None:
    def story(share: Share) -> None:
        if not share.first:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.1)
        share.gather(1)

    with pytest.raises(GoneError):
        together(2, story)
    assert sys.exc_info() == (None, None, None)


@pytest.mark.parametrize("processes", [1, 2, 3])
@pytest.mark.parametrize("jobs", [0, 1, 7, 8, 9, 1000])
def test_each_job_is_one_processs(jobs: int, processes: int) -> None:
    def story(share: Share) -> list[list[int]]:
        return share.gather(list(share.taken(jobs)))

    found = together(processes, story)
    assert sorted(number for mine in found for number in mine) == list(range(jobs))


def test_the_first_begins_at_the_end() -> None:
    """The feeds stand there, and take the texts of the same posts."""

    def story(share: Share) -> list[list[int]]:
        share.gather(None)
        return share.gather(list(share.taken(16)))

    first, second = together(2, story)
    assert first[:1] in ([8], [])
    assert second[:1] in ([0], [])

"""The preview as an author lives with it: edits, runs, mistakes, and its end."""

from __future__ import annotations

import os
import random
import re
import shutil
import time
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest

from tests import test_claims_site as claims
from tests.previewing import Preview, kernels_of, preview, sleeping, wait_for
from tests.random_edits import edit_at_random, mend_all, write
from tests.support import build_site, sitegen, stored, tree, write_site

PLAIN = """
base_url = "https://example.org/notes"
taxonomies = [{ name = "tags" }]
[execute]
device = "cpu"
"""
POST = """+++
title = "A post"
date = 2026-01-02
+++
Words.

```python
import os, time
seen = [os.getpid()]
print("first", *seen)
```
"""
SECOND = """
```python
print("second", os.getpid() == seen[0])
```
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return write_site(tmp_path / "site", {"content/a.md": POST, "content/b.md": "Other."}, PLAIN)


@pytest.fixture
def start(site: Path) -> Iterator[Callable[..., Preview]]:
    with preview(site) as begin:
        yield begin


def shows(served: Preview, path: str, text: str) -> str:
    """The page, once it shows the text."""

    def look() -> str | None:
        page = served.get(path).text
        return page if text in page else None

    return wait_for(look)


def preview_tree(site: Path) -> dict[str, bytes]:
    """The files of the preview; none while they are being replaced."""
    try:
        return tree(site / ".sitegen/preview")
    except FileNotFoundError:
        return {}


def built_tree(site: Path) -> dict[str, bytes]:
    """What a clean build of the site publishes, from what is stored."""
    clean = site.with_name("clean")
    shutil.rmtree(clean, ignore_errors=True)
    shutil.copytree(site, clean, ignore=shutil.ignore_patterns(".sitegen", "public"))
    build_site(clean, mode="no-exec")
    found = tree(clean / "public")
    del found[".sitegen-output"]
    return found


def test_what_is_served_is_what_build_publishes_but_for_what_the_preview_adds(
    site: Path, start: Callable[..., Preview]
) -> None:
    served = start("--no-exec")
    page = served.page("/notes/a/")
    assert wait_for(lambda: preview_tree(site)) == built_tree(site)
    published = built_tree(site)["a/index.html"].decode()
    without = re.sub(r'<aside id="sitegen-preview".*</aside>(?=</body>)', "", page, flags=re.S)
    assert without == published


def test_links_with_the_sites_host_stay_in_the_preview(
    site: Path, start: Callable[..., Preview]
) -> None:
    link = '<a href="https://example.org/notes/b/">b</a> `https://example.org/notes/b/`\n'
    write(site / "content/c.md", f"+++\n+++\n{link}")
    page = start("--no-exec").page("/notes/c/")
    assert '<a href="/notes/b/">b</a>' in page
    assert "<code>https://example.org/notes/b/</code>" in page
    assert '<link rel="canonical" href="https://example.org/notes/c/">' in page


def test_paths_of_folders_and_of_nothing(site: Path, start: Callable[..., Preview]) -> None:
    served = start("--no-exec")
    served.page("/notes/a/")
    assert served.get("/notes/a").headers["location"] == "/notes/a/"
    assert served.get("/").headers["location"] == "/notes/"
    missing = served.get("/notes/nowhere/")
    assert missing.status == 404
    assert 'id="sitegen-preview"' in missing.text
    assert served.get("/notes/sitegen.css").headers["content-type"].startswith("text/css")


def test_a_page_is_there_before_its_blocks_have_run(
    site: Path, start: Callable[..., Preview]
) -> None:
    write(site / "content/a.md", POST.replace("print(", "time.sleep(3)\nprint("))
    served = start()
    page = served.page("/notes/a/")
    assert "not run yet" in page
    assert stored(site) == []
    shows(served, "/notes/a/", "first ")
    wait_for(lambda: len(stored(site)) == 1)


def test_pages_are_there_at_once_and_edits_too(site: Path, start: Callable[..., Preview]) -> None:
    """Issue 7 asks for 1 s and 150 ms: a machine that does something else meanwhile gets more."""
    for number in range(98):
        write(site / f"content/more/p{number}.md", f"Number {number}.")
    begun = time.monotonic()
    served = start()
    served.page("/notes/a/")
    assert time.monotonic() - begun < 5.0
    seconds = []
    for number in range(5):
        begun = time.monotonic()
        write(site / "content/b.md", f"Edit {number}.")
        shows(served, "/notes/b/", f"Edit {number}.")
        seconds.append(time.monotonic() - begun)
    assert min(seconds) < 0.5, seconds


def test_an_appended_block_runs_alone_and_what_is_stored_is_one_whole_run(
    site: Path, start: Callable[..., Preview]
) -> None:
    served = start()
    first = shows(served, "/notes/a/", "first ")
    kernel = re.findall(r"first (\d+)", first)
    wait_for(lambda: stored(site))
    write(site / "content/a.md", POST + SECOND)
    alone = shows(served, "/notes/a/", "second True")
    assert f"first {kernel[0]}" in alone
    assert "its last blocks ran alone, not stored" in alone
    assert len(stored(site)) == 1
    wait_for(lambda: len(stored(site)) == 2)
    wait_for(lambda: "ran alone" not in served.get("/notes/a/").text)
    whole = served.get("/notes/a/").text
    assert "second True" in whole
    assert f"first {kernel[0]}" not in whole


def test_what_is_served_after_runs_is_what_build_publishes(
    site: Path, start: Callable[..., Preview]
) -> None:
    served = start()
    shows(served, "/notes/a/", "first ")
    write(site / "content/a.md", POST + SECOND)
    shows(served, "/notes/a/", "second True")
    wait_for(lambda: len(stored(site)) == 2)
    write(site / "content/a.md", POST.replace("Words.", "Other words.") + SECOND)
    shows(served, "/notes/a/", "Other words.")
    wait_for(lambda: preview_tree(site) == built_tree(site))


def test_a_changed_block_runs_the_session_anew_and_is_stale_meanwhile(
    site: Path, start: Callable[..., Preview]
) -> None:
    served = start()
    shows(served, "/notes/a/", "first ")
    changed = POST.replace('print("first"', 'time.sleep(3)\nprint("changed"')
    write(site / "content/a.md", changed)
    assert "measured with earlier code or data" in shows(served, "/notes/a/", "cell-stale")
    shows(served, "/notes/a/", "changed ")
    assert len(stored(site)) == 2


def test_prose_touches_no_kernel(site: Path, start: Callable[..., Preview]) -> None:
    served = start()
    shows(served, "/notes/a/", "first ")
    write(site / "content/a.md", POST.replace("Words.", "Better words.\n\nMore."))
    shows(served, "/notes/a/", "Better words")
    time.sleep(1.0)
    assert len(stored(site)) == 1
    assert "first " in served.get("/notes/a/").text


def test_what_took_long_waits_for_its_author(site: Path, start: Callable[..., Preview]) -> None:
    write(site / "site.toml", PLAIN + "auto = '10ms'\n")
    served = start()
    shows(served, "/notes/a/", "first ")
    write(site / "content/a.md", POST.replace("first", "changed"))
    shows(served, "/notes/a/", "measured with earlier code")
    time.sleep(1.0)
    assert len(stored(site)) == 1
    assert 'data-do="run">Run<' in served.get("/notes/a/").text
    served.control("run", b'{"url": "/a/"}', "/notes/a/")
    shows(served, "/notes/a/", "changed ")
    assert len(stored(site)) == 2


def test_a_run_is_stopped_when_its_author_says_so(
    site: Path, start: Callable[..., Preview]
) -> None:
    write(site / "content/a.md", POST.replace("print(", "time.sleep(600)\nprint("))
    served = start()
    served.page("/notes/a/")
    wait_for(lambda: sleeping(served))
    served.control("stop", b"{}", "/notes/a/")
    wait_for(lambda: not sleeping(served))
    time.sleep(0.5)
    assert not sleeping(served)
    assert stored(site) == []
    assert "not run yet" in served.get("/notes/a/").text


def test_code_that_is_edited_while_it_runs_is_given_up(
    site: Path, start: Callable[..., Preview]
) -> None:
    write(site / "content/a.md", POST.replace("print(", "time.sleep(600)\nprint("))
    served = start()
    served.page("/notes/a/")
    wait_for(lambda: sleeping(served))
    write(site / "content/a.md", POST)
    shows(served, "/notes/a/", "first ")


def test_without_execution_nothing_runs(site: Path, start: Callable[..., Preview]) -> None:
    served = start("--no-exec")
    assert "not run yet" in served.page("/notes/a/")
    served.control("run", b'{"url": "/a/"}', "/notes/a/")
    time.sleep(1.0)
    assert not kernels_of(served)
    assert stored(site) == []


BENCH = """+++
title = "A benchmark"
+++
```python
numbers = list(range(1000))
print("ready", len(numbers))
```

```python
#| bench: sums
def builtin():
    return sum(numbers)

def loop():
    total = 0
    for number in numbers:
        total += number
    return total
```

```python
#| session: other
print("other", 6 * 7)
```
"""


def test_a_benchmark_waits_and_is_then_looked_at_in_a_single_process(
    site: Path, start: Callable[..., Preview]
) -> None:
    write(site / "content/bench.md", BENCH)
    served = start()
    shows(served, "/notes/bench/", "other 42")
    shows(served, "/notes/bench/", "ready 1000")
    wait_for(lambda: len(stored(site)) == 3)
    assert "single process" not in served.get("/notes/bench/").text
    served.control("run", b'{"url": "/bench/"}', "/notes/bench/")
    shows(served, "/notes/bench/", "quick, single process, not stored")
    assert "builtin" in served.get("/notes/bench/").text
    assert len(stored(site)) == 3


def test_mistakes_are_in_their_pages_and_the_rest_goes_on(
    site: Path, start: Callable[..., Preview]
) -> None:
    served = start("--no-exec")
    served.page("/notes/a/")
    write(site / "content/b.md", "+++\ntitle = oops\n+++\nBroken.")
    mistake = shows(served, "/notes/b/", "content/b.md:2")
    assert "Other." in mistake
    assert "What you see is the last that was whole." in mistake
    write(site / "content/a.md", POST.replace("Words.", "Edited beside a mistake. [x](@/no.md)"))
    shows(served, "/notes/a/", "Edited beside a mistake")
    page = shows(served, "/notes/a/", "2 problems, 1 elsewhere")  # once the whole has been built
    assert "content/a.md:5" in page
    assert "content/b.md:2" not in page
    problems = served.get("/.sitegen/problems").text
    assert "content/a.md:5" in problems
    assert "content/b.md:2" in problems
    write(site / "content/b.md", "Mended.")
    assert "content/b.md" not in shows(served, "/notes/b/", "Mended.").partition("<aside")[0]
    wait_for(lambda: 'class="problems"' not in served.get("/notes/b/").text)


def test_a_new_post_with_a_mistake_says_so_at_its_address(
    site: Path, start: Callable[..., Preview]
) -> None:
    served = start("--no-exec")
    served.page("/notes/a/")
    write(site / "content/new.md", "+++\ntitle = oops\n+++\nNew.")
    page = shows(served, "/notes/new/", "content/new.md:2")
    assert served.get("/notes/new/").status == 404
    assert "1 problem here" in page
    assert "1 problem here" not in served.get("/notes/a/").text
    write(site / "content/new.md", "New.")
    shows(served, "/notes/new/", "New.")
    wait_for(lambda: "content/new.md:2" not in served.get("/notes/new/").text)


MISTAKES = {
    "front matter": ("content/b.md", "+++\ntitel = 'x'\n+++\n", "content/b.md:2", "titel = 'x'"),
    "link": ("content/b.md", "\n[x](@/nothing.md)\n", "content/b.md:4", "[x](@/nothing.md)"),
    "number": ("content/b.md", "[3](value:nothing)", "content/b.md:3", "[3](value:nothing)"),
    "block": ("content/b.md", "```python\n#| ecco: no\n```\n", "content/b.md:4", "#| ecco: no"),
    "template": ("templates/page.html", "{{ page.content }\n", "templates/page.html:1", "{{ page"),
    "configuration": ("site.toml", f"{PLAIN}jbos = 2\n", "site.toml:6", "jbos = 2"),
}


@pytest.mark.parametrize("kind", MISTAKES)
def test_a_mistake_is_shown_with_its_line_what_stands_there_and_a_remedy(
    site: Path, start: Callable[..., Preview], kind: str
) -> None:
    file, text, place, excerpt = MISTAKES[kind]
    before = (site / file).read_text("utf-8") if (site / file).exists() else None
    served = start("--no-exec")
    served.page("/notes/b/")
    write(site / file, text)
    shows(served, "/notes/b/", place)
    problem = problems_in(served, "/notes/b/")
    lines = problem.splitlines()
    (number,) = [place for place, line in enumerate(lines) if excerpt in line]
    assert "^" in lines[number + 1]
    assert any(line.strip().startswith("= ") for line in lines), problem
    if before is None:
        (site / file).unlink()
    else:
        write(site / file, before)
    wait_for(lambda: not problems_in(served, "/notes/b/"))


def problems_in(served: Preview, path: str) -> str:
    """The problems that a page shows, as a reader sees them."""
    found = re.findall(
        r'<pre class="(?:fatal|error|warning)">(.*?)</pre>', served.get(path).text, re.S
    )
    return unescape(re.sub(r"</?a\b[^>]*>", "", "\n".join(found)))


def test_a_claim_that_is_false_is_in_its_page_until_it_is_true(tmp_path: Path) -> None:
    site = claims.site(tmp_path / "claims", "So it is [3.1×](bench:spins?slow/fast).")
    with preview(site) as start:
        served = start("--no-exec")
        served.page("/post/")
        wait_for(lambda: problems_in(served, "/post/"))
        problem = problems_in(served, "/post/")
        assert "this reads `3.1×`, and `2.5×` was measured" in problem
        assert re.search(r"--> content/post\.md:\d+:\d+\n", problem)
        assert "[3.1×](bench:spins?slow/fast)" in problem
        assert "= " in problem
        post = site / "content/post.md"
        write(post, post.read_text("utf-8").replace("3.1×", "2.5×"))
        wait_for(lambda: not problems_in(served, "/post/"))
        assert "2.5×" in served.get("/post/").text


def test_a_template_with_a_mistake_leaves_the_last_pages_and_says_so_on_each(
    site: Path, start: Callable[..., Preview]
) -> None:
    served = start("--no-exec")
    served.page("/notes/a/")
    write(site / "templates/page.html", "{% extends 'base.html' %}\n{% block main %}{{ oops(")
    for path in ("/notes/a/", "/notes/b/"):
        assert "templates/page.html:2" in shows(served, path, "templates/page.html")
    assert "Words." in served.get("/notes/a/").text
    write(site / "templates/page.html", "{{ page.content }}<i>my own</i>")
    shows(served, "/notes/a/", "<i>my own</i>")
    wait_for(lambda: "templates/page.html" not in served.get("/notes/a/").text)


def test_a_site_that_never_was_whole_says_what_is_wrong(
    site: Path, start: Callable[..., Preview]
) -> None:
    write(site / "site.toml", "title = 3\n")
    served = start("--no-exec")
    wait_for(lambda: served.get("/").status == 500)
    assert "site.toml:1" in served.get("/").text
    write(site / "site.toml", PLAIN)
    served.page("/notes/a/")


def test_a_failed_block_is_in_its_page_and_goes_when_it_is_mended(
    site: Path, start: Callable[..., Preview]
) -> None:
    write(site / "content/a.md", POST.replace("print(", "1 / 0\nprint("))
    served = start()
    page = shows(served, "/notes/a/", "failed, not stored")
    assert "content/a.md:10" in page.partition('id="sitegen-preview"')[2]
    assert "ZeroDivisionError" in page.partition('id="sitegen-preview"')[0]
    assert stored(site) == []
    write(site / "content/a.md", POST)
    assert "ZeroDivisionError" not in shows(served, "/notes/a/", "first ")


def test_renames_deletions_and_saves_by_rename(site: Path, start: Callable[..., Preview]) -> None:
    served = start("--no-exec")
    served.page("/notes/a/")
    (site / "content/b.md").rename(site / "content/c.md")
    shows(served, "/notes/c/", "Other.")
    wait_for(lambda: served.get("/notes/b/").status == 404)
    part = site / "content/.c.md.swp"
    write(part, "Saved by rename.")
    part.replace(site / "content/c.md")
    shows(served, "/notes/c/", "Saved by rename.")
    write(site / "content/deep/er/d.md", "Deep.")
    shows(served, "/notes/deep/er/d/", "Deep.")
    shutil.rmtree(site / "content/deep")
    wait_for(lambda: served.get("/notes/deep/er/d/").status == 404)
    write(site / "static/new.txt", "one")
    shows(served, "/notes/new.txt", "one")
    (site / "static").rename(site / "old")
    wait_for(lambda: served.get("/notes/new.txt").status == 404)
    assert wait_for(lambda: preview_tree(site) == built_tree(site))


def test_a_branch_switch_of_a_thousand_files_is_taken_whole(
    site: Path, start: Callable[..., Preview]
) -> None:
    served = start("--no-exec")
    served.page("/notes/a/")
    for number in range(1000):
        write(site / f"content/many/{number % 10}/p{number}.md", f"Number {number}.")
    wait_for(lambda: len(list((site / ".sitegen/preview/many").rglob("*.html"))) == 1000)
    for number in range(0, 1000, 2):
        (site / f"content/many/{number % 10}/p{number}.md").unlink()
    wait_for(lambda: preview_tree(site) == built_tree(site))


def test_random_edits_end_as_a_clean_build(site: Path, start: Callable[..., Preview]) -> None:
    """PREVIEW_EDITS=1000 for all that issue 7 asks; the seed is printed where it fails."""
    edits, seed = int(os.environ.get("PREVIEW_EDITS", "60")), int(time.time())
    print(f"seed {seed}")
    served = start("--no-exec")
    served.page("/notes/a/")
    chance = random.Random(seed)  # noqa: S311 (no secret)
    for number in range(edits):
        edit_at_random(site, chance, number)
        if chance.random() < 0.3:
            time.sleep(chance.random() * 0.1)
    mend_all(site, PLAIN)
    write(site / "content/last.md", "The last edit.")
    shows(served, "/notes/last/", "The last edit.")
    wait_for(lambda: preview_tree(site) == built_tree(site))


def test_cleaning_leaves_a_preview_that_runs_alone(
    site: Path, start: Callable[..., Preview]
) -> None:
    served = start("--no-exec")
    served.page("/notes/a/")
    assert sitegen(site, "clean").returncode == 0
    assert "Words." in served.page("/notes/a/")
    served.end()
    assert sitegen(site, "clean").returncode == 0
    assert not (site / ".sitegen/preview").exists()


def test_where_there_is_no_site_nothing_is_served_or_written(tmp_path: Path) -> None:
    done = sitegen(tmp_path, "serve", "--port", "0")
    assert done.returncode == 2
    assert "site.toml" in done.stderr
    assert list(tmp_path.iterdir()) == []

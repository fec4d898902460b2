"""Parts of the preview by themselves: what is run when, links of editors, what is looked at."""

from __future__ import annotations

import asyncio
import datetime as dt
import math
import multiprocessing
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from sitegen.base.errors import Problem, Span
from sitegen.execute.live import SoFar
from sitegen.execute.messages import Displays, Fold
from sitegen.model import Artifact, Stream
from sitegen.passes.asked import Caller
from sitegen.serve.board import Board, Tab
from sitegen.serve.controls import Controls, add_controls
from sitegen.serve.editor import EDITORS, editor_link, why_no_editor
from sitegen.serve.news import Built, Drawn, PageNews, Told
from sitegen.serve.queue import Memory, Numbers, Page, plan_jobs, plan_states
from sitegen.serve.runner import IDLE, MOST_KEPT, Runner
from sitegen.serve.site import SiteMaker
from sitegen.serve.watch import changes, watched_folders
from sitegen.storage.preview import Entry, Tree, claimed_tree
from tests.previewing import run_apart
from tests.support import build_site, tree, write_site

CODE = "```python\nprint({})\n```\n"
OTHER = "```python\n#| session: other\nprint({})\n```\n"


def page_of(root: Path, text: str, *, run: bool = False) -> Page:
    """The page `a` of a site with this text; with `run` its results are stored first."""
    write_site(root, {"content/a.md": text})
    if run:
        build_site(root)
    maker = SiteMaker(root, Caller({}, sys.executable), Tree(root / ".sitegen/preview"))
    written = maker.make({}, drafts=False)
    maker.close()
    plans = next(d.plans for d in written.drafts if d.document.source.name == "a")
    return Page("a", plans, tuple(written.shown.get("a", ())))


def auto(page: Page, seconds: float | None) -> Page:
    """The page with another `[execute] auto`."""
    plans = tuple(
        msgspec.structs.replace(plan, execute=msgspec.structs.replace(plan.execute, auto=seconds))
        for plan in page.plans
    )
    return msgspec.structs.replace(page, plans=plans)


def took(page: Page, seconds: float) -> Page:
    """The page with results of older code, which took so long."""
    shown = tuple(
        msgspec.structs.replace(
            entry, stale=True, run=msgspec.structs.replace(entry.run, seconds=seconds)
        )
        for entry in page.shown
    )
    return msgspec.structs.replace(page, shown=shown)


def test_what_never_ran_is_run_and_what_is_fresh_is_not(tmp_path: Path) -> None:
    page = page_of(tmp_path, CODE.format(1) + OTHER.format(2))
    assert plan_states(page, Memory()) == {"main": "queued", "other": "queued"}
    ran = page_of(tmp_path, CODE.format(1) + OTHER.format(2), run=True)
    assert plan_states(ran, Memory()) == {"main": "fresh", "other": "fresh"}
    assert list(plan_jobs([ran], Memory(), Numbers(), {})) == []


@pytest.mark.parametrize(
    ("seconds", "limit", "state"),
    [
        (4.0, 5.0, "queued"),
        (6.0, 5.0, "waiting"),
        (600.0, math.inf, "queued"),
        (0.1, None, "waiting"),
    ],
)
def test_what_took_longer_than_its_limit_waits(
    tmp_path: Path, seconds: float, limit: float | None, state: str
) -> None:
    page = auto(took(page_of(tmp_path, CODE.format(1), run=True), seconds), limit)
    assert plan_states(page, Memory()) == {"main": state}


def test_what_waits_is_still_appended_to_unless_nothing_runs_by_itself(tmp_path: Path) -> None:
    page = took(page_of(tmp_path, CODE.format(1), run=True), 600.0)
    (job,) = plan_jobs([page], Memory(), Numbers(), {})
    assert not job.whole
    assert list(plan_jobs([auto(page, None)], Memory(), Numbers(), {})) == []


def test_sessions_behind_one_that_waits_wait_too(tmp_path: Path) -> None:
    page = page_of(tmp_path, CODE.format(1) + OTHER.format(2))
    memory = Memory(took={("a", "main"): 600.0})
    assert plan_states(page, memory) == {"main": "waiting", "other": "waiting"}
    asked = Memory(took={("a", "main"): 600.0}, asked={"a"})
    assert plan_states(page, asked) == {"main": "queued", "other": "queued"}


def test_pages_that_come_with_drafts_wait(tmp_path: Path) -> None:
    page = page_of(tmp_path, CODE.format(1))
    assert plan_states(page, Memory(held={"a"})) == {"main": "waiting"}


def test_a_job_keeps_its_number_until_it_asks_for_something_else_or_has_ended(
    tmp_path: Path,
) -> None:
    numbers, memory = Numbers(), Memory()
    (first,) = plan_jobs([page_of(tmp_path, CODE.format(1))], memory, numbers, {})
    (prose,) = plan_jobs([page_of(tmp_path, "Words.\n\n" + CODE.format(1))], memory, numbers, {})
    (code,) = plan_jobs([page_of(tmp_path, CODE.format(2))], memory, numbers, {})
    numbers.end(code)
    (again,) = plan_jobs([page_of(tmp_path, CODE.format(2))], memory, numbers, {})
    assert first.number == prose.number
    assert len({first.number, code.number, again.number}) == 3


def test_open_pages_come_first_then_edited_ones(tmp_path: Path) -> None:
    page = page_of(tmp_path, CODE.format(1))
    pages = [msgspec.structs.replace(page, name=name) for name in "abcd"]
    jobs = plan_jobs(pages, Memory(), Numbers(), {"c": 10**9, "d": 3})
    assert [job.page for job in jobs] == ["c", "d", "a", "b"]


# --- editors ---------------------------------------------------------------------------------


def test_every_editors_link_names_file_and_line() -> None:
    for name in EDITORS.keys() - {"none"}:
        link = editor_link(name, Path("/a b"), "content/é.md", 7, 3)
        assert "/a%20b/content/%C3%A9.md" in link
        assert "7" in link
        assert why_no_editor(name) is None
    assert editor_link("none", Path("/"), "x", 1) == ""
    assert editor_link("me://{path}?{line}", Path("/s"), "x.md", 2) == "me:///s/x.md?2"


@pytest.mark.parametrize("scheme", ["emacs", "me://x", "javascript:{path}://", ""])
def test_what_is_no_editor_is_refused(scheme: str) -> None:
    assert why_no_editor(scheme) is not None


# --- what is added to pages ------------------------------------------------------------------


def controls(problems: Sequence[Problem] = (), editor: str = "vscode") -> Controls:
    return Controls(
        root=Path("/site"),
        editor=editor,
        url="/a/",
        version="v",
        source="content/a.md",
        page=PageNews("/a/"),
        problems=tuple(problems),
        total=len(problems),
        elsewhere=0,
        ok=True,
        kept=False,
        drafts=False,
        follow="f",
        token="t",  # noqa: S106 (no secret)
        today=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )


HOSTILE = '<script>alert(1)</script>" onload="alert(2)'


def test_what_authors_write_is_escaped_in_problems() -> None:
    problem = Problem("error", "x", HOSTILE, Span(f"content/{HOSTILE}.md", 1), HOSTILE, (HOSTILE,))
    page = add_controls(b"<body></body>", "", controls([problem])).decode()
    assert "<script>alert" not in page
    assert not re.search(r'"\s+onload="', page)


def test_a_page_without_an_end_is_given_its_controls_too() -> None:
    assert add_controls(b"<p>x", "", controls()).startswith(b"<p>x<aside")
    twice = add_controls(b"<body><pre>&lt;/body></pre></body></html>", "", controls())
    assert twice.endswith(b"</aside></body></html>")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="https://e.org/b/x">', '<a href="/b/x">'),
        ("<a href=https://e.org>", "<a href=/>"),
        ('<img srcset="https://e.org/a 1x, https://e.org/b 2x">', '<img srcset="/a 1x, /b 2x">'),
        ('<a href="https://e.org.evil/x">', '<a href="https://e.org.evil/x">'),
        ("<p>https://e.org/x</p>", "<p>https://e.org/x</p>"),
        ('<link rel="canonical" href="https://e.org/x">',) * 2,
        ('<meta property="og:url" content="https://e.org/x">',) * 2,
        (
            '<meta http-equiv="refresh" content="0; url=https://e.org/x">',
            '<meta http-equiv="refresh" content="0; url=/x">',
        ),
    ],
)
def test_addresses_of_the_site_stay_in_the_preview(html: str, expected: str) -> None:
    page = add_controls(html.encode(), "https://e.org/b", controls()).decode()
    assert page.partition("<aside")[0] == expected


# --- outputs of blocks that run --------------------------------------------------------------


def test_outputs_are_looked_at_ten_times_a_second_and_none_is_left_behind() -> None:
    now = 0.0
    fold = Fold(str, Displays())
    so_far = SoFar(fold, lambda: now)
    seen = []
    for number in range(100):
        step = fold.add("stream", {"name": "stdout", "text": f"{number}\r"})
        seen.append(so_far.note(step))
        now += 0.01
    news = [entry for entry in seen if entry is not None]
    assert 9 <= len(news) <= 11
    now += 1
    last = so_far.note(None)
    assert last is not None
    assert last[1] == (Stream("stdout", "99"),)
    assert so_far.note(None) is None


# --- the tree --------------------------------------------------------------------------------


def test_the_tree_holds_what_was_put_and_tells_what_changed(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    (folder / "left").mkdir(parents=True)
    (folder / "left/over").write_text("from an earlier preview")
    source = tmp_path / "source.txt"
    source.write_text("one")
    held = Tree(folder)
    first = held.put([Artifact("a/index.html", b"a", "x"), Artifact("s.txt", source, "static")])
    assert set(first.written) == {"a/index.html", "s.txt"}
    assert tree(folder) == {"a/index.html": b"a", "s.txt": b"one"}
    same = held.put([Artifact("a/index.html", b"a", "x"), Artifact("s.txt", source, "static")])
    assert (dict(same.written), same.removed) == ({}, ())
    source.write_text("two!")
    then = held.put([Artifact("a", b"file", "x"), Artifact("s.txt", source, "static")])
    assert set(then.written) == {"a", "s.txt"}
    assert then.removed == ("a/index.html",)
    assert tree(folder) == {"a": b"file", "s.txt": b"two!"}
    held.put([Artifact("a/b", b"folder again", "x")])
    assert tree(folder) == {"a/b": b"folder again"}


def test_two_previews_of_one_site_have_each_a_tree(tmp_path: Path) -> None:
    with claimed_tree(tmp_path) as one, claimed_tree(tmp_path) as two:
        assert one != two
    with claimed_tree(tmp_path) as again:
        assert again == one


# --- tabs ------------------------------------------------------------------------------------


def built(written: dict[str, Entry], *problems: Problem) -> Built:
    return Built(written, (), problems, ok=True)


async def told(tab: Tab, last: str) -> list[str]:
    """The kinds of events that a tab is told, up to that kind."""
    kinds: list[str] = []
    async for event in tab.events(asyncio.Event(), lambda: None):
        kinds.append(event.partition("\n")[0].removeprefix("event: "))
        if kinds[-1] == last:
            break
    return kinds[1:]


def test_a_tab_is_told_only_what_concerns_it_and_only_the_latest() -> None:
    async def story() -> None:
        board = Board(lambda file, line: "")
        board.take(built({f"{n}/index.html": Entry(n, f"content/{n}.md") for n in "ab"}))
        a, b = (board.open(f"/{n}/", board.version(f"/{n}/")) for n in "ab")
        board.take(built({"a/index.html": Entry("new", "content/a.md")}))
        for number in range(100):
            board.take(Drawn("/a/", "block-1", f"<p>{number}</p>"))
        board.take(built({"x.css": Entry("1", "static")}))
        board.take(Told((PageNews("/a/", working=True),)))
        assert await told(a, "state") == ["page", "files", "figure", "state"]
        assert await told(b, "files") == ["files"]

    run_apart(story)


def test_a_tab_that_comes_late_is_told_what_it_missed() -> None:
    async def story() -> None:
        board = Board(lambda file, line: "")
        board.take(built({"a/index.html": Entry("1", "content/a.md")}))
        sent = board.version("/a/")
        board.take(built({"a/index.html": Entry("2", "content/a.md")}))
        board.take(Drawn("/a/", "block-1", "<p>1</p>"))
        board.take(Told((PageNews("/a/"),)))
        assert await told(board.open("/a/", sent), "state") == ["page", "figure", "state"]
        assert await told(board.open("/a/", board.version("/a/")), "state") == ["figure", "state"]

    run_apart(story)


def test_a_problem_is_on_its_page_or_where_its_page_will_be_or_on_all() -> None:
    def about(file: str) -> Problem:
        return Problem("error", "x", f"about {file}", Span(file, 1))

    def seen(url: str) -> list[str]:
        return [problem.message.removeprefix("about ") for problem in board.problems_of(url)]

    board = Board(lambda file, line: "")
    pages = {
        "a/index.html": Entry("1", "content/a.md"),
        "a/table.csv": Entry("1", "content/table.csv"),
    }
    files = ["content/a.md", "content/new.md", "content/table.csv", "templates/page.html"]
    board.take(built(pages, *map(about, files)))
    assert seen("/a/") == ["content/a.md", "content/table.csv", "templates/page.html"]
    assert seen("/new/") == ["content/new.md", "content/table.csv", "templates/page.html"]
    board.take(built({"new/index.html": Entry("1", "content/new.md")}, about("content/new.md")))
    assert (seen("/a/"), seen("/new/"), seen("/no/")) == ([], ["content/new.md"], [])


# --- watching, and what other commands load --------------------------------------------------


def test_the_output_and_what_is_hidden_is_not_watched(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/a.md": "x", "static/x": "", ".git/x": "", "env/pyvenv.cfg": ""})
    (tmp_path / "node_modules").mkdir()
    build_site(tmp_path)
    assert [path.name for path in watched_folders(tmp_path)] == ["content", "static"]


def test_a_folder_that_appears_is_watched_from_then_on(tmp_path: Path) -> None:
    async def story() -> None:
        over, looks = asyncio.Event(), 0

        async def look() -> None:
            nonlocal looks
            async for _ in changes(tmp_path, over):
                looks += 1

        async def more(than: int) -> None:
            while looks <= than:
                await asyncio.sleep(0.05)

        task = asyncio.create_task(look())
        await asyncio.wait_for(more(0), 30)
        (tmp_path / "templates").mkdir()
        await asyncio.wait_for(more(3), 30)  # at once, again, and after all is watched
        await asyncio.sleep(1.0)
        before = looks
        (tmp_path / "templates/x.html").write_text("x")
        await asyncio.wait_for(more(before), 30)
        over.set()
        await asyncio.wait_for(task, 30)

    write_site(tmp_path, {"content/a.md": "x"})
    run_apart(story)


def test_no_other_command_loads_the_server(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/a.md": "x"})
    look = """
import atexit, sys
from sitegen.cli import main
wanted = {"starlette", "uvicorn", "watchfiles"}
atexit.register(lambda: print("loaded:", *sorted(wanted & set(sys.modules))))
main(sys.argv[1:])
"""
    for arguments in (["--help"], ["build", "--no-exec"]):
        done = subprocess.run(
            [sys.executable, "-c", look, *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout.splitlines()[-1] == "loaded:"


# --- early looks ------------------------------------------------------------------------------

FIRST = "+++\ntitle = 'A'\n+++\nFirst, to [b](@/b.md).\n\n```python\nprint(6 * 7)\n```\n"
EDITS = [
    FIRST.replace("First", "Second"),
    FIRST.replace("'A'", "'Another title'"),
    FIRST.replace("First", "# A heading\n\nThird"),
    FIRST.replace("First", "A [broken link](@/no.md), and first"),
    FIRST.replace("First", "{{ figure(src='x.png', alt='x') }}\n\nFirst"),
    FIRST,
    FIRST.replace("First", "$x^2$ and"),
]


@pytest.mark.parametrize("run", [False, True])
def test_a_page_that_is_shown_early_is_what_the_next_build_makes(tmp_path: Path, run: bool) -> None:
    site = write_site(tmp_path / "site", {"content/a.md": FIRST, "content/b.md": "B."})
    if run:
        build_site(site)
    folder = site / ".sitegen/preview"
    maker = SiteMaker(site, Caller({}, sys.executable), Tree(folder))
    maker.make({}, drafts=False)
    for text in EDITS:
        (site / "content/a.md").write_text(text, "utf-8")
        seen = maker.show(["content/a.md"])
        assert seen.left == []
        early = (folder / "a/index.html").read_bytes()
        made = maker.make({}, drafts=False)
        assert (folder / "a/index.html").read_bytes() == early
        assert "a/index.html" not in made.changes.written
        about = [p for p in made.problems if p.span and p.span.path == "content/a.md"]
        wrong = [p for p in about if p.code not in ("missing", "stale")]
        assert [p.message for p in wrong] == [p.message for p in seen.problems]
    maker.close()


def test_what_changes_more_than_a_page_is_left_to_the_build(tmp_path: Path) -> None:
    files = {"content/a.md": FIRST, "content/b.md": "B.", "templates/head.html": "<!-- x -->"}
    site = write_site(tmp_path / "site", files)
    maker = SiteMaker(site, Caller({}, sys.executable), Tree(site / ".sitegen/preview"))
    maker.make({}, drafts=False)
    for name, text in {
        "content/a.md": FIRST.replace("6 * 7", "7 * 7"),
        "content/b.md": "+++\nslug = 'elsewhere'\n+++\nB.",
        "content/new.md": "+++\n+++\nNew.",
        "content/_index.md": "+++\ntitle = 'Home'\n+++\n",
        "templates/head.html": "<!-- y -->",
        "site.toml": "base_url = '/'\n",
    }.items():
        (site / name).write_text(text, "utf-8")
        assert maker.show([name]).left == [name]
    maker.close()


def test_edits_that_are_taken_back_before_the_next_build_leave_nothing(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"content/a.md": FIRST, "static/x.css": "a {}"})
    folder = site / ".sitegen/preview"
    maker = SiteMaker(site, Caller({}, sys.executable), Tree(folder))
    maker.make({}, drafts=False)
    before = tree(folder)
    for name, text in (("content/a.md", EDITS[0]), ("static/x.css", "b {}")):
        whole = (site / name).read_text("utf-8")
        (site / name).write_text(text, "utf-8")
        assert maker.show([name]).left == []
        assert tree(folder) != before
        (site / name).write_text(whole, "utf-8")
    maker.make({}, drafts=False)
    assert tree(folder) == before
    maker.close()


def test_a_mistake_leaves_what_was_shown_early_before_it(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {"content/a.md": FIRST, "content/b.md": "B."})
    folder = site / ".sitegen/preview"
    maker = SiteMaker(site, Caller({}, sys.executable), Tree(folder))
    maker.make({}, drafts=False)
    (site / "content/a.md").write_text(EDITS[0], "utf-8")
    assert maker.show(["content/a.md"]).left == []
    (site / "content/a.md").write_text(EDITS[0].replace("'A'", "oops"), "utf-8")
    assert maker.show(["content/a.md"]).left == ["content/a.md"]
    assert maker.make({}, drafts=False).kept == ("content/a.md",)
    assert "Second, to" in (folder / "a/index.html").read_text("utf-8")
    maker.close()


def test_the_next_preview_begins_with_what_the_last_has_made(tmp_path: Path) -> None:
    site = write_site(tmp_path / "site", {f"content/{n}.md": f"Page {n}." for n in range(9)})
    folder = site / ".sitegen/preview"
    for _ in range(2):
        maker = SiteMaker(site, Caller({}, sys.executable), Tree(folder))
        made = maker.make({}, drafts=False)
        maker.close()
        inodes = {path: (folder / path).stat().st_ino for path in tree(folder)}
        assert made.changes.written.keys() == inodes.keys()
    (folder / "3/index.html").write_text("something else")
    (folder / "stray.html").write_text("nobody's")
    maker = SiteMaker(site, Caller({}, sys.executable), Tree(folder))
    maker.make({}, drafts=False)
    maker.close()
    now = {path: (folder / path).stat().st_ino for path in tree(folder)}
    assert {path for path in inodes if now[path] != inodes[path]} == {"3/index.html"}
    assert "Page 3." in (folder / "3/index.html").read_text("utf-8")
    assert "stray.html" not in now


def test_a_site_that_is_still_zolas_is_made_as_a_whole(tmp_path: Path) -> None:
    files = {"content/a.md": "Words.", "templates/page.html": "{{ page.title | nothing_such }}"}
    site = write_site(tmp_path / "site", files)
    (site / "site.toml").rename(site / "zola.toml")
    (site / "zola.toml").write_text("base_url = '/'\n", "utf-8")
    folder = site / ".sitegen/preview"
    maker = SiteMaker(site, Caller({}, sys.executable), Tree(folder))
    assert "a/index.html" in maker.make({}, drafts=False).changes.written
    assert maker.show(["content/a.md"]).left == ["content/a.md"]
    (site / "content/a.md").write_text("+++\n+++\nOther words.", "utf-8")
    assert "a/index.html" in maker.make({}, drafts=False).changes.written
    assert "Other words." in (folder / "a/index.html").read_text("utf-8")
    maker.close()


# --- kernels that are kept ----------------------------------------------------------------------


class Kernel:
    """What the runner knows of a kernel that is kept; made up."""

    def __init__(self, name: str, used: float, memory: int = 1) -> None:
        self.place = (name, "main")
        self.used = used
        self.open = True
        self._memory = memory

    def memory(self) -> int:
        return self._memory

    def close(self) -> None:
        self.open = False


def left(*kernels: Kernel) -> list[str]:
    """Which of them the runner keeps."""
    one, two = multiprocessing.Pipe()
    with one, two:
        runner = Runner(Path(), Caller({}, sys.executable), one)
        for kernel in kernels:
            runner._keep(kernel)  # type: ignore[arg-type]
    return [kernel.place[0] for kernel in kernels if kernel.open]


def test_kernels_are_kept_for_a_while_and_only_a_few() -> None:
    now = time.monotonic()
    assert left(Kernel("idle", now - IDLE - 1), Kernel("used", now)) == ["used"]
    many = [Kernel(str(number), now + number) for number in range(MOST_KEPT + 2)]
    assert left(*many) == [str(number) for number in range(2, MOST_KEPT + 2)]
    assert left(Kernel("old", now), Kernel("large", now + 1, 1 << 60)) == []
    assert left(Kernel("large", now, 1 << 60), Kernel("new", now + 1)) == ["new"]

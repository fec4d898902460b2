"""What the preview runs and what becomes of it: the process with the kernels, and who tells it."""

from __future__ import annotations

import errno
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from sitegen.content.config import load_config
from sitegen.model import BlockDone, Plan, Queued, SiteConfig, Started, Stream
from sitegen.model.runs import Cell
from sitegen.passes.asked import Caller
from sitegen.serve.board import Board
from sitegen.serve.errands import Errands
from sitegen.serve.news import (
    Drawn,
    Ended,
    Happened,
    News,
    PageJob,
    ShowDrafts,
    StopRuns,
    Told,
    Wanted,
)
from sitegen.serve.runner import IDLE, Runner, _Task
from sitegen.serve.site import SiteMaker, Written
from sitegen.serve.worker import Worker
from sitegen.storage.lock import locked
from sitegen.storage.preview import Tree
from tests.previewing import wait_for
from tests.support import CONFIG, build_site, stored, write_site

CALLER = Caller(dict(os.environ), sys.executable)
CODE = "```python\nprint({})\n```\n"
OTHER = "```python\n#| session: other\nprint({})\n```\n"
BENCH = "```python\n#| bench: sums\ndef one():\n    sum([1])\ndef two():\n    sum([2])\n```\n"
NEVER = f"{CONFIG}auto = 'never'\n"


class Site:
    """A site that is followed in this process: `orders` are what the runner is told to do, `news`
    what the server is told."""

    def __init__(self, root: Path, text: str) -> None:
        self.root = root
        self.write(text)
        write_site(root, {})
        tree = Tree(root / ".sitegen/preview")
        self._maker = SiteMaker(root, CALLER, tree)
        self.news: list[News] = []
        self.orders: list[Wanted] = []
        self.errands = Errands(tree, self.news.append, self.orders.append)
        self.written = self.make()

    def write(self, text: str, config: str = CONFIG) -> None:
        """The text of page `a`."""
        write_site(self.root, {"content/a.md": text}, config)

    def make(self) -> Written:
        """Make the site as it is written now, and tell of it."""
        self.written = self._maker.make(self.errands.today, drafts=False)
        self.errands.know(self.written, asked_over_http=False)
        self.errands.tell()
        return self.written

    def close(self) -> None:
        self._maker.close()

    def press_run(self) -> None:
        self.errands.ask_for("/a/")

    def end(self, job: PageJob, *, stopped: bool = False) -> None:
        """The runner tells that a job has ended, which is followed by a build."""
        self.errands.end(Ended(job, stopped=stopped))
        self.make()

    def jobs(self) -> tuple[PageJob, ...]:
        """What the runner is to do now."""
        return self.orders[-1].jobs

    @property
    def plan(self) -> Plan:
        """The first of the page."""
        return next(d.plans for d in self.written.drafts if d.plans)[0]


Follow = Callable[[str], Site]


@pytest.fixture
def follow(tmp_path: Path) -> Iterator[Follow]:
    """Follows a site of one page with this text; it ends with the test."""
    with ExitStack() as stack:

        def begin(text: str) -> Site:
            site = Site(tmp_path, text)
            stack.callback(site.close)
            return site

        yield begin


# --- what the author asks for ---------------------------------------------------------------


def test_run_that_is_pressed_while_the_page_runs_by_itself_is_not_lost(follow: Follow) -> None:
    site = follow(CODE.format(1) + BENCH)
    (own,) = site.jobs()
    assert (own.asked, len(own.quick)) == (False, 0)
    site.press_run()
    site.errands.tell()
    site.end(own, stopped=True)
    (asked,) = site.jobs()
    assert (asked.asked, len(asked.quick)) == (True, 1)
    site.end(asked)
    assert site.jobs() == ()


def test_run_that_is_pressed_just_before_the_page_has_run_is_not_lost(follow: Follow) -> None:
    site = follow(CODE.format(1) + BENCH)
    (own,) = site.jobs()
    site.press_run()
    site.end(own)
    (asked,) = site.jobs()
    assert (asked.asked, len(asked.quick)) == (True, 1)


def test_run_is_over_when_all_that_it_asked_for_is_there(tmp_path: Path, follow: Follow) -> None:
    site = follow(CODE.format(1))
    (own,) = site.jobs()
    site.press_run()
    build_site(tmp_path)
    site.end(own)
    assert site.jobs() == ()
    site.write(CODE.format(2), NEVER)
    site.make()
    assert site.jobs() == ()


def test_run_is_for_the_code_that_was_there_when_it_was_pressed(follow: Follow) -> None:
    site = follow(CODE.format(1))
    site.write(CODE.format(2), NEVER)
    site.make()
    assert site.jobs() == ()
    site.press_run()
    site.errands.tell()
    (asked,) = site.jobs()
    site.write(CODE.format(3), NEVER)
    site.make()
    assert site.jobs() == ()
    site.end(asked, stopped=True)
    assert site.jobs() == ()


def test_what_an_edit_has_given_up_is_no_try(follow: Follow) -> None:
    site = follow(CODE.format(1) + OTHER.format(2))
    (both,) = site.jobs()
    site.write(CODE.format(1))
    site.make()
    site.end(both, stopped=True)
    (left,) = site.jobs()
    assert [plan.session for plan in left.plans] == ["main"]
    site.end(left, stopped=True)  # by the author
    assert site.jobs() == ()


def test_drafts_wait_also_where_the_site_could_not_be_made_when_they_were_asked_for(
    tmp_path: Path,
) -> None:
    write_site(tmp_path, {"content/a.md": f"+++\ndraft = true\n+++\n{CODE.format(1)}"})
    server, served = multiprocessing.Pipe()
    above, below = multiprocessing.Pipe()
    worker = Worker(tmp_path, CALLER, tmp_path / ".sitegen/preview", served, above, drafts=False)
    worker._build()
    write_site(tmp_path, {}, "title = 3\n")
    worker._take(ShowDrafts(True))
    write_site(tmp_path, {})
    worker._build()
    (told,) = [news for news in received(server) if isinstance(news, Told)]
    assert [page.waits for page in told.pages] == ["main"]
    orders = [order for order in received(below) if isinstance(order, Wanted)]
    assert not any(job.whole or job.asked for order in orders for job in order.jobs)
    worker._maker.close()


def received(line: Connection) -> Iterator[object]:
    """All that is in a line."""
    while line.poll():
        yield line.recv()


# --- what becomes of it ---------------------------------------------------------------------


def done(site: Site, text: str) -> BlockDone:
    """The first block of the page has ended, and has written this."""
    block = site.plan.blocks[0]
    outputs = (Stream("stdout", text),)
    return BlockDone(site.plan, 0, Cell("ok", block.code_digest, None, outputs, None))


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (OSError(errno.ENOSPC, "No space left", "/x"), "cannot be written: `/x`: No space left"),
        (ValueError("oops"), "sitegen itself has failed: ValueError: oops"),
    ],
)
def test_an_output_that_cannot_be_shown_is_a_problem_of_its_page_and_nothing_ends(
    follow: Follow, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    site = follow(CODE.format(1))
    with monkeypatch.context() as broken:
        broken.setattr("sitegen.serve.errands.render_figure", fail)
        assert site.errands.note(done(site, "one"))
        assert not site.errands.note(done(site, "two"))
    (problem,) = site.errands.problems()
    assert message in problem.message
    assert problem.span is not None
    assert problem.span.path == "content/a.md"
    assert not site.errands.note(done(site, "three"))
    assert isinstance(site.news[-1], Drawn)
    assert "three" in site.news[-1].html
    site.errands.note(Queued(site.plan))
    assert site.errands.problems() == []


def test_a_page_whose_last_block_was_removed_has_nothing_to_run_any_more(follow: Follow) -> None:
    site, board = follow(CODE.format(1)), Board(lambda file, line: "")
    site.errands.note(Started(site.plan, 0))
    site.errands.note(done(site, "one"))
    site.errands.tell()
    for news in site.news:
        board.take(news)
    assert board.pages["/a/"].working
    version, count = board.version("/a/"), len(site.news)
    site.write("No code.")
    site.make()
    for news in site.news[count:]:
        board.take(news)
    assert "/a/" not in board.pages
    assert board.version("/a/") != version
    assert board.open("/a/", board.version("/a/"))._figures == {}


# --- the process with the kernels -----------------------------------------------------------


class Kernel:
    """What the runner knows of a kernel that is kept; made up."""

    def __init__(self, name: str) -> None:
        self.place = (name, "main")
        self.used = time.monotonic()
        self.open = True

    def memory(self) -> int:
        return 1

    def close(self) -> None:
        self.open = False

    def stop(self) -> None:
        pass


class Busy(Runner):
    """A runner whose one job lasts until it is told that it has ended."""

    begun, over = threading.Event(), threading.Event()

    def _run(self, task: _Task, stack: ExitStack) -> Ended:
        self.begun.set()
        assert self.over.wait(30)
        return Ended(task.job)


@contextmanager
def running(kind: type[Runner], root: Path) -> Iterator[tuple[Connection, Runner]]:
    """A runner at work in this process, and the line to it; at the end it is gone."""
    here, there = multiprocessing.Pipe()
    runner = kind(root, CALLER, there)
    serving = threading.Thread(target=runner.serve)
    serving.start()
    try:
        yield here, runner
    finally:
        here.close()
        serving.join(30)
        assert not serving.is_alive()


def config_of(root: Path) -> SiteConfig:
    return load_config(root, [])


def test_kernels_that_nobody_uses_end_also_while_something_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sitegen.serve.runner.LOOK", 0.05)
    write_site(tmp_path, {})
    with running(Busy, tmp_path) as (line, runner):
        line.send(Wanted(config_of(tmp_path), (PageJob(1, "a", ()),)))
        assert Busy.begun.wait(30)
        idle, working = Kernel("idle"), Kernel("working")
        runner._working = working  # type: ignore[assignment]
        for kernel in (idle, working):
            runner._keep(kernel)  # type: ignore[arg-type]
            kernel.used = time.monotonic() - IDLE - 1
        wait_for(lambda: not idle.open, limit=10.0)
        assert working.open
        Busy.over.set()


SLOW = "```python\nimport time\nprint('begun')\ntime.sleep(1)\n```\n"


def test_the_lock_is_free_while_a_block_runs_and_the_result_waits_for_its_turn(
    tmp_path: Path,
    follow: Follow,
) -> None:
    (job,) = follow(SLOW).jobs()
    with running(Runner, tmp_path) as (line, _):
        line.send(Wanted(config_of(tmp_path), (job,)))
        heard(line, Started)
        with locked(tmp_path, wait=0.0):
            heard(line, BlockDone)
            time.sleep(0.3)
            assert stored(tmp_path) == []
        ended = line.recv()
        while not isinstance(ended, Ended):
            ended = line.recv()
        assert (ended.stopped, ended.problems) == (False, ())
        assert len(stored(tmp_path)) == 1


def test_a_result_that_waits_for_its_turn_is_given_up_at_once(
    tmp_path: Path, follow: Follow
) -> None:
    (job,) = follow(SLOW).jobs()
    with running(Runner, tmp_path) as (line, _), locked(tmp_path):
        line.send(Wanted(config_of(tmp_path), (job,)))
        heard(line, BlockDone)
        begun = time.monotonic()
        line.send(StopRuns())
        while not isinstance(ended := line.recv(), Ended):
            pass
        assert time.monotonic() - begun < 3.0
        assert (ended.stopped, ended.problems) == (True, ())
        assert stored(tmp_path) == []


def heard(line: Connection, kind: type[Started | BlockDone]) -> None:
    """The runner has told of an event of this kind."""
    while line.poll(60):
        notice = line.recv()
        assert isinstance(notice, Happened), notice
        if isinstance(notice.event, kind):
            return
    raise AssertionError(f"no {kind.__name__}")

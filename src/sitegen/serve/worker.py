"""The process that builds: one thing after another, kept warm, told of changes and of runs."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterable
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import assert_never
from urllib.parse import urlsplit

from sitegen.base.errors import Problem, SiteError, sort_problems
from sitegen.model import (
    BlockDone,
    Cell,
    Chunk,
    Event,
    Failed,
    Finished,
    Plan,
    Queued,
    Run,
    Started,
)
from sitegen.passes.asked import Caller, Draft
from sitegen.serve.figures import cell_so_far, render_figure
from sitegen.serve.news import (
    Built,
    Drawn,
    Ended,
    Happened,
    Look,
    Looking,
    News,
    Notice,
    Order,
    PageJob,
    PageNews,
    Quit,
    RunPage,
    ShowDrafts,
    StopRuns,
    Told,
    Wanted,
)
from sitegen.serve.progress import Progress, page_of, say_page
from sitegen.serve.queue import Memory, Numbers, Page, is_fresh, mark_of, plan_jobs
from sitegen.serve.site import SiteMaker, Written
from sitegen.storage.preview import Changes, Tree

SAID_ELSEWHERE = frozenset({"missing", "stale"})
"""What the preview says at the blocks themselves."""

LEAST_QUIET = 0.1
MOST_QUIET = 3.0
LONGEST_BEHIND = 10.0
"""Seconds: without an edit, after which the site is made again of which one page was shown early;
as long as twice that took last, between these. With edits that never pause, at the latest, or
after 20 times what it took."""

OPEN = 10**9
"""How much sooner than others a page is run that is open in a browser."""


class Worker:
    """Builds when it is told to look, and passes on what blocks give.

    `runner` is the line to the process with the kernels; None: nothing is ever run.
    """

    def __init__(
        self,
        root: Path,
        caller: Caller,
        tree: Path,
        server: Connection,
        runner: Connection | None,
        *,
        drafts: bool,
    ) -> None:
        self._root, self._caller = root, caller
        self._tree = Tree(tree)
        self._maker = SiteMaker(root, caller, self._tree)
        self._server, self._runner = server, runner
        self._drafts = drafts
        self._site: Written | None = None
        self._pages: dict[str, tuple[Draft, Page]] = {}
        self._today: dict[tuple[str, str], Run] = {}
        self._said: dict[str, tuple[Problem, ...]] = {}
        self._memory, self._numbers, self._progress = Memory(), Numbers(), Progress()
        self._marks: dict[int, dict[tuple[str, str], str]] = {}
        self._wanted: tuple[PageJob, ...] = ()
        self._told: dict[str, PageNews] = {}
        self._open: tuple[str, ...] = ()
        self._edits: dict[str, int] = {}
        self._over: list[str] = []
        self._problems: tuple[Problem, ...] = ()
        self._changed: set[str] = set()
        self._due: float | None = None
        self._behind = self._took = 0.0
        self._touched: set[str] | None = None

    def serve(self) -> None:
        """Build, then do as told until there is nobody left to tell."""
        lines = [self._server, *([] if self._runner is None else [self._runner])]
        try:
            self._build()
            while True:
                wait(lines, self._pause())
                due, self._touched = False, set()
                for line in lines:
                    while line.poll():
                        due |= self._take(line.recv())
                due |= bool(self._changed) and not self._show_early()
                if due or self._pause() == 0.0:
                    self._build()
                self._tell()
        except (EOFError, ConnectionError, _Quit):
            self._maker.close()

    def _take(self, message: Order | Notice) -> bool:
        """Whether there is something to build now."""
        if not isinstance(message, Happened):
            self._touched = None  # anything may be otherwise now
        match message:
            case Look(files=files):
                self._changed.update(files or ())
                return files is None
            case RunPage(url=url):
                self._ask_for(url)
            case StopRuns():
                self._order(message)
            case ShowDrafts(shown=shown):
                self._drafts = shown
                self._build(asked_over_http=True)
            case Looking(urls=urls):
                self._open = urls
            case Quit():
                raise _Quit
            case Happened(event=event):
                self._note(event)
            case Ended():
                self._end(message)
                return True
            case _:
                assert_never(message)
        return False

    # --- building -----------------------------------------------------------------------------

    def _pause(self) -> float | None:
        """Seconds until the site is to be made again; None where all is as it is written."""
        return None if self._due is None else max(0.0, self._due - time.monotonic())

    def _show_early(self) -> bool:
        """Show what has changed by itself, and leave all else for a moment without edits; whether
        that could be done."""
        begun = time.monotonic()
        longest = max(LONGEST_BEHIND, 20 * self._took)
        if self._due is not None and begun - self._behind > longest:
            return False
        try:
            seen = self._maker.show(sorted(self._changed))
        except Exception:  # a bug of ours, which need not be one of the build's too
            traceback.print_exc()
            self._tree.tell_all()
            return False
        self._changed.clear()
        if self._due is None:
            self._behind = begun
        self._due = time.monotonic() + min(MOST_QUIET, max(LEAST_QUIET, 2 * self._took))
        for name, (draft, shown) in seen.drafts.items():
            self._pages[name] = (draft, Page(name, draft.plans, shown))
        changes = Changes(seen.written)
        took = time.monotonic() - begun
        told = {(p.code, p.message, p.span and p.span.path) for p in seen.problems}
        others = [
            p for p in self._problems if (p.code, p.message, p.span and p.span.path) not in told
        ]
        if seen.written or seen.problems:
            problems = (*others, *seen.problems)
            self._send(self._say_build(changes, problems, ok=True, seconds=took))
        return not seen.left

    def _build(self, *, asked_over_http: bool = False) -> None:
        """Make the site, put what differs into the tree, and say what is to be said."""
        begun = time.perf_counter()
        self._changed.clear()
        self._due = None
        changes, ok = Changes(), True
        problems: tuple[Problem, ...] = ()
        try:
            site = self._maker.make(self._today, drafts=self._drafts)
            changes = site.changes
        except SiteError as error:
            problems, ok = error.problems, False
        except OSError as error:
            problems, ok = (_about_disk(error),), False
        except Exception as error:  # a bug of ours: nothing that it may have left is used again
            traceback.print_exc()
            problems, ok = (_about_bug(error),), False
            self._maker = SiteMaker(self._root, self._caller, self._tree)
        else:
            problems = site.problems
            self._know(site, asked_over_http=asked_over_http)
        self._problems, self._took = problems, time.perf_counter() - begun
        self._send(self._say_build(changes, problems, ok=ok, seconds=self._took))
        self._tell()

    def _say_build(
        self, changes: Changes, problems: Iterable[Problem], *, ok: bool, seconds: float
    ) -> Built:
        said = [problem for entry in self._said.values() for problem in entry]
        told = [problem for problem in problems if problem.code not in SAID_ELSEWHERE]
        base_url = self._site.config.base_url if self._site else ""
        return Built(
            written=changes.written,
            removed=changes.removed,
            problems=sort_problems([*told, *said]),
            ok=ok,
            base_url=base_url,
            prefix=urlsplit(base_url).path.rstrip("/"),
            kept=self._site.kept if self._site else (),
            drafts=self._drafts,
            pages=self._site.pages if self._site else 0,
            seconds=round(seconds, 3),
        )

    def _know(self, site: Written, *, asked_over_http: bool) -> None:
        """Take the site for what there is now."""
        before, self._site = self._pages, site
        self._pages = {
            draft.document.source.name: (draft, page_of(draft, site.shown))
            for draft in site.drafts
            if draft.plans
        }
        for name, (_, page) in self._pages.items():
            known = before.get(name)
            if known is None and asked_over_http:
                self._memory.held.add(name)
            elif known is not None and _keys(known[1]) != _keys(page):
                self._memory.held.discard(name)
                self._edits[name] = max(self._edits.values(), default=0) + 1
                self._said.pop(name, None)
        plans = {
            (plan.page, plan.session): plan.key
            for _, page in self._pages.values()
            for plan in page.plans
        }
        for place, run in list(self._today.items()):
            if plans.get(place) != run.key:
                del self._today[place]
                self._memory.alone.discard(place)
        for name in self._said.keys() - self._pages.keys():
            del self._said[name]

    # --- running ------------------------------------------------------------------------------

    def _ask_for(self, url: str) -> None:
        """The author wants a page run: what is not fresh, or all of it again."""
        for name, (draft, page) in self._pages.items():
            if draft.document.url == url:
                fresh = all(
                    is_fresh(plan, page.shown) and (name, plan.session) not in self._memory.alone
                    for plan in page.plans
                )
                (self._memory.again if fresh else self._memory.asked).add(name)
                self._memory.held.discard(name)

    def _tell(self) -> None:
        """Tell the runner what is wanted now, and the server what has changed of that."""
        if self._site is not None and self._runner is not None and self._touched is None:
            pages = [page for _, page in self._pages.values()]
            jobs = tuple(plan_jobs(pages, self._memory, self._numbers, self._ranks()))
            if _numbers(jobs) != _numbers(self._wanted):
                self._marks = {
                    job.number: self._marks.get(job.number)
                    or {
                        (plan.page, plan.session): mark_of(plan)
                        for plan in (*job.plans, *job.quick)
                    }
                    for job in jobs
                }
                self._wanted = jobs
                self._order(Wanted(self._site.config, jobs))
        news = []
        names = self._pages.keys() if self._touched is None else self._touched
        for name in names:
            draft, page = self._pages[name]
            said = say_page(
                draft, page, self._memory, self._progress, runs=self._runner is not None
            )
            if self._told.get(name) != said:
                self._told[name] = said
                news.append(said)
        if news or self._over:
            self._send(Told(tuple(news), tuple(self._over)))
            self._over.clear()

    def _ranks(self) -> dict[str, int]:
        open_names = {
            name: OPEN
            for name, (draft, _) in self._pages.items()
            if draft.document.url in self._open
        }
        return {
            name: self._edits.get(name, 0) + open_names.get(name, 0)
            for name in self._edits.keys() | open_names.keys()
        }

    def _note(self, event: Event) -> None:
        """Follow an event of execution, where it is still about what is written."""
        found = self._current(event.plan)
        if found is None:
            return
        draft, plan = found
        if self._touched is not None:
            self._touched.add(plan.page)
        match event:
            case Started(block=block):
                self._progress.begin(plan, block, time.time())
            case Chunk(block=block, outputs=outputs):
                self._draw(draft, plan, block, cell_so_far(plan.blocks[block], outputs))
            case BlockDone(block=block, cell=cell):
                self._progress.end(plan, block)
                self._draw(draft, plan, block, cell)
            case Queued() | Finished() | Failed():
                pass
            case _:
                assert_never(event)

    def _current(self, plan: Plan) -> tuple[Draft, Plan] | None:
        """The draft of a plan's page as it is now, with its plan of the same key."""
        found = self._pages.get(plan.page)
        for now in found[1].plans if found else ():
            if found and (now.session, now.key) == (plan.session, plan.key):
                return found[0], now
        return None

    def _draw(self, draft: Draft, plan: Plan, place: int, cell: Cell) -> None:
        """Show a block as it is now; a benchmark when it is whole, unless it failed."""
        last = place == len(plan.blocks) - 1
        if plan.bench is not None and not (last and cell.status == "failed"):
            return
        shown = self._site.shown.get(plan.page, ()) if self._site else ()
        rendered = render_figure(draft.document, plan, place, cell, shown)
        if rendered.html:
            files = self._tree.add(rendered.files)
            block = plan.blocks[place]
            self._send(Drawn(draft.document.url, block.id, rendered.html, files))

    def _end(self, ended: Ended) -> None:
        """Note what became of a job."""
        job = ended.job
        runs = {(run.page, run.session): run for run in (*ended.runs, *ended.quick)}
        quick = {(run.page, run.session) for run in ended.quick}
        marks = self._marks.get(job.number, {})
        for plan in (*job.plans, *job.quick):
            place = (plan.page, plan.session)
            if place in runs:
                self._today[place] = runs[place]
                if not ended.alone:
                    self._memory.took[place] = runs[place].seconds
            elif not ended.alone and not ended.stopped:
                self._today.pop(place, None)
                self._memory.took.pop(place, None)
            if (ended.alone and place in runs) or place in quick:
                self._memory.alone.add(place)
            if not ended.alone and place in quick:
                self._memory.tried[place] = marks.get(place, "")
            elif not ended.alone:
                self._memory.tried[place] = marks.get(place, "")
                if not ended.stopped:
                    self._memory.alone.discard(place)
        self._progress.forget(job.page)
        if not ended.alone:
            self._numbers.end(job)
            self._memory.asked.discard(job.page)
            self._memory.again.discard(job.page)
            self._said[job.page] = ended.problems
        if job.page in self._pages:
            self._over.append(self._pages[job.page][0].document.url)

    def _order(self, order: Order | Wanted) -> None:
        if self._runner is not None:
            self._runner.send(order)

    def _send(self, news: News) -> None:
        self._server.send(news)


class _Quit(Exception):  # noqa: N818 (no error: it was asked for)
    """All is to end."""


def _keys(page: Page) -> list[str]:
    return [plan.key for plan in page.plans]


def _numbers(jobs: Iterable[PageJob]) -> list[int]:
    return [job.number for job in jobs]


def _about_disk(error: OSError) -> Problem:
    message = f"the preview cannot be written: `{error.filename}`: {error.strerror}"
    return Problem("fatal", "preview", message)


def _about_bug(error: Exception) -> Problem:
    message = f"sitegen itself has failed: {type(error).__name__}: {error}"
    help = ("the terminal shows where; what was last built is served", "please report it")
    return Problem("fatal", "bug", message, help=help)

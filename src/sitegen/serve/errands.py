"""What is to be run of the site, and what becomes of it, as the worker follows it."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import assert_never

from sitegen.base.errors import Problem
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
    Shown,
    Started,
)
from sitegen.passes.asked import Draft
from sitegen.serve.failures import about_error
from sitegen.serve.figures import cell_so_far, render_figure
from sitegen.serve.news import Drawn, Ended, News, PageJob, PageNews, Told, Wanted
from sitegen.serve.progress import Progress, page_of, say_page
from sitegen.serve.queue import Memory, Numbers, Page, is_fresh, mark_of, plan_jobs
from sitegen.serve.site import Written
from sitegen.storage.preview import Tree

OPEN = 10**9
"""How much sooner than others a page is run that is open in a browser."""


class Errands:
    """The pages that have something to run: what is wanted of them, what runs, what came of it.

    `order` tells the process with the kernels what is wanted; None: nothing is ever run. `today`
    are runs that are shown and not stored, by page and session.
    """

    def __init__(
        self,
        tree: Tree,
        send: Callable[[News], None],
        order: Callable[[Wanted], None] | None,
    ) -> None:
        self.today: dict[tuple[str, str], Run] = {}
        self._tree, self._send, self._order = tree, send, order
        self._site: Written | None = None
        self._pages: dict[str, tuple[Draft, Page]] = {}
        self._said: dict[str, tuple[Problem, ...]] = {}
        self._failed: dict[tuple[str, str], Problem] = {}  # by page and session
        self._memory, self._numbers, self._progress = Memory(), Numbers(), Progress()
        self._marks: dict[int, dict[tuple[str, str], str]] = {}
        self._wanted: tuple[PageJob, ...] = ()
        self._told: dict[str, PageNews] = {}
        self._open: tuple[str, ...] = ()
        self._edits: dict[str, int] = {}
        self._over: list[str] = []
        self._touched: set[str] | None = None  # None: anything may be otherwise now

    def problems(self) -> list[Problem]:
        """What only running has met."""
        said = [problem for entry in self._said.values() for problem in entry]
        return [*said, *self._failed.values()]

    def look_at(self, urls: tuple[str, ...]) -> None:
        """These pages are open: they are run before others."""
        self._open, self._touched = urls, None

    def renew(self, drafts: Mapping[str, tuple[Draft, tuple[Shown, ...]]]) -> None:
        """The text of these pages is otherwise, and what they run is not."""
        for name, (draft, shown) in drafts.items():
            self._pages[name] = (draft, Page(name, draft.plans, shown))
        self._touched = None

    def know(self, site: Written, *, asked_over_http: bool) -> None:
        """Take the site for what there is now."""
        before, self._site = self._pages, site
        self._touched = None
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
                if any(job.page == name and job.asked for job in self._wanted):
                    self._forget_asked(name)  # that was for what was written then
        plans = {
            (plan.page, plan.session): plan.key
            for _, page in self._pages.values()
            for plan in page.plans
        }
        self._failed = {place: self._failed[place] for place in self._failed.keys() & plans.keys()}
        for place, run in list(self.today.items()):
            if plans.get(place) != run.key:
                del self.today[place]
                self._memory.alone.discard(place)
        for name in self._said.keys() - self._pages.keys():
            del self._said[name]

    def ask_for(self, url: str) -> None:
        """The author wants a page run: what is not fresh, or all of it again."""
        self._touched = None
        for name, (draft, page) in self._pages.items():
            if draft.document.url == url:
                fresh = all(
                    is_fresh(plan, page.shown) and (name, plan.session) not in self._memory.alone
                    for plan in page.plans
                )
                (self._memory.again if fresh else self._memory.asked).add(name)
                self._memory.held.discard(name)

    def _forget_asked(self, name: str) -> None:
        self._memory.asked.discard(name)
        self._memory.again.discard(name)

    def tell(self) -> None:
        """Tell the runner what is wanted now, and the server what has changed of that."""
        if self._site is not None and self._order is not None and self._touched is None:
            pages = [page for _, page in self._pages.values()]
            jobs = tuple(plan_jobs(pages, self._memory, self._numbers, self._ranks()))
            for name in (self._memory.asked | self._memory.again) - {job.page for job in jobs}:
                self._forget_asked(name)  # all that it asked for is there
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
            said = say_page(draft, page, self._memory, self._progress, runs=self._order is not None)
            if self._told.get(said.url) != said:
                self._told[said.url] = said
                news.append(said)
        gone = self._gone() if self._touched is None else ()
        if news or self._over or gone:
            self._send(Told(tuple(news), tuple(self._over), gone))
            self._over.clear()
        self._touched = set()

    def _gone(self) -> tuple[str, ...]:
        """The addresses of pages that were told of and have nothing to run any more."""
        gone = self._told.keys() - {draft.document.url for draft, _ in self._pages.values()}
        for url in gone:
            del self._told[url]
        return tuple(sorted(gone))

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

    def note(self, event: Event) -> bool:
        """Follow an event of execution, where it is still about what is written; whether that has
        failed as it had not before."""
        found = self._current(event.plan)
        if found is None:
            return False
        draft, plan = found
        if self._touched is not None:
            self._touched.add(plan.page)
        try:
            self._follow(event, draft, plan)
        except ConnectionError:  # nobody is left to tell
            raise
        except Exception as error:  # a full disk, or a bug of ours: all else goes on
            known = (plan.page, plan.session) in self._failed
            if not known:
                traceback.print_exc()
                self._failed[plan.page, plan.session] = about_error(error, plan.span)
            return not known
        return False

    def _follow(self, event: Event, draft: Draft, plan: Plan) -> None:
        match event:
            case Started(block=block):
                self._progress.begin(plan, block, time.time())
            case Chunk(block=block, outputs=outputs):
                self._draw(draft, plan, block, cell_so_far(plan.blocks[block], outputs))
            case BlockDone(block=block, cell=cell):
                self._progress.end(plan, block)
                self._draw(draft, plan, block, cell)
            case Queued():
                self._failed.pop((plan.page, plan.session), None)
                self._progress.expect(plan)
            case Finished() | Failed():
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

    def end(self, ended: Ended) -> None:
        """Note what became of a job."""
        self._touched = None
        job = ended.job
        runs = {(run.page, run.session): run for run in (*ended.runs, *ended.quick)}
        quick = {(run.page, run.session) for run in ended.quick}
        marks = self._marks.get(job.number, {})
        for plan in (*job.plans, *job.quick):
            place = (plan.page, plan.session)
            if place in runs:
                self.today[place] = runs[place]
                if not ended.alone:
                    self._memory.took[place] = runs[place].seconds
            elif not ended.alone and not ended.stopped:
                self.today.pop(place, None)
                self._memory.took.pop(place, None)
            if (ended.alone and place in runs) or place in quick:
                self._memory.alone.add(place)
            if not ended.alone:
                self._memory.tried[place] = marks.get(place, "")
            if not ended.alone and not ended.stopped and place not in quick:
                self._memory.alone.discard(place)
        self._progress.forget(job.page)
        if not ended.alone:
            if self._numbers.end(job) and job.asked:
                self._forget_asked(job.page)
            self._said[job.page] = ended.problems
        if job.page in self._pages:
            self._over.append(self._pages[job.page][0].document.url)


def _keys(page: Page) -> list[str]:
    return [plan.key for plan in page.plans]


def _numbers(jobs: Iterable[PageJob]) -> list[int]:
    return [job.number for job in jobs]

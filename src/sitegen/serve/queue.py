"""What is to be run, of all that a site could run: decided anew after each build."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from sitegen.model import Plan, Shown
from sitegen.serve.news import PageJob

PlanState = Literal["fresh", "tried", "waiting", "queued"]
"""`tried`: run as it is, and not stored; `waiting`: for the author's word."""

Place = tuple[str, str]
"""A page and a session."""


class Page(msgspec.Struct, frozen=True):
    """A page that has something to run: its plans in order, and what it shows for them."""

    name: str
    plans: tuple[Plan, ...]
    shown: tuple[Shown, ...]


class Memory(msgspec.Struct):
    """What is remembered from build to build.

    `tried` are plans that were run in vain, by a mark of all that they depend on; of those in
    `alone` only the last blocks were run; `took` is how long a session took last. `asked` are the
    pages whose author wants them run, `again` those whose fresh results too; `held` pages wait
    whatever they took.
    """

    tried: dict[Place, str] = {}
    alone: set[Place] = set()
    took: dict[Place, float] = {}
    asked: set[str] = set()
    again: set[str] = set()
    held: set[str] = set()


def mark_of(plan: Plan) -> str:
    """What changes when a plan is worth another try: its key, or a file beside its page."""
    files = []
    for asset in plan.assets:
        try:
            status = asset.file.stat()
        except OSError:
            continue
        files.append(f"{asset.path} {status.st_size} {status.st_mtime_ns}")
    return "\n".join([plan.key, *files])


def plan_states(page: Page, memory: Memory) -> dict[str, PlanState]:
    """How it stands with each plan of a page, by session."""
    states: dict[str, PlanState] = {}
    blocked = False
    for plan in page.plans:
        state = _state(plan, page, memory)
        if plan.bench is None:
            state = "waiting" if state == "queued" and blocked else state
            blocked = blocked or state == "waiting"
        states[plan.session] = state
    return states


def _state(plan: Plan, page: Page, memory: Memory) -> PlanState:
    place = (plan.page, plan.session)
    if page.name in memory.again and plan.bench is None:
        return "queued"
    if is_fresh(plan, page.shown) and place not in memory.alone:
        return "fresh"
    if page.name in memory.asked:
        return "queued"
    if memory.tried.get(place) == mark_of(plan):
        return "tried"
    limit, took = plan.execute.auto, _took(plan, page.shown, memory)
    slow = took is not None and limit is not None and took > limit
    if limit is None or slow or plan.bench is not None or page.name in memory.held:
        return "waiting"
    return "queued"


def is_fresh(plan: Plan, shown: Sequence[Shown]) -> bool:
    """Whether all that the page needs of a plan is there, of its code as it is now."""
    fresh = {
        entry.run.device.name
        for entry in shown
        if entry.plan.session == plan.session and not entry.stale and not entry.run.failed
    }
    return fresh.issuperset(plan.execute.devices) if plan.execute.devices else bool(fresh)


def _took(plan: Plan, shown: Sequence[Shown], memory: Memory) -> float | None:
    """Seconds that the session took last, None where it never ran."""
    known = memory.took.get((plan.page, plan.session))
    if known is not None:
        return known
    runs = [entry.run for entry in shown if entry.plan.session == plan.session]
    return max(runs, key=lambda run: run.started).seconds if runs else None


class Numbers:
    """Gives each job a number: the same while it asks for the same, and has not ended."""

    def __init__(self) -> None:
        self._last = 0
        self._known: dict[str, tuple[object, int]] = {}

    def of(self, job: PageJob) -> PageJob:
        """The job with its number."""
        keys = tuple(plan.key for plan in (*job.plans, *job.quick))
        same = (keys, job.whole, job.asked, job.refresh)
        known = self._known.get(job.page)
        if known is None or known[0] != same:
            self._last += 1
            known = self._known[job.page] = (same, self._last)
        return msgspec.structs.replace(job, number=known[1])

    def end(self, job: PageJob) -> bool:
        """The job has ended: what asks for the same from now on is another. Whether it was the
        last that its page asked for."""
        current = self._known.get(job.page, (None, 0))[1] == job.number
        if current:
            del self._known[job.page]
        return current


def plan_jobs(
    pages: Iterable[Page], memory: Memory, numbers: Numbers, first: Mapping[str, int]
) -> Iterator[PageJob]:
    """What is to be run now; pages that `first` ranks higher come before others."""
    for page in sorted(pages, key=lambda page: (-first.get(page.name, 0), page.name)):
        states = plan_states(page, memory)
        queued = [plan for plan in page.plans if states[plan.session] == "queued"]
        sessions = [plan for plan in page.plans if plan.bench is None]
        quick = tuple(plan for plan in queued if plan.bench is not None)
        needing = [p for p in sessions if states[p.session] in ("queued", "waiting")]
        whole = bool(queued)
        if not whole and (not needing or needing[0].execute.auto is None):
            continue
        last = [plan for plan in sessions if plan in queued][-1:] or needing[:1]
        count = sessions.index(last[0]) + 1 if last else 0
        plans = tuple(sessions if quick else sessions[:count])
        asked, again = page.name in memory.asked, page.name in memory.again
        devices = tuple(sorted({entry.run.device.name for entry in page.shown}))
        job = PageJob(0, page.name, plans, whole, asked or again, again, devices, quick)
        yield numbers.of(job)

"""How far the blocks of a site are: what runs, what waits, what is shown."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from sitegen.model import MAIN, Block, Plan, Shown
from sitegen.passes.asked import Draft
from sitegen.serve.news import BlockNews, BlockState, Fresh, PageNews
from sitegen.serve.queue import Memory, Page, plan_states

Places = dict[int, tuple[BlockState, float | None]]
"""The blocks of a session by their place in its plan: how far they are, and since when."""


class Progress:
    """The sessions that run now, by page, and since when others are queued."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._pages: dict[str, dict[str, Places]] = {}
        self._queued: dict[tuple[str, str], tuple[str, float]] = {}
        self._clock = clock

    def expect(self, plan: Plan) -> None:
        """The session is about to run: its kernel is being started."""
        self._places(plan)

    def begin(self, plan: Plan, place: int, now: float) -> None:
        """A block has been started."""
        self._places(plan)[place] = ("running", now)

    def end(self, plan: Plan, place: int) -> None:
        """A block has ended."""
        self._places(plan)[place] = ("done", None)

    def forget(self, page: str) -> None:
        """Nothing of the page runs any more."""
        self._pages.pop(page, None)

    def queued_since(self, plan: Plan, *, queued: bool) -> float | None:
        """Since when the plan is queued, of which it is known whether it is now."""
        place = (plan.page, plan.session)
        if not queued:
            self._queued.pop(place, None)
            return None
        if self._queued.get(place, ("", 0.0))[0] != plan.key:
            self._queued[place] = (plan.key, self._clock())
        return self._queued[place][1]

    def of(self, page: str) -> Mapping[str, Places]:
        """What runs of a page, by session."""
        return self._pages.get(page, {})

    def _places(self, plan: Plan) -> Places:
        return self._pages.setdefault(plan.page, {}).setdefault(plan.session, {})


def page_of(draft: Draft, shown: Mapping[str, tuple[Shown, ...]]) -> Page:
    """What a draft has to run, and what it shows for that."""
    name = draft.document.source.name
    return Page(name, draft.plans, shown.get(name, ()))


def say_page(
    draft: Draft, page: Page, memory: Memory, progress: Progress, *, runs: bool
) -> PageNews:
    """What the preview says of a page; `runs` tells that anything may be run at all."""
    running = progress.of(page.name)
    states = plan_states(page, memory) if runs else {}
    blocks = []
    for plan in page.plans:
        usual = _usual(states.get(plan.session, "fresh"), plan, page)
        queued = progress.queued_since(plan, queued=usual == "queued")
        known = running.get(plan.session, {})
        own = (
            len(plan.blocks) - 1 if plan.bench is not None else 0
        )  # what it needs is its session's
        for place, block in enumerate(plan.blocks[own:], own):
            state, since = known.get(place, (usual, queued))
            blocks.append(_say_block(block, state, since))
    waits = [plan.session for plan in page.plans if states.get(plan.session) == "waiting"]
    return PageNews(
        url=draft.document.url,
        blocks=tuple(blocks),
        results=tuple(_results(page, memory)),
        working=bool(running),
        waits=" and ".join(waits),
    )


def _say_block(block: Block, state: BlockState, since: float | None) -> BlockNews:
    return BlockNews(block.id, block.span.path, block.span.line, state, since)


def _usual(state: str, plan: Plan, page: Page) -> BlockState:
    """How far the blocks of a session are that does not run."""
    if state == "queued":
        return "queued"
    if state == "waiting":
        return "waiting"
    stale = any(entry.stale for entry in page.shown if entry.plan.session == plan.session)
    return "stale" if stale else "shown"


def _results(page: Page, memory: Memory) -> Iterator[Fresh]:
    for entry in page.shown:
        session, run = entry.plan.session, entry.run
        yield Fresh(
            session="" if session == MAIN else session,
            device=run.device.label or run.device.name,
            started=run.started.isoformat(),
            stale=entry.stale,
            failed=run.failed,
            alone=(page.name, session) in memory.alone and entry.plan.bench is None,
            quick=(page.name, session) in memory.alone and entry.plan.bench is not None,
        )

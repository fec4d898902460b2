"""Between runs and bodies: every claim and every number of a page judged by what it shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from sitegen.base.errors import Problem
from sitegen.benchmarks import Judged, Said
from sitegen.claims import About, ClaimError, Judgement
from sitegen.content.ties import claims_of
from sitegen.measure.answers import Page, about_absent, about_claim
from sitegen.measure.evidence import Ground, bench_ground
from sitegen.measure.grammar import parse_claim
from sitegen.measure.grounds import PageGrounds, bench_grounds, stored_values, value_grounds
from sitegen.measure.judge import judge_claim, worst
from sitegen.measure.prose import answer_tie, judge_said
from sitegen.model import Block, Document, Plan, Run, Shown
from sitegen.passes.asked import Draft
from sitegen.storage.measurements import Store, load_store


class History:
    """All stored runs of a site, read when a text first names a day; `named` gives a run the name
    that its device has today."""

    def __init__(self, root: Path, named: Callable[[Run], Run]) -> None:
        self._root = root
        self._named = named

    @cached_property
    def _store(self) -> Store:
        return load_store(self._root)

    def runs(self, plan: Plan, day: dt.date) -> list[Run]:
        """The author's runs of a plan on a day, in UTC: the last one of each device."""
        found: dict[str, Run] = {}
        runs = (*self._store.of_page(plan.page, plan.session), *self._store.of_key(plan.key))
        for run in sorted(runs, key=lambda run: (run.started, run.key)):
            if run.by is None and run.started.astimezone(dt.UTC).date() == day:
                named = self._named(run)
                found[named.device.name] = named
        return [self._store.with_blobs(run) for run in found.values()]


def judge_site(
    drafts: Iterable[Draft],
    shown: Mapping[str, Sequence[Shown]],
    history: History,
    problems: list[Problem],
) -> dict[str, Judgement]:
    """What the measurements say of each page, by its path; what they stand against is told to
    `problems`."""
    return {
        draft.document.source.path: judge_page(
            draft, shown.get(draft.document.source.name, ()), history, problems
        )
        for draft in drafts
        if draft.document.ties
        or any(block.bench or block.expect for block in draft.document.blocks)
    }


def judge_page(
    draft: Draft, shown: Sequence[Shown], history: History, problems: list[Problem]
) -> Judgement:
    """What the runs that a page shows say of its links and of the claims of its blocks."""
    document = draft.document
    grounds = PageGrounds(
        benches=bench_grounds(shown),
        values=value_grounds(shown),
        pinned=lambda name, day: _pinned(draft.plans, history, name, day),
    )
    corrections = dict(_corrections(document.blocks))
    noise = document.meta.measure.noise
    page = Page(grounds, noise, corrections, _hrefs(document, grounds))
    answers = [answer_tie(tied, page) for tied in document.ties]
    problems += (answer.problem for answer in answers if answer.problem is not None)
    expects: dict[int, tuple[Judged, ...]] = {}
    for block, said, about in claims_of(document.blocks):
        judged = _expected(block, said, about, page, problems)
        if judged is not None:
            expects[block.index] = (*expects.get(block.index, ()), judged)
    return Judgement(
        links=tuple(answer.says for answer in answers),
        expects=expects,
        fixes=tuple(answer.fix for answer in answers if answer.fix is not None),
    )


def _pinned(plans: Sequence[Plan], history: History, name: str, day: dt.date) -> tuple[Ground, ...]:
    """The stored runs of a day: of a benchmark, or of all other sessions for ""."""
    if not name:
        sessions = [plan for plan in plans if plan.bench is None]
        return stored_values(run for plan in sessions for run in history.runs(plan, day))
    return tuple(
        bench_ground(plan.bench, run)
        for plan in plans
        if plan.bench is not None and plan.bench.name == name
        for run in history.runs(plan, day)
        if run.benchmark is not None
    )


def _hrefs(document: Document, grounds: PageGrounds) -> dict[str, str]:
    """Where each benchmark and each value is shown, as internal links."""
    found: dict[str, str] = {}
    page = f"@/{quote(document.source.path)}"
    charts = {image.tie.name for image in document.bench_images}
    for block in document.blocks:
        if block.show.include:
            found |= {f"value:{name}": f"#{block.id}" for name in block.run.values}
        name = block.bench.name if block.bench is not None else ""
        if name and (block.show.include or name in charts):
            own = f"#{block.id}" if block.show.include else ""
            found[name] = f"#bench-{name}" if grounds.of(name) else own
    return {name: page + href for name, href in found.items() if href}


def _corrections(blocks: Sequence[Block]) -> Iterator[tuple[str, str]]:
    """What is said of fallen claims, by benchmark and by value."""
    for block in blocks:
        if block.bench is not None and block.bench.correction is not None:
            yield block.bench.name, block.bench.correction.text
        if block.correction is not None:
            for name in block.run.values:
                yield f"value:{name}", block.correction.text


def _expected(
    block: Block, said: Said, about: About, page: Page, problems: list[Problem]
) -> Judged | None:
    """A claim of a block; None where nothing was measured to judge it by."""
    try:
        claim = parse_claim(said.text, about)
    except ClaimError:
        return None  # told when the text was read
    name = block.bench.name if block.bench is not None else ""
    correction = block.correction if block.bench is None else block.bench.correction
    where = claim.where
    findings = judge_claim(claim, page.grounds.of(name, where.on, where.as_of), page.noise)
    found = worst(findings)
    if found is None:
        absent = about_absent(where, page.grounds.of(name), said.span, said.excerpt)
        problems += () if absent is None else (absent,)
        return None
    text = correction.text if correction is not None else ""
    judged = judge_said(claim, findings, said.span, said.excerpt, text)
    problem = about_claim(judged, found.why)
    problems += () if problem is None else (problem,)
    return judged

"""Pages that are run, or that nobody can tell to be still right: the first process makes them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sitegen.base.address import permalink
from sitegen.base.errors import Problem
from sitegen.claims import Judgement
from sitegen.content.snippets import Snippets
from sitegen.execute.host import Hosts
from sitegen.execute.stored import Asked, Settled, settle_runs
from sitegen.model import Page, Shown, SiteConfig
from sitegen.passes.asked import Caller, Draft, Watch
from sitegen.passes.desk import Desk
from sitegen.passes.judge import History, judge_site
from sitegen.passes.kept import Kept
from sitegen.passes.parse import read_draft
from sitegen.passes.press import Pressed, parsed_since, put_away
from sitegen.render.body import NOTHING_JUDGED, render_body
from sitegen.render.covers import asked_by_cover
from sitegen.render.export.downloads import render_downloads
from sitegen.render.feed_body import feed_html
from sitegen.render.needs import find_output_problems


class Asking(NamedTuple):
    """Who asks for a build, who is told of runs, and what may be run."""

    caller: Caller
    watch: Watch
    runs: Asked


def read_live(
    desk: Desk, snippets: Snippets, pressed: Pressed, problems: list[Problem]
) -> list[Draft]:
    """The drafts of what the processes have left, by path; the dates of those that are held back
    until then, and what they have looked at, go to `pressed`."""
    kept, drafts = desk.kept, []
    kept.begin(desk.config)
    for origin, body in pressed.left:
        known = kept.draft(origin)
        if known is None:
            found: list[Problem] = []
            begun = time.perf_counter()
            draft = read_draft(origin, body, desk.config, found, snippets)
            pressed.parsed.append(parsed_since(begun, origin.source.path))
            kept.keep_draft(origin, draft, found)
            known = draft, tuple(found)
        problems += known[1]
        pressed.asked.update(known[0].document.asked)
        if desk.holds(origin.meta):
            pressed.held.append(origin.meta.date)
        else:
            drafts.append(known[0])
    return sorted(drafts, key=lambda draft: draft.document.source.path)


def settle_live(
    drafts: Sequence[Draft], hosts: Hosts, desk: Desk, asking: Asking, problems: list[Problem]
) -> Settled:
    """What the pages show of runs; what must run is run."""
    plans = [plan for draft in drafts for plan in draft.plans]
    settled = settle_runs(plans, desk.config.root, hosts, asking.runs, asking.watch)
    problems += settled.problems
    return settled


def render_live(
    drafts: Sequence[Draft],
    shown: Mapping[str, Sequence[Shown]],
    hosts: Hosts,
    desk: Desk,
    pressed: Pressed,
    problems: list[Problem],
) -> None:
    """The pages put away, and all that they publish beside themselves on the stage."""
    fed = makes_feeds(desk.config)
    history = History(desk.config.root, hosts.named)
    judged = judge_site(drafts, shown, history, problems)
    for draft in drafts:
        document = draft.document
        runs = shown.get(document.source.name, ())
        judgement = judged.get(document.source.path, NOTHING_JUDGED)
        begun = time.perf_counter()
        page = page_of(draft, runs, judgement, desk.kept)
        pressed.parsed.append(parsed_since(begun, page.card.path, page.highlighting))
        feed = feed_html(document, runs, judgement) if fed and document.meta.date else None
        fragment = put_away(page, "", desk, (), fed=feed)
        pressed.fragments[fragment.path] = fragment
        pressed.asked.update(asked_by_cover(page.card, desk.config))
        for found in runs:
            problems += find_output_problems(found, trust=document.meta.execute.trust_output)
        for file in document.files:
            desk.put(file)
    base = desk.config.base_url
    addresses = {path: permalink(base, url) for path, url in pressed.urls.items()}
    documents = [draft.document for draft in drafts]
    for file in render_downloads(documents, shown, addresses, judged):
        desk.put(file)


def makes_feeds(config: SiteConfig) -> bool:
    """Whether the site may have feeds; sections ask for their own."""
    kinds = [kind for language in config.languages for kind in language.taxonomies]
    feeds = any(language.generate_feeds for language in config.languages)
    return feeds or any(kind.feed for kind in kinds)


def page_of(draft: Draft, shown: Sequence[Shown], judgement: Judgement, kept: Kept) -> Page:
    """The page of a draft, as it was kept or made now."""
    page = kept.page(draft, shown, judgement)
    if page is None:
        page = render_body(draft.document, shown, judgement)
        kept.keep_page(draft, shown, judgement, page)
    return page

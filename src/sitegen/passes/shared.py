"""A build as one of its processes goes through it: its share of every pass, and what all must know.

The first process alone runs what is to be run, decides what is stale, and publishes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sitegen.base.errors import Problem
from sitegen.content.future import say_held
from sitegen.content.snippets import Snippets
from sitegen.content.source import Named
from sitegen.execute.host import Hosts
from sitegen.execute.stored import Settled
from sitegen.model import Artifact, Parsed, Rendered
from sitegen.passes.asked import Clock, Draft, stop_if_fatal
from sitegen.passes.desk import Desk, Put
from sitegen.passes.facts import Facts
from sitegen.passes.finish import do_jobs, open_facts, open_shared_book, rendered_by
from sitegen.passes.live import Asking, read_live, render_live, settle_live
from sitegen.passes.memory import Done
from sitegen.passes.outcome import Outcome, join_ledgers, plan_outcome, publish_outcome
from sitegen.passes.press import Pressed, press
from sitegen.passes.share import Share
from sitegen.render.book import Book
from sitegen.render.jobs import Job
from sitegen.render.pages import render_site
from sitegen.render.reads import Read
from sitegen.storage.fragments import Fragment
from sitegen.storage.publish import Published


class Ground(NamedTuple):
    """What a page of the site can be rendered on by itself, as long as nothing else has changed;
    `all_known`: it is known of each file that was rendered what it shows."""

    book: Book
    snippets: Snippets
    facts: Facts
    all_known: bool


class Told(NamedTuple):
    """What came of a build; `reasons` say why each file was rendered, `drafts` what was read of
    pages that are run. `asked` is what templates have looked at besides pages, None where more than
    the site's files has a part in what pages show."""

    pages: int
    settled: Settled
    published: Published
    advice: tuple[str, ...]
    reasons: tuple[str, ...]
    parsed: tuple[Parsed, ...]
    rendered: tuple[Rendered, ...]
    asked: frozenset[Read] | None = None
    drafts: tuple[Draft, ...] = ()
    ground: Ground | None = None


def go_through(
    share: Share,
    desk: Desk,
    names: Sequence[Named],
    asking: Asking,
    problems: list[Problem],
    clock: Clock,
) -> Told | None:
    """The build; the first process knows what came of it. Raises SiteError there, where nothing can
    be published; the others then end."""
    if not share.first:
        desk.store.write_as(share.number)
    mine = problems if share.first else []
    with clock.stage("parse"):
        pressed, snippets = press(share, desk, names, mine)
        _hear_others(share, pressed, mine)
    drafts: list[Draft] = []
    settled = Settled()
    if share.first:
        drafts = read_live(desk, snippets, pressed, problems)
        stop_if_fatal(problems)
        hosts = Hosts(desk.config, asking.caller.environ, asking.caller.python)
        with clock.stage("run"):
            settled = settle_live(drafts, hosts, desk, asking, problems)
        stop_if_fatal(problems)
        with clock.stage("bodies"):
            render_live(drafts, settled.shown, hosts, desk, pressed, problems)
    with clock.stage("assemble"):
        fragments = _exchange(share, desk, pressed.fragments)
        facts = open_facts(fragments, desk.config, problems if share.first else [])
        if share.first:
            desk.store.keep(fragments.values())
        mistakes: list[Problem] = []
        book = open_shared_book(facts, desk, mistakes)
        made = list(render_site(book))
        jobs = [entry for entry in made if isinstance(entry, Job)]
        outcome = plan_outcome(jobs, facts, desk, book.common, problems) if share.first else None
        stale = share.tell(outcome.stale if outcome else [])
    with clock.stage("render"):
        done, ledger = do_jobs(share, jobs, stale, book, desk)
        images = book.templates.made_files()
        if not share.first:
            del fragments, facts, book, made, jobs  # to make room for what the first collects
        results = share.collect((done, ledger, desk.put_so_far, mistakes, images))
    if outcome is None:
        return None
    problems += _told_once(problem for *_, found, _ in results for problem in found)
    stop_if_fatal(problems)
    with clock.stage("publish"):
        put = [entry for _, _, found, _, _ in results for entry in found]
        finished = [entry for entries, *_ in results for entry in entries]
        ledger = join_ledgers(outcome, [found for _, found, *_ in results])
        put += _images((image for *_, made in results for image in made), put, desk)
        plain = [entry for entry in made if isinstance(entry, Artifact)]
        published = publish_outcome(outcome, put, plain, ledger, names, problems)
    advice = settled.advice + ((say_held(pressed.held),) if pressed.held else ())
    read = (("included", path) for path in settled.read)
    asked = None if settled.bound else frozenset((*ledger.asked, *pressed.asked, *read))
    told = _told(facts, settled, published, advice, outcome, pressed.parsed, finished)
    known = ledger.jobs.keys() >= set(outcome.paths)
    ground = Ground(book, snippets, facts, all_known=known)
    return told._replace(asked=asked, drafts=tuple(drafts), ground=ground)


def _told(
    facts: Facts,
    settled: Settled,
    published: Published,
    advice: tuple[str, ...],
    outcome: Outcome,
    parsed: Sequence[Parsed],
    done: Sequence[Done],
) -> Told:
    reasons = tuple(f"{outcome.jobs[number].path}: {why}" for number, why in outcome.stale)
    rendered = rendered_by(outcome.jobs, done)
    pages = len(facts.fragments)
    return Told(pages, settled, published, advice, reasons, tuple(parsed), rendered)


def _hear_others(share: Share, pressed: Pressed, mine: list[Problem]) -> None:
    """What the others have read and noticed goes to the first process's own."""
    told = (mine, pressed.left, pressed.held, pressed.parsed, pressed.asked)
    for problems, left, held, parsed, asked in share.collect(told)[1:]:
        mine += problems
        pressed.left.extend(left)
        pressed.held.extend(held)
        pressed.parsed.extend(parsed)
        pressed.asked.update(asked)


def _exchange(share: Share, desk: Desk, mine: dict[str, Fragment]) -> dict[str, Fragment]:
    """The fragments of all processes; those that the store has go by their keys.

    This process gets its own back as the others get them, and lets go of what it had.
    """
    store = desk.store
    if share.count == 1:
        return mine
    known = [entry.key for entry in mine.values() if store.by_key.get(entry.key) is entry]
    kept = set(known)
    new = [entry for entry in mine.values() if entry.key not in kept]
    lasting = store.encode(entry for entry in new if entry.id)
    others = [entry for entry in new if not entry.id]
    mine.clear()
    del new
    found: dict[str, Fragment] = {}
    for keys, lines, passing in share.gather((known, lasting, others)):
        for entry in (*map(store.by_key.__getitem__, keys), *store.decode(lines), *passing):
            found[entry.path] = entry
    return found


def _images(images: Iterable[Artifact], put: Sequence[Put], desk: Desk) -> list[Put]:
    """The images that templates asked for, each once, whichever process met it."""
    there = {entry.path for entry in put}
    wanted = {image.path: image for image in images if image.path not in there}
    return [desk.made(wanted[path]) for path in sorted(wanted)]


def _told_once(problems: Iterable[Problem]) -> list[Problem]:
    """A mistake in a template once, however many pages and processes have met it."""
    found: dict[object, Problem] = {}
    for problem in sorted(problems, key=lambda problem: problem.help):
        found.setdefault((problem.span, problem.message), problem)
    return list(found.values())

"""A build of which it is known beforehand that the texts of a few pages alone have changed.

It reads those pages, looks up who has shown what is new of them, and renders that on the lists of
the build before, whatever their length. What may be more than such a change it leaves to a build of
everything: so nothing is decided here twice, and every doubt costs time only.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from sitegen.base.errors import Problem, SiteError
from sitegen.content.source import Named
from sitegen.model import Asset, Read, Rendered, Report, is_section_path
from sitegen.passes.asked import Caller, Clock, Options
from sitegen.passes.desk import Desk
from sitegen.passes.facts import differences
from sitegen.passes.finish import do_jobs, open_part, rendered_by, site_made_by
from sitegen.passes.kept import Kept
from sitegen.passes.made_by import made_by
from sitegen.passes.memory import Ledger, Memory, Staleness, jobs_that_read, load_memory
from sitegen.passes.parse import load_site, open_pages, open_sections
from sitegen.passes.press import Pressed, open_reading, read_page
from sitegen.passes.shape import Deck, LostError, Shape, fed_of, load_shape, site_of, terms_by_page
from sitegen.passes.share import Share, without_collector
from sitegen.passes.unchanged import Compared, leave_amended
from sitegen.render.book import Book, Part, file_at
from sitegen.render.jobs import Job
from sitegen.render.links import check_links
from sitegen.render.lookup import find_file
from sitegen.render.pages import page_job, render_lists
from sitegen.render.shelf import Bodies
from sitegen.storage.fragments import ROOM_BYTES, Fragments, open_fragments
from sitegen.storage.lock import locked
from sitegen.storage.publish import finish, resume_stage

MOST = 8
"""Pages that are read so; more are a branch switch, not an edit."""


class MoreError(Exception):
    """More has changed than the texts of pages, or it cannot be told."""


class _Known(NamedTuple):
    """What the build before has left: its notes, the site's shape and its pages by number."""

    memory: Memory
    shape: Shape
    deck: Deck


class _Fields(NamedTuple):
    """What is new of pages: fields by path. None is related to others than before."""

    fields: Mapping[str, Collection[str]]
    may_relate: bool = False

    def related(self, path: str) -> bool:
        return False


def amend(root: Path, options: Options, caller: Caller, compared: Compared) -> Report | None:
    """Publish what has changed, if that is no more than the texts of a few pages; None, and nothing
    is published, where it may be."""
    texts = [file for file in compared.changed if file.endswith(".md")]
    content = str(root / "content") + os.sep
    inside = [file for file in texts if file.startswith(content)]
    if len(inside) < len(compared.changed) or len(inside) > MOST:
        return None
    paths = [Path(file).relative_to(content).as_posix() for file in inside]
    try:
        with (
            locked(root),
            without_collector(),
            open_fragments(root, whole=False) as store,
        ):
            if not compared.stands():
                return None
            return _amend(root, options, caller, compared, paths, store)
    except (MoreError, LostError, SiteError):
        return None


def _amend(
    root: Path,
    options: Options,
    caller: Caller,
    compared: Compared,
    paths: Sequence[str],
    store: Fragments,
) -> Report:
    clock, left = Clock(), compared.left
    with clock.stage("scan"):
        config = load_site(root, options, [])
        all_by = site_made_by(config)
        memory = load_memory(compared.trace.memory)
        stage = resume_stage(Path(left.report.output), root, compared.trace)
        shape = load_shape(left.shape)
        full = store.size > 2 * shape.size + ROOM_BYTES
        if memory.made_by != all_by or stage is None or full or not config.own_templates:
            raise MoreError
        deck = Deck(shape, memory.fragments, store)
        known = _Known(memory, shape, deck)
        desk = Desk(config, options, caller.environ, made_by(), all_by, store, stage, Kept(), [])
    with clock.stage("parse"):
        pressed = _read_again(paths, known, desk, left.asked)
        fields = _new_of(pressed, known, left.report)
    with clock.stage("render"):
        ledger, rendered, stale = _render(_Fields(fields), known, desk)
    with clock.stage("publish"):
        store.keep(pressed.fragments.values())
        new = {fragment.path: fragment.id for fragment in pressed.fragments.values()}
        memory = msgspec.structs.replace(
            ledger.remember(_same_as(memory)),
            made_by=all_by,
            fragments={**memory.fragments, **new},
            copied=memory.copied,
        )
        records = {**compared.trace.records}
        records |= {entry.path: entry.record for entry in desk.put_so_far}
        published = finish(stage, records, msgspec.msgpack.encode(memory))
        swapped = published.mechanism not in (None, "file")
    report = msgspec.structs.replace(
        left.report,
        written=published.written,
        unchanged=published.unchanged,
        explanations=tuple(f"{path}: {why}" for path, why in stale.items()),
        parsed=tuple(pressed.parsed),
        rendered=rendered,
        seconds=clock.seconds,
    )
    written = stage.left if swapped else [entry.path for entry in desk.put_so_far]
    leave_amended(root, options, compared, stage, written, report, deck.moved())
    return report


def _read_again(
    paths: Sequence[str], known: _Known, desk: Desk, asked_before: Collection[Read]
) -> Pressed:
    """What the pages come to now. All must be published, with nothing to run in their texts, and
    ask for nothing new.

    They are known by other keys than those of a build of everything where sections are drafts,
    which are not read here; that one then reads them once more.
    """
    deck, shape = known.deck, known.shape
    before = frozenset(asked_before)
    if any(path not in deck.numbers for path in paths) or _are_asked_for(paths, before, desk):
        raise MoreError
    texts = (desk.load(Named(path, ()), []) for path in _own_sections(shape, desk))
    sections = [source for source in texts if source is not None]
    _, above = open_sections(desk.config, sections, desk.options, [])
    problems: list[Problem] = []
    urls = dict(zip(shape.paths, shape.urls, strict=True))
    reading = open_reading(desk, above, urls, problems)
    pressed = reading.pressed
    for path in paths:
        old = deck.fragment(deck.numbers[path])
        beside = (Asset(name, desk.config.root / "content" / name) for name in old.card.assets)
        named = Named(path, tuple(sorted(beside, key=lambda asset: asset.path)))
        source = None if named.is_section else desk.load(named, problems)
        sources = [] if source is None else [source]
        desk.store.by_path[path] = old
        for origin, body in open_pages(desk.config, sources, above, desk.options, problems):
            read_page(origin, body, reading)
    if problems or pressed.fragments.keys() != set(paths) or not pressed.asked <= before:
        raise MoreError
    return pressed


def _own_sections(shape: Shape, desk: Desk) -> Iterator[str]:
    """The sections that have a file."""
    for section in shape.sections:
        path = shape.paths[section.number]
        if (desk.config.root / "content" / path).is_file():
            yield path


def _are_asked_for(paths: Iterable[str], asked: Iterable[Read], desk: Desk) -> bool:
    """Whether a template, a page or a run has looked at one of the pages as a file."""
    root = desk.config.root
    changed = {os.path.realpath(root / "content" / path) for path in paths}
    for kind, name in asked:
        if kind == "file":
            found: Path | None = find_file(desk.config, name, "a template")
        else:
            found = root / name if kind in ("included", "picture") else None
        if found is not None and os.path.realpath(found) in changed:
            return True
    return False


def _new_of(pressed: Pressed, known: _Known, report: Report) -> Mapping[str, Collection[str]]:
    """What views show of the pages that they did not show before, by path."""
    fields: dict[str, set[str]] = {}
    moved = False  # whether a link may lead to another heading, or to none
    deck, links = known.deck, known.shape.links
    for path, new in pressed.fragments.items():
        old = deck.fragment(deck.numbers[path])
        found = differences(old, new)
        was_run = not old.key  # then it has published more beside itself than its files
        beside = (old.files, old.image) == (new.files, new.image)
        if was_run or found.may_reorder or not beside or old.problems or new.problems:
            raise MoreError
        if not new.id:
            raise MoreError
        if old.id == new.id:
            continue
        fields.setdefault(path, set()).update(found.views)
        if "anchors" in found.card:
            moved = True
            for other in links.get(path, ()):
                fields.setdefault(other, set()).update(("content", "summary"))
    for new in pressed.fragments.values():
        deck.renew(new)
    leading = [link for path in fields for link in deck.fragment(deck.numbers[path]).links]
    told = _are_told(report, pressed.fragments, moved=moved)
    if told or any(check_links(leading, deck.by_path(deck.card))):
        raise MoreError
    return fields


def _are_told(report: Report, paths: Iterable[str], *, moved: bool) -> bool:
    """Whether something was said before that may be otherwise now: of the pages at these paths, and
    of links if headings have `moved`."""
    files = {f"content/{path}" for path in paths}
    spans = (problem.span for problem in report.problems)
    said = any(span is not None and span.path in files for span in spans)
    return said or (moved and any(problem.code == "link" for problem in report.problems))


def _render(
    fields: _Fields, known: _Known, desk: Desk
) -> tuple[Ledger, tuple[Rendered, ...], Mapping[str, str]]:
    """What shows any of it, rendered; the notes of all jobs, and why each of these was done."""
    memory = known.memory
    staleness = Staleness(memory, fields, _same_as(memory))
    reasons = {
        path: staleness.why_stale(memory.jobs[path])
        for path in jobs_that_read(memory, fields.fields.keys())
    }
    stale = {path: why for path, why in reasons.items() if why is not None}
    mistakes: list[Problem] = []
    book = _book(stale.keys(), known, desk, mistakes)
    jobs = list(_jobs(stale.keys(), known, book))
    numbered = [(number, stale[job.path]) for number, job in enumerate(jobs)]
    done, mine = do_jobs(Share(), jobs, numbered, book, desk)
    if mistakes or book.templates.made_files() or mine.jobs.keys() != stale.keys():
        raise MoreError
    if any(mine.jobs[path].files != memory.jobs[path].files for path in stale):
        raise MoreError
    ledger = Ledger(memory)
    ledger.jobs.update(memory.jobs)
    tables = ledger.tables_of(mine)
    for path in stale:
        ledger.take(path, memory.jobs[path].about, mine, tables)
    return ledger, rendered_by(jobs, done), stale


def _same_as(memory: Memory) -> Callable[[str, str], str]:
    """What was read besides pages: no file of the site has changed that it could be."""
    known = {(kind, name): value for kind, name, value in memory.others}

    def value(kind: str, name: str) -> str:
        was = known.get((kind, name), "")
        if not was:
            raise MoreError
        return was

    return value


def _book(files: Collection[str], known: _Known, desk: Desk, mistakes: list[Problem]) -> Book:
    """The site, on the lists of the build before."""
    shape, deck = known.shape, known.deck
    site = site_of(shape, desk.config, deck)
    fragments = deck.by_path(deck.fragment)
    hold = Bodies(
        linked_from=shape.links,
        covers=deck.by_path(lambda number: deck.fragment(number).image),
        terms=terms_by_page(site, deck),
    )
    part = Part(files, shape.own, fed_of(shape, deck))
    return open_part(site, fragments, deck.by_path(deck.card), hold, desk, mistakes, part)


def _jobs(files: Collection[str], known: _Known, book: Book) -> Iterator[Job]:
    """The jobs that make these files: pages by their addresses, the rest from the lists."""
    left = set(files)
    for number, url in enumerate(known.shape.urls):
        path = file_at(url)
        if path not in left or is_section_path(known.shape.paths[number]):
            continue
        card = known.deck.card(number)
        if card.meta.render:
            left.remove(path)
            yield page_job(book, card)
    for made in render_lists(book) if left else ():
        if isinstance(made, Job) and made.path in left:
            left.remove(made.path)
            yield made
    if left:
        raise MoreError

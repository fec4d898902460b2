"""Sources to fragments: what nothing is run for is read by whichever process has it in its share,
and not read again while its text and what it asked for are the same; what is run, by the first.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from sitegen.base.digest import digest_bytes, digest_text
from sitegen.base.errors import Problem
from sitegen.content.markdown import asks_templates
from sitegen.content.snippets import Snippets
from sitegen.content.source import Named
from sitegen.model import Origin, Page, Parsed, Read, SiteConfig, Source
from sitegen.passes.answers import Answers
from sitegen.passes.desk import Desk
from sitegen.passes.made_by import comparable
from sitegen.passes.outside import outside_of
from sitegen.passes.parse import (
    Above,
    Opened,
    is_below,
    open_homes,
    open_pages,
    open_sections,
    read_draft,
)
from sitegen.passes.share import Share, swept
from sitegen.render.body import render_body
from sitegen.render.covers import asked_by_cover, cover_of
from sitegen.render.snippets import open_snippets, texts_are_templates
from sitegen.storage.fragments import Answer, Fragment, identified
from sitegen.storage.stage import Stage

_MAY_RUN = re.compile(r"^[ \t>*+-]*(?:```|~~~)[ \t]*\{?(?:python|py|python3)\b|\{python\}", re.M)
"""Text that is probably run: it would have to be read again by the first process."""


class Pressed(NamedTuple):
    """What a process has read: fragments by path, and what the first has to read itself.

    `asked` is all that these pages have looked at besides each other.
    """

    fragments: dict[str, Fragment]
    left: list[Opened]
    urls: dict[str, str]
    held: list[Any]
    parsed: list[Parsed]
    asked: set[Read]


class Reading(NamedTuple):
    """What a process reads pages with, and where it puts them."""

    desk: Desk
    ground: str
    snippets: Snippets
    answers: Answers
    pressed: Pressed
    problems: list[Problem]


def open_reading(
    desk: Desk, above: Above, urls: Mapping[str, str], problems: list[Problem]
) -> Reading:
    """Ready to read pages; `urls` are to be those of all pages when the first of these asks."""
    config = desk.config
    templated = texts_are_templates(config)
    outside = outside_of(config, desk.environ, desk.all_by)
    return Reading(
        desk=desk,
        ground=_ground(desk, above, templated=templated),
        snippets=Snippets(*open_snippets(config, urls, outside, problems, templated=templated)),
        answers=Answers(config, desk.environ, urls),
        pressed=Pressed({}, [], {}, [], [], set()),
        problems=problems,
    )


def press(
    share: Share, desk: Desk, names: Sequence[Named], problems: list[Problem]
) -> tuple[Pressed, Snippets]:
    """This process's share of the pages and sections.

    A page is read as it comes, so that not all texts are in memory together, unless its templates
    may ask for the address of another, of which all must be known first.
    """
    config = desk.config
    first_only = problems if share.first else []
    files = (desk.load(name, first_only) for name in names if name.is_section)
    sections, above = open_sections(
        config, [source for source in files if source is not None], desk.options, first_only
    )
    urls: dict[str, str] = {}
    reading = open_reading(desk, above, urls, problems)
    _, ground, small, answers, pressed, _ = reading
    opened = list(share.mine(sections))
    doubtful: list[Source] = []
    for name in swept(share.mine([name for name in names if not name.is_section])):
        source = desk.load(name, problems)
        if source is None:
            continue
        known = _known(source, ground, desk)
        if known is None:
            for origin, body in open_pages(config, [source], above, desk.options, problems):
                pressed.urls[source.path] = origin.url
                if asks_templates(body, origin.meta, small):
                    opened.append((origin, body))
                else:
                    read_page(origin, body, reading)
        elif desk.options.drafts or not _hidden(known, above, config):
            pressed.fragments[known.path] = known
            doubtful += [source] if known.asked else []
    for origin, _ in opened:
        pressed.urls[origin.source.path] = origin.url
    pressed.urls.update((path, known.card.url) for path, known in pressed.fragments.items())
    for found in share.gather(pressed.urls):
        urls.update(found)
    homes = [(home, "") for home in open_homes(config, urls.values())]
    opened += homes if share.first else []
    urls |= {origin.source.path: origin.url for origin, _ in homes}
    for source in doubtful:
        if not _is_right(pressed.fragments[source.path], answers, pressed):
            del pressed.fragments[source.path]
            opened += open_pages(config, [source], above, desk.options, problems)
    for origin, body in swept(opened):
        known = _known(origin.source, ground, desk) if origin.source.is_section else None
        if known is not None and _is_right(known, answers, pressed):
            pressed.fragments[known.path] = known
        else:
            read_page(origin, body, reading)
    return pressed._replace(urls=urls), small


def read_page(origin: Origin, body: str, reading: Reading) -> None:
    """Put away a page that nothing is run for; leave another to the first process, and one that
    nobody can tell to be right again, such as one whose templates make pictures."""
    desk, ground, snippets, answers, pressed, problems = reading
    path = origin.source.path
    if origin.meta.execute.enabled and _MAY_RUN.search(body):
        pressed.left.append((origin, body))
        return
    found: list[Problem] = []
    begun = time.perf_counter()
    draft = read_draft(origin, body, desk.config, found, snippets)
    fatal = any(problem.severity == "fatal" for problem in found)
    if not draft.document.plain or draft.plans or fatal:
        pressed.left.append((origin, body))
        return
    if desk.holds(origin.meta):
        pressed.asked.update(draft.document.asked)
        pressed.held.append(origin.meta.date)
        problems += found
        return
    page = render_body(draft.document, ())
    pressed.parsed.append(parsed_since(begun, path, page.highlighting))
    asked = draft.document.asked | asked_by_cover(page.card, desk.config)
    pressed.asked.update(asked)
    key = key_of(origin.source, ground)
    pressed.fragments[path] = put_away(page, key, desk, found, answers.to(asked))


def _is_right(known: Fragment, answers: Answers, pressed: Pressed) -> bool:
    """Whether all that a page asked for is as it was; what that is is noted."""
    right = answers.are(known.asked)
    if right:
        pressed.asked.update((kind, name) for kind, name, _ in known.asked)
    return right


def parsed_since(begun: float, path: str, highlighting: float = 0.0) -> Parsed:
    """How long a page has been read, since a moment of the performance counter."""
    return Parsed(path, time.perf_counter() - begun - highlighting, highlighting)


def put_away(
    page: Page,
    key: str,
    desk: Desk,
    noticed: Iterable[Problem],
    asked: tuple[Answer, ...] = (),
    fed: str | None = None,
) -> Fragment:
    """The page as a fragment: its body in the store, its files on the stage."""
    problems = [*noticed, *page.problems]
    cover = cover_of(page, desk.config, problems)
    files = [*page.files, *([cover.drawn] if cover.drawn else [])]
    for file in files:
        desk.put(file)
    old = desk.store.by_path.get(page.card.path)
    body, digest = desk.store.put_text(
        page.body, old.body if old else None, old.digest if old else ""
    )
    toc, toc_digest = None, ""
    if page.toc:
        text = msgspec.json.encode(page.toc).decode()
        toc, toc_digest = desk.store.put_text(
            text, old.toc if old else None, old.toc_digest if old else ""
        )
    feed, feed_digest = None, ""
    if fed is not None and fed != page.body:
        feed, feed_digest = desk.store.put_text(
            fed, old.feed if old else None, old.feed_digest if old else ""
        )
    fragment = Fragment(
        path=page.card.path,
        key=key,
        card=page.card,
        body=body,
        digest=digest,
        links=page.links,
        problems=tuple(problems),
        image=cover.address,
        toc=toc,
        toc_digest=toc_digest,
        feed=feed,
        feed_digest=feed_digest,
        files=tuple(file.path for file in files),
        asked=asked,
    )
    return identified(fragment)


def key_of(source: Source, ground: str) -> str:
    """A digest of all that a page is made of but what it asks for."""
    beside = "\0".join(asset.path for asset in source.assets)
    return digest_text("\0".join((ground, source.path, beside, source.text)))[:32]


def _ground(desk: Desk, above: Above, *, templated: bool) -> str:
    """A digest of what all pages are made of: sitegen, the configuration, what sections say,
    which small templates there are, and whether texts are such ones."""
    config = comparable(desk.config)
    scopes = sorted(above.scopes.items())
    root, theme = desk.config.root, desk.config.theme
    folders = [root / "templates", root / "themes" / theme / "templates"]
    small = ("anchor-link.html", "shortcodes/*")
    names = [sorted(f.name for one in small for f in folder.glob(one)) for folder in folders]
    parts = (desk.made_by, config, scopes, names, templated, desk.options.drafts)
    return digest_bytes(msgspec.json.encode(parts, enc_hook=repr))


def _known(source: Source, ground: str, desk: Desk) -> Fragment | None:
    """What the page came to before, if that lies there: right as long as its answers are."""
    known = desk.store.by_key.get(key_of(source, ground))
    if known is None or not _is_there(known, desk.stage):
        return None
    if desk.holds(known.card.meta):
        return None
    return known


def _hidden(known: Fragment, above: Above, config: SiteConfig) -> bool:
    folder = known.path.rpartition("/")[0]
    return known.card.draft or is_below(folder, known.card.lang, above, config)


def _is_there(known: Fragment, stage: Stage) -> bool:
    """Whether all that a page published beside itself is still as it was left."""
    return all(path in stage.old for path in known.files)

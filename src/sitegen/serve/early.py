"""An edited file, shown before all else is looked at: a page by itself, a file that is copied.

The next build makes it again with all that depends on it; so nothing here must be exact but the
page itself, and what is not plainly so is left to the build.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from sitegen.base.errors import Problem, Severity
from sitegen.content.source import Named, load_source
from sitegen.execute.host import Hosts
from sitegen.model import Artifact, Card, Shown
from sitegen.passes.asked import Caller, Draft
from sitegen.passes.desk import Desk
from sitegen.passes.judge import History, judge_site
from sitegen.passes.parse import open_pages, open_sections, read_draft
from sitegen.passes.shared import Ground
from sitegen.render.body import NOTHING_JUDGED, render_body
from sitegen.render.links import check_links
from sitegen.render.pages import page_job
from sitegen.serve.sources import Sources, wait_until_written
from sitegen.storage.preview import Entry, Tree

MOST = 4
"""Files that are shown early; more are a branch switch, not an edit."""


class Seen(NamedTuple):
    """What is shown early: files of the tree, the drafts of pages that have something to run, with
    what they show, and what is wrong with the files; `left` are those that could not be shown."""

    written: dict[str, Entry]
    drafts: dict[str, tuple[Draft, tuple[Shown, ...]]]
    problems: list[Problem]
    left: list[str]


class Early:
    """Shows edits of a site on the ground that its last build has left."""

    def __init__(
        self,
        desk: Desk,
        caller: Caller,
        ground: Ground,
        drafts: Sequence[Draft],
        shown: Mapping[str, tuple[Shown, ...]],
        sources: Sources,
        tree: Tree,
    ) -> None:
        self._desk, self._caller = desk, caller
        self._book, self._snippets = ground.book, ground.snippets
        self._cards: dict[str, Card] = dict(ground.facts.cards)
        self._drafts = {draft.document.source.path: draft for draft in drafts}
        self._shown = shown
        self._sources, self._tree = sources, tree
        self._above = open_sections(desk.config, sources.sections(), desk.options, [])[1]

    def show(self, files: Sequence[str]) -> Seen:
        """What can be shown of these files at once."""
        seen = Seen({}, {}, [], [])
        if len(files) > MOST:
            seen.left.extend(files)
            return seen
        for file in files:
            folder, _, path = file.partition("/")
            if folder == "content" and path.endswith(".md"):
                done = self._show_page(path, seen)
            else:
                done = self._show_copy(file, seen)
            if not done:
                seen.left.append(file)
        return seen

    def _show_copy(self, file: str, seen: Seen) -> bool:
        """Show a file that is published as it is, as it was before."""
        source = self._desk.config.root / file
        copies = self._tree.made_from(file)
        if not copies or not source.is_file():
            return False
        seen.written.update(self._tree.add([Artifact(path, source, file) for path in copies]))
        return True

    def _show_page(self, path: str, seen: Seen) -> bool:
        desk, old = self._desk, self._cards.get(path)
        problems: list[Problem] = []
        draft = self._read(path, old, problems)
        if draft is None:
            return False
        name = draft.document.source.name
        before = self._drafts.get(path)
        if _keys(draft) != (_keys(before) if before else []):
            return False
        plans = {plan.session: plan for plan in draft.plans}
        shown = tuple(
            msgspec.structs.replace(entry, plan=plans[entry.plan.session])
            for entry in self._shown.get(name, ())
        )
        hosts = Hosts(desk.config, self._caller.environ, self._caller.python)
        history = History(desk.config.root, hosts.named)
        judged = judge_site([draft], {name: shown}, history, problems)
        page = render_body(draft.document, shown, judged.get(path, NOTHING_JUDGED))
        self._book.shelf.renew(page)
        mistakes = len(self._book.problems)
        made = list(page_job(self._book, page.card).make())
        if len(self._book.problems) > mistakes:
            return False
        self._sources.renew(draft.document.source)
        self._cards[path] = page.card
        level: Severity = "warning"
        if desk.config.link_checker.internal_level == "error":
            level = "error"
        problems += page.problems
        problems += check_links(page.links, self._cards, level)
        seen.problems.extend(problems)
        if draft.plans:
            self._drafts[path] = draft
            seen.drafts[name] = (draft, shown)
        files = (*page.files, *draft.document.files, *made)
        seen.written.update(self._tree.add(files))
        return True

    def _read(self, path: str, old: Card | None, problems: list[Problem]) -> Draft | None:
        """The page as it is written, if it stands where it stood and has no grave mistake."""
        desk, file = self._desk, f"content/{path}"
        last = self._sources.last(file)
        if old is None or old.is_section or last is None or file in self._sources.held:
            return None
        wait_until_written(desk.config.root / file)
        source = load_source(desk.config.root, Named(path, last.assets), problems)
        if source is None:
            return None
        opened = list(open_pages(desk.config, [source], self._above, desk.options, problems))
        if len(opened) != 1:
            return None
        origin, body = opened[0]
        if origin.url != old.url or not origin.meta.render or desk.holds(origin.meta):
            return None
        draft = read_draft(origin, body, desk.config, problems, self._snippets)
        fatal = any(problem.severity == "fatal" for problem in problems)
        return None if fatal else draft


def _keys(draft: Draft) -> list[tuple[str, str]]:
    return [(plan.session, plan.key) for plan in draft.plans]

"""The site as it is written now, for the preview: all that the worker asks of a build."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from sitegen.base.errors import Problem, SiteError
from sitegen.build import WORTH_FORKING, make_site
from sitegen.content.source import Named, scan_names
from sitegen.execute.failures import about_failures
from sitegen.execute.stored import Asked
from sitegen.model import Run, Shown, SiteConfig
from sitegen.passes.asked import Caller, Clock, Draft, Options, stop_if_fatal
from sitegen.passes.desk import Desk, Put
from sitegen.passes.finish import site_made_by
from sitegen.passes.kept import Kept
from sitegen.passes.live import Asking
from sitegen.passes.made_by import made_by
from sitegen.passes.parse import hold_back, load_site, parse_site
from sitegen.passes.share import together, without_collector
from sitegen.passes.shared import go_through
from sitegen.serve.early import Early, Seen
from sitegen.serve.sources import Sources
from sitegen.storage.fragments import Fragments
from sitegen.storage.preview import Changes, Tree
from sitegen.storage.publish import Published, check_artifacts
from sitegen.storage.stage import Stage

Today = Mapping[tuple[str, str], Run]
"""Runs that are not stored, by page and session."""


class Written(msgspec.Struct, frozen=True):
    """A site that lies in the tree: `drafts` are at least those of pages with something to run.

    `kept` are the files whose last whole version it shows.
    """

    config: SiteConfig
    drafts: tuple[Draft, ...]
    shown: Mapping[str, tuple[Shown, ...]]
    changes: Changes
    problems: tuple[Problem, ...]
    pages: int
    kept: tuple[str, ...] = ()


class SiteMaker:
    """Makes the site in a tree again and again; remembers what of it was whole."""

    def __init__(self, root: Path, caller: Caller, tree: Tree) -> None:
        self._root, self._caller, self._tree = root, caller, tree
        self._sources = Sources(root)
        self._before = Kept()
        folder = tree.folder.with_name(f"{tree.folder.name}-bodies")
        self._store = Fragments(folder)
        self._first = True
        self._early: Early | None = None

    def make(self, today: Today, *, drafts: bool) -> Written:
        """The site; a file with a mistake that would keep all from being shown is shown as it last
        was, or left out. Raises SiteError where other mistakes do."""
        self._early = None  # with all that the last build was made of
        options = Options(mode="no-exec", drafts=drafts, future=drafts, today=today)
        found: list[Problem] = []
        config = load_site(self._root, options, found)
        names = scan_names(self._root, found, config.ignored_content)
        stop_if_fatal(found)
        kept: dict[str, list[Problem]] = {}
        while True:
            problems = list(found)
            self._sources.begin(kept)
            try:
                made = self._make(config, names, options, problems)
            except SiteError as error:
                fatal = [problem for problem in error.problems if problem.severity == "fatal"]
                new = [p for p in fatal if _is_content(p) and _file_of(p) not in kept]
                if not new or len(new) < len(fatal):
                    raise SiteError([*error.problems, *_all(kept)]) from None
                for problem in new:
                    kept.setdefault(_file_of(problem), []).append(problem)
                continue
            self._first = False
            problems = [*made.problems, *_about_today(made.drafts, today), *_all(kept)]
            return msgspec.structs.replace(made, problems=tuple(problems), kept=tuple(sorted(kept)))

    def show(self, files: Sequence[str]) -> Seen:
        """What can be shown of edited files before the site is made again."""
        if self._early is None:
            return Seen({}, {}, [], list(files))
        return self._early.show(files)

    def close(self) -> None:
        """The next preview of the site begins with what this one has made."""
        self._store.close()
        self._tree.remember()

    def _make(
        self,
        config: SiteConfig,
        names: Sequence[Named],
        options: Options,
        problems: list[Problem],
    ) -> Written:
        if config.own_templates:
            return self._make_stale(config, names, options, problems)
        return self._make_all(config, names, options, problems)

    def _make_stale(
        self,
        config: SiteConfig,
        names: Sequence[Named],
        options: Options,
        problems: list[Problem],
    ) -> Written:
        """The site, of which only what is stale is made."""
        changes = Changes()

        def finish(stage: Stage, entries: Sequence[Put], memory: bytes) -> Published:
            nonlocal changes
            changes = self._tree.finish(entries, memory)
            written = len(changes.written)
            return Published(written, len(entries) - written, len(changes.removed))

        desk = Desk(
            config,
            options,
            self._caller.environ,
            made_by(),
            site_made_by(config),
            self._store,
            self._tree.stage(),
            self._before,
            [],
            self._sources.read,
            finish,
        )
        asking = Asking(self._caller, lambda event: None, Asked("no-exec", today=options.today))
        with without_collector():
            told = together(
                self._processes(len(names)),
                lambda share: go_through(share, desk, names, asking, problems, Clock()),
            )
        assert told is not None  # noqa: S101 (the first process is told)
        self._sources.complete(names)
        self._sources.end()
        shown = told.settled.shown
        if told.ground is not None:
            self._early = Early(
                desk, self._caller, told.ground, told.drafts, shown, self._sources, self._tree
            )
        return Written(config, told.drafts, shown, changes, tuple(problems), told.pages)

    def _processes(self, pages: int) -> int:
        """How many processes build: several the first time, when all is to be made."""
        alone = not self._first or pages < WORTH_FORKING or sys.platform != "linux"
        return 1 if alone else len(os.sched_getaffinity(0))

    def _make_all(
        self,
        config: SiteConfig,
        names: Sequence[Named],
        options: Options,
        problems: list[Problem],
    ) -> Written:
        """A site that is still Zola's, made as a whole: its templates may all be unfit."""
        read = (self._sources.read(name, problems) for name in names)
        sources = [source for source in read if source is not None]
        environ, before = self._caller.environ, self._before
        parsed = parse_site(config, sources, options, problems, environ, before)
        stop_if_fatal(problems)
        drafts, _ = hold_back(parsed, config, options, self._caller, problems)
        watch, clock = (lambda event: None), Clock()
        made = make_site(config, drafts, options, self._caller, watch, problems, clock, before)
        problems += check_artifacts(made.artifacts)
        stop_if_fatal(problems)
        changes = self._tree.put(made.artifacts)
        self._sources.end()
        shown = made.settled.shown
        return Written(config, tuple(drafts), shown, changes, tuple(problems), len(drafts))


def _about_today(drafts: Sequence[Draft], today: Today) -> list[Problem]:
    """What failed in the runs of today that are still of what is written."""
    found: list[Problem] = []
    for draft in drafts:
        for plan in draft.plans:
            run = today.get((plan.page, plan.session))
            if run is not None and run.key == plan.key:
                found += about_failures(plan, run, allow=False)
    return found


def _is_content(problem: Problem) -> bool:
    return problem.span is not None and problem.span.path.startswith("content/")


def _file_of(problem: Problem) -> str:
    return problem.span.path if problem.span is not None else ""


def _all(kept: Mapping[str, Sequence[Problem]]) -> list[Problem]:
    return [problem for problems in kept.values() for problem in problems]

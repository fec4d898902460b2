"""The process that builds: one thing after another, kept warm, told of changes and of runs."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterable
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import assert_never
from urllib.parse import urlsplit

from sitegen.base.errors import Problem, SiteError, sort_problems
from sitegen.passes.asked import Caller
from sitegen.serve.errands import Errands
from sitegen.serve.failures import about_bug, about_error
from sitegen.serve.news import (
    Built,
    Ended,
    Happened,
    Look,
    Looking,
    News,
    Notice,
    Order,
    RunPage,
    ShowDrafts,
    StopRuns,
)
from sitegen.serve.site import SiteMaker, Written
from sitegen.storage.preview import Changes, Tree

SAID_ELSEWHERE = frozenset({"missing", "stale"})
"""What the preview says at the blocks themselves."""

LEAST_QUIET = 0.1
MOST_QUIET = 3.0
LONGEST_BEHIND = 10.0
"""Seconds: without an edit, after which the site is made again of which one page was shown early;
as long as twice that took last, between these. With edits that never pause, at the latest, or
after 20 times what it took."""


class Worker:
    """Builds when it is told to look, and passes on what blocks give.

    `runner` is the line to the process with the kernels; None: nothing is ever run.
    """

    def __init__(
        self,
        root: Path,
        caller: Caller,
        tree: Path,
        server: Connection,
        runner: Connection | None,
        *,
        drafts: bool,
    ) -> None:
        self._root, self._caller = root, caller
        self._tree = Tree(tree)
        self._maker = SiteMaker(root, caller, self._tree)
        self._server, self._runner = server, runner
        self._drafts = drafts
        self._asked_over_http = False  # whether the site shows more because a page asked for it
        self._site: Written | None = None
        order = None if runner is None else runner.send
        self._errands = Errands(self._tree, server.send, order)
        self._problems: tuple[Problem, ...] = ()
        self._changed: set[str] = set()
        self._due: float | None = None
        self._behind = self._took = 0.0

    def serve(self) -> None:
        """Build, then do as told until there is nobody left to tell."""
        lines = [self._server, *([] if self._runner is None else [self._runner])]
        try:
            self._build()
            while True:
                wait(lines, self._pause())
                due = False
                for line in lines:
                    while line.poll():
                        due |= self._take(line.recv())
                due |= bool(self._changed) and not self._show_early()
                if due or self._pause() == 0.0:
                    self._build()
                self._errands.tell()
        except (EOFError, ConnectionError):
            self._maker.close()

    def _take(self, message: Order | Notice) -> bool:
        """Whether there is something to build now."""
        match message:
            case Look(files=files):
                self._changed.update(files or ())
                return files is None
            case RunPage(url=url):
                self._errands.ask_for(url)
            case StopRuns():
                if self._runner is not None:
                    self._runner.send(message)
            case ShowDrafts(shown=shown):
                self._drafts = self._asked_over_http = shown
                self._build()
            case Looking(urls=urls):
                self._errands.look_at(urls)
            case Happened(event=event):
                return self._errands.note(event)
            case Ended():
                self._errands.end(message)
                return True
            case _:
                assert_never(message)
        return False

    # --- building -----------------------------------------------------------------------------

    def _pause(self) -> float | None:
        """Seconds until the site is to be made again; None where all is as it is written."""
        return None if self._due is None else max(0.0, self._due - time.monotonic())

    def _show_early(self) -> bool:
        """Show what has changed by itself, and leave all else for a moment without edits; whether
        that could be done."""
        begun = time.monotonic()
        longest = max(LONGEST_BEHIND, 20 * self._took)
        if self._due is not None and begun - self._behind > longest:
            return False
        try:
            seen = self._maker.show(sorted(self._changed))
        except Exception:  # a bug of ours, which need not be one of the build's too
            traceback.print_exc()
            self._tree.tell_all()
            return False
        self._changed.clear()
        if self._due is None:
            self._behind = begun
        self._due = time.monotonic() + min(MOST_QUIET, max(LEAST_QUIET, 2 * self._took))
        self._errands.renew(seen.drafts)
        changes = Changes(seen.written)
        took = time.monotonic() - begun
        told = {(p.code, p.message, p.span and p.span.path) for p in seen.problems}
        others = [
            p for p in self._problems if (p.code, p.message, p.span and p.span.path) not in told
        ]
        if seen.written or seen.problems:
            problems = (*others, *seen.problems)
            self._send(self._say_build(changes, problems, ok=True, seconds=took))
        return not seen.left

    def _build(self) -> None:
        """Make the site, put what differs into the tree, and say what is to be said."""
        begun = time.perf_counter()
        self._changed.clear()
        self._due = None
        changes, ok = Changes(), True
        problems: tuple[Problem, ...] = ()
        try:
            site = self._maker.make(self._errands.today, drafts=self._drafts)
            changes = site.changes
        except SiteError as error:
            problems, ok = error.problems, False
        except OSError as error:
            problems, ok = (about_error(error),), False
        except Exception as error:  # a bug of ours: nothing that it may have left is used again
            traceback.print_exc()
            problems, ok = (about_bug(error),), False
            self._maker = SiteMaker(self._root, self._caller, self._tree)
        else:
            problems = site.problems
            self._site = site
            self._errands.know(site, asked_over_http=self._asked_over_http)
            self._asked_over_http = False
        self._problems, self._took = problems, time.perf_counter() - begun
        self._send(self._say_build(changes, problems, ok=ok, seconds=self._took))
        self._errands.tell()

    def _say_build(
        self, changes: Changes, problems: Iterable[Problem], *, ok: bool, seconds: float
    ) -> Built:
        told = [problem for problem in problems if problem.code not in SAID_ELSEWHERE]
        base_url = self._site.config.base_url if self._site else ""
        return Built(
            written=changes.written,
            removed=changes.removed,
            problems=sort_problems([*told, *self._errands.problems()]),
            ok=ok,
            base_url=base_url,
            prefix=urlsplit(base_url).path.rstrip("/"),
            kept=self._site.kept if self._site else (),
            drafts=self._drafts,
            pages=self._site.pages if self._site else 0,
            seconds=round(seconds, 3),
        )

    def _send(self, news: News) -> None:
        self._server.send(news)

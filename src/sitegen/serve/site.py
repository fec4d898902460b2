"""The site as it is written now, for the preview: all that the worker asks of a build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from sitegen.base.errors import Problem, SiteError
from sitegen.build import make_site
from sitegen.content.config import load_config
from sitegen.content.source import scan_content
from sitegen.execute.failures import about_failures
from sitegen.model import Artifact, Run, Shown, SiteConfig, Source
from sitegen.passes.asked import Caller, Clock, Draft, Options, stop_if_fatal
from sitegen.passes.kept import Kept
from sitegen.passes.parse import hold_back, parse_site
from sitegen.storage.publish import check_artifacts

Today = Mapping[tuple[str, str], Run]
"""Runs that are not stored, by page and session."""


class Written(msgspec.Struct, frozen=True):
    """A site in memory; `kept` are the files whose last whole version it shows."""

    config: SiteConfig
    drafts: tuple[Draft, ...]
    shown: Mapping[str, tuple[Shown, ...]]
    artifacts: tuple[Artifact, ...]
    problems: tuple[Problem, ...]
    kept: tuple[str, ...] = ()


class SiteMaker:
    """Makes the site again and again; remembers what of it was whole."""

    def __init__(self, root: Path, caller: Caller) -> None:
        self._root = root
        self._caller = caller
        self._whole: dict[str, Source] = {}
        self._before = Kept()

    def make(self, today: Today, *, drafts: bool) -> Written:
        """The site; a file with a mistake that would keep all from being published is shown as it
        last was, or left out. Raises SiteError where other mistakes do."""
        options = Options(mode="no-exec", drafts=drafts, future=drafts, today=today)
        found: list[Problem] = []
        config = load_config(self._root, found)
        sources = {
            source.file: source
            for source in scan_content(self._root, found, config.ignored_content)
        }
        kept: dict[str, list[Problem]] = {}
        for problem in list(found):
            if problem.severity == "fatal" and _is_content(problem):
                _keep(kept, problem)
                found.remove(problem)
        stop_if_fatal(found)
        while True:
            problems = list(found)
            usable = [
                source
                for file in sorted({*sources, *kept})
                if (source := self._usable(file, sources, kept)) is not None
            ]
            try:
                made = self._make(config, usable, options, problems)
            except SiteError as error:
                fatal = [problem for problem in error.problems if problem.severity == "fatal"]
                new = [p for p in fatal if _is_content(p) and _file_of(p) not in kept]
                if not new or len(new) < len(fatal):
                    about = [problem for entry in kept.values() for problem in entry]
                    raise SiteError([*error.problems, *about]) from None
                for problem in new:
                    _keep(kept, problem)
                continue
            self._whole = {source.file: source for source in usable}
            held = [problem for entry in kept.values() for problem in entry]
            return msgspec.structs.replace(
                made, problems=(*made.problems, *held), kept=tuple(sorted(kept))
            )

    def _usable(
        self, file: str, sources: Mapping[str, Source], kept: Mapping[str, object]
    ) -> Source | None:
        return self._whole.get(file) if file in kept else sources[file]

    def _make(
        self,
        config: SiteConfig,
        sources: Sequence[Source],
        options: Options,
        problems: list[Problem],
    ) -> Written:
        before = self._before
        parsed = parse_site(config, sources, options, problems, self._caller.environ, before)
        stop_if_fatal(problems)
        drafts, _ = hold_back(parsed, config, options, self._caller, problems)
        watch, clock = (lambda event: None), Clock()
        made = make_site(config, drafts, options, self._caller, watch, problems, clock, before)
        problems += check_artifacts(made.artifacts)
        stop_if_fatal(problems)
        for draft in drafts:
            for plan in draft.plans:
                run = options.today.get((plan.page, plan.session))
                if run is not None and run.key == plan.key:
                    problems += about_failures(plan, run, allow=False)
        return Written(
            config=config,
            drafts=tuple(drafts),
            shown=made.settled.shown,
            artifacts=made.artifacts,
            problems=tuple(problems),
        )


def _is_content(problem: Problem) -> bool:
    return problem.span is not None and problem.span.path.startswith("content/")


def _file_of(problem: Problem) -> str:
    return problem.span.path if problem.span is not None else ""


def _keep(kept: dict[str, list[Problem]], problem: Problem) -> None:
    kept.setdefault(_file_of(problem), []).append(problem)

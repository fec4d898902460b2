"""What is there: a site, its plans, and what its pages would show from the store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from sitegen.base.errors import Problem
from sitegen.execute.host import Hosts
from sitegen.execute.outcome import Outcome
from sitegen.execute.stored import survey_runs
from sitegen.model import Run, SiteConfig
from sitegen.passes.asked import Caller, Clock, Draft, Options
from sitegen.passes.parse import parse_all, select_plans
from sitegen.storage.measurements import Store


class Look(msgspec.Struct, frozen=True):
    """A site and its store. `outcomes` are those of the pages that were asked for, `everything`
    those of all pages, drafts too."""

    root: Path
    config: SiteConfig
    drafts: tuple[Draft, ...]
    hosts: Hosts
    store: Store
    outcomes: tuple[Outcome, ...]
    everything: tuple[Outcome, ...]

    def file_of(self, run: Run) -> str:
        """The file of a stored run, from the site's root."""
        path = self.store.path_of(run)
        return path.relative_to(self.root).as_posix() if path else ""


def look_at(root: Path, names: Sequence[str], caller: Caller, device: str | None = None) -> Look:
    """The site and its results, read and compared; nothing is run.

    Raises SiteError where the site cannot be read, or a name is of no page that has blocks.
    """
    problems: list[Problem] = []
    options = Options(mode="no-exec", device=device, drafts=True)
    config, drafts = parse_all(root, options, problems, Clock())
    wanted = {plan.page for plan in select_plans(drafts, names)}
    hosts = Hosts(config, caller.environ, caller.python, device)
    survey = survey_runs(select_plans(drafts, ()), root, hosts)
    outcomes = tuple(entry for entry in survey.outcomes if entry.plan.page in wanted)
    return Look(root, config, tuple(drafts), hosts, survey.store, outcomes, survey.outcomes)

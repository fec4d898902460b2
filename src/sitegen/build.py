"""The story of a build, in three passes: parse what is written, run what must run, publish.

Each stage is a function between the nouns of `model`.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from sitegen.base.errors import (
    Problem,
    SiteError,
    sort_problems,
)
from sitegen.claims import Judgement
from sitegen.content.source import scan_dot_files, scan_names
from sitegen.execute.host import Hosts
from sitegen.execute.stored import Asked, Settled, settle_runs
from sitegen.model import (
    Artifact,
    Page,
    Report,
    Shown,
    SiteConfig,
)
from sitegen.passes.asked import Caller, Clock, Draft, Options, Watch, stop_if_fatal
from sitegen.passes.assemble import assemble_site
from sitegen.passes.desk import Desk
from sitegen.passes.finish import site_made_by
from sitegen.passes.judge import History, judge_site
from sitegen.passes.kept import Kept
from sitegen.passes.live import Asking, page_of
from sitegen.passes.made_by import made_by
from sitegen.passes.parse import hold_back, load_site, parse_all, select_plans
from sitegen.passes.shape import shape_of
from sitegen.passes.share import GoneError, together, without_collector
from sitegen.passes.shared import Told, go_through
from sitegen.passes.unchanged import leave, scan_inputs
from sitegen.render.body import NOTHING_JUDGED
from sitegen.render.export.downloads import addresses_of, render_downloads
from sitegen.render.needs import find_output_problems
from sitegen.render.pages import copy_assets
from sitegen.storage.fragments import open_fragments
from sitegen.storage.lock import locked
from sitegen.storage.publish import Published, open_stage, publish

_GONE = Problem(
    "fatal",
    "build",
    "one of the processes of the build was ended from outside",
    help=("`--jobs 1` builds in one, and takes less memory",),
)

WORTH_FORKING = 200
"""Pages and sections from which on a second process pays."""


def build(
    root: Path, options: Options, caller: Caller, watch: Watch, kept: Kept | None = None
) -> Report:
    """Build and publish the site at `root`; raises SiteError where nothing can be published.

    `watch` is told of every event of execution. `kept` is what earlier builds of this process left.
    """
    problems: list[Problem] = []
    clock = Clock()
    began = time.time_ns()
    with clock.stage("scan"):
        config = load_site(root, options, problems)
        names = scan_names(root, problems, config.ignored_content)
    if not config.own_templates:
        return _build_at_once(root, options, caller, watch, kept or Kept())
    output = root / (options.output or config.output_dir)
    with locked(root), without_collector(), open_fragments(root) as store:
        stage = open_stage(output, root)
        inputs = scan_inputs(root, output, began)
        by = made_by(), site_made_by(config)
        kept = kept or Kept()
        desk = Desk(config, options, caller.environ, *by, store, stage, kept, [])
        asking = Asking(caller, watch, _asked(options, config))
        try:
            told = together(
                _processes(options, len(names)),
                lambda share: go_through(share, desk, names, asking, problems, clock),
            )
        except GoneError as error:
            raise SiteError([*problems, _GONE]) from error
        assert told is not None  # noqa: S101 (the first process is told)
        report = _report(told.settled, told.published, told, output, problems, clock)
        shape = None
        if told.ground is not None and told.ground.all_known:
            shape = shape_of(told.ground.facts, told.ground.book, store)
        leave(root, options, caller, inputs, stage, told.asked, report, shape)
    return report


def _processes(options: Options, pages: int) -> int:
    """How many processes build the site: one a core, unless it is small."""
    if options.jobs is not None:
        return options.jobs
    alone = pages < WORTH_FORKING or threading.active_count() > 1 or sys.platform != "linux"
    return 1 if alone else len(os.sched_getaffinity(0))


def _report(
    settled: Settled,
    published: Published,
    told: Told,
    output: Path,
    problems: Sequence[Problem],
    clock: Clock,
) -> Report:
    return Report(
        pages=told.pages,
        executed_posts=settled.executed_posts,
        executed_blocks=settled.executed_blocks,
        replayed_posts=settled.replayed_posts,
        written=published.written,
        unchanged=published.unchanged,
        removed=published.removed,
        output=str(output),
        problems=sort_problems(problems),
        advice=told.advice,
        explanations=settled.explanations + told.reasons,
        parsed=told.parsed,
        rendered=told.rendered,
        seconds=clock.seconds,
    )


def _build_at_once(
    root: Path, options: Options, caller: Caller, watch: Watch, kept: Kept
) -> Report:
    """Build a site that is still Zola's: its templates may all be unfit, so it is made as a whole
    before anything is published."""
    problems: list[Problem] = []
    clock = Clock()
    config, drafts = parse_all(root, options, problems, clock, caller.environ, kept)
    drafts, held = hold_back(drafts, config, options, caller, problems)
    output = root / (options.output or config.output_dir)
    with locked(root):
        made = make_site(config, drafts, options, caller, watch, problems, clock, kept)
        artifacts = made.artifacts
        with clock.stage("publish"):
            if config.preserve_dotfiles_in_output:
                artifacts += tuple(_kept(output, artifacts))
            published = publish(artifacts, output, root)
    settled = made.settled
    told = Told(len(made.pages), settled, published, settled.advice + held, (), (), ())
    return _report(settled, published, told, output, problems, clock)


class Made(msgspec.Struct, frozen=True):
    """A site in memory: what its pages show of runs, their bodies, all that is published, and what
    is said of the claims of each page, by its path."""

    settled: Settled
    pages: tuple[Page, ...]
    artifacts: tuple[Artifact, ...]
    judged: Mapping[str, Judgement]


def make_site(
    config: SiteConfig,
    drafts: Sequence[Draft],
    options: Options,
    caller: Caller,
    watch: Watch,
    problems: list[Problem],
    clock: Clock,
    kept: Kept | None = None,
) -> Made:
    """The second and the third pass, up to what is published; the caller holds the lock if any of
    it may run. Raises SiteError where nothing can be published."""
    hosts = Hosts(config, caller.environ, caller.python)
    with clock.stage("run"):
        plans = [plan for draft in drafts for plan in draft.plans]
        settled = settle_runs(plans, config.root, hosts, _asked(options, config), watch)
        problems += settled.problems
    stop_if_fatal(problems)
    with clock.stage("render"):
        history = History(config.root, hosts.named)
        judged = judge_site(drafts, settled.shown, history, problems)
        pages = [
            page_of(
                draft,
                settled.shown.get(draft.document.source.name, ()),
                judged.get(draft.document.source.path, NOTHING_JUDGED),
                kept or Kept(),
            )
            for draft in drafts
        ]
        problems += _about_outputs(drafts, settled.shown)
        artifacts = assemble_site(
            config, drafts, pages, problems, caller.environ, settled.shown, judged
        )
        documents = [draft.document for draft in drafts]
        artifacts += render_downloads(
            documents, settled.shown, addresses_of(documents, config.base_url), judged
        )
    stop_if_fatal(problems)
    return Made(settled, tuple(pages), tuple(artifacts), judged)


def _about_outputs(
    drafts: Iterable[Draft], shown: Mapping[str, Sequence[Shown]]
) -> Iterator[Problem]:
    """What the outputs that pages show give reason to say."""
    for draft in drafts:
        trust = draft.document.meta.execute.trust_output
        for found in shown.get(draft.document.source.name, ()):
            yield from find_output_problems(found, trust=trust)


def _kept(output: Path, artifacts: Iterable[Artifact]) -> list[Artifact]:
    """The dot-files of the output folder that nothing of the site replaces."""
    made = {artifact.path for artifact in artifacts}
    kept = copy_assets(scan_dot_files(output), "/", "the output folder")
    return [artifact for artifact in kept if artifact.path not in made]


def measure(
    root: Path, names: Sequence[str], options: Options, caller: Caller, watch: Watch
) -> Report:
    """Run the named pages here, all if none is named, and store what they give; publish nothing."""
    problems: list[Problem] = []
    clock = Clock()
    config, drafts = parse_all(root, options, problems, clock, caller.environ)
    hosts = Hosts(config, caller.environ, caller.python, options.device)
    plans = select_plans(drafts, names)
    with locked(root), clock.stage("run"):
        settled = settle_runs(plans, root, hosts, _asked(options, config), watch)
    return Report(
        executed_posts=settled.executed_posts,
        executed_blocks=settled.executed_blocks,
        replayed_posts=settled.replayed_posts,
        problems=sort_problems([*problems, *settled.problems]),
        advice=settled.advice,
        explanations=settled.explanations,
        seconds=clock.seconds,
    )


def _asked(options: Options, config: SiteConfig) -> Asked:
    return Asked(
        mode=options.mode,
        allow_errors=options.allow_errors,
        refresh=options.refresh,
        jobs=config.execute.jobs,
        today=options.today,
    )

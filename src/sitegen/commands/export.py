"""A post as files to take away: from its source and its stored results, running nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sitegen.base.errors import Problem, SiteError, nearest, sort_problems
from sitegen.execute.host import Hosts
from sitegen.execute.stored import Asked, settle_runs
from sitegen.passes.asked import Caller, Clock, Options
from sitegen.passes.judge import History, judge_page
from sitegen.passes.parse import page_name, parse_all
from sitegen.render.export.downloads import addresses_of, export_post
from sitegen.render.export.names import Format, post_name


class Exported(NamedTuple):
    """Files by name, and what is to be said of the post."""

    files: Mapping[str, bytes]
    problems: tuple[Problem, ...]


def export(root: Path, name: str, format: Format, stem: str | None, caller: Caller) -> Exported:
    """The post as one file a session, called by `stem` or else by the post's own name.

    Raises SiteError where there is no such post, or the site has mistakes.
    """
    problems: list[Problem] = []
    options = Options(mode="no-exec", drafts=True)
    config, drafts = parse_all(root, options, problems, Clock())
    page = page_name(name)
    found = next((draft for draft in drafts if draft.document.source.name == page), None)
    if found is None:
        close = nearest(page, [draft.document.source.name for draft in drafts])
        help = (f"did you mean `{close}`?",) if close else ()
        raise SiteError([Problem("fatal", "export", f"there is no page `{page}`", help=help)])
    hosts = Hosts(config, caller.environ, caller.python)
    settled = settle_runs(found.plans, root, hosts, Asked("no-exec"), lambda event: None)
    document = found.document
    history = History(root, hosts.named)
    told: list[Problem] = []
    judgement = judge_page(found, settled.shown.get(page, ()), history, told)
    files = export_post(
        document,
        settled.shown.get(page, ()),
        addresses_of([draft.document for draft in drafts], config.base_url),
        stem or post_name(document),
        (format,),
        judgement,
    )
    file = document.source.file
    own = [problem for problem in problems if problem.span and problem.span.path == file]
    return Exported(files, sort_problems([*own, *settled.problems, *told]))

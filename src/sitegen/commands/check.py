"""`check`: the site is made in memory, and all that is wrong with it is told at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

import msgspec

from sitegen.base.errors import Problem, exit_status, sort_problems
from sitegen.benchmarks import Judged
from sitegen.build import make_site
from sitegen.check.address import Inside
from sitegen.check.atlas import Atlas, survey
from sitegen.check.external import Ask, find_dead_links, find_questions
from sitegen.check.links import find_broken_links
from sitegen.check.results import as_notices, find_failed
from sitegen.check.subject import Subject
from sitegen.check.texts import find_jumps, find_silent_figures, find_silent_images
from sitegen.check.unused import find_unused_files, find_unused_templates
from sitegen.claims import Fix
from sitegen.content.source import decode
from sitegen.model import SiteConfig
from sitegen.passes.asked import Caller, Clock, Options
from sitegen.passes.parse import hold_back, parse_all
from sitegen.storage.measurements import load_failed
from sitegen.storage.mend import put_fixes
from sitegen.storage.publish import check_artifacts


class Checked(msgspec.Struct, frozen=True):
    """What was looked at and found: pages, links within the site, other hosts' addresses that
    were asked for; seconds by stage.

    `claims` are all claims and numbers that measurements were asked about, held or not; `fixes`
    what would make numbers true, and `fixed` those that were written.
    """

    pages: int
    links: int
    asked: int
    problems: tuple[Problem, ...]
    seconds: Mapping[str, float]
    claims: tuple[Judged, ...] = ()
    fixes: tuple[Fix, ...] = ()
    fixed: tuple[Fix, ...] = ()

    def status(self, *, strict: bool) -> int:
        """1 if something is to be mended, else 0."""
        return min(1, exit_status(self.problems, strict=strict))


def check(root: Path, caller: Caller, ask: Ask | None, *, fix: bool = False) -> Checked:
    """All that is wrong with the site; nothing is run and nothing published.

    `ask` asks other hosts; None leaves them alone. With `fix`, the measured numbers are first
    written into the Markdown files. Raises SiteError where the site cannot be read or rendered.
    """
    fixes = _check(root, caller, None).fixes if fix else ()
    fixed = put_fixes(root, fixes)
    return msgspec.structs.replace(_check(root, caller, ask), fixed=fixed)


def _check(root: Path, caller: Caller, ask: Ask | None) -> Checked:
    problems: list[Problem] = []
    clock = Clock()
    options = Options(mode="no-exec", tell_unpublished=True)
    config, drafts = parse_all(root, options, problems, clock, caller.environ)
    drafts, _ = hold_back(drafts, config, options, caller, problems)
    made = make_site(config, drafts, options, caller, lambda event: None, problems, clock)
    with clock.stage("check"):
        documents = tuple(draft.document for draft in drafts)
        subject = Subject(config, documents, made.artifacts, made.settled.shown)
        templates = load_templates(config)
        atlas = survey(subject, {**templates, **_configuration(config)})
        problems = [*as_notices(problems), *_find(subject, atlas, templates)]
        plans = [plan for draft in drafts for plan in draft.plans]
        problems += find_failed(plans, load_failed(root))
    questions = find_questions(subject, atlas) if ask is not None else ()
    if ask is not None:
        with clock.stage("ask"):
            problems += find_dead_links(subject, atlas, ask(questions))
    return Checked(
        pages=len(made.pages),
        links=sum(isinstance(use.leads, Inside) for use in atlas.uses),
        asked=len(questions),
        problems=sort_problems(problems),
        seconds=clock.seconds,
        claims=tuple(claim for page in made.judged.values() for claim in page.all),
        fixes=tuple(fix for page in made.judged.values() for fix in page.fixes),
    )


def _find(subject: Subject, atlas: Atlas, templates: Mapping[str, str]) -> Iterator[Problem]:
    yield from check_artifacts(subject.artifacts)
    yield from find_broken_links(subject, atlas)
    for document in subject.documents:
        yield from find_jumps(document)
    yield from find_silent_images(subject, atlas)
    yield from find_silent_figures(subject)
    yield from find_unused_files(subject, atlas)
    built_in = files("sitegen.theme").joinpath("templates")
    names = frozenset(entry.name for entry in built_in.iterdir())
    yield from find_unused_templates(subject, templates, names)


def load_templates(config: SiteConfig) -> dict[str, str]:
    """The texts of the site's own templates, by file."""
    found: dict[str, str] = {}
    for path in sorted((config.root / "templates").rglob("*")):
        name = path.relative_to(config.root).as_posix()
        if path.is_file() and not any(part.startswith(".") for part in Path(name).parts):
            found |= _text(path, name)
    return found


def _configuration(config: SiteConfig) -> dict[str, str]:
    return _text(config.root / config.file, config.file)


def _text(path: Path, name: str) -> dict[str, str]:
    """A file's text by its name; nothing where it holds none."""
    text = decode(path.read_bytes(), name)
    return {name: text} if isinstance(text, str) else {}

"""What a build comes to: which files must be rendered, and all of them published."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from sitegen.base.errors import Problem, SiteError
from sitegen.content.source import Named, scan_dot_files
from sitegen.model import Artifact, Source
from sitegen.passes.assemble import assets_of, static_files, yields
from sitegen.passes.desk import Desk, Put
from sitegen.passes.facts import Changes, Facts
from sitegen.passes.finish import Values
from sitegen.passes.memory import Ledger, Memory, Staleness, digest_about, digest_plain, load_memory
from sitegen.render.jobs import Job
from sitegen.render.pages import copy_assets
from sitegen.storage.publish import MARKER, Published, check_artifacts
from sitegen.storage.stage import telling
from sitegen.storage.trace import Stamp, changed_ns, is_settled


class Outcome(NamedTuple):
    """What is to be published: `stale` jobs with the reason, `fresh` ones whose files lie there;
    `abouts` are digests of what each job is about. The static files go before what is generated."""

    desk: Desk
    facts: Facts
    jobs: list[Job]
    abouts: list[str]
    stale: list[tuple[int, str]]
    fresh: list[int]
    memory: Memory
    values: Values
    static: dict[str, Artifact]

    @property
    def paths(self) -> Iterable[str]:
        """What the jobs that are to be published are called."""
        return (self.jobs[number].path for number in (*self.fresh, *(n for n, _ in self.stale)))


def plan_outcome(
    jobs: list[Job],
    facts: Facts,
    desk: Desk,
    common: Mapping[str, Any],
    problems: list[Problem],
) -> Outcome:
    """Which jobs would come to something else than lies in the output folder, and why."""
    memory = load_memory(desk.stage.memory)
    if memory.made_by != desk.all_by:
        memory = Memory()
    store = desk.store
    was = {path: store.by_id[id] for path, id in memory.fragments.items() if id in store.by_id}
    if memory.fragments.keys() - was.keys() - facts.fragments.keys():
        memory, was = Memory(), {}  # what is gone has left nobody to tell who showed it
    changes = Changes(was, facts, desk.config)
    values = Values(desk, facts)
    staleness = Staleness(memory, changes, values.of)
    static = {artifact.path: artifact for artifact in static_files(desk.config, problems)}
    everywhere = digest_plain(common)
    abouts = [digest_about(job, everywhere) for job in jobs]
    stale, fresh = [], []
    for number, job in enumerate(jobs):
        if job.path in static and yields(job.path, job.made_from):
            problems.append(_yielding(static[job.path]))
            continue
        why = _why_stale(job, abouts[number], memory, staleness, desk)
        if why is None:
            fresh.append(number)
        else:
            stale.append((number, why))
    return Outcome(desk, facts, jobs, abouts, stale, fresh, memory, values, static)


def _why_stale(
    job: Job, about: str, memory: Memory, staleness: Staleness, desk: Desk
) -> str | None:
    """Why a job must be done; None if it came to what lies in the output folder."""
    note = memory.jobs.get(job.path)
    if not memory.made_by:
        return "nothing is known of an earlier build with this configuration"
    if job.about is None:
        return "it shows too much to tell whether it has changed"
    if note is None:
        return "it is new, or it cannot be told what it shows"
    if note.about != about:
        return "what it lists has changed"
    if any(path not in desk.stage.old for path in note.files):
        return "its file is not as it was left"
    return staleness.why_stale(note)


def _yielding(by: Artifact) -> Problem:
    message = f"`{by.path}` is that of {by.made_from}, and is not generated"
    return Problem("notice", "static", message)


def publish_outcome(
    outcome: Outcome,
    put: Iterable[Put],
    plain: Iterable[Artifact],
    ledger: Ledger,
    names: Sequence[Named],
    problems: list[Problem],
) -> Published:
    """The site, published: what was put, what is as it was, and all that takes no time to make."""
    desk, static = outcome.desk, outcome.static
    entries: list[Put] = []
    for entry in dict.fromkeys(put):
        if entry.path in static and yields(entry.path, entry.made_from):
            problems.append(_yielding(static[entry.path]))
        else:
            entries.append(entry)
    entries += _unchanged(outcome)
    taken = {entry.path for entry in entries}
    copied: dict[str, Stamp] = {}
    for artifact in (*static.values(), *_assets(outcome, names)):
        entries.append(_copy(artifact, outcome, copied))
    for artifact in plain:
        if artifact.path in static and yields(artifact.path, artifact.made_from):
            problems.append(_yielding(static[artifact.path]))
        else:
            entries.append(desk.made(artifact))
    if desk.config.preserve_dotfiles_in_output:
        taken = {entry.path for entry in entries}
        kept = copy_assets(scan_dot_files(desk.stage.trees.output), "/", "the output folder")
        entries += (desk.made(file) for file in kept if file.path not in taken)
    entries.append(desk.made(Artifact(MARKER, b"", "sitegen")))
    entries = list(_once(entries))
    ordered = sorted((entry.path, entry.made_from) for entry in entries)
    wrong = check_artifacts(Artifact(path, b"", made_from) for path, made_from in ordered)
    if wrong:
        raise SiteError([*problems, *wrong])
    memory = _remember(outcome, ledger, copied)
    return desk.finish(desk.stage, entries, msgspec.msgpack.encode(memory))


def _once(entries: Iterable[Put]) -> Iterable[Put]:
    """The files, of which those that several pages have made alike were written last."""
    return {(put.path, put.made_from, put.record.digest): put for put in entries}.values()


def _unchanged(outcome: Outcome) -> Iterable[Put]:
    """The files of jobs that are as they were, and those of pages that were not read again."""
    old = outcome.desk.stage.old
    for number in outcome.fresh:
        job = outcome.jobs[number]
        for path in outcome.memory.jobs[job.path].files:
            yield Put(path, job.made_from, old[path])
    put = {entry.path for entry in outcome.desk.put_so_far}
    for fragment in outcome.facts.fragments.values():
        for path in fragment.files:
            if path not in put and path in old:
                put.add(path)  # two pages may have drawn the same card
                yield Put(path, f"content/{fragment.path}", old[path])


def _assets(outcome: Outcome, names: Sequence[Named]) -> Iterable[Artifact]:
    cards = outcome.facts.cards
    beside = [
        (Source(name.path, f"content/{name.path}", "", name.assets), cards[name.path].url)
        for name in names
        if name.assets and name.path in cards
    ]
    return assets_of(beside, outcome.desk.config)


def _copy(artifact: Artifact, outcome: Outcome, copied: dict[str, Stamp]) -> Put:
    """A file that is published as it is, not read again if its state is the same."""
    desk, content = outcome.desk, artifact.content
    if not isinstance(content, Path):
        return desk.made(artifact)
    with telling():
        status = content.stat()
    stamp = Stamp(status.st_size, changed_ns(status), status.st_ino)
    if is_settled(stamp.mtime_ns, time.time_ns()):
        copied[artifact.path] = stamp
    old = desk.stage.old.get(artifact.path)
    if old is not None and outcome.memory.copied.get(artifact.path) == stamp:
        return Put(artifact.path, artifact.made_from, old)
    return desk.made(artifact)


def join_ledgers(outcome: Outcome, ledgers: Sequence[Ledger]) -> Ledger:
    """The notes of all jobs: of those that were done now, by whichever process; of the others."""
    ledger = Ledger(outcome.memory)
    known = [(other, ledger.tables_of(other)) for other in ledgers]
    fresh = set(outcome.fresh)
    for number, job in enumerate(outcome.jobs):
        if number in fresh:
            ledger.keep(job.path, outcome.memory.jobs[job.path])
        for other, tables in known:
            ledger.take(job.path, outcome.abouts[number], other, tables)
    return ledger


def _remember(outcome: Outcome, ledger: Ledger, copied: Mapping[str, Stamp]) -> Memory:
    return msgspec.structs.replace(
        ledger.remember(outcome.values.of),
        made_by=outcome.desk.all_by,
        fragments={path: entry.id for path, entry in outcome.facts.fragments.items()},
        copied=copied,
    )

"""What one build remembers for the next: what each job has read, and how all that was then."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Protocol

import msgspec

from sitegen.base.digest import digest_bytes
from sitegen.passes.facts import ALL, KNOWN, OTHER
from sitegen.render.jobs import Job
from sitegen.render.reads import ALWAYS, Read
from sitegen.storage.trace import Stamp

_GLOBAL = frozenset(("template", "file", "env", "day", "taxonomies", "term", "urls", ALWAYS[0]))
"""Kinds of reads that are not of a page, section or term; no path is called so."""


_NUMBER = "I"
"""The kind of numbers in an array: as objects they take four times the memory."""

Others = tuple[int, ...]
"""Numbers of what a job read besides pages."""

Tables = tuple[list[int], list[int], Callable[[Others], Others]]
"""Numbers of paths, of masks, and of others: another ledger's to our own."""


class Note(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A job as it was last done: a digest of what it was about, the files that it made, and what it
    read: `seen` are pairs of 32-bit numbers, of a path and of the mask of its fields."""

    about: str
    files: tuple[str, ...]
    seen: bytes
    others: Others


class Memory(msgspec.Struct, frozen=True, array_like=True):
    """All notes. `made_by` is a digest of all that every file depends on: sitegen, the packages,
    the configuration, the names of templates. `fragments` are ids by path; `masks` sets of fields,
    a bit for each; `others` what was read besides, with a digest of it; `copied` the states of the
    files that were copied."""

    made_by: str = ""
    fragments: Mapping[str, str] = {}
    paths: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    masks: tuple[int, ...] = ()
    others: tuple[tuple[str, str, str], ...] = ()
    jobs: Mapping[str, Note] = {}
    copied: Mapping[str, Stamp] = {}


def load_memory(data: bytes) -> Memory:
    """What was remembered; nothing if it cannot be read."""
    try:
        return msgspec.msgpack.decode(data, type=Memory) if data else Memory()
    except msgspec.DecodeError:
        return Memory()


def digest_about(job: Job, common: str) -> str:
    """A digest of what a job is about; `common` is one of what every page in its language shows."""
    return digest_plain((common, job.about))[:16]


def digest_plain(value: Any) -> str:
    """A digest of plain values and views: of their JSON, where two zones tell a moment apart."""
    return digest_bytes(msgspec.json.encode(value, enc_hook=repr))


def jobs_that_read(memory: Memory, paths: Collection[str]) -> Iterator[str]:
    """Jobs that have read something of the files at these paths, and perhaps a few more: their
    notes are searched for the numbers as bytes, which takes a hundredth of looking at each."""
    numbers = (number for number, path in enumerate(memory.paths) if path in paths)
    wanted = [array(_NUMBER, [number]).tobytes() for number in numbers]
    for job, note in memory.jobs.items():
        if any(number in note.seen for number in wanted):
            yield job


class Done(msgspec.Struct, frozen=True):
    """A job that was done now: how long it took, and how long to put its files on the stage."""

    path: str
    seconds: float
    writing: float


class Ledger:
    """Notes in the making; paths, fields and the others are counted as the memory does."""

    def __init__(self, memory: Memory) -> None:
        self._paths = {path: number for number, path in enumerate(memory.paths)}
        self._fields = {field: number for number, field in enumerate(memory.fields)}
        self._masks = {mask: number for number, mask in enumerate(memory.masks)}
        self._others = {(kind, name): n for n, (kind, name, _) in enumerate(memory.others)}
        self.jobs: dict[str, Note] = {}

    def add(self, path: str, files: tuple[str, ...], reads: Collection[Read]) -> None:
        """A job that was done now; one that may be otherwise next time is not noted, only what it
        has looked at besides pages."""
        outside = sorted(read for read in reads if read[0] in _GLOBAL)
        others = tuple(self._others.setdefault(read, len(self._others)) for read in outside)
        if ALWAYS in reads:
            return
        fields: dict[str, list[str]] = {}
        for kind, name in reads:
            if kind not in _GLOBAL:
                fields.setdefault(kind, []).append(name)
        seen = array(_NUMBER)
        for kind in sorted(fields):
            mask = self._mask(fields[kind])
            seen.append(self._paths.setdefault(kind, len(self._paths)))
            seen.append(self._masks.setdefault(mask, len(self._masks)))
        self.jobs[path] = Note("", files, seen.tobytes(), others)

    def _mask(self, fields: list[str]) -> int:
        """The bits of fields; new ones are counted by alphabet."""
        for field in sorted(field for field in fields if field not in self._fields):
            self._fields[field] = len(self._fields)
        return sum(1 << self._fields[field] for field in fields)

    @property
    def asked(self) -> Collection[Read]:
        """What jobs have looked at besides pages, those before this build too."""
        return self._others.keys()

    def take(self, path: str, about: str, other: Ledger, tables: Tables) -> None:
        """Move a job here that another ledger has noted; `tables` are how its numbers are ours."""
        note = other.jobs.pop(path, None)
        if note is None:
            return
        paths, masks, others = tables
        seen = array(_NUMBER)
        for number, mask in _pairs(note):
            seen.append(paths[number])
            seen.append(masks[mask])
        self.jobs[path] = Note(about, note.files, seen.tobytes(), others(note.others))

    def tables_of(self, other: Ledger) -> Tables:
        """What the other's numbers of paths, masks of fields and numbers of others are here."""
        paths = [self._paths.setdefault(path, len(self._paths)) for path in other._paths]
        bits = [1 << self._fields.setdefault(f, len(self._fields)) for f in other._fields]
        masks = [
            self._masks.setdefault(
                sum(bit for place, bit in enumerate(bits) if mask >> place & 1), len(self._masks)
            )
            for mask in other._masks
        ]
        numbers = [self._others.setdefault(read, len(self._others)) for read in other._others]

        @cache
        def others(theirs: Others) -> Others:
            return tuple(numbers[number] for number in theirs)

        return paths, masks, others

    def keep(self, path: str, note: Note) -> None:
        """A job that was not done again, noted in a memory that this ledger began with."""
        self.jobs[path] = note

    def remember(self, value: Callable[[str, str], str]) -> Memory:
        """The notes with what their numbers mean, and digests of what was read besides pages."""
        used = {number for note in self.jobs.values() for number in note.others}
        others = tuple(
            (kind, name, value(kind, name) if number in used else "")
            for (kind, name), number in self._others.items()
        )
        return Memory(
            paths=tuple(self._paths),
            fields=tuple(self._fields),
            masks=tuple(self._masks),
            others=others,
            jobs=self.jobs,
        )


class Changed(Protocol):
    """What has changed: fields by path, and which pages are related to others now."""

    @property
    def fields(self) -> Mapping[str, Collection[str]]: ...
    @property
    def may_relate(self) -> bool: ...
    def related(self, path: str) -> bool: ...


class Staleness:
    """Why jobs are to be done again, by what they read last time."""

    def __init__(self, memory: Memory, changes: Changed, value: Callable[[str, str], str]) -> None:
        self._memory = memory
        self._changes = changes
        self._bits = {field: 1 << bit for bit, field in enumerate(memory.fields)}
        self._every = (1 << len(memory.fields)) - 1
        self._unknown = sum(bit for field, bit in self._bits.items() if field not in KNOWN)
        numbers = {path: number for number, path in enumerate(memory.paths)}
        self._changed = {
            numbers[path]: self._mask(fields)
            for path, fields in changes.fields.items()
            if path in numbers
        }
        self._others = {
            number: f"{kind} {name}".strip()
            for number, (kind, name, was) in enumerate(memory.others)
            if was and value(kind, name) != was
        }

    def _mask(self, fields: Iterable[str]) -> int:
        mask = 0
        for field in fields:
            if field == ALL:
                return self._every
            mask |= self._unknown if field == OTHER else self._bits.get(field, 0)
        return mask

    def why_stale(self, note: Note) -> str | None:
        """The first reason that is found; None if the job would come to the same."""
        for number in note.others:
            if number in self._others:
                return _in_words(self._others[number])
        if not self._changed and not self._changes.may_relate:
            return None
        related = self._bits.get("related", 0)
        for number, mask in _pairs(note):
            read = self._memory.masks[mask]
            hit = self._changed.get(number, 0) & read
            if hit:
                return f"{self._memory.paths[number]}: {self._names(hit)}"
            if read & related and self._changes.related(self._memory.paths[number]):
                return f"{self._memory.paths[number]}: its related pages are others"
        return None

    def _names(self, mask: int) -> str:
        names = [field for field, bit in self._bits.items() if mask & bit]
        shown = ", ".join(f"`{name}`" for name in sorted(names)[:4])
        return f"{shown} changed" + (" and more" if len(names) > 4 else "")


def _pairs(note: Note) -> Iterator[tuple[int, int]]:
    """The numbers of paths and of masks in what a job has read."""
    numbers = array(_NUMBER)
    numbers.frombytes(note.seen)
    return zip(numbers[::2], numbers[1::2], strict=True)


def _in_words(read: str) -> str:
    kind, _, name = read.partition(" ")
    known: Mapping[str, str] = {
        "template": f"the template {name} changed",
        "file": f"the file {name} changed",
        "env": f"the variable {name} changed",
        "day": "it is another day",
        "taxonomies": "the terms are others",
        "term": f"the address of the term {name} changed",
        "urls": "addresses changed",
    }
    return known[kind]

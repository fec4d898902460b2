"""`diff`: two stored runs of each benchmark compared, by their process medians."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from sitegen.base.errors import Problem, SiteError, nearest
from sitegen.benchmarks import Interval, Point, Verdict
from sitegen.commands.look import Look, look_at
from sitegen.execute.drift import LIBRARIES
from sitegen.execute.outcome import Outcome
from sitegen.measure.between import ratio_of_runs
from sitegen.measure.series import points_of, process_medians, series_at, why_unstable
from sitegen.measure.stats import estimate, judge_ratio
from sitegen.model import Plan, Run
from sitegen.passes.asked import Caller


class Side(msgspec.Struct, frozen=True):
    """One of the two runs that are compared, and its stored file."""

    device: str
    started: dt.datetime
    software: tuple[str, ...]
    file: str


class Change(msgspec.Struct, frozen=True):
    """A variant at a point, then and now, in seconds a call; `ratio` is now over then."""

    variant: str
    point: Point
    then: Interval
    now: Interval
    ratio: Interval
    verdict: Verdict
    unstable: bool = False


class Compared(msgspec.Struct, frozen=True):
    """A benchmark's two runs; `code` says whether they ran the same."""

    page: str
    name: str
    then: Side
    now: Side
    code: Literal["same", "changed"]
    changes: tuple[Change, ...]


class Difference(msgspec.Struct, frozen=True):
    """What changed in each benchmark; `notes` are those of which there are no two runs."""

    compared: tuple[Compared, ...]
    notes: tuple[str, ...] = ()

    @property
    def status(self) -> Literal[0, 2]:
        """2 if nothing could be compared; that something got slower is no failure."""
        return 0 if self.compared else 2


class Which(msgspec.Struct, frozen=True):
    """Which runs are meant: of a day in UTC, on a device, or with a version of a library."""

    written: str
    day: dt.date | None = None
    device: str = ""
    package: str = ""
    version: str = ""

    def means(self, run: Run) -> bool:
        if self.day is not None:
            return run.started.date() == self.day
        if self.device:
            return run.device.name == self.device
        return run.provenance.packages.get(self.package) == self.version


def diff(
    root: Path, names: Sequence[str], start: str | None, end: str | None, caller: Caller
) -> Difference:
    """Two runs of each benchmark of the named pages, of all if none is named.

    Without `start` and `end` the last two of each device. Raises SiteError where they cannot be
    read or mean no stored run.
    """
    look = look_at(root, names, caller)
    outcomes = [outcome for outcome in look.outcomes if outcome.plan.bench is not None]
    every = [run for outcome in outcomes for run in _runs(outcome)]
    first, last = (parse_which(text, every) for text in (start, end))
    compared: list[Compared] = []
    notes: list[str] = []
    for outcome in outcomes:
        found = list(find_pairs(_runs(outcome), first, last))
        compared += (_compare(look, outcome.plan, *pair) for pair in found)
        if not found:
            notes.append(_why_none(outcome, first, last))
    return Difference(tuple(compared), tuple(notes))


def _runs(outcome: Outcome) -> list[Run]:
    """The author's stored runs of a benchmark, the oldest first."""
    runs = (*outcome.stored.fresh, *outcome.stored.stale)
    return sorted(runs, key=lambda run: (run.started, run.device.name))


def parse_which(text: str | None, runs: Sequence[Run]) -> Which | None:
    """The runs that a date, a device's name or `package==version` means."""
    if text is None:
        return None
    found = _read(text)
    if not any(found.means(run) for run in runs):
        devices = sorted({run.device.name for run in runs})
        days = sorted({f"{run.started:%Y-%m-%d}" for run in runs})
        close = nearest(text, [*devices, *days])
        known = f"there are: {', '.join([*devices, *days])}" if runs else "no benchmark is stored"
        help = f"did you mean `{close}`?" if close else known
        raise SiteError([Problem("fatal", "diff", f"no stored run is of `{text}`", help=(help,))])
    return found


def _read(text: str) -> Which:
    package, equals, version = text.partition("==")
    if equals:
        return Which(text, package=package.strip(), version=version.strip())
    try:
        return Which(text, day=dt.date.fromisoformat(text))
    except ValueError:
        return Which(text, device=text)


def find_pairs(
    runs: Sequence[Run], first: Which | None, last: Which | None
) -> Iterator[tuple[Run, Run]]:
    """The pairs of runs, oldest first in `runs`, that are meant: where no device is named, of each
    device the newest that `last` means, and the newest other one that `first` means."""
    if any(which is not None and which.device for which in (first, last)):
        yield from _pair(runs, first, last)
        return
    for device in dict.fromkeys(run.device.name for run in runs):
        yield from _pair([run for run in runs if run.device.name == device], first, last)


def _pair(
    runs: Sequence[Run], first: Which | None, last: Which | None
) -> Iterator[tuple[Run, Run]]:
    now = next((run for run in reversed(runs) if last is None or last.means(run)), None)
    if last is None and first is not None:
        now = next((run for run in reversed(runs) if not first.means(run)), now)
    if now is None:
        return
    earlier = [run for run in runs if run is not now and (first or run.started <= now.started)]
    then = next((run for run in reversed(earlier) if first is None or first.means(run)), None)
    if then is not None:
        yield then, now


def _why_none(outcome: Outcome, first: Which | None, last: Which | None) -> str:
    plan, count = outcome.plan, len(_runs(outcome))
    name = f"{plan.page}, {plan.session.removeprefix('bench:')}"
    if count < 2:
        stored = "one run is stored" if count else "no run is stored"
        return f"{name}: {stored}; `sitegen run {plan.page} --refresh` adds one"
    asked = " and ".join(f"`{which.written}`" for which in (first, last) if which is not None)
    return f"{name}: no two runs of a device are {f'of {asked}' if asked else 'stored'}"


def _compare(look: Look, plan: Plan, then: Run, now: Run) -> Compared:
    return Compared(
        page=plan.page,
        name=plan.session.removeprefix("bench:"),
        then=_side(look, then),
        now=_side(look, now),
        code="same" if then.key == now.key else "changed",
        changes=tuple(_changes(plan, look.store.with_blobs(then), look.store.with_blobs(now))),
    )


def _side(look: Look, run: Run) -> Side:
    return Side(run.device.name, run.started, tuple(_versions(run)), look.file_of(run))


def _versions(run: Run) -> Iterable[str]:
    yield f"Python {run.provenance.python}"
    for name in LIBRARIES:
        if name in run.provenance.packages:
            yield f"{name} {run.provenance.packages[name]}"


def _changes(plan: Plan, then: Run, now: Run) -> Iterator[Change]:
    """What changed of each variant that both runs have, by point."""
    if then.benchmark is None or now.benchmark is None:
        return
    for point in points_of(now.benchmark):
        for variant in now.benchmark.variants:
            old = series_at(then.benchmark, variant, point)
            new = series_at(now.benchmark, variant, point)
            if old is None or new is None:
                continue
            before = list(process_medians(then.benchmark, old).values())
            after = list(process_medians(now.benchmark, new).values())
            if before and after:
                ratio = ratio_of_runs(before, after)
                unstable = why_unstable(then.benchmark, old) or why_unstable(now.benchmark, new)
                yield Change(
                    variant,
                    point,
                    estimate(before),
                    estimate(after),
                    ratio,
                    "undecided" if unstable else judge_ratio(ratio, plan.measure.noise),
                    bool(unstable),
                )

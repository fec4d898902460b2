"""`verify`: posts run again, and what they give is compared with what is stored of this device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from sitegen.base.errors import Problem
from sitegen.commands.look import Look, look_at
from sitegen.execute.choose import freshest, why_not_fresh
from sitegen.execute.compare import Difference, Tolerance, compare_runs
from sitegen.execute.compare_bench import compare_benchmarks
from sitegen.execute.drift import find_drift
from sitegen.execute.lookup import saves_for
from sitegen.execute.outcome import Outcome
from sitegen.model import Device, Failed, Finished, Plan, Run
from sitegen.passes.asked import Caller, Watch
from sitegen.storage.lock import locked


class Verified(msgspec.Struct, frozen=True):
    """What came of a session: `measured` is the stored file that it was compared with.

    `not run`: there is what to compare with, but no kernel ran the session; `why` says it.
    `drift` names the libraries that have other versions now, which may be why it differs.
    """

    page: str
    file: str
    line: int
    session: str
    device: str
    verdict: Literal["same", "differs", "not run", "not compared"]
    why: str = ""
    measured: str = ""
    drift: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()


class Verification(msgspec.Struct, frozen=True):
    """What came of every session, by page and in order."""

    results: tuple[Verified, ...]

    @property
    def status(self) -> Literal[0, 1, 2]:
        """1 if anything differs or could not be run, 2 if nothing could be compared."""
        verdicts = {result.verdict for result in self.results}
        if not verdicts & {"same", "differs"}:
            return 2
        return 1 if verdicts & {"differs", "not run"} else 0


def verify(
    root: Path,
    names: Sequence[str],
    tolerance: Tolerance,
    caller: Caller,
    watch: Watch,
    device: str | None = None,
) -> Verification:
    """Run the named pages again, all if none is named, and compare; nothing is stored.

    Sessions see what those before them save in this very run.
    """
    with locked(root):
        look = look_at(root, names, caller, device)
        wanted: dict[tuple[str, str], Run | str] = {}
        for outcome in look.outcomes:
            wanted[(outcome.plan.page, outcome.plan.session)] = _stored_here(look, outcome)
        plans = _needed(look.outcomes, wanted)
        again = _run_again(look, plans, watch)
    results = []
    for outcome in look.outcomes:
        place = (outcome.plan.page, outcome.plan.session)
        results.append(_judge(look, outcome, wanted[place], again.get(place), tolerance))
    return Verification(tuple(results))


def _stored_here(look: Look, outcome: Outcome) -> Run | str:
    """The fresh run of this machine's device; why there is none."""
    device = look.hosts.device(outcome.plan)
    if isinstance(device, Problem):
        return device.message
    if device is None:
        return "this machine does not have its device"
    run = freshest(outcome.plan, outcome.stored).get(device.name)
    if run is not None:
        return look.store.with_blobs(run)
    return f"no fresh result of {device.name}: " + why_not_fresh(
        outcome.plan, outcome.stored, device.name
    )


def _needed(
    outcomes: Sequence[Outcome], wanted: Mapping[tuple[str, str], Run | str]
) -> dict[str, list[Plan]]:
    """The plans to run, by page: those to be compared, and those before them, whose files they
    may read."""
    found: dict[str, list[Plan]] = {}
    before: dict[str, list[Plan]] = {}
    for outcome in outcomes:
        plan = outcome.plan
        before.setdefault(plan.page, []).append(plan)
        if isinstance(wanted[(plan.page, plan.session)], Run):
            found.setdefault(plan.page, []).extend(before[plan.page])
            before[plan.page].clear()
    return found


def _run_again(
    look: Look, plans: Mapping[str, list[Plan]], watch: Watch
) -> dict[tuple[str, str], Run | Problem]:
    """The runs by page and session: pages side by side, the sessions of one in order."""
    from sitegen.execute.local import Job, LocalExecutor

    every = [plan for page in sorted(plans) for plan in plans[page]]
    done: dict[str, list[tuple[Run | None, Sequence[Run]]]] = {page: [] for page in plans}
    found: dict[tuple[str, str], Run | Problem] = {}
    if not every:
        return found
    with LocalExecutor(look.hosts.host, every, look.config.execute.jobs) as executor:
        while any(plans.values()):
            jobs = []
            for page in sorted(plans):
                if plans[page]:
                    plan = plans[page].pop(0)
                    device = look.hosts.device(plan)
                    name = device.name if isinstance(device, Device) else ""
                    saves = saves_for(name, done[page])
                    jobs.append(Job(plan, tuple(saves[path] for path in sorted(saves))))
            for event in executor.run(jobs):
                watch(event)
                if isinstance(event, Finished):
                    done[event.plan.page].append((event.run, ()))
                    found[(event.plan.page, event.plan.session)] = event.run
                elif isinstance(event, Failed):
                    found[(event.plan.page, event.plan.session)] = event.problem
    return found


def _judge(
    look: Look,
    outcome: Outcome,
    stored: Run | str,
    now: Run | Problem | None,
    tolerance: Tolerance,
) -> Verified:
    plan = outcome.plan
    device = stored.device.name if isinstance(stored, Run) else ""
    bare = Verified(
        plan.page, plan.file, plan.span.line, plan.session, device, "not compared", str(stored)
    )
    if isinstance(stored, str):
        return bare
    if not isinstance(now, Run):
        why = now.message if isinstance(now, Problem) else ""
        return msgspec.structs.replace(bare, verdict="not run", why=why)
    differences = tuple(compare_runs(plan, stored, now, tolerance))
    timings = compare_benchmarks(plan, stored, now) if not differences else ()
    if isinstance(timings, str):
        return msgspec.structs.replace(bare, why=timings, measured=look.file_of(stored))
    differences += timings
    origin = now.provenance
    accepted = stored.accepted
    return msgspec.structs.replace(
        bare,
        verdict="differs" if differences else "same",
        why=f"the stored result was accepted: {accepted.because}" if accepted else "",
        measured=look.file_of(stored),
        drift=find_drift(stored.provenance, origin.python, origin.packages),
        differences=differences,
    )

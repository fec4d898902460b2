"""What a build says of results that are not as they should be, and what would renew them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from sitegen.base.errors import Problem, Severity
from sitegen.execute.choose import Choice, Mode, Stored, why_not_fresh
from sitegen.model import Plan, Run
from sitegen.storage.measurements import Store, absent_inputs


def about_shown(plan: Plan, stored: Stored, choice: Choice, mode: Mode) -> Iterator[Problem]:
    """A warning for what is shown stale or not at all; under `--frozen` it stops the build."""
    severity: Severity = "fatal" if mode == "frozen" else "warning"
    help = (renewal(plan, choice, mode),)
    for run in choice.stale:
        name = run.device.name
        on = f" of {name}" if len(choice.runs) > 1 else ""
        message = f"the stored result{on} is stale: {why_not_fresh(plan, stored, name)}"
        yield Problem(severity, "stale", message, plan.span, "", help)
    shown = {run.device.name for run in choice.runs}
    for name in choice.absent:
        if name not in shown and (plan.execute.devices or not shown):
            message = f"there is no result of {name}: {why_not_fresh(plan, stored, name)}"
            yield Problem(severity, "missing", message, plan.span, "", help)
    if not shown and not choice.absent:
        message = f"there is no result: {why_not_fresh(plan, stored, None)}"
        yield Problem(severity, "missing", message, plan.span, "", help)


def advice_for(plan: Plan, choice: Choice, mode: Mode) -> Iterator[str]:
    """What the author may do next, where a page shows less than it could."""
    needed = choice.stale or not choice.runs or (plan.execute.devices and choice.absent)
    if needed:
        yield f"{plan.file}: {renewal(plan, choice, mode)}"


def renewal(plan: Plan, choice: Choice, mode: Mode) -> str:
    """The command that would renew a plan's results, and where to give it."""
    kind = plan.execute.device
    needs = choice.absent or (() if kind in ("auto", "cpu") else (f"a machine with {kind}",))
    where = f" on {' or '.join(needs)}" if needs else ""
    if mode in ("no-exec", "frozen"):
        return f"run `sitegen build`{where}"
    if plan.execute.devices or kind not in ("auto", "cpu"):
        return f"run `sitegen run {plan.page}`{where}"
    return f"run `sitegen build`{where}, or `sitegen run {plan.page}` to measure it here too"


def about_damage(store: Store, mode: Mode) -> Iterator[Problem]:
    """The damaged files; under `--frozen` one stops the build if no sound file has its key."""
    keys = {run.key[:8] for run in store.runs}
    for entry in store.damaged:
        fatal = mode == "frozen" and entry.key8 not in keys
        yield msgspec.structs.replace(entry.problem, severity="fatal") if fatal else entry.problem


def about_absent(plan: Plan, run: Run, root: Path) -> Iterator[Problem]:
    """A notice for each file that the stored run depends on and that is not here to compare."""
    absent = [entry.path for entry in absent_inputs(run, root, (root / plan.file).parent)]
    absent += [entry.pattern for entry in plan.inputs if entry.digest is None]
    for path in absent:
        message = f"`{path}`, which the stored run read, is not here: not checked here"
        yield Problem("notice", "input", message, plan.span)

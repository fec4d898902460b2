"""How stored results stand, as notices: what `sitegen status` tells of them in full."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from sitegen.base.errors import Problem
from sitegen.execute.failures import about_failures
from sitegen.model import Plan, Run

_ABOUT_RESULTS = ("stale", "missing", "device")


def as_notices(problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems; what says only that a result is old or not there becomes a notice."""
    for problem in problems:
        is_result = problem.code in _ABOUT_RESULTS and problem.severity == "warning"
        yield msgspec.structs.replace(problem, severity="notice") if is_result else problem


def find_failed(plans: Sequence[Plan], failed: Sequence[Run]) -> Iterator[Problem]:
    """A notice for each block of today's code that failed when it was last run here."""
    runs = {(run.key, run.page, run.session): run for run in failed}
    for plan in plans:
        run = runs.get((plan.key, plan.page, plan.session))
        if run is not None:
            for problem in about_failures(plan, run, allow=True):
                message = f"failed when it was last run: {problem.message}"
                yield msgspec.structs.replace(problem, severity="notice", message=message)

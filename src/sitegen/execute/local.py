"""Runs plans on this machine, one after another, each in a kernel of its own."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from sitegen.base.errors import Problem
from sitegen.execute.blocks import Outcome, run_block, skip_block
from sitegen.execute.environment import Mask
from sitegen.execute.host import Host
from sitegen.execute.kernels import KernelStartError, private_folder, start_kernel
from sitegen.model import (
    BlockDone,
    Cell,
    Chunk,
    Event,
    Failed,
    Finished,
    Input,
    Plan,
    Queued,
    Run,
    Started,
)


class LocalExecutor:
    """Runs plans on the host that `host` finds for each; a failing block is data, no exception."""

    def __init__(self, host: Callable[[Plan], Host | Problem]) -> None:
        self._host = host

    def run(self, plans: Iterable[Plan]) -> Iterator[Event]:
        """The events of all plans; every plan ends with Finished or Failed."""
        waiting = list(plans)
        for plan in waiting:
            yield Queued(plan)
        for plan in waiting:
            host = self._host(plan)
            if isinstance(host, Problem):
                yield Failed(plan, host)
            else:
                yield from run_plan(plan, host)


def run_plan(plan: Plan, host: Host) -> Iterator[Event]:
    """The events of one session in a fresh kernel, which is gone when they end."""
    begun = time.monotonic()
    started = dt.datetime.now(dt.UTC).replace(microsecond=0)
    cells: list[Cell] = []
    opened: tuple[Input, ...] = ()
    with private_folder() as private:
        work = private / "work"
        _lay_out(plan, work)
        mask = Mask(work=work, root=host.root, python=host.python, home=Path.home())
        try:
            with start_kernel(plan, host, private, work) as kernel:
                for index, block in enumerate(plan.blocks):
                    yield Started(plan, index)
                    for step in run_block(kernel, index, block, mask):
                        if not isinstance(step, Outcome):
                            yield Chunk(plan, index, step)
                            continue
                        cells.append(step.cell)
                        opened = step.opened
                        yield BlockDone(plan, index, step.cell)
                        if step.ended:
                            raise _SessionEnded
        except KernelStartError as error:
            yield Failed(plan, _not_started(plan, error))
            return
        except _SessionEnded:
            cells += [skip_block(block) for block in plan.blocks[len(cells) :]]
    yield Finished(
        plan,
        Run(
            key=plan.key,
            page=plan.page,
            session=plan.session,
            device=host.device,
            started=started,
            seconds=round(time.monotonic() - begun, 3),
            provenance=host.provenance,
            inputs=opened,
            cells=tuple(cells),
        ),
    )


class _SessionEnded(Exception):  # noqa: N818 (it ends a loop, it is no error)
    """The kernel is gone; the blocks that are left are not run."""


def _not_started(plan: Plan, error: KernelStartError) -> Problem:
    message = f"no kernel could be started: {error}"
    help = "see what it says: python -m ipykernel_launcher"
    return Problem("error", "kernel", message, plan.blocks[0].span, "", (help,))


def _lay_out(plan: Plan, work: Path) -> None:
    """Copy the files beside the post into the working folder: what a run writes stays there."""
    work.mkdir()
    above = str(Path(plan.file).relative_to("content").parent)
    for asset in plan.assets:
        target = work / Path(asset.path).relative_to(above)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(asset.file, target)

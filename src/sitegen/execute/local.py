"""Runs plans on this machine, one after another, each in a kernel of its own."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import msgspec

from sitegen.base.errors import Problem
from sitegen.execute.blocks import Opened, Outcome, run_block, skip_block
from sitegen.execute.environment import Mask, import_time_environment
from sitegen.execute.host import Host
from sitegen.execute.inputs import WorkingFolder
from sitegen.execute.kernels import Kernel, KernelStartError, private_folder, start_kernel
from sitegen.execute.messages import Displays, Fold
from sitegen.execute.processes import ship
from sitegen.execute.zygote import (
    ZygoteError,
    can_fork,
    loaded_in,
    modules_of,
    own_modules,
    start_zygote,
)
from sitegen.model import (
    BlockDone,
    Cell,
    Chunk,
    Display,
    Event,
    Failed,
    Finished,
    Output,
    Plan,
    Queued,
    Run,
    Started,
)


class LocalExecutor:
    """Runs plans on the host that `host` finds for each; a failing block is data, no exception.

    Where forking is safe, kernels are forked from one zygote for each environment, which has
    imported what the waiting plans import.
    """

    def __init__(self, host: Callable[[Plan], Host | Problem]) -> None:
        self._host = host

    def run(self, plans: Iterable[Plan]) -> Iterator[Event]:
        """The events of all plans; every plan ends with Finished or Failed."""
        waiting = list(plans)
        for plan in waiting:
            yield Queued(plan)
        with ExitStack() as stack:
            zygotes = Zygotes(stack, modules_of(waiting))
            for plan in waiting:
                host = self._host(plan)
                if isinstance(host, Problem):
                    yield Failed(plan, host)
                else:
                    yield from run_plan(plan, host, zygotes.of(plan, host))


class Zygote(NamedTuple):
    """The socket of a zygote, what it was told to import, and all that it has imported thereby."""

    socket: Path
    modules: tuple[str, ...]
    loaded: frozenset[str]


class Zygotes:
    """One zygote for each interpreter and environment, started when first asked for."""

    def __init__(self, stack: ExitStack, modules: tuple[str, ...]) -> None:
        self._stack = stack
        self._modules = modules
        self._known: dict[object, Zygote | None] = {}

    def of(self, plan: Plan, host: Host) -> Zygote | None:
        """The zygote for a plan; None where its kernel is to be started plainly.

        That is so where a file beside the post has the name of a module that is loaded already:
        the post means its own.
        """
        if not can_fork():
            return None
        env = import_time_environment(plan.execute, host.device, host.python, host.environ)
        key = (host.python, tuple(sorted(env.items())))
        if key not in self._known:
            self._known[key] = self._start(host, env)
        zygote = self._known[key]
        return None if zygote is None or zygote.loaded & own_modules(plan) else zygote

    def _start(self, host: Host, env: Mapping[str, str]) -> Zygote | None:
        folder = self._stack.enter_context(private_folder())
        ship(folder)
        try:
            start = start_zygote(host.python, self._modules, env, folder)
            socket = self._stack.enter_context(start)
            return Zygote(socket, self._modules, loaded_in(socket))
        except ZygoteError:
            return None


def run_plan(plan: Plan, host: Host, zygote: Zygote | None) -> Iterator[Event]:
    """The events of one session in a fresh kernel, which is gone when they end."""
    begun = time.monotonic()
    started = dt.datetime.now(dt.UTC).replace(microsecond=0)
    session = Session(plan)
    provenance = host.provenance
    if zygote is not None:
        provenance = msgspec.structs.replace(provenance, start="forked", preloaded=zygote.modules)
    with private_folder() as private:
        files = WorkingFolder(plan, private / "work")
        session.mask = Mask(work=files.path, root=host.root, python=host.python, home=Path.home())
        try:
            socket = zygote.socket if zygote is not None else None
            with start_kernel(plan, host, private, files.path, socket) as kernel:
                yield from session.run(kernel)
        except KernelStartError as error:
            yield Failed(plan, _not_started(plan, error))
            return
        inputs = files.read_inputs(session.opened, host.root)
    run = Run(
        key=plan.key,
        page=plan.page,
        session=plan.session,
        device=host.device,
        started=started,
        seconds=round(time.monotonic() - begun, 3),
        provenance=provenance,
        inputs=inputs,
        cells=session.cells(),
    )
    yield Finished(plan, run)


class Session:
    """The blocks of a plan in one kernel: what came of each, and which files were opened."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.opened: tuple[Opened, ...] = ()
        self.mask: Callable[[str], str] = str
        self._ended: list[tuple[Cell, Fold]] = []

    def run(self, kernel: Kernel) -> Iterator[Event]:
        """The events of the blocks, until the last or until the kernel is gone."""
        displays = Displays()
        for index, block in enumerate(self.plan.blocks):
            yield Started(self.plan, index)
            fold = Fold(self.mask, displays)
            for step in run_block(kernel, index, block, fold):
                if not isinstance(step, Outcome):
                    yield Chunk(self.plan, index, step)
                    continue
                self._ended.append((step.cell, fold))
                self.opened = step.opened or self.opened
                yield BlockDone(self.plan, index, step.cell)
                if step.ended:
                    return

    def cells(self) -> tuple[Cell, ...]:
        """A cell for each block: displays as later blocks left them, those not run marked so."""
        ended = [_updated(cell, fold.outputs()) for cell, fold in self._ended]
        left = self.plan.blocks[len(ended) :]
        return (*ended, *(skip_block(block) for block in left))


def _updated(cell: Cell, now: tuple[Output, ...]) -> Cell:
    """The cell with its displays as they are now; all else was final when the block ended."""
    pairs = zip_longest(cell.outputs, now)
    outputs = [new if isinstance(new, Display) else old for old, new in pairs if old is not None]
    return msgspec.structs.replace(cell, outputs=tuple(outputs))


def _not_started(plan: Plan, error: KernelStartError) -> Problem:
    message = f"no kernel could be started: {error}"
    help = "see what it says: python -m ipykernel_launcher"
    return Problem("error", "kernel", message, plan.blocks[0].span, "", (help,))

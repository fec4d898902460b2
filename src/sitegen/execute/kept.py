"""A kernel that outlives its run, so that a block appended to its session runs alone."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec

from sitegen.execute.kernels import Kernel
from sitegen.execute.machine import on_this_machine
from sitegen.execute.session import Session
from sitegen.model import Event, Finished, Inline, Plan, Run


class Kept:
    """A kernel that has run a session, with all that it stands on; `used` is when it last ran."""

    def __init__(self, stack: ExitStack, kernel: Kernel, session: Session, run: Run) -> None:
        self._stack = stack
        self._kernel = kernel
        self._session = session
        self._run = run
        self._kernel.stop = threading.Event()  # that of its run is its executor's
        self.used = time.monotonic()

    @property
    def place(self) -> tuple[str, str]:
        """The page and the session that it has run."""
        return self._run.page, self._run.session

    @property
    def run(self) -> Run:
        """What its blocks gave."""
        return self._run

    def begins(self, plan: Plan) -> bool:
        """Whether its blocks are the first of the plan's, which has more, and all else is equal."""
        mine = self._session.plan
        count = len(mine.blocks)
        before = tuple(inline for inline in plan.inlines if inline.after < count)
        return (
            self._session.alive
            and self._kernel.death() is None
            and len(plan.blocks) > count
            and all(
                (one.code, one.run) == (two.code, two.run)
                for one, two in zip(mine.blocks, plan.blocks, strict=False)
            )
            and list(map(_asked, before)) == list(map(_asked, mine.inlines))
            and (plan.execute, plan.inputs) == (mine.execute, mine.inputs)
            and (plan.page, plan.session) == self.place
        )

    def append(self, plan: Plan) -> Iterator[Event]:
        """The events of the blocks that the plan adds; the run that they end with is no whole fresh
        one, and never to be stored. Raises Stopped after `stop`."""
        begun = time.monotonic()
        try:
            with on_this_machine(self._kernel.stop, lambda holder: None, alone=False):
                yield from self._session.append(plan, self._kernel)
        finally:
            self.used = time.monotonic()
        self._run = msgspec.structs.replace(
            self._run,
            key=plan.key,
            started=dt.datetime.now(dt.UTC).replace(microsecond=0),
            seconds=round(self._run.seconds + time.monotonic() - begun, 3),
            cells=self._session.cells(),
            inlines=self._session.inlines(),
        )
        yield Finished(plan, self._run)

    def stop(self) -> None:
        """Have `append` raise Stopped, from another thread; the kernel is of no use afterwards."""
        self._kernel.stop.set()

    def memory(self) -> int:
        """Bytes that its process has resident; 0 where the system does not say."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = Path(f"/proc/{self._kernel.process.pid}/statm").read_text("ascii").split()
            return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")
        return 0

    def close(self) -> None:
        """End the kernel and all that it started."""
        self._stack.close()


def _asked(inline: Inline) -> tuple[str, str, int]:
    return inline.code, inline.format, inline.after

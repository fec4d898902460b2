"""Several processes at one build: forked once, they go through it together.

Each does the whole build's story on its share of the pages, and at a few points all hear what the
others have found. So none waits for orders, and with one process there is nothing to hear.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")

CHUNK = 8
"""Jobs that a process takes at a time: few, so that all end together; more would save nothing."""

_FORK = multiprocessing.get_context("fork")
"""Named, since a later Python starts processes in another way: a fork shares what is read."""


class GoneError(Exception):
    """Another process of the build has ended before its time."""


class Share:
    """This process's part: `number` of `count`, the first of which tells the others and publishes.

    What is exchanged is pickled, and only ever between processes forked from one another.
    """

    def __init__(
        self,
        number: int = 0,
        count: int = 1,
        others: Sequence[Connection] = (),
        ends: Any = None,
    ) -> None:
        self.number = number
        self.count = count
        self._others = others
        self._ends = ends

    @property
    def first(self) -> bool:
        """Whether this is the process that was asked to build."""
        return self.number == 0

    def mine(self, all: Sequence[T]) -> Sequence[T]:
        """This process's share, every so manieth."""
        return all[self.number :: self.count]

    def gather(self, value: T) -> list[T]:
        """What every process has, in their order; all get to know it."""
        return self.tell(self.collect(value)) if self.count > 1 else [value]

    def collect(self, value: T) -> list[T]:
        """What every process has, for the first; the others hear nothing."""
        if self.first:
            return [value, *(_receive(other) for other in self._others)]
        self._others[0].send(value)
        return []

    def tell(self, value: T) -> T:
        """What the first process has; the value of the others means nothing."""
        if self.first:
            for other in self._others:
                other.send(value)
            return value
        told: T = _receive(self._others[0])
        return told

    def taken(self, count: int) -> Iterator[int]:
        """Numbers below `count`; of all processes each number comes to one, when it is free.

        The first process takes them from the end, the next from the start, and so on: neighbours
        need the same templates and texts, which one process then prepares, not each.
        """
        if self.count == 1:
            yield from range(count)
            return
        backwards = self.number % 2 == 0
        while True:
            with self._ends.get_lock():
                start, end = self._ends[0], count - self._ends[1]
                size = min(CHUNK, end - start)
                self._ends[backwards] += size
            if size == 0:
                return
            start = end - size if backwards else start
            yield from range(start, start + size)


def together(count: int, story: Callable[[Share], T]) -> T:
    """What the story comes to in the first of `count` processes that go through it together.

    The others end with it, whatever happens. Call it before there is any thread, socket or kernel.
    """
    if count <= 1:
        return story(Share())
    ends = _FORK.Array("l", 2)
    pipes = [_FORK.Pipe() for _ in range(count - 1)]
    sys.stdout.flush()
    sys.stderr.flush()
    gc.freeze()  # what is here stays here: a collection in a child would copy all of it
    helpers = []
    for number, (_, theirs) in enumerate(pipes, 1):
        share = Share(number, count, [theirs], ends)
        away = [ours for ours, _ in pipes] + [end for _, end in pipes if end is not theirs]
        helper = _FORK.Process(target=_help, args=(story, share, away), daemon=True)
        helper.start()
        helpers.append(helper)
    for _, theirs in pipes:
        theirs.close()
    try:
        return story(Share(0, count, [ours for ours, _ in pipes], ends))
    except BaseException:
        for helper in helpers:
            helper.terminate()
        raise
    finally:
        for ours, _ in pipes:
            ours.close()
        for helper in helpers:
            helper.join()
        gc.unfreeze()


def _help(story: Callable[[Share], object], share: Share, away: Sequence[Connection]) -> NoReturn:
    """Go through the story as one of the others, and end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first is interrupted, and so ends this
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for connection in away:
        connection.close()
    status = 0
    try:
        story(share)
    except GoneError:
        status = 1
    except Exception:
        traceback.print_exc()
        status = 1
    os._exit(status)


def _receive(connection: Connection) -> Any:
    try:
        return connection.recv()
    except (EOFError, ConnectionError) as error:
        raise GoneError from error


SWEEP = 100
"""Pages after which what they left behind is looked through."""


def swept(all: Iterable[T]) -> Iterator[T]:
    """The same, and every so often what was made since is freed where it hangs in cycles: templates
    leave some. Only what is new is looked at, so it takes 2 % of rendering."""
    for number, one in enumerate(all, 1):
        yield one
        if number % SWEEP == 0:
            gc.collect(0)


@contextmanager
def without_collector() -> Iterator[None]:
    """No search for cycles: there are few, and looking for them took a third of parsing (1.37 ms
    a post with it, 0.93 without)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()

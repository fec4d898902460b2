"""Orders on their way to the worker, which takes none while it builds."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection

from sitegen.serve.news import Look, Looking, Order
from sitegen.serve.watch import MANY


class Orders:
    """Sends orders in their turn by a thread of its own: who gives one never waits for the worker,
    which would wait for the server at the same time."""

    def __init__(self, line: Connection) -> None:
        self._line = line
        self._waiting: list[Order] = []
        self._change = threading.Condition()
        threading.Thread(target=self._send_all, daemon=True).start()

    def give(self, order: Order) -> None:
        """Have an order sent."""
        with self._change:
            self._waiting = with_order(self._waiting, order)
            self._change.notify()

    def _send_all(self) -> None:
        with suppress(OSError):  # the worker has ended, which the server hears by itself
            while True:
                self._line.send(self._next())

    def _next(self) -> Order:
        with self._change:
            while not self._waiting:
                self._change.wait()
            return self._waiting.pop(0)


def with_order(waiting: Sequence[Order], order: Order) -> list[Order]:
    """What waits, with another order: all looks are one, and only the pages that are open now
    count."""
    for place, earlier in enumerate(waiting):
        match earlier, order:
            case Look(), Look():
                return [*waiting[:place], _both(earlier, order), *waiting[place + 1 :]]
            case Looking(), Looking():
                return [*waiting[:place], order, *waiting[place + 1 :]]
    return [*waiting, order]


def _both(one: Look, two: Look) -> Look:
    if one.files is None or two.files is None or len(one.files) + len(two.files) >= MANY:
        return Look(None)
    return Look(tuple(sorted({*one.files, *two.files})))

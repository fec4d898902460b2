"""The zygotes of a build: one for each interpreter and environment, started when first needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from sitegen.execute.environment import import_time_environment
from sitegen.execute.host import Host
from sitegen.execute.kernels import private_folder
from sitegen.execute.processes import ship
from sitegen.execute.zygote import (
    ZygoteError,
    can_fork,
    loaded_in,
    modules_of,
    own_modules,
    start_zygote,
)
from sitegen.model import Plan


class Zygote(NamedTuple):
    """The socket of a zygote, what it was told to import, and all that it has imported thereby."""

    socket: Path
    modules: tuple[str, ...]
    loaded: frozenset[str]


class Zygotes:
    """One zygote for each interpreter and environment; they end with `stack`."""

    def __init__(self, stack: ExitStack, plans: Sequence[Plan]) -> None:
        self._stack = stack
        self._modules = modules_of(plans)
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

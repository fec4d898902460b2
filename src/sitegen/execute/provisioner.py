"""Forked kernels for any Jupyter client: the kernel provisioner `sitegen-zygote`.

A kernel spec of ipykernel needs one addition, the modules that are to be imported beforehand:

    "metadata": {"kernel_provisioner": {
        "provisioner_name": "sitegen-zygote", "config": {"modules": ["torch", "jax"]}}}
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Bool, Integer, List, Unicode

from sitegen.execute.kernels import private_folder
from sitegen.execute.processes import GuardedProcess, fork, ship, spawn
from sitegen.execute.zygote import can_fork, start_zygote


class ZygoteProvisioner(LocalProvisioner):
    """Starts kernels from a zygote of its own, which lives as long as the client; restarts too.

    Where forking is unsafe, or `fork` is false, they are started plainly.
    """

    modules = List(Unicode(), help="what kernels find imported").tag(config=True)
    memory = Integer(0, help="bytes that a kernel may use; 0: no limit").tag(config=True)
    fork = Bool(True, help="whether kernels are forked where that is safe").tag(config=True)

    _stack: ExitStack | None = None
    _folder: Path
    _zygote: Path | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        env, cwd = dict(kwargs["env"]), str(kwargs.get("cwd") or Path.cwd())
        if self._stack is None:
            await asyncio.to_thread(self._prepare, cmd[0], env)
        process = self._start(cmd, env, cwd)
        self.process, self.pid = process, process.pid  # type: ignore[assignment]
        self.pgid = None  # signals go through the guard
        self.cwd = cwd
        return self.connection_info

    def _prepare(self, python: str, env: Mapping[str, str]) -> None:
        with ExitStack() as stack:
            self._folder = stack.enter_context(private_folder())
            ship(self._folder)
            if self.fork and can_fork():
                start = start_zygote(Path(python), self.modules, env, self._folder)
                self._zygote = stack.enter_context(start)
            self._stack = stack.pop_all()

    def _start(self, cmd: list[str], env: Mapping[str, str], cwd: str) -> GuardedProcess:
        arguments = [cmd[cmd.index("-f") + 1]]
        if self._zygote is not None:
            return fork(self._zygote, arguments, env, cwd, self.memory)
        program = [str(self._folder / "launch.py"), *arguments]
        return spawn(cmd[0], program, env, cwd, self.memory)

    async def cleanup(self, restart: bool = False) -> None:
        await super().cleanup(restart=restart)
        if not restart and self._stack is not None:
            self._stack.close()
            self._stack = self._zygote = None

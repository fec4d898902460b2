"""Kernels forked from a process that has already imported torch and jax: the zygote.

Its protocol is in `kernel/sitegen_zygote.py`. As a Jupyter kernel provisioner it is named
`sitegen-zygote`; a kernel spec gives it the zygote's socket.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Unicode

from sitegen.model import Plan

PROVISIONER = "sitegen-zygote"
PRELOADED = ("jax", "numpy", "pandas", "scipy", "torch")
"""What a zygote imports if a waiting plan does: slow to import, and safe to fork afterwards."""

COMPILER = frozenset({"torch._dynamo", "torch._inductor.compile_fx"})
"""What the first call of `torch.compile` would import, in about two seconds."""

SHIPPED = (
    "launch.py",
    "sitegen_figures.py",
    "sitegen_hooks.py",
    "sitegen_probe.py",
    "sitegen_recolour.py",
    "sitegen_values.py",
    "sitegen_zygote.py",
)
"""The sources of `sitegen.kernel`."""

START_LIMIT = 120.0

_IMPORT = re.compile(r"^[ \t]*(?:import[ \t]+(?P<modules>[^\n;]+)|from[ \t]+(?P<module>\w+))", re.M)


class ZygoteError(Exception):
    """The zygote did not come up, or does not answer."""


def modules_of(plans: Iterable[Plan]) -> tuple[str, ...]:
    """The modules worth preloading for these plans, sorted.

    None that a file beside a post would shadow: the post means its own.
    """
    wanted: set[str] = set()
    for plan in plans:
        own = own_modules(plan)
        code = "\n".join(block.code for block in plan.blocks)
        named = {name for name in _imported(code) if name in PRELOADED} - own
        if "torch" in named and "torch.compile" in code:
            named |= COMPILER
        wanted |= named
    return tuple(sorted(wanted))


def own_modules(plan: Plan) -> frozenset[str]:
    """The names of the modules and packages that lie beside the post."""
    above = Path(plan.file).relative_to("content").parent
    parts = (Path(asset.path).relative_to(above).parts[0] for asset in plan.assets)
    return frozenset(part.removesuffix(".py") for part in parts)


def loaded_in(address: Path) -> frozenset[str]:
    """The top-level modules that a zygote's kernels find imported."""
    return frozenset(_ask(str(address), {"loaded": True})["names"])


def _imported(code: str) -> Iterator[str]:
    """The top-level modules that the code's import statements name."""
    for found in _IMPORT.finditer(code):
        for part in (found["modules"] or found["module"]).split(","):
            yield part.split()[0].partition(".")[0] if part.strip() else ""


def ship(folder: Path) -> None:
    """Write the sources that kernels consist of into a folder."""
    for name in SHIPPED:
        text = files("sitegen.kernel").joinpath(name).read_text("utf-8")
        (folder / name).write_text(text, "utf-8")


@contextmanager
def start_zygote(
    python: Path, modules: Iterable[str], env: Mapping[str, str], folder: Path
) -> Iterator[Path]:
    """The socket of a zygote that has imported the modules; raises ZygoteError."""
    address = folder / "zygote"
    command = [str(python), str(folder / "sitegen_zygote.py"), str(address), *modules]
    process = subprocess.Popen(
        command,
        env=dict(env),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(process, address)
        yield address
    finally:
        process.kill()
        process.wait()


def _wait_for(process: subprocess.Popen[bytes], address: Path) -> None:
    deadline = time.monotonic() + START_LIMIT
    while not address.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ZygoteError(f"it ended with status {process.poll()}")
        time.sleep(0.005)


def _ask(address: str, request: Mapping[str, object]) -> dict[str, Any]:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(address)
            connection.sendall(json.dumps(request).encode() + b"\n")
            answer: dict[str, Any] = json.loads(connection.makefile().readline())
            return answer
    except (OSError, ValueError) as error:
        raise ZygoteError(str(error)) from error


class ForkedProcess:
    """A child of the zygote, with as much of `subprocess.Popen` as a provisioner uses."""

    stdin = stdout = stderr = None

    def __init__(self, address: str, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._address = address

    def poll(self) -> int | None:
        if self.returncode is None:
            try:
                self.returncode = _ask(self._address, {"poll": self.pid})["status"]
            except ZygoteError:
                self.returncode = -signal.SIGKILL  # it ends with its parent
        return self.returncode

    def wait(self) -> int | None:
        while self.poll() is None:
            time.sleep(0.005)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class ZygoteProvisioner(LocalProvisioner):
    """Starts a kernel by asking a zygote to fork; in all else as a local process."""

    socket = Unicode(help="the zygote's socket").tag(config=True)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        request = {"argv": cmd[2:], "env": dict(kwargs["env"]), "cwd": str(kwargs["cwd"])}
        answer = _ask(self.socket, {"fork": request})
        self.process = ForkedProcess(self.socket, answer["pid"])  # type: ignore[assignment]
        self.pid = self.pgid = answer["pid"]
        return self.connection_info


def can_fork() -> bool:
    """Whether forking after such imports is safe: on macOS it is not."""
    return sys.platform == "linux"

"""Processes that have already imported torch and jax, and fork kernels: zygotes.

Their protocol is in `kernel/sitegen_zygote.py`; `provisioner.py` offers them to Jupyter clients.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from sitegen.execute.processes import GuardError, say
from sitegen.model import Plan

PRELOADED = ("jax", "numpy", "pandas", "scipy", "torch")
"""What a zygote imports if a waiting plan does: slow to import, and safe to fork afterwards."""

COMPILER = frozenset({"torch._dynamo", "torch._inductor.compile_fx"})
"""What the first call of `torch.compile` would import, in about two seconds."""

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
    try:
        with say(address, {"loaded": True}) as connection, connection.makefile() as answer:
            return frozenset(json.loads(answer.readline())["names"])
    except (OSError, ValueError, GuardError) as error:
        raise ZygoteError(str(error)) from error


def _imported(code: str) -> Iterator[str]:
    """The top-level modules that the code's import statements name."""
    for found in _IMPORT.finditer(code):
        for part in (found["modules"] or found["module"]).split(","):
            yield part.split()[0].partition(".")[0] if part.strip() else ""


@contextmanager
def start_zygote(
    python: Path, modules: Iterable[str], env: Mapping[str, str], folder: Path
) -> Iterator[Path]:
    """The socket of a zygote that has imported the modules; raises ZygoteError."""
    with _zygote(python, modules, env, folder) as (process, address):
        _wait_for(process, address)
        yield address


@contextmanager
def _zygote(
    python: Path, modules: Iterable[str], env: Mapping[str, str], folder: Path
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A process that is on its way to serve at that socket; it ends with its standard input."""
    address = folder / "zygote"
    command = [str(python), str(folder / "sitegen_zygote.py"), str(address), *modules]
    process = subprocess.Popen(
        command,
        env=dict(env),
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process, address
    finally:
        if address.exists():  # it serves, and ends by itself
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=1.0)
        process.kill()
        process.communicate()


def _wait_for(process: subprocess.Popen[bytes], address: Path) -> None:
    deadline = time.monotonic() + START_LIMIT
    while not address.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise ZygoteError(f"it ended with status {process.poll()}")
        time.sleep(0.005)


def can_fork() -> bool:
    """Whether forking after such imports is safe: on macOS it is not."""
    return sys.platform == "linux"

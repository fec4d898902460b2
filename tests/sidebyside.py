"""Posts in kernels of their own, run side by side by the test itself."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import msgspec

from sitegen.build import Options, parse_site
from sitegen.content.config import load_config
from sitegen.content.source import scan_content
from sitegen.execute.blocks import Outcome, run_block
from sitegen.execute.environment import import_time_environment
from sitegen.execute.host import Host, Hosts
from sitegen.execute.kernels import private_folder, start_kernel
from sitegen.execute.messages import Displays, Fold
from sitegen.execute.processes import ship
from sitegen.execute.zygote import start_zygote
from sitegen.kernel import sitegen_guard
from sitegen.model import Cell, Failure, Plan, Stream
from tests.support import write_site


class Site:
    """Posts that can be run side by side: plans, their host, and the zygotes that they share."""

    def __init__(self, root: Path, files: dict[str, str], memory: int | None = None) -> None:
        write_site(root, {f"content/{name}.md": text for name, text in files.items()})
        config = load_config(root, [])
        drafts = parse_site(config, scan_content(root, []), Options(), [])
        found = [plan for draft in drafts for plan in draft.plans]
        self.plans = {plan.page: _limited(plan, memory) for plan in found}
        environ = {**os.environ, "SITEGEN_SECRET": "canary-51a7"}
        self._hosts = Hosts(config, environ, sys.executable)

    def host(self, plan: Plan) -> Host:
        host = self._hosts.host(plan)
        assert isinstance(host, Host), host
        return host


def _limited(plan: Plan, memory: int | None) -> Plan:
    execute = msgspec.structs.replace(plan.execute, memory=memory)
    return msgspec.structs.replace(plan, execute=execute)


class Ended(msgspec.Struct):
    """What came of a post: its cells, the time its blocks took until the kernel was gone."""

    cells: list[Cell]
    seconds: float


def run_post(
    site: Site, name: str, zygote: Path | None, stop: threading.Event | None = None
) -> Ended:
    """Run a post's blocks in a kernel of its own."""
    plan = site.plans[name]
    cells: list[Cell] = []
    begun = 0.0
    with private_folder() as private:
        work = private / "work"
        work.mkdir()
        with start_kernel(plan, site.host(plan), private, work, zygote, stop) as kernel:
            begun = time.monotonic()
            for index, block in enumerate(plan.blocks):
                for step in run_block(kernel, index, block, Fold(str, Displays())):
                    if isinstance(step, Outcome):
                        cells.append(step.cell)
                if kernel.death() is not None:
                    break
    return Ended(cells, time.monotonic() - begun)


def zygote_for(site: Site, stack: ExitStack, modules: tuple[str, ...] = ()) -> Path:
    folder = stack.enter_context(private_folder())
    ship(folder)
    plan = next(iter(site.plans.values()))
    host = site.host(plan)
    env = import_time_environment(plan.execute, host.device, host.python, host.environ)
    return stack.enter_context(start_zygote(host.python, modules, env, folder))


def failure(ended: Ended) -> str | None:
    found = [out for cell in ended.cells for out in cell.outputs if isinstance(out, Failure)]
    return f"{found[-1].name}: {found[-1].value}" if found else None


def printed(ended: Ended) -> str:
    texts = (out.text for cell in ended.cells for out in cell.outputs if isinstance(out, Stream))
    return "".join(texts)


def descendants() -> set[int]:
    """The processes below this one, without the browser that other tests may have open."""
    return {pid for pid in sitegen_guard.below(os.getpid()) if not _is_browser(pid)}


def _is_browser(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return b"playwright" in command or b"chromium" in command

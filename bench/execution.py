"""Execution: eight posts that import torch and jax, against nbclient and one bare process.

nbclient runs eight notebooks one after another, each in a kernel of its own, as a publisher of
notebooks does; the bare process runs all their code without any isolation. Interleaved, median of
so many rounds, wall time. Needs nbclient: `pip install nbclient`.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient

from sitegen.build import build
from sitegen.content.config import load_config
from sitegen.content.source import scan_content
from sitegen.execute.blocks import run_block
from sitegen.execute.environment import import_time_environment
from sitegen.execute.host import Host, Hosts
from sitegen.execute.kernels import private_folder, start_kernel
from sitegen.execute.messages import Displays, Fold
from sitegen.execute.processes import ship
from sitegen.execute.zygote import start_zygote
from sitegen.model import Plan
from sitegen.passes.asked import Caller, Options
from sitegen.passes.parse import parse_site

ROUNDS = 3
POSTS = 8
CODE = """
import torch
import jax, jax.numpy as jnp
x = torch.ones(64, 64) * {number}
print((x @ x).sum().item())
print(jnp.dot(jnp.ones(64) * {number}, jnp.ones(64)))
"""


def with_sitegen(folder: Path) -> None:
    caller = Caller(dict(os.environ), sys.executable)
    report = build(folder, Options(), caller, lambda _: None)
    assert report.executed_posts == POSTS, report.problems


def with_nbclient(folder: Path) -> None:
    for number in range(POSTS):
        cells = [nbformat.v4.new_code_cell(CODE.format(number=number))]
        NotebookClient(nbformat.v4.new_notebook(cells=cells), kernel_name="python3").execute()


def with_nothing(folder: Path) -> None:
    code = "\n".join(CODE.format(number=number) for number in range(POSTS))
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def seconds(run: Callable[[Path], None]) -> float:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "content").mkdir()
        (folder / "site.toml").write_text('base_url = "/"\n[execute]\ndevice = "cpu"\n', "utf-8")
        for number in range(POSTS):
            text = f"+++\n+++\n```python{CODE.format(number=number)}```\n"
            (folder / f"content/{number}.md").write_text(text, "utf-8")
        begun = time.perf_counter()
        run(folder)
        return time.perf_counter() - begun


class Life(NamedTuple):
    """Seconds of a forked kernel: until it answered, its empty block, until nothing was left."""

    answers: float
    block: float
    ends: float


def kernels(count: int) -> Life:
    """Medians over kernels that were forked one after another, with torch and jax imported."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        root = Path(name)
        (root / "content").mkdir()
        (root / "site.toml").write_text('base_url = "/"\n[execute]\ndevice = "cpu"\n', "utf-8")
        (root / "content/a.md").write_text("+++\n+++\n```python\n1\n```\n", "utf-8")
        config = load_config(root, [])
        drafts = parse_site(config, scan_content(root, []), Options(), [])
        (plan,) = (plan for draft in drafts for plan in draft.plans)
        host = Hosts(config, dict(os.environ), sys.executable).host(plan)
        assert isinstance(host, Host)
        folder = stack.enter_context(private_folder())
        ship(folder)
        env = import_time_environment(plan.execute, host.device, host.python, host.environ)
        zygote = stack.enter_context(start_zygote(host.python, ("jax", "torch"), env, folder))
        lives = [life(plan, host, zygote) for _ in range(count)]
    return Life(*(statistics.median(times) for times in zip(*lives, strict=True)))


def life(plan: Plan, host: Host, zygote: Path) -> Life:
    begun = time.perf_counter()
    with private_folder() as private, ExitStack() as stack:
        kernel = stack.enter_context(start_kernel(plan, host, private, private, zygote))
        ready = time.perf_counter()
        for _ in run_block(kernel, 0, plan.blocks[0], Fold(str, Displays())):
            pass
        done = time.perf_counter()
        stack.close()
        return Life(ready - begun, done - ready, time.perf_counter() - done)


def main() -> None:
    ways = {
        "one bare process, no isolation": with_nothing,
        "sitegen build": with_sitegen,
        "nbclient, one after another": with_nbclient,
    }
    times: dict[str, list[float]] = {label: [] for label in ways}
    for _ in range(ROUNDS):
        for label, run in ways.items():
            times[label].append(seconds(run))
    base = statistics.median(times["nbclient, one after another"])
    for label, taken in times.items():
        median = statistics.median(taken)
        print(f"{label:34} {median:6.2f} s {median / base:6.2f} x nbclient")
    forked = kernels(20)
    print(f"a forked kernel answers after {forked.answers:.3f} s", end=", ")
    print(f"runs an empty block in {forked.block:.3f} s, is gone after {forked.ends:.3f} s")


if __name__ == "__main__":
    main()

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
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from sitegen.build import Caller, Options, build
from sitegen.model import Event, Queued, Started

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
    events: list[tuple[float, Event]] = []
    caller = Caller(dict(os.environ), sys.executable)
    report = build(
        folder, Options(), caller, lambda event: events.append((time.perf_counter(), event))
    )
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


def fork_time() -> float:
    """Median seconds from asking for a kernel to its first block, over posts that have a zygote."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "content").mkdir()
        (folder / "site.toml").write_text('base_url = "/"\n[execute]\ndevice = "cpu"\n', "utf-8")
        for number in range(POSTS):
            text = "+++\n+++\n```python\nimport torch, jax\n```\n".replace("jax", f"jax; {number}")
            (folder / f"content/{number}.md").write_text(text, "utf-8")
        moments: list[tuple[float, Event]] = []
        caller = Caller(dict(os.environ), sys.executable)
        build(folder, Options(), caller, lambda e: moments.append((time.perf_counter(), e)))
    times = [moment for moment, event in moments if not isinstance(event, Queued)]
    events = [event for _, event in moments if not isinstance(event, Queued)]
    waits = [
        times[place] - times[place - 1]
        for place in range(1, len(events))
        if isinstance(events[place], Started)
    ]
    return statistics.median(waits)


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
    print(f"a forked kernel answers after {fork_time():.2f} s (and the end of the one before)")


if __name__ == "__main__":
    main()

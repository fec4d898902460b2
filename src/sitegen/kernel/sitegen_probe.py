"""Measures each block from inside the kernel: standard library only, nothing imported, nothing
initialised that the post did not.

Times in seconds, memory in bytes. What is asked of torch and JAX, and why, is in the project's
measurement design; names were checked against torch 2.13 and jax 0.10.2.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from sitegen_compiles import Compiles
from sitegen_frames import describe_frames
from sitegen_frameworks import (
    jax_peak,
    reset_torch_peak,
    running_frameworks,
    torch_peak,
    wait_for_jax,
    wait_for_torch,
)
from sitegen_hooks import AfterImport, OpenedFiles
from sitegen_imports import Imports
from sitegen_memory import host_peak, host_resident, reset_host_peak


class Probe:
    """Watches the blocks of one kernel; `take` gives the record of the block that just ran."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.page: str = settings["page"]
        self.block = 0
        self.code = ""
        self.ask: dict[str, Any] = {}
        self.opened = OpenedFiles(settings["site"], settings["work"], settings["passed_over"])
        self._torch_device: str | None = settings["torch_device"]
        self._inherited = host_resident() if settings["forked"] else 0
        self._depth = 0
        self._compiles = Compiles(self.page)
        self.imports = Imports(forked=settings["forked"])
        self._jax_peak = 0
        self._seen: set[str] = set()
        self._began: tuple[int, Cpu] | None = None
        self._aside: tuple[int, Cpu] = (0, (0.0, 0.0))
        self._measures: dict[str, Any] | None = None
        self._frames: list[dict[str, Any]] = []
        self._names: list[str] = []
        sys.addaudithook(self.opened.audit)
        after = {"torch": self._after_torch, **self._compiles.watches()}
        for name in after.keys() & sys.modules.keys():  # a forked kernel has them already
            after.pop(name)(sys.modules[name])
        sys.meta_path.insert(0, AfterImport(after))

    def file_name(self, code: str) -> str:
        """The name under which code is compiled: of the block, `+K` if it begins K lines below.

        Cell magics compile the block's code below their own line; what a block makes up and
        compiles itself is not a part of it.
        """
        name = f"{self.page}/block-{self.block + 1}"
        if code.rstrip() == self.code.rstrip():
            return f"{name}.py"
        if code.strip() and self.code.rstrip().endswith(code.rstrip()):
            above = self.code.rstrip()[: -len(code.rstrip())].count("\n")
            return f"{name}+{above}.py" if above else f"{name}.py"
        return f"{name}-made.py"

    def attach(self, events: Any) -> None:
        """Start and stop the clock with IPython's events.

        The stop stands first among its callbacks: others encode figures, which is not the
        block's time.
        """
        events.register("pre_run_cell", self._begin)
        events.callbacks["post_execute"].insert(0, self._end)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Within, time is not the block's; what it asked of an accelerator is done before."""
        wait_for_torch()
        wait_for_jax()
        began, cpu = time.perf_counter_ns(), cpu_seconds()
        try:
            yield
        finally:
            wall, used = self._aside
            ended = time.perf_counter_ns()
            self._aside = (wall + ended - began, _plus(used, _minus(cpu_seconds(), cpu)))

    def note_exception(self, error: BaseException | None) -> None:
        """Keep where the exception came from, and the names of its classes."""
        self._frames = describe_frames(error, self.page) if error is not None else []
        self._names = [kind.__name__ for kind in type(error).__mro__[:-1]] if error else []

    def take(self) -> dict[str, Any]:
        """The record of the block that ended: measures, frames of its failure, files opened."""
        self.imports.note(self.code)
        record = {
            "measures": self._measures,
            "frames": self._frames,
            "names": self._names,
            "opened": self.opened.take(),
        }
        self._measures = None
        self._frames = []
        self._names = []
        return record

    def _begin(self, _info: Any) -> None:
        self._depth += 1
        if self._depth > 1:
            return  # code that a block runs through IPython is part of the block
        self.imports.begin()
        self._compiles.drop()
        reset_host_peak()
        reset_torch_peak()
        self._seen = running_frameworks()
        self._aside = (0, (0.0, 0.0))
        self._began = (time.perf_counter_ns(), cpu_seconds())

    def _end(self) -> None:
        self._depth = max(0, self._depth - 1)
        if self._began is None or self._depth:
            return
        wait_for_torch()
        wait_for_jax()
        ended = time.perf_counter_ns()
        began, cpu = self._began
        aside, aside_cpu = self._aside
        own, children = _minus(_minus(cpu_seconds(), cpu), aside_cpu)
        self._began = None
        self._measures = {
            "wall": round((ended - began - aside) / 1e9, 6),
            "cpu": round(own + children, 6),
            "peak_host": max(0, host_peak() - self._inherited),
            "peak_device": self._device_peak(),
            "first": sorted(running_frameworks() - self._seen),
            "loaded": self.imports.already_loaded(self.code),
            **self._compiles.take(self.block),
        }
        if children:
            self._measures["cpu_children"] = round(children, 6)

    def _device_peak(self) -> int | None:
        """The block's peak on the accelerator; JAX's, which cannot be reset, where it rose."""
        peaks = [torch_peak()]
        now = jax_peak()
        if now > self._jax_peak:
            self._jax_peak = now
            peaks.append(now)
        return max((peak for peak in peaks if peak), default=None)

    def _after_torch(self, torch: ModuleType) -> None:
        if self._torch_device is not None:
            torch.set_default_device(self._torch_device)


Cpu = tuple[float, float]
"""Seconds of processor time: of this process, and of its children that have ended."""


def cpu_seconds() -> Cpu:
    times = os.times()
    return time.process_time_ns() / 1e9, times.children_user + times.children_system


def _plus(left: Cpu, right: Cpu) -> Cpu:
    return left[0] + right[0], left[1] + right[1]


def _minus(left: Cpu, right: Cpu) -> Cpu:
    return left[0] - right[0], left[1] - right[1]

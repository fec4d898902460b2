"""Measures each block from inside the kernel: standard library only, nothing imported, nothing
initialised that the post did not.

Times in seconds, memory in bytes. What is asked of torch and JAX, and why, is in the project's
measurement design; names were checked against torch 2.13 and jax 0.10.2.
"""

from __future__ import annotations

import os
import re
import resource
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from sitegen_hooks import AfterImport, OpenedFiles

FRAMEWORKS = ("torch", "jax")
MAX_FRAMES = 40


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
        self._jax_compile = 0.0
        self._jax_peak = 0
        self._seen: set[str] = set()
        self._began: tuple[int, float] | None = None
        self._aside = (0, 0.0)
        self._measures: dict[str, Any] | None = None
        self._frames: list[dict[str, Any]] = []
        self._names: list[str] = []
        sys.addaudithook(self.opened.audit)
        after = {"torch": self._after_torch, "jax._src.monitoring": self._after_jax}
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
            self._aside = (
                wall + time.perf_counter_ns() - began,
                used + cpu_seconds() - cpu,
            )

    def note_exception(self, error: BaseException | None) -> None:
        """Keep where the exception came from, and the names of its classes."""
        self._frames = describe_frames(error, self.page) if error is not None else []
        self._names = [kind.__name__ for kind in type(error).__mro__[:-1]] if error else []

    def take(self) -> dict[str, Any]:
        """The record of the block that ended: measures, frames of its failure, files opened."""
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
        self._jax_compile = 0.0
        drain_torch_compile()
        reset_host_peak()
        reset_torch_peak()
        self._seen = running_frameworks()
        self._aside = (0, 0.0)
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
        self._began = None
        self._measures = {
            "wall": round((ended - began - aside) / 1e9, 6),
            "cpu": round(cpu_seconds() - cpu - aside_cpu, 6),
            "compile": round(drain_torch_compile() + self._jax_compile, 6),
            "peak_host": max(0, host_peak() - self._inherited),
            "peak_device": self._device_peak(),
            "first": sorted(running_frameworks() - self._seen),
        }

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

    def _after_jax(self, monitoring: ModuleType) -> None:
        def note(event: str, seconds: float, **_: object) -> None:
            if event.startswith("/jax/core/compile/"):
                self._jax_compile += seconds

        monitoring.register_event_duration_secs_listener(note)


def describe_frames(error: BaseException, page: str) -> list[dict[str, Any]]:
    """Where an exception came from, outermost first: block or file, line, function of each level.

    A block is counted from 0; a library's file is named without this machine's folders.
    """
    places = []
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append((code.co_filename, trace.tb_lineno, code.co_name))
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        places.append((error.filename, error.lineno or 1, ""))
    pattern = re.compile(re.escape(page) + r"/block-(\d+)(?:\+(\d+))?\.py")
    frames: list[dict[str, Any]] = []
    for file, line, function in places:
        block = pattern.fullmatch(file)
        if block:
            line += int(block[2] or 0)
            frames.append({"function": function, "line": line, "block": int(block[1]) - 1})
        elif frames:
            frames.append({"function": function, "line": line, "file": shorten(file)})
    half = MAX_FRAMES // 2
    return frames if len(frames) <= MAX_FRAMES else frames[:half] + frames[-half:]


def shorten(file: str) -> str:
    """A library's file without the folder in which this machine keeps it."""
    paths = sysconfig.get_paths()
    for folder in (paths["purelib"], paths["platlib"], paths["stdlib"]):
        if file.startswith(folder + os.sep):
            return file[len(folder) + 1 :].replace(os.sep, "/")
    return file if file.startswith("<") else Path(file).name


def running_frameworks() -> set[str]:
    """The frameworks imported, and those that have opened their device."""
    found = {f"import {name}" for name in FRAMEWORKS if name in sys.modules}
    if open_accelerator() is not None:
        found.add("start torch")
    if jax_backends() is not None:
        found.add("start jax")
    return found


def open_accelerator() -> str | None:
    """The kind of accelerator that the post has made torch open; asking opens none."""
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "accelerator"):
        return None
    for kind in ("cuda", "xpu"):
        if getattr(torch, kind).is_initialized():
            return kind
    return "mps" if torch.backends.mps.is_available() else None


def wait_for_torch() -> None:
    if open_accelerator() is not None:
        sys.modules["torch"].accelerator.synchronize()


def jax_backends() -> Any:
    """JAX, once the post has given it a backend; asking makes none."""
    bridge = sys.modules.get("jax._src.xla_bridge")
    jax = sys.modules.get("jax")
    if jax is None or bridge is None or not bridge.backends_are_initialized():
        return None
    return jax


def wait_for_jax() -> None:
    jax = jax_backends()
    if jax is not None:
        for array in jax.live_arrays():
            if not array.is_deleted():
                array.block_until_ready()


def drain_torch_compile() -> float:
    """Seconds that torch spent compiling since this was last asked."""
    utils = sys.modules.get("torch._dynamo.utils")
    if utils is None or not hasattr(utils, "get_compilation_metrics"):
        return 0.0
    metrics = utils.get_compilation_metrics()
    seconds = sum(metric.entire_frame_compile_time_s or 0.0 for metric in metrics)
    if metrics:
        utils.clear_compilation_metrics()
    return float(seconds)


def cpu_seconds() -> float:
    """Processor time of this process and of its children that have ended."""
    times = os.times()
    return time.process_time_ns() / 1e9 + times.children_user + times.children_system


def reset_host_peak() -> None:
    try:
        with open("/proc/self/clear_refs", "w") as file:  # noqa: PTH123 (no object, no cost)
            file.write("5")
    except OSError:
        return


def host_resident() -> int:
    """Memory of the host in use now; of a forked process, what it has from its parent counts."""
    return status_of("VmRSS") or 0


def status_of(name: str) -> int | None:
    """A line of Linux's /proc/self/status, in bytes; None elsewhere."""
    try:
        with open("/proc/self/status") as file:  # noqa: PTH123
            for line in file:
                if line.startswith(f"{name}:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def host_peak() -> int:
    """Peak resident memory since the last reset; where none is possible, of the process so far."""
    peak = status_of("VmHWM")
    if peak is not None:
        return peak
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def reset_torch_peak() -> None:
    if open_accelerator() in ("cuda", "xpu"):
        sys.modules["torch"].accelerator.reset_peak_memory_stats()


def torch_peak() -> int:
    """Peak bytes on torch's accelerator since the last reset; 0 where none is kept, as on MPS."""
    if open_accelerator() in ("cuda", "xpu"):
        return int(sys.modules["torch"].accelerator.max_memory_allocated())
    return 0


def jax_peak() -> int:
    """The largest peak of JAX's devices since the kernel began; 0 on a CPU, which keeps none."""
    jax = jax_backends()
    if jax is None:
        return 0
    stats = [device.memory_stats() for device in jax.local_devices()]
    return max((int(stat.get("peak_bytes_in_use", 0)) for stat in stats if stat), default=0)

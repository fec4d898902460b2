"""One process of a benchmark, under its guard: what it is told, and what it answers.

Both are written in `kernel/sitegen_bench.py`.
"""

from __future__ import annotations

import json
import shutil
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from sitegen.benchmarks import Bench, Benchmark
from sitegen.execute.blocks import Opened
from sitegen.execute.environment import kernel_environment
from sitegen.execute.host import Host
from sitegen.execute.inputs import CHANGED, WorkingFolder
from sitegen.execute.kernels import FAULT, LAST_LINE, Stopped, describe_end, frames_of
from sitegen.execute.processes import GuardedProcess, spawn
from sitegen.model import Block, Failure, Frame, Input, Plan, Saved

POLL = 0.5
RUNNER = "sitegen_bench.py"
LAST_ERRORS = 4096
MOST_ANSWER = 200_000_000
"""Bytes of an answer that are read: what an author's code may have written in its place."""


class Broken(msgspec.Struct, frozen=True):
    """How the author's code failed; frames outermost first."""

    name: str
    value: str
    frames: tuple[Frame, ...] = ()


class Answer(msgspec.Struct, frozen=True):
    """What the processes of a benchmark have given so far."""

    benchmark: Benchmark | None = None
    failure: Broken | None = None
    opened: tuple[Opened, ...] = ()
    prelude: tuple[float, ...] = ()


class Room(NamedTuple):
    """Where a benchmark is measured; `inputs` are the files that it has read so far."""

    plan: Plan
    bench: Bench
    host: Host
    saves: Sequence[Saved]
    private: Path
    inputs: dict[tuple[str, str], Input]
    stop: threading.Event

    @property
    def work(self) -> Path:
        return self.private / "work"

    @property
    def answer(self) -> Path:
        return self.private / "answer.json"

    @property
    def blocks(self) -> tuple[tuple[int, Block], ...]:
        """The blocks for this device, with their places in the plan."""
        name = self.host.device.name
        return tuple(
            (place, block)
            for place, block in enumerate(self.plan.blocks)
            if not block.run.devices or name in block.run.devices
        )


def run_process(room: Room, number: int, seed: int) -> Answer:
    """What the processes have given once this one has ended; raises GuardError, and Stopped."""
    plan, host, private = room.plan, room.host, room.private
    shutil.rmtree(room.work, ignore_errors=True)
    files = WorkingFolder(plan, room.work, room.saves)
    job, answer = private / "job.json", room.answer
    job.write_text(json.dumps(_job(room, number, seed)), "utf-8")
    env = kernel_environment(
        plan.execute, host.device, host.python, private, host.environ, host.secrets
    )
    program = [str(private / RUNNER), str(job), str(answer)]
    memory = plan.execute.memory
    limit = plan.blocks[-1].limits.timeout
    fault, errors = private / FAULT, private / "errors"
    fault.unlink(missing_ok=True)
    with errors.open("wb") as file:
        process = spawn(str(host.python), program, env, str(room.work), memory or 0, file)
        try:
            status = _wait(process, limit, room.stop)
            if status is None:
                process.send_signal(signal.SIGABRT)  # it tells where it was
                process.wait(LAST_LINE)
        finally:
            process.end()
    if status is None:
        words = f"still measuring after {limit:g} s, its limit"
        return _broken(Failure("TimeoutError", words, frames_of(fault)))
    found = _parse(answer) if status == 0 else None
    if found is None:
        end = describe_end(status, memory if process.over else None, frames_of(fault))
        return _broken(_with_errors(end, errors) if status > 0 else end)
    for entry in files.read_inputs(found.opened, host.root):
        known = room.inputs.setdefault((entry.base, entry.path), entry)
        if known.digest != entry.digest:  # it was edited between two processes
            room.inputs[entry.base, entry.path] = Input(entry.base, entry.path, CHANGED)
    return found


def _with_errors(end: Failure, errors: Path) -> Failure:
    """The end of a process with the last line that it wrote of its own: what kept it from ending
    well is the runner's, or the machine's."""
    with errors.open("rb") as file:
        file.seek(max(0, errors.stat().st_size - LAST_ERRORS))
        lines = file.read().decode("utf-8", "replace").strip().split("\n")
    value = f"{end.value}: {lines[-1]}" if lines[-1] else end.value
    return Failure(end.name, value, end.frames)


def _job(room: Room, number: int, seed: int) -> dict[str, object]:
    """What `kernel/sitegen_bench.py` is told."""
    options = room.bench.run
    return {
        "page": room.plan.page,
        "blocks": [
            {"index": place, "code": block.code, "error": block.run.error}
            for place, block in room.blocks
        ],
        "sweep": options.sweep,
        "wait": options.wait,
        "max_time": options.max_time,
        "process": number,
        "seed": seed,
        "torch_device": room.host.provenance.torch_device,
        "site": str(room.host.root),
        "work": str(room.work),
        "passed_over": room.host.passed_over,
    }


def _wait(process: GuardedProcess, limit: float, stop: threading.Event) -> int | None:
    """The status of a process once it has ended; None where it reached its limit."""
    deadline = time.monotonic() + limit
    while (left := deadline - time.monotonic()) > 0:
        if stop.is_set():
            raise Stopped
        status = process.wait(min(POLL, left))
        if status is not None:
            return status
    return None


def _parse(file: Path) -> Answer | None:
    """The answer in a file; None where there is none that can be read."""
    try:
        if file.stat().st_size > MOST_ANSWER:
            return None
        return msgspec.json.decode(file.read_bytes(), type=Answer)
    except (OSError, msgspec.DecodeError):
        return None


def _broken(failure: Failure) -> Answer:
    return Answer(failure=Broken(failure.name, failure.value, failure.frames))

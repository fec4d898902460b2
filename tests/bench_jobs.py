"""Benchmarks by hand: a job for the runner, and what it answers, as nouns."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from sitegen.benchmarks import Benchmark, Series
from sitegen.execute import processes
from sitegen.model import Frame

KERNEL = Path(processes.__file__).parent.parent / "kernel"


class Answer(msgspec.Struct, frozen=True):
    """What the runner wrote; `raw` is all of it."""

    benchmark: Benchmark | None
    name: str
    value: str
    frames: tuple[Frame, ...]
    raw: Mapping[str, Any]

    def series(self, variant: str, **point: object) -> Series:
        assert self.benchmark is not None, (self.name, self.value)
        (found,) = [
            series
            for series in self.benchmark.series
            if series.variant == variant and series.point == point
        ]
        return found


def measure(
    folder: Path,
    code: str,
    *before: str,
    sweep: Sequence[tuple[str, Sequence[Any]]] = (),
    wait: str = "sample",
    max_time: float = 0.3,
    processes: int = 1,
    torch_device: str | None = None,
    meant: Sequence[bool | str] = (),
    environ: Mapping[str, str] | None = None,
) -> Answer:
    """The benchmark `code`, after the blocks `before`, measured in fresh processes."""
    folder.mkdir(exist_ok=True)
    result = folder / "result.json"
    for process in range(processes):
        errors = [*meant, *[False] * (len(before) + 1 - len(meant))]
        job = {
            "page": "posts/x",
            "blocks": [
                {"index": index, "code": text.lstrip("\n"), "error": error}
                for index, (text, error) in enumerate(zip((*before, code), errors, strict=True))
            ],
            "sweep": sweep,
            "wait": wait,
            "max_time": max_time,
            "process": process,
            "seed": 20261125,
            "torch_device": torch_device,
        }
        (folder / "job.json").write_text(json.dumps(job), "utf-8")
        work = folder / "work"
        work.mkdir(exist_ok=True)
        done = subprocess.run(
            [sys.executable, str(KERNEL / "sitegen_bench.py"), "../job.json", "../result.json"],
            cwd=work,
            env={**os.environ, **(environ or {})},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert not done.stderr, done.stderr
    raw = json.loads(result.read_bytes())
    failure = raw.get("failure", {"name": "", "value": "", "frames": []})
    benchmark = raw.get("benchmark")
    return Answer(
        None if benchmark is None else msgspec.convert(benchmark, Benchmark, strict=True),
        failure["name"],
        failure["value"],
        tuple(msgspec.convert(frame, Frame) for frame in failure["frames"]),
        raw,
    )

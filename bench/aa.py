"""A/A: the same function twice, compared as a page compares variants; how often they "differ".

Each try is a benchmark of two variants with the same body, measured by sitegen's runner in six
fresh processes, and judged with `noise` 0.05 as on a page, and with `noise` 0, where only the
interval speaks. At most 5 of 100 tries may say faster or slower. The machine should be quiet.
Usage: `python bench/aa.py [TRIES] [KIND…]`, 100 tries by default, of spin, numbers and torch.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import msgspec

from sitegen.benchmarks import FEWEST_PROCESSES, Benchmark
from sitegen.measure.series import ratio_between, why_unstable
from sitegen.measure.stats import judge_ratio

RUNNER = str(files("sitegen.kernel").joinpath("sitegen_bench.py"))
MAX_TIME = 0.5
NOISES = (0.05, 0.0)

BODIES = {
    "spin": (
        "import time\n",
        "def setup():\n    return dict(seconds=0.002)\n",
        "seconds",
        "end = time.perf_counter() + seconds\n    while time.perf_counter() < end:\n        pass",
    ),
    "numbers": (
        "",
        "def setup():\n    return dict(numbers=[1 / (n + 1) for n in range(5_000)])\n",
        "numbers",
        "return sum(numbers)",
    ),
    "torch": (
        "import torch\ntorch.set_num_threads(1)\n",
        "def setup():\n    return dict(t=torch.ones(128, 128))\n",
        "t",
        "return t @ t",
    ),
}


class Try(NamedTuple):
    """What a try said, by noise; and whether it was unstable, so that a page would not say it."""

    verdicts: tuple[str, ...]
    unstable: bool


def measure(kind: str, seed: int, folder: Path) -> Benchmark:
    before, setup, argument, body = BODIES[kind]
    code = setup + "".join(f"def {name}({argument}):\n    {body}\n" for name in ("one", "two"))
    answer = folder / "answer.json"
    answer.unlink(missing_ok=True)
    for process in range(FEWEST_PROCESSES):
        job = {
            "page": "bench",
            "blocks": [{"index": 0, "code": before}, {"index": 1, "code": code}],
            "sweep": [],
            "wait": "sample",
            "max_time": MAX_TIME,
            "process": process,
            "seed": seed,
            "torch_device": None,
        }
        (folder / "job.json").write_text(json.dumps(job), "utf-8")
        subprocess.run(
            [sys.executable, RUNNER, str(folder / "job.json"), str(answer)],
            cwd=folder,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.DEVNULL,
            check=True,
        )
    return msgspec.convert(json.loads(answer.read_bytes())["benchmark"], Benchmark)


def judge(benchmark: Benchmark) -> Try:
    one, two = benchmark.series
    ratio = ratio_between(benchmark, two, one)
    if ratio is None:
        return Try(("undecided",) * len(NOISES), True)
    unstable = any(why_unstable(benchmark, series) for series in (one, two))
    return Try(tuple(judge_ratio(ratio, noise) for noise in NOISES), unstable)


def main(tries: int, kinds: Sequence[str]) -> None:
    print(f"{tries} tries of each; in brackets those that a page would call unstable")
    with tempfile.TemporaryDirectory() as name:
        for kind in kinds:
            found = [judge(measure(kind, seed, Path(name))) for seed in range(tries)]
            for place, noise in enumerate(NOISES):
                said = Counter(one.verdicts[place] for one in found)
                wrong = sum(said[word] for word in ("faster", "slower"))
                shaky = sum(
                    one.unstable for one in found if one.verdicts[place] in ("faster", "slower")
                )
                words = ", ".join(f"{count} {word}" for word, count in said.most_common())
                line = f"{kind:8} noise {noise:<5} faster or slower: {wrong} of {tries} ({shaky})"
                print(f"{line}; {words}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 100, sys.argv[2:] or list(BODIES))

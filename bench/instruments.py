"""Ours against other instruments: the same functions timed by sitegen's runner, pyperf and torch.

Each round is one fresh process of each instrument, one after another, on one thread; what is
printed is the median over the rounds of a process's median, and the median of the ratios within a
round, ours over theirs. JAX is timed as its documentation says: `f(x).block_until_ready()` under
timeit. The last column is the same of the fastest sample of all rounds, which says something on a
busy machine too. It ends with 1 where a median ratio is more than 3 % from one. Needs pyperf.
Usage: `python bench/instruments.py [ROUNDS]`, 6 by default.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

RUNNER = str(files("sitegen.kernel").joinpath("sitegen_bench.py"))
ENVIRONMENT = {
    **os.environ,
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "JAX_PLATFORMS": "cpu",
}
MAX_TIME = 3.0
MOST_APART = 0.03

TORCH = """
import torch
torch.set_num_threads(1)
def product(t):
    return t @ t
def chain(t):
    return ((t.sin() * 2 + t).exp() - 1).tanh()
fast_product, fast_chain = torch.compile(product), torch.compile(chain)
"""
TORCH_BENCH = """
def setup():
    return dict(t=torch.linspace(-1, 1, {n} * {n}).reshape({n}, {n}))
def eager(t):
    return {name}(t)
def compiled(t):
    return fast_{name}(t)
"""
JAX = """
import jax, jax.numpy as jnp
product = jax.jit(lambda a: a @ a)
chain = jax.jit(lambda a: jnp.tanh(jnp.exp(jnp.sin(a) * 2 + a) - 1))
"""
JAX_BENCH = """
def setup():
    return dict(a=jnp.linspace(-1, 1, {n} * {n}).reshape({n}, {n}))
def jitted(a):
    return {name}(a)
"""
PLAIN = """
def setup():
    return dict(numbers=[1 / (n + 1) for n in range(20_000)])
def added(numbers):
    return sum(numbers)
"""
SPIN = """
import time
def setup():
    return dict(milli=0.001)
def two(milli):
    end = time.perf_counter() + 2 * milli
    while time.perf_counter() < end:
        pass
def five(milli):
    end = time.perf_counter() + 5 * milli
    while time.perf_counter() < end:
        pass
"""
PYPERF = """
import pyperf
runner = pyperf.Runner()
runner.bench_func({variant!r}, {variant}, *setup().values())
"""
TIMER = """
from torch.utils.benchmark import Timer
names = dict(globals(), **setup())
took = Timer("{variant}({arguments})", globals=names, num_threads=1).blocked_autorange(
    min_run_time={seconds})
print(took.median, min(took.times))
"""
TIMEIT = """
import statistics, timeit
names = dict(globals(), **setup())
timer = timeit.Timer("{variant}({arguments}).block_until_ready()", globals=names)
timer.timeit(3)
number, _ = timer.autorange()
times = [seconds / number for seconds in timer.repeat(20, number)]
print(statistics.median(times), min(times))
"""


class Timed(NamedTuple):
    """Seconds a call in one process: the median of its samples, and the fastest."""

    median: float
    fastest: float


class Case(NamedTuple):
    """Functions to time: what runs before, the benchmark's block, its variants, its argument."""

    name: str
    before: str
    code: str
    variants: tuple[str, ...]
    argument: str
    peers: tuple[str, ...]
    wait: str = "sample"


def cases() -> Iterator[Case]:
    yield Case("spin, ms as named", "", SPIN, ("two", "five"), "milli", ())
    yield Case("sum of 20,000", "", PLAIN, ("added",), "numbers", ("pyperf",))
    for name, n in (("product", 384), ("chain", 512)):
        code, peers = TORCH_BENCH.format(name=name, n=n), ("pyperf", "torch")
        yield Case(f"torch {name} {n}", TORCH, code, ("eager", "compiled"), "t", peers)
    for name, n in (("product", 384), ("chain", 512)):
        code = JAX_BENCH.format(name=name, n=n)
        yield Case(f"jax {name} {n}", JAX, code, ("jitted",), "a", ("timeit",), "call")


def ours(case: Case, folder: Path, round_: int) -> dict[str, Timed]:
    """What sitegen's runner says of each variant in one process."""
    job = {
        "page": "bench",
        "blocks": [{"index": 0, "code": case.before}, {"index": 1, "code": case.code}],
        "sweep": [],
        "wait": case.wait,
        "max_time": MAX_TIME,
        "process": 0,
        "seed": round_,
        "torch_device": None,
    }
    (folder / "job.json").write_text(json.dumps(job), "utf-8")
    answer = folder / "answer.json"
    answer.unlink(missing_ok=True)
    run([sys.executable, RUNNER, str(folder / "job.json"), str(answer)], folder)
    series = json.loads(answer.read_bytes())["benchmark"]["series"]
    samples = {one["variant"]: one["sampled"][0]["samples"] for one in series}
    return {name: Timed(statistics.median(own), min(own)) for name, own in samples.items()}


def theirs(peer: str, case: Case, variant: str, folder: Path) -> Timed:
    """What one process of another instrument says."""
    script = folder / "peer.py"
    tail = {"pyperf": PYPERF, "torch": TIMER, "timeit": TIMEIT}[peer]
    filled = tail.format(variant=variant, arguments=case.argument, seconds=MAX_TIME)
    script.write_text(case.before + case.code + filled, "utf-8")
    if peer != "pyperf":
        words = run([sys.executable, str(script)], folder).splitlines()[-1].split()
        return Timed(float(words[0]), float(words[1]))
    answer = folder / "pyperf.json"
    answer.unlink(missing_ok=True)
    options = [
        "--processes=1",
        "--values=20",
        "--warmups=5",
        "--copy-env",
        "--quiet",
        "--min-time=0.02",
    ]
    run([sys.executable, str(script), *options, "-o", str(answer)], folder)
    runs = json.loads(answer.read_bytes())["benchmarks"][0]["runs"]
    values = [value for one in runs for value in one.get("values", ())]
    return Timed(statistics.median(values), min(values))


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


def main(rounds: int) -> None:
    times: dict[tuple[str, str, str], list[Timed]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for round_ in range(rounds):
            for case in cases():
                for variant, timed in ours(case, folder, round_).items():
                    times.setdefault((case.name, variant, "sitegen"), []).append(timed)
                for peer in case.peers:
                    for variant in case.variants:
                        timed = theirs(peer, case, variant, folder)
                        times.setdefault((case.name, variant, peer), []).append(timed)
            print(f"round {round_ + 1} of {rounds}", file=sys.stderr, flush=True)
    apart = False
    for (case_name, variant, peer), found in times.items():
        middle = statistics.median(one.median for one in found)
        line = f"{case_name:20} {variant:9} {peer:8} {middle * 1e6:10.2f} µs"
        if peer != "sitegen":
            own = times[case_name, variant, "sitegen"]
            ratios = [a.median / b.median for a, b in zip(own, found, strict=True)]
            spread = f"{min(ratios):.3f}–{max(ratios):.3f}"
            fastest = min(one.fastest for one in own) / min(one.fastest for one in found)
            line += f"   sitegen is {statistics.median(ratios):.3f} of it ({spread})"
            line += f", its fastest {fastest:.3f}"
            apart |= abs(statistics.median(ratios) - 1) > MOST_APART
        print(line)
    sys.exit(apart)


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 6)

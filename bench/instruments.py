"""Ours against other instruments: the same functions timed by sitegen's sampler and by others.

    python bench/instruments.py [PROCESSES]

Each process, six if it is not said, calls a function until it is warm and then samples it thirty
times by each instrument, one after another in a new order each round, all with the same number of
calls: on a machine with neighbours a time is another a second later, and only what lies beside each
other can be compared. Ours is what the benchmark runner does for a sample: garbage collected,
threads at rest, a call to lead in, the calls, one wait. Theirs is the loop of pyperf's
`bench_func`, `torch.utils.benchmark.Timer.timeit`, and for JAX what its documentation says,
`f(x).block_until_ready()` under timeit. All on one thread.

Printed are the medians, and the median of the ratios of the rounds, ours over theirs, by process.
It ends with 1 where one is more than 3 % from 1. Needs pyperf.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import random
import statistics
import subprocess
import sys
import timeit
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any, NamedTuple

ENVIRONMENT = {
    **os.environ,
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "JAX_PLATFORMS": "cpu",
}
ROUNDS = 30
MOST_APART = 0.03

Instrument = Callable[[int], float]
"""Seconds that so many calls take."""


class Case(NamedTuple):
    """A function, what it is given, how its result is waited for, and when: see `wait`."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    wait: Callable[[Any], Any]
    how: str
    peers: tuple[str, ...]


def plain() -> Iterator[tuple[str, Case]]:
    numbers = list(range(20_000))
    yield "sum of 20,000", Case(sum, (numbers,), lambda result: result, "sample", ("pyperf",))


def torch() -> Iterator[tuple[str, Case]]:
    import torch

    torch.set_num_threads(1)

    def product(t: Any) -> Any:
        return t @ t

    def chain(t: Any) -> Any:
        return ((t.sin() * 2 + t).exp() - 1).tanh()

    for function, n in ((product, 384), (chain, 512)):
        square = torch.linspace(-1, 1, n * n).reshape(n, n)
        for kind, made in (("eager", function), ("compiled", torch.compile(function))):
            name = f"torch {function.__name__} {n}, {kind}"
            peers = ("pyperf", "torch")
            yield name, Case(made, (square,), lambda result: result, "sample", peers)


def jax() -> Iterator[tuple[str, Case]]:
    import jax
    from jax import numpy as jnp

    def product(a: Any) -> Any:
        return a @ a

    def chain(a: Any) -> Any:
        return jnp.tanh(jnp.exp(jnp.sin(a) * 2 + a) - 1)

    for function, n in ((product, 384), (chain, 512)):
        square = jnp.linspace(-1, 1, n * n).reshape(n, n)
        name = f"jax {function.__name__} {n}, jitted"
        peers = ("timeit",)
        yield name, Case(jax.jit(function), (square,), jax.block_until_ready, "call", peers)


GROUPS = {"plain": plain, "torch": torch, "jax": jax}


def peer(name: str, case: Case) -> Instrument:
    """Another instrument."""
    if name == "pyperf":
        return pyperf_loop(case)
    names = {"f": case.function, "x": case.arguments[0]}
    if name == "torch":
        from torch.utils.benchmark import Timer

        timer = Timer("f(x)", globals=names, num_threads=1)
        return lambda calls: float(timer.timeit(calls).median * calls)
    return timeit.Timer("f(x).block_until_ready()", globals=names).timeit


def pyperf_loop(case: Case) -> Instrument:
    """What pyperf times a function with, in its workers."""
    runner: Any = importlib.import_module("pyperf").Runner

    class Taking(runner):  # type: ignore[misc]
        def _main(self, task: Any) -> Any:
            return task.task_func

    sys.argv[1:] = []
    loop = Taking().bench_func("f", case.function, *case.arguments)
    return lambda calls: float(loop(None, calls))


def alternate(case: Case, seed: int) -> dict[str, list[float]]:
    """Seconds a call by instrument and round, in this process."""
    import sitegen_bench_rounds as rounds

    def quiet() -> int:
        return 0

    warm = rounds.warm_up(case.function, case.arguments, case.wait, quiet)
    paced = rounds.pace(case.function, case.arguments, case.wait, warm.fastest, case.how, 1.0)
    one = paced._replace(samples=1)
    order = random.Random(seed)  # noqa: S311 (no secret)

    def ours(calls: int) -> float:
        return float(rounds.sample_rounds([one], case.how, order, quiet)[0][0][0]) * calls

    instruments = {"sitegen": ours, **{name: peer(name, case) for name in case.peers}}
    found: dict[str, list[float]] = {name: [] for name in instruments}
    for _ in range(ROUNDS):
        for name in order.sample([*instruments], len(instruments)):
            found[name].append(instruments[name](one.calls) / one.calls)
    return found


def in_process(group: str, seed: int) -> None:
    """Print what this process finds."""
    sys.path.insert(0, str(files("sitegen.kernel")))
    print(json.dumps({name: alternate(case, seed) for name, case in GROUPS[group]()}))


def main(processes: int) -> None:
    told: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for seed in range(processes):
        for group in GROUPS:
            command = [sys.executable, __file__, group, str(seed)]
            done = subprocess.run(
                command, env=ENVIRONMENT, capture_output=True, text=True, check=False
            )
            if done.returncode:
                raise SystemExit(done.stderr)
            for case, found in json.loads(done.stdout.splitlines()[-1]).items():
                for name, times in found.items():
                    logs = [math.log(a / b) for a, b in zip(found["sitegen"], times, strict=True)]
                    entry = (statistics.median(times), math.exp(statistics.median(logs)))
                    told.setdefault((case, name), []).append(entry)
        print(f"process {seed + 1} of {processes}", file=sys.stderr, flush=True)
    apart = False
    for (case, name), entries in told.items():
        time = statistics.median(time for time, _ in entries)
        line = f"{case:30} {name:8} {time * 1e6:10.2f} µs"
        if name != "sitegen":
            ratios = [ratio for _, ratio in entries]
            middle = statistics.median(ratios)
            apart |= abs(middle - 1) > MOST_APART
            line += f"   sitegen is {middle:.3f} of it ({min(ratios):.3f}–{max(ratios):.3f})"
        print(line)
    sys.exit(apart)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        in_process(sys.argv[1], int(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 6)

"""Benchmarks for tests: every number in here is made up, and says so on the page ("Made-up")."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Mapping, Sequence

from sitegen.base.errors import Span
from sitegen.benchmarks import (
    Alike,
    Bench,
    Benchmark,
    BenchOptions,
    FirstCall,
    GraphBreak,
    Point,
    ProcessNote,
    Sampled,
    Series,
    Work,
)
from sitegen.model import (
    Block,
    Cell,
    Device,
    ExecuteConfig,
    Limits,
    Plan,
    Provenance,
    Run,
    RunOptions,
    Shown,
    ShowOptions,
)

H100 = Device("h100", "cuda", "Made-up NVIDIA H100 80GB HBM3", "H100 SXM")
M3 = Device("m3-max", "mps", "Made-up Apple M3 Max", "M3 Max")
STARTED = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.UTC)
VARIANTS = {"eager": 482e-6, "compiled": 368e-6, "jitted": 371e-6}
CODE = "def eager(t):\n    return t @ t\ndef compiled(t):\n    print(t)\n    return fast(t)"


def made_up_bench(name: str = "swiglu", sweep: Sequence[tuple[str, tuple[int, ...]]] = ()) -> Bench:
    """What a block asks for."""
    work = Work("2 * n**3" if sweep else "103e6", "FLOP")
    return Bench(name, BenchOptions(sweep=tuple(sweep)), work=work)


def made_up_series(
    variant: str,
    point: Point,
    seconds: float,
    *,
    wobble: float = 0.01,
    first: float = 0.012,
    framework: str = "torch",
    processes: int = 6,
    breaks: tuple[GraphBreak, ...] = (),
    seed: int = 0,
) -> Series:
    """Samples around a time; `wobble` is their relative spread within a process."""
    chance = random.Random(f"{variant}{sorted(point.items())}{seed}")  # noqa: S311
    sampled = []
    for process in range(processes):
        own = seconds * math.exp(chance.gauss(0, 0.008))
        samples = tuple(round(own * math.exp(abs(chance.gauss(0, wobble))), 10) for _ in range(30))
        compile = first * 0.97 if first > 0.1 else 0.0
        sampled.append(
            Sampled(
                process,
                FirstCall(first, compile),
                5,
                16,
                samples,
                peak_device=412_000_000 if framework == "torch" else None,
            )
        )
    alike = Alike(framework, "cuda:0", "float32", "tf32")
    return Series(
        variant, point, alike, tuple(sampled), 0.0 if variant == "eager" else 1e-6, 1e-4, breaks
    )


def made_up_benchmark(
    times: Mapping[str, float] = VARIANTS,
    points: Sequence[Point] = ({},),
    *,
    shaky: str = "",
    broken: str = "",
    scale: float = 1.0,
    seed: int = 0,
    processes: int = 6,
) -> Benchmark:
    """A benchmark whose times grow with every parameter; `shaky` is unstable, `broken` leaves its
    graph."""
    series = []
    for point in points:
        for variant, seconds in times.items():
            power = 1.0 if variant == "eager" else 0.93
            factor = math.prod(
                (float(value) / 256) ** (2.7 * power)
                for value in point.values()
                if isinstance(value, int)
            )
            series.append(
                made_up_series(
                    variant,
                    point,
                    scale * seconds * factor,
                    wobble=0.3 if variant == shaky else 0.01,
                    first=0.012 if variant == "eager" else 4.2 if variant == "compiled" else 0.9,
                    framework="jax" if variant == "jitted" else "torch",
                    breaks=(GraphBreak(0, 4, "call of print"),) if variant == broken else (),
                    seed=seed,
                    processes=processes,
                )
            )
    notes = tuple(ProcessNote(process, process, 12.0, 0.01) for process in range(processes))
    return Benchmark(tuple(times), tuple(series), notes)


def made_up_run(
    benchmark: Benchmark,
    name: str = "swiglu",
    device: Device = H100,
    *,
    torch: str = "2.13.0",
    started: dt.datetime = STARTED,
    by: str | None = None,
    key: str = "k" * 64,
    page: str = "post",
) -> Run:
    """A stored run of it."""
    packages = {"torch": torch, "jax": "0.10.2", "numpy": "2.5.2"}
    provenance = Provenance(python="3.11.7", packages=packages, commit="a1b2c3d", dirty=False)
    cell = Cell("ok", made_up_block(name).code_digest, name, (), None, source=CODE)
    return Run(
        key,
        page,
        f"bench:{name}",
        device,
        started,
        200.0,
        provenance,
        (),
        (cell,),
        benchmark=benchmark,
        by=by,
    )


def made_up_block(name: str = "swiglu", index: int = 0, bench: Bench | None = None) -> Block:
    """The benchmark's block, as a post has it from line 20 on."""
    lines = tuple(range(20, 20 + CODE.count("\n") + 1))
    show = ShowOptions(label=name, caption="Time per call of one SwiGLU block (made-up numbers)")
    span = Span("content/post.md", 18)
    return Block(index, CODE, lines, CODE, 20, RunOptions(), Limits(600.0), show, span, bench=bench)


def run_cells(plan: Plan) -> tuple[Cell, ...]:
    """A cell for each block of a plan, without outputs."""
    return tuple(
        Cell("ok", block.code_digest, block.show.label, (), None, source=block.code)
        for block in plan.blocks
    )


def made_up_shown(run: Run, bench: Bench | None = None, earlier: tuple[Run, ...] = ()) -> Shown:
    """The run under its block."""
    bench = bench or made_up_bench(run.session.removeprefix("bench:"))
    block = made_up_block(bench.name, bench=bench)
    plan = Plan(
        run.key,
        run.page,
        "content/post.md",
        run.session,
        (block,),
        ExecuteConfig(),
        (),
        block.span,
        bench=bench,
    )
    return Shown(plan, run, run.cells, earlier=earlier)

"""The benchmark runner in real processes: known truth, failures, compilers, sweeps."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

import pytest

from tests.bench_jobs import measure

SPIN = """
import atexit, json, time
log = {"short": [], "long": []}
atexit.register(lambda: open("log.json", "w").write(json.dumps(log)))
def spin(name, seconds):
    begin = now = time.perf_counter()
    while now - begin < seconds:
        now = time.perf_counter()
    log[name].append(now - begin)
"""


def test_samples_are_the_time_that_passed(tmp_path: Path) -> None:
    code = """
def setup():
    return {"milli": 0.001}

def short(milli):
    spin("short", 2 * milli)

def long(milli):
    spin("long", 5 * milli)

def _no_variant():
    raise ValueError
"""
    found = measure(tmp_path, code, SPIN, max_time=1.0)
    log = json.loads((tmp_path / "work/log.json").read_text("utf-8"))
    medians = {}
    for name, seconds in {"short": 0.002, "long": 0.005}.items():
        (sampled,) = found.series(name).sampled
        assert sampled.quiet
        assert sampled.warmups >= 3
        assert sampled.calls * seconds >= 0.010
        assert 5 <= len(sampled.samples) <= 30
        # What the function's own clock says of the same calls, whatever else the machine did.
        group = sampled.calls + 1  # one that leads in
        last = log[name][-group * len(sampled.samples) :]
        own = [sum(last[at + 1 : at + group]) for at in range(0, len(last), group)]
        apart = [s * sampled.calls / o for s, o in zip(sampled.samples, own, strict=True)]
        assert statistics.median(apart) == pytest.approx(1, rel=0.01)
        medians[name] = statistics.median(sampled.samples)
    assert found.benchmark is not None
    if (found.benchmark.processes[0].others or 0.0) < 0.1:  # else they took longer, as was said
        assert medians == pytest.approx({"short": 0.002, "long": 0.005}, rel=0.01)
        assert medians["long"] / medians["short"] == pytest.approx(2.5, rel=0.02)
    assert found.benchmark.variants == ("short", "long")
    assert found.series("long").difference == 0.0
    (note,) = found.benchmark.processes
    assert note.process == 0
    assert note.seconds > 1
    assert note.discarded is None


def test_max_time_bounds_the_samples(tmp_path: Path) -> None:
    code = "def short():\n    spin('short', 0.002)\ndef long():\n    spin('long', 0.030)\n"
    found = measure(tmp_path, code, SPIN, max_time=0.2)
    (short,), (long,) = found.series("short").sampled, found.series("long").sampled
    assert 1 <= len(long.samples) <= 3, "a call of 30 ms leads in, another is timed"
    assert long.calls == 1
    assert len(long.samples) < len(short.samples) < 30


def test_setup_runs_anew_and_arguments_go_by_name(tmp_path: Path) -> None:
    before = "made = []\n"
    code = """
def setup(n):
    made.append(n)
    return {"box": [], "k": n + 1}

def one(box, k, n, missing=7, *rest, last, **others):
    box.append(0)
    return [min(len(box), 1), k, n, missing]

def two(n, /, k, *, box):
    box.append(0)
    return (min(len(box), 1), k, n, 7)
"""
    code = code.replace("*rest, last,", "*rest,")
    found = measure(
        tmp_path, code, before, sweep=[("n", [1, 2]), ("m", ["a"])], processes=2, max_time=0.02
    )
    assert found.benchmark is not None
    assert [(s.variant, dict(s.point)) for s in found.benchmark.series] == [
        ("one", {"n": 1, "m": "a"}),
        ("two", {"n": 1, "m": "a"}),
        ("one", {"n": 2, "m": "a"}),
        ("two", {"n": 2, "m": "a"}),
    ]
    for series in found.benchmark.series:
        assert [sampled.process for sampled in series.sampled] == [0, 1]
        if series.variant == "two":
            assert (series.difference, series.tolerance) == (0.0, 0.0)
    first, second = found.benchmark.processes
    assert first.seed != second.seed


def test_each_point_has_a_process_of_its_own(tmp_path: Path) -> None:
    before = 'import os\nwith open("pids", "a") as file:\n    file.write(f"{os.getpid()}\\n")\n'
    found = measure(
        tmp_path, "def only(n):\n    return n\n", before, sweep=[("n", [1, 2, 3])], max_time=0.02
    )
    assert len(set((tmp_path / "work/pids").read_text("utf-8").split())) == 3
    assert len(found.raw["prelude"]) == 1
    assert {"base": "post", "path": "pids"} not in found.raw["opened"], "it was written, not read"


@pytest.mark.parametrize(
    ("code", "before", "name", "value", "frames"),
    [
        (
            "def setup():\n    return {}\ndef bad():\n    helper()\n",
            "def helper():\n    return 1 / 0\n",
            "ZeroDivisionError",
            "division by zero",
            [("bad", 4, 1), ("helper", 2, 0)],
        ),
        ("def f():\n    pass\n", "x = (", "SyntaxError", "incomplete input", [("", 1, 0)]),
        ("def f():\n    pass\n", "nothing", "NameError", "name 'nothing'", [("<module>", 1, 0)]),
        ("def f():\n    pass\n1 / 0\n", "", "ZeroDivisionError", "zero", [("<module>", 3, 1)]),
        (
            "def setup():\n    return {'t': 1}\ndef eager(q):\n    pass\n",
            "",
            "TypeError",
            "`eager` asks for `q`, and `setup` and the sweep give `t`",
            [("eager", 3, 1)],
        ),
        (
            "def setup():\n    return 1\ndef f():\n    pass\n",
            "",
            "TypeError",
            "`setup` returns a dict, and this is of type int",
            [("setup", 1, 1)],
        ),
        ("def setup():\n    return {}\n", "", "TypeError", "no function to measure", []),
        ("def f():\n    exit()\n", "", "SystemExit", "", [("f", 2, 1)]),
    ],
)
def test_a_failure_of_the_author_s_code(
    tmp_path: Path,
    code: str,
    before: str,
    name: str,
    value: str,
    frames: list[tuple[str, int, int | None]],
) -> None:
    found = measure(tmp_path, code, before)
    assert found.benchmark is None
    assert found.name == name
    assert value in found.value
    own = [frame for frame in found.frames if frame.block is not None]
    assert [(frame.function, frame.line, frame.block) for frame in own] == frames
    assert name in found.raw["failure"]["names"]


def test_a_failed_process_leaves_the_others_alone(tmp_path: Path) -> None:
    code = """
import os
def f():
    if os.path.exists("again"):
        raise RuntimeError("the second time")
    open("again", "w").close()
    os.remove("again")
"""
    measure(tmp_path, code, max_time=0.02)
    (tmp_path / "work/again").touch()
    found = measure(tmp_path, code, max_time=0.02)
    assert found.value == "the second time"
    assert found.benchmark is not None
    assert len(found.benchmark.processes) == 1


def test_failures_that_are_meant_are_passed_over(tmp_path: Path) -> None:
    code = "def f():\n    return 1\n"
    found = measure(tmp_path, code, "1 / 0", "[][1]", meant=[True, "LookupError"], max_time=0.02)
    assert found.benchmark is not None
    assert measure(tmp_path / "2", code, "[][1]", meant=["KeyError"]).name == "IndexError"


def test_running_out_of_memory_is_a_result(tmp_path: Path) -> None:
    code = "def much():\n    raise MemoryError\ndef a():\n    return 1\ndef b():\n    return 2\n"
    found = measure(tmp_path, code, max_time=0.02)
    assert found.series("much").failure == "out of memory"
    assert found.series("much").sampled == ()
    assert found.series("a").difference is None, "it is the first that has a result"
    assert found.series("b").difference == 0.5


def test_ipython_s_syntax(tmp_path: Path) -> None:
    before = "import asyncio\nawait asyncio.sleep(0)\n%precision 3\nx = !echo 5\nget_ipython()\n"
    found = measure(tmp_path, "def f():\n    return int(x[0])\n", before, max_time=0.02)
    assert found.benchmark is not None, found.value


def test_without_ipython(tmp_path: Path) -> None:
    hidden = tmp_path / "hidden"
    (hidden / "IPython").mkdir(parents=True)
    (hidden / "IPython/__init__.py").write_text("raise ImportError\n", "utf-8")
    before = """
from __future__ import annotations
import asyncio, sys, inspect
await asyncio.sleep(0)
assert "IPython.core" not in sys.modules
class Here:
    x: undefined
assert sys.modules[Here.__module__].Here is Here
"""
    code = "def f(a: undefined = 1):\n    return inspect.getsource(f).count('undefined')\n"
    environ = {"PYTHONPATH": str(hidden)}
    found = measure(tmp_path, code, before, environ=environ, max_time=0.02)
    assert found.benchmark is not None, found.value
    assert measure(tmp_path / "2", code, "1\nfail", environ=environ).frames[0].line == 2


def test_torch_eager_and_compiled(tmp_path: Path) -> None:
    before = """
import torch
torch.set_num_threads(1)
def product(t):
    return t @ t
fast = torch.compile(product)
fast(torch.ones(2, 2))
def chain(t):
    if t.sum() > 0:
        t = t + 1
    return t.sin()
broken = torch.compile(chain)
"""
    code = """
def setup(n):
    return dict(t=torch.ones(n, n) / n)
def eager(t):
    return product(t)
def compiled(t):
    return fast(t)
def split(t):
    return broken(t) * 0 + t
"""
    found = measure(tmp_path, code, before, sweep=[("n", [32])])
    eager, compiled = found.series("eager", n=32), found.series("compiled", n=32)
    assert eager.alike == compiled.alike
    assert eager.alike is not None
    assert (eager.alike.framework, eager.alike.device) == ("torch", "cpu")
    assert (eager.alike.dtype, eager.alike.precision) == ("float32", "float32")
    assert eager.alike.threads == 1
    assert compiled.tolerance == pytest.approx(2**-11.5)
    assert compiled.difference == pytest.approx(0, abs=2**-11.5)
    (first,) = (sampled.first for sampled in compiled.sampled)
    assert 0 < first.compile <= first.seconds
    assert (first.cache_hits, first.cache_misses) == (0, 1), "caches on disk were cold"
    assert compiled.sampled[0].quiet
    assert compiled.sampled[0].first.seconds > 10 * eager.sampled[0].first.seconds
    assert compiled.recompiles == (), "the size is not a second one"
    split = found.series("split", n=32)
    assert [(entry.block, entry.line) for entry in split.breaks] == [(0, 8)]
    assert "a branch" in split.breaks[0].reason
    assert eager.breaks == compiled.breaks == ()


def test_torch_s_default_device_is_for_setup_alone(tmp_path: Path) -> None:
    before = "import torch\nbefore = torch.ones(1).device.type\n"
    code = """
def setup():
    assert before == "meta"
    return dict(there=torch.ones(1).device.type)
def f(there):
    assert (there, torch.ones(1).device.type) == ("meta", "cpu")
"""
    found = measure(tmp_path, code, before, torch_device="meta", max_time=0.02)
    assert found.benchmark is not None, found.value


def test_recompiling_is_told_and_so_is_giving_up(tmp_path: Path) -> None:
    before = """
import torch
@torch.compile(backend="eager")
def scaled(t, k):
    return t * k
"""
    code = """
def setup():
    return dict(t=torch.ones(3))
def one(t):
    return scaled(t, 2)
def many(t):
    for k in ("a", "b", "c"):
        scaled(t, len(k))
        scaled(t.double(), 1)
    return scaled(t, 2)
"""
    found = measure(tmp_path, code, before, max_time=0.02)
    assert found.series("one").recompiles == ()
    (again, *_) = found.series("many").recompiles
    assert (again.block, again.line) in [(0, 2), (0, 4)]


def test_jax_is_waited_for(tmp_path: Path) -> None:
    before = """
import jax, jax.numpy as jnp
product = jax.jit(lambda a: a @ a)
"""
    code = """
def setup(n):
    return dict(a=jnp.ones((n, n)) / n, box={})
def left(a):
    return product(a)
def waited(a):
    return product(a).block_until_ready()
def inside(a, box):
    box["result"] = {"deep": [product(a), None]}
"""
    found = measure(tmp_path, code, before, sweep=[("n", [700])], max_time=1.0)
    left, waited, inside = (found.series(name, n=700) for name in ("left", "waited", "inside"))
    base = min(waited.sampled[0].samples)
    for series in (left, inside):  # to dispatch it alone takes a hundredth of that
        assert base / 3 < min(series.sampled[0].samples) < base * 3
    assert left.sampled[0].first.compile > 0
    assert left.alike is not None
    assert (left.alike.framework, left.alike.device, left.alike.x64) == ("jax", "cpu", False)
    assert left.alike.precision == "float32", "as torch's `highest`"


def test_a_compilation_while_sampling_discards_the_process(tmp_path: Path) -> None:
    before = "import jax, time\ncalls = []\n"
    code = """
def steady():
    return 1
def late():
    time.sleep(0.002)
    calls.append(1)
    if len(calls) == 320:  # warming up ends after half a second
        jax.jit(lambda x: x * 3.5)(2.0)
    return 1
"""
    found = measure(tmp_path, code, before, max_time=2.0)
    assert found.benchmark is not None
    (note,) = found.benchmark.processes
    assert note.discarded == "`late` was compiled while it was sampled"
    assert found.series("steady").sampled == found.series("late").sampled == ()

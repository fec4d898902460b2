"""What every block costs, measured by the probe in real kernels with torch and JAX."""

from __future__ import annotations

import ast
import datetime as dt
import re
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from sitegen.base.errors import Span
from sitegen.benchmarks import Benchmark, GraphBreak, Series
from sitegen.kernel import sitegen_frameworks
from sitegen.model import (
    Block,
    BlockDone,
    CacheUse,
    Cell,
    Device,
    ExecuteConfig,
    Limits,
    Look,
    Measures,
    Plan,
    Provenance,
    Run,
    RunOptions,
    Shown,
    ShowOptions,
)
from sitegen.render.breaks import Mark, list_marks, marks_of
from tests.support import CONFIG, build_site, write_site

POST = """
```python
import torch, torch._dynamo
torch.manual_seed(0)
x = torch.ones(8)
```
```python
#| label: branch
@torch.compile(backend="eager")
def branching(x):
    # a comment that the kernel does not see

    y = torch.relu(x)
    if y.sum() > 1:
        return y * 2
    return y

branching(x)
```
```python
@torch.compile(backend="eager")
def talking(x):
    y = x + 1
    print("half way")
    return y * 2

talking(x)
torch._dynamo.reset()
```
```python
@torch.compile(backend="eager", dynamic=False)
def shaped(x):
    return x + 1

for n in range(2, 13):
    shaped(torch.ones(n))
```
```python
@torch.compile(backend="eager")
def looping(x):
    for n in range(2):
        x = x + 1
        print(n)
    return x

looping(x)
```
```python
def branching_too(x):
    if x.sum() > 1:
        return x * 2
    return x

torch._dynamo.explain(branching_too)(x).graph_count
```
```python
branching(torch.ones(9))
```
```python
import jax
import jax.numpy as jnp
jax.jit(lambda a: jnp.sin(a) @ a)(jnp.ones((64, 64))).shape
```
```python
import os, subprocess, sys
subprocess.run([sys.executable, "-c", "sum(n * n for n in range(2_000_000))"])
```
"""


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> list[Measures]:
    root = write_site(tmp_path_factory.mktemp("costs"), {"content/post.md": POST})
    report, events = build_site(root)
    assert report.problems == ()
    done = [event.cell.measures for event in events if isinstance(event, BlockDone)]
    assert all(done)
    return [measures for measures in done if measures is not None]


def test_a_branch_on_data_breaks_its_graph_at_its_line(costs: list[Measures]) -> None:
    (found,) = costs[1].breaks
    assert (found.block, found.line) == (1, 4), "lines of the code without comments"
    assert "branch" in found.reason
    assert costs[1].compile_torch is not None
    assert costs[1].compile_torch > 0
    assert costs[1].compile == costs[1].compile_torch


def test_a_break_is_kept_though_the_block_resets_dynamo(costs: list[Measures]) -> None:
    assert [(found.block, found.line) for found in costs[2].breaks] == [(2, 4)]
    assert "`print`" in costs[2].breaks[0].reason


def test_compiling_anew_is_told_until_the_limit_and_then_that_it_is(
    costs: list[Measures],
) -> None:
    shaped = costs[3]
    assert len(shaped.recompiles) == 7, "of the eight that the limit allows the first is none"
    assert {(found.block, found.line) for found in shaped.recompiles} <= {(3, 1), (3, 3)}
    assert "size mismatch" in shaped.recompiles[0].reason
    (left,) = shaped.uncompiled
    assert left.block == 3
    assert "limit" in left.reason
    assert "size mismatch" in left.reason


def test_a_function_that_is_left_to_python_altogether_is_told(costs: list[Measures]) -> None:
    (left,) = costs[4].uncompiled
    assert (left.block, left.line) == (4, 5)
    assert "`print`" in left.reason


def test_what_explain_finds_is_told_too(costs: list[Measures]) -> None:
    assert [(found.block, found.line) for found in costs[5].breaks] == [(5, 2)]


def test_a_place_may_be_in_a_block_above(costs: list[Measures]) -> None:
    places = [*costs[6].breaks, *costs[6].recompiles]
    assert {found.block for found in places} == {1}


def test_the_compilers_are_told_apart(costs: list[Measures]) -> None:
    xla = costs[7].compile_xla
    assert xla is not None
    assert xla > 0
    assert costs[7].compile_torch == 0
    assert costs[7].compile == pytest.approx(xla)
    assert costs[7].caches == (), "XLA keeps none unless it is told where"
    assert costs[0].compile_xla is None or costs[0].compile_xla == 0


def test_the_processor_time_of_children_is_counted_and_told_apart(costs: list[Measures]) -> None:
    child = costs[8]
    assert child.cpu_children > 0.02
    assert child.cpu >= child.cpu_children
    assert costs[7].cpu_children == 0


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux")
def test_what_was_imported_before_the_kernel_is_already_loaded(costs: list[Measures]) -> None:
    assert costs[0].loaded == ("torch",)
    assert costs[0].first == ()
    assert costs[1].loaded == ("torch.compile",)
    assert costs[2].loaded == (), "it is said once"
    assert costs[7].loaded == ("jax",)
    assert costs[7].first == ("start jax",)


def test_reasons_read_the_same_in_each_run() -> None:
    from sitegen.kernel import __file__ as kernel

    code = """
import sitegen_compiles as c
guard = "0/2: ___check_type_id(n, 140686544687616), type=<class 'float'>  # n  # a.py:3"
print(c.tidy_guard(guard))
print(c.explain("generic_jump TensorVariable()"))
print(c.explain("What\\n  Explanation: Why it is.\\n  Hint: Do."))
print(c.explain("What"))
"""
    folder = Path(kernel).parent
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n") == [
        "___check_type_id(n), type=<class 'float'>",
        "a branch on a value that is only known once the graph has run",
        "Why it is.",
        "What",
        "",
    ]


def test_a_torch_that_tells_less_is_told_of_as_far_as_it_does() -> None:
    """Made up: metrics as an early torch had them, and modules that lack what we look for."""
    from sitegen.kernel import __file__ as kernel

    code = """
import sys, types
import sitegen_compiles as c
metric = types.SimpleNamespace(
    co_filename="p/block-2.py", co_firstlineno=4, entire_frame_compile_time_s=0.5,
    fail_reason=None, fail_user_frame_filename=None, fail_user_frame_lineno=None)
failed = types.SimpleNamespace(**vars(metric) | {"fail_reason": "Why\\n more"})
utils = types.ModuleType(c.UTILS)
utils.get_compilation_metrics = lambda: [metric, failed]
utils.clear_compilation_metrics = lambda: None
sys.modules[c.UTILS] = utils
compiles = c.Compiles("p")
for watch in list(compiles.watches().values())[:2]:
    watch(types.ModuleType("unknown"))
print(compiles.take(1))
"""
    command = [sys.executable, "-c", code]
    folder = Path(kernel).parent
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert ast.literal_eval(done.stdout) == {
        "compile": 1.0,
        "compile_torch": 1.0,
        "compile_xla": None,
        "caches": [],
        "breaks": [],
        "recompiles": [],
        "uncompiled": [{"block": 1, "line": 4, "reason": "Why"}],
    }


def test_the_probe_imports_and_starts_nothing(tmp_path: Path) -> None:
    post = """
```python
import sys
sorted(name for name in ("torch", "jax", "numpy", "torch._dynamo") if name in sys.modules)
```
```python
import torch
"torch._inductor.compile_fx" in sys.modules, torch.cuda.is_initialized()
```
```python
import jax
jax._src.xla_bridge.backends_are_initialized()
```
```python
jax._src.xla_bridge.backends_are_initialized()
```
"""
    for name in ("torch", "jax"):  # else a zygote imports them before
        post = post.replace(f"import {name}", f"{name} = __import__('{name}')")
    root = write_site(tmp_path, {"content/post.md": post})
    report, _ = build_site(root)
    assert report.problems == ()
    html = (root / "public/post/index.html").read_text("utf-8")
    for line in ("[]", "(False, False)", "False"):
        assert line in html
    assert "True" not in html[html.index("<figure") : html.index('<section class="card"')]


def test_what_compilers_find_in_their_caches_is_counted(tmp_path: Path) -> None:
    post = """
```python
import torch
@torch.compile
def grows(x):
    return torch.sin(x) * 3 + 1
grows(torch.ones(7, requires_grad=True)).sum().backward()
```
```python
import jax, jax.numpy as jnp
jax.config.update("jax_compilation_cache_dir", JAX)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
jax.jit(lambda x: jnp.tan(x) @ x)(jnp.ones((5, 5))).shape
```
"""
    post = post.replace("JAX", repr(str(tmp_path / "xla")))
    config = f"{CONFIG}\n[execute.env]\nTORCHINDUCTOR_CACHE_DIR = '{tmp_path / 'inductor'}'\n"
    root = write_site(tmp_path / "site", {"content/post.md": post}, config)

    def uses() -> list[CacheUse]:
        shutil.rmtree(root / "measurements", ignore_errors=True)
        _, events = build_site(root)
        cells = [event.cell for event in events if isinstance(event, BlockDone)]
        return [use for cell in cells if cell.measures for use in cell.measures.caches]

    cold, warm = uses(), uses()
    assert [use.name for use in cold] == ["inductor", "xla"] == [use.name for use in warm]
    assert all(use.hits == 0 for use in cold)
    assert all(use.misses > 0 for use in cold)
    assert all(use.hits > 0 for use in warm)
    assert all(use.misses == 0 for use in warm)


MARKED = """
```python
#| label: breaks
import torch

@torch.compile(backend="eager")
def branching(x):
    # not in the key
    y = torch.relu(x)
    if y.sum() > 1:
        return y * 2
    return y

branching(torch.ones(3))
```
```python,linenos,linenostart=40,hide_lines=1
branching(torch.ones(4))
print("x")
```
```python,hl_lines=1
#| echo: fold
@torch.compile(backend="eager", dynamic=False)
def shaped(x):
    return x + 1

for n in range(2, 5):
    shaped(torch.ones(n))
```
"""


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_site(tmp_path_factory.mktemp("marked"), {"content/post.md": MARKED})
    report, _ = build_site(root)
    assert report.problems == ()
    return root


def page(root: Path) -> str:
    return (root / "public/post/index.html").read_text("utf-8")


def test_a_line_is_marked_and_named_beneath_its_code(marked: Path) -> None:
    html = page(marked)
    start = html.index('id="breaks"')
    figure = html[start : html.index("</figure>", start)]
    found = re.findall(r'<mark class="line noted" data-note="(.*?)">(.*?)</mark>', figure)
    assert [(note, re.sub("<[^>]*>", "", code)) for note, code in found] == [
        ("compiled anew", '@torch.compile(backend="eager")'),
        ("graph break, compiled anew", "    if y.sum() &gt; 1:"),
    ]
    rows = re.findall("<li>(.*?)</li>", figure)
    assert any(row.startswith("line 7: graph break: ") for row in rows)
    assert any(row.startswith("line 3: compiled anew") for row in rows)
    code = re.sub("<[^>]*>", "", figure[figure.index("<pre") : figure.index("</pre>")])
    assert "graph break" not in code, "what is copied is the code"


def test_the_card_counts_what_broke(marked: Path) -> None:
    html = page(marked)
    card = html[html.index('<section class="card"') :]
    assert "1 graph break" in card
    assert "compiled anew 2 times" in card
    assert not re.search(r"\b(?:faster|slower)\b", html)


def test_marks_go_with_the_code_that_they_are_about(marked: Path, tmp_path: Path) -> None:
    root = tmp_path / "site"
    shutil.copytree(marked, root)
    text = (root / "content/post.md").read_text("utf-8")
    (root / "content/post.md").write_text(text.replace("y * 2", "y * 3"), "utf-8")
    build_site(root, mode="no-exec")
    assert "data-note" not in page(root)
    assert "cell-breaks" not in page(root)


def test_lines_are_numbered_as_the_reader_sees_them() -> None:
    look = Look(linenostart=40, hide_lines=((2, 3),))
    marks = (
        Mark(1, "graph break", ("why",)),
        Mark(2, "not compiled", ("that <is> hidden", "other")),
        Mark(5, "compiled anew", ("a", "b", "c")),
    )
    assert re.findall("<li>(.*?)</li>", list_marks(marks, look)) == [
        "line 40: graph break: why",
        "in a line that is not shown: not compiled: that &lt;is&gt; hidden (and 1 more)",
        "line 42: compiled anew 3 times, first because a",
    ]
    assert list_marks((), look) == ""


def test_what_broke_in_a_benchmark_is_marked_in_the_blocks_that_it_needs() -> None:
    """A block that is part of both is marked once with what each has found; all made up."""
    plain, other = GraphBreak(0, 2, "here"), GraphBreak(0, 2, "there")
    measures = Measures(
        wall=1.0, cpu=1.0, breaks=(plain, plain), uncompiled=(GraphBreak(0, 0, "x"),)
    )
    series = (
        Series("a", {}, None, (), breaks=(plain, other), recompiles=(GraphBreak(1, 1, "n"),)),
    )
    block = Block(3, "a\nb", (10, 12), "a\n\nb", 10, RunOptions(), Limits(1), ShowOptions(), PLACE)
    bench = msgspec.structs.replace(block, index=5, lines=(20, 21), shown_line=20)
    session = Plan("k", "p", "p.md", "main", (block,), ExecuteConfig(), (), PLACE)
    unit = msgspec.structs.replace(session, session="bench:b", blocks=(block, bench))
    cell = Cell("ok", "", None, (), measures)
    silent = msgspec.structs.replace(cell, measures=None)
    one, two = run_of(cell), run_of(silent, silent)
    two = msgspec.structs.replace(two, benchmark=Benchmark(("a",), series, ()))
    shown = [Shown(session, one, one.cells), Shown(unit, two, two.cells)]
    assert marks_of(shown) == {
        3: (Mark(3, "graph break", ("here", "there")),),
        5: (Mark(1, "compiled anew", ("n",)),),
    }
    stale = [msgspec.structs.replace(entry, stale=True) for entry in shown]
    assert marks_of(stale) == {}


PLACE = Span("p.md", 1)


def run_of(*cells: Cell) -> Run:
    device = Device("c", "cpu", "c", "c")
    when = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
    return Run("k", "p", "main", device, when, 1.0, Provenance(), (), cells)


class Card:
    """torch's accelerator as it is asked for, with what it was told; made up."""

    def __init__(self, kind: str, *, opened: bool) -> None:
        self.told: list[str] = []
        self.cuda = SimpleNamespace(is_initialized=lambda: opened and kind == "cuda")
        self.xpu = SimpleNamespace(is_initialized=lambda: opened and kind == "xpu")
        available = SimpleNamespace(is_available=lambda: opened and kind == "mps")
        self.backends = SimpleNamespace(mps=available)
        self.accelerator = SimpleNamespace(
            synchronize=lambda: self.told.append("wait"),
            reset_peak_memory_stats=lambda: self.told.append("reset"),
            max_memory_allocated=lambda: 4096,
        )


@pytest.mark.parametrize(
    ("kind", "opened", "told", "peak"),
    [
        ("cuda", True, ["reset", "wait"], 4096),
        ("xpu", True, ["reset", "wait"], 4096),
        ("mps", True, ["wait"], 0),
        ("cuda", False, [], 0),
    ],
)
def test_torch_is_only_waited_for_where_the_post_has_opened_a_device(
    monkeypatch: pytest.MonkeyPatch, kind: str, opened: bool, told: list[str], peak: int
) -> None:
    card = Card(kind, opened=opened)
    monkeypatch.setitem(sys.modules, "torch", card)
    sitegen_frameworks.reset_torch_peak()
    sitegen_frameworks.wait_for_torch()
    assert card.told == told
    assert sitegen_frameworks.torch_peak() == peak
    assert ("start torch" in sitegen_frameworks.running_frameworks()) == opened


def test_jax_is_asked_nothing_until_it_has_a_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[str] = []

    def array(name: str, *, deleted: bool) -> SimpleNamespace:
        return SimpleNamespace(
            is_deleted=lambda: deleted, block_until_ready=lambda: waited.append(name)
        )

    devices = [SimpleNamespace(memory_stats=lambda: {"peak_bytes_in_use": 9})]
    devices.append(SimpleNamespace(memory_stats=lambda: None))
    jax = SimpleNamespace(
        live_arrays=lambda: [array("here", deleted=False), array("gone", deleted=True)],
        local_devices=lambda: devices,
    )
    begun = [False]
    bridge = SimpleNamespace(backends_are_initialized=lambda: begun[0])
    monkeypatch.setitem(sys.modules, "jax", jax)
    monkeypatch.setitem(sys.modules, "jax._src.xla_bridge", bridge)
    sitegen_frameworks.wait_for_jax()
    assert (waited, sitegen_frameworks.jax_peak()) == ([], 0)
    begun[0] = True
    sitegen_frameworks.wait_for_jax()
    assert (waited, sitegen_frameworks.jax_peak()) == (["here"], 9)

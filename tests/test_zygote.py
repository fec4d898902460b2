"""Forked kernels: as isolated as kernels started plainly, with the same outputs."""

from __future__ import annotations

import os
import re
import socket
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from sitegen.execute import zygotes
from sitegen.execute.processes import fork, ship
from sitegen.execute.zygote import loaded_in, modules_of, start_zygote
from sitegen.model import BlockDone, Event, Finished, Output, Run
from tests.sidebyside import Site, failure, printed, run_post, zygote_for
from tests.support import build_site, write_site

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forked on Linux only")

POSTS = {
    f"content/{name}.md": f"""
```python
import os, random, sys
import numpy as np, torch, jax, jax.numpy as jnp
print("before:", "leak" in dir(torch), os.environ.get("LEAK"), np.random.rand() == random.random())
torch.leak = True
os.environ["LEAK"] = "{name}"
os.getpgid(0) == os.getpid()
```
```python
print(torch.compile(lambda x: torch.relu(x) + 1)(torch.ones(3)).tolist())
print(jax.jit(lambda x: x @ x)(jnp.ones((4, 4))).sum())
```
```python
import warnings
warnings.warn("where")
np.linalg.det(np.eye(3)), torch.linalg.inv(torch.eye(2)).tolist()
```
"""
    for name in ("one", "two")
}


def outputs(events: list[Event]) -> dict[str, list[tuple[Output, ...]]]:
    runs = {event.plan.page: event.run for event in events if isinstance(event, Finished)}
    return {page: [cell.outputs for cell in run.cells] for page, run in runs.items()}


def runs(events: list[Event]) -> list[Run]:
    return [event.run for event in events if isinstance(event, Finished)]


def test_a_forked_kernel_is_as_fresh_as_a_plain_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, forked = build_site(write_site(tmp_path / "forked", POSTS))
    assert report.problems == ()
    monkeypatch.setattr(zygotes, "can_fork", lambda: False)
    report, plain = build_site(write_site(tmp_path / "plain", POSTS))
    assert report.problems == ()
    assert {run.provenance.start for run in runs(forked)} == {"forked"}
    assert {run.provenance.preloaded for run in runs(forked)} == {
        ("jax", "numpy", "torch", "torch._dynamo", "torch._inductor.compile_fx")
    }
    assert {run.provenance.start for run in runs(plain)} == {"plain"}
    assert outputs(forked) == outputs(plain)
    first = outputs(forked)["two"][0]
    assert "before: False None False" in str(first)
    done = [event for event in forked if isinstance(event, BlockDone) and event.block == 0]
    walls = [event.cell.measures.wall for event in done if event.cell.measures is not None]
    assert max(walls) < 0.5, "what was preloaded is not imported again (measured: 0.01 s)"


def test_forked_kernels_share_no_luck(tmp_path: Path) -> None:
    code = "import random, numpy, torch\nrandom.random(), numpy.random.rand(), torch.rand(1)"
    files = {f"content/{name}.md": f"```python\n{name} = 1; {code}\n```\n" for name in ("a", "b")}
    report, events = build_site(write_site(tmp_path, files))
    assert report.problems == ()
    drawn = [str(found) for found in outputs(events).values()]
    numbers = [set(re.findall(r"0\.\d+", text)) for text in drawn]
    assert len(numbers[0]) == len(numbers[1]) == 3
    assert not numbers[0] & numbers[1]


def test_two_children_compute_at_once_with_threads(tmp_path: Path) -> None:
    """OpenMP, XLA's pools, compilers and matplotlib in two forked kernels at the same time."""
    code = """```python
import os, threading
import numpy as np, torch, jax, jax.numpy as jnp
cores = len(os.sched_getaffinity(0))
print("threads", torch.get_num_threads() == cores, threading.active_count())
```
```python
big = torch.ones(500, 500)
print([float((big @ big).sum()) for n in range(20)][-1], float(torch.exp(big).sum()) > 0)
print(float(jnp.dot(jnp.ones((500, 500)), jnp.ones((500, 500))).sum()))
print(torch.compile(lambda x: torch.sin(x) * 2)(torch.zeros(4)).tolist())
print(jax.jit(lambda x: jnp.sin(x) * 2)(jnp.zeros(4)).tolist())
print(float(np.linalg.norm(np.ones((400, 400)) @ np.ones((400, 400)))))
```
```python
import matplotlib.pyplot as plt
plt.plot([1, 2]);
```
"""
    site = Site(tmp_path, {"one": code, "two": code})
    with ExitStack() as stack:
        zygote = zygote_for(site, stack, ("jax", "numpy", "torch", "torch._dynamo"))
        pool = stack.enter_context(ThreadPoolExecutor(2))
        ended = list(pool.map(lambda name: run_post(site, name, zygote), ("one", "two")))
    plain = run_post(site, "one", None)
    assert [failure(one) for one in (*ended, plain)] == [None] * 3
    assert {printed(one) for one in ended} == {printed(plain)}
    assert printed(plain).startswith("threads True")
    assert all("image/png" in str(one.cells[2].outputs) for one in ended)


def test_only_what_the_posts_import_is_loaded_and_nothing_of_theirs(tmp_path: Path) -> None:
    files = {
        "content/a/index.md": "```python\nimport os, torch.nn as nn\nfrom jax import jit\n```\n",
        "content/a/jax.py": "jit = 'mine'\n",
        "content/b.md": "```python\n#import pandas\nx = 'import scipy'\n```\n",
    }
    from sitegen.content.config import load_config
    from sitegen.content.source import scan_content
    from sitegen.passes.asked import Options
    from sitegen.passes.parse import parse_site

    root = write_site(tmp_path, files)
    drafts = parse_site(load_config(root, []), scan_content(root, []), Options(), [])
    plans = [plan for draft in drafts for plan in draft.plans]
    assert modules_of(plans) == ("torch",)


def test_a_module_beside_a_post_is_the_posts_own(tmp_path: Path) -> None:
    """The other post's scipy would be found imported in a forked kernel."""
    files = {
        "content/a/index.md": "```python\nimport scipy\nscipy.MINE\n```\n",
        "content/a/scipy.py": "MINE = 'my own'\n",
        "content/b.md": "```python\nimport scipy\nscipy.__name__\n```\n",
    }
    report, events = build_site(write_site(tmp_path, files))
    assert report.problems == ()
    assert "my own" in str(outputs(events)["a"])
    assert {run.page: run.provenance.start for run in runs(events)} == {"a": "plain", "b": "forked"}


@pytest.fixture
def zygote() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        ship(folder)
        env = {"PATH": os.environ["PATH"], "HOME": str(Path.home())}
        with start_zygote(Path(sys.executable), ["json"], env, folder) as address:
            yield address


def test_a_child_that_cannot_start_is_known_to_have_ended(zygote: Path) -> None:
    process = fork(zygote, ["/nowhere", "/nothing"], {}, "/", 0)
    assert process.wait(10) == 1
    assert process.poll() == 1
    process.end()


def test_modules_find_a_kernels_shell_when_they_are_imported(tmp_path: Path) -> None:
    (tmp_path / "asks_for_the_shell.py").write_text("get_ipython().kernel\n", "utf-8")
    (tmp_path / "asks_for_a_name.py").write_text("raise ImportError\n", "utf-8")
    names = ("asks_for_a_name", "asks_for_the_shell")
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        ship(folder)
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)}
        with start_zygote(Path(sys.executable), names, env, folder) as address:
            assert loaded_in(address).intersection(names) == {"asks_for_the_shell"}


def test_the_zygote_serves_on_when_nobody_listens(zygote: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.connect(str(zygote))
    assert "ipykernel" in loaded_in(zygote)

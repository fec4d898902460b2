"""Which code is warned of: tables of what is dishonest, and of what only looks like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sitegen.base.errors import Problem
from sitegen.check.honesty import find_dishonest
from sitegen.content.config import load_config
from sitegen.content.source import scan_content
from sitegen.model import Document
from sitegen.passes.asked import Options
from sitegen.passes.parse import parse_site
from tests.support import REPOSITORY, SAMPLE, sitegen, write_site

TORCH = "import time, torch\nx = torch.randn(64, 64)\n"
JAX = "import time, jax, jax.numpy as jnp\nfrom jax import jit\nx = jnp.ones((64, 64))\n"
FAST = "fast = jax.jit(lambda a: a @ a)\nfast(x)\n"

UNWAITED = {
    "an operator": JAX + "t0 = time.perf_counter()\ny = x @ x\nprint(time.perf_counter() - t0)",
    "a function of jax": JAX + "t0 = time.time()\njnp.dot(x, x)\nt1 = time.time()",
    "a jitted function": JAX + FAST + "t0 = time.time()\ny = fast(x)\ntook = time.time() - t0",
    "a loop": JAX
    + FAST
    + "t0 = time.time()\nfor _ in range(9):\n    y = fast(x)\ntime.time() - t0",
    "within a loop": JAX + FAST + "ts = []\nfor _ in range(9):\n    t0 = time.time()\n    fast(x)\n"
    "    ts.append(time.time() - t0)",
    "a clock by its own name": JAX
    + "from time import perf_counter as now\nt = now()\ny = x + 1\nprint(now() - t)",
    "a method of a tensor": TORCH + "t0 = time.time()\ny = x.matmul(x)\nprint(time.time() - t0)",
    "a model": TORCH
    + "model = torch.nn.Linear(64, 64)\nt0 = time.time()\nmodel(x)\nprint(time.time() - t0)",
    "what is printed is only about it": TORCH
    + "t0 = time.time()\ny = x @ x\nprint(y.shape)\nprint(time.time() - t0)",
    "a function of the post": JAX
    + "def step(a):\n    return jnp.sin(a) @ a\n\nt0 = time.time()\nstep(x)\n"
    "print(time.time() - t0)",
    "a function that times what it is given": JAX
    + FAST
    + "def timed(f, *args):\n    t0 = time.time()\n    f(*args)\n    return time.time() - t0\n\n"
    "timed(fast, x)",
    "a function that times something itself": JAX
    + "def timed():\n    t0 = time.time()\n    y = jnp.dot(x, x)\n    return time.time() - t0",
    "timeit with a lambda": JAX + FAST + "import timeit\ntimeit.timeit(lambda: fast(x), number=9)",
    "timeit with text": JAX + FAST + "import timeit\ntimeit.repeat('fast(x)', globals=globals())",
    "timeit with a name": JAX
    + "import timeit\ndef step():\n    return x @ x\n\ntimeit.timeit(step)",
    "the magic": JAX + FAST + "%timeit -n 10 -r3 fast(x)",
    "the magic that gives a result": JAX + FAST + "res = %timeit -o fast(x)",
    "the magic of a cell": "%%time\nimport jax.numpy as jnp\ny = jnp.ones(9) + 1",
    "an await beside it": JAX
    + "import asyncio\nawait asyncio.sleep(0)\nt0 = time.time()\ny = x @ x\n"
    "print(time.time() - t0)",
}

WAITED = {
    "blocked": JAX + "t0 = time.time()\n(x @ x).block_until_ready()\nprint(time.time() - t0)",
    "blocked by jax": JAX
    + FAST
    + "t0 = time.time()\ny = fast(x)\njax.block_until_ready(y)\nprint(time.time() - t0)",
    "blocked on the clock's line": JAX
    + FAST
    + "t0 = time.time()\ny = fast(x)\nprint(y.block_until_ready(), time.time() - t0)",
    "synchronized": TORCH
    + "t0 = time.time()\ny = x @ x\ntorch.cuda.synchronize()\nprint(time.time() - t0)",
    "synchronized by a function of the post": TORCH
    + "def sync():\n    torch.accelerator.synchronize()\n\n"
    "t0 = time.time()\ny = x @ x\nsync()\nprint(time.time() - t0)",
    "item": TORCH + "t0 = time.time()\ns = (x @ x).sum().item()\nprint(time.time() - t0)",
    "float": TORCH + "t0 = time.time()\ns = float((x @ x).sum())\nprint(time.time() - t0)",
    "printed": TORCH + "t0 = time.time()\nprint((x @ x).sum())\nprint(time.time() - t0)",
    "in a formatted text": TORCH + "t0 = time.time()\nprint(f'{x @ x}')\nprint(time.time() - t0)",
    "a branch on it": TORCH
    + "t0 = time.time()\nif (x @ x).sum() > 0:\n    pass\nprint(time.time() - t0)",
    "numpy": TORCH
    + "import numpy as np\nt0 = time.time()\ny = np.asarray(x @ x)\ntime.time() - t0",
    "to the host": TORCH + "t0 = time.time()\ny = (x @ x).to('cpu')\nprint(time.time() - t0)",
    "a step that gives a number": TORCH
    + "def train(a):\n    return (a @ a).sum().item()\n\nt0 = time.time()\ntrain(x)\n"
    "time.time() - t0",
    "a helper that waits": JAX + FAST + "def timed(f, *args):\n    f(*args)\n    t0 = time.time()\n"
    "    jax.block_until_ready(f(*args))\n"
    "    return time.time() - t0\n\ntimed(fast, x)",
    "a helper handed what waits": TORCH
    + "def timed(f):\n    t0 = time.time()\n    f()\n    return time.time() - t0\n\n"
    "timed(lambda: (x @ x).sum().item())",
    "timeit": JAX
    + FAST
    + "import timeit\ntimeit.timeit(lambda: fast(x).block_until_ready(), number=9)",
    "the magic": JAX + FAST + "%timeit fast(x).block_until_ready()",
    "the magic of a cell": "%%time\nimport jax.numpy as jnp\n"
    "y = (jnp.ones(9) + 1).block_until_ready()",
    "plain Python": TORCH + "t0 = time.time()\ns = sum(range(9))\nprint(time.time() - t0)",
    "plain numpy": "import time, torch, numpy as np\na = np.ones(9)\nt0 = time.time()\nb = a @ a\n"
    "print(time.time() - t0)",
    "only settings": TORCH
    + "t0 = time.time()\ntorch.manual_seed(0)\ntorch.set_num_threads(1)\nprint(time.time() - t0)",
    "only compiling's promise": JAX
    + "t0 = time.time()\nfast = jax.jit(lambda a: a)\nprint(time.time() - t0)",
    "about its shape": TORCH + "t0 = time.time()\nn = x.shape[0] * 2\nprint(time.time() - t0)",
    "no difference of clocks": TORCH + "seed = int(time.time())\ny = x @ x",
    "clocks that do not meet": TORCH
    + "if True:\n    t0 = time.time()\ny = x @ x\nif True:\n    t1 = time.time()",
    "torch's own timer": TORCH
    + "from torch.utils.benchmark import Timer\nTimer('x @ x', globals=globals()).timeit(9)",
    "another language of cells": "%%bash\ntime torch jax",
    "what is no Python": "import torch, jax\nif True\n  x =",
    "other magics": JAX + "%matplotlib inline\n!ls jax\ny = x @ x",
    "what it takes to dispatch": JAX
    + FAST
    + "t0 = time.time()\nfast(x)\ndispatch = time.time() - t0",
    "a value that was fetched": TORCH
    + "s = x.sum().item()\nt0 = time.time()\nr = s * 2\nprint(time.time() - t0)",
}

FIRST = {
    "a label that only names it": JAX
    + "fast = jit(lambda a: a @ a)\nt0 = time.time()\nfast(x).block_until_ready()\n"
    "print('jitted, compiled:', time.time() - t0)",
    "jitted": JAX + "fast = jit(lambda a: a @ a)\nt0 = time.time()\nfast(x).block_until_ready()\n"
    "print(time.time() - t0)",
    "decorated": JAX
    + "@jax.jit\ndef fast(a):\n    return a @ a\n\nt0 = time.time()\nfast(x).block_until_ready()\n"
    "print(time.time() - t0)",
    "decorated with arguments": JAX
    + "from functools import partial\n@partial(jit, static_argnums=1)\ndef fast(a, n):\n"
    "    return a @ a\n\nt0 = time.time()\nfast(x, 1).block_until_ready()\nprint(time.time() - t0)",
    "compiled": TORCH
    + "fast = torch.compile(lambda a: a @ a)\nt0 = time.time()\nfast(x).sum().item()\n"
    "print(time.time() - t0)",
    "a loop that begins cold": JAX
    + "fast = jit(lambda a: a @ a)\nt0 = time.time()\nfor _ in range(9):\n"
    "    fast(x).block_until_ready()\nprint((time.time() - t0) / 9)",
    "a helper": JAX + "fast = jit(lambda a: a @ a)\ndef timed(f):\n    t0 = time.time()\n"
    "    f(x).block_until_ready()\n    return time.time() - t0\n\nprint(timed(fast))",
    "%time": JAX + "fast = jit(lambda a: a @ a)\n%time fast(x).block_until_ready()",
    "compiled where it is called": JAX
    + "t0 = time.time()\njit(lambda a: a @ a)(x).block_until_ready()\nprint(time.time() - t0)",
    "compiled anew": JAX
    + FAST
    + "fast = jit(lambda a: a + a)\nt0 = time.time()\nfast(x).block_until_ready()\n"
    "print(time.time() - t0)",
}

NOT_FIRST = {
    "warmed": JAX + FAST + "t0 = time.time()\nfast(x).block_until_ready()\nprint(time.time() - t0)",
    "warmed in a loop": JAX + "fast = jit(lambda a: a @ a)\nfor _ in range(3):\n    fast(x)\n"
    "t0 = time.time()\nfast(x).block_until_ready()\nprint(time.time() - t0)",
    "said to be the first": JAX
    + "fast = jit(lambda a: a @ a)\nt0 = time.time()\nfast(x).block_until_ready()\n"
    "first = time.time() - t0",
    "said on the line below": JAX
    + "fast = jit(lambda a: a @ a)\nt0 = time.time()\nfast(x).block_until_ready()\n"
    "took = time.time() - t0\nprint('compiling took', took)",
    "the first beside the second": JAX
    + "fast = jit(lambda a: a @ a)\nfor name in 'ab':\n    pass\n"
    "t0 = time.time()\nfast(x).block_until_ready()\na = time.time() - t0\n"
    "t0 = time.time()\nfast(x).block_until_ready()\nb = time.time() - t0",
    "warmed by a helper": JAX
    + "fast = jit(lambda a: a @ a)\ndef timed(f):\n    f(x)\n    t0 = time.time()\n"
    "    f(x).block_until_ready()\n    return time.time() - t0\n\nprint(timed(fast))",
    "handed to something that may call it": JAX
    + "fast = jit(lambda a: a @ a)\ndef warm_up(f):\n    f(x)\n\nwarm_up(fast)\n"
    "t0 = time.time()\nfast(x).block_until_ready()\nprint(time.time() - t0)",
    "%timeit repeats": JAX + "fast = jit(lambda a: a @ a)\n%timeit fast(x).block_until_ready()",
    "not compiled": JAX
    + "def slow(a):\n    return a @ a\n\nt0 = time.time()\nslow(x).block_until_ready()\n"
    "time.time() - t0",
}

AT_WORK = "may still be at work"
ONCE = "the first call of"


def parse(tmp_path: Path, *blocks: str, device: str = "auto") -> list[Document]:
    text = "".join(f"```python\n{block}\n```\n" for block in blocks)
    config = f'base_url = "/"\n[execute]\ndevice = "{device}"\n'
    root = write_site(tmp_path, {"content/post.md": text}, config)
    return documents(root)


def documents(root: Path) -> list[Document]:
    problems: list[Problem] = []
    config = load_config(root, problems)
    drafts = parse_site(config, scan_content(root, problems), Options(), problems)
    return [draft.document for draft in drafts]


def found(documents: list[Document]) -> list[Problem]:
    return [problem for document in documents for problem in find_dishonest(document)]


@pytest.mark.parametrize("code", UNWAITED.values(), ids=UNWAITED)
def test_a_clock_that_is_read_too_early_is_told(tmp_path: Path, code: str) -> None:
    told = {problem.message for problem in found(parse(tmp_path, code))}
    assert any(AT_WORK in message for message in told)


@pytest.mark.parametrize("code", WAITED.values(), ids=WAITED)
def test_a_clock_that_waits_is_left_alone(tmp_path: Path, code: str) -> None:
    assert found(parse(tmp_path, code)) == []


@pytest.mark.parametrize("code", FIRST.values(), ids=FIRST)
def test_a_first_call_that_is_timed_is_told(tmp_path: Path, code: str) -> None:
    told = [problem.message for problem in found(parse(tmp_path, code))]
    assert [ONCE in message for message in told] == [True]


@pytest.mark.parametrize("code", NOT_FIRST.values(), ids=NOT_FIRST)
def test_a_call_that_is_not_the_first_is_left_alone(tmp_path: Path, code: str) -> None:
    assert found(parse(tmp_path, code)) == []


def test_torch_on_a_cpu_works_at_once_and_jax_does_not(tmp_path: Path) -> None:
    assert found(parse(tmp_path / "a", UNWAITED["a method of a tensor"], device="cpu")) == []
    assert found(parse(tmp_path / "b", UNWAITED["an operator"], device="cpu")) != []


def test_blocks_of_a_session_know_each_other(tmp_path: Path) -> None:
    first = "import time, jax, jax.numpy as jnp\nx = jnp.ones(9)\nfast = jax.jit(lambda a: a + 1)"
    second = "t0 = time.time()\ny = fast(x).block_until_ready()\nprint(time.time() - t0)"
    assert len(found(parse(tmp_path / "a", first, second))) == 1
    assert found(parse(tmp_path / "b", first, "fast(x)", second)) == []
    other = f"#| session: other\nimport time\nx = fast = 1\n{second}"
    assert found(parse(tmp_path / "c", first, other)) == []


def test_what_is_only_shown_is_left_alone(tmp_path: Path) -> None:
    assert found(parse(tmp_path, "#| eval: false\n" + UNWAITED["an operator"])) == []


def test_the_place_is_the_line_of_the_post(tmp_path: Path) -> None:
    code = (
        "# a comment\nimport time, jax.numpy as jnp\n\nx = jnp.ones(3)  # another\n"
        "for ö in range(2):\n    t0 = time.time()\n    x @ x\n    print('ö', time.time() - t0)"
    )
    (problem,) = found(parse(tmp_path, code))
    assert problem.span is not None
    lines = (tmp_path / "content/post.md").read_text("utf-8").split("\n")
    line = lines[problem.span.line - 1]
    assert line == problem.excerpt
    start = problem.span.column - 1
    assert line[start : start + problem.span.width] == "print('ö', time.time() - t0)"
    assert problem.severity == "warning"
    assert any("jax.block_until_ready" in help for help in problem.help)


MAKES = {
    "made": ("torch.ones(3)", True),
    "by another name": ("th.randn(3, 3)", True),
    "at a place": ("torch.ones(3, device=device)", False),
    "by options that may say it": ("torch.ones(3, **options)", False),
    "moved": ("torch.ones(3).to(device)", False),
    "like another": ("torch.ones_like(t)", False),
    "new of another": ("t.new_ones(3)", False),
    "jax has a device": ("jnp.ones(3)", False),
    "from numpy": ("torch.from_numpy(a)", False),
}


@pytest.mark.parametrize(("made", "told"), MAKES.values(), ids=MAKES)
def test_a_tensor_made_in_a_variant_says_where(tmp_path: Path, made: str, told: bool) -> None:
    first = "import torch, torch as th, jax.numpy as jnp"
    code = f"def setup():\n    return dict(t=torch.ones(9))\n\ndef eager(t):\n    return t + {made}"
    problems = found(parse(tmp_path / "a", first, f"#| bench: b\n{code}"))
    assert [problem.span.line for problem in problems if problem.span] == ([12] if told else [])
    assert found(parse(tmp_path / "b", first, code)) == [], "elsewhere torch has a default device"


def test_a_benchmark_may_time_as_it_likes(tmp_path: Path) -> None:
    """What its functions do is timed by others, who wait."""
    code = (
        f"#| bench: b\n{JAX}def step():\n    t0 = time.time()\n    return x @ x, time.time() - t0"
    )
    assert found(parse(tmp_path, code)) == []


TIMERS = {
    "defaults": ("Timer('x @ x', globals=globals())", True, True),
    "pinned": ("Timer('x @ x', num_threads=torch.get_num_threads())", True, False),
    "without JAX": ("Timer('x @ x')", False, False),
    "by its whole name": ("torch.utils.benchmark.Timer('x @ x')", True, True),
    "timeit's": ("timeit.Timer('1 + 1')", True, False),
}


@pytest.mark.parametrize(("call", "jax", "told"), TIMERS.values(), ids=TIMERS)
def test_torchs_timer_has_one_thread(tmp_path: Path, call: str, jax: bool, told: bool) -> None:
    code = f"import timeit, torch\nfrom torch.utils.benchmark import Timer\nx = 1\n{call}"
    beside = "import jax" if jax else "1"
    problems = found(parse(tmp_path, code, beside))
    assert [problem.message.startswith("this timer") for problem in problems] == [True] * told


def test_the_posts_of_this_repository_are_honest() -> None:
    assert found(documents(REPOSITORY)) == []


def test_the_sample_post_is_honest(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/sample.md": SAMPLE.read_text("utf-8")})
    assert found(documents(root)) == []


def test_code_that_nests_without_end_is_left_alone(tmp_path: Path) -> None:
    deep = "t0 = time.time()\ny = " + " + ".join(["x"] * 3000) + "\nprint(time.time() - t0)"
    nested = "t0 = time.time()\ny = " + "str(" * 60 + "x" + ")" * 60 + "\nprint(time.time() - t0)"
    assert found(parse(tmp_path / "a", TORCH + deep)) == []
    assert found(parse(tmp_path / "b", TORCH + nested)) == []


def test_build_and_check_both_warn(tmp_path: Path) -> None:
    code = f"{JAX}t0 = time.time()\ny = x @ x\ntook = time.time() - t0"
    root = write_site(tmp_path, {"content/post.md": f"```python\n{code}\n```\n"})
    for command in (["build", "--no-exec"], ["check"]):
        done = sitegen(root, *command)
        assert "warning[honesty]: the clock is read while JAX may still be at work" in done.stderr
        assert "--> content/post.md:9" in done.stderr
        assert done.returncode == 0
    assert sitegen(root, "check", "--strict").returncode == 1

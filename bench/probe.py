"""What the probe adds to a block: blocks in a kernel, with and without it.

The kernel has imported torch and jax and holds a few live arrays, as it does in a post. Time is
taken inside the kernel, around what IPython's events and the reply call; median and maximum of so
many blocks, of empty ones and of those that import and compile (what the probe makes of graph
breaks and compilations is counted, the compiling is not).
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

from sitegen.build import build
from sitegen.model import BlockDone, Event, Stream
from sitegen.passes.asked import Caller, Options

BLOCKS = 200
COMPILING = 40
SETUP = """
import time, torch, jax, jax.numpy as jnp
kept = [jnp.ones(8) + n for n in range(20)], torch.ones(8)
recorder = get_ipython().kernel.recorder
spent, worked = [], []
def timed(call):
    def calls(*arguments):
        begun, busy = time.perf_counter_ns(), time.thread_time_ns()
        result = call(*arguments)
        spent.append((time.perf_counter_ns() - begun) / 1e6)
        worked.append((time.thread_time_ns() - busy) / 1e6)
        return result
    return calls
for name in ("_begin", "_end"):
    own = getattr(recorder, name)
    for callbacks in get_ipython().events.callbacks.values():
        callbacks[:] = [timed(own) if callback == own else callback for callback in callbacks]
recorder.take = timed(recorder.take)
"""
COMPILE = """
import numpy, json, torch.nn.functional as F
def branching(x):
    if x.sum() > {n}:
        return x * 2
    return x
torch.compile(branching, backend="eager")(kept[1])
jax.jit(lambda x: x * {n})(kept[0][0]);
"""
REPORT = """
begins_at = 2  # of the block that began to time: its end and its reply
for taken in (spent, worked):
    print(*[sum(triple) for triple in zip(*[iter(taken[begins_at:])] * 3)])
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        site = Path(name)
        (site / "content").mkdir()
        (site / "site.toml").write_text('base_url = "/"\n[execute]\ndevice = "cpu"\n', "utf-8")
        compiling = [COMPILE.format(n=n) for n in range(COMPILING)]
        blocks = [SETUP, *(["None"] * BLOCKS), *compiling, REPORT]
        text = "+++\n+++\n" + "".join(f"```python\n{code}\n```\n" for code in blocks)
        (site / "content/post.md").write_text(text, "utf-8")
        events: list[Event] = []
        build(site, Options(), Caller(dict(os.environ), sys.executable), events.append)
        last = [event for event in events if isinstance(event, BlockDone)][-1]
    (stream,) = [output for output in last.cell.outputs if isinstance(output, Stream)]
    spent, worked = ([float(word) for word in line.split()] for line in stream.text.splitlines())
    say("empty", spent[:BLOCKS], worked[:BLOCKS])
    say("compiling", spent[BLOCKS:], worked[BLOCKS:])


def say(kind: str, spent: list[float], worked: list[float]) -> None:
    median, largest, own = statistics.median(spent), max(spent), statistics.median(worked)
    print(
        f"{len(spent)} {kind} blocks: median {median:.3f} ms, largest {largest:.3f} ms a block; "
        f"processor time: median {own:.3f} ms"
    )


if __name__ == "__main__":
    main()

"""What the probe adds to a block: an empty block in a kernel, with and without it.

The kernel has imported torch and jax and holds a few live arrays, as it does in a post. Time is
taken inside the kernel, around what IPython's events call; median and maximum of so many blocks.
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
SETUP = """
import time, torch, jax, jax.numpy as jnp
kept = [jnp.ones(8) + n for n in range(20)], torch.ones(8)
recorder = get_ipython().kernel.recorder
spent = []
for name in ("_begin", "_end"):
    def timed(*arguments, call=getattr(recorder, name)):
        begun = time.perf_counter_ns()
        call(*arguments)
        spent.append((time.perf_counter_ns() - begun) / 1e6)
    events = get_ipython().events.callbacks
    for callbacks in events.values():
        for place, callback in enumerate(callbacks):
            if callback == getattr(recorder, name):
                callbacks[place] = timed
"""
REPORT = "pairs = [a + b for a, b in zip(spent[1::2], spent[2::2])]; print(*pairs)"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        site = Path(name)
        (site / "content").mkdir()
        (site / "site.toml").write_text('base_url = "/"\n[execute]\ndevice = "cpu"\n', "utf-8")
        blocks = [SETUP, *(["None"] * BLOCKS), REPORT]
        text = "+++\n+++\n" + "".join(f"```python\n{code}\n```\n" for code in blocks)
        (site / "content/post.md").write_text(text, "utf-8")
        events: list[Event] = []
        build(site, Options(), Caller(dict(os.environ), sys.executable), events.append)
        last = [event for event in events if isinstance(event, BlockDone)][-1]
    (stream,) = [output for output in last.cell.outputs if isinstance(output, Stream)]
    taken = [float(word) for word in stream.text.split()]
    median, largest = statistics.median(taken), max(taken)
    print(f"{len(taken)} empty blocks: median {median:.3f} ms, largest {largest:.3f} ms a block")


if __name__ == "__main__":
    main()

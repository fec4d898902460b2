"""As a blog grows: a cold build, and one after an edit; seconds and megabytes.

    python -m bench.growth [--posts 1000 10000 100000] [--chart FILE.svg]

Memory is the largest sum of the process tree's PSS, sampled every 50 ms. Says of each limit
whether it is held, and exits with 1 where one is not.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import log10
from pathlib import Path
from typing import NamedTuple

from bench.faster import SITEGEN, Taken, compile_sitegen, lay_sitegen, measure

MOST_MEMORY, MOST_SECONDS = 2e9, 5.0
"""Bytes of a cold build, and seconds of one after an edit, of 100,000 posts."""

LINEAR = 1.2
"""How many times as long each post may take as in the next smaller blog: rounds differ by that."""

WIDTH, HEIGHT, EDGE = 720, 320, 48
STYLE = """text { font: 12px sans-serif; fill: #222 } polyline { fill: none; stroke: #222 }
@media (prefers-color-scheme: dark) { text { fill: #ddd } polyline { stroke: #ddd } }"""


class Grown(NamedTuple):
    """What a blog of a size takes."""

    posts: int
    cold: Taken
    edited: Taken


class Limit(NamedTuple):
    """What is to hold, with the figure that says so or not."""

    claim: str
    figure: str
    held: bool


def grow(count: int) -> Grown:
    command = (*SITEGEN, "build")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        lay_sitegen(root, count)
        os.sync()
        cold = measure(command, root, root / "public")
        post = root / "content/posts/p7.md"
        post.write_text(post.read_text() + "\nA last word.\n")
        os.sync()
        return Grown(count, cold, measure(command, root, root / "public"))


def judge(found: Sequence[Grown]) -> Iterator[Limit]:
    """The limits that blogs of these sizes can tell of."""
    for small, large in pairwise(found):
        of = f"from {small.posts:,} to {large.posts:,} posts"
        times = large.posts / small.posts
        wall = large.cold.wall / small.cold.wall
        yield Limit(f"time grows linearly {of}", f"{wall:.1f} x", wall <= LINEAR * times)
        memory = large.cold.memory / small.cold.memory
        yield Limit(f"memory grows less {of}", f"{memory:.1f} x", memory < times)
    for one in found:
        if one.posts != 100_000:
            continue
        memory, wall = max(one.cold.memory, one.edited.memory), one.edited.wall
        within = f"{MOST_MEMORY / 1e9:.0f} GB"
        yield Limit(f"100,000 posts take {within}", f"{memory / 1e9:.2f} GB", memory < MOST_MEMORY)
        within = f"{MOST_SECONDS:.0f} s"
        yield Limit(f"one edit of them {within}", f"{wall:.2f} s", wall < MOST_SECONDS)


def draw(found: Sequence[Grown]) -> str:
    """A chart of both axes logarithmic: a line that rises by one decade in one is linear."""
    lines = {
        "seconds, cold": [one.cold.wall for one in found],
        "seconds, one edit": [one.edited.wall for one in found],
        "megabytes, cold": [one.cold.memory / 1e6 for one in found],
    }
    sizes = [one.posts for one in found]
    top = max(value for values in lines.values() for value in values)
    day = time.strftime("%Y-%m-%d")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>sitegen as a blog grows, {os.cpu_count()} cores, {day}</title>",
        f"<style>{STYLE}</style>",
    ]
    for (name, values), dash in zip(lines.items(), ("none", "6 4", "2 4"), strict=True):
        pairs = zip(sizes, values, strict=True)
        points = [_place(posts, value, sizes, top) for posts, value in pairs]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline stroke-dasharray="{dash}" points="{path}"/>')
        x, y = points[-1]
        parts.append(f'<text x="{x + 8:.1f}" y="{y:.1f}">{name}</text>')
        parts += (
            f'<text x="{x:.1f}" y="{y + 16:.1f}" text-anchor="middle">{value:.3g}</text>'
            for (x, y), value in zip(points, values, strict=True)
        )
    for posts in sizes:
        x, _ = _place(posts, 1, sizes, top)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="middle">{posts:,}</text>')
    x, _ = _place(sizes[-1], 1, sizes, top)
    parts.append(f'<text x="{x + 40:.1f}" y="{HEIGHT - 8}">posts</text>')
    return "\n".join([*parts, "</svg>\n"])


def _place(posts: int, value: float, sizes: Sequence[int], top: float) -> tuple[float, float]:
    span = log10(sizes[-1] / sizes[0]) or 1.0
    across = (WIDTH - 4 * EDGE) * log10(posts / sizes[0]) / span
    up = (HEIGHT - 2 * EDGE) * (log10(max(value, 0.1)) + 1) / (log10(top) + 1)
    return EDGE + across, HEIGHT - EDGE - up


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--posts", type=int, nargs="+", default=[1000, 10000, 100000])
    parser.add_argument("--chart", type=Path, default=Path(__file__).with_suffix(".svg"))
    asked = parser.parse_args()
    print("| posts | cold s | ms a post | MB | kB a post | one edit s | MB |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    found = []
    compile_sitegen()
    for count in sorted(asked.posts):
        one = grow(count)
        found.append(one)
        cold, edited = one.cold, one.edited
        print(
            f"| {count:,} | {cold.wall:.1f} | {1000 * cold.wall / count:.2f} "
            f"| {cold.memory / 1e6:.0f} | {cold.memory / 1e3 / count:.1f} "
            f"| {edited.wall:.2f} | {edited.memory / 1e6:.0f} |",
            flush=True,
        )
    asked.chart.write_text(draw(found))
    limits = list(judge(found))
    for limit in limits:
        print(f"{'held' if limit.held else 'NOT HELD'}: {limit.claim}: {limit.figure}")
    sys.exit(not all(limit.held for limit in limits))


if __name__ == "__main__":
    main()

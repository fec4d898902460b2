"""As a blog grows: a cold build, the next one, and one after an edit; seconds and megabytes.

    python -m bench.growth [--posts 1000 10000 100000] [--chart FILE.svg]

Memory is the largest sum of the process tree's PSS, sampled every 50 ms.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from math import log10
from pathlib import Path
from typing import NamedTuple

from bench.faster import SITEGEN, Taken, lay_sitegen, measure

WIDTH, HEIGHT, EDGE = 720, 300, 48


class Grown(NamedTuple):
    """What a blog of a size takes."""

    posts: int
    cold: Taken
    edited: Taken


def grow(count: int) -> Grown:
    command = (*SITEGEN, "build")
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        lay_sitegen(root, count)
        cold = measure(command, root, root / "public")
        post = root / "content/posts/p7.md"
        post.write_text(post.read_text() + "\nA last word.\n")
        return Grown(count, cold, measure(command, root, root / "public"))


def draw(found: Sequence[Grown]) -> str:
    """A chart of both axes logarithmic: a line that rises by one decade in one is linear."""
    most = max(one.posts for one in found)
    lines = {
        "seconds, cold": [one.cold.wall for one in found],
        "seconds, one edit": [one.edited.wall for one in found],
        "megabytes, cold": [one.cold.memory / 1e6 for one in found],
    }
    top = max(value for values in lines.values() for value in values)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">']
    for number, (name, values) in enumerate(lines.items()):
        pairs = zip(found, values, strict=True)
        points = [_place(one.posts, value, most, top) for one, value in pairs]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dash = ("none", "6 4", "2 4")[number]
        look = f'fill="none" stroke="currentColor" stroke-dasharray="{dash}"'
        parts.append(f'<polyline {look} points="{path}"/>')
        x, y = points[-1]
        parts.append(f'<text x="{x - 4:.1f}" y="{y - 6:.1f}" text-anchor="end">{name}</text>')
        parts += (
            f'<text x="{x:.1f}" y="{y + 14:.1f}" font-size="10">{value:.3g}</text>'
            for (x, y), value in zip(points, values, strict=True)
        )
    for one in found:
        x, _ = _place(one.posts, 1, most, top)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 8}">{one.posts:,}</text>')
    return "\n".join([*parts, "</svg>\n"])


def _place(posts: int, value: float, most: int, top: float) -> tuple[float, float]:
    across = (WIDTH - 3 * EDGE) * log10(max(posts, 1)) / log10(most)
    up = (HEIGHT - 2 * EDGE) * (log10(max(value, 0.1)) + 1) / (log10(top) + 1)
    return EDGE + across, HEIGHT - EDGE - up


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--posts", type=int, nargs="+", default=[1000, 10000, 100000])
    parser.add_argument("--chart", type=Path)
    asked = parser.parse_args()
    print("| posts | cold s | ms a post | MB | kB a post | one edit s | MB |")
    print("|--:|--:|--:|--:|--:|--:|--:|")
    found = []
    for count in asked.posts:
        one = grow(count)
        found.append(one)
        cold, edited = one.cold, one.edited
        print(
            f"| {count:,} | {cold.wall:.1f} | {1000 * cold.wall / count:.2f} "
            f"| {cold.memory / 1e6:.0f} | {cold.memory / 1e3 / count:.1f} "
            f"| {edited.wall:.2f} | {edited.memory / 1e6:.0f} |",
            flush=True,
        )
    if asked.chart is not None:
        asked.chart.write_text(draw(found))


if __name__ == "__main__":
    main()

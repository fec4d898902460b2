"""Faster than Hugo: the same blog built by sitegen and every peer that is there, one after another.

    python -m bench.faster [--posts 1000 10000] [--rounds 3] [--again] [--profile]
        [--hugo FILE] [--eleventy FILE] [--pelican FILE] [--zorto FILE]

The posts are those of `blog.py`; every generator highlights their code, makes a table of contents,
numbered lists of 10 for the section, 60 tags and 8 categories, feeds of 20 with whole posts where
it can, an archive and a sitemap. Times are of the whole process tree, memory is the largest sum of
its PSS, sampled every 50 ms, for all alike. `--again` also measures what a second build
takes: nothing changed, one body, one title, one template.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bench.blog import posts

HERE = Path(__file__).resolve().parent
SITEGEN = (sys.executable, "-m", "sitegen")
SITE = """
base_url = "https://example.org"
title = "Blog"
generate_feeds = true
feed_limit = 20
taxonomies = [
  { name = "tags", feed = true, paginate_by = 10 },
  { name = "categories", feed = true, paginate_by = 10 },
]
[execute]
enabled = false
"""
WITHOUT_RELATED = '{% extends "page.html" %}{% block related %}{% endblock %}\n'
"""Hugo's related pages take it four times as long, so no peer lists any."""


class Taken(NamedTuple):
    """What a build took: seconds by clock and processor, bytes at most; the pages that it wrote."""

    wall: float
    cpu: float
    memory: int
    pages: int


class Peer(NamedTuple):
    """A generator: how a site is laid out for it, how it is called, where it puts pages."""

    name: str
    lay: Callable[[Path, int], None]
    command: tuple[str, ...]
    output: str


def lay_sitegen(root: Path, count: int) -> None:
    folder = root / "content/posts"
    folder.mkdir(parents=True)
    (root / "templates").mkdir()
    (root / "site.toml").write_text(SITE)
    (root / "templates/page.html").write_text(WITHOUT_RELATED)
    section = '+++\ntitle = "Posts"\nsort_by = "date"\npaginate_by = 10\n+++\n'
    (folder / "_index.md").write_text(section)
    for post in posts(count):
        terms = f'tags = {json.dumps(post.tags)}\ncategories = ["{post.category}"]'
        front = f'title = "{post.title}"\ndate = {post.date}\n[taxonomies]\n{terms}'
        (folder / f"p{post.number}.md").write_text(f"+++\n{front}\n+++\n{post.body}")


def lay_hugo(root: Path, count: int) -> None:
    shutil.copytree(HERE / "peers/hugo", root, dirs_exist_ok=True)
    folder = root / "content/posts"
    folder.mkdir(parents=True)
    (folder / "_index.md").write_text('+++\ntitle = "Posts"\n+++\n')
    archive = '+++\ntitle = "Archive"\nlayout = "archive"\n+++\n'
    (root / "content/archive.md").write_text(archive)
    for post in posts(count):
        terms = f'tags = {json.dumps(post.tags)}\ncategories = ["{post.category}"]'
        front = f'title = "{post.title}"\ndate = {post.date}\n{terms}'
        (folder / f"p{post.number}.md").write_text(f"+++\n{front}\n+++\n{post.body}")


def lay_eleventy(modules: Path, root: Path, count: int) -> None:
    """Posts and one numbered list: it has no lists of tags by itself."""
    (root / "node_modules").symlink_to(modules)
    shutil.copytree(HERE / "peers/eleventy", root, dirs_exist_ok=True)
    folder = root / "posts"
    folder.mkdir(parents=True)
    for post in posts(count):
        front = {"title": post.title, "date": post.date, "tags": [*post.tags, post.category]}
        text = json.dumps({**front, "layout": "post.njk"})
        body = post.body.replace("{{", "{ {").replace("{%", "{ %")
        (folder / f"p{post.number}.md").write_text(f"---json\n{text}\n---\n{body}")


def lay_pelican(root: Path, count: int) -> None:
    shutil.copytree(HERE / "peers/pelican", root, dirs_exist_ok=True)
    folder = root / "content"
    folder.mkdir(parents=True)
    for post in posts(count):
        tags = ", ".join(post.tags)
        head = f"Title: {post.title}\nDate: {post.date}\nTags: {tags}\nCategory: {post.category}"
        (folder / f"p{post.number}.md").write_text(f"{head}\nSlug: p{post.number}\n\n{post.body}")


def lay_zorto(root: Path, count: int) -> None:
    """Posts and their section: it reads no taxonomies."""
    shutil.copytree(HERE / "peers/zorto", root, dirs_exist_ok=True)
    folder = root / "content/posts"
    folder.mkdir(parents=True)
    (root / "content/_index.md").write_text('+++\ntitle = "Blog"\n+++\n')
    section = '+++\ntitle = "Posts"\nsort_by = "date"\npaginate_by = 10\n+++\n'
    (folder / "_index.md").write_text(section)
    for post in posts(count):
        front = f'title = "{post.title}"\ndate = "{post.date}"'
        (folder / f"p{post.number}.md").write_text(f"+++\n{front}\n+++\n{post.body}")


def measure(command: tuple[str, ...], folder: Path, output: Path) -> Taken:
    """One run of the command in the folder."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    most = [0]

    def sample() -> None:
        while process.poll() is None:
            most[0] = max(most[0], sum(map(pss, tree_of(process.pid))))
            time.sleep(0.05)

    watcher = threading.Thread(target=sample)
    watcher.start()
    _, said = process.communicate()
    watcher.join()
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]}: {said.decode()[-2000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    pages = sum(1 for path in output.rglob("*.html") if path.is_file())
    return Taken(wall, cpu, most[0], pages)


def tree_of(process: int) -> Iterator[int]:
    """The process and all below it."""
    yield process
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        below = [(task / "children").read_text().split() for task in tasks]
    except OSError:
        return
    for number in (int(child) for children in below for child in children):
        yield from tree_of(number)


def pss(process: int) -> int:
    """The bytes that a process uses, those that it shares counted in parts."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def compare(peers: list[Peer], count: int, rounds: int, *, again: bool, profile: bool) -> None:
    taken: dict[str, list[Taken]] = {peer.name: [] for peer in peers}
    with tempfile.TemporaryDirectory() as name:
        for peer in peers:
            (Path(name) / peer.name).mkdir()
            peer.lay(Path(name) / peer.name, count)
        for _ in range(rounds):
            for peer in peers:
                root = Path(name) / peer.name
                for made in (peer.output, ".sitegen", "resources", "cache"):
                    shutil.rmtree(root / made, ignore_errors=True)
                taken[peer.name].append(measure(peer.command, root, root / peer.output))
        print_table(taken, count)
        if again:
            print_again(Path(name) / "sitegen", taken)
        if profile:
            root = Path(name) / "sitegen"
            shutil.rmtree(root / ".sitegen")
            subprocess.run([*SITEGEN, "build", "--profile"], cwd=root, check=True)


def print_table(taken: dict[str, list[Taken]], count: int) -> None:
    base = middle(taken["hugo"]) if "hugo" in taken else middle(next(iter(taken.values())))
    print(f"\n{count:,} posts, {len(next(iter(taken.values())))} rounds, medians; x is to Hugo\n")
    print("| generator | wall s | x | processor s | x | memory MB | x | pages |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for name, runs in taken.items():
        one = middle(runs)
        print(
            f"| {name} | {one.wall:.2f} | {one.wall / base.wall:.2f} | {one.cpu:.2f} "
            f"| {one.cpu / base.cpu:.2f} | {one.memory / 1e6:.0f} "
            f"| {one.memory / base.memory:.2f} | {one.pages:,} |"
        )


def middle(runs: list[Taken]) -> Taken:
    wall, cpu = (statistics.median(run[place] for run in runs) for place in (0, 1))
    memory = int(statistics.median(run.memory for run in runs))
    return Taken(wall, cpu, memory, runs[0].pages)


def print_again(root: Path, taken: dict[str, list[Taken]]) -> None:
    """What a second build takes, after each kind of edit, as a share of Hugo's cold one."""
    base = middle(taken["hugo"]).wall if "hugo" in taken else None
    print("\n| build | wall s | x Hugo, cold | written | phases |\n|---|--:|--:|--:|---|")

    def show(what: str) -> None:
        began = time.perf_counter()
        report = json.loads(output_of(root))
        wall = time.perf_counter() - began
        share = f"{wall / base:.3f}" if base else ""
        phases = ", ".join(f"{name} {taken:.2f}" for name, taken in report["seconds"].items())
        print(f"| {what} | {wall:.2f} | {share} | {report['written']} | {phases} |")

    output_of(root)
    time.sleep(3)  # what has just been written tells nothing yet: see passes/unchanged.py
    output_of(root)
    show("nothing changed")
    post = root / "content/posts/p7.md"
    post.write_text(post.read_text() + "\nA last word.\n")
    show("one body")
    post.write_text(post.read_text().replace('title = "', 'title = "New: ', 1))
    show("one title")
    template = root / "templates/page.html"
    template.write_text(WITHOUT_RELATED.replace("{% endblock %}", "<!-- new -->{% endblock %}"))
    show("the template of posts")


def output_of(root: Path) -> str:
    command = [*SITEGEN, "build", "--json"]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--posts", type=int, nargs="+", default=[1000, 10000])
    parser.add_argument("--rounds", type=int, default=3)
    for name in ("hugo", "eleventy", "pelican", "zorto"):
        parser.add_argument(f"--{name}", default=shutil.which(name))
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    peers = [Peer("sitegen", lay_sitegen, (*SITEGEN, "build"), "public")]
    if asked.hugo:
        peers.append(Peer("hugo", lay_hugo, (asked.hugo, "--quiet"), "public"))
    if asked.eleventy:
        lay = partial(lay_eleventy, Path(asked.eleventy).absolute().parent.parent)
        peers.append(Peer("eleventy", lay, (asked.eleventy, "--quiet"), "_site"))
    if asked.pelican:
        command = (asked.pelican, "content", "-s", "pelicanconf.py", "-q")
        peers.append(Peer("pelican", lay_pelican, command, "output"))
    if asked.zorto:
        peers.append(Peer("zorto", lay_zorto, (asked.zorto, "build"), "public"))
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {time.strftime('%Y-%m-%d')}")
    for count in asked.posts:
        compare(peers, count, asked.rounds, again=asked.again, profile=asked.profile)


if __name__ == "__main__":
    main()

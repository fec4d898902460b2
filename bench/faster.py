"""Faster than Hugo: the same blog built by sitegen and every peer that is there, one after another.

    python -m bench.faster [--posts 1000 10000] [--rounds 3] [--again] [--profile]
        [--hugo FILE] [--eleventy FILE] [--pelican FILE] [--zorto FILE]

The posts are those of `blog.py`; every generator highlights their code, makes a table of contents,
numbered lists of 10 for the section, 60 tags and 8 categories, feeds of 20 with whole posts where
it can, an archive and a sitemap. Times are of the whole process tree, memory is the largest sum of
its PSS, sampled every 50 ms, for all alike. Each round begins with another peer, and each build
when the disk has nothing left to write, so that none pays for the one before it. Ratios are formed
in each round: on a machine with neighbours the times of a round move together. The phases of
sitegen's cold build are those of builds of their own, as many as there are rounds. `--again` also
measures what a second build takes: nothing changed, one body, one title, one template.
"""

from __future__ import annotations

import argparse
import compileall
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
from typing import Any, NamedTuple

import sitegen
from bench.blog import posts
from sitegen.build import WORTH_FORKING

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
        for first in range(rounds):
            for peer in rotated(peers, first):
                root = Path(name) / peer.name
                clear(root, peer.output)
                os.sync()
                taken[peer.name].append(measure(peer.command, root, root / peer.output))
        print_table(taken, count)
        root = Path(name) / "sitegen"
        print_phases(root, rounds)
        if again:
            print_again(root, taken, rounds)
        if profile:
            clear(root, "public")
            subprocess.run([*SITEGEN, "build", "--profile"], cwd=root, check=True)


def rotated(peers: list[Peer], first: int) -> list[Peer]:
    """All peers, in their order from the one that begins a round."""
    first %= len(peers)
    return peers[first:] + peers[:first]


def clear(root: Path, output: str) -> None:
    """The site as if it had never been built."""
    for made in (output, ".sitegen", "resources", "cache"):
        shutil.rmtree(root / made, ignore_errors=True)


def print_table(taken: dict[str, list[Taken]], count: int) -> None:
    base = taken["hugo"] if "hugo" in taken else next(iter(taken.values()))
    print(f"\n{count:,} posts, {len(base)} rounds, medians; x is to Hugo, round by round\n")
    print("| generator | wall s | x | processor s | x | memory MB | x | pages |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for name, runs in taken.items():
        one = middle(runs)
        pairs = list(zip(runs, base, strict=True))
        wall = statistics.median(ours.wall / theirs.wall for ours, theirs in pairs)
        cpu = statistics.median(ours.cpu / theirs.cpu for ours, theirs in pairs)
        memory = statistics.median(ours.memory / theirs.memory for ours, theirs in pairs)
        print(
            f"| {name} | {one.wall:.2f} | {wall:.2f} | {one.cpu:.2f} | {cpu:.2f} "
            f"| {one.memory / 1e6:.0f} | {memory:.2f} | {one.pages:,} |"
        )


def middle(runs: list[Taken]) -> Taken:
    wall, cpu = (statistics.median(run[place] for run in runs) for place in (0, 1))
    memory = int(statistics.median(run.memory for run in runs))
    return Taken(wall, cpu, memory, runs[0].pages)


def print_phases(root: Path, rounds: int) -> None:
    """What the cold build spends its wall time on.

    Pages are read and rendered by several processes, so what is timed page by page is divided by
    their number.
    """
    found = []
    for _ in range(rounds):
        clear(root, "public")
        os.sync()
        found.append(phases_of(*again(root)))
    print("\n| phase of sitegen | wall s | share |\n|---|--:|--:|")
    spent = {phase: statistics.median(one[phase] for one in found) for phase in found[0]}
    for phase, seconds in spent.items():
        print(f"| {phase} | {seconds:.2f} | {seconds / sum(spent.values()):.0%} |")


def phases_of(wall: float, report: dict[str, Any]) -> dict[str, float]:
    """Seconds by phase: those of the stages, with what pages and files took told apart in them.

    `write` is of files and of what publishes them; that of bodies, which is done as each is read,
    is within `parse`.
    """
    stages = report["seconds"]
    processes = len(os.sched_getaffinity(0)) if report["pages"] >= WORTH_FORKING else 1
    rendered = report["rendered"]
    highlight = sum(page["highlighting"] for page in report["parsed"]) / processes
    pages, lists = (
        sum(file["seconds"] for file in rendered if (file["template"] == "page.html") is of_posts)
        / processes
        for of_posts in (True, False)
    )
    write = sum(file["writing"] for file in rendered) / processes
    return {
        "scan": stages["scan"],
        "parse": stages["parse"] - highlight,
        "highlight": highlight,
        "assemble": stages["assemble"],
        "render": pages,
        "lists": lists,
        "write": write + stages["publish"],
        "start, waiting": wall - sum(stages.values()) + stages["render"] - pages - lists - write,
    }


def print_again(root: Path, taken: dict[str, list[Taken]], rounds: int) -> None:
    """What a second build takes, after each kind of edit, as a share of Hugo's cold one."""
    base = middle(taken["hugo"]).wall if "hugo" in taken else None
    print(f"\n{rounds} builds each, medians\n")
    print("| build | wall s | x Hugo, cold | written | phases |\n|---|--:|--:|--:|---|")
    post, template = root / "content/posts/p7.md", root / "templates/page.html"
    edits: dict[str, Callable[[int], object]] = {
        "nothing changed": lambda number: None,
        "one body": lambda number: post.write_text(f"{post.read_text()}\nLast word {number}.\n"),
        "one title": lambda number: post.write_text(
            post.read_text().replace('title = "', f'title = "New {number}: ', 1)
        ),
        "the template of posts": lambda number: template.write_text(
            WITHOUT_RELATED.replace("{% endblock %}", f"<!-- {number} -->{{% endblock %}}")
        ),
    }
    again(root)
    time.sleep(3)  # what has just been written tells nothing yet: see passes/unchanged.py
    again(root)
    for what, edit in edits.items():
        builds = []
        for number in range(rounds):
            edit(number)
            os.sync()
            builds.append(again(root))
        wall, report = sorted(builds, key=lambda build: build[0])[len(builds) // 2]
        share = f"{wall / base:.3f}" if base else ""
        phases = ", ".join(f"{name} {spent:.2f}" for name, spent in report["seconds"].items())
        print(f"| {what} | {wall:.2f} | {share} | {report['written']:,} | {phases} |", flush=True)


def again(root: Path) -> tuple[float, dict[str, Any]]:
    """The wall time of a build, and its report."""
    command = [*SITEGEN, "build", "--json"]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
    return time.perf_counter() - began, json.loads(done.stdout)


def compile_sitegen() -> None:
    """sitegen's modules are compiled, as pip leaves those of the peers that it installs.

    Where Python is told to write no bytecode, each build would else take 0.3 s longer.
    """
    compileall.compile_dir(Path(sitegen.__file__).parent, quiet=1)


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
    compile_sitegen()
    for count in asked.posts:
        compare(peers, count, asked.rounds, again=asked.again, profile=asked.profile)


if __name__ == "__main__":
    main()

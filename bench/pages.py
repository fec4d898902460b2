"""Many pages: how long each stage of a build takes as a blog grows, with nothing to run.

Every post has a date, three of 500 tags and one of ten categories; the list of posts and each term
are cut into pages, terms have feeds. One build of each size, wall time; the figures in README.md
say on what.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

from sitegen.build import build
from sitegen.passes.asked import Caller, Options

SIZES = (1250, 2500, 5000, 10000)
TERMS = 500
CONFIG = """
base_url = "https://example.org"
generate_feeds = true
feed_limit = 20
taxonomies = [{ name = "tags", feed = true, paginate_by = 10 }, { name = "categories" }]
"""
POST = """+++
title = "Post {number}"
date = {year}-{month:02}-{day:02}
[taxonomies]
tags = [{tags}]
categories = ["c{category}"]
+++
Text of *post* {number}.

<!-- more -->

More of it.
"""


def write_blog(root: Path, count: int) -> None:
    """A blog of so many posts at `root`, the same each time."""
    random.seed(count)
    posts = root / "content/posts"
    posts.mkdir(parents=True)
    (root / "zola.toml").write_text(CONFIG)
    (posts / "_index.md").write_text('+++\nsort_by = "date"\npaginate_by = 20\n+++\n')
    for number in range(count):
        tags = ", ".join(f'"t{random.randrange(TERMS)}"' for _ in range(3))  # noqa: S311
        text = POST.format(
            number=number,
            year=2010 + number % 15,
            month=1 + number % 12,
            day=1 + number % 28,
            tags=tags,
            category=number % 10,
        )
        (posts / f"p{number}.md").write_text(text)


def main() -> None:
    for count in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            write_blog(root, count)
            report = build(root, Options(), Caller({}, sys.executable), lambda event: None)
            stages = ", ".join(f"{name} {time:.2f}" for name, time in report.seconds.items())
            total = sum(report.seconds.values())
            print(f"{count} posts: {report.written} files, {total:.2f} s ({stages})")


if __name__ == "__main__":
    main()

"""Start-up: `sitegen --help`, and builds of ten posts: the first, and one that replays its results.

    python -m bench.start

Interleaved, median of so many rounds; wall time of whole processes, as ratios to `python -c pass`.
The first build has nothing of an earlier one but the stored results of the posts' blocks, as after
`git clone`; it is measured with blocks and, nothing executed, without. A replaying build comes
after an edit of a template that all posts show, or it would find nothing to do. Says of each limit
whether it is held, and exits with 1 where one is not.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.faster import SITEGEN, compile_sitegen

ROUNDS = 15
HELP, BUILD = 0.2, 0.6
"""Seconds that `sitegen --help` and a build of ten posts may take."""

POST = "+++\n+++\n```python\nprint({})\n```\n"
TEMPLATE = '{{% extends "page.html" %}}{{% block card %}}{}{{% endblock %}}\n'


def lay(site: Path, *, enabled: bool) -> Path:
    """A site of ten posts, built once so that it has results; returned is its root."""
    (site / "content").mkdir(parents=True)
    (site / "templates").mkdir()
    switch = "" if enabled else "enabled = false\n"
    (site / "site.toml").write_text(f'base_url = "/"\n[execute]\ndevice = "cpu"\n{switch}')
    for number in range(10):
        (site / f"content/{number}.md").write_text(POST.format(number))
    seconds([*SITEGEN, "build"], site)
    return site


def forget(site: Path) -> None:
    """The site has never been built here; its results are those that are committed."""
    shutil.rmtree(site / "public")
    shutil.rmtree(site / ".sitegen")


def seconds(command: list[str], folder: Path) -> float:
    os.sync()
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def measure(site: Path, plain: Path, number: int) -> dict[str, float]:
    """One round."""
    build = [*SITEGEN, "build"]
    found = {
        "python -c pass": seconds([sys.executable, "-c", "pass"], site),
        "sitegen --help": seconds([*SITEGEN, "--help"], site),
    }
    forget(plain)
    found["first build, 10 posts without blocks"] = seconds(build, plain)
    forget(site)
    found["first build, 10 posts with stored results"] = seconds(build, site)
    (site / "templates/page.html").write_text(TEMPLATE.format(number))
    found["build that replays 10 posts"] = seconds(build, site)
    return found


def main() -> None:
    compile_sitegen()
    with tempfile.TemporaryDirectory() as name:
        site = lay(Path(name) / "site", enabled=True)
        plain = lay(Path(name) / "plain", enabled=False)
        rounds = [measure(site, plain, number) for number in range(ROUNDS)]
    base = statistics.median(taken["python -c pass"] for taken in rounds)
    held = True
    for label in rounds[0]:
        median = statistics.median(taken[label] for taken in rounds)
        limit = HELP if "--help" in label else BUILD if "build" in label else None
        said = "" if limit is None else "held" if median < limit else f"NOT HELD: {limit} s"
        held &= limit is None or median < limit
        print(f"{label:42} {median * 1000:7.0f} ms {median / base:6.1f} x  {said}".rstrip())
    sys.exit(not held)


if __name__ == "__main__":
    main()

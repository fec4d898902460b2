"""Start-up: `sitegen --help`, and a build that only replays against one of posts without blocks.

Ratios are to `python -c pass`; the posts without blocks are the same, with nothing executed.

Interleaved, median of so many rounds; wall time of whole processes.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 15
POST = "+++\n+++\n```python\nprint({})\n```\n"


def seconds(command: list[str], folder: Path) -> float:
    begun = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def main() -> None:
    sitegen = [sys.executable, "-m", "sitegen"]
    with tempfile.TemporaryDirectory() as name:
        site = Path(name)
        (site / "content").mkdir()
        (site / "site.toml").write_text('base_url = "/"\n[execute]\ndevice = "cpu"\n', "utf-8")
        for number in range(10):
            (site / f"content/{number}.md").write_text(POST.format(number), "utf-8")
        plain = site / "plain"
        shutil.copytree(site / "content", plain / "content")
        text = (site / "site.toml").read_text("utf-8") + "enabled = false\n"
        (plain / "site.toml").write_text(text, "utf-8")
        for folder in (site, plain):
            subprocess.run([*sitegen, "build"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "sitegen --help": [*sitegen, "--help"],
            "sitegen build, 10 posts without blocks": [*sitegen, "--root", "plain", "build"],
            "sitegen build, 10 posts replayed": [*sitegen, "build"],
        }
        times: dict[str, list[float]] = {label: [] for label in commands}
        for _ in range(ROUNDS):
            for label, command in commands.items():
                times[label].append(seconds(command, site))
    base = statistics.median(times["python -c pass"])
    for label, taken in times.items():
        median = statistics.median(taken)
        print(f"{label:40} {median * 1000:7.0f} ms {median / base:6.1f} x")


if __name__ == "__main__":
    main()

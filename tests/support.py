"""Small sites for tests, and the ways to build them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sitegen.build import build
from sitegen.execute.machine import LOCK, TURN
from sitegen.model import Event, Report
from sitegen.passes.asked import Caller, Options

REPOSITORY = Path(__file__).resolve().parent.parent
SAMPLE = REPOSITORY / "tests" / "fixtures" / "tensor-wars.md"

CONFIG = """
base_url = "https://example.org"
title = "A test"
taxonomies = [{ name = "categories" }, { name = "tags" }]

[execute]
device = "cpu"
"""


def write_site(root: Path, files: Mapping[str, str], config: str = CONFIG) -> Path:
    """A site at `root` with these files, by path; strings without front matter are given one."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "site.toml").write_text(config, "utf-8")
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".md") and not text.startswith("+++"):
            text = f"+++\n+++\n{text}"
        path.write_text(text, "utf-8")
    return root


def build_site(root: Path, **options: Any) -> tuple[Report, list[Event]]:
    """The report of a build in this process, and the events of execution."""
    events: list[Event] = []
    caller = Caller(dict(os.environ), sys.executable)
    return build(root, Options(**options), caller, events.append), events


def sitegen(
    root: Path, *arguments: str, env: Mapping[str, str] | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """The command, run as an author runs it."""
    return subprocess.run(
        [sys.executable, "-m", "sitegen", *arguments],
        cwd=root,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def report_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What `--json` printed."""
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def left_in(temporary: Path) -> list[str]:
    """What lies in a temporary folder, but for the locks that all sitegens of a machine share."""
    return sorted(path.name for path in temporary.iterdir() if path.name not in (LOCK, TURN))


def stored(root: Path) -> list[Path]:
    """The stored runs of a site."""
    return sorted((root / "measurements").rglob("*.json"))

"""Tiny sites for tests: files by name to a folder, and a build of it that runs nothing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from sitegen.base.errors import Problem, SiteError
from sitegen.build import build
from sitegen.passes.asked import Caller, Options

SITE = """\
base_url = "https://example.org"
title = "Tiny"
taxonomies = [{ name = "categories" }, { name = "tags" }]
"""


def page(front: str = "", body: str = "Text.") -> str:
    """A page's source."""
    return f"+++\n{front}\n+++\n{body}\n"


def write_site(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """The files below `root`, with a `site.toml` where none is given."""
    for name, text in {"site.toml": SITE, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def publish(root: Path, files: Mapping[str, str | bytes]) -> tuple[Problem, ...]:
    """Builds the files as a site at `root`; every problem, fatal or not."""
    write_site(root, files)
    options = Options(mode="no-exec")
    try:
        return build(root, options, Caller({}, sys.executable), lambda event: None).problems
    except SiteError as error:
        return error.problems


def published(root: Path, path: str) -> str:
    """The text of a published file."""
    return (root / "public" / path).read_text("utf-8")

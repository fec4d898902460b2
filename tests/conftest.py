"""Flags that rewrite what tests expect, and a place of its own for each run of the tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ALONE = {"test_bench_runner.py", "test_bench_runs.py", "test_hostile.py", "test_leases.py"}
"""Tests that count the processes of the machine, or hold how long something takes against what
else runs: they are not among those of which two run at once."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.name in ALONE:
            item.add_marker("alone")


def pytest_addoption(parser: pytest.Parser) -> None:
    help = "write what sitegen gives today into tests/cases/*.md; read the diff before you commit"
    parser.addoption("--update-cases", action="store_true", help=help)
    help = "write what sitegen gives today into tests/sites/*/expected.txt; read the diff"
    parser.addoption("--update-sites", action="store_true", help=help)


@pytest.fixture(scope="session", autouse=True)
def temporary_folder() -> Iterator[None]:
    """A folder for temporary files of this run alone: a benchmark of somebody else's on the same
    machine, which takes the machine's lock, would stop every test that starts a kernel."""
    with tempfile.TemporaryDirectory(prefix="sg-") as folder, pytest.MonkeyPatch.context() as patch:
        Path(folder).chmod(0o755)  # a test that becomes another user must get into it
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", folder)
        yield

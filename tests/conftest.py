"""Flags that rewrite what tests expect, and a place of its own for each run of the tests."""

from __future__ import annotations

import getpass
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ALONE = {"test_bench_runner.py", "test_bench_runs.py", "test_hostile.py", "test_leases.py"}
"""Tests that count the processes of the machine, or hold how long something takes against what
else runs: they are not among those of which two run at once."""


LONG = (
    "browser/test_theme.py",
    "browser/test_preview.py",
    "browser/test_pages.py",
    "test_costs.py",
    "test_zygote.py",
    "test_export.py",
    "test_bare.py",
)
"""What takes a minute begins first: of two workers none is left with it when the other is done."""


def pytest_configure() -> None:
    """Have Python keep what it compiles, here and in all that tests start, though the environment
    may say otherwise: each of hundreds of commands would compile sitegen anew, in 0.8 s."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.name in ALONE:
            item.add_marker("alone")
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    name = item.path.relative_to(Path(__file__).parent).as_posix()
    return LONG.index(name) if name in LONG else len(LONG)


def pytest_addoption(parser: pytest.Parser) -> None:
    help = "write what sitegen gives today into tests/cases/*.md; read the diff before you commit"
    parser.addoption("--update-cases", action="store_true", help=help)
    help = "write what sitegen gives today into tests/sites/*/expected.txt; read the diff"
    parser.addoption("--update-sites", action="store_true", help=help)


@pytest.fixture(scope="session", autouse=True)
def temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A folder for temporary files of this run alone: a benchmark of somebody else's on the same
    machine, which takes the machine's lock, would stop every test that starts a kernel.

    What torch's compiler keeps is common to the workers: to find out what the processor can do and
    to compile its own headers takes it 20 s.
    """
    with tempfile.TemporaryDirectory(prefix="sg-") as folder, pytest.MonkeyPatch.context() as patch:
        Path(folder).chmod(0o755)  # a test that becomes another user must get into it
        if "PYTEST_XDIST_WORKER" in os.environ:
            compiled = tmp_path_factory.getbasetemp().parent / "torchinductor"
            compiled.mkdir(exist_ok=True)
            (Path(folder) / f"torchinductor_{getpass.getuser()}").symlink_to(compiled)
        patch.setenv("TMPDIR", folder)
        patch.setattr(tempfile, "tempdir", folder)
        yield

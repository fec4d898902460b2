"""The flags that rewrite what cases and sites expect; a lock of the tests' own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_locks() -> Iterator[None]:
    """Tests do not wait for whoever measures on this machine, and nobody waits for them."""
    folder = tempfile.mkdtemp(prefix="sitegen-locks-")
    os.environ["SITEGEN_LOCKS"] = folder
    yield
    del os.environ["SITEGEN_LOCKS"]
    shutil.rmtree(folder)


def pytest_addoption(parser: pytest.Parser) -> None:
    help = "write what sitegen gives today into tests/cases/*.md; read the diff before you commit"
    parser.addoption("--update-cases", action="store_true", help=help)
    help = "write what sitegen gives today into tests/sites/*/expected.txt; read the diff"
    parser.addoption("--update-sites", action="store_true", help=help)

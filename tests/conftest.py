"""The flag that rewrites what `tests/cases/*.md` expect."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    help = "write what sitegen gives today into tests/cases/*.md; read the diff before you commit"
    parser.addoption("--update-cases", action="store_true", help=help)
    help = "write what sitegen gives today into tests/sites/*/expected.txt; read the diff"
    parser.addoption("--update-sites", action="store_true", help=help)

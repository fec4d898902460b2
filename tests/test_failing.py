"""Exactly those blocks of a post fail that fail in a notebook of the same cells.

A cell has failed where its reply says so, and where it shows an error, as `%%capture` lets it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from sitegen.model import BlockDone, Cell, Display, Failure
from tests.support import build_site, write_site

BLOCKS = {
    "fine": "1 + 1",
    "raises": "1 / 0",
    "a group": 'raise ExceptionGroup("two", [ValueError("a"), TypeError("b")])',
    "in a group": "try:\n    raise OSError\nexcept* OSError:\n    1 / 0",
    "no such magic": "%nosuchmagic",
    "no such cell magic": "%%nosuchmagic\ntext",
    "a magic that fails": "%run nothing.py",
    "captured": "%%capture\n1 / 0",
    "shown": "try:\n    1 / 0\nexcept ArithmeticError:\n    get_ipython().showtraceback()",
    "a warning": "import warnings\nwarnings.warn('careful')",
    "a child that fails": "!exit 3",
    "a script that fails": "%%bash\nexit 3",
    "syntax": "x = = 1",
    "exit": "import sys\nsys.exit(3)",
    "interrupt": "raise KeyboardInterrupt",
    "a display": "class A:\n    def _repr_html_(self):\n        raise ValueError('no html')\nA()",
    "a question": "input()",
    "noted": "error = KeyError('k')\nerror.add_note('look there')\nraise error",
    "caused": "try:\n    1 / 0\nexcept ArithmeticError as e:\n    raise OSError('no') from e",
    "behind": "try:\n    1 / 0\nexcept ArithmeticError:\n    raise OSError('no')",
    "hidden": "try:\n    1 / 0\nexcept ArithmeticError:\n    raise OSError('no') from None",
    "no traceback": "calls = []\nget_ipython().InteractiveTB.structured_traceback = calls.append\n"
    "int('x')",
    "calls": "len(calls)",
}


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Cell]:
    body = "\n".join(f"```python\n{code}\n```\n" for code in BLOCKS.values())
    root = write_site(tmp_path_factory.mktemp("failing"), {"content/x.md": body})
    _, events = build_site(root)
    done = [event.cell for event in events if isinstance(event, BlockDone)]
    return dict(zip(BLOCKS, done, strict=True))


def failing_in_a_notebook(folder: Path) -> set[str]:
    failing: set[str] = set()
    names = list(BLOCKS)

    def note(cell: Any, cell_index: int, execute_reply: dict[str, Any]) -> None:
        shows_error = any(output.output_type == "error" for output in cell.outputs)
        if shows_error or execute_reply["content"]["status"] == "error":
            failing.add(names[cell_index])

    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code) for code in BLOCKS.values()]
    )
    client = NotebookClient(
        notebook,
        allow_errors=True,
        on_cell_executed=note,
        timeout=60,
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    return failing


def test_the_same_blocks_fail(cells: dict[str, Cell], tmp_path: Path) -> None:
    failing = failing_in_a_notebook(tmp_path) | {"no traceback"}  # IPython says so, and goes on
    assert {name for name, cell in cells.items() if cell.status == "failed"} == failing


@pytest.mark.parametrize(
    ("name", "error", "line"),
    [
        ("a group", "ExceptionGroup", 1),
        ("no such magic", "UsageError", 1),
        ("no such cell magic", "UsageError", 1),
        ("syntax", "SyntaxError", 1),
        ("no traceback", "ValueError", 3),
    ],
)
def test_an_error_is_named_with_its_line(
    cells: dict[str, Cell], name: str, error: str, line: int
) -> None:
    failures = [output for output in cells[name].outputs if isinstance(output, Failure)]
    assert [failure.name for failure in failures] == [error]
    assert [frame.line for frame in failures[0].frames if frame.block is not None][-1] == line


def test_no_traceback_is_made_that_nobody_reads(cells: dict[str, Cell]) -> None:
    assert cells["calls"].outputs == (Display({"text/plain": "0"}, result=True),)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a group", "two (2 sub-exceptions)\n  ValueError: a\n  TypeError: b"),
        ("noted", "'k'\nlook there"),
        ("caused", "no\ncaused by ZeroDivisionError: division by zero"),
        ("behind", "no\nwhile handling ZeroDivisionError: division by zero"),
        ("hidden", "no"),
    ],
)
def test_an_error_says_all_that_a_notebook_says(
    cells: dict[str, Cell], name: str, said: str
) -> None:
    failures = [output for output in cells[name].outputs if isinstance(output, Failure)]
    assert [failure.value for failure in failures] == [said]

"""Where an exception came from, as a kernel tells it."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

from sitegen.execute import processes

sys.path.insert(0, str(Path(processes.__file__).parent.parent / "kernel"))
import sitegen_frames

sys.path.pop(0)

BLOCK = """x = 1
def held():
    with memoryview(b"") as one:
        yield one
"""


def test_an_interrupt_where_no_line_is_has_that_of_its_function() -> None:
    names: dict[str, Any] = {}
    exec(compile(BLOCK, "post/block-1.py", "exec"), names)  # noqa: S102 (our own text)
    running = names["held"]()
    places = enumerate(running.gi_code.co_positions())
    nowhere = next(2 * place for place, lines in places if lines[0] is None)
    trace = types.TracebackType(None, running.gi_frame, nowhere, -1)
    assert not trace.tb_lineno
    error = KeyboardInterrupt().with_traceback(trace)
    assert sitegen_frames.describe_frames(error, "post") == [
        {"function": "held", "line": 2, "block": 0}
    ]

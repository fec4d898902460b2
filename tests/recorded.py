"""Outputs of recorded kernel messages, for tests of what a page makes of them."""

from __future__ import annotations

import json
from pathlib import Path

from sitegen.execute.messages import Displays, Fold
from sitegen.model import Display, Output

FOLDER = Path(__file__).parent / "messages"


def outputs_of(name: str) -> tuple[Output, ...]:
    """What `messages/NAME.jsonl` folds into."""
    _, *messages, _ = [
        json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text("utf-8").splitlines()
    ]
    fold = Fold(str, Displays())
    for message in messages:
        fold.add(message["msg_type"], message["content"])
    return fold.outputs()


def display_of(name: str) -> Display:
    """The one rich output of a recording."""
    [display] = [output for output in outputs_of(name) if isinstance(output, Display)]
    return display

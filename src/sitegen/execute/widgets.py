"""What widgets say in text, from the messages by which they keep their state: for progress bars.

Only models that consist of text are known: labels, HTML, progress and the boxes around them, of
which the bars of tqdm and transformers are made; and outputs, into which rich writes.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

_KEPT = ("_model_name", "value", "min", "max", "description", "children")
_TAG = re.compile(r"<[^>]*>")
_WIDTH = 20
_DEPTH = 5


class Widgets:
    """The widgets of a session, by the id of their model."""

    def __init__(self) -> None:
        self._states: dict[str, dict[str, Any]] = {}

    def note(self, kind: str, content: Mapping[str, Any]) -> None:
        """Take a message of a comm: a widget that is made, or its new state."""
        data = content.get("data", {})
        state = data.get("state", {})
        if kind == "comm_open":
            self._states[content["comm_id"]] = {}
        known = self._states.get(content["comm_id"])
        if known is not None and isinstance(state, Mapping):
            known |= {key: state[key] for key in _KEPT if key in state and _is_small(state[key])}

    def is_output(self, identity: str) -> bool:
        """Whether the widget is one that shows what is written while it is entered."""
        return self._states.get(identity, {}).get("_model_name") == "OutputModel"

    def text_of(self, identity: str, depth: int = 0) -> str | None:
        """What the widget says now; None where it does not consist of text."""
        state = self._states.get(identity, {})
        value = state.get("value", "")
        match state.get("_model_name"):
            case "HTMLModel" | "LabelModel" | "HTMLMathModel":
                return html.unescape(_TAG.sub("", str(value))).replace("\u2007", " ")
            case "FloatProgressModel" | "IntProgressModel":
                return _bar(state)
            case "HBoxModel" | "VBoxModel" if depth < _DEPTH:
                names = [str(name).removeprefix("IPY_MODEL_") for name in state.get("children", ())]
                parts = [self.text_of(name, depth + 1) for name in names]
                between = "" if state["_model_name"] == "HBoxModel" else "\n"
                return (
                    between.join(part for part in parts if part is not None)
                    if any(part is not None for part in parts)
                    else None
                )
        return None


def _bar(state: Mapping[str, Any]) -> str | None:
    try:
        low, high = float(state.get("min", 0)), float(state.get("max", 100))
        share = (float(state.get("value", 0)) - low) / (high - low) if high > low else 1.0
    except (TypeError, ValueError):
        return None
    full = round(_WIDTH * min(1.0, max(0.0, share)))
    return f"|{'█' * full}{' ' * (_WIDTH - full)}|"


def _is_small(value: object) -> bool:
    return not isinstance(value, str) or len(value) <= 10_000

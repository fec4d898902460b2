"""Kernel messages folded into outputs: pure, one message at a time, without a kernel.

The message types are those of the Jupyter protocol's IOPub channel. Limits are enforced inside
the kernel (`kernel/sitegen_limits.py`); those here are a little wider, for kernels that do not.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, assert_never

import msgspec

from sitegen.base.digest import digest_bytes
from sitegen.execute.text import GOES_ON, MAX_STREAM, Text
from sitegen.execute.widgets import Widgets
from sitegen.model import Blob, Display, Failure, Frame, Output, Stream

TEXT = ("text/html", "image/svg+xml", "text/markdown", "text/latex", "text/plain")
JSON = "application/json"
BINARY = ("image/png", "image/jpeg", "image/webp", "image/gif")
"""The MIME types that are kept of a rich output; of all others only the name is."""

DARK = "application/vnd.sitegen.dark+png"
"""What `kernel/sitegen_figures.py` sends beside a figure's PNG."""

WIDGET = "application/vnd.jupyter.widget-view+json"

MAX_OUTPUT = 12_000_000
MAX_POST = 60_000_000
"""Characters of one rich output, and of all those of a session."""

_LEFT_OUT = "[an output of {:,} characters was left out: it is too large for a page]"
_OF_SYNTAX = re.compile(r" \(block-\d+(?:\+\d+|-made)?\.py, line \d+\)\Z")
"""The place that a SyntaxError adds to what it says; its frames name it better."""

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


class Slot:
    """The place of a display, which a later message may update; `widget` is the id of its model."""

    def __init__(self, display: Display, widget: str = "") -> None:
        self.display = display
        self.widget = widget


class Inside(list["Piece"]):
    """What has been written into an output widget."""


Piece = Text | Slot | Failure | Inside


class Displays:
    """What the blocks of a session share: displays to update, by id, widgets, and room."""

    def __init__(self) -> None:
        self.slots: dict[str, list[Slot]] = {}
        self.widgets = Widgets()
        self.room = MAX_POST


class Fold:
    """The outputs of one block so far; `add` takes the next message."""

    def __init__(self, mask: Callable[[str], str], displays: Displays) -> None:
        self._mask = mask
        self._displays = displays
        self._all: list[Piece] = []
        self._outputs = self._all
        self._insides: dict[str, Inside] = {}
        self._room = {"stdout": MAX_STREAM, "stderr": MAX_STREAM}
        self._clear = False

    def add(self, kind: str, content: Mapping[str, Any]) -> Output | None:
        """What the message adds: new text of a stream, a display, a failure; else None."""
        match kind:
            case "stream":
                self._clear_if_due()
                return self._stream(content["name"], content["text"], content.get("cut", 0))
            case "execute_result" | "display_data":
                self._clear_if_due()
                return self._display(content, result=kind == "execute_result")
            case "update_display_data":
                return self._update(content)
            case "clear_output":
                self._clear = True
                if not content.get("wait"):
                    self._clear_if_due()
            case "error":
                self._clear_if_due()
                value = self._mask(_OF_SYNTAX.sub("", _ANSI.sub("", content["evalue"])))
                failure = Failure(content["ename"], value)
                self._outputs.append(failure)
                return failure
            case "comm_open" | "comm_msg":
                self._displays.widgets.note(kind, content)
                self._enter(content)
        return None

    def outputs(self, frames: tuple[Frame, ...] = ()) -> tuple[Output, ...]:
        """All outputs, streams as a terminal would show them; `frames` are the failure's."""
        return tuple(self._finish_all(self._all, frames))

    def _finish_all(self, pieces: list[Piece], frames: tuple[Frame, ...]) -> Iterator[Output]:
        for piece in pieces:
            if isinstance(piece, Inside):
                yield from self._finish_all(piece, frames)
            else:
                yield self._finish(piece, frames)

    def _finish(self, output: Text | Slot | Failure, frames: tuple[Frame, ...]) -> Output:
        match output:
            case Text():
                return output.finish(self._mask)
            case Failure(name=name, value=value):
                return Failure(name, value, frames)
            case Slot(display=display, widget=widget):
                text = self._displays.widgets.text_of(widget)
                if text is None:
                    return display
                data = {**display.data, "text/plain": self._mask(text)}
                return msgspec.structs.replace(display, data=data)
            case _:
                assert_never(output)

    def _stream(self, name: Literal["stdout", "stderr"], text: str, cut: int) -> Stream:
        stream = self._text_for(name, text)
        self._room[name] -= stream.add(text, self._room[name], cut)
        return Stream(name, self._mask(text))

    def _text_for(self, name: Literal["stdout", "stderr"], text: str) -> Text:
        """The stream that goes on: the last output, or the one whose unfinished line is redrawn.

        A bar on stderr thus stays one bar while something else prints below it.
        """
        last = self._outputs[-1] if self._outputs else None
        if isinstance(last, Text) and last.name == name:
            return last
        if GOES_ON.match(text):
            for output in reversed(self._outputs):
                if isinstance(output, Text) and output.name == name:
                    if output.unfinished:
                        return output
                    break
        new = Text(name)
        self._outputs.append(new)
        return new

    def _display(self, content: Mapping[str, Any], *, result: bool) -> Display | None:
        display = self._to_display(content, result=result)
        if display is not None:
            model = content["data"].get(WIDGET, {})
            widget = model.get("model_id", "") if isinstance(model, dict) else ""
            if self._displays.widgets.is_output(widget):
                self._outputs.append(self._insides.setdefault(widget, Inside()))
                return None
            slot = Slot(display, widget)
            identity = content.get("transient", {}).get("display_id")
            if identity:
                self._displays.slots.setdefault(identity, []).append(slot)
            self._outputs.append(slot)
        return display

    def _enter(self, content: Mapping[str, Any]) -> None:
        """Write into an output widget of this block from now on, or no longer."""
        state = content.get("data", {}).get("state", {})
        if isinstance(state, Mapping) and "msg_id" in state:
            inside = self._insides.get(content["comm_id"]) if state["msg_id"] else None
            self._outputs = self._all if inside is None else inside

    def _update(self, content: Mapping[str, Any]) -> Display | None:
        """Update a display wherever it stands in the session, also in a block above."""
        changed = None
        identity = content.get("transient", {}).get("display_id", "")
        for slot in self._displays.slots.get(identity, []):
            changed = self._to_display(content, result=slot.display.result)
            slot.display = changed = changed or slot.display
        return changed

    def _to_display(self, content: Mapping[str, Any], *, result: bool) -> Display | None:
        bundle, metadata = content["data"], content.get("metadata", {})
        size = sum(len(value) for value in bundle.values() if isinstance(value, str))
        if size > min(MAX_OUTPUT, self._displays.room):
            return Display({"text/plain": _LEFT_OUT.format(size)}, result, cut=size)
        self._displays.room -= size
        data = dict(self._kept(bundle))
        dark = _decode(bundle.get(DARK)) if "image/png" in data else None
        others = tuple(sorted(mime for mime in bundle if mime not in data and mime != DARK))
        if not data and not others:
            return None
        sized: dict[str, object] = next(
            (
                metadata[mime]
                for mime in (*BINARY, "image/svg+xml")
                if isinstance(metadata.get(mime), dict)
            ),
            {},
        )
        cut = metadata.get("sitegen", {}).get("cut", 0)
        width, height = _pixels(sized.get("width")), _pixels(sized.get("height"))
        return Display(data, result, width, height, dark, others, cut)

    def _kept(self, bundle: Mapping[str, Any]) -> list[tuple[str, str | Blob]]:
        """What is kept of a bundle, by MIME type, in their order."""
        found: list[tuple[str, str | Blob]] = []
        for mime in TEXT:
            if isinstance(bundle.get(mime), str):
                found.append((mime, self._mask(bundle[mime])))
        if JSON in bundle:
            text = json.dumps(bundle[JSON], ensure_ascii=False, indent=1)
            found.append((JSON, self._mask(text)))
        for mime in BINARY:
            blob = _decode(bundle.get(mime))
            if blob is not None:
                found.append((mime, blob))
        return found

    def _clear_if_due(self) -> None:
        if self._clear:
            self._clear = False
            self._outputs.clear()
            self._room = dict.fromkeys(self._room, MAX_STREAM)


def _pixels(value: object) -> int | None:
    return round(value) if isinstance(value, int | float) and value > 0 else None


def _decode(encoded: object) -> Blob | None:
    if not isinstance(encoded, str):
        return None
    try:
        content = base64.b64decode(encoded)
    except (binascii.Error, ValueError):
        return None
    return Blob(digest_bytes(content), len(content), content)

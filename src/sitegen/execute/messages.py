"""Kernel messages folded into outputs: pure, one message at a time, without a kernel.

The message types are those of the Jupyter protocol's IOPub channel.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from sitegen.base.digest import digest_bytes
from sitegen.model import Blob, Display, Failure, Frame, Output, Stream

TEXT = ("text/html", "image/svg+xml", "text/markdown", "text/latex", "text/plain")
JSON = "application/json"
BINARY = ("image/png", "image/jpeg", "image/webp")
"""The MIME types that are kept of a rich output; all others are left out."""

DARK = "application/vnd.sitegen.dark+png"
"""What `kernel/sitegen_figures.py` sends beside a figure's PNG."""

MAX_STREAM = 1_000_000
"""Characters of one stream that are kept; what comes after is counted."""

_CUT = "\n[{:,} more characters were cut]\n"
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_MOVES = re.compile(r"[\r\b]")


class Text:
    """A stream that still grows: its parts as they came, and how much of it was cut."""

    def __init__(self, name: Literal["stdout", "stderr"]) -> None:
        self.name = name
        self.parts: list[str] = []
        self.room = MAX_STREAM
        self.cut = 0

    def add(self, text: str) -> None:
        kept = text[: self.room]
        self.parts.append(kept)
        self.room -= len(kept)
        self.cut += len(text) - len(kept)

    def finish(self, mask: Callable[[str], str]) -> Stream:
        """The stream as a terminal would show it in the end."""
        text = mask(as_terminal("".join(self.parts)))
        return Stream(self.name, text + _CUT.format(self.cut) if self.cut else text)


class Displays:
    """Where the displays of a session stand that a later block may update, by their id."""

    def __init__(self) -> None:
        self.places: dict[str, list[tuple[Fold, int]]] = {}


class Fold:
    """The outputs of one block so far; `add` takes the next message."""

    def __init__(self, mask: Callable[[str], str], displays: Displays) -> None:
        self._mask = mask
        self._displays = displays
        self._outputs: list[Text | Display | Failure] = []
        self._clear = False

    def add(self, kind: str, content: Mapping[str, Any]) -> Output | None:
        """What the message adds: new text of a stream, a display, a failure; else None."""
        match kind:
            case "stream":
                self._clear_if_due()
                return self._stream(content["name"], content["text"])
            case "execute_result" | "display_data":
                self._clear_if_due()
                return self._display(content, result=kind == "execute_result")
            case "update_display_data":
                return self._update(content)
            case "clear_output":
                self._clear = bool(content.get("wait"))
                if not self._clear:
                    self._outputs.clear()
            case "error":
                self._clear_if_due()
                value = self._mask(_ANSI.sub("", content["evalue"]))
                failure = Failure(content["ename"], value)
                self._outputs.append(failure)
                return failure
        return None

    def note_dropped(self, count: int) -> None:
        """Say at the end of the last stream how much more the kernel was given to write."""
        streams = [output for output in self._outputs if isinstance(output, Text)]
        if streams and count:
            streams[-1].cut += count

    def outputs(self, frames: tuple[Frame, ...] = ()) -> tuple[Output, ...]:
        """All outputs, streams as a terminal would show them; `frames` are the failure's."""
        return tuple(self._finish(output, frames) for output in self._outputs)

    def _finish(self, output: Text | Display | Failure, frames: tuple[Frame, ...]) -> Output:
        match output:
            case Text():
                return output.finish(self._mask)
            case Failure(name=name, value=value):
                return Failure(name, value, frames)
            case Display():
                return output

    def _stream(self, name: Literal["stdout", "stderr"], text: str) -> Stream:
        last = self._outputs[-1] if self._outputs else None
        if not (isinstance(last, Text) and last.name == name):
            last = Text(name)
            self._outputs.append(last)
        last.add(text)
        return Stream(name, self._mask(text))

    def _display(self, content: Mapping[str, Any], *, result: bool) -> Display | None:
        display = self._to_display(content, result=result)
        if display is not None:
            identity = content.get("transient", {}).get("display_id")
            if identity:
                place = (self, len(self._outputs))
                self._displays.places.setdefault(identity, []).append(place)
            self._outputs.append(display)
        return display

    def _update(self, content: Mapping[str, Any]) -> Display | None:
        """Update a display wherever it stands in the session, also in a block above."""
        changed = None
        identity = content.get("transient", {}).get("display_id", "")
        for fold, index in self._displays.places.get(identity, []):
            old = fold._outputs[index] if index < len(fold._outputs) else None
            if isinstance(old, Display):
                changed = self._to_display(content, result=old.result) or old
                fold._outputs[index] = changed
        return changed

    def _to_display(self, content: Mapping[str, Any], *, result: bool) -> Display | None:
        bundle, metadata = content["data"], content.get("metadata", {})
        data: dict[str, str | Blob] = {}
        for mime in TEXT:
            if isinstance(bundle.get(mime), str):
                data[mime] = self._mask(bundle[mime])
        if JSON in bundle:
            data[JSON] = self._mask(json.dumps(bundle[JSON], ensure_ascii=False, indent=1))
        for mime in BINARY:
            blob = _decode(bundle.get(mime))
            if blob is not None:
                data[mime] = blob
        if not data:
            return None
        size: dict[str, object] = next(
            (metadata[mime] for mime in BINARY if isinstance(metadata.get(mime), dict)), {}
        )
        width, height = _pixels(size.get("width")), _pixels(size.get("height"))
        dark = _decode(bundle.get(DARK)) if "image/png" in data else None
        return Display(data, result, width, height, dark)

    def _clear_if_due(self) -> None:
        if self._clear:
            self._outputs.clear()
            self._clear = False


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


def as_terminal(text: str) -> str:
    """The text as a terminal shows it in the end: carriage return and backspace move the cursor."""
    if not _MOVES.search(text):
        return text
    return "\n".join(_overwrite(line) for line in text.replace("\r\n", "\n").split("\n"))


def _overwrite(line: str) -> str:
    if not _MOVES.search(line):
        return line
    shown: list[str] = []
    at = 0
    for char in line:
        if char == "\r":
            at = 0
        elif char == "\b":
            at = max(0, at - 1)
        else:
            shown[at : at + 1] = [char]
            at += 1
    return "".join(shown).rstrip(" ")

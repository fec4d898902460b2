"""Kernel messages folded into outputs: pure, one message at a time, without a kernel.

The message types are those of the Jupyter protocol's IOPub channel.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from sitegen.base.digest import digest_bytes
from sitegen.model import Blob, Display, Failure, Frame, Output, Stream

TEXT = ("text/html", "image/svg+xml", "text/plain")
BINARY = ("image/png", "image/jpeg", "image/webp")
"""The MIME types that are kept of a rich output; all others are left out."""

MAX_STREAM = 1_000_000
"""Characters of one stream that are kept; what comes after is counted."""

_CUT = "\n[{:,} more characters were cut]\n"
_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_MOVES = re.compile(r"[\r\b]")


class Fold:
    """The outputs of one block so far; `add` takes the next message."""

    def __init__(self, mask: Callable[[str], str]) -> None:
        self._mask = mask
        self._outputs: list[Output] = []
        self._raw: list[str] = []
        self._cut: list[int] = []
        self._ids: dict[str, list[int]] = {}
        self._clear = False

    def add(self, kind: str, content: Mapping[str, Any]) -> Output | None:
        """The output that the message made or changed; None if it changed none."""
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
                if content.get("wait"):
                    self._clear = True
                else:
                    self._reset()
            case "error":
                self._clear_if_due()
                value = self._mask(_ANSI.sub("", content["evalue"]))
                return self._append(Failure(content["ename"], value))
        return None

    def outputs(self, frames: tuple[Frame, ...] = ()) -> tuple[Output, ...]:
        """All outputs, streams as a terminal would show them; `frames` are the failure's."""
        return tuple(
            self._finished(index, output, frames) for index, output in enumerate(self._outputs)
        )

    def _finished(self, index: int, output: Output, frames: tuple[Frame, ...]) -> Output:
        match output:
            case Stream(name=name):
                text = self._mask(as_terminal(self._raw[index]))
                cut = self._cut[index]
                return Stream(name, text + _CUT.format(cut) if cut else text)
            case Failure(name=name, value=value):
                return Failure(name, value, frames)
            case Display():
                return output

    def _append(self, output: Output) -> Output:
        self._outputs.append(output)
        self._raw.append("")
        self._cut.append(0)
        return output

    def _stream(self, name: Literal["stdout", "stderr"], text: str) -> Output:
        last = self._outputs[-1] if self._outputs else None
        if not (isinstance(last, Stream) and last.name == name):
            self._append(Stream(name, ""))
        room = MAX_STREAM - len(self._raw[-1])
        self._raw[-1] += text[:room]
        self._cut[-1] += max(0, len(text) - room)
        self._outputs[-1] = Stream(name, self._raw[-1])
        return self._finished(len(self._outputs) - 1, self._outputs[-1], ())

    def _display(self, content: Mapping[str, Any], *, result: bool) -> Output | None:
        display = self._to_display(content, result=result)
        if display is None:
            return None
        identity = content.get("transient", {}).get("display_id")
        if identity:
            self._ids.setdefault(identity, []).append(len(self._outputs))
        return self._append(display)

    def _update(self, content: Mapping[str, Any]) -> Output | None:
        changed = None
        for index in self._ids.get(content.get("transient", {}).get("display_id", ""), []):
            old = self._outputs[index]
            result = isinstance(old, Display) and old.result
            changed = self._to_display(content, result=result) or old
            self._outputs[index] = changed
        return changed

    def _to_display(self, content: Mapping[str, Any], *, result: bool) -> Display | None:
        bundle, metadata = content["data"], content.get("metadata", {})
        data: dict[str, str | Blob] = {}
        for mime in TEXT:
            if isinstance(bundle.get(mime), str):
                data[mime] = self._mask(bundle[mime])
        for mime in BINARY:
            blob = _decode(bundle.get(mime))
            if blob is not None:
                data[mime] = blob
        if not data:
            return None
        size: dict[str, object] = next(
            (metadata[mime] for mime in BINARY if isinstance(metadata.get(mime), dict)), {}
        )
        return Display(data, result, _pixels(size.get("width")), _pixels(size.get("height")))

    def _clear_if_due(self) -> None:
        if self._clear:
            self._reset()

    def _reset(self) -> None:
        self._clear = False
        self._outputs.clear()
        self._raw.clear()
        self._cut.clear()
        self._ids.clear()


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

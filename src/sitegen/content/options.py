"""The options of a block: each decides the type of its value itself, not YAML."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Literal

from sitegen.base.schema import parse_duration
from sitegen.content.option_lines import Lines, unquoted
from sitegen.model import MAIN

MOST_INCHES = 100.0
MOST_DPI = 1200

_LABEL = re.compile(r"[A-Za-z][\w.-]*")
_SESSION = re.compile(r"[A-Za-z][\w-]*")
_DEVICE = re.compile(r"[a-z0-9][a-z0-9-]*")
_EXCEPTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_NUMBER = re.compile(r"\d+(\.\d+)?")


class Options(Lines):
    """The options of one block, each read by its own type."""

    def text(self, name: str) -> str | None:
        """The words after the colon, or None; matching quotes around them are not part of them."""
        if name not in self:
            return None
        value = unquoted(self.written(name)).text if self.value(name) else ""
        if not value:
            self.wrong(name, f"`{name}` is empty", "leave it out, or give it a value")
        return value or None

    def boolean(self, name: str, default: bool, *also: str) -> bool:
        value = self.value(name)
        if value is None:
            return default
        if value not in ("true", "false"):
            choices = " or ".join(f"`{word}`" for word in ("true", "false", *also))
            message = f"`{name}` is {choices}, not `{value}`"
            self.wrong(name, message, f"write `#| {name}: {str(default).lower()}`")
        return value == "true"

    def echo(self) -> bool | Literal["fold"]:
        return "fold" if self.value("echo") == "fold" else self.boolean("echo", True, "fold")

    def error(self) -> bool | str:
        value = self.value("error")
        if value is None or value in ("true", "false"):
            return value == "true"
        if not _EXCEPTION.fullmatch(value):
            message = f"`error` is `true`, `false` or the name of an exception, not `{value}`"
            self.wrong("error", message, "such as `#| error: NameError`")
        return value

    def label(self) -> str | None:
        label = self.text("label")
        if label is not None and not _LABEL.fullmatch(label):
            hint = "a letter, then letters, digits, `-`, `_` and `.`"
            self.wrong("label", f"`{label}` cannot be a label", hint)
        return label

    def session(self) -> str:
        session = self.text("session")
        if session is not None and not _SESSION.fullmatch(session):
            hint = "a letter, then letters, digits, `-` and `_`"
            self.wrong("session", f"`{session}` cannot name a session", hint)
        return session or MAIN

    def timeout(self, default: float) -> float:
        value = self.value("timeout")
        if value is None:
            return default
        seconds = parse_duration(value)
        if seconds is None:
            hint = "a number and ms, s, m or h, such as `90s`"
            self.wrong("timeout", f"`{value}` is no duration", hint)
        return seconds or default

    def inches(self, name: str) -> float | None:
        return self._number(name, MOST_INCHES, "inches, such as `6.4`")

    def dpi(self) -> int | None:
        value = self._number("fig-dpi", MOST_DPI, "dots an inch, such as `144`")
        return None if value is None else round(value)

    def python_names(self, name: str) -> tuple[str, ...]:
        """A list of names that a block can bind."""
        return tuple(
            entry.text
            for entry in self.entries(name)
            if entry.text.isidentifier()
            or self.bad(entry, f"`{entry.text}` is no name", f"such as `#| {name}: [acc, loss]`")
        )

    def device_names(self) -> tuple[str, ...]:
        hint = "a name of `[devices]`, or the one in the path of a stored result"
        return tuple(
            entry.text
            for entry in self.entries("devices")
            if _DEVICE.fullmatch(entry.text)
            or self.bad(entry, f"`{entry.text}` cannot name a device", hint)
        )

    def paths(self, name: str) -> tuple[str, ...]:
        """A list of files below the working folder, each in its normal form."""
        hint = f"files in the working folder, such as `#| {name}: [model.pt]`"
        return tuple(
            entry.text
            for entry in self.entries(name)
            if _is_below(entry.text)
            or self.bad(entry, f"`{entry.text}` is no file in the working folder", hint)
        )

    def _number(self, name: str, most: float, what: str) -> float | None:
        value = self.value(name)
        if value is None:
            return None
        if not _NUMBER.fullmatch(value) or not 0 < float(value) <= most:
            self.wrong(name, f"`{name}` is a number up to {most:g}, not `{value}`", what)
            return None
        return float(value)


def _is_below(path: str) -> bool:
    parts = PurePosixPath(path).parts
    return path == "/".join(parts) and ".." not in parts and path != "." and "\\" not in path

"""A TOML table read key by key into typed values; every mistake becomes a problem with its place.

The keys that a reader asks for are the schema: what was never asked for is unknown.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

from sitegen.base.errors import Problem, Severity, Span, nearest
from sitegen.base.toml import Path, Toml

T = TypeVar("T")
D = TypeVar("D")
C = TypeVar("C", bound=str)

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(text: str) -> float | None:
    """Seconds in a text such as `10m`, `1.5 s` or `250ms`; None if it is not one or zero."""
    found = _DURATION.fullmatch(text.strip())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    return seconds if 0 < seconds < float("inf") else None


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(kB|MB|GB|TB|KiB|MiB|GiB|TiB|B)")
_BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_BYTES |= {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def parse_size(text: str) -> int | None:
    """Bytes in a text such as `8 GB` or `512MiB`; None if it is not one or zero."""
    found = _SIZE.fullmatch(text.strip())
    return round(float(found[1]) * _BYTES[found[2]]) or None if found else None


_SHORT = re.compile(r"(?<=\d)(-|[Tt]|[ \t]+)(\d)(?=[-Tt \t:]|$)")
"""A month, a day or an hour of one digit."""


class Table:
    """A TOML table under reading: knows its place, collects problems, remembers what was asked."""

    def __init__(
        self,
        toml: Toml,
        problems: list[Problem],
        *,
        code: str,
        path: Path = (),
        data: Mapping[str, Any] | None = None,
        unknown: Literal["fatal", "warning"] = "fatal",
    ) -> None:
        self.toml = toml
        self.path = path
        self._problems = problems
        self._code = code
        self._unknown: Literal["fatal", "warning"] = unknown
        self._data = toml.data if data is None else data
        self._known: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def report(
        self,
        key: str | None,
        message: str,
        *help: str,
        severity: Severity = "fatal",
        index: int | None = None,
    ) -> None:
        """Note a problem at the key (or at one element of its array)."""
        path = self.path if key is None else (*self.path, key)
        span = self.toml.span(path if index is None else (*path, index))
        self._problems.append(
            Problem(severity, self._code, message, span, self.toml.excerpt(span), help)
        )

    def span(self, key: str) -> Span:
        """Where the key stands."""
        return self.toml.span((*self.path, key))

    def string(self, key: str, default: str = "") -> str:
        return self._typed(key, str, "a string", 'text in quotes: "…"', default)

    def optional_string(self, key: str) -> str | None:
        """The string, or None where the key is absent; an empty one is a problem."""
        value = self._typed(key, str, "a string", 'text in quotes: "…"', None)
        if value is not None and not value.strip():
            self.report(key, f"`{self._name(key)}` is empty", "leave it out, or give it a value")
            return None
        return value

    def boolean(self, key: str, default: bool) -> bool:
        return self._typed(key, bool, "true or false", "`true` or `false`, no quotes", default)

    def integer(
        self, key: str, default: int, *, minimum: int = 0, maximum: int | None = None
    ) -> int:
        value = self._typed(key, int, "a whole number", "digits, no quotes", default)
        if value < minimum:
            self.report(key, f"`{self._name(key)}` must be {minimum} or more")
            return default
        if maximum is not None and value > maximum:
            self.report(key, f"`{self._name(key)}` must be {maximum} or less")
            return default
        return value

    def number(self, key: str, default: float, *, below: float) -> float:
        """A number from 0 on."""
        kinds = (int, float)
        value = self._typed(key, kinds, "a number", "digits, no quotes", default)
        if not 0 <= value < below:
            self.report(key, f"`{self._name(key)}` must be from 0 to less than {below:g}")
            return default
        return float(value)

    def optional_integer(self, key: str, *, minimum: int = 0) -> int | None:
        value = self.integer(key, minimum, minimum=minimum)
        return value if key in self else None

    def choice(self, key: str, choices: Sequence[C], default: C) -> C:
        value = self.string(key, default)
        for known in choices:
            if value == known:
                return known
        close = nearest(value, choices)
        hint = f"did you mean `{close}`?" if close else f"one of: {', '.join(choices)}"
        self.report(key, f"`{value}` is no value of `{self._name(key)}`", hint)
        return default

    def duration(self, key: str, default: float) -> float:
        """Seconds; in TOML a string such as "10m"."""
        if key not in self:
            self._known.add(key)
            return default
        text = self.string(key)
        seconds = parse_duration(text)
        if seconds is None and isinstance(self._data[key], str):
            self.report(
                key, f"`{text}` is no duration", 'a number and ms, s, m or h, such as "90s"'
            )
        return seconds or default

    def size(self, key: str, default: int | None) -> int | None:
        """Bytes; in TOML a string such as "8GB", or "none" for None."""
        if key not in self:
            self._known.add(key)
            return default
        text = self.string(key)
        size = parse_size(text)
        if size is None and text != "none" and isinstance(self._data[key], str):
            hint = 'a number and kB, MB, GB, KiB, MiB or GiB, such as "8GB", or "none"'
            self.report(key, f"`{text}` is no size", hint)
        return size

    def count(self, key: str, default: int | None) -> int | None:
        """A whole number from 1 on, or "auto" for None."""
        if self._data.get(key, "auto") == "auto":
            self._known.add(key)
            return None if key in self else default
        return self.integer(key, 1, minimum=1)

    def strings(self, key: str) -> tuple[str, ...]:
        """An array of strings, none of them blank."""
        values: list[Any] = self._typed(key, list, "an array of strings", '["…", "…"]', [])
        found = []
        for index, value in enumerate(values):
            if not isinstance(value, str) or not value.strip():
                what = "is blank" if isinstance(value, str) else f"is {_kind(value)}"
                self.report(key, f"an entry of `{self._name(key)}` {what}", index=index)
            else:
                found.append(value)
        return tuple(found)

    def string_map(self, key: str) -> dict[str, str]:
        """A table whose values are all strings."""
        table = self.table(key)
        return {name: table.string(name) for name in sorted(table._data)}

    def date(self, key: str) -> dt.datetime | None:
        """A date or date-time as an aware datetime; without an offset it is UTC, as in Zola.

        A quoted string counts where it parses as one; month and day may be one digit, as in YAML.
        """
        self._known.add(key)
        value = self._data.get(key)
        if isinstance(value, str):
            try:
                value = dt.datetime.fromisoformat(_padded(value))
            except ValueError:
                self.report(key, f"`{value}` is no date", "write it as 2026-01-31")
                return None
        if isinstance(value, dt.datetime):
            return value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        if isinstance(value, dt.date):
            return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
        if value is not None:
            self._wrong(key, value, "a date", "2026-01-31, no quotes")
        return None

    def table(self, key: str) -> Table:
        """The table under the key; an empty one where it is absent."""
        value = self._typed(key, dict, "a table", f"[{self._name(key)}]", {})
        return self._below((*self.path, key), value)

    def tables(self, key: str) -> list[tuple[int, Table]]:
        """An array of tables, each with its place in it."""
        values = self._typed(key, list, "an array of tables", f"[[{self._name(key)}]]", [])
        found = []
        for index, value in enumerate(values):
            if isinstance(value, dict):
                path = (*self.path, key, index)
                found.append((index, self._below(path, value)))
            else:
                hint = '{ name = "tags" }, an inline table'
                self.report(key, f"an entry of `{key}` is {_kind(value)}", hint, index=index)
        return found

    def named_tables(self, key: str) -> dict[str, Table]:
        """A table of tables, by name."""
        table = self.table(key)
        return {name: table.table(name) for name in sorted(table._data)}

    def holds(self, key: str, kind: type) -> bool:
        """Whether a value of this kind stands under the key."""
        return isinstance(self._data.get(key), kind)

    def free(self, key: str) -> dict[str, Any]:
        """A table that belongs to the author; its keys are not checked."""
        return dict(self._typed(key, dict, "a table", f"[{self._name(key)}]", {}))

    def names(self) -> tuple[str, ...]:
        """The keys that stand in the table, sorted."""
        return tuple(sorted(self._data))

    def pass_over(self, key: str) -> None:
        """Accept a key, whatever its value is."""
        self._known.add(key)

    def not_used(self, keys: Sequence[str], because: str) -> None:
        """Accept keys that have no effect, and say so where one asks for something."""
        for key in keys:
            self._known.add(key)
            if self._data.get(key):
                self.report(key, f"`{self._name(key)}` has no effect: {because}", severity="notice")

    def forget(self, old: str, new: str) -> None:
        """Say that a key is now spelled otherwise, where it stands."""
        if old in self:
            self.report(old, f"`{old}` is an older name", f"write `{new}`", severity="notice")

    def finish(self, *, unknown: Literal["fatal", "warning"] | None = None, where: str) -> None:
        """Report the keys that nobody asked for, each with the nearest known one.

        How bad that is is said for the whole file, unless `unknown` says otherwise.
        """
        for key in self._data:
            if key in self._known:
                continue
            close = nearest(key, self._known)
            help = [f"did you mean `{close}`?"] if close else []
            if not close and "extra" in self._known:
                help = ["keys of your own go under `[extra]`"]
            severity = unknown or self._unknown
            self.report(key, f"`{key}` is not a key of {where}", *help, severity=severity)

    def _below(self, path: Path, data: Mapping[str, Any]) -> Table:
        return Table(
            self.toml,
            self._problems,
            code=self._code,
            path=path,
            data=data,
            unknown=self._unknown,
        )

    def _name(self, key: str) -> str:
        return ".".join([*(p for p in self.path if isinstance(p, str)), key])

    def _typed(
        self, key: str, kind: type[T] | tuple[type[T], ...], what: str, form: str, default: D
    ) -> T | D:
        self._known.add(key)
        if key not in self._data:
            return default
        value = self._data[key]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            self._wrong(key, value, what, form)
            return default
        return value

    def _wrong(self, key: str, value: object, what: str, form: str) -> None:
        message = f"`{self._name(key)}` must be {what}, but is {_kind(value)}"
        self.report(key, message, f"write {form}")


def _padded(date: str) -> str:
    """A date with two digits for its month, its day and its hour."""
    return _SHORT.sub(lambda found: f"{found[1]}0{found[2]}", date.strip())


def _kind(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case str():
            return "a string"
        case int() | float():
            return "a number"
        case list():
            return "an array"
        case dict():
            return "a table"
        case dt.datetime() | dt.date() | dt.time():
            return "a date or time"
        case _:
            return "something else"

"""Two runs of the same code compared: texts exactly but for numbers, numbers by tolerance."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

import msgspec

from sitegen.base.errors import Span
from sitegen.model import Blob, Cell, Display, Failure, Output, Plan, Run, Stream, Value

NUMBER = re.compile(r"[ \t]*(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
"""A number in a text, with the blanks before it, which align it and depend on its digits."""

EXCERPT = 72


class Tolerance(msgspec.Struct, frozen=True):
    """Numbers a (now) and b (stored) are alike if |a − b| ≤ atol + rtol · |b|."""

    rtol: float = 1e-5
    atol: float = 1e-8

    def alike(self, now: float, stored: float) -> bool:
        if math.isnan(now) or math.isnan(stored):
            return math.isnan(now) and math.isnan(stored)
        return now == stored or abs(now - stored) <= self.atol + self.rtol * abs(stored)


class Difference(msgspec.Struct, frozen=True):
    """What differs, and where in the post; a short excerpt of both."""

    span: Span
    block: str
    what: str
    stored: str
    now: str


class _Pair(msgspec.Struct, frozen=True):
    what: str
    stored: str
    now: str


def compare_runs(plan: Plan, stored: Run, now: Run, tolerance: Tolerance) -> Iterator[Difference]:
    """What differs between two runs of a plan, in the order of the post's blocks.

    Costs and saved files are not compared: one sample is no interval, and what later sessions
    make of a file is compared there.
    """
    for block, old, new in zip(plan.blocks, stored.cells, now.cells, strict=True):
        for pair in _compare_cells(old, new, tolerance):
            yield Difference(block.span, block.id, pair.what, pair.stored, pair.now)
    left = list(stored.inlines)
    for inline, entry in zip(plan.inlines, now.inlines, strict=False):
        found = next((other for other in left if other.code == inline.code), None)
        if found is None:
            continue
        left.remove(found)
        old_text, new_text = found.text or "", entry.text or ""
        if entry.failure is not None:
            new_text = f"{entry.failure.name}: {entry.failure.value}"
        for pair in _compare_texts("its text", old_text, new_text, tolerance):
            yield Difference(inline.span, f"`{inline.code}`", pair.what, pair.stored, pair.now)


def _compare_cells(stored: Cell, now: Cell, tolerance: Tolerance) -> Iterator[_Pair]:
    if stored.status != now.status:
        failure = next((entry for entry in now.outputs if isinstance(entry, Failure)), None)
        said = f": {failure.name}: {failure.value}" if failure else ""
        yield _Pair("status", stored.status, _cut(now.status + said))
        return
    kinds = [_kind(output) for output in stored.outputs], [_kind(output) for output in now.outputs]
    if kinds[0] != kinds[1]:
        yield _Pair("outputs", *(", ".join(kind) or "none" for kind in kinds))
    else:
        for old, new in zip(stored.outputs, now.outputs, strict=True):
            yield from _compare_outputs(old, new, tolerance)
    yield from _compare_values(stored.values, now.values, tolerance)


def _kind(output: Output) -> str:
    match output:
        case Stream(name=name):
            return name
        case Display(data=data):
            return " and ".join(sorted(data))
        case Failure():
            return "an exception"
        case _:
            assert_never(output)


def _compare_outputs(stored: Output, now: Output, tolerance: Tolerance) -> Iterator[_Pair]:
    match stored, now:
        case Stream(), Stream():
            yield from _compare_texts(stored.name, stored.text, now.text, tolerance)
        case Display(), Display():
            for mime in sorted(stored.data):
                yield from _compare_data(mime, stored.data[mime], now.data[mime], tolerance)
            if (stored.dark and stored.dark.digest) != (now.dark and now.dark.digest):
                yield _Pair("the picture for dark pages", _size(stored.dark), _size(now.dark))
        case Failure(), Failure():
            old, new = f"{stored.name}: {stored.value}", f"{now.name}: {now.value}"
            yield from _compare_texts("the exception", old, new, tolerance)
        case _:
            raise AssertionError("outputs of different kinds")


def _compare_data(
    mime: str, stored: str | Blob, now: str | Blob, tolerance: Tolerance
) -> Iterator[_Pair]:
    if isinstance(stored, str) and isinstance(now, str):
        yield from _compare_texts(mime, stored, now, tolerance)
    elif not isinstance(stored, Blob) or not isinstance(now, Blob) or stored.digest != now.digest:
        yield _Pair(f"a picture ({mime})", _size(stored), _size(now))


def _size(value: str | Blob | None) -> str:
    match value:
        case Blob():
            return f"{value.size} bytes, {value.digest[:8]}"
        case str():
            return "text"
        case None:
            return "none"
        case _:
            assert_never(value)


def _compare_values(
    stored: Mapping[str, Value], now: Mapping[str, Value], tolerance: Tolerance
) -> Iterator[_Pair]:
    for name in sorted(stored.keys() | now.keys()):
        if name not in stored or name not in now:
            yield _Pair(f"value `{name}`", _shown(stored.get(name)), _shown(now.get(name)))
        elif not _alike(stored[name], now[name], tolerance):
            yield _Pair(f"value `{name}`", _shown(stored[name]), _shown(now[name]))


def _shown(value: Value | None) -> str:
    return "none" if value is None else _cut(repr(value))


def _alike(stored: Value, now: Value, tolerance: Tolerance) -> bool:
    if isinstance(stored, bool | str) or isinstance(now, bool | str):
        return type(stored) is type(now) and stored == now
    return tolerance.alike(now, stored)


def _compare_texts(what: str, stored: str, now: str, tolerance: Tolerance) -> Iterator[_Pair]:
    if stored == now or _same_but_for_numbers(stored, now, tolerance):
        return
    old, new = stored.split("\n"), now.split("\n")
    for place in range(max(len(old), len(new))):
        lines = [lines[place] if place < len(lines) else None for lines in (old, new)]
        first, second = lines
        if first is None or second is None or not _same_but_for_numbers(first, second, tolerance):
            where = f"{what}, line {place + 1}" if len(old) > 1 or len(new) > 1 else what
            yield _Pair(where, *("nothing" if line is None else _cut(line) for line in lines))
            return


def _same_but_for_numbers(stored: str, now: str, tolerance: Tolerance) -> bool:
    if NUMBER.sub("0", stored) != NUMBER.sub("0", now):
        return False
    pairs = zip(_numbers(stored), _numbers(now), strict=True)
    return all(tolerance.alike(new, old) for old, new in pairs)


def _numbers(text: str) -> Sequence[float]:
    return [float(found) for found in NUMBER.findall(text)]


def _cut(text: str) -> str:
    line = text.partition("\n")[0]
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1] + "…"

"""What links to measurements ask for: `bench:NAME[?…][;…]`, `value:…[:FORMAT][;…]`.

A link has no spaces, so what claims say after `at`, `on` and `as of` stands behind semicolons.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import msgspec

from sitegen.base.errors import nearest
from sitegen.benchmarks import Param
from sitegen.claims import About, Claim, ClaimError, Measure, Tie, Where
from sitegen.measure.grammar import Reader, shown_value

SCHEMES = ("bench:", "value:")

_NAME = re.compile(r"[^\s?;:]*")
_FORMAT = re.compile(r":([^;]*)")
_KEY = re.compile(r"on=|as-of=|runs=|samples=|")
_COMPARES = re.compile(r"\s*(?:<|>|=|~|≤|≥)")


def parse_tie(target: str, benches: Mapping[str, About], values: Collection[str]) -> Tie:
    """What a link's destination, percent-decoded, asks for; raises ClaimError.

    `benches` are the page's benchmarks by name, `values` the names that its blocks list.
    """
    if target.startswith("value:"):
        about = About(values=tuple(values))
        reader = Reader(target, about, len("value:"))
        asks = _asks(reader)
        format = reader.take(_FORMAT)
        tie = Tie("", asks, format=_format(reader, format[1]) if format is not None else "")
        return _with_clauses(tie, reader)
    name = _NAME.match(target, len("bench:"))
    assert name is not None  # noqa: S101 (it matches the empty text)
    if name[0] not in benches:
        close = nearest(name[0], benches)
        known = ", ".join(f"`{entry}`" for entry in benches)
        help = f"benchmarks of this page: {known}" if known else "this page has no benchmark"
        message = f"there is no benchmark `{name[0]}`"
        help = f"did you mean `{close}`?" if close else help
        raise ClaimError(message, name.start(), len(name[0]), help)
    about = benches[name[0]]
    reader = Reader(target, about, name.end())
    tie = Tie(name[0], _asks(reader) if reader.take(re.compile(r"\?")) else None)
    tie = _with_clauses(tie, reader)
    _check_point(tie, about, target)
    return tie


def _asks(reader: Reader) -> Measure | Claim:
    begin = reader.at
    side = reader.side()
    if reader.sees(_COMPARES) or not isinstance(side, Measure):
        reader.at = begin
        return reader.claim()
    return side


def _with_clauses(tie: Tie, reader: Reader) -> Tie:
    """`;PARAM=VALUE`, `;on=DEVICE`, `;as-of=DATE`, and what charts are asked for."""
    at: list[tuple[str, Param]] = []
    where = Where()
    while reader.take(re.compile(";")):
        key = reader.take(_KEY)
        match key[0] if key is not None else "":
            case "on=":
                where = msgspec.structs.replace(where, on=reader.device())
            case "as-of=":
                where = msgspec.structs.replace(where, as_of=reader.date())
            case "runs=" | "samples=" as name:
                if not reader.take(re.compile("all")):
                    reader.fail("only `all` can be asked for", reader.at, f"write `;{name}all`", 1)
                which = name.removesuffix("=")
                tie = msgspec.structs.replace(tie, **{which: True})
            case _:
                at.append(reader.parameter())
    reader.end("behind `;`: `n=1024`, `on=h100`, `as-of=2026-11-22`")
    return msgspec.structs.replace(tie, where=msgspec.structs.replace(where, at=tuple(at)))


def _check_point(tie: Tie, about: About, target: str) -> None:
    """A number of a sweep needs its point; a claim is of all of them."""
    if not isinstance(tie.asks, Measure):
        return
    said = {name for name, _ in tie.where.at}
    for name, values in about.sweep:
        if len(values) > 1 and name not in said:
            points = ", ".join(f"`;{name}={shown_value(value)}`" for value in values)
            message = f"a number of a sweep needs its point: at which `{name}`?"
            raise ClaimError(message, 0, len(target), f"add one of {points}")


def _format(reader: Reader, spec: str) -> str:
    """A format as in Python's f-strings."""
    for example in (1, 1.0, ""):
        try:
            format(example, spec)
        except (ValueError, OverflowError):
            continue
        return spec
    start = reader.at - len(spec)
    return reader.fail(f"`{spec}` is no format", start, "such as `:.1%` or `:.3g`", len(spec))

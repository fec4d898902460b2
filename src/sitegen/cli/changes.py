"""What `diff` found, as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sitegen.cli.report import count
from sitegen.commands.diff import Change, Compared, Difference, Side
from sitegen.render.bench.numbers import (
    format_estimate,
    format_point,
    format_range,
    format_time,
    inverse,
)

_ORDER = ("slower", "faster", "no difference", "undecided")


def render_difference(found: Difference) -> Iterator[str]:
    """For each benchmark its two runs, and a line for each variant and point."""
    for entry in found.compared:
        yield from _compared(entry)
        yield ""
    yield from found.notes
    if not found.compared:
        yield "nothing could be compared: a comparison needs two stored runs of a benchmark"
        return
    changes = [change for entry in found.compared for change in entry.changes]
    numbers = {verdict: sum(change.verdict == verdict for change in changes) for verdict in _ORDER}
    totals = ", ".join(f"{number} {verdict}" for verdict, number in numbers.items() if number)
    yield f"{count(len(changes), 'time')} compared: {totals}"


def _compared(entry: Compared) -> Iterator[str]:
    yield f"{entry.page}, {entry.name}: {_between(entry.then, entry.now)}"
    for old, new in _versions(entry.then, entry.now):
        yield f"    {old} → {new}"
    if entry.code == "changed":
        yield "    the code has changed between them"
    lines = [("variant", "then", "now", ""), *map(_line, entry.changes)]
    widths = [max(len(line[place]) for line in lines) for place in range(3)]
    for line in lines:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=False))
        yield f"  {'  '.join((*padded, line[3]))}".rstrip()


def _between(then: Side, now: Side) -> str:
    days = f"{then.started:%Y-%m-%d} → {now.started:%Y-%m-%d}"
    if then.device == now.device:
        return f"{days} on {now.device}"
    return f"{then.device} of {then.started:%Y-%m-%d} → {now.device} of {now.started:%Y-%m-%d}"


def _versions(then: Side, now: Side) -> Iterator[tuple[str, str]]:
    """The libraries whose versions differ."""
    old = dict(text.rpartition(" ")[::2] for text in then.software)
    new = dict(text.rpartition(" ")[::2] for text in now.software)
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            yield f"{name} {old.get(name, 'none')}", new.get(name, "none")


def _line(change: Change) -> Sequence[str]:
    name = ", ".join(filter(None, (change.variant, format_point(change.point))))
    return name, format_time(change.then), format_time(change.now), _verdict(change)


def _verdict(change: Change) -> str:
    """`1.31× faster (1.28–1.33)`, and whether it rests on unstable data."""
    quick = change.verdict == "faster" or (
        change.verdict == "undecided" and change.ratio.estimate < 1
    )
    ratio = inverse(change.ratio) if quick else change.ratio
    reach = format_range(ratio)
    told = f" ({reach})" if reach else ""
    figure = f"{format_estimate(ratio)}×"
    unstable = ", unstable" if change.unstable else ""
    match change.verdict:
        case "faster" | "slower":
            return f"{figure} {change.verdict}{told}{unstable}"
        case "undecided":
            word = "faster" if quick else "slower"
            return f"undecided: {figure} {word}{told}{unstable}"
        case _:
            return f"{change.verdict}{told}{unstable}"

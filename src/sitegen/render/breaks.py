"""Where torch.compile left its graph: marks in code at their line, and what is said beneath it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from sitegen.benchmarks import GraphBreak
from sitegen.model import Block, Look, Run, Shown
from sitegen.render.code import shown_number
from sitegen.render.escape import escape_text

Kind = Literal["graph break", "not compiled", "compiled anew"]
_ORDER: tuple[Kind, ...] = ("graph break", "not compiled", "compiled anew")


Said = tuple[GraphBreak, Kind]


class Mark(NamedTuple):
    """What happened at a line of the code that a block shows, from 1, and every reason given."""

    line: int
    kind: Kind
    reasons: tuple[str, ...]


def marks_of(shown: Sequence[Shown]) -> dict[int, tuple[Mark, ...]]:
    """The marks of each block, by its index; a session's are of the device that speaks first.

    A run of other code has none: its lines are not those that the page shows.
    """
    said: dict[int, dict[Said, None]] = {}
    blocks: dict[int, Block] = {}
    seen: set[str] = set()
    for entry in shown:
        if entry.stale or entry.run.accepted is not None or entry.plan.session in seen:
            continue
        seen.add(entry.plan.session)
        for place, kind in _said_in(entry.run):
            if place.line and place.block < len(entry.plan.blocks):
                block = entry.plan.blocks[place.block]
                blocks[block.index] = block
                said.setdefault(block.index, {})[place, kind] = None
    return {index: tuple(_marks(blocks[index], said[index])) for index in sorted(said)}


def _said_in(run: Run) -> Iterator[Said]:
    """What a run tells of lines of its blocks, whichever of them compiled these."""
    for cell in run.cells:
        if cell.measures is not None:
            yield from ((place, "graph break") for place in cell.measures.breaks)
            yield from ((place, "compiled anew") for place in cell.measures.recompiles)
            yield from ((place, "not compiled") for place in cell.measures.uncompiled)
    for series in run.benchmark.series if run.benchmark is not None else ():
        yield from ((place, "graph break") for place in series.breaks)
        yield from ((place, "compiled anew") for place in series.recompiles)


def _marks(block: Block, said: Iterable[Said]) -> Iterator[Mark]:
    reasons: dict[tuple[int, Kind], dict[str, None]] = {}
    for entry, kind in said:
        if entry.line <= len(block.lines):
            line = block.lines[entry.line - 1] - block.shown_line + 1
            reasons.setdefault((line, kind), {})[entry.reason] = None
    for line, kind in sorted(reasons, key=lambda key: (key[0], _ORDER.index(key[1]))):
        yield Mark(line, kind, tuple(reasons[line, kind]))


def notes_in(marks: Iterable[Mark]) -> Mapping[int, str]:
    """What stands beside each marked line of the code."""
    kinds: dict[int, list[str]] = {}
    for mark in marks:
        kinds.setdefault(mark.line, []).append(mark.kind)
    return {line: ", ".join(names) for line, names in kinds.items()}


def list_marks(marks: Sequence[Mark], look: Look) -> str:
    """The marks as a list that names their lines by the numbers that a reader counts."""
    if not marks:
        return ""
    rows = "".join(f"<li>{escape_text(_in_words(mark, look))}</li>" for mark in marks)
    return f'<ul class="cell-breaks">{rows}</ul>'


def _in_words(mark: Mark, look: Look) -> str:
    number = shown_number(look, mark.line)
    where = f"line {number}" if number is not None else "in a line that is not shown"
    times = len(mark.reasons)
    again = f" {times} times, first because" if mark.kind == "compiled anew" and times > 1 else ""
    others = f" (and {times - 1} more)" if times > 1 and not again else ""
    joint = again or ":"
    return f"{where}: {mark.kind}{joint} {mark.reasons[0]}{others}"

"""What the commands found, as lines for people: aligned, and in colour on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from sitegen.cli.report import count
from sitegen.commands.accept import Acceptance, Contributed
from sitegen.commands.clean import Cleaned
from sitegen.commands.prune import Pruning
from sitegen.commands.status import Row, State, Status
from sitegen.commands.verify import Verification, Verified
from sitegen.model import MAIN

COLOURS: dict[State, str] = {
    "fresh": "green",
    "accepted": "green",
    "drifted": "yellow",
    "stale": "yellow",
    "missing": "yellow",
    "failed": "red",
    "contributed": "green",
}


def render_status(status: Status) -> Iterator[str]:
    """A line for each result; below it why it is not as it should be, and what would renew it."""
    cells = [(row.page, row.session, row.device or "-", row.state) for row in status.rows]
    yield from _table(("post", "session", "device", "state"), cells, status.rows)
    if status.damaged:
        yield ""
        yield "damaged: restore them with git, or `sitegen prune` and measure again"
        yield from (f"    {entry.file}: {entry.why}" for entry in status.damaged)
    if status.orphans:
        yield ""
        yield "of no page any more: `sitegen prune` removes them"
        yield from (f"    {file}" for file in status.orphans)
    yield from status.notes
    found: dict[str, int] = {}
    for row in status.rows:
        found[row.state] = found.get(row.state, 0) + 1
    totals = ", ".join(f"{found[state]} {state}" for state in COLOURS if state in found)
    yield f"{count(len(status.rows), 'result')}: {totals}" if totals else "no page has blocks"


def _table(
    head: Sequence[str], cells: Sequence[Sequence[str]], rows: Sequence[Row]
) -> Iterator[str]:
    if sys.stdout.isatty() and rows:
        yield _rich_table(head, cells, rows)
        return
    every = [head, *cells] if rows else []
    widths = [max(len(line[place]) for line in every) for place in range(len(head) if every else 0)]
    for place, line in enumerate(every):
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "  ".join(padded).rstrip()
        if place:
            yield from (f"    {text}" for text in _below(rows[place - 1]))


def _rich_table(head: Sequence[str], cells: Sequence[Sequence[str]], rows: Sequence[Row]) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*head, "why, and what would renew it", box=None, pad_edge=False)
    for line, row in zip(cells, rows, strict=True):
        state = Text(line[-1], style=COLOURS[row.state])
        table.add_row(*(Text(cell) for cell in line[:-1]), state, Text("\n".join(_below(row))))
    console = Console()
    with console.capture() as capture:
        console.print(table)
    return capture.get().rstrip("\n")


def _below(row: Row) -> Iterator[str]:
    """Why a result is not as it should be, and the command that would renew it."""
    for why in row.why:
        yield f"{row.file}:{row.line}: {why}" if row.state == "failed" else why
    if row.renew:
        yield row.renew + (f"    (on {row.device})" if row.device else "")


def render_verification(found: Verification) -> Iterator[str]:
    """A line for each session; below it block by block what differs."""
    for result in found.results:
        session = _unit(result.session)
        on = f" on {result.device}" if result.device else ""
        why = f": {result.why}" if result.why else ""
        yield f"{result.page}{session}: {result.verdict}{on}{why}"
        yield from _differences(result)
    compared = [result for result in found.results if result.verdict in ("same", "differs")]
    differ = sum(result.verdict == "differs" for result in compared)
    broken = sum(result.verdict == "not run" for result in found.results)
    match found.status:
        case 0:
            yield f"{count(len(compared), 'result')} compared: the same within the tolerance"
        case 1:
            not_run = f", {broken} could not be run" if broken else ""
            yield f"{count(len(compared), 'result')} compared, {differ} differ{not_run}: see above"
            yield "`sitegen run POST --refresh` stores what is measured now"
        case 2:
            yield "nothing could be compared: `sitegen status` says what is stored"


def _unit(session: str) -> str:
    """What of a page is spoken of, behind a comma; nothing for the session of all."""
    kind, _, name = session.partition(":")
    if name:
        return f", benchmark {name}"
    return "" if kind == MAIN else f", session {kind}"


def _differences(result: Verified) -> Iterator[str]:
    for difference in result.differences:
        span = difference.span
        yield f"  {span.path}:{span.line}: {difference.block}: {difference.what}"
        yield f"    stored: {difference.stored}"
        yield f"    now:    {difference.now}"
    if result.drift:
        yield f"  measured with other libraries: {'; '.join(result.drift)}"


def render_acceptance(found: Acceptance) -> Iterator[str]:
    """The difference that was accepted for each result, and its file."""
    for entry in found.bound:
        session = _unit(entry.session)
        yield f"{entry.page}{session}: the result of {entry.device} is accepted: {entry.file}"
        yield from (f"    {line}" for line in entry.difference.splitlines())
    yield "the page says so from the next build on; commit the new files"


def render_contribution(found: Sequence[Contributed]) -> Iterator[str]:
    """What was taken in, and where it lies."""
    for entry in found:
        what = f"{entry.page}{_unit(entry.session)}"
        yield f"{what}: a result of {entry.device} by {entry.by} is stored: {entry.file}"
    yield "the page shows it beside yours from the next build on; commit the new files"


def render_listing(found: Pruning) -> Iterator[str]:
    """What may go, by reason, and how much that is."""
    for why in dict.fromkeys(entry.why for entry in found.unneeded):
        files = [entry for entry in found.unneeded if entry.why == why]
        size = sum(entry.bytes for entry in files)
        yield f"{why}: {count(len(files), 'file')}, {size:,} bytes"
        yield from (f"    {entry.file}" for entry in files)


def render_pruning(found: Pruning, *, listed: bool) -> Iterator[str]:
    """What went, or what would; where that is `listed` above already, the sum alone."""
    if not listed:
        yield from render_listing(found)
    yield from found.notes
    total = f"{count(len(found.unneeded), 'file')}, {found.bytes:,} bytes"
    if not found.unneeded:
        yield "nothing to remove: pages, or what they are compared with, need all that is stored"
    elif found.removed:
        yield f"removed {total}"
    else:
        yield f"nothing was removed; `sitegen prune --yes` removes {total}"


def render_cleaned(found: Cleaned) -> Iterator[str]:
    """The folders that are gone."""
    yield from (f"removed {name}" for name in found.removed)
    yield "results are untouched" if found.removed else "there was nothing to remove"

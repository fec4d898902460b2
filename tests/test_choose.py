"""Who runs what. The runs are made up; nothing here was measured."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from sitegen.base.errors import Span
from sitegen.execute.choose import Mode, Stored, decide, show_run
from sitegen.model import (
    Block,
    Cell,
    Device,
    ExecuteConfig,
    Limits,
    Plan,
    Provenance,
    Run,
    RunOptions,
    ShowOptions,
)

HERE = Device("here", "cpu", "This CPU", "This CPU")
DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def block(index: int, code: str, label: str | None = None) -> Block:
    span = Span("content/p.md", index * 10 + 1)
    show = ShowOptions(label=label)
    return Block(index, code, (2,), code, 2, RunOptions(), Limits(1.0), show, span)


def plan(*devices: str, blocks: tuple[Block, ...] = (block(0, "x"),)) -> Plan:
    return Plan("key", "p", "content/p.md", "main", blocks, ExecuteConfig(devices=devices), ())


def run(device: str, *, key: str = "key", day: int = 0, cells: tuple[Cell, ...] = ()) -> Run:
    return Run(
        key=key,
        page="p",
        session="main",
        device=Device(device, "cpu", device, device),
        started=DAY + dt.timedelta(days=day),
        seconds=1.0,
        provenance=Provenance(),
        inputs=(),
        cells=cells,
    )


FRESH_HERE, FRESH_THERE = run("here"), run("there")
STALE_HERE, STALE_THERE = run("here", key="old"), run("there", key="old")


@pytest.mark.parametrize(
    ("devices", "stored", "mode", "action", "shown"),
    [
        ((), Stored(), "build", "execute", None),
        ((), Stored(), "no-exec", "missing", None),
        ((), Stored(), "frozen", "missing", None),
        ((), Stored((FRESH_HERE,)), "build", "replay", "here"),
        ((), Stored((FRESH_THERE,)), "build", "replay", "there"),
        ((), Stored((), (STALE_HERE,)), "build", "execute", None),
        ((), Stored((), (STALE_HERE,)), "no-exec", "stale", "here"),
        ((), Stored((), (STALE_THERE,)), "build", "stale", "there"),
        ((), Stored((), (STALE_THERE,)), "measure", "execute", None),
        ((), Stored((FRESH_THERE,)), "measure", "execute", None),
        ((), Stored((FRESH_THERE, FRESH_HERE)), "measure", "replay", "there"),
        ((), Stored((FRESH_THERE,), (STALE_HERE,)), "build", "execute", None),
        ((), Stored((FRESH_HERE,), (STALE_THERE,)), "build", "replay", "here"),
        ((), Stored(damaged=("here",)), "build", "execute", None),
        ((), Stored(damaged=("there",)), "build", "missing", None),
        (("there",), Stored(), "build", "missing", None),
        (("there",), Stored(), "measure", "missing", None),
        (("here",), Stored(), "build", "execute", None),
        (("there", "here"), Stored((FRESH_THERE,)), "build", "replay", "there"),
        (("there", "here"), Stored((FRESH_THERE,)), "measure", "execute", None),
        (("there", "here"), Stored((FRESH_HERE, FRESH_THERE)), "build", "replay", "there"),
        (("here", "there"), Stored((FRESH_HERE, FRESH_THERE)), "build", "replay", "here"),
        (("other",), Stored((FRESH_HERE,)), "build", "missing", None),
    ],
)
def test_who_runs_what(
    devices: tuple[str, ...], stored: Stored, mode: Mode, action: str, shown: str | None
) -> None:
    decision = decide(plan(*devices), stored, mode, lambda: HERE)
    assert (decision.action, decision.run.device.name if decision.run else None) == (action, shown)


def test_a_device_that_is_not_there_is_never_replaced_by_another() -> None:
    assert decide(plan(), Stored(), "build", lambda: None).action == "missing"


def test_the_device_is_not_asked_for_when_the_answer_cannot_matter() -> None:
    def asked() -> Device | None:
        raise AssertionError("asking costs seconds")

    assert decide(plan(), Stored((FRESH_HERE,)), "build", asked).action == "replay"
    assert decide(plan(), Stored((), (STALE_HERE,)), "frozen", asked).action == "stale"


def test_the_newest_fresh_run_of_a_device_is_shown() -> None:
    runs = (run("here", day=2), run("here", day=3), run("here", day=1))
    decision = decide(plan(), Stored(runs), "build", lambda: HERE)
    assert decision.run is runs[1]


def test_a_run_of_the_page_itself_beats_a_newer_one_of_equal_code_elsewhere() -> None:
    own = run("here", day=1)
    other = msgspec.structs.replace(run("here", day=2), page="elsewhere")
    assert decide(plan(), Stored((other, own)), "build", lambda: HERE).run is own
    assert decide(plan(), Stored((other,)), "build", lambda: HERE).run is other


def cell(code: str, label: str | None = None) -> Cell:
    return Cell("ok", block(0, code).code_digest, label, (), None)


def test_stale_cells_are_matched_by_label_then_code_then_place() -> None:
    cells = (cell("a"), cell("b", "named"), cell("c"))
    blocks = (block(0, "c"), block(1, "new"), block(2, "new b", "named"), block(3, "more"))
    shown = show_run(plan(blocks=blocks), run("here", key="old", cells=cells))
    assert shown.stale
    assert shown.cells == (cells[2], None, cells[1], None)


def test_an_edited_block_keeps_its_place() -> None:
    cells = (cell("a"), cell("b"))
    blocks = (block(0, "a"), block(1, "b edited"))
    shown = show_run(plan(blocks=blocks), run("here", key="old", cells=cells))
    assert shown.cells == cells

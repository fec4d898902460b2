"""Who runs what. The runs are made up; nothing here was measured."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from sitegen.base.errors import Span
from sitegen.execute.choose import Mode, Stored, all_stale, choose_shown, decide_run, show_run
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
    return Plan(
        key="key",
        page="p",
        file="content/p.md",
        session="main",
        blocks=blocks,
        execute=ExecuteConfig(devices=devices),
        assets=(),
        span=Span("content/p.md", 1),
    )


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


DAMAGED = Stored(damaged=("there",))


@pytest.mark.parametrize(
    ("devices", "stored", "mode", "executes", "shown"),
    [
        ((), Stored(), "build", True, []),
        ((), Stored(), "no-exec", False, []),
        ((), Stored(), "frozen", False, []),
        ((), Stored((FRESH_HERE,)), "build", False, ["here"]),
        ((), Stored((FRESH_THERE,)), "build", False, ["there"]),
        ((), Stored((), (STALE_HERE,)), "build", True, ["here stale"]),
        ((), Stored((), (STALE_HERE,)), "no-exec", False, ["here stale"]),
        ((), Stored((), (STALE_THERE,)), "build", False, ["there stale"]),
        ((), Stored((), (STALE_THERE,)), "measure", True, ["there stale"]),
        ((), Stored((FRESH_THERE,)), "measure", True, ["there"]),
        ((), Stored((FRESH_THERE, FRESH_HERE)), "measure", False, ["there", "here"]),
        ((), Stored((FRESH_THERE,), (STALE_HERE,)), "build", True, ["there"]),
        ((), Stored((FRESH_HERE,), (STALE_THERE,)), "build", False, ["here"]),
        ((), Stored(damaged=("here",)), "build", True, []),
        ((), DAMAGED, "build", False, []),
        (("there",), Stored(), "build", False, []),
        (("there",), Stored(), "measure", False, []),
        (("here",), Stored(), "build", True, []),
        (("here",), Stored((FRESH_THERE,)), "build", True, []),
        (("there", "here"), Stored((FRESH_THERE,)), "build", True, ["there"]),
        (("there", "here"), Stored((FRESH_THERE,)), "no-exec", False, ["there"]),
        (("there", "here"), Stored((FRESH_THERE,)), "measure", True, ["there"]),
        (("there", "here"), Stored((FRESH_HERE, FRESH_THERE)), "build", False, ["there", "here"]),
        (("here", "there"), Stored((FRESH_HERE, FRESH_THERE)), "build", False, ["here", "there"]),
        (
            ("here", "there"),
            Stored((FRESH_HERE,), (STALE_THERE,)),
            "build",
            False,
            ["here", "there stale"],
        ),
        (("other",), Stored((FRESH_HERE,)), "build", False, []),
    ],
)
def test_who_runs_what(
    devices: tuple[str, ...], stored: Stored, mode: Mode, executes: bool, shown: list[str]
) -> None:
    decision = decide_run(plan(*devices), stored, (), mode, lambda: HERE)
    assert decision.execute is executes
    choice = choose_shown(plan(*devices), stored, all_stale([stored]))
    names = [run.device.name for run in choice.fresh]
    assert names + [f"{run.device.name} stale" for run in choice.stale] == shown


def test_results_of_another_session_tell_whose_a_post_is() -> None:
    assert not decide_run(plan(), Stored(), ("there",), "build", lambda: HERE).execute
    assert decide_run(plan(), Stored(), ("there", "here"), "build", lambda: HERE).execute


def test_what_is_fresh_is_measured_again_when_asked_for() -> None:
    stored = Stored((FRESH_HERE,))
    assert not decide_run(plan(), stored, (), "measure", lambda: HERE).execute
    assert decide_run(plan(), stored, (), "measure", lambda: HERE, refresh=True).execute


def test_a_device_that_is_not_there_is_never_replaced_by_another() -> None:
    assert not decide_run(plan(), Stored(), (), "build", lambda: None).execute


def test_the_device_is_not_asked_for_when_the_answer_cannot_matter() -> None:
    def asked() -> Device | None:
        raise AssertionError("asking costs seconds")

    assert not decide_run(plan(), Stored((FRESH_HERE,)), (), "build", asked).execute
    assert not decide_run(plan(), Stored((), (STALE_HERE,)), (), "frozen", asked).execute


def test_a_device_is_left_out_only_if_all_its_results_of_the_post_are_stale() -> None:
    one, two = Stored((FRESH_HERE,), (STALE_THERE,)), Stored((FRESH_HERE, FRESH_THERE))
    assert all_stale([one]) == ("there",)
    assert all_stale([one, two]) == ()
    assert all_stale([Stored((), (STALE_HERE, STALE_THERE))]) == ()


def test_the_newest_fresh_run_of_a_device_is_shown() -> None:
    runs = (run("here", day=2), run("here", day=3), run("here", day=1))
    assert choose_shown(plan(), Stored(runs)).runs == (runs[1],)


def test_a_run_of_the_page_itself_beats_a_newer_one_of_equal_code_elsewhere() -> None:
    own = run("here", day=1)
    other = msgspec.structs.replace(run("here", day=2), page="elsewhere")
    assert choose_shown(plan(), Stored((other, own))).runs == (own,)
    assert choose_shown(plan(), Stored((other,))).runs == (other,)


def cell(code: str, label: str | None = None) -> Cell:
    return Cell("ok", block(0, code).code_digest, label, (), None)


def test_stale_cells_are_matched_by_label_then_code_then_place() -> None:
    cells = (cell("a"), cell("b", "named"), cell("c"))
    blocks = (block(0, "c"), block(1, "new"), block(2, "new b", "named"), block(3, "more"))
    shown = show_run(plan(blocks=blocks), run("here", key="old", cells=cells), stale=True)
    assert shown.stale
    assert shown.cells == (cells[2], None, cells[1], None)


def test_an_edited_block_keeps_its_place() -> None:
    cells = (cell("a"), cell("b"))
    blocks = (block(0, "a"), block(1, "b edited"))
    shown = show_run(plan(blocks=blocks), run("here", key="old", cells=cells), stale=True)
    assert shown.cells == cells

"""What `verify` takes for a difference. The runs are made up; nothing here was measured."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.base.errors import Span
from sitegen.execute.compare import Tolerance, compare_runs
from sitegen.model import (
    Blob,
    Cell,
    CellStatus,
    Display,
    Evaluated,
    Failure,
    Inline,
    Measures,
    Output,
    Plan,
    Run,
    Stream,
    Value,
)
from tests.test_choose import block, plan, run


def of(*outputs: Output, status: CellStatus = "ok", values: dict[str, Value] | None = None) -> Run:
    cell = Cell(status, block(0, "x").code_digest, None, outputs, None, values or {})
    return run("here", cells=(cell,))


def compare(stored: Run, now: Run, of_plan: Plan | None = None, **tolerance: float) -> list[str]:
    found = compare_runs(of_plan or plan(), stored, now, Tolerance(**tolerance))
    return [f"{entry.what}: {entry.stored} / {entry.now}" for entry in found]


def out(text: str) -> Stream:
    return Stream("stdout", text)


def picture(digest: str) -> Display:
    return Display({"image/png": Blob(digest, 9), "text/plain": "<Figure>"})


@pytest.mark.parametrize(
    ("stored", "now", "differences"),
    [
        ("loss 0.5000001\n", "loss 0.5000002\n", []),
        ("loss 0.5\n", "loss 0.6\n", ["stdout, line 1: loss 0.5 / loss 0.6"]),
        ("loss 0.5\n", "cost 0.5\n", ["stdout, line 1: loss 0.5 / cost 0.5"]),
        ("a\nb 1\nc\n", "a\nb 2\nd\n", ["stdout, line 2: b 1 / b 2"]),
        ("a\n", "a\nb\n", ["stdout, line 2:  / b"]),
        ("[ 1.  -0.1]", "[1.00000001 -0.1]", []),
        ("[1.]", "[-1.]", ["stdout: [1.] / [-1.]"]),
        ("1e-12", "0", []),
        ("1e-7", "0", ["stdout: 1e-7 / 0"]),
        ("nan", "nan", []),
        ("nan", "1", ["stdout: nan / 1"]),
        ("a1", "a2", ["stdout: a1 / a2"]),
        ("torch 2.13.0", "torch 2.13.1", ["stdout: torch 2.13.0 / torch 2.13.1"]),
        ("10 %", "10.00001 %", []),
    ],
)
def test_texts_exactly_but_for_numbers(stored: str, now: str, differences: list[str]) -> None:
    assert compare(of(out(stored)), of(out(now))) == differences


def test_the_tolerance_decides() -> None:
    stored, now = of(out("1.00"), values={"x": 1.0}), of(out("1.04"), values={"x": 1.04})
    assert compare(stored, now) == ["stdout: 1.00 / 1.04", "value `x`: 1.0 / 1.04"]
    assert compare(stored, now, rtol=0.05) == []
    assert compare(stored, now, rtol=0.0, atol=0.05) == []


@pytest.mark.parametrize(
    ("stored", "now", "difference"),
    [
        (of(out("a")), of(), "outputs: stdout / none"),
        (of(out("a")), of(Stream("stderr", "a")), "outputs: stdout / stderr"),
        (of(out("a")), of(out("a"), out("a")), "outputs: stdout / stdout, stdout"),
        (
            of(picture("a" * 64)),
            of(picture("b" * 64)),
            "a picture (image/png): 9 bytes, aaaaaaaa / 9 bytes, bbbbbbbb",
        ),
        (
            of(Display({"text/plain": "a"})),
            of(Display({"text/plain": "a", "text/html": "a"})),
            "outputs: text/plain / text/html and text/plain",
        ),
        (
            of(Display({}, dark=Blob("a" * 64, 1))),
            of(Display({})),
            "the picture for dark pages: 1 bytes, aaaaaaaa / none",
        ),
        (of(), of(Failure("E", "why"), status="failed"), "status: ok / failed: E: why"),
        (of(Failure("E", "1")), of(Failure("F", "1")), "the exception: E: 1 / F: 1"),
        (of(values={"x": 1}), of(values={"x": "1"}), "value `x`: 1 / '1'"),
        (of(values={"x": 1}), of(values={"x": True}), "value `x`: 1 / True"),
        (of(values={"x": 1}), of(), "value `x`: 1 / none"),
    ],
)
def test_kinds_counts_statuses_pictures_and_values(stored: Run, now: Run, difference: str) -> None:
    assert compare(stored, now) == [difference]
    assert compare(stored, stored) == []


def test_costs_are_not_compared() -> None:
    def taking(seconds: float) -> Run:
        digest = block(0, "x").code_digest
        return run("here", cells=(Cell("ok", digest, None, (), Measures(seconds, seconds)),))

    assert compare(taking(1.0), taking(9.0)) == []


def test_inline_texts_are_found_by_their_code() -> None:
    span = Span("content/p.md", 7, 3)
    inlines = tuple(
        Inline(n, code, "", 0, "prose", "main", span, "") for n, code in enumerate("ab")
    )
    with_inlines = msgspec.structs.replace(plan(), inlines=inlines)

    def saying(*texts: tuple[str, str]) -> Run:
        entries = tuple(Evaluated(code, text) for code, text in texts)
        return msgspec.structs.replace(of(), inlines=entries)

    stored = saying(("b", "2"), ("a", "one"))
    assert compare(stored, saying(("a", "one"), ("b", "2.0000001")), with_inlines) == []
    assert compare(stored, saying(("a", "two"), ("b", "3")), with_inlines) == [
        "its text: one / two",
        "its text: 2 / 3",
    ]
    failed = Evaluated("a", None, Failure("NameError", "no a"))
    now = msgspec.structs.replace(of(), inlines=(failed, Evaluated("b", "2")))
    assert compare(stored, now, with_inlines) == ["its text: one / NameError: no a"]


@given(st.text(alphabet="-+.0123456789eE x\n", max_size=30))
def test_a_text_never_differs_from_itself(text: str) -> None:
    assert compare(of(out(text)), of(out(text + ""))) == []
    now = compare(of(out(text)), of(out(text + "y")))
    assert len(now) == 1

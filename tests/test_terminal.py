"""What a terminal shows in the end, by tables, and beside pyte: a terminal no one here wrote."""

from __future__ import annotations

import re
import time

import pyte
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sitegen.execute.terminal import HEIGHT, as_terminal

E = "\x1b["


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n", "plain\n"),
        ("a\tb\n\n\n", "a\tb\n\n\n"),
        ("10 %\r100 %\n", "100 %\n"),
        ("long line\rshort\n", "shortline\n"),
        ("long line\rshort    \n", "short\n"),
        ("windows\r\nline", "windows\nline"),
        ("ab\b\bcd", "cd"),
        ("\b\bx", "x"),
        ("ab\t|\rX", "Xb      |"),
        (f"one\ntwo\nthree\n{E}3A{E}2KONE\n", "ONE\ntwo\nthree"),
        (f"a{E}Bb", "a\n b"),
        (f"a{E}3Cb", "a   b"),
        (f"abc{E}2DX", "aXc"),
        (f"abc{E}1GX", "Xbc"),
        (f"one\ntwo{E}1;2HX", "oXe\ntwo"),
        (f"one\ntwo{E}FX", "Xne\ntwo"),
        (f"one{E}EX", "one\nX"),
        (f"one\ntwo{E}1dX", "oneX\ntwo"),
        (f"abcdef{E}3D{E}K", "abc"),
        (f"abcdef{E}3D{E}1KX", "   Xef"),
        (f"abcdef{E}6D{E}2XX", "X cdef"),
        (f"one\ntwo\nthree{E}2A{E}1G{E}J", ""),
        (f"one\ntwo{E}1JX", "\n   X"),
        (f"one\ntwo{E}2J{E}HX", "X"),
        ("a\x1b7bc\x1b8X", "aXc"),
        (f"a{E}sbc{E}uX", "aXc"),
        (f"{E}?25l{E}?2026hx\r{E}?25h", "x"),
        ("\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("日本\rX", "X 本"),
        ("日本\b\bX", "日X"),
        ("e\u0301a\bX", "e\u0301X"),
        (f"red {E}31mword{E}0m", f"red {E}31mword{E}0m"),
        (f"{E}31mred{E}0m\rblack", "black"),
        (f"{E}31mred{E}0m\rb", f"b{E}0;31med{E}0m"),
        (f"{E}1;97;44mx\r{E}0m", f"{E}0;1;97;44mx{E}0m"),
        (f"{E}38;5;196mx\r", f"{E}0;91mx{E}0m"),
        (f"{E}48;2;0;0;230m \r", f"{E}0;44m {E}0m"),
    ],
)
def test_what_a_terminal_shows_in_the_end(text: str, shown: str) -> None:
    assert as_terminal(text) == shown


def test_scrollback_has_no_end_and_is_out_of_reach() -> None:
    text = "".join(f"{n}\n" for n in range(100)) + f"{E}999AX"
    rows = as_terminal(text).split("\n")
    assert rows[100 - HEIGHT + 1] == "X7"  # it was 77
    assert rows[0] == "0"
    assert len(rows) == 100


PIECES = [
    *"ab \n\r\b",
    f"{E}A",
    f"{E}2A",
    f"{E}B",
    f"{E}C",
    f"{E}2D",
    f"{E}3G",
    f"{E}H",
    f"{E}2;3H",
    f"{E}K",
    f"{E}1K",
    f"{E}2K",
    f"{E}J",
    f"{E}1J",
    f"{E}2J",
    f"{E}31m",
    f"{E}0m",
    f"{E}2X",
]


@given(st.lists(st.sampled_from(PIECES), max_size=40))
@settings(max_examples=300, deadline=None)
@example(["a", "\n", "b", f"{E}A", f"{E}J", "a"])
def test_it_shows_what_pyte_shows(pieces: list[str]) -> None:
    """Within one screen; pyte keeps no scrollback, and blank rows and row ends do not count."""
    text = "".join(pieces)
    screen = pyte.Screen(200, HEIGHT)
    screen.set_mode(pyte.modes.LNM)
    pyte.Stream(screen).feed(text)
    theirs = [row.rstrip() for row in screen.display]
    ours = [row.rstrip() for row in re.sub(r"\x1b\[[0-9;]*m", "", as_terminal(text)).split("\n")]
    if len(ours) <= HEIGHT:
        assert ours + [""] * (HEIGHT - len(ours)) == theirs


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("".join(f"\r{n:5}|{'#' * 60}" for n in range(15_000)), id="a bar"),
        pytest.param("x" * 1_000_000 + "\r", id="one line"),
        pytest.param("a\b" * 500_000, id="backspaces"),
        pytest.param("\n" * 400_000 + f"{E}2J" * 150_000, id="screens erased"),
        pytest.param(("x" * 100 + f"{E}1K") * 9_500, id="rows erased"),
        pytest.param(f"{E}999B\n" * 140_000, id="down"),
        pytest.param("x" * 500_000 + "\rab" * 160_000, id="a long row, overwritten"),
        pytest.param("x" * 500_000 + f"{E}1K" * 100_000, id="a long row, erased"),
        pytest.param(f"{E}" * 500_000, id="sequences without an end"),
    ],
)
def test_a_megabyte_takes_a_time_that_grows_with_its_length_only(text: str) -> None:
    """Ten times as much must not take a hundred times as long; the factor leaves room for noise."""
    as_terminal(text[: len(text) // 10])
    begun = time.process_time()
    as_terminal(text)
    whole = time.process_time() - begun
    assert whole < 20  # 0.05 to 2 s where this was written; quadratic would be minutes


@given(st.text(alphabet="ab\x1b[0123456789;?mABCDGHJKXsu78\r\n\b\t日\u0301"))
def test_of_any_text_only_text_and_colours_are_left(text: str) -> None:
    shown = as_terminal(text)
    assert as_terminal(shown) == shown
    assert not re.search(r"[\x1b\b\r]", re.sub(r"\x1b\[[0-9;:]*m", "", shown))

"""Numbers of prose: read, compared at their digits, written."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sitegen.benchmarks import Interval
from sitegen.claims import Dimension
from sitegen.measure.numbers import (
    agrees,
    is_of,
    parse_number,
    write_interval,
    write_like,
    write_range,
    write_value,
)


def holds(text: str, value: float, dimension: Dimension, work: str = "") -> bool:
    """Whether a text says a measured value, whichever its decimal sign may be."""
    numbers = [number for number in parse_number(text) if is_of(number, dimension, work)]
    return any(agrees(number, value, dimension, work) for number in numbers)


@pytest.mark.parametrize(
    ("text", "value", "dimension"),
    [
        ("1.31×", 1.3149, "ratio"),
        ("1.3×", 1.3499, "ratio"),
        ("1.3x", 1.25, "ratio"),
        ("1.3 ×", 1.3, "ratio"),
        ("131 %", 1.3149, "ratio"),
        ("131%", 1.3051, "ratio"),
        ("2 times", 2.3, "ratio"),
        ("1,31×", 1.31, "ratio"),
        ("4.2 s", 4.249, "time"),
        ("4.2\u202fs", 4.151, "time"),
        ("4200 ms", 4.2, "time"),
        ("4 seconds", 4.4, "time"),
        ("1 second", 1.0, "time"),
        ("12 µs", 12.4e-6, "time"),
        ("12 us", 12.4e-6, "time"),
        ("12 μs", 11.6e-6, "time"),
        ("3 minutes", 180.0, "time"),
        ("1.5 GB", 1.5e9, "size"),
        ("1.5 GiB", 1.5 * 2**30, "size"),
        ("3", 3, "count"),
        ("91.3 %", 0.9134, "plain"),
        ("0.913", 0.9134, "plain"),
        ("1,024", 1024, "plain"),
        ("1 024", 1024, "plain"),
        ("1.024", 1024, "plain"),
        ("12,345.7", 12345.68, "plain"),
        ("12.345,7", 12345.68, "plain"),
        ("-0.5", -0.46, "plain"),
        ("−0.5", -0.5, "plain"),
        ("1.2e-5", 1.24e-5, "plain"),
        (".5", 0.5, "plain"),
    ],
)
def test_what_a_text_says(text: str, value: float, dimension: Dimension) -> None:
    assert holds(text, value, dimension)


@pytest.mark.parametrize(
    ("text", "value", "dimension"),
    [
        ("1.31×", 1.3151, "ratio"),
        ("1.31", 1.3249, "ratio"),
        ("1.30×", 1.31, "ratio"),
        ("4.2 s", 4.26, "time"),
        ("4.2 ms", 4.2, "time"),
        ("4.2", 4.2, "time"),
        ("4.2 GB", 4.2, "time"),
        ("3.1", 3, "count"),
        ("3 %", 3, "count"),
        ("91.3", 0.913, "plain"),
        ("1,024", 1025, "plain"),
        ("0.5", -0.5, "plain"),
        ("almost twice", 2, "ratio"),
        ("2 or 3", 2, "ratio"),
        ("1.2.3", 1.2, "plain"),
        ("", 0, "plain"),
        ("1.0", float("nan"), "plain"),
        ("1.0", float("inf"), "plain"),
    ],
)
def test_what_a_text_does_not_say(text: str, value: float, dimension: Dimension) -> None:
    assert not holds(text, value, dimension)


def test_rates_are_in_the_unit_of_the_work() -> None:
    assert holds("1.5 TFLOP/s", 1.5e12, "rate", "FLOP")
    assert holds("12 items/s", 12.4, "rate", "items")
    assert not holds("1.5 TB/s", 1.5e12, "rate", "FLOP")
    assert write_value(1.5e12, "rate", "FLOP") == "1.50 TFLOP/s"


@pytest.mark.parametrize(
    ("like", "value", "dimension", "text"),
    [
        ("1.31×", 0.9678, "ratio", "0.97×"),
        ("1.3 x", 0.9678, "ratio", "1.0 x"),
        ("131 %", 0.9678, "ratio", "97 %"),
        ("4.2 s", 0.032, "time", "32.0 ms"),
        ("4.2 s", 12.04, "time", "12.0 s"),
        ("4.2 seconds", 3.26, "time", "3.3 seconds"),
        ("12 µs", 31.6e-6, "time", "32 µs"),
        ("4.2 GB", 4.2, "time", "4.20 s"),
        ("1,31×", 1.4567, "ratio", "1,46×"),
        ("12,345", 23456.4, "plain", "23,456"),
        ("12 345,6", 23456.44, "plain", "23 456,4"),
        ("1.2e-5", 3.456e-7, "plain", "3.5e-7"),
        ("−0.5", -0.46, "plain", "−0.5"),
        ("3", 4, "count", "4"),
        ("3", 0, "count", "0"),
        ("0.91", float("nan"), "plain", "nan"),
    ],
)
def test_the_measured_number_is_written_as_the_author_writes(
    like: str, value: float, dimension: Dimension, text: str
) -> None:
    assert write_like(parse_number(like)[0], value, dimension) == text


@pytest.mark.parametrize(
    ("value", "dimension", "text"),
    [
        (0.00521, "time", "5.21 ms"),
        (0.0009999, "time", "1.00 ms"),
        (3.2e-9, "time", "3.20 ns"),
        (123.4, "time", "123 s"),
        (1.3149, "ratio", "1.31×"),
        (2.5e9, "size", "2.50 GB"),
        (17.0, "count", "17"),
        (0.91342, "plain", "0.913"),
        (1000.0, "plain", "1000"),
        (1.5e-7, "plain", "1.50e-7"),
        (0.0, "plain", "0"),
    ],
)
def test_a_number_for_an_empty_text(value: float, dimension: Dimension, text: str) -> None:
    assert write_value(value, dimension) == text


def test_intervals_have_one_unit_and_ends_that_differ() -> None:
    assert write_interval(Interval(0.97, 0.95, 0.99), "ratio") == "0.970× (0.950–0.990)"
    assert write_interval(Interval(0.001, 0.000999, 0.0010011), "time") == "1.00 ms (0.999–1.001)"
    assert write_range(Interval(1.31, 1.28, 1.34), "ratio") == "1.28–1.34×"
    assert write_interval(Interval(5.2e-3), "time") == "5.20 ms"
    assert write_interval(Interval(3, 3, 3), "count") == "3"


DIMENSIONS: st.SearchStrategy[Dimension] = st.sampled_from(
    ["time", "size", "ratio", "count", "plain", "rate"]
)
VALUES = st.floats(min_value=1e-8, max_value=1e12)


@given(VALUES, DIMENSIONS)
def test_what_is_written_is_true(value: float, dimension: Dimension) -> None:
    value = float(round(value)) if dimension == "count" else value
    assert holds(write_value(value, dimension, "FLOP"), value, dimension, "FLOP")


LIKE = st.sampled_from(["1.31×", "4.2 s", "12 µs", "1,31", "1 234,5", "12,345", "9e3", "3", "5 %"])


@given(VALUES, LIKE, DIMENSIONS)
def test_what_is_written_like_a_number_is_true(
    value: float, like: str, dimension: Dimension
) -> None:
    assume(dimension != "count" or value >= 1)
    value = float(round(value)) if dimension == "count" else value
    text = write_like(parse_number(like)[0], value, dimension, "FLOP")
    assert holds(text, value, dimension, "FLOP")


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_none(text: str) -> None:
    for number in parse_number(text):
        assert number.decimals >= 0
        assert any(char.isdigit() for char in text)

"""Numbers and scales of charts."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.benchmarks import Interval
from sitegen.render.bench.numbers import (
    SECOND,
    Unit,
    format_estimate,
    format_number,
    format_param,
    format_point,
    format_range,
    format_time,
    inverse,
    rate_unit,
    shared_unit,
    time_unit,
    unit_of,
)
from sitegen.render.bench.scale import (
    Linear,
    linear_ticks,
    log_scale,
    log_ticks,
    thin_out,
    ticks_between,
)

MS = Unit(1e-3, "ms")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.48249, "0.482"),
        (9.996, "10.0"),
        (0.09996, "0.100"),
        (12.34, "12.3"),
        (214.4, "214"),
        (1234.0, "1,234"),
        (0.0, "0"),
        (99.95, "100"),
    ],
)
def test_a_number_has_three_figures(value: float, text: str) -> None:
    assert format_number(value) == text


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval(482e-6, 474e-6, 488e-6), "0.482 ms (0.474–0.488)"),
        (Interval(368e-6), "0.368 ms"),
        (Interval(2.0006e-3, 2.0001e-3, 2.0014e-3), "2.001 ms (2.000–2.001)"),
        (Interval(2.0, 2.0, 2.0), "2.00 s (2.00–2.00)"),
        (Interval(3.3e-9, 3.2e-9, 3.4e-9), "3.30 ns (3.20–3.40)"),
        (Interval(4.2, 4.1, 12.0), "4.20 s (4.10–12.00)"),
    ],
)
def test_an_interval_has_the_digits_of_its_estimate(interval: Interval, text: str) -> None:
    assert format_time(interval) == text


def test_times_side_by_side_share_a_unit_but_for_tiny_ones() -> None:
    times = [Interval(0.482e-3), Interval(60e-6), None, Interval(3e-8)]
    unit = shared_unit(times)
    assert unit == MS
    written = [format_estimate(time, unit_of(time, unit)) for time in times if time]
    assert written == ["0.482", "0.0600", "30.0"]
    assert unit_of(Interval(3e-8), unit).name == "ns"


@given(st.floats(1e-10, 1e5))
def test_a_unit_makes_a_number_that_reads_well(seconds: float) -> None:
    unit = time_unit(seconds)
    assert seconds / unit.size >= 0.0995 or unit.name == "ns"
    assert seconds / unit.size < 100 or unit is SECOND


@pytest.mark.parametrize(
    ("rates", "unit"),
    [
        ([2.14e14, 1e14, 1e9], "TFLOP/s"),
        ([9.9e11], "GFLOP/s"),
        ([12.0], "FLOP/s"),
        ([5e3, 4e3], "kFLOP/s"),
    ],
)
def test_rates_have_the_prefix_of_the_middle_one(rates: list[float], unit: str) -> None:
    assert rate_unit(rates, "FLOP").name == unit


def test_one_over_an_interval_has_its_ends_turned() -> None:
    assert inverse(Interval(0.5, 0.4, 0.8)) == Interval(2.0, 1.25, 2.5)
    assert inverse(Interval(0.5)) == Interval(2.0)
    assert format_range(Interval(2.0)) == ""


def test_points_are_written_as_an_author_does() -> None:
    assert format_point({"n": 1024, "kind": "wide", "fused": True}) == (
        "n = 1024, kind = wide, fused = True"
    )
    assert format_param(16777216) == "16\u202f777\u202f216"


@given(st.floats(1e-9, 1e9))
def test_ticks_are_few_round_and_within_the_scale(top: float) -> None:
    ticks = linear_ticks(top)
    assert 2 <= len(ticks) <= 7
    assert ticks[0] == 0
    assert ticks[-1] <= top * (1 + 1e-6)
    assert Linear(top).place(ticks[-1]) >= 50


@given(st.floats(1e-9, 1e3), st.floats(1.0001, 1e6))
def test_logarithmic_ticks_lie_within_the_scale(low: float, times: float) -> None:
    scale = log_scale([low, low * times])
    ticks = log_ticks(scale)
    assert 1 <= len(ticks) <= 9
    assert all(0 <= scale.place(tick) <= 100 for tick in ticks)
    assert 0 < scale.place(low) < scale.place(low * times) < 100


@given(st.floats(1e-3, 1e3), st.floats(1.001, 4))
def test_ticks_between_two_values_lie_between_them(low: float, times: float) -> None:
    ticks = ticks_between(low, low * times)
    assert ticks
    assert all(low * (1 - 1e-6) <= tick <= low * times * (1 + 1e-6) for tick in ticks)


def test_labels_that_would_touch_are_left_out_and_the_last_is_kept() -> None:
    scale = log_scale([256.0, 4096.0])
    values = [256.0 * 2 ** (step / 4) for step in range(17)]
    kept = thin_out(values, scale)
    assert kept[-1] == 4096.0
    places = [scale.place(value) for value in kept]
    assert all(b - a >= 9 for a, b in pairwise(places))
    assert math.isclose(kept[-1], values[-1])

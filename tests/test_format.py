"""Quantities as text."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.base.schema import parse_duration
from sitegen.render.dates import format_date
from sitegen.render.format import format_bytes, format_rfc3339, format_seconds


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 µs"),
        (1.2e-7, "0.12 µs"),
        (1.26e-5, "13 µs"),
        (0.00009, "90 µs"),
        (0.00094, "0.94 ms"),
        (0.000996, "1.0 ms"),
        (0.0123, "12 ms"),
        (0.994, "0.99 s"),
        (0.9951, "1.0 s"),
        (1.0, "1.0 s"),
        (1.26, "1.3 s"),
        (9.96, "10 s"),
        (42.4, "42 s"),
        (99.4, "99 s"),
        (99.5, "1 min 40 s"),
        (120.0, "2 min"),
        (125.0, "2 min 5 s"),
        (3599.6, "60 min"),
    ],
)
def test_seconds(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


UNITS = {"µs": 1e-6, "ms": 1e-3, "s": 1.0}


@given(st.floats(min_value=1e-6, max_value=99.4))
def test_seconds_are_right_to_two_figures(seconds: float) -> None:
    number, unit = format_seconds(seconds).split(" ")
    assert float(number) * UNITS[unit] == pytest.approx(seconds, rel=0.0501)
    assert len(re.sub(r"\D", "", number).lstrip("0").rstrip("0")) <= 2


@given(st.integers(min_value=100, max_value=10**6))
def test_minutes_add_up(seconds: int) -> None:
    found = re.fullmatch(r"(\d+) min(?: (\d+) s)?", format_seconds(seconds))
    assert found is not None
    assert int(found[1]) * 60 + int(found[2] or 0) == seconds


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_940, "9.9 kB"),
        (9_960, "10 kB"),
        (123_456_789, "123 MB"),
        (1.5e9, "1.5 GB"),
        (80e9, "80 GB"),
        (1.2e13, "12000 GB"),
        (999_999, "1.0 MB"),
    ],
)
def test_bytes(size: float, text: str) -> None:
    assert format_bytes(size) == text


DAY = dt.datetime(2026, 3, 1, 9, 5, 7, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("%-d %B %Y", "1 March 2026"),
        ("%d %b %Y", "01 Mar 2026"),
        ("%Y-%m-%d %H:%M:%S", "2026-03-01 09:05:07"),
        ("no date", "no date"),
        ("", ""),
        ("100 %%", "100 %"),
        ("%%B", "%B"),
    ],
)
def test_date(format: str, text: str) -> None:
    assert format_date(DAY, format) == text


def test_date_by_default() -> None:
    assert format_date(DAY) == "2026-03-01"


def test_an_early_year_has_four_digits() -> None:
    assert format_date(DAY.replace(year=33), "%Y-%m-%d") == "0033-03-01"


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        (dt.UTC, "2026-03-01T09:05:07Z"),
        (dt.timezone(dt.timedelta(hours=5, minutes=30)), "2026-03-01T09:05:07+05:30"),
        (dt.timezone(-dt.timedelta(hours=8)), "2026-03-01T09:05:07-08:00"),
    ],
)
def test_rfc3339(zone: dt.tzinfo, text: str) -> None:
    assert format_rfc3339(DAY.replace(tzinfo=zone, microsecond=999)) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10m", 600.0),
        ("1.5 s", 1.5),
        ("250ms", 0.25),
        (" 2h ", 7200.0),
        ("0s", None),
        ("", None),
        ("10", None),
        ("m", None),
        ("-1s", None),
        ("1d", None),
        ("1m30s", None),
        ("1e3s", None),
        ("infs", None),
        (".5s", None),
    ],
)
def test_duration(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == seconds


def test_a_duration_is_finite() -> None:
    assert parse_duration("9" * 400 + "h") is None

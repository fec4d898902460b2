"""Benchmarks summed up; the measurements are made up, see `tests/made_up.py`."""

from __future__ import annotations

import random
import statistics
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.benchmarks import Alike, Benchmark, Interval, ProcessNote, Row, Work
from sitegen.measure.series import series_at, why_ratio_unstable, why_unstable
from sitegen.measure.stats import DRIFT, drift
from sitegen.measure.summary import summarise
from sitegen.measure.work import WorkError, amount_of, why_no_work
from tests.made_up import (
    CPU,
    make_bench,
    make_benchmark,
    make_run,
    make_series,
    samples_around,
)

replace = msgspec.structs.replace
SPIN = {"slow": 5e-3, "fast": 2e-3, "same": 5e-3}


def rows_of(benchmark: Benchmark, **options: Any) -> dict[str, Row]:
    bench = replace(make_bench(), **options)
    return {row.variant: row for row in summarise(bench, make_run(benchmark), 0.05).rows}


def one(*processes: list[float], **options: Any) -> Row:
    """The row of a benchmark's only variant."""
    benchmark = Benchmark(("only",), (make_series("only", {}, processes, **options),), ())
    return rows_of(benchmark)["only"]


def test_medians_ratios_and_verdicts() -> None:
    rows = rows_of(make_benchmark(SPIN))
    assert [row.verdict for row in rows.values()] == ["baseline", "faster", "no difference"]
    time, ratio = rows["fast"].time, rows["fast"].ratio
    assert time is not None
    assert ratio is not None
    assert time.estimate == pytest.approx(2e-3, rel=0.01)
    assert ratio.estimate == pytest.approx(0.4, rel=0.01)
    assert (ratio.low or 0) < ratio.estimate < (ratio.high or 0)
    assert rows["slow"].ratio is None
    assert rows["slow"].samples == 180
    assert len(rows["slow"].process_medians) == 6
    assert [row.unstable for row in rows.values()] == [(), (), ()]
    assert [row.notes for row in rows.values()] == [(), (), ()]


def test_the_baseline_is_the_one_that_is_named_else_the_first() -> None:
    assert rows_of(make_benchmark(SPIN), baseline="fast")["slow"].verdict == "slower"
    assert rows_of(make_benchmark(SPIN), baseline="gone")["slow"].verdict == "baseline"


def test_without_six_processes_there_is_no_interval_and_no_verdict() -> None:
    row = rows_of(make_benchmark(SPIN, processes=5))["fast"]
    assert row.time is not None
    assert row.time.low is None
    assert row.verdict == "undecided"
    assert row.notes == ("only 5 processes: no interval, no verdict",)


def test_a_discarded_process_does_not_count() -> None:
    benchmark = make_benchmark(SPIN)
    discarded = ProcessNote(2, 9, 3.0, discarded="it compiled while it was sampled")
    notes = tuple(discarded if note.process == 2 else note for note in benchmark.processes)
    row = rows_of(replace(benchmark, processes=notes))["fast"]
    assert len(row.process_medians) == 5


def alike(**other: Any) -> Benchmark:
    """Two variants that differ only in what their results were computed on."""
    series = make_benchmark({"a": 1e-3, "b": 2e-3}).series
    changed = replace(series[1], alike=replace(CPU, **other))
    return Benchmark(("a", "b"), (series[0], changed), ())


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"device": "cuda:0"}, "on cpu against on cuda:0"),
        ({"precision": "tf32"}, "float32 products against tf32 products"),
        ({"dtype": "bfloat16"}, "float32 against bfloat16"),
    ],
)
def test_what_is_unlike_is_not_compared(other: dict[str, str], said: str) -> None:
    row = rows_of(alike(**other))["b"]
    assert (row.ratio, row.verdict) == (None, "not comparable")
    assert row.notes == (f"not comparable: {said}",)
    assert row.time is not None


def test_what_is_unlike_may_be_compared_where_the_author_says_so_and_is_named() -> None:
    bench, run = replace(make_bench(), unlike=True), make_run(alike(device="cuda:0"))
    summary = summarise(bench, run, 0.05)
    assert summary.rows[1].verdict == "slower"
    assert summary.unlike == "a and b: on cpu against on cuda:0"
    assert summary.rows[1].notes == ()


def test_threads_and_frameworks_may_differ() -> None:
    summary = summarise(make_bench(), make_run(alike(framework="jax", threads=None)), 0.05)
    assert (summary.rows[1].verdict, summary.unlike) == ("slower", "")


def test_a_disagreement_is_noted_by_the_tolerance_of_the_block_or_of_the_dtype() -> None:
    both = make_benchmark({"a": 1e-3, "b": 1e-3})
    wrong = replace(both.series[1], difference=1e-3, tolerance=3.5e-4)
    benchmark = replace(both, series=(both.series[0], wrong))
    assert rows_of(benchmark)["b"].notes == ("differs from a by 0.001, more than 0.00035",)
    assert rows_of(benchmark, agree=1e-2)["b"].notes == ()
    other = replace(wrong, difference=1e300, disagrees="the shapes are 3 and 4")
    benchmark = replace(both, series=(both.series[0], other))
    assert rows_of(benchmark)["b"].notes == ("differs from a: the shapes are 3 and 4",)


def test_too_few_samples_and_never_quiet_are_noted() -> None:
    assert one(*[[1.0, 1.0, 1.0]] * 6).notes == ("too few samples: 3 in 6 of 6 processes",)
    said = "never quiet: sampled while still warming up in 6 of 6 processes"
    assert one(*[[1.0] * 9] * 6, quiet=False).notes == (said,)


def test_a_variant_that_failed_says_why() -> None:
    good = make_benchmark({"a": 1e-3}).series[0]
    failed = replace(good, variant="b", sampled=(), alike=None, failure="RuntimeError: no")
    row = rows_of(Benchmark(("a", "b"), (good, failed), ()))["b"]
    assert (row.time, row.ratio, row.verdict) == (None, None, "undecided")
    assert row.notes == ("RuntimeError: no",)


# --- stability ------------------------------------------------------------------------------


def test_two_modes_within_processes_are_unstable() -> None:
    rng = random.Random(1)  # noqa: S311
    rows = [[rng.choice((2e-3, 5e-3)) for _ in range(30)] for _ in range(6)]
    assert any("middle half" in reason for reason in one(*rows).unstable)


def test_two_modes_between_processes_are_unstable() -> None:
    rng = random.Random(1)  # noqa: S311
    rows = [list(samples_around(time, rng)) for time in (2e-3, 5e-3, 2e-3, 5e-3, 2e-3, 5e-3)]
    (reason,) = one(*rows).unstable
    assert reason == "the processes fall into two groups, one of which takes 2.50× as long"


def test_of_what_is_unstable_there_is_a_ratio_and_no_verdict() -> None:
    steady = make_series("a", {}, [[5.0] * 8] * 6)
    restless = make_series("b", {}, [[1.0, 1.4] * 4] * 6)
    for pair in ((steady, restless), (restless, steady)):
        names = tuple(series.variant for series in pair)
        row = rows_of(Benchmark(names, pair, ()))[names[1]]
        assert row.ratio is not None
        assert row.verdict == "undecided"


def test_what_moves_both_alike_leaves_their_ratio_stable() -> None:
    slowed = [[1.0, 1.4] * 8] * 6
    pair = (
        make_series("a", {}, slowed),
        make_series("b", {}, [[2 * time for time in process] for process in slowed]),
    )
    row = rows_of(Benchmark(("a", "b"), pair, ()))["b"]
    assert row.unstable
    assert row.verdict == "slower"
    assert row.ratio is not None
    assert row.ratio.estimate == pytest.approx(2)


def test_ratios_may_spread_as_two_times_do_that_are_just_stable() -> None:
    rng = random.Random(3)  # noqa: S311
    deviation = 0.085 / 1.349  # of a normal distribution whose quartiles lie 0.085 apart
    rows = [
        make_series(name, {}, [[rng.gauss(1, deviation) for _ in range(400)] for _ in range(6)])
        for name in "ab"
    ]
    benchmark = Benchmark(("a", "b"), tuple(rows), ())
    assert [why_unstable(benchmark, series) for series in rows] == [(), ()]
    assert why_ratio_unstable(benchmark, *rows) == ()


def test_a_ratio_is_unstable_that_falls_into_two_groups_of_processes() -> None:
    rng = random.Random(1)  # noqa: S311
    steady = [list(samples_around(1e-3, rng)) for _ in range(6)]
    either = [list(samples_around(time, rng)) for time in (2e-3, 5e-3) * 3]
    pair = (make_series("a", {}, either), make_series("b", {}, steady))
    (reason,) = why_ratio_unstable(Benchmark(("a", "b"), pair, ()), *pair)
    assert reason.startswith("the ratios of `a` to `b` fall into two groups of processes, 2.5")
    assert why_ratio_unstable(Benchmark(("a", "b"), pair, ()), *reversed(pair)) == (reason,)


def test_fewer_than_half_of_the_processes_may_be_restless() -> None:
    calm, restless = [1.0, 1.01] * 8, [0.8, 1.2] * 8
    assert one(*[calm] * 4, *[restless] * 2).unstable == ()
    (reason,) = one(*[calm] * 3, *[restless] * 3).unstable
    assert reason.endswith("in 3 of 6 processes")


def test_halves_that_chance_tells_apart_are_no_drift() -> None:
    rng = random.Random(1)  # noqa: S311
    rows = [[rng.gauss(1, 0.07) for _ in range(30)] for _ in range(200)]
    halves = [statistics.median(row[15:]) - statistics.median(row[:15]) for row in rows]
    apart = sum(abs(difference) > DRIFT for difference in halves)
    assert apart > 50, "their medians often differ by more than the limit"
    assert sum(drift(row) > DRIFT for row in rows) < 20


def test_a_drift_is_unstable() -> None:
    rows = [[1 + 0.004 * step for step in range(20)]] * 6
    (reason,) = one(*rows).unstable
    assert reason.startswith("the first and the second half of the samples differ by 3.9%")


def test_a_busy_hot_or_unplugged_machine_is_unstable() -> None:
    benchmark = make_benchmark({"a": 1e-3})
    notes = tuple(
        replace(note, others=0.35, battery=True, throttled=True) for note in benchmark.processes
    )
    assert rows_of(replace(benchmark, processes=notes))["a"].unstable == (
        "other programs used 35% of a core meanwhile in 6 of 6 processes",
        "the machine ran on battery",
        "the clock was throttled",
    )


# --- sweeps and work ------------------------------------------------------------------------


def test_points_come_in_the_order_of_the_sweep_with_a_fitted_exponent() -> None:
    sweep = {"n": (1024, 256, 4096), "m": (1, 2)}

    def seconds(variant: str, point: Any) -> float:
        power = 2.0 if variant == "a" else 3.0
        return float(1e-9 * float(point["n"]) ** power * float(point["m"]))

    benchmark = make_benchmark(seconds, ("a", "b"), sweep)
    summary = summarise(make_bench(sweep=sweep), make_run(benchmark), 0.05)
    assert [dict(point) for point in summary.points[:3]] == [
        {"n": 1024, "m": 1},
        {"n": 1024, "m": 2},
        {"n": 256, "m": 1},
    ]
    assert list(summary.exponents) == ["a, m = 1", "a, m = 2", "b, m = 1", "b, m = 2"]
    assert summary.exponents["b, m = 2"] == pytest.approx(3, abs=0.01)
    assert series_at(benchmark, "a", {"m": 2, "n": 256}) is not None


def test_a_rate_is_work_a_second_with_its_interval_turned_round() -> None:
    benchmark = make_benchmark(lambda variant, point: 1e-3, ("a",), {"n": (100,)})
    work = Work("2 * n**3", "FLOP")
    row = rows_of(benchmark, work=work)["a"]
    assert row.rate is not None
    assert row.time is not None
    assert row.rate.estimate == pytest.approx(2e6 / row.time.estimate)
    assert row.rate == Interval(
        2e6 / row.time.estimate, 2e6 / (row.time.high or 0), 2e6 / (row.time.low or 0)
    )


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 * n**3", 2e6),
        ("n * log2(n) + 1", 100 * 6.643856189774724 + 1),
        ("n**2 * 4", 4e4),
        ("max(n, 7) // 3", 33),
        ("-(-n) % 7", 2),
    ],
)
def test_work_is_arithmetic(expression: str, value: float) -> None:
    assert why_no_work(expression, ["n"]) is None
    assert amount_of(expression, {"n": 100}) == pytest.approx(value)


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').system('true')",
        "n.real",
        "[n][0]",
        "9**9**9**9",
        "n if n else 1",
        "lambda: 1",
        "'2' * 3",
        "True",
        "n -",
        "sqrt(1, 2)",
        "(-8) ** 0.5",
        "0",
        "1 / 0",
        "(" * 400,
        "m * 2",
        "",
    ],
)
def test_work_is_nothing_else(expression: str) -> None:
    with pytest.raises(WorkError):
        amount_of(expression, {"n": 100})


def test_mistakes_in_work_are_told_before_anything_runs() -> None:
    assert why_no_work("2 * m", ["n", "k"]) == "`m` is no parameter of the sweep: `k`, `n`"
    assert why_no_work("n.real", ["n"]) is not None
    assert why_no_work("n +", ["n"]) == "it cannot be read as arithmetic"
    assert why_no_work("log(n - 1)", ["n"]) is None


@given(st.text("n0123456789+-*/%() .,logsqrtmax'_", max_size=60))
def test_any_text_is_a_number_or_an_error(text: str) -> None:
    try:
        value = amount_of(text, {"n": 3})
    except WorkError:
        return
    assert value > 0


def test_what_is_not_known_does_not_tell_variants_apart() -> None:
    benchmark = make_benchmark({"a": 1e-3, "b": 2e-3})
    plain = replace(benchmark.series[1], alike=Alike("python", "cpu", ""))
    benchmark = replace(benchmark, series=(benchmark.series[0], plain))
    assert rows_of(benchmark)["b"].verdict == "slower"

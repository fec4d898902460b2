"""The statistics, against scipy, published tables, and simulations with a known truth."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence

import numpy
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import cdist, pdist

from sitegen.benchmarks import Interval, Verdict
from sitegen.measure.stats import (
    SPREAD,
    describe,
    drift,
    estimate,
    estimate_ratio,
    exponent,
    judge_ratio,
    order_ranks,
    paired_log_ratio,
    quartiles,
    spread,
    told_apart,
    two_groups,
)

TIMES = st.floats(min_value=1e-9, max_value=1e4)
SAMPLES = st.lists(TIMES, min_size=1, max_size=40)

# --- one process ----------------------------------------------------------------------------


@given(SAMPLES)
def test_quartiles_are_those_of_numpy_and_scipy(values: list[float]) -> None:
    lower, upper = quartiles(values)
    assert (lower, upper) == pytest.approx(tuple(numpy.quantile(values, [0.25, 0.75])))
    assert upper - lower == pytest.approx(scipy_stats.iqr(values), abs=1e-12)


def test_outliers_are_counted_and_kept() -> None:
    within = describe([1.0, 1.1, 1.2, 1.3, 1.4, 9.0])
    assert (within.outliers, within.samples, within.minimum) == (1, 6, 1.0)
    assert within.median == pytest.approx(1.25)


@given(SAMPLES, st.floats(min_value=1e-3, max_value=1e3))
def test_a_description_scales_with_its_unit(values: list[float], unit: float) -> None:
    here, there = describe(values), describe([value * unit for value in values])
    assert there.median == pytest.approx(here.median * unit)
    assert there.iqr == pytest.approx(here.iqr * unit, rel=1e-6, abs=1e-9 * here.median * unit)


@given(SAMPLES)
def test_outliers_are_fewer_than_half(values: list[float]) -> None:
    assert describe(values).outliers <= len(values) // 2


# --- several processes ----------------------------------------------------------------------

# Ranks of the two order statistics around a median at 95 %, as statisticians' tables give them:
# Conover, Practical Nonparametric Statistics; the same rows are in Gibbons and Chakraborti.
TABLE = {
    6: (1, 6),
    7: (1, 7),
    8: (1, 8),
    9: (2, 8),
    10: (2, 9),
    11: (2, 10),
    12: (3, 10),
    13: (3, 11),
    14: (3, 12),
    15: (4, 12),
    16: (4, 13),
    17: (5, 13),
    18: (5, 14),
    19: (5, 15),
    20: (6, 15),
    25: (8, 18),
    30: (10, 21),
}


@pytest.mark.parametrize(("count", "ranks"), TABLE.items())
def test_ranks_are_those_of_the_table(count: int, ranks: tuple[int, int]) -> None:
    assert order_ranks(count) == ranks


@pytest.mark.parametrize("count", range(1, 80))
def test_ranks_are_the_narrowest_that_cover(count: int) -> None:
    ranks = order_ranks(count)
    if ranks is None:
        assert 1 - 2 * scipy_stats.binom.cdf(0, count, 0.5) < 0.95
        return
    rank = ranks[0]
    assert 1 - 2 * scipy_stats.binom.cdf(rank - 1, count, 0.5) >= 0.95
    assert 1 - 2 * scipy_stats.binom.cdf(rank, count, 0.5) < 0.95


@pytest.mark.parametrize("count", [6, 7, 12, 25])
def test_the_interval_is_the_one_that_scipy_inverts_from_its_test(count: int) -> None:
    values = [random.Random(count).gauss(10, 1) for _ in range(count)]  # noqa: S311
    ours = estimate(values)
    inverted = scipy_stats.quantile_test(values, p=0.5).confidence_interval(0.95)
    assert (ours.low, ours.high) == (inverted.low, inverted.high)


def test_six_processes_cover_969_of_a_thousand_and_fewer_say_nothing() -> None:
    assert 1 - 2 * 0.5**6 == 0.96875
    assert estimate([1, 2, 3, 4, 5, 6]) == Interval(3.5, 1, 6)
    assert estimate([1, 2, 3, 4, 5]) == Interval(3)


@given(st.lists(TIMES, min_size=6, max_size=40))
def test_an_estimate_lies_in_its_interval_whatever_the_order(values: list[float]) -> None:
    found = estimate(values)
    assert found.low is not None
    assert found.high is not None
    assert min(values) <= found.low <= found.estimate <= found.high <= max(values)
    assert estimate(values[::-1]) == found


# --- ratios ---------------------------------------------------------------------------------


@given(st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=30))
def test_a_ratio_and_its_inverse_are_each_other_s(rounds: list[tuple[float, float]]) -> None:
    top, bottom = [a for a, _ in rounds], [b for _, b in rounds]
    assert paired_log_ratio(top, bottom) == pytest.approx(-paired_log_ratio(bottom, top))


@given(st.lists(st.floats(-5, 5), min_size=6, max_size=20), st.floats(0.001, 0.5))
def test_swapping_two_variants_swaps_the_verdict(logs: list[float], noise: float) -> None:
    swapped: dict[Verdict, Verdict] = {"faster": "slower", "slower": "faster"}
    verdict = judge_ratio(estimate_ratio(logs), noise)
    inverse = judge_ratio(estimate_ratio([-log for log in logs]), noise)
    assert inverse == swapped.get(verdict, verdict)


@given(st.lists(st.tuples(TIMES, TIMES), min_size=6, max_size=30))
def test_ratios_are_those_of_numpy_and_scipy(rounds: list[tuple[float, float]]) -> None:
    top, bottom = numpy.array(rounds).T
    logs = numpy.log(top) - numpy.log(bottom)
    assert paired_log_ratio(*zip(*rounds, strict=True)) == pytest.approx(numpy.median(logs))
    found = estimate_ratio(list(logs))
    inverted = scipy_stats.quantile_test(logs, p=0.5).confidence_interval(0.95)
    assert found.estimate == pytest.approx(numpy.exp(numpy.median(logs)))
    assert (found.low, found.high) == pytest.approx(tuple(numpy.exp(inverted)))


def test_what_slows_a_whole_round_down_cancels_out() -> None:
    rounds = [1.0, 1.0, 4.0, 1.0, 9.0]
    ratio = paired_log_ratio([3 * time for time in rounds], rounds)
    assert math.exp(ratio) == pytest.approx(3)


def test_a_ratio_is_the_geometric_middle_of_its_processes() -> None:
    ratio = estimate_ratio([math.log(factor) for factor in (1, 2, 2, 8, 8, 16)])
    assert ratio.estimate == pytest.approx(4)
    assert ratio.low == pytest.approx(1)
    assert ratio.high == pytest.approx(16)


@pytest.mark.parametrize(
    ("low", "estimate", "high", "verdict"),
    [
        (0.80, 0.85, 0.90, "faster"),
        (0.80, 0.94, 0.99, "faster"),
        (0.94, 0.97, 0.99, "undecided"),
        (0.96, 0.98, 0.99, "no difference"),
        (0.96, 1.00, 1.04, "no difference"),
        (0.80, 1.00, 1.20, "undecided"),
        (1.01, 1.04, 1.20, "undecided"),
        (1.01, 1.06, 1.20, "slower"),
        (1.001, 1.02, 1.049, "no difference"),
        (None, 0.5, None, "undecided"),
    ],
)
def test_verdicts(low: float | None, estimate: float, high: float | None, verdict: Verdict) -> None:
    assert judge_ratio(Interval(estimate, low, high), 0.05) == verdict


# --- stability ------------------------------------------------------------------------------


def test_spread_and_drift() -> None:
    assert spread([1.0] * 10) == 0
    assert spread([1.0, 2.0] * 10) > 0.10
    assert drift([1.0] * 10 + [1.1] * 10) == pytest.approx(0.1 / 1.05)
    assert drift([1.0, 1.1] * 10) == 0
    assert drift([1.0, 5.0, 1.0]) == 0


@given(st.lists(st.floats(0.5, 2), min_size=1, max_size=40))
def test_the_spread_is_that_of_scipy(values: list[float]) -> None:
    assert spread(values) == pytest.approx(
        scipy_stats.iqr(values) / numpy.median(values), abs=1e-12
    )


def test_the_spread_of_a_normal_distribution_is_four_thirds_of_its_variation() -> None:
    rng = random.Random(7)  # noqa: S311
    samples = [rng.gauss(100, 2) for _ in range(20_000)]
    assert 0.75 * spread(samples) == pytest.approx(scipy_stats.variation(samples), rel=0.03)


@given(
    st.lists(st.floats(0.5, 2), min_size=8, max_size=40, unique=True),
    st.lists(st.floats(0.5, 2), min_size=8, max_size=40, unique=True),
)
def test_samples_are_told_apart_as_scipy_tells_them(some: list[float], others: list[float]) -> None:
    assume(not set(some) & set(others))
    test = scipy_stats.mannwhitneyu(some, others, method="asymptotic", use_continuity=False)
    assume(abs(test.pvalue - 0.05) > 1e-9)
    assert told_apart(some, others) == (test.pvalue < 0.05)


def test_processes_in_two_groups() -> None:
    assert two_groups([1.0, 1.01, 1.02, 1.5, 1.51, 1.52]) == (1.01, 1.51)
    assert two_groups([1.0, 1.01, 1.02, 1.03, 1.04, 1.5]) is None  # one is no group
    assert two_groups([1.0, 1.05, 1.1, 1.15, 1.2, 1.25]) is None
    assert two_groups([1.0, 1.5, 2.0, 2.5, 3.0, 3.5]) is None  # spread, not parted
    assert two_groups([1.0, 2.0]) is None
    assert two_groups([]) is None


CLUSTERED = st.lists(
    st.tuples(st.sampled_from([1.0, 1.0, 1.4, 2.0]), st.floats(0, 0.2)).map(sum),
    min_size=2,
    max_size=12,
    unique=True,
)


@given(CLUSTERED)
def test_groups_are_the_clusters_of_scipy_s_single_linkage(medians: list[float]) -> None:
    """Where they are pairs at least, and lie further apart than each is wide and than SPREAD."""
    values = numpy.array(medians)[:, None]
    labels = fcluster(linkage(values, method="single"), t=2, criterion="maxclust")
    one, other = values[labels == 1], values[labels != 1]
    expected = None
    if min(len(one), len(other)) >= 2:
        apart = cdist(one, other).min()
        width = max(pdist(one).max(), pdist(other).max())
        assume(abs(apart - width) > 1e-9)
        assume(abs(apart - SPREAD * numpy.median(values)) > 1e-9)
        if apart > max(width, SPREAD * numpy.median(values)):
            expected = tuple(sorted((numpy.median(one), numpy.median(other))))
    found = two_groups(medians)
    assert found == (None if expected is None else pytest.approx(expected))


# --- powers ---------------------------------------------------------------------------------


@given(
    st.dictionaries(st.integers(1, 10**6).map(float), st.floats(1e-6, 1e3), min_size=3, max_size=12)
)
def test_the_exponent_is_the_slope_that_scipy_fits(points: dict[float, float]) -> None:
    xs, ys = numpy.log(list(points)), numpy.log(list(points.values()))
    slope = scipy_stats.linregress(xs, ys).slope
    assert exponent(points) == pytest.approx(slope, rel=1e-6, abs=1e-9)


def test_a_power_law_has_its_power() -> None:
    assert exponent({n: 3e-9 * n**2.5 for n in (64.0, 128.0, 1024.0)}) == pytest.approx(2.5)
    assert exponent({64.0: 1.0, 128.0: 2.0}) is None


# --- coverage -------------------------------------------------------------------------------

PROCESSES, SAMPLES_EACH, TRUE_TIME, TRIES = 6, 30, 100.0, 2000


def simulated(effect: float, rng: random.Random) -> list[list[float]]:
    """Six processes of normal samples that spread by 1, around means that spread by `effect`."""
    means = [rng.gauss(TRUE_TIME, effect) for _ in range(PROCESSES)]
    return [[rng.gauss(mean, 1) for _ in range(SAMPLES_EACH)] for mean in means]


def covers(values: Sequence[float]) -> bool:
    found = estimate(values)
    assert found.low is not None
    assert found.high is not None
    return found.low <= TRUE_TIME <= found.high


@pytest.mark.parametrize(
    ("effect", "most_pooled"), [(0.0, 1.0), (0.5, 0.75), (1.0, 0.50), (2.0, 0.40)]
)
def test_coverage(effect: float, most_pooled: float, capsys: pytest.CaptureFixture[str]) -> None:
    """The interval of process medians covers the true time as often as it says; that of pooled
    samples does so only where processes are all alike."""
    rng = random.Random(2026)  # noqa: S311
    by_process = pooled = 0
    for _ in range(TRIES):
        processes = simulated(effect, rng)
        by_process += covers([statistics.median(samples) for samples in processes])
        pooled += covers([sample for samples in processes for sample in samples])
    with capsys.disabled():
        shares = f"{by_process / TRIES:.1%} by process, {pooled / TRIES:.1%} pooled"
        print(f"\n  process effect of {effect} times the sample spread: covered {shares}", end="")
    # 96.9 % but for the chance of 2,000 tries, whose standard deviation is 0.4 points
    assert 0.955 <= by_process / TRIES <= 0.983
    assert pooled / TRIES <= most_pooled
    assert (pooled / TRIES >= 0.93) == (effect == 0)


TRUE_RATIO = 1.3


def simulated_ratios(effect: float, rng: random.Random) -> list[list[float]]:
    """The log ratios of the rounds of six processes: what slows a round slows both variants, and
    each has in each process a time of its own."""
    found = []
    for _ in range(PROCESSES):
        top = rng.gauss(TRUE_TIME * TRUE_RATIO, effect * TRUE_RATIO)
        bottom = rng.gauss(TRUE_TIME, effect)
        slow = [1 + 0.2 * rng.random() for _ in range(SAMPLES_EACH)]
        pairs = [(f * rng.gauss(top, TRUE_RATIO), f * rng.gauss(bottom, 1)) for f in slow]
        found.append([math.log(a / b) for a, b in pairs])
    return found


@pytest.mark.parametrize(
    ("effect", "most_pooled"), [(0.0, 1.0), (0.5, 0.75), (1.0, 0.50), (2.0, 0.40)]
)
def test_coverage_of_ratios(
    effect: float, most_pooled: float, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(2027)  # noqa: S311

    def covers_ratio(logs: Sequence[float]) -> bool:
        found = estimate_ratio(logs)
        assert found.low is not None
        assert found.high is not None
        return found.low <= TRUE_RATIO <= found.high

    by_process = pooled = 0
    for _ in range(TRIES):
        processes = simulated_ratios(effect, rng)
        by_process += covers_ratio([statistics.median(logs) for logs in processes])
        pooled += covers_ratio([log for logs in processes for log in logs])
    with capsys.disabled():
        shares = f"{by_process / TRIES:.1%} by process, {pooled / TRIES:.1%} pooled"
        print(f"\n  ratios, process effect of {effect} times the spread: {shares}", end="")
    assert 0.955 <= by_process / TRIES <= 0.983
    assert pooled / TRIES <= most_pooled
    assert (pooled / TRIES >= 0.93) == (effect == 0)


def test_the_same_twice_is_rarely_called_faster_or_slower() -> None:
    """A/A: two variants of equal time, a process effect on each, and a noise of nothing at all."""
    rng = random.Random(5)  # noqa: S311
    wrong = 0
    for _ in range(1000):
        logs = []
        for _ in range(PROCESSES):
            one, other = rng.gauss(TRUE_TIME, 1), rng.gauss(TRUE_TIME, 1)
            top = [rng.gauss(one, 1) for _ in range(10)]
            bottom = [rng.gauss(other, 1) for _ in range(10)]
            logs.append(paired_log_ratio(top, bottom))
        wrong += judge_ratio(estimate_ratio(logs), 1e-9) in ("faster", "slower")
    assert wrong <= 50

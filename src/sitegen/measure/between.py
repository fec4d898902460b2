"""Two runs of a benchmark side by side: how far the process medians of one lie from the other's."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from functools import cache

from sitegen.benchmarks import FEWEST_PROCESSES, Interval
from sitegen.measure.stats import CONFIDENCE


def ratio_of_runs(then: Sequence[float], now: Sequence[float]) -> Interval:
    """How many times as long it takes now, from one median a process of either run.

    The estimate is the median of all ratios of one to the other, and its interval runs between two
    of them in order of size: J. L. Hodges and E. L. Lehmann, Annals of Mathematical Statistics 34
    (1963); M. Hollander, D. Wolfe, E. Chicken, Nonparametric Statistical Methods (2014), section
    4.3. It covers the true ratio in at least CONFIDENCE of all cases if the logarithms of both are
    distributed alike but for their place. Runs share no rounds, so that nothing can be paired;
    with fewer than six processes in either there is no interval.
    """
    shifts = sorted(math.log(after / before) for before in then for after in now)
    estimate = math.exp(statistics.median(shifts))
    rank = shift_rank(len(then), len(now))
    if rank is None or min(len(then), len(now)) < FEWEST_PROCESSES:
        return Interval(estimate)
    return Interval(estimate, math.exp(shifts[rank - 1]), math.exp(shifts[-rank]))


def shift_rank(some: int, others: int, confidence: float = CONFIDENCE) -> int | None:
    """Which of the pairwise differences of two samples, from either end, bound their shift.

    The largest k with P(U < k) <= (1 - confidence) / 2, where U is the statistic of H. B. Mann and
    D. R. Whitney, Annals of Mathematical Statistics 18 (1947), if both are distributed alike; None
    where there are too few values for that confidence.
    """
    all = math.comb(some + others, some)
    below, rank = 0, 0
    while rank <= some * others:
        below += _arrangements(some, others, rank)
        if 2 * below > (1 - confidence) * all:
            break
        rank += 1
    return rank or None


@cache
def _arrangements(some: int, others: int, statistic: int) -> int:
    """How many orders of two samples give this statistic: Mann and Whitney's recurrence."""
    if statistic < 0:
        return 0
    if some == 0 or others == 0:
        return int(statistic == 0)
    left_out = _arrangements(some - 1, others, statistic - others)
    return left_out + _arrangements(some, others - 1, statistic)

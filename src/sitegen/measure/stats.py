"""Statistics of timings; the unit is the process, because its samples share layout and luck.

All functions are pure. Where samples of several processes were pooled, an interval would be far
too narrow: `tests/test_stats.py` shows by how much.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from sitegen.benchmarks import FEWEST_PROCESSES, Interval, Verdict

CONFIDENCE = 0.95
"""What an interval covers at least, over many repetitions of the whole measurement."""

_NORMAL = statistics.NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
"""How many standard deviations around the mean hold CONFIDENCE of a normal distribution."""

SPREAD = 0.10
"""Of the median: a larger interquartile range within a process is unstable."""

DRIFT = 0.03
"""Of the median: a larger difference between a process's halves is unstable, if it is no chance."""

OTHERS = 0.10
"""Of a core: more work of other programs meanwhile is unstable."""

FEWEST_SAMPLES = 5
"""Below it a process has too few samples to say anything of their spread."""


class Within(NamedTuple):
    """The samples of one process, described; no interval, because they are not independent."""

    median: float
    iqr: float
    minimum: float
    samples: int
    outliers: int


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """The lower and the upper quartile, by linear interpolation between order statistics.

    Definition 7 of Hyndman and Fan, "Sample Quantiles in Statistical Packages", The American
    Statistician 50 (1996), which is also numpy's default.
    """
    if len(values) == 1:
        return values[0], values[0]
    lower, _, upper = statistics.quantiles(values, n=4, method="inclusive")
    return lower, upper


def describe(values: Sequence[float]) -> Within:
    """A process's samples: outliers lie more than 1.5 IQR outside the quartiles; none is dropped.

    The rule is Tukey's, Exploratory Data Analysis (1977), chapter 2.
    """
    lower, upper = quartiles(values)
    reach = 1.5 * (upper - lower)
    outliers = sum(value < lower - reach or value > upper + reach for value in values)
    return Within(statistics.median(values), upper - lower, min(values), len(values), outliers)


def order_ranks(count: int, confidence: float = CONFIDENCE) -> tuple[int, int] | None:
    """The ranks, from 1, of the narrowest symmetric pair of order statistics around the median.

    Together they cover the true median of any continuous distribution in at least `confidence` of
    all cases; None where not even the extremes do. Of n independent values fewer than k lie below
    the median with the probability P(Bin(n, 1/2) < k): H. A. David and H. N. Nagaraja, Order
    Statistics (2003), section 7.1.
    """
    below, rank = 0, 0
    while rank < count / 2:
        below += math.comb(count, rank)
        if 1 - 2 * below / 2**count < confidence:
            break
        rank += 1
    return (rank, count + 1 - rank) if rank else None


def estimate(values: Sequence[float]) -> Interval:
    """The median of one value a process, with the interval between order statistics.

    Of six the extremes, which cover the true median in 1 - 2/2**6 = 96.9 % of all cases; of fewer
    there is no interval.
    """
    ordered = sorted(values)
    ranks = order_ranks(len(ordered)) if len(ordered) >= FEWEST_PROCESSES else None
    if ranks is None:
        return Interval(statistics.median(ordered))
    return Interval(statistics.median(ordered), ordered[ranks[0] - 1], ordered[ranks[1] - 1])


def paired_log_ratio(top: Sequence[float], bottom: Sequence[float]) -> float:
    """The median over the rounds of one process of log(top / bottom).

    Both were sampled in each round, so that what slows a whole round down cancels out. The median
    of paired differences is the estimator of the sign test: M. Hollander and D. A. Wolfe,
    Nonparametric Statistical Methods (1999), section 3.5; of logarithms, since a ratio and its
    inverse then say the same: P. J. Fleming and J. J. Wallace, Communications of the ACM 29 (1986).
    """
    return statistics.median(math.log(a / b) for a, b in zip(top, bottom, strict=False))


def estimate_ratio(log_ratios: Sequence[float]) -> Interval:
    """The ratio, from one log ratio a process, estimated as `estimate` does.

    The median is taken of the logarithms, so that the ratio of b to a is one over that of a to b.
    The interval is that of the sign test, Hollander and Wolfe (1999), section 3.6: one between
    order statistics, which `exp` leaves in their order, so that it covers as often as before.
    """
    logs = estimate(log_ratios)
    low = None if logs.low is None else math.exp(logs.low)
    high = None if logs.high is None else math.exp(logs.high)
    return Interval(math.exp(logs.estimate), low, high)


def judge_ratio(ratio: Interval, noise: float) -> Verdict:
    """What a time's ratio to another shows: faster, slower, no difference or undecided.

    A difference is one of more than `noise` of the faster one, so that swapping the two swaps the
    verdict. No difference is shown by an interval that lies within it: equivalence in the sense
    of D. J. Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15 (1987), not a lack of evidence.
    """
    if ratio.low is None or ratio.high is None:
        return "undecided"
    least, most = 1 / (1 + noise), 1 + noise
    if ratio.high < 1 and ratio.estimate < least:
        return "faster"
    if ratio.low > 1 and ratio.estimate > most:
        return "slower"
    if ratio.low >= least and ratio.high <= most:
        return "no difference"
    return "undecided"


def spread(samples: Sequence[float]) -> float:
    """The interquartile range over the median: a coefficient of variation that a few outliers leave
    as it is.

    C. N. P. G. Arachchige, L. A. Prendergast and R. G. Staudte, Robust analogs to the coefficient
    of variation, Journal of Applied Statistics 49 (2022), whose RCV_Q is 0.75 of it.
    """
    within = describe(samples)
    return within.iqr / within.median


def drift(samples: Sequence[float]) -> float:
    """How far the medians of the first and the second half lie apart, over the median of all.

    0 for fewer than four samples, and where the ranks of the halves do not tell them apart: of
    thirty samples that spread over a tenth of their median the halves' medians differ by more than
    DRIFT in four of ten cases by chance. The middle one of an odd number belongs to neither half.
    """
    early, late = halves(samples)
    if len(early) < 2 or not told_apart(early, late):
        return 0.0
    return abs(statistics.median(late) - statistics.median(early)) / statistics.median(samples)


def halves(samples: Sequence[float]) -> tuple[Sequence[float], Sequence[float]]:
    """The first and the last half; the middle one of an odd number belongs to neither."""
    half = len(samples) // 2
    return samples[:half], samples[len(samples) - half :]


def told_apart(some: Sequence[float], others: Sequence[float]) -> bool:
    """Whether the ranks of two samples differ by more than chance, with CONFIDENCE.

    The statistic of H. B. Mann and D. R. Whitney, Annals of Mathematical Statistics 18 (1947), by
    its normal approximation, without correction for ties: it is for samples of a dozen and more.
    """
    pairs = len(some) * len(others)
    above = sum((a > b) + (a == b) / 2 for a in some for b in others)
    deviation = math.sqrt(pairs * (len(some) + len(others) + 1) / 12)
    return abs(above - pairs / 2) > _NORMAL * deviation


def two_groups(medians: Sequence[float]) -> tuple[float, float] | None:
    """The medians of two groups of processes with nothing between them; None if there is one group.

    At least two processes lie on either side of a gap that is wider than either group and than
    SPREAD of the median: a program that is fast in some processes and slow in others, which no
    sample within one shows. The groups are the two clusters of single linkage, J. C. Gower and
    G. J. S. Ross, Applied Statistics 18 (1969), which on a line are parted by the widest gap; that
    they must lie further apart than each is wide is a rule of our own.
    """
    ordered = sorted(medians)
    gaps = [(after - before, place) for place, (before, after) in enumerate(pairwise(ordered), 1)]
    gap, place = max(gaps[1:-1], default=(0.0, 0))
    low, high = ordered[:place], ordered[place:]
    if not low or gap <= max(low[-1] - low[0], high[-1] - high[0]):
        return None
    if gap <= SPREAD * statistics.median(ordered):
        return None
    return statistics.median(low), statistics.median(high)


def exponent(points: Mapping[float, float]) -> float | None:
    """The slope of log y over log x by ordinary least squares; None for fewer than three points.

    y grows as x to this power, as far as a power law describes it. N. R. Draper and H. Smith,
    Applied Regression Analysis (1998), chapter 1.
    """
    usable = [(math.log(x), math.log(y)) for x, y in points.items() if x > 0 and y > 0]
    if len(usable) < 3:
        return None
    xs, ys = [x for x, _ in usable], [y for _, y in usable]
    return statistics.linear_regression(xs, ys).slope

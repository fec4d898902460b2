"""Claims and numbers judged by what was measured, three-valued: by whole intervals.

A claim is held where the interval lies wholly on its side, contradicted where it lies wholly on
the other, and undecided in between; what rests on unstable data is none of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from sitegen.benchmarks import Interval, Param, Point, Word
from sitegen.claims import Amount, Claim, Comparison, Measure, Side, Words
from sitegen.measure.evidence import (
    Ground,
    Unread,
    is_exact,
    read_measure,
    read_ratio,
)
from sitegen.measure.grammar import shown_value
from sitegen.measure.numbers import write_interval
from sitegen.measure.stats import judge_ratio

Says = Literal["yes", "no", "unclear"]

_MIRRORED: dict[Comparison, Comparison] = {
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
    "~": "~",
    "==": "==",
}


class Finding(msgspec.Struct, frozen=True):
    """What one run says of a claim at one point: `now` is what was measured, ready for the page."""

    word: Word
    now: str
    ground: Ground
    point: Point
    why: str = ""

    def where(self, *, device: bool) -> str:
        """The point, and the device if that is to be told."""
        parts = [f"at {shown_point(self.point)}"] if self.point else []
        return " ".join([*parts, *([f"on {self.ground.device.name}"] if device else [])])


def judge_claim(claim: Claim, grounds: Sequence[Ground], noise: float) -> tuple[Finding, ...]:
    """What each run says of a claim at each of its points; nothing where nothing is shown.

    A run of earlier code says nothing of variants that it did not have.
    """
    return tuple(
        finding
        for ground in grounds
        for point in matching_points(claim.where.at, ground)
        if (finding := _finding(claim, ground, point, noise)) is not None
    )


def worst(findings: Sequence[Finding]) -> Finding | None:
    """The finding that speaks for all of them: what stands most against the claim."""
    order: tuple[Word, ...] = ("contradicted", "rests on unstable data", "undecided", "held")
    return min(findings, key=lambda finding: order.index(finding.word), default=None)


def matching_points(at: Sequence[tuple[str, Param]], ground: Ground) -> Iterator[Point]:
    """The points of a run's sweep that have these values."""
    for point in ground.points:
        if all(name in point and point[name] == value for name, value in at):
            yield point


def shown_point(point: Point) -> str:
    """A point as claims write it: `n = 1024 and dtype = float32`."""
    return " and ".join(f"{name} = {shown_value(value)}" for name, value in point.items())


def _finding(claim: Claim, ground: Ground, point: Point, noise: float) -> Finding | None:
    left, right, comparison = claim.left, claim.right, claim.comparison
    if not isinstance(left, Measure):
        left, right, comparison = right, left, _MIRRORED[comparison]
    assert isinstance(left, Measure)  # noqa: S101 (one side of a claim is measured)
    both_sampled = isinstance(right, Measure) and not is_exact(left) and not is_exact(right)
    if isinstance(right, Measure) and both_sampled:
        reading = read_ratio(left, right, ground, point)
    else:
        reading = read_measure(left, ground, point)
    if isinstance(reading, Unread):
        if reading.absent and ground.stale:
            return None
        return Finding("undecided", "", ground, point, reading.why)
    if isinstance(reading.value, str):
        return _of_text(reading.value, comparison, right, ground, point)
    if both_sampled:
        now = write_interval(reading.value, "ratio")
        says = _compare_two(reading.value, comparison, noise)
    else:
        now = write_interval(reading.value, left.dimension, ground.work)
        other = _number(right, ground, point)
        if isinstance(other, Unread):
            return Finding("undecided", now, ground, point, other.why)
        says = _compare(reading.value, comparison, other, noise)
    if reading.unstable:
        return Finding("rests on unstable data", now, ground, point, "; ".join(reading.unstable))
    why = "too few processes for an interval" if reading.value.low is None else ""
    return Finding(_word(says), now, ground, point, why)


def _of_text(
    text: str, comparison: Comparison, right: Side, ground: Ground, point: Point
) -> Finding:
    now = f"“{text}”"
    if not isinstance(right, Words) or comparison != "==":
        return Finding("undecided", now, ground, point, "it is a text: compare by `==` with one")
    return Finding("held" if text == right.text else "contradicted", now, ground, point)


def _number(side: Side, ground: Ground, point: Point) -> Interval | Unread:
    """The other side of a comparison as a number."""
    match side:
        case Amount(value=value):
            return Interval(value, value, value)
        case Measure():
            found = read_measure(side, ground, point)
            if isinstance(found, Unread):
                return found
            return Unread("it is a text") if isinstance(found.value, str) else found.value
        case _:
            return Unread("it is no text")


def _word(says: Says) -> Word:
    words: dict[Says, Word] = {"yes": "held", "no": "contradicted", "unclear": "undecided"}
    return words[says]


def _compare_two(ratio: Interval, comparison: Comparison, noise: float) -> Says:
    """Whether one measurement stands to another as a claim says; `ratio` is the one over the other.

    `<` needs the verdict *faster*, `~` *no difference*, `<=` an interval below 1 + noise.
    """
    if comparison in (">", ">="):
        low = None if ratio.high is None else 1 / ratio.high
        high = None if ratio.low is None else 1 / ratio.low
        ratio = Interval(1 / ratio.estimate, low, high)
        comparison = _MIRRORED[comparison]
    if ratio.low is None or ratio.high is None:
        return "unclear"
    verdict = judge_ratio(ratio, noise)
    match comparison:
        case "<":
            if verdict == "faster":
                return "yes"
            return "no" if verdict != "undecided" or ratio.low >= 1 else "unclear"
        case "<=":
            if ratio.high < 1 + noise:
                return "yes"
            return "no" if ratio.low >= 1 + noise else "unclear"
        case _:
            if verdict == "no difference":
                return "yes"
            return "unclear" if verdict == "undecided" else "no"


def _compare(found: Interval, comparison: Comparison, other: Interval, noise: float) -> Says:
    """Whether a whole interval stands to a number as a claim says."""
    if None in (found.low, found.high, other.low, other.high):
        return "unclear"
    low, high = found.low or 0.0, found.high or 0.0
    least, most = other.low or 0.0, other.high or 0.0
    match comparison:
        case "<":
            return _three(high < least, low >= most)
        case "<=":
            return _three(high <= least, low > most)
        case ">":
            return _three(low > most, high <= least)
        case ">=":
            return _three(low >= most, high < least)
        case "==":
            return _three(low == high == least == most, high < least or low > most)
        case "~":
            near, far = least - noise * abs(least), most + noise * abs(most)
            return _three(near <= low and high <= far, high < near or low > far)


def _three(yes: bool, no: bool) -> Says:
    return "yes" if yes else "no" if no else "unclear"

"""Kinds of measures: which sides of a claim can be compared, and how; numbers in base units."""

from __future__ import annotations

from sitegen.claims import Amount, Comparison, Dimension, Measure, Side, Words
from sitegen.measure.scanner import Scanner
from sitegen.measure.units import scale_of, unit_example


class Written(Amount, frozen=True):
    """A number as it is written: its unit, and where the two begin."""

    unit: str
    place: tuple[int, int]


_NOUNS: dict[Dimension, str] = {
    "time": "time",
    "size": "size",
    "rate": "rate",
    "ratio": "ratio",
    "count": "count",
    "plain": "value",
}


def check_sides(
    scanner: Scanner,
    left: Side,
    left_at: tuple[int, int],
    comparison: Comparison,
    place: int,
    right: Side,
    right_at: tuple[int, int],
) -> None:
    """That both sides are of one kind, and that they can be compared so."""
    measures = [side for side in (left, right) if isinstance(side, Measure)]
    if not measures:
        help = "one side at least names what is measured"
        scanner.fail("nothing is measured here", left_at[0], help, right_at[1] - left_at[0])
    if len(measures) == 2:
        one, other = measures
        kinds = one.dimension, other.dimension
        if kinds[0] != kinds[1] and not set(kinds) <= {"ratio", "count", "plain"}:
            message = f"a {_NOUNS[kinds[0]]} cannot be compared with a {_NOUNS[kinds[1]]}"
            help = "both sides are of one kind"
            scanner.fail(message, left_at[0], help, right_at[1] - left_at[0])
    exact = all(side.dimension in ("count", "plain") for side in measures)
    if comparison == "==" and not exact:
        help = "write `~` for: the same within `noise`"
        scanner.fail("`==` is for counts, values and text", place, help, 2)
    if isinstance(left, Words) or isinstance(right, Words):
        measure = measures[0]
        if measure.dimension != "plain" or measure.factor != 1:
            help = "leave the quotes out, or name a text in `values`"
            where = left_at if isinstance(left, Words) else right_at
            scanner.fail("a measurement is no text", where[0], help)
        if comparison != "==":
            scanner.fail("texts are compared by `==`", place, "write `==`", len(comparison))


def in_base_units(scanner: Scanner, side: Side, other: Side, work: str) -> Side:
    """The side, a number with the other side's unit in base units."""
    if not isinstance(side, Written) or not isinstance(other, Measure):
        return side
    number_at, unit_at = side.place
    scale = scale_of(side.unit, other.dimension, work)
    if scale is not None:
        return Amount(side.value * scale)
    example = unit_example(other.dimension, work)
    noun = _NOUNS[other.dimension]
    if not side.unit:
        scanner.fail(f"a {noun} has a unit", number_at, f"such as `{example}`", unit_at - number_at)
    help = f"such as `{example}`"
    return scanner.fail(f"`{side.unit}` is no unit of a {noun}", unit_at, help, len(side.unit))

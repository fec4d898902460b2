"""The grammar of claims: what is read, and what is told at which column."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.claims import (
    About,
    Amount,
    Claim,
    ClaimError,
    Measure,
    Quantity,
    Where,
    Words,
)
from sitegen.measure.grammar import parse_claim

BENCH = About(
    ("eager", "compiled", "jitted"),
    (("n", (256, 1024, 4096)), ("dtype", ("float32", "bfloat16")), ("fused", (True, False))),
    work="FLOP",
)
VALUES = About(values=("acc", "steps", "name"))


def time(name: str) -> Quantity:
    return Quantity("time", name)


@pytest.mark.parametrize(
    ("text", "left", "comparison", "right"),
    [
        ("compiled < eager", Measure(time("compiled")), "<", Measure(time("eager"))),
        ("compiled<=eager", Measure(time("compiled")), "<=", Measure(time("eager"))),
        ("compiled ~ eager", Measure(time("compiled")), "~", Measure(time("eager"))),
        ("2 * jitted < eager", Measure(time("jitted"), factor=2), "<", Measure(time("eager"))),
        (
            "first(compiled) > 10 * eager",
            Measure(Quantity("first", "compiled")),
            ">",
            Measure(time("eager"), factor=10),
        ),
        ("eager/compiled >= 1.8", Measure(time("eager"), time("compiled")), ">=", Amount(1.8)),
        ("eager / compiled > 130 %", Measure(time("eager"), time("compiled")), ">", Amount(1.3)),
        ("eager / compiled > 2x", Measure(time("eager"), time("compiled")), ">", Amount(2)),
        ("5 ms > compiled", Amount(0.005), ">", Measure(time("compiled"))),
        ("compiled < 900us", Measure(time("compiled")), "<", Amount(900e-6)),
        ("compiled < 900 µs", Measure(time("compiled")), "<", Amount(900e-6)),
        ("peak(eager) <= 2 GiB", Measure(Quantity("peak", "eager")), "<=", Amount(2.0**31)),
        (
            "peak(eager) / peak(compiled) > 1",
            Measure(Quantity("peak", "eager"), Quantity("peak", "compiled")),
            ">",
            Amount(1),
        ),
        ("rate(eager) > 1.5 TFLOP/s", Measure(Quantity("rate", "eager")), ">", Amount(1.5e12)),
        ("rate(eager) > 3e9 FLOP/s", Measure(Quantity("rate", "eager")), ">", Amount(3e9)),
        ("breaks(compiled) == 0", Measure(Quantity("breaks", "compiled")), "==", Amount(0)),
        ("recompiles(compiled) < 3", Measure(Quantity("recompiles", "compiled")), "<", Amount(3)),
    ],
)
def test_claims_on_benchmarks(text: str, left: object, comparison: str, right: object) -> None:
    claim = parse_claim(text, BENCH)
    assert (claim.left, claim.comparison, claim.right) == (left, comparison, right)
    assert claim.where == Where()
    assert claim.text == text


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("acc > 90 %", Amount(0.9)),
        ("acc >= 0.9", Amount(0.9)),
        ("steps == 1_000", Amount(1000)),
        ('name == "sgd"', Words("sgd")),
        ("name == 'sgd'", Words("sgd")),
        ("acc / steps < 1e-3", Amount(1e-3)),
    ],
)
def test_claims_on_values(text: str, right: object) -> None:
    claim = parse_claim(text, VALUES)
    assert claim.right == right
    assert {quantity.kind for quantity in claim.measures[0].quantities} == {"value"}


@pytest.mark.parametrize(
    ("clauses", "where"),
    [
        ("at n = 4096", Where((("n", 4096),))),
        ("at n=4_096", Where((("n", 4096),))),
        ("at n = 1e3 and n = 256", None),
        ("at n = 1.024e3", Where((("n", 1024),))),
        (
            "at n = 256 and dtype = bfloat16 and fused = false",
            Where((("n", 256), ("dtype", "bfloat16"), ("fused", False))),
        ),
        ('at dtype = "float32"', Where((("dtype", "float32"),))),
        ("on h100", Where(on="h100")),
        ("on nvidia-h100-80gb-hbm3", Where(on="nvidia-h100-80gb-hbm3")),
        ("as of 2026-11-22", Where(as_of=dt.date(2026, 11, 22))),
        (
            "at n = 256 on m3-max as of 2026-11-22",
            Where((("n", 256),), "m3-max", dt.date(2026, 11, 22)),
        ),
    ],
)
def test_where_and_when(clauses: str, where: Where | None) -> None:
    if where is None:
        with pytest.raises(ClaimError, match="`n` is never `1e3`"):
            parse_claim(f"eager < jitted {clauses}", BENCH)
        return
    for claim in (f"eager < jitted {clauses}", f"eager / jitted < 3 {clauses}"):
        assert parse_claim(claim, BENCH).where == where


@pytest.mark.parametrize(
    ("text", "marked", "message", "help"),
    [
        ("eagre < jitted", "eagre", "there is no variant `eagre`", "did you mean `eager`?"),
        (
            "other < jitted",
            "other",
            "there is no variant `other`",
            "variants: `eager`, `compiled`, `jitted`",
        ),
        ("eager < ", "", "expected a variant or a quantity", "such as `eager < 5 ms`"),
        ("eager", "", "expected a comparison", "compare with"),
        ("eager = jitted", "=", "`=` compares nothing", "compare with"),
        ("eager ! jitted", "!", "expected a comparison, found `!`", "compare with"),
        ("eager < 5", "5", "a time has a unit", "such as `5 ms`"),
        ("eager < 5 GB", "GB", "`GB` is no unit of a time", "such as `5 ms`"),
        ("eager / jitted > 5 ms", "ms", "`ms` is no unit of a ratio", "such as `1.5`"),
        ("rate(eager) > 1 TB/s", "TB/s", "`TB/s` is no unit of a rate", "`1.5 TFLOP/s`"),
        ("peak(eager) > 1", "1", "a size has a unit", "such as `2 GB`"),
        ("breaks(eager) == 1 %", "%", "`%` is no unit of a count", "such as `3`"),
        ("frist(eager) < 1 s", "frist(", "there is no `frist(…)`", "did you mean `first`?"),
        ("mean(eager) < 1 s", "mean(", "there is no `mean(…)`", "there are `first(v)`"),
        ("first(eager < 1 s", "<", "expected `)`, found `<`", "such as `first(eager)`"),
        ("first() < 1 s", ")", "expected a variant, found `)`", "such as `first(eager)`"),
        ("eager == jitted", "==", "`==` is for counts, values and text", "write `~`"),
        ("5 ms < 6 ms", "5 ms < 6 ms", "nothing is measured here", "one side at least"),
        (
            "eager < peak(jitted)",
            "eager < peak(jitted)",
            "a time cannot be compared with a size",
            "",
        ),
        ("eager / peak(jitted) < 1", "eager / peak(jitted)", "the two have no ratio", "such as"),
        ("eager < jitted at m = 3", "m", "`m` is no parameter of the sweep", "parameters: `n`"),
        ("eager < jitted at n 3", "3", "expected `=` and a value, found `3`", "such as `n = 256`"),
        ("eager < jitted at n = 3", "3", "`n` is never `3`", "one of `256`, `1024`, `4096`"),
        ("eager < jitted at fused = 3", "3", "`fused` is never `3`", "one of `true`, `false`"),
        ("eager < jitted on", "", "expected a device's name", "such as `h100`"),
        ("eager < jitted as 2026", "2026", "expected `of` and a date", "`as of 2026-11-22`"),
        ("eager < jitted as of May", "May", "this is no date", "such as `2026-11-22`"),
        ("eager < jitted on h100 at n = 256", "at", "expected the end, found `at`", "this order"),
        ("eager < jitted today", "today", "expected the end, found `today`", "a claim ends"),
        ("-2 * eager < jitted", "eager", "a factor is above 0", "such as `2 * eager`"),
        ('eager == "fast"', "==", "`==` is for counts", ""),
    ],
)
def test_mistakes_are_told_at_their_column(text: str, marked: str, message: str, help: str) -> None:
    with pytest.raises(ClaimError) as caught:
        parse_claim(text, BENCH)
    error = caught.value
    assert error.message.startswith(message)
    assert help in error.help
    assert text[error.start : error.start + error.width].strip() == marked


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("acb > 0.9", "no block lists `acb` in `values`"),
        ("loss > 0.9", "no block lists `loss` in `values`"),
        ("first(acc) > 1 s", "there is no `first(…)`"),
        ("acc > 3 ms", "`ms` is no unit of a value"),
        ("acc > 0.9 at n = 3", "`n` is no parameter of the sweep"),
        ('name ~ "sgd"', "texts are compared by `==`"),
        ('name / acc == "sgd"', "`==` is for counts, values and text"),
    ],
)
def test_mistakes_in_claims_on_values(text: str, message: str) -> None:
    with pytest.raises(ClaimError) as caught:
        parse_claim(text, VALUES)
    assert caught.value.message == message


def test_a_rate_needs_work_and_unknown_variants_are_not_told() -> None:
    with pytest.raises(ClaimError, match="no rate without `work`"):
        parse_claim("rate(eager) > 1 FLOP/s", About(("eager",)))
    assert parse_claim("a < b", About()).text == "a < b"


PIECES = st.sampled_from(
    "eager jitted first( peak( ) * / < <= > ~ == 5 ms GB % at n = 256 and on h100 as of "
    '2026-11-22 "x" 1e3 ( . ; é rate( breaks( 1.5 TFLOP/s'.split()
)


@given(st.one_of(st.lists(PIECES, max_size=12).map(" ".join), st.text(max_size=40)))
def test_any_text_is_a_claim_or_a_mistake_within_it(text: str) -> None:
    for about in (BENCH, VALUES, About()):
        try:
            claim = parse_claim(text, about)
        except ClaimError as error:
            inside = 0 <= error.start <= len(text) and error.width >= 1
            told = error.message and error.help
        else:
            inside, told = isinstance(claim, Claim), claim.text
        assert inside
        assert told


@given(st.lists(PIECES, min_size=3, max_size=8))
def test_space_between_parts_means_nothing(parts: list[str]) -> None:
    with suppress(ClaimError):
        claim = parse_claim(" ".join(parts), BENCH)
        assert parse_claim("  ".join(parts), BENCH).left == claim.left

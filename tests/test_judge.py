"""Claims judged by made-up measurements, three-valued and by whole intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.benchmarks import Bench, Benchmark, FirstCall, Sampled, Word, Work
from sitegen.claims import About, Measure
from sitegen.measure.evidence import Ground, Known, Reading, Unread, bench_ground, read_measure
from sitegen.measure.grammar import Reader, parse_claim
from sitegen.measure.judge import Finding, judge_claim, worst
from sitegen.model import Value
from tests.made_up import CPU, DAY, H100, M3, make_bench, make_benchmark, make_run, make_series

replace = msgspec.structs.replace
NOISE = 0.05


def with_medians(**variants: Sequence[float]) -> Benchmark:
    """Variants with exactly these times, one a process."""
    series = tuple(
        make_series(name, {}, [[seconds] * 8 for seconds in medians], breaks=2, peak=2_000_000)
        for name, medians in variants.items()
    )
    return Benchmark(tuple(variants), series, ())


def ground(benchmark: Benchmark, bench: Bench | None = None, *, stale: bool = False) -> Ground:
    bench = bench or replace(make_bench(), work=Work("1e6", "FLOP"))
    return bench_ground(bench, make_run(benchmark), stale=stale)


def judged(text: str, *grounds: Ground, about: About | None = None) -> Finding:
    claim = parse_claim(text, about or About(work="FLOP"))
    found = worst(judge_claim(claim, grounds, NOISE))
    assert found is not None
    return found


ABOUT_2 = [1.98, 1.99, 2.0, 2.0, 2.01, 2.02]
ABOUT_1 = [0.99, 1.0, 1.0, 1.0, 1.0, 1.01]
WIDE = [0.8, 0.9, 1.0, 1.1, 1.2, 1.3]


@pytest.mark.parametrize(
    ("claim", "word"),
    [
        # one variant's time and another's
        ("one < two", "held"),
        ("two < one", "contradicted"),
        ("two > one", "held"),
        ("one > two", "contradicted"),
        ("one <= two", "held"),
        ("two <= one", "contradicted"),
        ("one <= alike", "held"),
        ("one >= alike", "held"),
        ("one < alike", "contradicted"),
        ("one ~ alike", "held"),
        ("one ~ two", "contradicted"),
        ("one < wide", "undecided"),
        ("one ~ wide", "undecided"),
        ("one <= wide", "undecided"),
        ("1.9 * one < two", "held"),
        ("2 * one ~ two", "held"),
        ("2.5 * one < two", "contradicted"),
        # a number with a unit
        ("one < 1.02 s", "held"),
        ("one < 0.98 s", "contradicted"),
        ("one < 1000 ms", "undecided"),
        ("one <= 1.01 s", "held"),
        ("one > 985 ms", "held"),
        ("1.02 s > one", "held"),
        ("one ~ 1 s", "held"),
        ("one ~ 1.2 s", "contradicted"),
        ("wide ~ 1 s", "undecided"),
        # ratios
        ("two / one > 1.8", "held"),
        ("two / one > 2.5", "contradicted"),
        ("two / one >= 2", "undecided"),
        ("two / one > 180 %", "held"),
        ("two / one ~ 2", "held"),
        ("two / one > one / two", "held"),
        ("two / one ~ 2 * alike / one", "held"),
        # other quantities
        ("first(one) > 9 s", "held"),
        ("first(one) > 3 * one", "held"),
        ("first(one) < one", "contradicted"),
        ("peak(one) <= 2 MB", "held"),
        ("peak(one) ~ peak(two)", "held"),
        ("rate(one) > 0.9 MFLOP/s", "held"),
        ("rate(one) > rate(two)", "held"),
        ("breaks(one) == 2", "held"),
        ("breaks(one) == 0", "contradicted"),
        ("breaks(one) > 1", "held"),
        ("breaks(one) == breaks(two)", "held"),
        ("recompiles(one) < breaks(one)", "held"),
        ("breaks(one) / breaks(two) == 1", None),
    ],
)
def test_claims(claim: str, word: Word | None) -> None:
    if word is None:
        with pytest.raises(ValueError, match="`==` is for counts"):
            parse_claim(claim, About())
        return
    benchmark = with_medians(one=ABOUT_1, two=ABOUT_2, alike=ABOUT_1[::-1], wide=WIDE)
    series = tuple(
        replace(
            entry,
            sampled=tuple(replace(each, first=FirstCall(10.0)) for each in entry.sampled),
        )
        for entry in benchmark.series
    )
    assert judged(claim, ground(replace(benchmark, series=series))).word == word


def test_what_is_measured_is_said_with_its_interval() -> None:
    both = ground(with_medians(one=ABOUT_1, two=ABOUT_2))
    assert judged("two < one", both).now == "2.00× (1.99–2.01)"
    assert judged("one > 2 s", both).now == "1.00 s (0.99–1.01)"
    assert judged("breaks(one) > 3", both).now == "2"


def test_fewer_than_six_processes_decide_nothing() -> None:
    both = ground(with_medians(one=ABOUT_1[:5], two=ABOUT_2[:5]))
    for claim in ("one < two", "two / one > 1.1", "one < 5 s"):
        found = judged(claim, both)
        assert (found.word, found.why) == ("undecided", "too few processes for an interval")
    assert judged("breaks(one) == 2", both).word == "held"


def test_paired_rounds_decide_what_separate_medians_would_not() -> None:
    """Each process is slow or fast as a whole; in each, the one variant takes 0.9 of the other."""
    paces = [1.0, 1.5, 2.0, 2.5, 3.0, 3.5]
    both = ground(with_medians(one=[0.9 * pace for pace in paces], two=paces))
    assert judged("one < two", both).word == "held"
    assert judged("one / two ~ 0.9", both).word == "held"


def test_unstable_data_carries_nothing_but_what_does_not_rest_on_samples() -> None:
    restless = [[1.0, 1.4] * 8] * 6
    series = (make_series("one", {}, restless), make_series("two", {}, [[5.0] * 8] * 6))
    both = ground(Benchmark(("one", "two"), series, ()))
    found = judged("one < two", both)
    assert found.word == "rests on unstable data"
    assert "middle half of the ratios of `one` to `two`" in found.why
    assert "middle half of the samples" in judged("one < 2 s", both).why
    assert judged("one > two", both).word == "rests on unstable data"
    assert judged("first(one) < 2 s", both).word == "held"
    assert judged("breaks(one) == 0", both).word == "held"


def test_what_is_unlike_is_not_compared_unless_that_is_said() -> None:
    one, two = with_medians(one=ABOUT_1, two=ABOUT_2).series
    two = replace(two, alike=replace(CPU, device="cuda:0"))
    benchmark = Benchmark(("one", "two"), (one, two), ())
    found = judged("one < two", ground(benchmark))
    assert (found.word, found.why) == ("undecided", "not comparable: on cpu against on cuda:0")
    meant = ground(benchmark, replace(make_bench(), unlike=True))
    assert judged("one < two", meant).word == "held"
    assert judged("one < 5 s", ground(benchmark)).word == "held"


SWEEP = {"n": (1, 2, 4)}


def swept(power: float = 1.0) -> Ground:
    benchmark = make_benchmark(
        lambda variant, point: 1e-3 * float(point["n"]) ** (power if variant == "a" else 1),
        ("a", "b"),
        SWEEP,
    )
    return ground(benchmark, make_bench(sweep=SWEEP))


def test_without_a_point_a_claim_is_of_every_point() -> None:
    about = About(("a", "b"), tuple(SWEEP.items()))
    found = judged("a <= b", swept(2), about=about)
    assert found.word == "contradicted"
    assert found.where(device=False) in ("at n = 2", "at n = 4")
    assert judged("a ~ b at n = 1", swept(2), about=about).word == "held"
    claim = parse_claim("a >= b", about)
    assert len(judge_claim(claim, [swept(2)], NOISE)) == 3


def test_every_device_that_is_given_is_asked() -> None:
    here = ground(with_medians(one=ABOUT_1, two=ABOUT_2))
    there = replace(ground(with_medians(one=ABOUT_2, two=ABOUT_1)), device=M3)
    found = judged("one < two", here, there)
    assert found.word == "contradicted"
    assert found.where(device=True) == "on m3-max"


def test_earlier_code_says_nothing_of_what_it_did_not_have() -> None:
    claim = parse_claim("one < three", About())
    old = ground(with_medians(one=ABOUT_1), stale=True)
    assert judge_claim(claim, [old], NOISE) == ()
    assert judged("one < three", replace(old, stale=False)).word == "undecided"


def test_a_variant_that_failed_decides_nothing() -> None:
    one, two = with_medians(one=ABOUT_1, two=ABOUT_2).series
    two = replace(two, sampled=(), failure="out of memory")
    found = judged("one < two", ground(Benchmark(("one", "two"), (one, two), ())))
    assert (found.word, found.why) == ("undecided", "`two` failed: out of memory")


def test_without_memory_figures_nothing_is_said_of_memory() -> None:
    bare = Benchmark(("one",), (make_series("one", {}, [[1.0] * 8] * 6),), ())
    assert "peak memory" in judged("peak(one) < 1 GB", ground(bare)).why


def test_memory_is_the_accelerator_s_where_it_was_measured_there() -> None:
    one = Sampled(0, FirstCall(1.0), 3, 4, (1.0,) * 8, peak_host=5, peak_device=7)
    series = replace(
        make_series("one", {}, []), sampled=tuple(replace(one, process=n) for n in range(6))
    )
    peak = Reader("peak(one)", About()).measure()
    reading = read_measure(peak, ground(Benchmark(("one",), (series,), ())), {})
    assert isinstance(reading, Reading)
    assert not isinstance(reading.value, str)
    assert reading.value.estimate == 7


# --- values ---------------------------------------------------------------------------------

VALUES: dict[str, Value] = {
    "acc": 0.91,
    "best": 0.95,
    "steps": 1000,
    "name": "sgd",
    "done": True,
    "loss": "nan",
    "none": 0,
}
STORED = Ground(H100, DAY, values={name: Known(value, DAY) for name, value in VALUES.items()})
NAMES = About(values=tuple(VALUES))


@pytest.mark.parametrize(
    ("claim", "word"),
    [
        ("acc > 90 %", "held"),
        ("acc > 0.91", "contradicted"),
        ("acc >= 0.91", "held"),
        ("acc < best", "held"),
        ("acc ~ best", "held"),
        ("acc ~ 0.8", "contradicted"),
        ("best / acc > 1.04", "held"),
        ("steps == 1000", "held"),
        ("steps == 1001", "contradicted"),
        ('name == "sgd"', "held"),
        ('name == "adam"', "contradicted"),
        ('done == "True"', "held"),
        ("name > 3", "undecided"),
        ('acc == "sgd"', "undecided"),
        ("loss < 1", "undecided"),
        ("acc / none > 1", "undecided"),
        ("acc > name", "undecided"),
    ],
)
def test_claims_on_values(claim: str, word: Word) -> None:
    assert judged(claim, STORED, about=NAMES).word == word


def test_a_name_without_a_value_decides_nothing() -> None:
    found = judged("gone > 1", STORED, about=About(values=("gone",)))
    assert (found.word, found.why) == ("undecided", "`gone` has no value there")


# --- properties -----------------------------------------------------------------------------

TIMES = st.lists(st.floats(min_value=1e-3, max_value=1e3), min_size=6, max_size=6)
MIRROR = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "~": "~"}


@given(TIMES, TIMES, st.sampled_from(sorted(MIRROR)))
def test_a_claim_read_from_the_right_says_the_same(
    one: list[float], two: list[float], comparison: str
) -> None:
    both = ground(with_medians(one=one, two=two))
    forth = judged(f"one {comparison} two", both)
    back = judged(f"two {MIRROR[comparison]} one", both)
    assert forth.word == back.word


@given(TIMES, TIMES)
def test_no_two_claims_that_exclude_each_other_are_held(one: list[float], two: list[float]) -> None:
    both = ground(with_medians(one=one, two=two))
    held = [
        text
        for text in ("one < two", "one > two", "one ~ two")
        if judged(text, both).word == "held"
    ]
    assert len(held) <= 1
    if "one < two" in held:
        assert judged("one <= two", both).word == "held"
    if "one ~ two" in held:
        assert judged("one <= two", both).word == judged("one >= two", both).word == "held"


@given(TIMES, st.floats(min_value=1e-3, max_value=1e3))
def test_a_number_is_above_below_or_undecided(times: list[float], number: float) -> None:
    alone = ground(with_medians(one=times))
    above = judged(f"one > {number!r} s", alone).word
    below = judged(f"one <= {number!r} s", alone).word
    opposite = {"held": "contradicted", "contradicted": "held"}
    assert below == opposite.get(above, above)


@given(TIMES, TIMES)
def test_a_ratio_is_read_as_one_over_its_inverse(one: list[float], two: list[float]) -> None:
    both = ground(with_medians(one=one, two=two))
    about = About()
    forth = read_measure(_measure("one / two", about), both, {})
    back = read_measure(_measure("two / one", about), both, {})
    assert isinstance(forth, Reading)
    assert isinstance(back, Reading)
    assert not isinstance(forth.value, str)
    assert not isinstance(back.value, str)
    assert forth.value.estimate == pytest.approx(1 / back.value.estimate)
    assert forth.value.low is not None
    assert back.value.high is not None
    assert math.isclose(forth.value.low, 1 / back.value.high)


def _measure(text: str, about: About) -> Measure:
    return Reader(text, about).measure()


def test_a_rate_without_work_at_a_point_is_not_read() -> None:
    bench = replace(make_bench(), work=Work("log(n - 1)", "FLOP"))
    benchmark = make_benchmark({"one": 1e-3})
    reading = read_measure(
        _measure("rate(one)", About(work="FLOP")), bench_ground(bench, make_run(benchmark)), {}
    )
    assert isinstance(reading, Unread)
    assert reading.why.startswith("`work` has no value there")

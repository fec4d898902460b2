"""`sitegen diff`: two stored runs, and the statistics between them. All numbers are made up."""

from __future__ import annotations

import datetime as dt
import math
import random
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.base.errors import SiteError
from sitegen.cli.changes import render_difference
from sitegen.commands.diff import Difference, diff
from sitegen.measure.between import ratio_of_runs, shift_rank
from sitegen.passes.asked import Caller
from tests.benches import H100, M3, made_up_benchmark
from tests.support import sitegen
from tests.test_bench_pages import POST, store

FILES: dict[str, str | bytes] = {"content/post.md": POST}


def compare(root: Path, start: str | None = None, end: str | None = None) -> Difference:
    return diff(root, (), start, end, Caller({}, sys.executable))


# --- statistics ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("some", "others", "critical"),
    [(5, 5, 2), (6, 6, 5), (6, 7, 6), (7, 7, 8), (8, 8, 13), (9, 9, 17), (10, 10, 23), (6, 10, 11)],
)
def test_ranks_are_those_of_published_tables(some: int, others: int, critical: int) -> None:
    """Critical values of U at 5 %, two-sided: S. Siegel, Nonparametric Statistics (1956), table K.

    An interval leaves out what the test rejects, U <= critical, so its rank is one more.
    """
    assert shift_rank(some, others) == critical + 1
    assert shift_rank(others, some) == critical + 1


def test_too_few_values_have_no_rank() -> None:
    assert shift_rank(3, 3) is None
    assert shift_rank(1, 30) is None


def test_the_interval_holds_what_scipys_test_does_not_reject() -> None:
    stats = pytest.importorskip("scipy.stats")
    chance = random.Random(5)  # noqa: S311
    for _ in range(20):
        then = [math.exp(chance.gauss(0, 0.02)) for _ in range(6)]
        now = [math.exp(chance.gauss(0.03, 0.02)) for _ in range(7)]
        found = ratio_of_runs(then, now)
        assert found.low is not None
        assert found.high is not None
        for ratio, inside in (
            (found.low * 1.0001, True),
            (found.high * 0.9999, True),
            (found.low * 0.9999, False),
            (found.high * 1.0001, False),
        ):
            moved = [value / ratio for value in now]
            rejected = stats.mannwhitneyu(moved, then, method="exact").pvalue <= 0.05
            assert rejected != inside


def test_the_interval_covers_the_true_ratio_as_often_as_it_says() -> None:
    """2,000 pairs of runs of six processes each: 95.9 % is what these ranks give."""
    chance = random.Random(11)  # noqa: S311
    held = 0
    for _ in range(2000):
        then = [math.exp(chance.gauss(0, 0.05)) for _ in range(6)]
        now = [1.2 * math.exp(chance.gauss(0, 0.05)) for _ in range(6)]
        found = ratio_of_runs(then, now)
        held += (found.low or 9) <= 1.2 <= (found.high or 0)
    assert 0.945 <= held / 2000 <= 0.975


@given(
    st.lists(st.floats(1e-6, 1e3), min_size=6, max_size=9),
    st.lists(st.floats(1e-6, 1e3), min_size=6, max_size=9),
)
def test_swapping_the_runs_turns_the_ratio(then: list[float], now: list[float]) -> None:
    there, back = ratio_of_runs(then, now), ratio_of_runs(now, then)
    assert there.estimate == pytest.approx(1 / back.estimate)
    assert there.low is not None
    assert back.high is not None
    assert there.low == pytest.approx(1 / back.high)


def test_fewer_than_six_processes_have_no_interval() -> None:
    assert ratio_of_runs([1.0] * 5, [1.0] * 6).low is None


# --- which runs ---------------------------------------------------------------------------------


def test_the_last_two_runs_of_each_device_are_compared(tmp_path: Path) -> None:
    store(tmp_path, FILES, made_up_benchmark(scale=1.5), days=200)
    store(tmp_path, FILES, made_up_benchmark(scale=1.2), torch="2.12.1", days=90)
    store(tmp_path, FILES, made_up_benchmark(seed=1))
    store(tmp_path, FILES, made_up_benchmark(scale=3), device=M3, days=20)
    store(tmp_path, FILES, made_up_benchmark(scale=3, seed=2), device=M3, days=1)
    found = compare(tmp_path)
    sides = [(entry.then.started.date(), entry.now.started.date()) for entry in found.compared]
    assert sorted(entry.now.device for entry in found.compared) == ["h100", "m3-max"]
    assert (dt.date(2026, 8, 24), dt.date(2026, 11, 22)) in sides
    verdicts = {
        (entry.now.device, change.variant): change.verdict
        for entry in found.compared
        for change in entry.changes
    }
    assert verdicts["h100", "eager"] == "faster"
    assert verdicts["m3-max", "eager"] == "no difference"
    assert found.status == 0


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-05-06", "2026-08-24", ("2026-05-06", "2026-08-24")),
        ("2026-05-06", None, ("2026-05-06", "2026-11-22")),
        (None, "2026-08-24", ("2026-05-06", "2026-08-24")),
        ("torch==2.12.1", "torch==2.13.0", ("2026-08-24", "2026-11-22")),
        ("2026-11-22", "2026-05-06", ("2026-11-22", "2026-05-06")),
        ("h100", "m3-max", ("2026-11-22", "2026-11-02")),
        ("m3-max", None, ("2026-11-02", "2026-11-22")),
    ],
)
def test_two_days_devices_or_versions_may_be_named(
    tmp_path: Path, start: str | None, end: str | None, expected: tuple[str, str]
) -> None:
    store(tmp_path, FILES, torch="2.11.0", days=200)
    store(tmp_path, FILES, torch="2.12.1", days=90)
    store(tmp_path, FILES)
    store(tmp_path, FILES, device=M3, days=20)
    found = compare(tmp_path, start, end)
    assert [
        (f"{entry.then.started:%Y-%m-%d}", f"{entry.now.started:%Y-%m-%d}")
        for entry in found.compared
    ] == [expected]


def test_a_run_that_nobody_stored_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    store(tmp_path, FILES)
    with pytest.raises(SiteError) as caught:
        compare(tmp_path, "h200")
    problem = caught.value.problems[0]
    assert problem.message == "no stored run is of `h200`"
    assert problem.help == ("did you mean `h100`?",)


def test_a_single_run_is_compared_with_nothing(tmp_path: Path) -> None:
    store(tmp_path, FILES)
    store(tmp_path, FILES, device=M3, days=1, by="Ada")
    found = compare(tmp_path)
    assert found.compared == ()
    assert found.notes == (
        "post, swiglu: one run is stored; `sitegen run post --refresh` adds one",
    )
    assert found.status == 2


def test_changed_code_is_said(tmp_path: Path) -> None:
    store(tmp_path, FILES, days=30)
    store(tmp_path, {"content/post.md": POST.replace("t @ t", "t @ t.T")})
    (entry,) = compare(tmp_path).compared
    assert entry.code == "changed"
    assert "the code has changed between them" in "\n".join(render_difference(compare(tmp_path)))


def test_slower_faster_undecided_and_no_difference(tmp_path: Path) -> None:
    times = {"eager": 1e-3, "compiled": 1e-3, "jitted": 1e-3}
    store(tmp_path, FILES, made_up_benchmark(times), H100, days=30)
    times = {"eager": 2e-3, "compiled": 5e-4, "jitted": 1e-3}
    store(tmp_path, FILES, made_up_benchmark(times, seed=4), torch="2.14.0")
    (entry,) = compare(tmp_path).compared
    assert [change.verdict for change in entry.changes] == ["slower", "faster", "no difference"]
    lines = list(render_difference(compare(tmp_path)))
    assert lines[0] == "post, swiglu: 2026-10-23 → 2026-11-22 on h100"
    assert lines[1] == "    torch 2.13.0 → 2.14.0"
    assert lines[-1] == "3 times compared: 1 slower, 1 faster, 1 no difference"
    few = made_up_benchmark(times, processes=3)
    store(tmp_path, FILES, few, torch="2.15.0", days=-1)
    (entry,) = compare(tmp_path).compared
    assert {change.verdict for change in entry.changes} == {"undecided"}


def test_the_command_prints_both(tmp_path: Path) -> None:
    store(tmp_path, FILES, made_up_benchmark(scale=1.3), days=30)
    store(tmp_path, FILES)
    done = sitegen(tmp_path, "diff", "post")
    assert done.returncode == 0, done.stderr
    assert "× faster (" in done.stdout
    report = sitegen(tmp_path, "diff", "--json")
    assert '"verdict": "faster"' in report.stdout
    assert sitegen(tmp_path, "diff", "--from", "nowhere").returncode == 2


def test_of_an_unstable_run_nothing_is_said(tmp_path: Path) -> None:
    store(tmp_path, FILES, made_up_benchmark(scale=3), days=20)
    store(tmp_path, FILES, made_up_benchmark(shaky="jitted"))
    (found,) = compare(tmp_path).compared
    verdicts = {change.variant: (change.verdict, change.unstable) for change in found.changes}
    assert verdicts["jitted"] == ("undecided", True)
    assert verdicts["eager"] == ("faster", False)
    assert "undecided: " in "\n".join(render_difference(compare(tmp_path)))

"""Stored benchmarks: shown, judged, replayed, accepted, pruned. The results are made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from sitegen.base.errors import Problem, render_problem
from sitegen.benchmarks import Alike, Benchmark
from sitegen.execute.compare import Difference
from sitegen.execute.compare_bench import compare_benchmarks
from sitegen.storage.measurements import load_store, put_run
from tests.bench_sites import POST, made_up_run, plan_of, settle, store_all
from tests.made_up import CPU, H100, M3, make_benchmark
from tests.support import CONFIG, build_site, report_of, sitegen, stored, write_site


def test_a_stored_benchmark_is_shown_with_its_samples(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/post.md": POST})
    benchmark = make_benchmark({"add": 1e-3, "twice": 2e-3})
    put_run(tmp_path, made_up_run(plan_of(tmp_path, "bench:sums"), benchmark))
    settled = settle(tmp_path)
    (shown,) = settled.shown["post"]
    assert shown.plan.bench is not None
    assert not shown.stale
    assert shown.run.benchmark == benchmark
    assert [cell.status for cell in shown.cells if cell] == ["ok", "ok"]


def test_a_page_speaks_of_a_benchmark_that_was_not_measured(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/post.md": POST})
    build_site(tmp_path, mode="no-exec")
    html = (tmp_path / "public/post/index.html").read_text("utf-8")
    assert html.count("not measured yet") == 1
    assert html.count("not run yet") == 1


def test_a_page_shows_needed_blocks_once(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/post.md": POST})
    store_all(tmp_path)
    report, _ = build_site(tmp_path, mode="frozen")
    html = (tmp_path / "public/post/index.html").read_text("utf-8")
    assert "not measured yet" not in html
    assert "not run yet" not in html
    assert html.count("cell-device") == 0  # as if two devices had run `data`
    assert not [problem for problem in report.problems if problem.severity == "error"]


# --- judged anew at each build --------------------------------------------------------------


def edited(benchmark: Benchmark, variant: str, **changes: object) -> Benchmark:
    """The benchmark with all series of a variant changed."""
    series = tuple(
        msgspec.structs.replace(entry, **changes) if entry.variant == variant else entry
        for entry in benchmark.series
    )
    return msgspec.structs.replace(benchmark, series=series)


def problems_of(root: Path, benchmark: Benchmark, post: str = POST) -> list[Problem]:
    """What a build says of a stored benchmark, but for its needed session, which was not run."""
    write_site(root, {"content/post.md": post})
    put_run(root, made_up_run(plan_of(root, "bench:sums"), benchmark))
    problems = settle(root).problems
    return [problem for problem in problems if problem.code != "missing"]


STABLE = make_benchmark({"add": 1e-3, "twice": 2e-3})


def test_a_sound_benchmark_gives_no_reason_to_speak(tmp_path: Path) -> None:
    assert problems_of(tmp_path, STABLE) == []


def test_variants_that_differ_are_an_error_at_agree(tmp_path: Path) -> None:
    differing = edited(STABLE, "twice", difference=0.25, tolerance=1e-8)
    (problem,) = problems_of(tmp_path, differing)
    assert render_problem(problem) == (
        "error[disagreement]: `twice` differs from add by 0.25, more than 1e-08\n"
        "  --> content/post.md:10:4\n"
        "   |\n"
        "10 | #| bench: sums\n"
        "   |    ^^^^^\n"
        "   = mend one of the two, or say how far they may differ: `#| agree: …`"
    )
    post = POST.replace("#| label: times", "#| agree: 0.1")
    (problem,) = problems_of(tmp_path, differing, post)
    assert problem.span is not None
    assert (problem.span.line, problem.span.column, problem.span.width) == (11, 4, 5)
    assert problems_of(tmp_path, differing, POST.replace("label: times", "agree: 0.25")) == []


def test_a_disagreement_names_the_worst_point(tmp_path: Path) -> None:
    post = POST.replace("#| label: times", "#| sweep: {n: [1, 2, 3]}").replace("add()", "add(n)")
    swept = make_benchmark(lambda variant, point: 1e-3, ("add", "twice"), {"n": [1, 2, 3]})
    differing = msgspec.structs.replace(
        swept,
        series=tuple(
            msgspec.structs.replace(entry, difference=float(str(entry.point["n"])) / 4, tolerance=0)
            if entry.variant == "twice"
            else entry
            for entry in swept.series
        ),
    )
    (problem,) = problems_of(tmp_path, differing, post)
    assert problem.message == "`twice` differs from add by 0.75, more than 0 at n = 3"


def test_variants_that_are_not_alike_are_not_compared(tmp_path: Path) -> None:
    other = Alike("jax", "gpu", "float32", "tf32")
    unlike = edited(STABLE, "twice", alike=other)
    (problem,) = problems_of(tmp_path, unlike)
    assert (problem.severity, problem.code) == ("warning", "unlike")
    assert problem.message == (
        "`twice` and `add` are not compared: on cpu against on gpu, "
        "float32 products against tf32 products"
    )
    assert problems_of(tmp_path, unlike, POST.replace("label: times", "unlike: true")) == []
    same = edited(STABLE, "twice", alike=msgspec.structs.replace(CPU, framework="jax"))
    assert problems_of(tmp_path / "same", same) == []


@pytest.mark.parametrize(
    ("setting", "severity"), [("warn", "warning"), ("retry", "warning"), ("fail", "error")]
)
def test_what_is_unstable_is_said(tmp_path: Path, setting: str, severity: str) -> None:
    restless = make_benchmark({"add": 1e-3, "twice": 2e-3}, spread=0.4)
    post = POST.replace('title = "Sums"', f'[measure]\non_unstable = "{setting}"')
    (problem,) = problems_of(tmp_path, restless, post)
    assert (problem.severity, problem.code) == (severity, "unstable")
    assert problem.message.startswith("unstable: `add`, and 1 more: the middle half")


def test_few_processes_are_a_notice(tmp_path: Path) -> None:
    post = POST.replace('title = "Sums"', "[measure]\nprocesses = 5")
    few = make_benchmark({"add": 1e-3, "twice": 2e-3}, processes=5)
    (problem,) = problems_of(tmp_path, few, post)
    assert problem.severity == "notice"
    assert problem.message == "fewer than 6 processes: no interval, no verdict, no claim"


def test_a_process_that_does_not_count_is_named(tmp_path: Path) -> None:
    first, *rest = STABLE.processes
    without = msgspec.structs.replace(first, discarded="it compiled while it was sampled")
    found = problems_of(tmp_path, msgspec.structs.replace(STABLE, processes=(without, *rest)))
    assert [problem.message for problem in found] == [
        "process 1 does not count: it compiled while it was sampled",
        "fewer than 6 processes: no interval, no verdict, no claim",
    ]


def test_a_variant_without_result_is_named(tmp_path: Path) -> None:
    failed = edited(STABLE, "twice", sampled=(), failure="no memory was left")
    (problem,) = problems_of(tmp_path, failed)
    assert problem.severity == "warning"
    assert problem.message == "`twice` was not measured: no memory was left"


@pytest.mark.parametrize(
    ("option", "seconds", "said"),
    [("label: times", 1.5, True), ("label: times", 0.9, False), ("needs: [data]", 1.5, False)],
)
def test_long_blocks_above_are_asked_whether_they_are_needed(
    tmp_path: Path, option: str, seconds: float, said: bool
) -> None:
    slow = msgspec.structs.replace(STABLE, prelude=(seconds,))
    found = problems_of(tmp_path, slow, POST.replace("label: times", option))
    assert [problem.code for problem in found] == ["needs"] * said
    if said:
        assert found[0].message == "the blocks above took 1.5 s in each of its processes"
        assert found[0].help == ("name those that it needs, such as `#| needs: [data]`",)


def test_several_devices_are_told_apart(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/post.md": POST})
    differing = edited(STABLE, "twice", difference=1.0, tolerance=0.1)
    plan = plan_of(tmp_path, "bench:sums")
    put_run(tmp_path, made_up_run(plan, STABLE, device=H100))
    put_run(tmp_path, made_up_run(plan, differing, device=M3))
    (problem,) = (one for one in settle(tmp_path).problems if one.code == "disagreement")
    assert problem.message == "`twice` differs from add by 1, more than 0.1 on m3-max"


def test_what_was_measured_with_other_code_is_not_judged(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/post.md": POST})
    differing = edited(STABLE, "twice", difference=1.0, tolerance=0.1)
    put_run(tmp_path, made_up_run(plan_of(tmp_path, "bench:sums"), differing))
    write_site(tmp_path, {"content/post.md": POST.replace("2 * x", "x * 2")})
    settled = settle(tmp_path)
    assert {problem.code for problem in settled.problems} == {"missing", "stale"}
    assert [shown.stale for shown in settled.shown["post"]] == [True]


# --- compared, accepted, pruned -------------------------------------------------------------


def test_timings_are_compared_by_the_intervals_of_process_medians(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/post.md": POST})
    plan = plan_of(tmp_path, "bench:sums")

    def compared(stored: Benchmark, now: Benchmark) -> tuple[Difference, ...] | str:
        return compare_benchmarks(plan, made_up_run(plan, stored), made_up_run(plan, now))

    again = make_benchmark({"add": 1e-3, "twice": 2e-3}, seed=8)
    assert compared(STABLE, again) == ()
    near = make_benchmark({"add": 1.03e-3, "twice": 2e-3}, process_effect=1e-6, spread=1e-6)
    assert compared(STABLE, near) == ()  # apart, but by less than noise
    slower = make_benchmark({"add": 1e-3, "twice": 2.4e-3})
    found = compared(STABLE, slower)
    assert isinstance(found, tuple)
    (difference,) = found
    assert (difference.block, difference.what) == ("sums", "`twice`")
    assert difference.span == plan.span
    assert difference.now.startswith("0.0024 s (0.00")
    wide = make_benchmark({"add": 1e-3, "twice": 2.4e-3}, process_effect=0.4)
    assert compared(STABLE, wide) == ()
    few = make_benchmark({"add": 1e-3, "twice": 2.4e-3}, processes=5)
    assert compared(STABLE, few) == "fewer than 6 processes: no interval"
    other = make_benchmark({"other": 1e-3})
    assert compared(STABLE, other) == ()


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("return 2 * x", "return x * 2", None),
        ("x = 1", "x = 2", None),
        ("def twice()", "def double()", "its variants are others"),
        ("#| label: times", "#| sweep: {n: [1]}", "its sweep has other points"),
    ],
)
def test_a_result_is_accepted_for_its_own_variants_and_points(
    tmp_path: Path, old: str, new: str, why: str | None
) -> None:
    post = POST.replace("def add()", "def add(n=0)")
    write_site(tmp_path, {"content/post.md": post})
    store_all(tmp_path)
    write_site(tmp_path, {"content/post.md": post.replace(old, new)})
    done = sitegen(tmp_path, "accept", "post", "--because", "it changes nothing")
    assert done.returncode == (0 if why is None else 2), done.stderr
    if why is not None:
        assert why in done.stderr
        return
    store = load_store(tmp_path)
    accepted = [run for run in store.runs if run.accepted and run.session == "bench:sums"]
    (run,) = accepted
    assert store.with_blobs(run).benchmark == STABLE
    assert sitegen(tmp_path, "build", "--frozen").returncode == 0


def test_samples_go_with_their_run(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/post.md": POST})
    store_all(tmp_path)
    write_site(tmp_path, {"content/post.md": POST.replace("bench: sums", "bench: other")})
    listed = report_of(sitegen(tmp_path, "prune", "--json"))
    assert [entry["why"] for entry in listed["unneeded"]] == []  # the key is the same
    write_site(tmp_path, {"content/post.md": POST.split("```python\n#| bench")[0]})
    done = sitegen(tmp_path, "prune", "--yes")
    assert done.returncode == 0
    (left,) = stored(tmp_path)
    assert b'"main"' in left.read_bytes()


def test_a_page_offers_its_samples(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/post.md": POST})
    store_all(tmp_path)
    build_site(tmp_path, mode="frozen")
    whole = report_of_file(tmp_path / "public/post/post.bench-sums.json")
    assert len(whole["benchmark"]["series"][0]["sampled"]) == 6
    assert (tmp_path / "public/post/post.json").exists()
    script = (tmp_path / "public/post/post.py").read_text("utf-8")
    assert "def twice():" in script


def report_of_file(path: Path) -> Any:
    return msgspec.json.decode(path.read_bytes())


def test_check_takes_benchmarks(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/post.md": POST}, CONFIG)
    store_all(tmp_path)
    done = sitegen(tmp_path, "check")
    assert done.returncode == 0, done.stdout + done.stderr

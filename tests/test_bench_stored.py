"""Stored benchmarks: shown, judged, replayed, accepted, pruned. The results are made up."""

from __future__ import annotations

from pathlib import Path

from sitegen.storage.measurements import put_run
from tests.bench_sites import POST, made_up_run, plan_of, settle, store_all
from tests.made_up import make_benchmark
from tests.support import build_site, write_site


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

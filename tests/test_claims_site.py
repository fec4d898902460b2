"""Claims and numbers of whole sites, judged from stored results. These are made up."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from sitegen.base.errors import Problem
from sitegen.benchmarks import Benchmark
from sitegen.commands.check import Checked, check
from sitegen.model import Device, Plan, Run, Value
from sitegen.passes.asked import Caller
from sitegen.storage.measurements import put_run
from tests.bench_sites import made_up_run, plans_of
from tests.made_up import H100, M3, make_benchmark
from tests.support import CONFIG, build_site, report_of, sitegen, write_site

replace = msgspec.structs.replace

FRONT = """+++
title = "Spins"
date = 2026-11-01
{front}
+++
"""
VALUES = """```python
#| label: training
#| values: [acc, steps, optimiser]
acc, steps, optimiser = 0.913, 1000, "sgd"
```

"""
BENCH = """```python
#| bench: spins
{options}
def slow():
    return spin(5e-3)

def fast():
    return spin(2e-3)
```

"""
TIMES = {"slow": 5e-3, "fast": 2e-3}
STORED: dict[str, Value] = {"acc": 0.9134, "steps": 1000, "optimiser": "sgd"}


def post(prose: str, *, options: str = "", front: str = "") -> str:
    bench = BENCH.format(options=options).replace("\n\ndef", "\ndef", 1)
    return FRONT.format(front=front) + VALUES + bench + prose + "\n"


def store(
    root: Path,
    *,
    benchmark: Benchmark | None = None,
    device: Device = H100,
    day: dt.datetime | None = None,
    values: Mapping[str, Value] = STORED,
    by: str | None = None,
) -> None:
    """A made-up result for every plan of a site."""
    for plan in plans_of(root):
        put_run(root, _run(plan, benchmark, device, day, values, by))


def _run(
    plan: Plan,
    benchmark: Benchmark | None,
    device: Device,
    day: dt.datetime | None,
    values: Mapping[str, Value],
    by: str | None,
) -> Run:
    of_bench = benchmark or make_benchmark(TIMES, first={"slow": 4.2, "fast": 4.2})
    run = made_up_run(plan, of_bench if plan.bench else None, device=device)
    run = replace(run, started=day or run.started, by=by)
    if plan.bench is not None:
        return run
    cells = tuple(
        replace(cell, values={name: values[name] for name in block.run.values if name in values})
        for cell, block in zip(run.cells, plan.blocks, strict=True)
    )
    return replace(run, cells=cells)


def site(root: Path, prose: str, *, options: str = "", front: str = "") -> Path:
    """A site of one post whose results are stored."""
    write_site(root, {"content/post.md": post(prose, options=options, front=front)}, config(""))
    store(root)
    return root


def config(more: str) -> str:
    return f'{CONFIG}\n{more}\n[link_checker]\ninternal_level = "warn"\n'


def page(root: Path) -> str:
    html = (root / "public/post/index.html").read_text("utf-8")
    return html.partition("<article")[2] or html


def about_claims(problems: tuple[Problem, ...]) -> list[Problem]:
    return [problem for problem in problems if problem.code in ("claim", "number")]


def built(root: Path) -> list[Problem]:
    report, _ = build_site(root, mode="no-exec")
    return about_claims(report.problems)


def checked(root: Path, *, fix: bool = False) -> Checked:
    return check(root, Caller({}, "python"), None, fix=fix)


# --- numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        "[2.5×](bench:spins?slow/fast)",
        "[2.50×](bench:spins?slow/fast)",
        "[250 %](bench:spins?slow/fast)",
        "[0.40×](bench:spins?fast/slow)",
        "[5 ms](bench:spins?slow)",
        "[2.0 ms](bench:spins?fast)",
        "[4.2 s](bench:spins?first(fast))",
        "[0](bench:spins?breaks(fast))",
        "[91.3 %](value:acc)",
        "[0.913](value:acc)",
        "[1,000](value:steps)",
        "[sgd](value:optimiser)",
        "[more than twice](bench:spins?slow/fast>2)",
        "[faster](bench:spins?fast<slow)",
        "[well](value:acc>=90%)",
        '[so](value:optimiser=="sgd")',
        "[2.5×](bench:spins?slow/fast;on=h100)",
        "[2.5×](bench:spins?slow/fast;as-of=2026-11-22)",
        "[91.3 %](value:acc;as-of=2026-11-22;on=h100)",
        "[**2.5×**](bench:spins?slow/fast)",
        "[2.5×](<bench:spins?slow/fast>)",
        "[the chart](bench:spins)",
        "| a | b |\n|---|---|\n| [2.5×](bench:spins?slow/fast) | [5 ms](bench:spins?slow) |",
    ],
)
def test_what_is_true_is_said_with_its_interval_device_and_day(tmp_path: Path, link: str) -> None:
    assert built(site(tmp_path, link)) == []
    html = page(tmp_path)
    assert re.search(r'<a class="tied(?: checked)?" href="', html)
    assert "fallen" not in html
    if "[the chart]" not in link:
        assert "NVIDIA H100 · 2026-11-22" in html


@pytest.mark.parametrize(
    ("link", "severity", "message", "now"),
    [
        (
            "[1.31×](bench:spins?slow/fast)",
            "error",
            "this reads `1.31×`, and `2.50×` was measured",
            "now measured: 2.50× (",
        ),
        ("[5 s](bench:spins?slow)", "error", "this reads `5 s`, and `5.00 ms` was measured", ""),
        (
            "[90 %](value:acc)",
            "error",
            "this reads `90 %`, and `91 %` was measured",
            "now measured: 0.913",
        ),
        (
            "[adam](value:optimiser)",
            "error",
            "this reads `adam`, and `sgd` was measured",
            "now measured: “sgd”",
        ),
        (
            "[twice](bench:spins?slow/fast)",
            "error",
            "`twice` is no such number: `2.50×` was measured",
            "now measured: 2.50×",
        ),
        (
            "[slower](bench:spins?fast>slow)",
            "error",
            "`fast>slow` is contradicted: 0.400× (",
            "now measured: 0.400× (",
        ),
        ("[x](value:acc>95%)", "error", "`acc>95%` is contradicted: 0.913 on h100", "0.913"),
        (
            "[2.5×](bench:spins?slow/fast;as-of=2026-11-23)",
            "error",
            "no run of 2026-11-23 is stored",
            "",
        ),
        (
            "[2.5×](bench:spins?slow/fast;on=m3)",
            "warning",
            "not judged: no result of `m3` is shown",
            "",
        ),
    ],
)
def test_what_is_false_is_told_and_said_on_the_page(
    tmp_path: Path, link: str, severity: str, message: str, now: str
) -> None:
    (problem,) = built(site(tmp_path, f"So it is {link}."))
    assert problem.severity == severity
    assert problem.message.startswith(message)
    assert problem.span is not None
    assert problem.span.path == "content/post.md"
    assert problem.help
    assert now in page(tmp_path)


def test_an_empty_text_is_filled_in(tmp_path: Path) -> None:
    links = "[](bench:spins?slow/fast) [](value:acc:.1%) [](value:steps) [](value:optimiser)"
    assert built(site(tmp_path, links)) == []
    html = page(tmp_path)
    for text in (">2.50×</a>", ">91.3%</a>", ">1000</a>", ">sgd</a>"):
        assert text in html


def test_where_nothing_was_run_nothing_is_judged(tmp_path: Path) -> None:
    prose = "[9×](bench:spins?slow/fast) [](value:acc) [wrong](bench:spins?slow<fast)"
    write_site(tmp_path, {"content/post.md": post(prose, options="#| expect: slow < fast")})
    assert built(tmp_path) == []
    html = page(tmp_path)
    assert ">9×</" in html
    assert 'title="not run yet">not run yet</' in html
    assert "fallen" not in html


SWEPT = """+++
+++
```python
#| bench: grows
#| sweep: {n: [1, 2, 4]}
#| expect: a < b
def a(n):
    return n

def b(n):
    return n
```

[4.0×](bench:grows?b/a;n=4) and [faster everywhere](bench:grows?a<b), [faster](bench:grows?a<b;n=2).
"""


def test_a_claim_without_a_point_is_of_all_of_them(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/post.md": SWEPT}, config(""))
    growing = make_benchmark(
        lambda variant, point: 1e-3 * (1.0 if variant == "a" else float(point["n"])),
        ("a", "b"),
        {"n": (1, 2, 4)},
    )
    store(tmp_path, benchmark=growing)
    problems = built(tmp_path)
    assert [problem.message.partition(":")[0] for problem in problems] == [
        "`a < b` is contradicted",
        "`a<b` is contradicted",
    ]
    assert all("at n = 1 on h100" in problem.message for problem in problems)
    html = page(tmp_path)
    assert "n = 4 · NVIDIA H100 · 2026-11-22" in html
    assert "3 compared" in html


# --- devices, days, contributions -----------------------------------------------------------

SLOWER_HERE = make_benchmark({"slow": 2e-3, "fast": 5e-3})


def test_a_claim_is_of_every_device_and_a_number_of_the_first(tmp_path: Path) -> None:
    prose = "[2.5×](bench:spins?slow/fast) [faster](bench:spins?fast<slow)"
    prose += " [there](bench:spins?fast<slow;on=h100) [0.4×](bench:spins?slow/fast;on=m3-max)"
    site(tmp_path, prose)
    store(tmp_path, benchmark=SLOWER_HERE, device=M3, day=dt.datetime(2026, 11, 23, tzinfo=dt.UTC))
    (problem,) = built(tmp_path)
    assert problem.message.startswith("`fast<slow` is contradicted: 2.50×")
    assert problem.message.endswith("on m3-max")


def test_the_order_of_devices_says_which_speaks_first(tmp_path: Path) -> None:
    front = '[execute]\ndevices = ["m3-max", "h100"]'
    site(tmp_path, "[0.4×](bench:spins?slow/fast)", front=front)
    store(tmp_path, benchmark=SLOWER_HERE, device=M3, day=dt.datetime(2026, 11, 23, tzinfo=dt.UTC))
    assert built(tmp_path) == []


def test_a_day_pins_a_stored_run(tmp_path: Path) -> None:
    prose = "[2.5×](bench:spins?slow/fast;as-of=2026-11-22) [0.4×](bench:spins?slow/fast)"
    prose += " [90 %](value:acc) [91 %](value:acc;as-of=2026-11-22)"
    site(tmp_path, prose)
    later = dt.datetime(2026, 12, 24, 23, 59, tzinfo=dt.UTC)
    store(tmp_path, benchmark=SLOWER_HERE, day=later, values={**STORED, "acc": 0.9})
    assert built(tmp_path) == []
    assert "NVIDIA H100 · 2026-12-24" in page(tmp_path)


def test_what_readers_contribute_never_counts(tmp_path: Path) -> None:
    prose = "[2.5×](bench:spins?slow/fast) [faster](bench:spins?fast<slow)"
    site(tmp_path, prose)
    later = dt.datetime(2026, 12, 24, tzinfo=dt.UTC)
    for device in (M3, H100):
        store(tmp_path, benchmark=SLOWER_HERE, device=device, day=later, by="A. Reader")
    assert built(tmp_path) == []
    assert [claim.word for claim in checked(tmp_path).claims] == ["held", "held"]


def test_of_two_blocks_that_list_a_name_the_later_one_counts(tmp_path: Path) -> None:
    two = "".join(f"```python\n#| values: [acc]\nacc = {value}\n```\n\n" for value in (0.1, 0.2))
    text = f"+++\n+++\n{two}\n[0.2](value:acc)\n"
    write_site(tmp_path, {"content/post.md": text}, config(""))
    (plan,) = plans_of(tmp_path)
    run = made_up_run(plan)
    cells = tuple(
        replace(cell, values={"acc": value})
        for cell, value in zip(run.cells, (0.1, 0.2), strict=True)
    )
    put_run(tmp_path, replace(run, cells=cells))
    assert built(tmp_path) == []


# --- claims of blocks, corrections ----------------------------------------------------------

EXPECT = "#| expect:\n#|   - fast < slow\n#|   - slow / fast > 3"


def test_claims_of_a_block_are_judged_at_each_build(tmp_path: Path) -> None:
    site(tmp_path, "Text.", options=EXPECT)
    (problem,) = built(tmp_path)
    assert problem.message.startswith("`slow / fast > 3` is contradicted: 2.50× (")
    assert problem.span is not None
    assert problem.excerpt[problem.span.column - 1 :] == "slow / fast > 3"
    assert "<li><code>slow / fast &gt; 3</code> — now measured: 2.50× (" in page(tmp_path)


def test_unstable_data_carries_no_claim(tmp_path: Path) -> None:
    prose = "[2.5×](bench:spins?slow/fast) [4.2 s](bench:spins?first(fast))"
    write_site(tmp_path, {"content/post.md": post(prose, options=EXPECT)}, config(""))
    restless = make_benchmark(TIMES, spread=0.2, first={"slow": 4.2, "fast": 4.2})
    store(tmp_path, benchmark=restless)
    problems = built(tmp_path)
    assert len(problems) == 3
    assert all("rests on unstable data" in problem.message for problem in problems)
    assert all(problem.severity == "error" for problem in problems)
    assert "now measured on an unstable machine" in page(tmp_path)


CORRECTION = '#| correction: "2027-05: torch 2.15 closed the gap, see below"'


def test_a_correction_is_shown_on_the_page_and_in_the_feed(tmp_path: Path) -> None:
    prose = "It is [three times as fast](bench:spins?slow/fast>3), [3.0×](bench:spins?slow/fast)."
    site(tmp_path, prose, options=f"{EXPECT}\n{CORRECTION}")
    feeds = "generate_feeds = true\n[execute]"
    (tmp_path / "site.toml").write_text(CONFIG.replace("[execute]", feeds), "utf-8")
    report, _ = build_site(tmp_path, mode="no-exec")
    assert {problem.severity for problem in about_claims(report.problems)} == {"notice"}
    note = "now measured: 2.50× ("
    sentence = "2027-05: torch 2.15 closed the gap, see below"
    feed = (tmp_path / "public/atom.xml").read_text("utf-8")
    for text in (page(tmp_path), feed):
        assert text.count(note) == 3
        assert text.count(sentence) == 3


def test_a_correction_of_what_is_held_says_nothing(tmp_path: Path) -> None:
    site(tmp_path, "[faster](bench:spins?fast<slow)", options=CORRECTION)
    assert built(tmp_path) == []
    assert "closed the gap" not in page(tmp_path)


# --- check ----------------------------------------------------------------------------------


def test_check_judges_from_the_store_alone(tmp_path: Path) -> None:
    site(tmp_path, "[1.3×](bench:spins?slow/fast) [ok](value:acc>90%)", options=EXPECT)
    before = {path for path in tmp_path.rglob("*") if ".sitegen" not in path.parts}
    found = checked(tmp_path)
    assert [problem.code for problem in about_claims(found.problems)] == ["claim", "number"]
    assert [claim.word for claim in found.claims] == [
        "held",
        "contradicted",
        "contradicted",
        "held",
    ]
    assert {path for path in tmp_path.rglob("*") if ".sitegen" not in path.parts} == before


def test_check_tells_what_it_judged_as_json(tmp_path: Path) -> None:
    site(tmp_path, "[1.3×](bench:spins?slow/fast)")
    done = sitegen(tmp_path, "check", "--json")
    report = report_of(done)
    assert done.returncode == 1
    (claim,) = report["claims"]
    assert (claim["word"], claim["device"]) == ("contradicted", "h100")
    assert claim["now"].startswith("2.50× (")
    assert claim["measured"].startswith("2026-11-22")
    assert [fix["text"] for fix in report["fixes"]] == ["2.5×"]
    assert json.dumps(report["fixed"]) == "[]"


def test_check_fix_writes_the_numbers_and_nothing_else(tmp_path: Path) -> None:
    prose = (
        "A [1.3×](bench:spins?slow/fast), [**9 ms**](bench:spins?slow) and [1,31×][r] \\[1.3×]\n"
        "b [5\u202fs](bench:spins?slow) [adam](value:optimiser) [90 %](value:acc)"
        " [](value:steps) [2.5×](bench:spins?slow/fast).\n\n"
        "[twice](bench:spins?slow/fast), [words](bench:spins?slow<fast), `[1.3×](bench:spins?slow)`"
        "\n\n[r]: bench:spins?slow/fast"
    )
    file = site(tmp_path, prose) / "content/post.md"
    before = file.read_text("utf-8")
    found = checked(tmp_path, fix=True)
    expected = (
        before.replace("[1.3×](bench:spins?slow/fast)", "[2.5×](bench:spins?slow/fast)")
        .replace("**9 ms**", "**5 ms**")
        .replace("5\u202fs", "5.00 ms")
        .replace("[adam]", "[sgd]")
        .replace("[90 %]", "[91 %]")
    )
    assert file.read_text("utf-8") == expected
    assert [fix.was for fix in found.fixed] == ["1.3×", "9 ms", "5\u202fs", "adam", "90 %"]
    left = [problem.message for problem in about_claims(found.problems)]
    assert len(left) == 3  # a reference, words that are no number, a claim
    assert checked(tmp_path, fix=True).fixed == ()


def test_check_fix_keeps_line_breaks_marks_and_rights(tmp_path: Path) -> None:
    site(tmp_path, "First\n\n[1.3×](bench:spins?slow/fast)\nlast")
    file = tmp_path / "content/post.md"
    text = file.read_text("utf-8")
    file.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    file.chmod(0o640)
    checked(tmp_path, fix=True)
    wanted = text.replace("[1.3×]", "[2.5×]").replace("\n", "\r\n")
    assert file.read_bytes() == b"\xef\xbb\xbf" + wanted.encode()
    assert file.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in file.parent.iterdir()] == ["post.md"]


def test_check_fix_through_a_link_leaves_the_link(tmp_path: Path) -> None:
    site(tmp_path, "[1.3×](bench:spins?slow/fast)")
    file, real = tmp_path / "content/post.md", tmp_path / "content/posts.txt"
    file.rename(real)
    file.symlink_to("posts.txt")
    checked(tmp_path, fix=True)
    assert file.is_symlink()
    assert "[2.5×]" in real.read_text("utf-8")


def test_a_corrected_number_is_left_to_its_author(tmp_path: Path) -> None:
    site(tmp_path, "[1.3×](bench:spins?slow/fast)", options=CORRECTION)
    assert checked(tmp_path, fix=True).fixed == ()


def test_the_command_says_what_it_wrote(tmp_path: Path) -> None:
    site(tmp_path, "[1.3×](bench:spins?slow/fast)")
    done = sitegen(tmp_path, "check", "--fix")
    assert "content/post.md: `1.3×` is now `2.5×`" in done.stdout + done.stderr
    assert "[2.5×]" in (tmp_path / "content/post.md").read_text("utf-8")


# --- files to take away ---------------------------------------------------------------------


def test_exports_lead_to_the_page_and_are_filled_in(tmp_path: Path) -> None:
    prose = (
        "It is [2.5×](bench:spins?slow/fast), with [](value:optimiser).\n\n![Times](bench:spins)"
    )
    site(tmp_path, prose)
    done = sitegen(tmp_path, "export", "post", "--format", "py", "--output", "-")
    assert done.returncode == 0, done.stderr
    page = "https://example.org/post/"
    assert f"[2.5×]({page}#bench-spins)" in done.stdout
    assert f"[sgd]({page}#training)" in done.stdout
    assert f" [Times]({page}#bench-spins)" in done.stdout


# --- claims of other blocks -----------------------------------------------------------------


def test_a_block_may_claim_something_of_its_values(tmp_path: Path) -> None:
    values = VALUES.replace(
        "#| label", "#| expect:\n#|   - acc > 95 %\n#|   - steps == 1000\n#| label"
    )
    write_site(tmp_path, {"content/post.md": f"+++\n+++\n{values}[90 %](value:acc)\n"}, config(""))
    assert built(tmp_path) == []
    store(tmp_path)
    told = [(problem.code, problem.message) for problem in built(tmp_path)]
    assert told == [
        ("claim", "`acc > 95 %` is contradicted: 0.913 on h100"),
        ("number", "this reads `90 %`, and `91 %` was measured"),
    ]
    assert "<code>acc &gt; 95 %</code> — now measured: 0.913" in page(tmp_path)


def test_a_correction_of_values_is_no_error(tmp_path: Path) -> None:
    corrected = VALUES.replace("#| label", '#| correction: "2027-05: other data"\n#| label')
    text = f"+++\n+++\n{corrected}[90 %](value:acc) [more](value:acc>95%)\n"
    write_site(tmp_path, {"content/post.md": text}, config(""))
    store(tmp_path)
    assert {problem.severity for problem in built(tmp_path)} == {"notice"}
    assert page(tmp_path).count("2027-05: other data") == 2


def test_a_text_is_written_so_that_markdown_reads_it_as_it_is(tmp_path: Path) -> None:
    site(tmp_path, "[adam](value:optimiser)")
    odd = "a_b*c [x] \\ <i> &amp;"
    day = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    store(tmp_path, day=day, values={**STORED, "optimiser": odd})
    assert [fix.was for fix in checked(tmp_path, fix=True).fixed] == ["adam"]
    assert checked(tmp_path).fixes == ()
    assert built(tmp_path) == []


# --- again ----------------------------------------------------------------------------------


def test_a_page_is_made_anew_when_what_stands_under_its_claims_changes(tmp_path: Path) -> None:
    """Each step changes only what is measured or how it is judged; each build is as a first one."""
    prose = "[faster](bench:spins?fast<slow) [0.4×](bench:spins?slow/fast;as-of=2026-11-20)"
    prose += " [about three](bench:spins?slow/fast~3;as-of=2026-11-22) [](value:acc)"
    site(tmp_path, prose, options=EXPECT)
    built(tmp_path)
    pages = [page(tmp_path)]

    def again() -> None:
        built(tmp_path)
        pages.append(page(tmp_path))
        clean = tmp_path / "clean"
        build_site(tmp_path, mode="no-exec", output=clean)
        assert (clean / "post/index.html").read_bytes() == (
            tmp_path / "public/post/index.html"
        ).read_bytes()

    store(tmp_path, benchmark=SLOWER_HERE, day=dt.datetime(2026, 11, 20, tzinfo=dt.UTC))
    again()  # an earlier run, which only a day names
    later = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
    store(tmp_path, benchmark=SLOWER_HERE, day=later, values={**STORED, "acc": 0.5})
    again()
    toml = tmp_path / "site.toml"
    toml.write_text(toml.read_text("utf-8") + "\n[measure]\nnoise = 0.5\n", "utf-8")
    again()  # 2.5 is about 3 now
    assert len(set(pages)) == 4

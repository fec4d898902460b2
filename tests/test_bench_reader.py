"""Measured again by a reader: exported files, what they print and write, and what becomes of it."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.base.errors import SiteError
from sitegen.benchmarks import Benchmark
from sitegen.execute import processes
from sitegen.execute.contribution import parse_contribution
from sitegen.measure.series import process_medians, ratio_between
from sitegen.measure.stats import estimate
from sitegen.render.export.measuring import RUNNER, _raw, digest_cell
from tests.bench_sites import plan_of, settle
from tests.made_up import make_benchmark
from tests.support import build_site, report_of, sitegen, write_site
from tests.support import stored as stored_files

KERNEL = Path(processes.__file__).parent.parent / "kernel"
sys.path.insert(0, str(KERNEL))
import sitegen_bench_reader as reader  # noqa: E402

sys.path.pop(0)

CONFIG = """
base_url = "https://example.org"
[execute]
device = "cpu"
[measure]
processes = 1
max_time = "20ms"
"""
POST = '''+++
title = "Sums"
+++
```python
#| label: data
from __future__ import annotations
import math
%precision 3
# the numbers
numbers = [float(line) for line in open("numbers.txt")]
text = """
\'\'\'
"""
print("made", len(numbers))
```

Then:

```python
#| bench: sums
#| caption: Adding up
#| sweep: {n: [10, 100]}
def setup(n):
    return {"terms": numbers[:n]}

def builtin(terms):
    # the plain one
    return sum(terms)

def exact(terms: undefined):
    return math.fsum(terms)
```

```python
print("below")
```
'''


def stored(root: Path) -> list[Path]:
    return [path for path in stored_files(root) if path.parent.name != "blobs"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {
        "content/posts/sums/index.md": POST,
        "content/posts/sums/numbers.txt": "0.1\n0.2\n" * 50,
        "content/posts/none.md": "```python\nprint(1)\n```\n",
    }
    root = write_site(tmp_path_factory.mktemp("reader") / "site", files, CONFIG)
    report, _ = build_site(root)
    assert [entry for entry in report.problems if entry.severity == "error"] == []
    assert len(stored(root)) == 3
    return root


def rerun(
    site: Path, folder: Path, edit: Callable[[str], str] = lambda text: text, data: str = ""
) -> subprocess.CompletedProcess[str]:
    """The exported script, as a reader runs it in a folder of their own, with what it opens."""
    folder.mkdir(exist_ok=True)
    text = (site / "public/posts/sums/sums.py").read_text("utf-8")
    (folder / "sums.py").write_text(edit(text), "utf-8")
    numbers = data or (site / "content/posts/sums/numbers.txt").read_text("utf-8")
    (folder / "numbers.txt").write_text(numbers, "utf-8")
    return subprocess.run(
        [sys.executable, "sums.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def measured(site: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """What a reader was given: the file for the author, and what was printed."""
    folder = tmp_path_factory.mktemp("away")
    done = rerun(site, folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "sums.measured.json", done.stdout


def test_a_script_prints_the_reader_s_numbers_beside_the_published(
    site: Path, measured: tuple[Path, str]
) -> None:
    file, printed = measured
    lines = printed.splitlines()
    assert lines[:3] == ["made 100", "below", "sums: process 1 of 1"]
    table = lines[lines.index("Adding up") :]
    label = json.loads((site / "public/posts/sums/sums.bench-sums.json").read_bytes())
    published = re.escape(f"published ({label['device']['label']}, ")
    assert re.match(rf" +yours +{published}\d+ \w+ 20\d\d\)$", table[1])
    number = r"[\d.]+ (?:ns|µs|ms)"
    assert [line.split()[0] for line in table[2:8]] == ["n", "builtin", "exact"] * 2
    assert (table[2], table[5]) == ("n = 10", "n = 100")
    assert re.fullmatch(rf"  builtin +{number} +{number}", table[3])
    assert re.fullmatch(rf"  exact +{number} +[\d.]+× +{number} +[\d.]+×", table[4])
    assert lines[-1] == (
        "wrote sums.measured.json, which the author of https://example.org/posts/sums/ can accept"
    )
    units = {"ns": 1e-9, "µs": 1e-6, "ms": 1e-3}
    yours, theirs = (
        float(value) * units[unit] for value, unit in re.findall(r"([\d.]+) (ns|µs|ms)", table[3])
    )
    row = next(row for row in label["rows"] if row["variant"] == "builtin")
    assert theirs == pytest.approx(row["median"], rel=0.01), "the published one is the stored one"
    found = json.loads(file.read_bytes())["benchmarks"][0]["benchmark"]
    benchmark = msgspec.convert(found, Benchmark)
    assert [yours] == pytest.approx(
        [*process_medians(benchmark, benchmark.series[0]).values()], rel=0.01
    )


def test_what_a_reader_measured_is_stored_and_nothing_rests_on_it(
    site: Path, measured: tuple[Path, str], tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in stored(site)}
    done = sitegen(site, "accept", str(measured[0]), "--by", "Ada", "--json")
    assert done.returncode == 0, done.stderr
    (entry,) = report_of(done)["contributed"]
    assert (entry["page"], entry["session"], entry["by"]) == ("posts/sums", "bench:sums", "Ada")
    mine = next(path for path in before if json.loads(path.read_bytes())["session"] == "bench:sums")
    theirs = site / entry["file"]
    try:
        assert {path: path.read_bytes() for path in stored(site) if path != theirs} == before
        run = json.loads(theirs.read_bytes())
        assert (run["by"], run["key"]) == ("Ada", json.loads(mine.read_bytes())["key"])
        shown = settle(site).shown["posts/sums"]
        assert [entry.run.by for entry in shown] == [None, None, "Ada"]
        assert shown[-1].run.benchmark is not None
        assert shown[-1].run.benchmark.series[0].sampled, "with its samples"
        rows = report_of(sitegen(site, "status", "--json"))["rows"]
        states = [(row["state"], row["why"]) for row in rows if row["session"] == "bench:sums"]
        assert states == [("fresh", []), ("contributed", ["by Ada"])]
        pruned = sitegen(site, "prune", "--json")
        assert report_of(pruned)["unneeded"] == []
        report, _ = build_site(site, mode="frozen")
        assert report.executed_posts == 0
        assert "Ada" in (site / "public/posts/sums/index.html").read_text("utf-8")
        mine.rename(tmp_path / mine.name)
        rows = report_of(sitegen(site, "status", "--json"))["rows"]
        left = [row["state"] for row in rows if row["session"] == "bench:sums"]
        assert left == ["missing", "contributed"], "it does not stand for the author's"
        with pytest.raises(SiteError):
            build_site(site, mode="frozen")
    finally:
        theirs.unlink()
        (tmp_path / mine.name).rename(mine) if not mine.exists() else None


def test_what_is_older_than_the_code_is_not_shown_and_may_go(
    site: Path, measured: tuple[Path, str], tmp_path: Path
) -> None:
    root = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(site), str(root)], check=True)
    assert sitegen(root, "accept", str(measured[0]), "--by", "Ada").returncode == 0
    post = root / "content/posts/sums/index.md"
    post.write_text(POST.replace("sum(terms)", "sum(terms, 0.0)", 1), "utf-8")
    assert [entry.run.by for entry in settle(root).shown["posts/sums"]] == [None, None]
    unneeded = [entry["file"] for entry in report_of(sitegen(root, "prune", "--json"))["unneeded"]]
    (file,) = [file for file in unneeded if "/blobs/" not in file]
    assert json.loads((root / file).read_bytes())["by"] == "Ada"
    refused = sitegen(root, "accept", str(measured[0]), "--by", "Ada")
    assert refused.returncode == 2
    assert "no benchmark of this site has the code that was measured" in refused.stderr


@pytest.mark.parametrize(
    ("edit", "data", "named"),
    [
        (lambda text: text.replace("return sum(terms)", "return sum(terms) + 0"), "", "block-2"),
        (lambda text: text.replace("# the numbers", "# my numbers"), "", "data"),
        (lambda text: text, "1\n" * 100, "numbers.txt"),
    ],
)
def test_what_was_edited_is_told_and_not_accepted(
    site: Path, tmp_path: Path, edit: Callable[[str], str], data: str, named: str
) -> None:
    done = rerun(site, tmp_path, edit, data)
    assert f"`{named}` is not as published: these numbers are of something else" in done.stdout
    refused = sitegen(site, "accept", str(tmp_path / "sums.measured.json"), "--by", "Ada")
    assert refused.returncode == 2
    assert f"its reader had edited `{named}`" in refused.stderr


def test_a_failure_is_told(site: Path, tmp_path: Path) -> None:
    done = rerun(site, tmp_path, lambda text: text.replace("sum(terms)", "sum(terms) + nothing"))
    assert "sums: NameError: name 'nothing' is not defined" in done.stdout
    assert not (tmp_path / "sums.measured.json").exists()
    gone = rerun(site, tmp_path, lambda text: text.replace("# %% data\n", "# %%\n"))
    assert "the cell data is gone, which it needs" in gone.stdout


def test_a_notebook_measures_what_it_brings_along(site: Path, tmp_path: Path) -> None:
    notebook = nbformat.read(site / "public/posts/sums/sums.ipynb", as_version=4)
    nbformat.validate(notebook)
    cell = notebook.cells[-1]
    assert cell.id == "sitegen-measure"
    assert cell.metadata.tags == ["hide-cell", "skip-execution"]
    (tmp_path / "numbers.txt").write_text("0.1\n0.2\n" * 50, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", cell.source],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "published (" in done.stdout, done.stderr
    found = parse_contribution((tmp_path / "sums.measured.json").read_bytes())
    assert not isinstance(found, str)
    assert found.benchmarks[0].edited == ()


def test_only_files_with_benchmarks_carry_the_runner(site: Path) -> None:
    assert "sitegen_bench" not in (site / "public/posts/none/none.py").read_text("utf-8")
    assert "sitegen_bench" in (site / "public/posts/sums/sums.py").read_text("utf-8")


def test_the_runner_that_is_carried_is_whole_and_as_it_is_here(site: Path) -> None:
    script = ast.parse((site / "public/posts/sums/sums.py").read_text("utf-8"))
    carried = next(
        ast.literal_eval(node.value)
        for node in script.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SITEGEN_RUNNER"
    )
    assert tuple(carried) == RUNNER
    for name, text in carried.items():
        assert text == (KERNEL / name).read_text("utf-8")
        wanted = {
            f"{found}.py" for found in re.findall(r"^\s*from (sitegen_\w+) import", text, re.M)
        }
        assert wanted <= set(RUNNER)


@given(st.text())
def test_texts_are_carried_as_they_are(text: str) -> None:
    assert ast.literal_eval(_raw(text)) == text
    assert reader.digest_of(text) == digest_cell(text)


def test_cells_are_found_by_their_names() -> None:
    script = "# /// script\n# ///\n\n# %%\nimport a\n\n# %% [markdown]\n# b\n\n# %% c tags\nd\n\n"
    assert reader.split_cells(script) == {"": "import a", "[markdown]": "# b", "c": "d"}


@given(st.lists(st.lists(st.floats(0.5, 2), min_size=3, max_size=5), min_size=1, max_size=9))
def test_the_reader_s_statistics_are_those_of_the_page(factors: list[list[float]]) -> None:
    medians = [sorted(values)[len(values) // 2] for values in factors]
    low = estimate(medians)
    assert reader.estimate(medians) == [low.estimate, low.low, low.high]
    made = make_benchmark({"a": 1e-3, "b": 2e-3})
    rows = list(reader.rows_of(msgspec.to_builtins(made), "a"))
    ratio = ratio_between(made, made.series[1], made.series[0])
    assert ratio is not None
    assert rows[1]["ratio"] == pytest.approx([ratio.estimate, ratio.low, ratio.high])
    assert rows[0]["ratio"] is None


def test_what_was_discarded_counts_for_the_reader_as_little_as_on_the_page() -> None:
    made = make_benchmark({"a": 1e-3, "b": 2e-3})
    notes = tuple(
        msgspec.structs.replace(note, discarded="compiled at n = 1" if note.process == 2 else None)
        for note in made.processes
    )
    made = msgspec.structs.replace(made, processes=notes)
    for row, series in zip(
        reader.rows_of(msgspec.to_builtins(made), "a"), made.series, strict=True
    ):
        ours = estimate(list(process_medians(made, series).values()))
        assert row["time"] == pytest.approx([ours.estimate, ours.low, ours.high])
        assert ours.low is None, "five are too few"


def change(found: Any, path: str, value: Any) -> bytes:
    """The file with one thing in it changed."""
    *names, last = path.split(".")
    place = found
    for name in names:
        place = place[int(name)] if isinstance(place, list) else place[name]
    place[int(last) if isinstance(place, list) else last] = value
    return json.dumps(found).encode()


SERIES = "benchmarks.0.benchmark.series.0"


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("sitegen_contribution", 2, "it has format 2, this version reads 1"),
        ("benchmarks", [], "it holds no benchmark"),
        ("machine", 5, "it is no measurement by an exported file"),
        ("machine.cpu", "x" * 2000, "a text that is too long or no text"),
        ("machine.cpu", "\x1b[31m", "a text that is too long or no text"),
        (f"{SERIES}.sampled.0.samples.0", 0.0, "a sample that took no time"),
        (f"{SERIES}.sampled.0.samples.0", -1.0, "a sample that took no time"),
        (f"{SERIES}.variant", "other", "it lacks a variant at a point, or has one twice"),
        (f"{SERIES}.point", {"n": 11}, "its sweep has other points"),
        ("benchmarks.0.benchmark.variants", ["builtin"], "its variants are others"),
        ("benchmarks.0.benchmark.processes", [], "it has 0 processes, the benchmark 1"),
        ("benchmarks.0.key", "0" * 64, "no benchmark of this site has the code"),
        ("benchmarks.0.edited", ["data"], "its reader had edited `data`"),
    ],
)
def test_a_file_that_is_not_believed(
    site: Path, measured: tuple[Path, str], tmp_path: Path, path: str, value: Any, why: str
) -> None:
    file = tmp_path / "theirs.json"
    file.write_bytes(change(json.loads(measured[0].read_bytes()), path, value))
    before = stored(site)
    done = sitegen(site, "accept", str(file), "--by", "Ada")
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr
    assert stored(site) == before


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["x.json"], "whose file is it? --by NAME"),
        (["x.json", "--by", " "], "--by wants a name"),
        (["x.json", "--by", "a\nb"], "--by wants a name"),
        (["x.json", "--by", "Ada", "--because", "so"], "--because is for a post"),
        (["posts/sums"], "--because wants a reason"),
        (["nowhere.json", "--by", "Ada"], "it cannot be read: No such file"),
    ],
)
def test_mistakes_in_the_command(site: Path, arguments: list[str], why: str) -> None:
    done = sitegen(site, "accept", *arguments)
    assert done.returncode == 2
    assert why in done.stderr


def test_the_plan_is_what_the_script_was_made_of(site: Path, measured: tuple[Path, str]) -> None:
    found = json.loads(measured[0].read_bytes())
    assert found["benchmarks"][0]["key"] == plan_of(site, "bench:sums").key

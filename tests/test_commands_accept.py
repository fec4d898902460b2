"""`accept`: a result bound to edited code, and the page that says so. Kernels are real."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
from pathlib import Path

import pytest

from sitegen.base.errors import SiteError
from sitegen.commands.accept import Acceptance
from sitegen.commands.accept import accept as accept_results
from sitegen.passes.asked import Caller
from sitegen.storage.measurements import load_store
from tests.support import build_site, report_of, sitegen, stored, write_site

WHEN = dt.datetime(2026, 11, 25, 12, 0, tzinfo=dt.UTC)
DECLARING = '+++\n[execute]\ninputs = ["*.csv"]\n+++\n'
POST = """\
```python
#| label: first
#| values: [x]
x = 1
print("x is", x)
```

```python
open("data.csv").read()
```

`{python} x :.1f`

```python
#| session: fails
#| error: ZeroDivisionError
1 / 0
```
"""


def accept(root: Path, post: str = "p", because: str = "a name only") -> Acceptance:
    return accept_results(root, post, because, WHEN, Caller(dict(os.environ), sys.executable))


def why_refused(root: Path, post: str = "p") -> list[tuple[str, int]]:
    before = stored(root)
    with pytest.raises(SiteError) as raised:
        accept(root, post)
    assert stored(root) == before
    problems = raised.value.problems
    return [(problem.message, problem.span.line if problem.span else 0) for problem in problems]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {"content/p/index.md": POST, "content/p/data.csv": "a"}
    root = write_site(tmp_path_factory.mktemp("accept"), files)
    report, _ = build_site(root)
    assert report.problems == ()
    return root


@pytest.fixture
def site(template: Path, tmp_path: Path) -> Path:
    return shutil.copytree(template, tmp_path / "site")


def edit(site: Path, old: str, new: str) -> None:
    path = site / "content/p/index.md"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_a_stale_result_is_bound_to_edited_code(site: Path) -> None:
    measured = {path.relative_to(site).as_posix() for path in stored(site)}
    edit(site, 'print("x is", x)', 'print("x is", (x))')
    frozen = sitegen(site, "build", "--frozen")
    assert frozen.returncode == 2

    (bound,) = accept(site).bound
    assert bound.measured in measured
    assert bound.difference.splitlines()[:2] == ["--- measured", "+++ shown"]
    assert '-print("x is", x)\n+print("x is", (x))\n' in bound.difference
    (run,) = [run for run in load_store(site).runs if run.accepted]
    (original,) = [
        run for run in load_store(site).runs if run.session == "main" and not run.accepted
    ]
    assert run.accepted is not None
    assert (run.accepted.because, run.accepted.when, run.accepted.run) == (
        "a name only",
        WHEN,
        bound.measured,
    )
    assert (run.cells, run.inputs, run.started) == (
        original.cells,
        original.inputs,
        original.started,
    )

    report, _ = build_site(site, mode="frozen")
    assert report.problems == ()
    assert any(line.endswith("accepted because a name only") for line in report.explanations)
    html = (site / "public/p/index.html").read_text("utf-8")
    assert "accepted on" in html
    assert '<time datetime="2026-11-25T12:00:00Z">' in html
    assert "because: a name only" in html
    assert "<summary>The difference</summary>" in html
    assert "-print(&#34;x is&#34;, x)" in html
    assert "measured with earlier code" not in html
    assert '<span class="value">1.0</span>' in html

    (site / "content/p/data.csv").write_text("b")
    report, _ = build_site(site, mode="no-exec")
    assert [problem.code for problem in report.problems] == ["stale"], "its inputs stay recorded"


def test_accepted_again_the_measured_file_stays_named(site: Path) -> None:
    edit(site, '"x is"', '"x  is"')
    (first,) = accept(site).bound
    edit(site, '"x  is"', '"x   is"')
    (second,) = accept(site).bound
    assert second.measured == first.measured
    assert '-print("x is", x)\n+print("x   is", x)\n' in second.difference


def test_blocks_may_move_and_go(site: Path) -> None:
    """Cells are matched by label, so that the page still shows each under its block."""
    edit(site, '```python\nopen("data.csv").read()\n```\n', "")
    (bound,) = accept(site).bound
    assert '-open("data.csv").read()' in bound.difference
    report, _ = build_site(site, mode="frozen")
    assert report.problems == ()
    assert "x is 1" in (site / "public/p/index.html").read_text("utf-8")


def test_a_traceback_of_other_code_names_no_line_of_the_file(site: Path) -> None:
    build_site(site, mode="no-exec")
    assert "content/p/index.md:19" in (site / "public/p/index.html").read_text("utf-8")
    edit(site, "1 / 0", "a = 1\na / 0")
    (bound,) = accept(site).bound
    assert bound.session == "fails"
    build_site(site, mode="frozen")
    html = (site / "public/p/index.html").read_text("utf-8")
    assert "content/p/index.md:19" not in html
    assert "block 1, line 1" in html


@pytest.mark.parametrize(
    ("old", "new", "why", "line"),
    [
        (
            "#| session: fails",
            "print(2)\n```\n\n```python\n#| session: fails",
            "nothing that was measured can stand for this block",
            16,
        ),
        ("values: [x]", "values: [x, y]", "no value of `y` was measured", 3),
        ("values: [x]", "values: [x]\n#| saves: [f]", "no `f` was saved", 3),
        (
            "#| error: ZeroDivisionError\n",
            "",
            "its `error` now says otherwise whether it may fail",
            16,
        ),
        (
            "values: [x]",
            "values: [x]\n#| devices: [h100]",
            "its `devices` now say otherwise whether it runs on this device",
            3,
        ),
        (
            "{python} x :.1f",
            "{python} 2 * x",
            "nothing that was measured can stand for this expression",
            14,
        ),
    ],
)
def test_what_was_not_measured_is_refused_with_its_line(
    site: Path, old: str, new: str, why: str, line: int
) -> None:
    edit(site, old, new)
    assert why_refused(site) == [(why, line)]


def test_other_data_is_refused(site: Path) -> None:
    (site / "content/p/data.csv").write_text("b")
    why = "`data.csv`, which it read, has changed since it was measured"
    assert why_refused(site) == [(why, 3)]
    edit(site, "x is", "X is")
    assert why_refused(site) == [(why, 3)], "also where the code has changed as well"


def test_other_declared_data_is_refused(tmp_path: Path) -> None:
    files = {"content/p.md": DECLARING + "```python\n1\n```\n", "content/a.csv": "a"}
    root = write_site(tmp_path, files)
    build_site(root)
    (root / "content/a.csv").write_text("b")
    why = "`*.csv`, which `inputs` names, is not what it was measured with"
    assert why_refused(root) == [(why, 5)]
    (root / "content/a.csv").unlink()
    (root / "content/p.md").write_text(DECLARING + "```python\n(1)\n```\n")
    assert accept(root).bound, "data that is not here counts as it was"
    report, _ = build_site(root, mode="frozen")
    assert [problem.severity for problem in report.problems] == ["notice"]


def test_nothing_stale_and_nothing_there(site: Path) -> None:
    assert why_refused(site) == [("no result of it is stale", 3)]
    write_site(site, {"content/new.md": "```python\n1\n```\n"})
    assert why_refused(site, "new") == [("there is no result of it to accept", 3)]


def test_code_that_failed_is_refused(site: Path) -> None:
    edit(site, 'print("x is", x)', "nope")
    build_site(site)
    device = stored(site)[0].parent.name
    why = f"the code of today failed on {device}: a result cannot stand for it"
    assert why_refused(site) == [(why, 3)]


def test_the_command(site: Path) -> None:
    edit(site, "x is", "X is")
    assert sitegen(site, "accept", "p").returncode == 2
    assert "wants a reason" in sitegen(site, "accept", "p", "--because", " ").stderr
    done = sitegen(site, "accept", "content/p/index.md", "--because", "letters")
    assert (done.returncode, done.stderr) == (0, "")
    assert '    -print("x is", x)' in done.stdout.splitlines()
    assert [row["state"] for row in report_of(sitegen(site, "status", "--json"))["rows"]] == [
        "accepted",
        "fresh",
    ]
    done = sitegen(site, "accept", "p", "--because", "again", "--json")
    assert (done.returncode, report_of(done)["problems"][0]["message"]) == (
        2,
        "no result of it is stale",
    )

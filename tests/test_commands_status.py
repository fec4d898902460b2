"""`status`: how every result stands, and why; it starts no kernel. Runs are those of real kernels,
but for those whose device or libraries the test makes up."""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec
import pytest

from sitegen.base.errors import SiteError
from sitegen.cli.tables import render_status
from sitegen.commands.status import Row, State, Status
from sitegen.commands.status import status as find_status
from sitegen.model import Provenance
from sitegen.passes.asked import Caller
from sitegen.storage.measurements import load_store, put_run
from tests.support import CONFIG, REPOSITORY, build_site, report_of, sitegen, stored, write_site

POST = """\
```python
#| saves: [w.txt]
open("w.txt", "w").write("1")
print(1)
```

```python
#| session: plot
print(open("w.txt").read(), open("data.csv").read())
```
"""


def here() -> Caller:
    return Caller(dict(os.environ), sys.executable)


def status(root: Path, *names: str) -> Status:
    return find_status(root, names, here())


def states(found: Status) -> list[tuple[str, str, str]]:
    return [(row.page, row.session, row.state) for row in found.rows]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {
        "content/p/index.md": POST,
        "content/p/data.csv": "a",
        "content/q.md": "```python\nprint('q')\n```\n",
    }
    root = write_site(tmp_path_factory.mktemp("status"), files)
    report, _ = build_site(root)
    assert report.problems == ()
    return root


@pytest.fixture
def site(template: Path, tmp_path: Path) -> Path:
    return shutil.copytree(template, tmp_path / "site")


def test_all_is_fresh(site: Path) -> None:
    found = status(site)
    assert states(found) == [("p", "main", "fresh"), ("p", "plot", "fresh"), ("q", "main", "fresh")]
    assert {row.renew for row in found.rows} == {""}
    assert all((site / row.measured).is_file() for row in found.rows)
    assert (found.damaged, found.orphans, found.notes) == ((), (), ())


def test_only_the_posts_that_are_asked_for(site: Path) -> None:
    assert states(status(site, "content/q.md")) == [("q", "main", "fresh")]
    with pytest.raises(SiteError) as raised:
        status(site, "pp")
    (problem,) = raised.value.problems
    assert problem.message == "no page `pp` has blocks to run"
    assert problem.help == ("did you mean `p`?",)


@pytest.mark.parametrize(
    ("file", "text", "session", "why"),
    [
        (
            "content/p/index.md",
            POST.replace("print(1)", "print(2)"),
            "main",
            "its code has changed since it was measured",
        ),
        (
            "content/p/data.csv",
            "b",
            "plot",
            "`data.csv`, which it read, has changed since it was measured",
        ),
        (
            "site.toml",
            CONFIG + '[execute.env]\nA = "1"\n',
            "main",
            "its options or environment have changed since it was measured",
        ),
        (
            "content/p/index.md",
            POST.replace("[w.txt]", "[w.txt]\n#| values: [n]").replace("print(1)", "n = 1"),
            "main",
            "its code has changed since it was measured",
        ),
    ],
    ids=["code", "a file", "the environment", "an option and code"],
)
def test_why_a_result_is_stale(site: Path, file: str, text: str, session: str, why: str) -> None:
    write_site(site, {}, (site / "site.toml").read_text("utf-8"))
    (site / file).write_text(text if "+++" in text or ".md" not in file else f"+++\n+++\n{text}")
    (row,) = [row for row in status(site, "p").rows if row.session == session]
    assert (row.state, row.why, row.renew) == ("stale", (why,), "sitegen run p")
    assert (row.file, row.line) == ("content/p/index.md", 3 if session == "main" else 9)


def test_a_declared_input_and_a_saved_file_as_reasons(tmp_path: Path) -> None:
    front = '+++\n[execute]\ninputs = ["d.txt"]\n+++\n'
    files = {"content/p.md": front + "```python\n1\n```\n", "content/d.txt": "1"}
    root = write_site(tmp_path, files)
    build_site(root)
    (root / "content/d.txt").write_text("2")
    (row,) = status(root).rows
    assert row.why == ("`d.txt`, which `inputs` names, has changed since it was measured",)


def test_a_file_that_is_not_here_is_said_not_to_be_checked(site: Path) -> None:
    (site / "content/p/data.csv").unlink()
    (_, plot) = status(site, "p").rows
    assert (plot.state, plot.why) == (
        "fresh",
        ("`data.csv`, which it read, is not here: not checked",),
    )


def test_missing_failed_and_mended(tmp_path: Path) -> None:
    files = {"content/p.md": "```python\nx = 1\n1 / 0\n```\n"}
    root = write_site(tmp_path, files)
    (row,) = status(root).rows
    assert (row.device, row.state, row.why) == ("", "missing", ("it has not been run yet",))

    build_site(root)
    (row,) = status(root).rows
    assert (row.state, row.line, row.renew) == ("failed", 5, "sitegen run p")
    assert row.why[-1].endswith(": ZeroDivisionError: division by zero")

    write_site(root, {"content/p.md": "```python\nx = 1\n1 / 2\n```\n"})
    (row,) = status(root).rows
    assert row.state == "missing"
    assert row.why[-1].startswith("its last run, of other code, failed on ")

    build_site(root)
    assert states(status(root)) == [("p", "main", "fresh")]


def test_a_device_that_is_needed_and_not_there(site: Path) -> None:
    device = stored(site)[0].parent.name
    front = f'+++\n[execute]\ndevices = ["h100", "{device}"]\n+++\n'
    write_site(site, {"content/q.md": front + "```python\nprint('q')\n```\n"})
    first, second = sorted(status(site, "q").rows, key=lambda row: row.state)
    assert (first.device, first.state) == (device, "fresh")
    assert (second.device, second.state, second.renew) == ("h100", "missing", "sitegen run q")
    text = sitegen(site, "status", "q").stdout
    assert "sitegen run q    (on h100)" in text


def other_libraries(site: Path) -> None:
    """The stored run of `q`, as if other libraries had measured it."""
    (run,) = load_store(site).of_page("q", "main")
    (path,) = (site / "measurements/q").rglob("*.json")
    path.unlink()
    packages = {**run.provenance.packages, "torch": "1.0", "numpy": "1.0"}
    origin: Provenance = msgspec.structs.replace(run.provenance, packages=packages)
    put_run(site, msgspec.structs.replace(run, provenance=origin))


def test_drift_names_the_libraries(site: Path) -> None:
    other_libraries(site)
    (row,) = status(site, "q").rows
    try:
        torch = version("torch")
    except PackageNotFoundError:
        torch = "none"
    assert row.state == "drifted"
    assert row.why == (f"torch 1.0, here {torch}", f"numpy 1.0, here {version('numpy')}")
    assert row.renew == "sitegen run q --refresh"


def test_damage_and_orphans(site: Path) -> None:
    (damaged,) = (site / "measurements/q").rglob("*.json")
    damaged.write_bytes(damaged.read_bytes()[:-9])
    shutil.rmtree(site / "content/p")
    found = status(site)
    (row,) = found.rows
    assert (row.page, row.state, row.why) == ("q", "missing", ("what was stored is damaged",))
    (entry,) = found.damaged
    assert entry.file == damaged.relative_to(site).as_posix()
    assert len(found.orphans) == 2
    assert all(file.startswith("measurements/p/") for file in found.orphans)


def test_results_of_a_page_on_which_execution_is_off_are_no_orphans(site: Path) -> None:
    text = (site / "content/q.md").read_text("utf-8")
    (site / "content/q.md").write_text(text.replace("+++\n+++", "+++\ndraft = true\n+++", 1))
    assert states(status(site, "q")) == [("q", "main", "fresh")], "a draft's are not either"
    off = "+++\n[execute]\nenabled = false\n+++"
    (site / "content/q.md").write_text(text.replace("+++\n+++", off, 1))
    assert status(site).orphans == ()


def test_the_command(site: Path) -> None:
    post = POST.replace("print(1)", "print(2)")
    write_site(site, {"content/p/index.md": post})
    before = sorted(path for path in site.rglob("*"))
    done = sitegen(site, "status", env={"COLUMNS": "200"})
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    device = stored(site)[0].parent.name
    assert lines[0].split() == ["post", "session", "device", "state"]
    assert lines[1].split() == ["p", "main", device, "stale"]
    assert lines[2:4] == [
        "    its code has changed since it was measured",
        f"    sitegen run p    (on {device})",
    ]
    assert lines[-1] == "3 results: 2 fresh, 1 stale"
    report = report_of(sitegen(site, "status", "--json"))
    assert report["status"] == 0
    assert set(report["rows"][0]) == set(Row.__struct_fields__)
    after = sorted(path for path in site.rglob("*"))
    assert after == before, "nothing was written"


def test_the_documentation_shows_what_is_printed() -> None:
    speed, sums, tests = "posts/speed", "posts/sums", "posts/tests"
    epyc, failed = (
        "amd-epyc-9b14",
        "its last run failed on 2026-11-25 12:00: NameError: name 'x' is",
    )

    def row(page: str, session: str, device: str, state: State, *why: str) -> Row:
        renew = {"drifted": f"sitegen run {page} --refresh", "fresh": "", "accepted": ""}
        command = renew.get(state, f"sitegen run {page}")
        return Row(page, f"content/{page}.md", 12, session, device, state, why, "", command)

    found = Status(
        rows=(
            row(speed, "main", "h100", "fresh"),
            row(speed, "main", epyc, "stale", "its code has changed since it was measured"),
            row(speed, "plot", "h100", "drifted", "torch 2.12.0, here 2.13.0"),
            row(sums, "main", epyc, "accepted", "accepted on 2026-11-25: only a variable's name"),
            row(tests, "main", epyc, "failed", f"{failed} not defined"),
        ),
        damaged=(),
        orphans=("measurements/posts/old/h100/2026-01-31-0123abcd-89ab4567.json",),
    )
    text = (REPOSITORY / "content/docs/commands.md").read_text("utf-8")
    shown = text.split("```text,name=sitegen status\n")[1].split("```")[0]
    assert "".join(f"{line}\n" for line in render_status(found)) == shown


def test_in_a_terminal_it_is_a_table_in_colour(site: Path) -> None:
    write_site(site, {"content/q.md": "```python\nprint('other')\n```\n"})
    main, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "sitegen", "status"],
        cwd=site,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"},
        stdout=terminal,
    )
    os.close(terminal)
    printed = b""
    with contextlib.suppress(OSError):  # the end, on Linux
        while part := os.read(main, 4096):
            printed += part
    os.close(main)
    assert process.wait(60) == 0
    text = printed.decode()
    assert "\x1b[32mfresh" in text
    assert "\x1b[33mstale" in text
    assert "sitegen run q" in text


def test_a_site_with_mistakes(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/p.md": "```python\n#| ecco: 1\n```\n"})
    done = sitegen(root, "status")
    assert done.returncode == 2
    assert "did you mean `echo`?" in done.stderr
    assert report_of(sitegen(root, "status", "--json"))["problems"][0]["line"] == 4

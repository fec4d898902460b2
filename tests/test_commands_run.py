"""`build --explain`, and `run` with `--device` and `--refresh`. Kernels are real."""

from __future__ import annotations

from pathlib import Path

from sitegen.model import Report
from tests.support import CONFIG, build_site, report_of, sitegen, stored, write_site

POST = "```python\nprint('p')\n```\n\n```python\n#| session: two\nprint(2)\n```\n"
ANY = CONFIG.replace('device = "cpu"', 'device = "cuda"')


def of_sessions(report: Report) -> tuple[str, ...]:
    """What is explained of sessions, without what is said of files."""
    return tuple(line for line in report.explanations if line.startswith("content/"))


def test_explain_says_why_for_every_session(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/p.md": POST})
    report, _ = build_site(root, mode="no-exec")
    why = "no result: it has not been run yet; not run here: `--no-exec` runs nothing"
    assert of_sessions(report) == (f"content/p.md: {why}", f"content/p.md, session `two`: {why}")

    report, _ = build_site(root)
    assert of_sessions(report) == (
        "content/p.md: run: it has not been run yet",
        "content/p.md, session `two`: run: it has not been run yet",
    )
    write_site(root, {"content/p.md": POST.replace("print(2)", "print(3)")})
    names = {path.relative_to(root).as_posix() for path in stored(root)}
    report, _ = build_site(root, mode="no-exec")
    first, second = of_sessions(report)
    assert first.removeprefix("content/p.md: replayed from ") in names
    file, _, why = second.removeprefix("content/p.md, session `two`: shown stale from ").partition(
        ": "
    )
    assert file in names
    assert why == (
        "its code has changed since it was measured; not run here: `--no-exec` runs nothing"
    )

    done = sitegen(root, "build", "--explain")
    assert done.stdout.splitlines()[:2] == [
        first,
        "content/p.md, session `two`: run: its code has changed since it was measured",
    ]
    assert report_of(sitegen(root, "build", "--json"))["explanations"][0] == first
    assert "replayed from" not in sitegen(root, "build").stdout


def test_explain_says_why_not_here(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/p.md": "```python\n1\n```\n"}, ANY)
    report, _ = build_site(root)
    assert of_sessions(report) == (
        "content/p.md: no result: it has not been run yet; not run here:"
        " this machine does not have the device that it is to run on",
    )
    front = '+++\n[execute]\ndevices = ["h100"]\n+++\n'
    root = write_site(tmp_path, {"content/p.md": front + "```python\n1\n```\n"})
    report, _ = build_site(root)
    (line,) = of_sessions(report)
    assert line.startswith(
        "content/p.md: no result of h100: it has not been run yet; not run here: `devices` does"
    )


def test_a_failed_run_is_explained_too(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/p.md": "```python\n1\n```\n"})
    build_site(root)
    write_site(root, {"content/p.md": "```python\n1 / 0\n```\n"})
    report, _ = build_site(root)
    assert of_sessions(report) == ("content/p.md: run: its code has changed since it was measured",)


def test_device_says_where_to_run_whatever_the_post_says(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/p.md": "```python\n1\n```\n"}, ANY)
    done = sitegen(root, "run", "p")
    assert done.returncode == 1
    assert "this machine has no `cuda`" in done.stderr
    assert stored(root) == []
    assert sitegen(root, "run", "p", "--device", "cpu").returncode == 0
    (path,) = stored(root)

    name = path.parent.name
    assert sitegen(root, "run", "p", "--device", name, "--refresh").returncode == 0
    assert len(stored(root)) == 2
    done = sitegen(root, "run", "p", "--device", "h100")
    assert done.returncode == 1
    assert "this machine has no `h100`" in done.stderr
    assert f"here is {name}" in done.stderr


def test_refresh_runs_what_is_fresh(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/p.md": "```python\n1\n```\n"})
    build_site(root)
    done = sitegen(root, "run", "p")
    assert "1 post replayed" in done.stdout
    assert len(stored(root)) == 1
    report = report_of(sitegen(root, "run", "p", "--refresh", "--json"))
    assert (report["status"], report["executed_posts"]) == (0, 1)
    assert report["explanations"] == ["content/p.md: run: it was asked for"]
    assert len(stored(root)) == 2


def test_run_says_that_a_post_is_not_for_this_device(tmp_path: Path) -> None:
    front = '+++\n[execute]\ndevices = ["h100"]\n+++\n'
    root = write_site(tmp_path, {"content/p.md": front + "```python\n1\n```\n"})
    done = sitegen(root, "run", "p")
    assert done.returncode == 0
    assert "warning[device]: not run here: `devices` does not name" in done.stderr
    assert stored(root) == []

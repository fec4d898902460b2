"""`verify`: posts are run again and compared; nothing is stored. Kernels are real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from sitegen.commands.verify import Verification
from sitegen.commands.verify import verify as verify_posts
from sitegen.execute.compare import Tolerance
from sitegen.model import Event, Finished
from sitegen.passes.asked import Caller
from tests.support import build_site, left_in, report_of, sitegen, stored, tree, write_site

SAVING = """\
```python
#| saves: [w.txt]
import time
open("w.txt", "w").write(str(time.time_ns()))
print("saved")
```

```python
#| session: plot
print(len(open("w.txt").read()))
```
"""


def verify(root: Path, *names: str, **tolerance: float) -> tuple[Verification, list[Event]]:
    events: list[Event] = []
    caller = Caller(dict(os.environ), sys.executable)
    return verify_posts(root, names, Tolerance(**tolerance), caller, events.append), events


def verdicts(found: Verification) -> list[tuple[str, str, str]]:
    return [(result.page, result.session, result.verdict) for result in found.results]


def test_what_is_the_same_and_what_differs(tmp_path: Path) -> None:
    """`/tmp` outside the site is no input, so that a post may differ from run to run."""
    outside = tmp_path / "outside.txt"
    outside.write_text("1.0 one")
    files = {
        "content/same.md": "`{python} 1 / 3 :.3f`\n\n```python\nprint('x', 0.1)\n```\n",
        "content/differs.md": (
            f"```python\nprint('first')\n```\n\n```python\n#| values: [x]\n"
            f"text = open({str(outside)!r}).read()\nx = float(text.split()[0])\nprint(text)\n```\n"
        ),
        "content/saving.md": SAVING,
    }
    root = write_site(tmp_path / "site", files)
    build_site(root)
    before = tree(root / "measurements")

    found, _ = verify(root)
    assert found.status == 0
    assert {result.verdict for result in found.results} == {"same"}, "also what a session saves"
    assert all((root / result.measured).is_file() for result in found.results)

    outside.write_text("1.1 one")
    found, events = verify(root, "differs", "same")
    assert found.status == 1
    assert verdicts(found) == [("differs", "main", "differs"), ("same", "main", "same")]
    one, two = found.results[0].differences
    assert (one.span.path, one.span.line, one.block) == ("content/differs.md", 7, "block-2")
    assert (one.what, one.stored, one.now) == ("stdout, line 1", "1.0 one", "1.1 one")
    assert (two.what, two.stored, two.now) == ("value `x`", "1.0", "1.1")
    assert sum(isinstance(event, Finished) for event in events) == 2
    assert verify(root, "differs", rtol=0.2)[0].status == 0

    outside.write_text("one")
    found, _ = verify(root, "differs")
    (status,) = found.results[0].differences
    assert (status.what, status.stored) == ("status", "ok")
    assert status.now.startswith("failed: ValueError: could not convert")
    assert tree(root / "measurements") == before
    assert not (root / ".sitegen/failed").exists()

    done = sitegen(root, "verify", "differs")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0] == f"differs: differs on {stored(root)[0].parent.name}"
    assert lines[1] == "  content/differs.md:7: block-2: status"
    assert lines[2] == "    stored: ok"
    assert lines[-2] == "1 result compared, 1 differ: see above"
    report = report_of(sitegen(root, "verify", "differs", "--json"))
    assert report["status"] == 1
    assert report["results"][0]["differences"][0]["span"]["line"] == 7


def test_a_later_session_reads_what_this_run_saves(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("a")
    post = SAVING.replace("str(time.time_ns())", f"open({str(outside)!r}).read()")
    root = write_site(tmp_path / "site", {"content/p.md": post})
    build_site(root)
    outside.write_text("four")
    found, _ = verify(root, "p")
    assert verdicts(found) == [("p", "main", "same"), ("p", "plot", "differs")]
    (difference,) = found.results[1].differences
    assert (difference.stored, difference.now) == ("1", "4")


def test_nothing_to_compare(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/p.md": "```python\n1\n```\n"})
    found, events = verify(root)
    assert (found.status, events) == (2, [])
    assert "it has not been run yet" in found.results[0].why
    build_site(root)
    write_site(root, {"content/p.md": "```python\n2\n```\n"})
    found, events = verify(root)
    assert (found.status, events) == (2, []), "a stale result is of other code"
    assert "its code has changed" in found.results[0].why
    done = sitegen(root, "verify", "--device", "h100")
    assert done.returncode == 2
    assert done.stdout.splitlines()[0] == "p: not compared: this machine does not have its device"
    assert done.stdout.splitlines()[-1].startswith("nothing could be compared")


def test_a_session_that_cannot_be_run_again_is_found(tmp_path: Path) -> None:
    front = '+++\n[execute]\npass_env = ["SITEGEN_TEST_TOKEN"]\n+++\n'
    files = {
        "content/p.md": front + "```python\n1\n```\n",
        "content/q.md": "```python\n2\n```\n",
    }
    root = write_site(tmp_path, files)
    build_site(root)
    done = sitegen(root, "verify", env={"SITEGEN_TEST_TOKEN": "short"})
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith("p: not run on ")
    assert "has fewer than 8 characters" in lines[0]
    assert lines[-2] == "1 result compared, 0 differ, 1 could not be run: see above"
    alone = sitegen(root, "verify", "p", env={"SITEGEN_TEST_TOKEN": "short"})
    assert alone.returncode == 2


def test_interrupted_it_leaves_no_kernel(tmp_path: Path) -> None:
    outside = tmp_path / "slow"
    post = (
        "```python\nimport os, time\n"
        f"while os.path.exists({str(outside)!r}): time.sleep(0.05)\nprint('done')\n```\n"
    )
    root = write_site(tmp_path / "site", {"content/p.md": post})
    build_site(root)
    outside.write_text("")
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        process = subprocess.Popen(
            [sys.executable, "-m", "sitegen", "verify"],
            cwd=root,
            env={**os.environ, "TMPDIR": temporary},
            stderr=subprocess.PIPE,
            text=True,
        )
        while not list(Path(temporary).glob("sg-*/k-*")):
            time.sleep(0.05)
        time.sleep(1)
        os.kill(process.pid, signal.SIGINT)
        _, stderr = process.communicate(timeout=20)
        assert (process.returncode, stderr) == (130, "interrupted; nothing was stored\n")
        listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
        assert temporary not in listing.stdout
        assert left_in(Path(temporary)) == []


@pytest.mark.parametrize("option", ["--rtol=-1", "--rtol=2", "--atol=-1", "--rtol=nan"])
def test_a_tolerance_that_is_none(tmp_path: Path, option: str) -> None:
    done = sitegen(write_site(tmp_path, {}), "verify", option)
    assert done.returncode == 2
    assert "--rtol is from 0 to 1" in done.stderr

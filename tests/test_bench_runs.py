"""Benchmarks run for real, in as few and short processes as show something."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from sitegen.execute.kernels import Stopped
from sitegen.execute.machine import LOCK, on_this_machine
from sitegen.kernel.sitegen_guard import below
from sitegen.model import BlockDone, Finished, Queued, Run, Started
from sitegen.storage.measurements import load_store
from tests.support import CONFIG, build_site, report_of, sitegen, stored, tree, write_site

QUICK = f'{CONFIG}[measure]\nprocesses = 1\nmax_time = "100ms"\n'
SPIN = """
```python
#| label: clock
import time

def spin(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass
```

```python
#| label: unneeded
print("said")
```

```python
#| bench: spin
#| needs: [clock]
def short():
    spin(0.002)
    return 1

def long():
    spin(0.005)
    return 1
```

```python
#| label: below
"short" in globals()
```
"""


def benchmark(code: str, options: str = "", name: str = "one") -> str:
    return f"```python\n#| bench: {name}\n{options}{code}```\n"


def run_of(root: Path, session: str) -> Run:
    """The stored run of a session, with its samples."""
    store = load_store(root)
    (run,) = (run for run in store.runs if run.session == session)
    return store.with_blobs(run)


def test_a_benchmark_is_run_stored_and_replayed(tmp_path: Path) -> None:
    config = QUICK.replace("processes = 1", "processes = 2")
    write_site(tmp_path, {"content/post.md": SPIN}, config)
    report, events = build_site(tmp_path)
    assert (report.executed_posts, report.executed_blocks) == (1, 4)
    ours = [event for event in events if event.plan.bench is not None]
    queued, *started, done, finished = ours
    assert isinstance(queued, Queued)
    told = [(one.process, one.processes) for one in started if isinstance(one, Started)]
    assert told == [(1, 2), (2, 2)]
    assert isinstance(done, BlockDone)
    assert done.block == 1
    assert isinstance(finished, Finished)
    run = run_of(tmp_path, "bench:spin")
    assert [cell.status for cell in run.cells] == ["ok", "ok"]
    assert run.cells[1].source.startswith("def short")
    found = run.benchmark
    assert found is not None
    assert found.variants == ("short", "long")
    assert [note.process for note in found.processes] == [0, 1]
    assert [len(series.sampled) for series in found.series] == [2, 2]
    short, long = (min(min(one.samples) for one in series.sampled) for series in found.series)
    assert short >= 0.002
    assert long >= 0.005
    before = tree(tmp_path / "measurements")
    again, events = build_site(tmp_path)
    assert not events
    assert again.replayed_posts == 1
    frozen, _ = build_site(tmp_path, mode="frozen")
    assert tree(tmp_path / "measurements") == before
    assert (frozen.written, frozen.removed) == (0, 0)


def test_a_page_sees_nothing_of_its_benchmark(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/post.md": SPIN}, QUICK)
    build_site(tmp_path)
    cells = run_of(tmp_path, "main").cells
    assert [cell.label for cell in cells] == ["clock", "unneeded", "below"]
    assert "False" in str(cells[2].outputs)


def test_an_edit_runs_what_it_must(tmp_path: Path) -> None:
    text = SPIN

    def ran(old: str, new: str) -> list[str]:
        nonlocal text
        assert text.count(old) == 1
        text = text.replace(old, new)
        write_site(tmp_path, {"content/post.md": text}, QUICK)
        _, events = build_site(tmp_path)
        return sorted(event.plan.session for event in events if isinstance(event, Finished))

    write_site(tmp_path, {"content/post.md": text}, QUICK)
    build_site(tmp_path)
    assert ran("spin(0.005)", "spin(0.004)") == ["bench:spin"]
    assert ran('print("said")', 'print("other")') == ["main"]
    assert ran("def spin(seconds)", "def spin(seconds, /)") == ["bench:spin", "main"]
    assert ran("#| needs: [clock]", "#| needs: [clock]\n#| expect: short < long") == []
    assert ran("#| needs: [clock]\n", "") == ["bench:spin"]
    assert ran("#| label: unneeded", "#| label: other") == []


def test_what_is_unstable_is_measured_again_where_that_is_asked_for(tmp_path: Path) -> None:
    code = (
        "import random, time\n\ndef f():\n"
        "    time.sleep(random.choice([0.012, 0.04]))\n    return 1\n"
    )
    config = f'{QUICK.replace("100ms", "800ms")}on_unstable = "retry"\n'
    write_site(tmp_path, {"content/post.md": benchmark(code)}, config)
    report, events = build_site(tmp_path)
    assert sum(isinstance(event, Started) for event in events) == 3
    found = run_of(tmp_path, "bench:one").benchmark
    assert found is not None
    assert found.attempts == 3
    assert "unstable" in [problem.code for problem in report.problems]


def test_what_is_missing_or_stale_is_said_as_of_a_session(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/post.md": SPIN}, QUICK)
    report, _ = build_site(tmp_path, mode="no-exec")
    assert [problem.code for problem in report.problems] == ["missing", "missing"]
    build_site(tmp_path)
    write_site(tmp_path, {"content/post.md": SPIN.replace("0.005", "0.004")}, QUICK)
    report, _ = build_site(tmp_path, mode="no-exec")
    (problem,) = (problem for problem in report.problems if problem.code == "stale")
    assert (problem.severity, problem.span and problem.span.line) == ("warning", 19)
    done = sitegen(tmp_path, "build", "--frozen")
    assert done.returncode == 2
    assert "its code has changed since it was measured" in done.stderr
    done = sitegen(tmp_path, "status")
    assert [line.split()[-1] for line in done.stdout.splitlines() if "bench:spin" in line] == [
        "stale"
    ]


def test_commands_know_benchmarks(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/post.md": SPIN}, QUICK)
    build_site(tmp_path)
    done = sitegen(tmp_path, "build", "--explain")
    assert "content/post.md, benchmark `spin`: replayed from measurements/post/" in done.stdout
    verified = report_of(sitegen(tmp_path, "verify", "--json"))["results"]
    assert [(one["session"], one["verdict"]) for one in verified] == [
        ("main", "same"),
        ("bench:spin", "not compared"),
    ]
    assert verified[1]["why"] == "fewer than 6 processes: no interval"
    done = sitegen(tmp_path, "run", "post", "--refresh")
    assert done.returncode == 0
    assert len([path for path in stored(tmp_path) if path.parent.name != "blobs"]) == 4
    write_site(tmp_path, {"content/post.md": SPIN.replace("spin(0.005)", "spin(5e-3)")}, QUICK)
    done = sitegen(tmp_path, "accept", "post", "--because", "the same number")
    assert done.returncode == 0
    assert "post, benchmark spin: the result of" in done.stdout
    assert "+    spin(5e-3)" in done.stdout
    assert sitegen(tmp_path, "build", "--frozen").returncode == 0


FAILING = {
    "a variant": ("def f():\n    return [][1]\n", "", "IndexError", 7),
    "setup": ("def setup():\n    return 1 / 0\n\ndef f():\n    pass\n", "", "ZeroDivisionError", 7),
    "the block": ("x = unknown\n\ndef f():\n    pass\n", "", "NameError", 6),
    "never ends": (
        "import time\n\ndef f():\n    time.sleep(60)\n",
        "#| timeout: 6s\n",
        "TimeoutError: still measuring after 6 s, its limit",
        10,
    ),
    "never ends at a point": (
        "import time\n\ndef f(n):\n    time.sleep(n)\n",
        "#| timeout: 6s\n#| sweep: {n: [60, 61]}\n",
        "TimeoutError: still measuring after 6 s, its limit",
        11,
    ),
    "crashes": (
        "def f():\n    import ctypes\n\n    ctypes.string_at(0)\n",
        "",
        "KernelDied: the kernel was ended by SIGSEGV",
        9,
    ),
    "crashes at a point": (
        "import ctypes\n\ndef f(n):\n    ctypes.string_at(0)\n",
        "#| sweep: {n: [0, 1]}\n",
        "KernelDied: the kernel was ended by SIGSEGV",
        10,
    ),
    "exits": (
        "import os\n\ndef f():\n    os._exit(3)\n",
        "",
        "KernelDied: the kernel exited with status 3",
        None,
    ),
    "is killed": (
        "import os\n\ndef f():\n    os.kill(os.getpid(), 9)\n",
        "",
        "KernelDied: the kernel was ended by SIGKILL",
        None,
    ),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_failing_benchmark_is_reported_and_not_stored(tmp_path: Path, name: str) -> None:
    code, options, error, line = FAILING[name]
    write_site(tmp_path, {"content/post.md": "\n" + benchmark(code, options)}, QUICK)
    report, events = build_site(tmp_path)
    (problem,) = (problem for problem in report.problems if problem.code == "block")
    assert problem.severity == "error"
    assert problem.message.startswith(error)
    assert problem.span is not None
    fence = 4  # of what is not known, or had not begun when the time was over
    assert problem.span.line in ((line, fence) if "Timeout" in error else (line or fence,))
    (finished,) = (event for event in events if isinstance(event, Finished))
    assert finished.run.failed
    assert finished.run.benchmark is None
    assert stored(tmp_path) == []
    html = (tmp_path / "public/post/index.html").read_text("utf-8")
    assert error in html
    _, events = build_site(tmp_path)
    assert events, "the next build tries again"


def test_memory_has_its_limit(tmp_path: Path) -> None:
    config = QUICK.replace('device = "cpu"', 'device = "cpu"\nmemory = "200MB"')
    code = "def f():\n    return len(bytearray(10**9))\n"
    write_site(tmp_path, {"content/post.md": benchmark(code)}, config)
    report, _ = build_site(tmp_path)
    (problem,) = (problem for problem in report.problems if problem.code == "block")
    assert problem.message == "MemoryError: the post used more memory than its limit, 0.2 GB"


def test_a_needed_block_that_fails_is_the_one_that_is_reported(tmp_path: Path) -> None:
    text = f"""
```python
#| label: fine
x = 1
```

```python
#| session: other
pass
```

```python
#| label: broken
#| session: other
import os
assert "SITEGEN_NEVER" in os.environ, "no such variable"
```

{benchmark("def f(): pass" + chr(10), "#| session: other" + chr(10))}"""
    write_site(tmp_path, {"content/post.md": text}, QUICK)
    report, events = build_site(tmp_path, allow_errors=True)
    runs = {event.plan.session: event.run for event in events if isinstance(event, Finished)}
    assert [cell.status for cell in runs["bench:one"].cells] == ["ok", "failed", "not run"]
    lines = [problem.span.line for problem in report.problems if problem.span]
    assert lines.count(18) == 2
    assert all(problem.severity == "warning" for problem in report.problems)


def test_an_error_that_a_needed_block_promises_is_passed_over(tmp_path: Path) -> None:
    text = "```python\n#| error: ZeroDivisionError\nx = 1\n1 / 0\n```\n"
    text += benchmark("def f():\n    return x\n")
    write_site(tmp_path, {"content/post.md": text}, QUICK)
    report, _ = build_site(tmp_path)
    assert [problem.code for problem in report.problems if problem.severity == "error"] == []


def test_a_benchmark_finds_files_and_saves_and_is_stale_without_them(tmp_path: Path) -> None:
    files = {
        "content/post/index.md": "```python\n#| session: before\n#| saves: [made.txt]\n"
        'open("made.txt", "w").write("1")\n```\n'
        + benchmark(
            "from pathlib import Path\n\nassert not Path('left').exists()\n"
            "Path('left').write_text('')\n\ndef f():\n"
            "    return Path('data.txt').read_text() + Path('made.txt').read_text()\n"
        ),
        "content/post/data.txt": "7",
    }
    write_site(tmp_path, files, QUICK.replace("processes = 1", "processes = 2"))
    build_site(tmp_path)
    run = run_of(tmp_path, "bench:one")
    assert [(entry.base, entry.path) for entry in run.inputs] == [
        ("post", "data.txt"),
        ("saves", "made.txt"),
    ]
    (tmp_path / "content/post/data.txt").write_text("8", "utf-8")
    _, events = build_site(tmp_path)
    assert [event.plan.session for event in events if isinstance(event, Finished)] == ["bench:one"]
    assert not (tmp_path / "content/post/left").exists()


def test_nothing_of_this_machine_is_stored(tmp_path: Path) -> None:
    config = QUICK.replace("[measure]", 'pass_env = ["TOKEN"]\n[measure]')
    code = (
        "import os\n\ndef f():\n"
        "    raise ValueError(os.environ['TOKEN'], os.getcwd(), os.environ.get('SITEGEN_SEEN'))\n"
    )
    write_site(tmp_path, {"content/post.md": benchmark(code)}, config)
    env = {"TOKEN": "very secret value", "SITEGEN_SEEN": "1"}
    done = sitegen(tmp_path, "build", env=env)
    assert done.returncode == 1
    assert "ValueError: ('[masked]', '.', None)" in done.stderr
    assert "very secret" not in done.stderr + (tmp_path / "public/post/index.html").read_text()


def test_a_benchmark_is_for_its_devices(tmp_path: Path) -> None:
    post = benchmark("def f(): pass\n", "#| devices: [h100]\n")
    write_site(tmp_path, {"content/post.md": post}, QUICK)
    report, events = build_site(tmp_path)
    assert not [event for event in events if isinstance(event, Started)]
    assert [problem.code for problem in report.problems if problem.severity != "notice"] == []
    html = (tmp_path / "public/post/index.html").read_text("utf-8")
    assert "not run here: it is for h100" in html


def test_a_blob_that_is_gone_makes_the_result_missing(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/post.md": benchmark("def f(): pass\n")}, QUICK)
    build_site(tmp_path)
    (blob,) = tmp_path.glob("measurements/**/blobs/*.json")
    blob.unlink()
    report, _ = build_site(tmp_path, mode="no-exec")
    assert {problem.code for problem in report.problems} == {"damaged", "missing"}
    report, events = build_site(tmp_path)
    assert [event.plan.session for event in events if isinstance(event, Finished)] == ["bench:one"]


# --- alone on the machine -------------------------------------------------------------------


def test_nothing_runs_beside_a_benchmark(tmp_path: Path) -> None:
    slow = "```python\nimport time\n{} = time.sleep(0.5)\n```\n"
    files = {f"content/{name}.md": slow.format(name) for name in ("b", "c")}
    files["content/a.md"] = benchmark("def f(): pass\n")
    write_site(tmp_path, files, QUICK)
    _, events = build_site(tmp_path)
    order = [(type(event).__name__, event.plan.page) for event in events]
    begun = order.index(("Started", "a"))
    assert all(order.index(("Finished", page)) < begun for page in ("b", "c"))


HOLD = """
import sys, threading
from sitegen.execute.machine import on_this_machine
tell = lambda holder: print("waiting", flush=True)
with on_this_machine(threading.Event(), tell, alone=sys.argv[1] == "alone"):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold(kind: str) -> subprocess.Popen[str]:
    """A process that has the machine, alone or with others, until it is let go."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", HOLD, kind]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)


def says(holder: subprocess.Popen[str]) -> str:
    """The next that it says: "waiting", or "held"."""
    assert holder.stdout is not None
    return holder.stdout.readline().strip()


def let_go(holder: subprocess.Popen[str]) -> None:
    holder.communicate(timeout=120)


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("alone", "alone", False),
        ("alone", "shared", False),
        ("shared", "alone", False),
        ("shared", "shared", True),
    ],
)
def test_two_processes_share_a_machine_unless_one_is_to_be_alone(
    one: str, other: str, together: bool
) -> None:
    first = hold(one)
    assert says(first) == "held"
    second = hold(other)
    assert says(second) == ("held" if together else "waiting")
    let_go(first)
    assert together or says(second) == "held"
    let_go(second)


def test_who_waits_to_be_alone_is_not_overtaken() -> None:
    first = hold("shared")
    assert says(first) == "held"
    alone = hold("alone")
    assert says(alone) == "waiting"
    third = hold("shared")
    assert says(third) == "waiting"
    let_go(first)
    assert says(alone) == "held"
    assert third.stdout is not None
    assert select.select([third.stdout], [], [], 1.0)[0] == []
    let_go(alone)
    assert says(third) == "held"
    let_go(third)


def test_waiting_for_the_machine_can_be_given_up() -> None:
    holder = hold("alone")
    assert says(holder) == "held"
    stop = threading.Event()
    told: list[str] = []
    threading.Timer(0.5, stop.set).start()
    wait = on_this_machine(stop, told.append, alone=False)
    with pytest.raises(Stopped), wait:
        pass
    (said,) = told
    assert said.startswith(f"another sitegen (process {holder.pid}, since 20")
    let_go(holder)
    with on_this_machine(threading.Event(), told.append, alone=True):
        assert len(told) == 1


def test_a_build_says_whom_it_waits_for(tmp_path: Path) -> None:
    write_site(tmp_path, {"content/post.md": "```python\n1\n```\n"}, QUICK)
    holder = hold("alone")
    assert says(holder) == "held"
    command = [sys.executable, "-m", "sitegen", "build"]
    building = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert building.stderr is not None
    said = building.stderr.readline()
    assert f"post: waiting for another sitegen (process {holder.pid}, since 20" in said
    let_go(holder)
    building.communicate(timeout=120)
    assert building.returncode == 0


def test_a_lock_that_may_not_be_opened_is_replaced_by_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / LOCK).symlink_to("elsewhere")
    with on_this_machine(threading.Event(), print, alone=True):
        assert (tmp_path / f"{os.getuid()}-{LOCK}").exists()


def test_an_interrupted_benchmark_leaves_nothing(tmp_path: Path) -> None:
    post = benchmark("import time\n\ndef f():\n    time.sleep(60)\n")
    write_site(tmp_path, {"content/post.md": post}, QUICK)
    command = [sys.executable, "-m", "sitegen", "build"]
    building = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE)
    runner = wait_for_runner(building.pid)
    building.send_signal(2)
    building.communicate(timeout=60)
    assert building.returncode == 130
    assert not Path(f"/proc/{runner}").exists()
    assert stored(tmp_path) == []


def wait_for_runner(parent: int) -> int:
    """The number of the process that measures, once it does."""
    while True:
        for process in below(parent):
            try:
                words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if any(word.endswith(b"sitegen_bench.py") for word in words[1:2]):
                return process
        time.sleep(0.05)

"""Hostile posts side by side with good ones: each ends within its limit, and leaves nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from sitegen.execute.kernels import Stopped
from sitegen.kernel import sitegen_guard
from sitegen.model import Failure, Finished
from tests.sidebyside import Site, descendants, failure, printed, run_post, zygote_for
from tests.support import build_site, left_in, stored, write_site

linux = pytest.mark.skipif(sys.platform != "linux", reason="what is orphaned is found on Linux")

LIMIT = 2
"""Seconds that a hostile block may take."""

MARK = f"87235.{os.getpid()}"
"""Seconds that what is left behind sleeps; told apart by it from what other tests started."""

LASTING = f'[sys.executable, "-c", "import time; time.sleep({MARK})"]'
DAEMON = f"""
import os, subprocess, sys
subprocess.Popen({LASTING}, start_new_session=True)
deaf = "trap : TERM HUP INT; sleep {MARK}"
subprocess.run(["sh", "-c", f"setsid nohup sh -c '{{deaf}}' >/dev/null 2>&1 &"])
"""
ENDLESS = "import time\nwhile True:\n    time.sleep(0.01)\n"

SLOW = "TimeoutError: still running after 2 s"
KILLED = "KernelDied: the kernel was ended by SIGKILL"

HOSTILE = {
    "deaf": ("import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n" + ENDLESS, SLOW),
    "deaf-to-all": (
        "import signal\nfor n in range(1, 32):\n    if n not in (9, 19):\n"
        "        signal.signal(n, signal.SIG_IGN)\n" + ENDLESS,
        SLOW,
    ),
    "exits": ("import os\nos._exit(3)", "KernelDied: the kernel exited with status 3"),
    "segfaults": (
        "def f():\n    import ctypes\n    ctypes.string_at(0)\nx = 1\nf()",
        "KernelDied: the kernel was ended by SIGSEGV",
    ),
    "aborts": ("import os\nos.abort()", "KernelDied: the kernel was ended by SIGABRT"),
    "asks": ("input('name? ')", "StdinNotImplementedError"),
    "floods": ("while True:\n    print('x' * 10_000)", SLOW),
    "floods-below": ("import os\nwhile True:\n    os.write(1, b'x' * 65536)", SLOW),
    "child-floods": (f"import subprocess\nsubprocess.run(['yes', '{MARK}'])", SLOW),
    "daemons": (DAEMON, None),
    "daemons-endless": (DAEMON + ENDLESS, SLOW),
    "forks": (
        "import os, time\nfor n in range(6):\n    os.fork()\nwhile True:\n    time.sleep(0.01)\n"
        "    if os.fork() == 0:\n        os.setsid()\n        os.fork()\n        time.sleep(0.2)\n"
        "        os._exit(0)",
        SLOW,
    ),
    "closes": ("import os\nos.closerange(3, 4096)\n" + ENDLESS, "(TimeoutError|KernelDied)"),
    "kills-group": (DAEMON + "os.killpg(0, 9)", KILLED),
    "kills-guard": (DAEMON + "os.kill(os.getppid(), 9)\n" + ENDLESS, KILLED),
    "ends-guard": (DAEMON + "os.kill(os.getppid(), 15)\n" + ENDLESS, KILLED),
    "stops-guard": (DAEMON + "os.kill(os.getppid(), 19)\n" + ENDLESS, SLOW),
    "stops": ("import os\nos.kill(os.getpid(), 19)", SLOW),
    "secret": ("import os\nprint(dict(os.environ), open('/proc/self/environ').read())", None),
}
"""What each post does, and how it fails; None for a post that does not."""

GOOD = """
```python
import os, random, subprocess, time
print("begun", os.getpgid(0) == os.getpid())
```
```python
for n in range(40):
    time.sleep(0.1)
    subprocess.run(["true"], check=True)
    print(n, end=" ")
```
```python
print("whole", n)
```
"""


def post(code: str, limit: float = LIMIT) -> str:
    return f"```python\n#| timeout: {limit}s\n{code}\n```\n"


def left_behind() -> list[str]:
    """The command lines of processes that a hostile post started and that are still there."""
    found = []
    for number in sitegen_guard._processes():
        line = sitegen_guard._read(number, "cmdline").replace(b"\0", b" ").decode()
        if MARK in line:
            found.append(line)
    return found


@linux
@pytest.mark.parametrize("forked", [True, False])
def test_each_ends_within_its_limit_and_the_good_ones_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, forked: bool
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        monkeypatch.setattr(tempfile, "tempdir", temporary)
        texts = {name: post(code) for name, (code, _) in HOSTILE.items()}
        site = Site(tmp_path, {**texts, "good": GOOD, "good-too": GOOD})
        names = ["good", *HOSTILE, "good-too"]
        with ExitStack() as stack:
            zygote = zygote_for(site, stack) if forked else None
            pool = stack.enter_context(ThreadPoolExecutor(4))
            running = {name: pool.submit(run_post, site, name, zygote) for name in names}
            ended = {name: future.result() for name, future in running.items()}
        assert left_in(Path(temporary)) == []
    for name, (_, expected) in HOSTILE.items():
        found = failure(ended[name])
        assert (found is None) == (expected is None), (name, found)
        assert expected is None or re.match(expected, found or ""), (name, found)
        assert ended[name].seconds < LIMIT + 2, (name, ended[name].seconds)
    for name in ("good", "good-too"):
        assert failure(ended[name]) is None
        assert printed(ended[name]).startswith("begun True\n0 1 2 3 ")
        assert printed(ended[name]).endswith(" 39 whole 39\n")
    assert "SITEGEN_SECRET" not in printed(ended["secret"])
    assert "canary-51a7" not in msgspec.json.encode([one.cells for one in ended.values()]).decode()
    assert "JAX_PLATFORMS" in printed(ended["secret"])
    assert left_behind() == []
    assert descendants() == set()


@linux
def test_a_post_that_kills_its_zygote_ends_no_other(tmp_path: Path) -> None:
    kill = """
import os
stat = open(f"/proc/{os.getppid()}/stat").read()
os.kill(int(stat.rpartition(")")[2].split()[1]), 9)
print("done")
"""
    site = Site(tmp_path, {"good": GOOD, "kills": post(kill), "later": post("print('too')")})
    with ExitStack() as stack:
        zygote = zygote_for(site, stack)
        pool = stack.enter_context(ThreadPoolExecutor(2))
        good = pool.submit(run_post, site, "good", zygote)
        time.sleep(1.5)
        assert printed(run_post(site, "kills", zygote)) == "done\n"
        assert printed(run_post(site, "later", zygote)) == "too\n", "started plainly"
        assert not good.done()
        assert printed(good.result()).endswith(" 39 whole 39\n")
    assert descendants() == set()


EATS = "held = []\nwhile True:\n    held.append(bytearray(b'x') * 20_000_000)\n"
SHARES = """
import os, time
held = bytearray(b"x") * 200_000_000
children = []
for n in range(4):
    child = os.fork()
    if child == 0:
        time.sleep(1)
        os._exit(0)
    children.append(child)
print([os.waitpid(child, 0)[1] for child in children])
"""


@linux
@pytest.mark.parametrize("forked", [True, False])
def test_memory_is_bounded_for_all_that_a_post_started(tmp_path: Path, *, forked: bool) -> None:
    child = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {EATS!r}])"
    files = {"eats": post(EATS, 20), "child": post(child, 20), "shares": post(SHARES, 20)}
    site = Site(tmp_path, {**files, "good": GOOD}, memory=500_000_000)
    with ExitStack() as stack:
        zygote = zygote_for(site, stack, ("torch",)) if forked else None
        pool = stack.enter_context(ThreadPoolExecutor(2))
        names = ["good", *files]
        futures = {name: pool.submit(run_post, site, name, zygote) for name in names}
        ended = {name: future.result() for name, future in futures.items()}
    for name in ("eats", "child"):
        message = "MemoryError: the post used more memory than its limit, 0.5 GB"
        assert failure(ended[name]) == message
        (last,) = (out for out in ended[name].cells[0].outputs if isinstance(out, Failure))
        assert last.frames[-1].line == {"eats": 3, "child": 2}[name], "where it was"
        assert ended[name].seconds < 5
    assert printed(ended["shares"]) == "[0, 0, 0, 0]\n", "what is shared counts once"
    assert printed(ended["good"]).endswith(" 39 whole 39\n")
    assert descendants() == set()


@pytest.mark.parametrize(
    ("name", "lines"),
    [("segfaults", [(1, 5, "<module>"), (1, 3, "f")]), ("deaf", [(1, 5, "<module>")])],
)
def test_a_kernel_that_is_no_more_tells_the_line(
    tmp_path: Path, name: str, lines: list[tuple[int, int, str]]
) -> None:
    code = HOSTILE[name][0]
    site = Site(tmp_path, {"crash": f"```python\nimport sys\n```\n\n{post(code)}"})
    (found,) = run_post(site, "crash", None).cells[1].outputs
    assert isinstance(found, Failure)
    assert [(frame.block, frame.line, frame.function) for frame in found.frames] == lines


@pytest.mark.parametrize("forked", [True, False])
def test_work_that_is_given_up_ends_at_once(tmp_path: Path, *, forked: bool) -> None:
    site = Site(tmp_path, {"endless": post(ENDLESS, 60)})
    with ExitStack() as stack:
        zygote = zygote_for(site, stack) if forked and sys.platform == "linux" else None
        for delay in (0.05, 2.0):
            stop = threading.Event()
            pool = stack.enter_context(ThreadPoolExecutor(1))
            running = pool.submit(run_post, site, "endless", zygote, stop)
            time.sleep(delay)
            stop.set()
            begun = time.monotonic()
            with pytest.raises(Stopped):
                running.result()
            assert time.monotonic() - begun < 1.5
    assert descendants() == set()


def started_below(folder: str) -> list[int]:
    """The processes that have this folder for temporary files."""
    mark = f"TMPDIR={folder}\0".encode()
    return [n for n in sitegen_guard._processes() if mark in sitegen_guard._read(n, "environ")]


@linux
@pytest.mark.parametrize(
    ("number", "delay"),
    [
        *((signal.SIGINT, delay) for delay in (0.7, 1.1, 1.6, 2.3, 3.5, 5.0)),
        (signal.SIGTERM, 1.3),
        (signal.SIGTERM, 5.0),
        (signal.SIGKILL, 1.3),
        (signal.SIGKILL, 5.0),
    ],
)
def test_nothing_is_left_when_sitegen_is_ended(tmp_path: Path, number: int, delay: float) -> None:
    text = post("import torch\nprint('begun')\n" + DAEMON + ENDLESS, 60)
    root = write_site(tmp_path / "site", {f"content/{name}.md": text for name in ("a", "b", "c")})
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        process = subprocess.Popen(
            [sys.executable, "-m", "sitegen", "build"],
            cwd=root,
            env={**os.environ, "TMPDIR": temporary},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(delay)
        assert process.poll() is None
        os.killpg(process.pid, number)
        begun = time.monotonic()
        status = process.wait(20)
        while started_below(temporary) and time.monotonic() - begun < 2:
            time.sleep(0.05)
        assert time.monotonic() - begun < 2
        assert started_below(temporary) == []
        if number != signal.SIGKILL:
            assert status == 130
            assert left_in(Path(temporary)) == []
    assert left_behind() == []


MUCH = "for n in range(300):\n    print('y' * 10_000)"


def test_a_build_tells_what_became_of_each(tmp_path: Path) -> None:
    names = ("deaf", "exits", "segfaults", "asks", "floods", "daemons")
    files = {f"content/{name}.md": post(HOSTILE[name][0]) for name in names}
    never = "```python\nprint('never')\n```\n"
    files["content/deaf.md"] += never
    files |= {"content/good.md": "```python\n'good'\n```\n", "content/much.md": post(MUCH, 20)}
    root = write_site(tmp_path, files)
    report, events = build_site(root)
    runs = {event.plan.page: event.run for event in events if isinstance(event, Finished)}
    problems = {
        p.span.path.removeprefix("content/")[:-3]: p
        for p in report.problems
        if p.span and p.code != "cut"
    }
    for name in names:
        expected = HOSTILE[name][1]
        assert (name in problems) == (expected is not None)
        assert expected is None or problems[name].message.startswith(expected)
    span = problems["segfaults"].span
    assert span is not None
    lines = (root / span.path).read_text("utf-8").split("\n")
    assert lines[span.line - 1] == "    ctypes.string_at(0)"
    assert [cell.status for cell in runs["deaf"].cells] == ["failed", "not run"]
    assert "not run: the session ended" in (root / "public/deaf/index.html").read_text("utf-8")
    assert "good" in (root / "public/good/index.html").read_text("utf-8")
    for name in ("floods", "much"):
        html = (root / f"public/{name}/index.html").read_text("utf-8")
        assert "characters were cut here]" in html
        assert len(html) < 1_100_000
    assert [path.parent.parent.name for path in stored(root)] == ["daemons", "good", "much"]
    assert left_behind() == []

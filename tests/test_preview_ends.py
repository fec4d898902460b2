"""How the preview ends, and what it goes on through."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from sitegen.kernel.sitegen_guard import below
from sitegen.serve.server import PortTaken, Wish, listening
from tests.previewing import Preview, alive, kernels_of, preview, sleeping, wait_for
from tests.support import sitegen, write_site

ASLEEP = """+++
title = "A post"
+++
Words.

```python
import time
time.sleep(600)
```
"""
LONG = "{% for a in range(10**5) %}{% for b in range(10**5) %}{% endfor %}{% endfor %}"
ENDED = 2.0
"""Seconds after Ctrl-C in which all is gone."""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    files = {"content/a.md": ASLEEP, "content/b.md": "Other."}
    return write_site(tmp_path / "site", files)


@pytest.fixture
def start(site: Path) -> Iterator[Callable[..., Preview]]:
    with preview(site) as begin:
        yield begin


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for temporary files whose path is short enough for those of kernels."""
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        yield Path(folder)


def folders_in(temporary: Path) -> list[str]:
    """What is left there, but for the files by which the processes of the machine take turns."""
    return [entry.name for entry in temporary.iterdir() if entry.is_dir()]


def follow(served: Preview, path: str) -> socket.socket:
    """The stream of events of a page, as an open tab has it."""
    token = served.page(path).partition('data-follow="')[2].partition('"')[0]
    connection = socket.create_connection(("127.0.0.1", served.port), timeout=10)
    target = f"/.sitegen/events?url={path}&version=&token={token}"
    host = f"127.0.0.1:{served.port}"
    connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert b" 200 " in connection.recv(20)
    return connection


def worker_of(served: Preview) -> int:
    """The process that builds: the last that the server has started."""
    processes = below(served.process.pid)
    return max(number for number in processes if parent_of(number) == served.process.pid)


def parent_of(process: int) -> int:
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(") ")[2].split()
    return int(fields[1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_soon_and_every_kernel_with_it(
    start: Callable[..., Preview], temporary: Path, number: int
) -> None:
    served = start(env={"TMPDIR": str(temporary)})
    with follow(served, "/a/"):
        wait_for(lambda: sleeping(served))
        assert folders_in(temporary)
        processes = below(served.process.pid)
        assert served.end(number) < ENDED
    assert not any(map(alive, processes))
    assert served.process.returncode == 0
    assert not folders_in(temporary)


def test_it_ends_soon_in_the_middle_of_a_long_build(
    site: Path, start: Callable[..., Preview], temporary: Path
) -> None:
    served = start(env={"TMPDIR": str(temporary)})
    with follow(served, "/a/"):
        wait_for(lambda: sleeping(served))
        assert folders_in(temporary)
        (site / "templates").mkdir()
        (site / "templates/page.html").write_text(LONG, "utf-8")
        time.sleep(2.0)
        processes = below(served.process.pid)
        assert served.end() < ENDED
    assert not any(map(alive, processes))
    assert not folders_in(temporary)


def test_a_browser_that_stays_open_does_not_keep_it(
    start: Callable[..., Preview], tmp_path: Path
) -> None:
    browser, number = tmp_path / "browser", tmp_path / "number"
    browser.write_text(f"#!/bin/sh\necho $$ > {number}\nexec sleep 60\n", "utf-8")
    browser.chmod(0o755)
    served = start("--open", "--no-exec", env={"BROWSER": str(browser)})
    wait_for(lambda: number.exists() and number.read_text("ascii").endswith("\n"))
    try:
        assert served.end() < ENDED
    finally:
        with suppress(ProcessLookupError):
            os.kill(int(number.read_text("ascii")), signal.SIGKILL)


def test_it_answers_and_ends_though_its_worker_takes_no_orders(
    start: Callable[..., Preview],
) -> None:
    served = start("--no-exec")
    served.page("/a/")
    worker = worker_of(served)
    os.kill(worker, signal.SIGSTOP)
    for _ in range(300):
        follow(served, "/a/").close()
    assert served.get("/b/").status == 200
    assert served.end() < ENDED
    assert not alive(worker)


def test_killed_it_leaves_nothing(start: Callable[..., Preview]) -> None:
    served = start()
    served.page("/a/")
    wait_for(lambda: sleeping(served))
    processes = below(served.process.pid)
    served.end(signal.SIGKILL)
    wait_for(lambda: not any(map(alive, processes)), limit=10.0)


def test_when_the_process_that_builds_is_killed_the_preview_ends_and_says_so(
    start: Callable[..., Preview],
) -> None:
    served = start()
    served.page("/a/")
    wait_for(lambda: kernels_of(served))
    processes = below(served.process.pid)
    os.kill(worker_of(served), signal.SIGKILL)
    assert served.process.wait(timeout=30) == 1
    assert "the process that builds has ended" in served.printed
    wait_for(lambda: not any(map(alive, processes)), limit=10.0)


def test_when_the_site_is_moved_away_the_preview_ends_and_says_so(
    site: Path, start: Callable[..., Preview]
) -> None:
    served = start("--no-exec")
    served.page("/a/")
    time.sleep(1.0)
    moved = site.rename(site.with_name("moved"))
    (moved / "content/b.md").write_text("+++\n+++\nEdited.", "utf-8")
    assert served.process.wait(timeout=30) == 1
    assert "the site's folder cannot be read: No such file" in served.printed
    assert "the watching of files has ended" in served.printed


def test_it_goes_on_where_nobody_reads_what_it_prints(site: Path) -> None:
    command = [sys.executable, "-m", "sitegen", "serve", "--port", "0", "--no-exec"]
    with (
        subprocess.Popen(command, cwd=site, stdout=subprocess.PIPE, bufsize=0) as process,
        ExitStack() as stack,
    ):
        stack.callback(process.kill)  # nothing, where it has ended
        assert process.stdout is not None
        served = Preview(process, process.stdout.readline().decode().split()[-1].rstrip("/"), site)
        served.page("/a/")
        process.stdout.close()
        for name in ("new", "newer"):
            (site / f"content/{name}.md").write_text("+++\n+++\nNew.", "utf-8")
            served.page(f"/{name}/")
            time.sleep(0.5)
        assert served.end() < ENDED
    assert process.returncode == 0


def test_it_opens_a_browser_where_it_is_asked_to(
    start: Callable[..., Preview], tmp_path: Path
) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/opened\n', "utf-8")
    browser.chmod(0o755)
    served = start("--open", "--no-exec", env={"BROWSER": str(browser)})
    wait_for(lambda: (tmp_path / "opened").exists())
    wait_for(lambda: (tmp_path / "opened").read_text("utf-8").strip() == f"{served.url}/")


# --- where it cannot begin ----------------------------------------------------------------------


def test_where_nothing_can_be_written_it_says_so(site: Path) -> None:
    (site / ".sitegen").write_text("no folder", "utf-8")
    done = sitegen(site, "serve", "--port", "0")
    assert done.returncode == 2
    assert f"the preview cannot be written: `{site}/.sitegen`: File exists" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_another_takes_in_the_same_moment_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rivals = list[socket.socket]()
    listen = socket.socket.listen

    def listen_late(listener: socket.socket, backlog: int = 128) -> None:
        """Another was bound to the port too, and has been the first to listen."""
        rivals.append(rival := socket.socket())
        rival.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        rival.bind(listener.getsockname())
        listen(rival)
        listen(listener, backlog)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setattr(socket.socket, "listen", listen_late)
    with pytest.raises(PortTaken, match=f"port {port} is taken"), listening(Wish(port=port)):
        pass
    for rival in rivals:
        rival.close()

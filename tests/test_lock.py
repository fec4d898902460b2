"""One build at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sitegen.base.errors import SiteError, render_problem
from sitegen.storage.lock import locked

HOLDER = """
import sys, time
from pathlib import Path
from sitegen.storage.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def hold(site: Path, seconds: float) -> subprocess.Popen[str]:
    """A process that has the lock for so many seconds."""
    command = [sys.executable, "-c", HOLDER, str(site), str(seconds)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_second_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with hold(tmp_path, 60) as holder:
        with pytest.raises(SiteError) as raised, locked(tmp_path, wait=0.1):
            pass
        holder.kill()
    [problem] = raised.value.problems
    assert (problem.severity, problem.code) == ("fatal", "locked")
    shown = render_problem(problem)
    assert f"another sitegen (process {holder.pid}, since 20" in shown


def test_second_waits_for_its_turn(tmp_path: Path) -> None:
    with hold(tmp_path, 0.3), locked(tmp_path, wait=10):
        signed = (tmp_path / ".sitegen/lock").read_text()
    assert signed.split()[0] == str(os.getpid())


def test_a_killed_holder_blocks_nobody(tmp_path: Path) -> None:
    with hold(tmp_path, 60) as holder:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    started = time.monotonic()
    with locked(tmp_path, wait=0):
        pass
    assert time.monotonic() - started < 1


def test_a_forked_child_does_not_keep_it(tmp_path: Path) -> None:
    with locked(tmp_path, wait=0):
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
    try:
        with locked(tmp_path, wait=0):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_given_up_after_an_exception(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(tmp_path, wait=0):
        raise ZeroDivisionError
    with locked(tmp_path, wait=0):
        pass


def test_git_ignores_the_state(tmp_path: Path) -> None:
    with locked(tmp_path, wait=0):
        assert (tmp_path / ".sitegen/.gitignore").read_text() == "*\n"


def test_a_lock_that_cannot_be_made_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / ".sitegen").write_text("not a folder")
    with pytest.raises(SiteError) as raised, locked(tmp_path):
        pass
    assert raised.value.problems[0].code == "locked"
    assert ".sitegen" in raised.value.problems[0].message

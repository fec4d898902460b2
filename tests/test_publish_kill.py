"""Whoever is killed while publishing leaves one whole generation, and no work for anyone."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from itertools import count
from pathlib import Path

import pytest

from sitegen.model import Artifact
from sitegen.storage.exchange import Mechanism, place_trees, recover
from sitegen.storage.lock import make_state
from sitegen.storage.publish import MARKER, publish

Generation = dict[str, bytes]

SHARED: Generation = {f"shared/{i}.css": b"shared" for i in range(20)}
A: Generation = SHARED | {f"posts/{i}/index.html": b"A" for i in range(40)}
B: Generation = SHARED | {f"posts/{i}/index.html": b"BB" for i in range(20, 70)}


def artifacts(generation: Generation) -> list[Artifact]:
    return [Artifact(path, content, "test") for path, content in generation.items()]


def tree(folder: Path) -> Generation:
    """Every file below the folder but the marker."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != MARKER)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def recovered(site: Path) -> Generation:
    """What is published once the next publish has done what it does first."""
    recover(place_trees(site / "public", site, make_state(site)))
    return tree(site / "public")


def publish_for_ever(site: Path, mechanism: Mechanism, *, start: int) -> None:
    for turn in count(start):
        publish(artifacts((A, B)[turn % 2]), site / "public", site, mechanism=mechanism)


def killed_after(seconds: float, site: Path, mechanism: Mechanism, *, start: int) -> None:
    """Publish A and B in turn in a process of its own, and kill that after so many seconds."""
    child = os.fork()
    if child == 0:
        try:
            publish_for_ever(site, mechanism, start=start)
        finally:
            os._exit(1)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it could not publish over what the last kill had left"


@pytest.mark.parametrize("mechanism", ["exchange", "renames", "files"])
def test_killed_at_random(tmp_path: Path, mechanism: Mechanism) -> None:
    """Forty kills, unless more are asked for; `files` and `renames` promise a whole tree only to
    who recovers first."""
    chance = random.Random(20260131)  # noqa: S311
    publish(artifacts(A), tmp_path / "public", tmp_path)
    started = time.monotonic()
    for _ in range(4):
        publish(artifacts(B), tmp_path / "public", tmp_path, mechanism=mechanism)
        publish(artifacts(A), tmp_path / "public", tmp_path, mechanism=mechanism)
    # As long as two publishes take, unless the disk is so slow that the test would be.
    longest = min(0.4, (time.monotonic() - started) / 4)
    seen = set()
    for turn in range(int(os.environ.get("SITEGEN_KILLS", "40"))):
        killed_after(chance.uniform(0, longest), tmp_path, mechanism, start=turn)
        now = tree(tmp_path / "public") if mechanism == "exchange" else recovered(tmp_path)
        assert now in (A, B), f"a mixture after kill {turn}"
        seen.add(len(now))
    assert seen == {60, 70}
    publish(artifacts(SHARED), tmp_path / "public", tmp_path)
    assert tree(tmp_path / "public") == SHARED


OLD: Generation = {"a": b"1", "b/c": b"1", "d": b"1", "same/x": b"1"}
NEW: Generation = {"a": b"22", "b": b"2", "d/e": b"2", "same/x": b"1"}


def kill_at_step(step: int, site: Path, mechanism: Mechanism) -> bool:
    """Publish NEW in a process that kills itself at its nth dealing with a file; whether it did."""
    child = os.fork()
    if child == 0:
        left = iter(range(step))

        # Python tells of every open, scan, mkdir, link, rename and unlink: any may be the last.
        def hook(event: str, arguments: object) -> None:
            mine = event == "open" or (event.startswith("os.") and event != "os.kill")
            if mine and next(left, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.addaudithook(hook)
            publish(artifacts(NEW), site / "public", site, mechanism=mechanism)
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize("mechanism", ["exchange", "renames", "files"])
def test_killed_at_every_step(tmp_path: Path, mechanism: Mechanism) -> None:
    seen = []
    for step in count():
        publish(artifacts(OLD), tmp_path / "public", tmp_path, mechanism=mechanism)
        assert tree(tmp_path / "public") == OLD
        if not kill_at_step(step, tmp_path, mechanism):
            break
        now = tree(tmp_path / "public") if mechanism == "exchange" else recovered(tmp_path)
        assert now in (OLD, NEW), f"a mixture after step {step}"
        seen.append(now)
    assert len(seen) > 30
    assert OLD in seen
    assert NEW in seen


def test_first_publish_killed_at_every_step(tmp_path: Path) -> None:
    for step in count():
        site = tmp_path / str(step)
        site.mkdir()
        killed = kill_at_step(step, site, "exchange")
        assert not (site / "public").exists() or tree(site / "public") == NEW
        publish(artifacts(OLD), site / "public", site)
        assert tree(site / "public") == OLD
        if not killed:
            break

"""A build that has nothing to do is told at once: every file of the site and of the output is in
the state in which the last build like it has left it.

It loads little, and reads none of them. What it cannot be sure of it leaves to a real build.
"""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import msgspec

from sitegen.base.digest import digest_bytes, digest_value
from sitegen.model import Report
from sitegen.passes.asked import Caller, Options, day_of
from sitegen.passes.made_by import made_by
from sitegen.storage.trace import put_file, scan_tree

SETTLED_NS = 2_000_000_000
"""A file that changed so shortly before it was read may have changed again within a tick of the
file system's clock; such a state tells nothing."""

_PASSED_OVER = ("__pycache__", "node_modules")


class Left(msgspec.Struct, frozen=True):
    """What a build has left: digests of the states of the site's files and of the output's; its
    day and its environment, which templates may ask for; what it reported."""

    made_by: str
    inputs: str
    tree: str
    day: str
    environ: str
    report: Report


def scan_inputs(root: Path, output: Path, before_ns: int) -> str:
    """A digest of the states of all files that the site may be made of; "" if they do not tell.

    Those are all files below its root but hidden ones and the output. A link tells nothing, since
    what it leads to may lie elsewhere; nor does a file that is not older than `before_ns`.
    """
    away = os.path.realpath(output)
    found: list[tuple[str, int, int, int]] = []
    pending = [str(root)]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                name = entry.name
                if name in _PASSED_OVER or (name[0] == "." and name != ".well-known"):
                    continue
                state = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(state.st_mode):
                    if os.path.realpath(entry.path) != away:
                        pending.append(entry.path)
                        found.append((entry.path, 0, 0, state.st_ino))
                elif stat.S_ISREG(state.st_mode) and (when := _changed(state)) < before_ns:
                    found.append((entry.path, state.st_size, when, state.st_ino))
                else:
                    return ""
    found.sort()
    return digest_bytes(msgspec.msgpack.encode(found))


def _changed(state: os.stat_result) -> int:
    return max(state.st_mtime_ns, state.st_ctime_ns)


def find_unchanged(root: Path, options: Options, caller: Caller, now_ns: int) -> Report | None:
    """What a build would report that has nothing to do; None where it may have."""
    begun = time.perf_counter()
    try:
        left = msgspec.msgpack.decode(_file(root, options).read_bytes(), type=Left)
        output = Path(left.report.output)
        same = (
            left.made_by == made_by()
            and left.day == str(day_of(caller.environ))
            and left.environ == digest_value(caller.environ)
            and left.inputs == scan_inputs(root, output, now_ns - SETTLED_NS)
            and left.tree == _scan_output(output)
        )
    except (OSError, msgspec.DecodeError):
        return None
    if not same:
        return None
    seconds = {"compare": round(time.perf_counter() - begun, 4)}
    return msgspec.structs.replace(left.report, seconds=seconds)


def leave(root: Path, options: Options, caller: Caller, inputs: str, report: Report) -> None:
    """A later build finds this one's state, where a repetition of it would do nothing.

    `inputs` is of the files before they were read.
    """
    file = _file(root, options)
    runs = report.replayed_posts + report.executed_posts
    if not inputs or runs or report.problems or report.advice:
        file.unlink(missing_ok=True)
        return
    same = msgspec.structs.replace(
        report,
        written=0,
        removed=0,
        unchanged=report.unchanged + report.written,
        parsed=(),
        rendered=(),
        explanations=(),
        seconds={},
    )
    day = str(day_of(caller.environ))
    tree = _scan_output(Path(report.output))
    left = Left(made_by(), inputs, tree, day, digest_value(caller.environ), same)
    file.parent.mkdir(parents=True, exist_ok=True)
    put_file(file, msgspec.msgpack.encode(left))


def _file(root: Path, options: Options) -> Path:
    asked = (options.mode, options.allow_errors, options.strict, options.drafts, options.future)
    where = (str(options.output or ""), options.base_url)
    return root / ".sitegen" / "unchanged" / digest_value((asked, where))[:16]


def _scan_output(output: Path) -> str:
    leaves = sorted((path, *_numbers(stamp)) for path, stamp in scan_tree(output).items())
    return digest_bytes(msgspec.msgpack.encode(leaves))


def _numbers(stamp: msgspec.Struct) -> tuple[int, ...]:
    return msgspec.structs.astuple(stamp)

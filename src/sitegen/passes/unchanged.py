"""A build that has nothing to do is told at once: every file of the site and of the output is in
the state in which the last build like it has left it.

It loads little, and reads none of them. What it cannot be sure of it leaves to a real build.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterable, Mapping
from operator import itemgetter
from pathlib import Path

import msgspec

from sitegen.base.digest import digest_bytes, digest_value
from sitegen.base.paths import is_aside
from sitegen.model import Report
from sitegen.passes.asked import Caller, Options, day_of
from sitegen.passes.made_by import made_by
from sitegen.render.reads import Read
from sitegen.storage.trace import Stamp, changed_ns, put_file, scan_tree, settled_ns


class Left(msgspec.Struct, frozen=True):
    """What a build has left: digests of the states of the site's files and of the output's; its
    day; the variables that templates asked for, with a digest of their values; what it reported."""

    made_by: str
    inputs: str
    tree: str
    day: str
    variables: tuple[str, ...]
    environ: str
    report: Report


def scan_inputs(root: Path, output: Path, before_ns: int) -> str:
    """A digest of the states of all files that the site may be made of; "" if they do not tell.

    Those are all files below its root but the output and what lies aside there. A link tells
    nothing, since what it leads to may lie elsewhere; nor does a file that is not older than
    `before_ns`.
    """
    away = os.path.realpath(output)
    found: list[tuple[str, int, int, int]] = []
    top = str(root)
    pending = [top]
    while pending:
        folder = pending.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if folder == top and is_aside(entry.name):
                    continue
                state = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(state.st_mode):
                    if os.path.realpath(entry.path) != away:
                        pending.append(entry.path)
                        found.append((entry.path, 0, 0, state.st_ino))
                elif stat.S_ISREG(state.st_mode) and (when := changed_ns(state)) < before_ns:
                    found.append((entry.path, state.st_size, when, state.st_ino))
                else:
                    return ""
    found.sort()
    return digest_bytes(msgspec.msgpack.encode(found))


def find_unchanged(root: Path, options: Options, caller: Caller, now_ns: int) -> Report | None:
    """What a build would report that has nothing to do; None where it may have."""
    begun = time.perf_counter()
    try:
        left = msgspec.msgpack.decode(_file(root, options).read_bytes(), type=Left)
        output = Path(left.report.output)
        same = (
            left.made_by == made_by()
            and left.day == str(day_of(caller.environ))
            and left.environ == _values(left.variables, caller)
            and left.inputs == scan_inputs(root, output, settled_ns(now_ns))
            and left.tree == _digest_tree(scan_tree(output))
        )
    except (OSError, msgspec.DecodeError):
        return None
    if not same:
        return None
    seconds = {"compare": round(time.perf_counter() - begun, 4)}
    return msgspec.structs.replace(left.report, seconds=seconds)


def leave(
    root: Path,
    options: Options,
    caller: Caller,
    inputs: str,
    tree: Mapping[str, Stamp],
    asked: Iterable[Read] | None,
    report: Report,
) -> None:
    """A later build finds this one's state, where a repetition of it would do nothing.

    `inputs` is of the files before they were read, `tree` of those that were published. `asked` is
    what templates have looked at besides pages; None where more than the site's files has a part in
    what pages show.
    """
    file = _file(root, options)
    if not inputs or asked is None or any(_is_aside(read) for read in asked):
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
    variables = tuple(sorted({name for kind, name in asked if kind == "env"}))
    environ = _values(variables, caller)
    left = Left(made_by(), inputs, _digest_tree(tree), day, variables, environ, same)
    file.parent.mkdir(parents=True, exist_ok=True)
    put_file(file, msgspec.msgpack.encode(left))


def _is_aside(read: Read) -> bool:
    kind, name = read
    return kind in ("file", "included") and is_aside(name)


def _values(variables: Iterable[str], caller: Caller) -> str:
    return digest_value({name: caller.environ.get(name) for name in variables})


def _file(root: Path, options: Options) -> Path:
    asked = (options.mode, options.allow_errors, options.strict, options.drafts, options.future)
    where = (str(options.output or ""), options.base_url)
    return root / ".sitegen" / "unchanged" / digest_value((asked, where))[:16]


def _digest_tree(leaves: Mapping[str, Stamp]) -> str:
    return digest_bytes(msgspec.msgpack.encode(sorted(leaves.items(), key=itemgetter(0))))

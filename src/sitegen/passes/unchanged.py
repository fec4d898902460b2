"""What has changed since the last build like this one: told by the states of files, which are not
read. A build that has nothing to do is told at once, and one of few pages goes by `amend`.

It loads little. What it cannot be sure of it leaves to a real build.
"""

from __future__ import annotations

import os
import stat
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from sitegen.base.digest import digest_value
from sitegen.base.paths import is_aside
from sitegen.model import Report
from sitegen.passes.asked import Caller, Options, day_of
from sitegen.passes.made_by import made_by
from sitegen.render.reads import Read
from sitegen.storage.standing import FolderStamp, stamp_folders, stands
from sitegen.storage.trace import (
    Stamp,
    Trace,
    changed_ns,
    is_settled,
    load_trace,
    put_file,
    stamp_of,
)

if TYPE_CHECKING:
    from sitegen.passes.shape import Shape
    from sitegen.passes.share import Share
    from sitegen.storage.stage import Stage

WORTH_FORKING = 20_000
"""Published files from which on a second process looks at half of them."""

_YOUNG = -1
"""In place of the time of a file that may change once more without a sign of it."""

State = tuple[str, int, int, int]
"""A file of the site by its path: its size, when it last changed, its inode; of a folder, 0, 0 and
the inode."""


class Scanned(NamedTuple):
    """The states of all files of a site, by path; `told` says whether each tells of any change."""

    states: bytes
    told: bool


class Left(msgspec.Struct, frozen=True):
    """What a build has left: the states of the site's files; the trace of what was published, with
    its state, and those of its folders; its day; the variables that templates asked for, with a
    digest of their values; what it reported; what was `asked` besides pages.

    `shape` is that of the site for `amend`, nothing where that could not do with it.
    """

    made_by: str
    inputs: bytes
    trace: tuple[str, Stamp]
    folders: dict[str, FolderStamp]
    day: str
    variables: tuple[str, ...]
    environ: str
    report: Report
    asked: tuple[Read, ...]
    shape: bytes = b""


class Compared(NamedTuple):
    """What the last build has left, and files of the site that have changed since; nothing else
    has. `inputs` are the states of all files now, `file` is where `left` lies."""

    left: Left
    trace: Trace
    changed: tuple[str, ...]
    inputs: bytes
    file: tuple[str, Stamp]

    def stands(self) -> bool:
        """Whether nobody has published since."""
        return all(_stamp(path) == stamp for path, stamp in (self.left.trace, self.file))


def scan_inputs(root: Path, output: Path, now_ns: int) -> Scanned | None:
    """The states of all files that the site may be made of; None if they do not tell.

    Those are all files below its root but the output and what lies aside there. A link tells
    nothing, since what it leads to may lie elsewhere; a file that is not settled is said to be
    young.
    """
    away = os.path.realpath(output)
    found: list[State] = []
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
                elif stat.S_ISREG(state.st_mode):
                    when = changed_ns(state)
                    told = when if is_settled(when, now_ns) else _YOUNG
                    found.append((entry.path, state.st_size, told, state.st_ino))
                else:
                    return None
    found.sort()
    told = all(state[2] != _YOUNG for state in found)
    try:
        return Scanned(msgspec.msgpack.encode(found), told)
    except UnicodeEncodeError:  # a name that is no text
        return None


def compare(root: Path, options: Options, caller: Caller, now_ns: int) -> Compared | None:
    """What has changed since the last build like this; None where more may have than files of the
    site, or some are new or gone."""
    file = _file(root, options)
    try:
        stamp = _stamp(str(file))
        left = msgspec.msgpack.decode(file.read_bytes(), type=Left)
        if (
            left.made_by != made_by()
            or left.day != str(day_of(caller.environ))
            or left.environ != _values(left.variables, caller)
        ):
            return None
        output = Path(left.report.output)
        inputs = scan_inputs(root, output, now_ns)
        changed = _changed(left.inputs, inputs)
        if inputs is None or changed is None or (changed and not left.shape):
            return None
        path, of_trace = left.trace
        if _stamp(path) != of_trace:
            return None
        trace = load_trace(Path(path))
    except (OSError, msgspec.DecodeError):
        return None
    if not _stands(output, trace, left.folders, options):
        return None
    return Compared(left, trace, changed, inputs.states, (str(file), stamp))


def _changed(was: bytes, now: Scanned | None) -> tuple[str, ...] | None:
    """The files whose states are others, or do not tell; None where names are."""
    if now is None:
        return None
    if was == now.states and now.told:
        return ()
    states = msgspec.msgpack.Decoder(tuple[State, ...])
    one, two = states.decode(was), states.decode(now.states)
    if len(one) != len(two):
        return None
    changed: list[str] = []
    for old, new in zip(one, two, strict=True):
        if old != new or new[2] == _YOUNG:
            if old[0] != new[0] or new[2] == 0:
                return None
            changed.append(new[0])
    return tuple(changed)


def _stands(
    output: Path, trace: Trace, folders: Mapping[str, FolderStamp], options: Options
) -> bool:
    """Whether the output is as it was left; of many files two processes look at half each."""
    alone = len(trace.records) < WORTH_FORKING or options.jobs == 1
    if alone or threading.active_count() > 1 or sys.platform != "linux":
        return stands(output, trace.records, folders)
    from sitegen.passes.share import together

    def story(share: Share) -> bool:
        part = slice(share.number, None, share.count)
        return all(share.collect(stands(output, trace.records, folders, part)))

    return together(2, story)


def report_of(compared: Compared, begun: float) -> Report:
    """What a build reports that has nothing to do; `begun` is when the comparison was."""
    seconds = {"compare": round(time.perf_counter() - begun, 4)}
    return msgspec.structs.replace(compared.left.report, seconds=seconds)


def leave(
    root: Path,
    options: Options,
    caller: Caller,
    inputs: Scanned | None,
    stage: Stage,
    asked: Iterable[Read] | None,
    report: Report,
    shape: Shape | None = None,
) -> None:
    """A later build finds this one's state, where a repetition of it would do nothing.

    `inputs` are of the files before they were read. `asked` is what templates have looked at
    besides pages; None where more than the site's files has a part in what pages show.
    """
    if inputs is None or asked is None or any(_is_aside(read) for read in asked):
        _file(root, options).unlink(missing_ok=True)
        return
    asked = tuple(sorted(asked))
    variables = tuple(sorted({name for kind, name in asked if kind == "env"}))
    trees = stage.trees
    trace = str(trees.trace(trees.output))
    left = Left(
        made_by=made_by(),
        inputs=inputs.states,
        trace=(trace, _stamp(trace)),
        folders=stamp_folders(trees.output, stage.left, time.time_ns()),
        day=str(day_of(caller.environ)),
        variables=variables,
        environ=_values(variables, caller),
        report=_told_again(report),
        asked=asked,
        shape=msgspec.msgpack.encode(shape) if shape else b"",
    )
    _put(_file(root, options), left)


def leave_amended(
    root: Path,
    options: Options,
    compared: Compared,
    stage: Stage,
    written: Iterable[str],
    report: Report,
    shape: Shape,
) -> None:
    """The same after a build of which `compared` was known; it has written these files."""
    trees = stage.trees
    trace = str(trees.trace(trees.output))
    now = time.time_ns()
    left = msgspec.structs.replace(
        compared.left,
        inputs=compared.inputs,
        trace=(trace, _stamp(trace)),
        folders={**compared.left.folders, **stamp_folders(trees.output, written, now)},
        report=_told_again(report),
        shape=msgspec.msgpack.encode(shape),
    )
    _put(_file(root, options), left)


def _put(file: Path, left: Left) -> None:
    """The site is published already: where this cannot be written, the next build does all."""
    try:
        put_file(file, msgspec.msgpack.encode(left))
    except OSError:
        file.unlink(missing_ok=True)


def _told_again(report: Report) -> Report:
    """What a build reports that comes after and has nothing to do."""
    return msgspec.structs.replace(
        report,
        written=0,
        removed=0,
        unchanged=report.unchanged + report.written,
        parsed=(),
        rendered=(),
        explanations=(),
        seconds={},
    )


def _stamp(file: str) -> Stamp:
    return stamp_of(Path(file).stat())


def _is_aside(read: Read) -> bool:
    kind, name = read
    return kind in ("file", "included") and is_aside(name)


def _values(variables: Iterable[str], caller: Caller) -> str:
    return digest_value({name: caller.environ.get(name) for name in variables})


def _file(root: Path, options: Options) -> Path:
    asked = (options.mode, options.allow_errors, options.strict, options.drafts, options.future)
    where = (str(options.output or ""), options.base_url)
    return root / ".sitegen" / "unchanged" / digest_value((asked, where))[:16]

"""One block in a running kernel: its outputs as they come, then the cell that they make."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from sitegen.execute.kernels import Kernel
from sitegen.execute.messages import Fold
from sitegen.model import (
    Block,
    Cell,
    CellStatus,
    Evaluated,
    Failure,
    Frame,
    Inline,
    Measures,
    Output,
    Value,
)

POLL = 0.25
PACKAGES_LIMIT = 20.0
GRACE = 0.7
"""Seconds that an interrupted block has to say where it was."""


class Opened(msgspec.Struct, frozen=True):
    """A file that the kernel's process opened: below the working folder (`post`) or the site."""

    base: Literal["post", "site"]
    path: str


class Reply(msgspec.Struct, frozen=True):
    """The probe's record in the reply to a block; `unfit` says why a value cannot be stored."""

    measures: Measures | None = None
    frames: tuple[Frame, ...] = ()
    names: tuple[str, ...] = ()
    opened: tuple[Opened, ...] = ()
    values: Mapping[str, Value] = {}
    unfit: tuple[str, ...] = ()
    inlines: tuple[Evaluated, ...] = ()


class Packages(msgspec.Struct, frozen=True):
    """The packages that a post's modules come from and those that they need, with versions.

    `imports` are those that its code itself names, `builds` what a framework says of its making.
    """

    versions: Mapping[str, str]
    imports: tuple[str, ...]
    builds: Mapping[str, str] = {}


class Outcome(msgspec.Struct, frozen=True):
    """A block that has ended; `opened` are all files that its kernel has opened so far.

    `ended` tells that the kernel did not outlive it: it died, or was killed at the block's limit.
    """

    cell: Cell
    opened: tuple[Opened, ...] = ()
    inlines: tuple[Evaluated, ...] = ()
    ended: bool = False


def run_block(
    kernel: Kernel,
    index: int,
    block: Block,
    fold: Fold,
    inlines: Sequence[Inline] = (),
) -> Iterator[Output | Outcome | None]:
    """The outputs of a block as they come, folded too, None while none comes; last its outcome.

    The inline expressions are evaluated when the block is done, within its limit.
    """
    identity = kernel.send(block.code, index, _asked(block, inlines))
    deadline = time.monotonic() + block.limits.timeout
    reply: Reply | None = None
    error: Mapping[str, str] | None = None
    interrupted = idle = False
    while not (idle and reply is not None):
        left = deadline - time.monotonic()
        if left <= 0 and interrupted:
            break
        if left <= 0:
            kernel.interrupt()
            interrupted, deadline, left = True, time.monotonic() + GRACE, GRACE
        messages = kernel.receive(min(POLL, left))
        death = None if messages else kernel.death()
        if death is not None:
            yield _cut_short(block, fold.outputs(), death)
            return
        if not messages:
            yield None
        for message in messages:
            if message["parent_header"].get("msg_id") != identity:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "execute_reply":
                reply = msgspec.convert(message["metadata"].get("sitegen", {}), Reply)
                error = content if content["status"] == "error" else None
            elif kind == "status":
                idle = content["execution_state"] == "idle"
            elif (
                not (interrupted and kind == "error")
                and (output := fold.add(kind, content)) is not None
            ):
                yield output
    if interrupted:
        limit = f"still running after {block.limits.timeout:g} s, its limit"
        frames = reply.frames if reply is not None else kernel.abort()
        yield _cut_short(block, fold.outputs(), Failure("TimeoutError", limit, frames))
    elif reply is not None:
        if error is not None and not any(map(_is_failure, fold.outputs())):
            fold.add("error", error)  # IPython prints some errors, and sends them nowhere else
        cell = _judge(block, fold.outputs(reply.frames), reply)
        yield Outcome(cell, reply.opened, reply.inlines)


def ask_packages(kernel: Kernel, index: int) -> Packages | None:
    """What the post's modules come from, asked when its last block is done; None: no answer."""
    identity = kernel.send("", index, {"packages": True})
    deadline = time.monotonic() + PACKAGES_LIMIT
    while (left := deadline - time.monotonic()) > 0:
        messages = kernel.receive(min(POLL, left))
        if not messages and kernel.death() is not None:
            return None
        for message in messages:
            own = message["parent_header"].get("msg_id") == identity
            if own and message["msg_type"] == "execute_reply":
                found = message["metadata"].get("sitegen", {}).get("packages")
                return msgspec.convert(found, Packages | None)
    return None


def skip_block(block: Block, status: Literal["not run", "not here"] = "not run") -> Cell:
    """The cell of a block that was not run: its session had ended, or it is for other devices."""
    return make_cell(block, status, (), None)


def _asked(block: Block, inlines: Sequence[Inline]) -> dict[str, object]:
    """What the probe is to do besides running the block."""
    sizes = {
        "width": block.run.fig_width,
        "height": block.run.fig_height,
        "dpi": block.run.fig_dpi,
    }
    asked: dict[str, object] = {
        "figure": {name: size for name, size in sizes.items() if size is not None},
        "values": block.run.values,
        "inlines": [[entry.code, entry.format] for entry in inlines],
    }
    return {name: value for name, value in asked.items() if value}


def _cut_short(block: Block, outputs: tuple[Output, ...], failure: Failure) -> Outcome:
    return Outcome(make_cell(block, "failed", (*outputs, failure), None), ended=True)


def _is_failure(output: Output) -> bool:
    return isinstance(output, Failure)


def _judge(block: Block, outputs: tuple[Output, ...], reply: Reply) -> Cell:
    """Whether a block ended as its author said; a class stands for those derived from it."""
    failure = next((output for output in outputs if isinstance(output, Failure)), None)
    wanted = block.run.error
    if failure is None and wanted is not False:
        name = "an error" if wanted is True else str(wanted)
        missed = Failure("DidNotRaise", f"`#| error` promises {name}, but the block raised none")
        return make_cell(block, "failed", (*outputs, missed), reply.measures)
    name = str(wanted).rpartition(".")[2]
    meant = failure is None or wanted is True or name in (failure.name, *reply.names)
    if meant and reply.unfit:
        unfit = tuple(Failure("NoValue", why) for why in reply.unfit)
        return make_cell(block, "failed", (*outputs, *unfit), reply.measures)
    status: CellStatus = "ok" if meant else "failed"
    return make_cell(block, status, outputs, reply.measures, reply.values)


def make_cell(
    block: Block,
    status: CellStatus,
    outputs: tuple[Output, ...],
    measures: Measures | None,
    values: Mapping[str, Value] | None = None,
) -> Cell:
    """The cell of a block that ended so."""
    return Cell(
        status=status,
        code=block.code_digest,
        label=block.show.label,
        outputs=outputs,
        measures=measures,
        values=values or {},
        source=block.code,
    )

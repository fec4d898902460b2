"""The blocks of a plan in one kernel: what came of each, and which files were opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest

import msgspec

from sitegen.benchmarks import GraphBreak
from sitegen.execute.blocks import (
    Opened,
    Outcome,
    Packages,
    ask_packages,
    run_block,
    skip_block,
)
from sitegen.execute.kernels import Kernel
from sitegen.execute.live import SoFar
from sitegen.execute.messages import Displays, Fold
from sitegen.model import (
    Block,
    BlockDone,
    Cell,
    Chunk,
    Device,
    Display,
    Evaluated,
    Event,
    Failure,
    Inline,
    Limits,
    Output,
    Plan,
    RunOptions,
    ShowOptions,
    Started,
)


class Session:
    """A plan being run on a device; `mask` is applied to all text that leaves the kernel.

    With `live` each chunk carries all that its block has given so far.
    """

    def __init__(
        self,
        plan: Plan,
        device: Device,
        mask: Callable[[str], str] = str,
        *,
        live: bool = False,
    ) -> None:
        self.plan = plan
        self.opened: tuple[Opened, ...] = ()
        self.packages: Packages | None = None
        self._device = device
        self._mask = mask
        self._displays = Displays()
        self._ended: list[tuple[Cell, Fold]] = []
        self._inlines: dict[int, Evaluated] = {}
        self._alive = True
        self._live = live

    @property
    def alive(self) -> bool:
        """Whether its kernel has outlived all that was run."""
        return self._alive

    def run(self, kernel: Kernel) -> Iterator[Event]:
        """The events of the blocks, until the last or until the kernel is gone."""
        self._evaluate_alone(kernel, -1)
        yield from self._run_from(kernel, 0)

    def append(self, plan: Plan, kernel: Kernel) -> Iterator[Event]:
        """The events of the blocks that the plan has behind those that have run, which are its
        first."""
        pairs = zip(self.plan.inlines, plan.inlines, strict=False)
        self._inlines = {
            new.index: self._inlines[old.index] for old, new in pairs if old.index in self._inlines
        }
        self.plan = plan
        yield from self._run_from(kernel, len(self._ended))

    def _run_from(self, kernel: Kernel, first: int) -> Iterator[Event]:
        for index in range(first, len(self.plan.blocks)):
            block = self.plan.blocks[index]
            if not self._alive:
                return
            if block.run.devices and self._device.name not in block.run.devices:
                self._ended.append((skip_block(block, "not here"), self._fold()))
                self._evaluate_alone(kernel, index)
                yield BlockDone(self.plan, index, self._ended[-1][0])
            else:
                yield from self._run_block(kernel, index, block)
        if self._alive:
            self.packages = ask_packages(kernel, max(len(self.plan.blocks) - 1, 0))

    def _run_block(self, kernel: Kernel, index: int, block: Block) -> Iterator[Event]:
        yield Started(self.plan, index)
        fold = self._fold()
        so_far = SoFar(fold) if self._live else None
        inlines = self._after(index)
        for step in run_block(kernel, index, block, fold, inlines):
            if isinstance(step, Outcome):
                self._ended.append((step.cell, fold))
                self._note(step, inlines)
                yield BlockDone(self.plan, index, step.cell)
            elif so_far is not None:
                if (news := so_far.note(step)) is not None:
                    yield Chunk(self.plan, index, *news)
            elif step is not None:
                yield Chunk(self.plan, index, step)

    def _evaluate_alone(self, kernel: Kernel, after: int) -> None:
        """Evaluate the inline expressions behind a block that is not run, or before the first."""
        inlines = self._after(after)
        if inlines:
            fold = self._fold()
            for step in run_block(kernel, max(after, 0), self._nothing(inlines), fold, inlines):
                if isinstance(step, Outcome):
                    self._note(step, inlines)

    def _nothing(self, inlines: tuple[Inline, ...]) -> Block:
        """A block without code, for expressions that follow none that runs."""
        limits = Limits(self.plan.execute.timeout)
        span = inlines[0].span
        return Block(0, "", (), "", span.line, RunOptions(), limits, ShowOptions(), span)

    def _after(self, index: int) -> tuple[Inline, ...]:
        return tuple(entry for entry in self.plan.inlines if entry.after == index)

    def _note(self, outcome: Outcome, inlines: tuple[Inline, ...]) -> None:
        self.opened = outcome.opened or self.opened
        self._alive = self._alive and not outcome.ended
        for inline, evaluated in zip(inlines, outcome.inlines, strict=False):
            self._inlines[inline.index] = _masked(evaluated, self._mask)

    def _fold(self) -> Fold:
        return Fold(self._mask, self._displays)

    def cells(self) -> tuple[Cell, ...]:
        """A cell for each block: displays as later blocks left them, those not run marked so."""
        ended = [_updated(cell, fold.outputs()) for cell, fold in self._ended]
        left = self.plan.blocks[len(ended) :]
        cells = (*ended, *(skip_block(block) for block in left))
        return tuple(_masked_cell(cell, self._mask) for cell in cells)

    def inlines(self) -> tuple[Evaluated, ...]:
        """What came of each inline expression, in the plan's order."""
        return tuple(
            self._inlines.get(entry.index, Evaluated(entry.code)) for entry in self.plan.inlines
        )


def _updated(cell: Cell, now: tuple[Output, ...]) -> Cell:
    """The cell with its displays as they are now; all else was final when the block ended."""
    pairs = zip_longest(cell.outputs, now)
    outputs = [new if isinstance(new, Display) else old for old, new in pairs if old is not None]
    return msgspec.structs.replace(cell, outputs=tuple(outputs))


def _masked_cell(cell: Cell, mask: Callable[[str], str]) -> Cell:
    """The cell with its values, and what the compiler said, masked; its outputs are already."""

    def said(places: tuple[GraphBreak, ...]) -> tuple[GraphBreak, ...]:
        return tuple(GraphBreak(entry.block, entry.line, mask(entry.reason)) for entry in places)

    measures = cell.measures
    if measures is not None:
        measures = msgspec.structs.replace(
            measures,
            breaks=said(measures.breaks),
            recompiles=said(measures.recompiles),
            uncompiled=said(measures.uncompiled),
        )
    values = {
        name: mask(value) if isinstance(value, str) else value
        for name, value in cell.values.items()
    }
    return msgspec.structs.replace(cell, values=values, measures=measures)


def _masked(evaluated: Evaluated, mask: Callable[[str], str]) -> Evaluated:
    failure = evaluated.failure
    if failure is not None:
        failure = Failure(failure.name, mask(failure.value), failure.frames)
    text = None if evaluated.text is None else mask(evaluated.text)
    return Evaluated(evaluated.code, text, failure)

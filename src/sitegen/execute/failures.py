"""Failed blocks as problems: the line of the post that failed, and what its author may write."""

from __future__ import annotations

from collections.abc import Iterator

from sitegen.base.errors import Problem, Severity, Span
from sitegen.model import Block, Cell, Failure, Plan, Run


def about_failures(plan: Plan, run: Run, *, allow: bool) -> Iterator[Problem]:
    """A problem for each block that did not end as its author said; a warning where allowed."""
    severity: Severity = "warning" if allow else "error"
    for block, cell in zip(plan.blocks, run.cells, strict=True):
        failure = _failure(cell)
        if failure is not None:
            span, excerpt = _place(plan, block, failure)
            first = failure.value.partition("\n")[0]
            message = f"{failure.name}: {first}" if first else failure.name
            yield Problem(severity, "block", message, span, excerpt, _remedy(failure))


def _failure(cell: Cell) -> Failure | None:
    if cell.status != "failed":
        return None
    failures = [output for output in cell.outputs if isinstance(output, Failure)]
    return failures[-1] if failures else Failure("Failed", "the block failed")


def _place(plan: Plan, block: Block, failure: Failure) -> tuple[Span, str]:
    """The innermost line of the post in the traceback, else where the block begins."""
    for frame in reversed(failure.frames):
        if frame.block is not None and frame.block < len(plan.blocks):
            inside = plan.blocks[frame.block]
            if 0 < frame.line <= len(inside.lines):
                line = inside.lines[frame.line - 1]
                text = inside.shown.split("\n")[line - inside.shown_line]
                column = len(text) - len(text.lstrip()) + 1
                return Span(plan.file, line, column, len(text.strip())), text
    return block.span, ""


def _remedy(failure: Failure) -> tuple[str, ...]:
    match failure.name:
        case "TimeoutError":
            return ("give it more time: `#| timeout: 30m`; or `#| eval: false` to show it only",)
        case "KernelDied":
            return ("the rest of the post was not run; `#| eval: false` shows a block only",)
        case "MemoryError":
            return ("use less at once, or give posts more: `[execute] memory`",)
        case "DidNotRaise":
            return ("take the `#| error` line out",)
        case "ModuleNotFoundError":
            return ("install it in the environment that `[execute] python` names",)
        case "FileNotFoundError":
            first = (
                "a post finds the files beside it, those in folders only if it is a folder itself"
            )
        case "NameError":
            first = "define it in a block with `#| include: false` above"
        case _:
            first = "mend the block"
    name = failure.name.rpartition(".")[2]
    return (
        f"{first}; or say `#| error: {name}` if it is meant, or `#| eval: false` to show it only",
    )

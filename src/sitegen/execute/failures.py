"""Failed blocks as problems: the line of the post that failed, and what its author may write."""

from __future__ import annotations

from collections.abc import Iterator

from sitegen.base.errors import Problem, Severity, Span
from sitegen.model import Block, Cell, Failure, Plan, Run


def about_failures(plan: Plan, run: Run, *, allow: bool) -> Iterator[Problem]:
    """A problem for each block and inline expression that did not end as the author said.

    Where failing is allowed they are warnings.
    """
    severity: Severity = "warning" if allow else "error"
    for block, cell in zip(plan.blocks, run.cells, strict=True):
        failure = _failure(cell)
        if failure is not None:
            span, excerpt = _place(plan, block, failure)
            remedy = _remedy(failure) if plan.bench is None else _remedy_of_benchmark(failure)
            yield Problem(severity, "block", _message(failure), span, excerpt, remedy)
    for inline, evaluated in zip(plan.inlines, run.inlines, strict=False):
        failure = evaluated.failure
        if failure is not None:
            help = ("it is evaluated after the block above it, with that block's names",)
            message = _message(failure)
            yield Problem(severity, "inline", message, inline.span, inline.excerpt, help)


def _message(failure: Failure) -> str:
    first = failure.value.partition("\n")[0]
    return f"{failure.name}: {first}" if first else failure.name


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
                return Span(inside.file or plan.file, line, column, len(text.strip())), text
    return block.span, ""


def _remedy_of_benchmark(failure: Failure) -> tuple[str, ...]:
    match failure.name:
        case "TimeoutError":
            return ("each process has this long: `#| timeout: 30m`, or less to do: `max_time`",)
        case "MemoryError" | "ModuleNotFoundError":
            return _remedy(failure)
        case "NameError":
            return ("a benchmark sees the blocks that it needs, and its own names only",)
        case _:
            return ("mend it; or say `#| eval: false` to show the benchmark only",)


def _remedy(failure: Failure) -> tuple[str, ...]:
    match failure.name:
        case "TimeoutError":
            return ("give it more time: `#| timeout: 30m`; or `#| eval: false` to show it only",)
        case "KernelDied":
            return ("the rest of the post was not run; `#| eval: false` shows a block only",)
        case "MemoryError":
            return ("use less at once, or give posts more: `[execute] memory`",)
        case "NoValue":
            return ("`values` takes numbers, arrays of one element and short strings",)
        case "NotSaved":
            return ("write the file into the working folder, or take it out of `saves`",)
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

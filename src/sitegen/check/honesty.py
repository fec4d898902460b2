"""What in a post's code makes a number say something else than its reader will think."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

from sitegen.base.errors import Problem, Span
from sitegen.check.code_names import Framework, Names
from sitegen.check.syntax import Place, parse_code, place_of
from sitegen.check.timing import Reader, Timing
from sitegen.model import Block, Document

_MAKERS = frozenset(
    f"torch.{name}"
    for name in (
        "arange empty empty_strided eye full linspace logspace ones rand randint randn randperm "
        "tensor zeros"
    ).split()
)
"""What makes a tensor on torch's default device, which a benchmark does not set."""

_MOVERS = frozenset({"to", "cuda", "xpu", "cpu"})
_TELLS = re.compile(r"time(?:_ns|it)?\b|perf_counter|monotonic|default_timer|Timer")
"""What stands in code that measures time; most code is not looked at any further."""

_IMPORTS_JAX = re.compile(r"^[ \t]*(?:import|from)[ \t]+jax\b", re.M)
_TIMER = "torch.utils.benchmark.Timer"

_WAIT: dict[Framework, str] = {
    "torch": "wait before it, where there is an accelerator: `torch.accelerator.synchronize()`",
    "jax": "wait before it, for the result itself: `jax.block_until_ready(…)`",
}
_NAMES: dict[Framework, str] = {"torch": "torch", "jax": "JAX"}
_BENCH = "a block with `#| bench: NAME` waits, warms up and repeats by itself"


def find_dishonest(document: Document) -> Iterator[Problem]:
    """Warnings of code that times or makes something which is not what it seems; by block.

    On a CPU that the configuration names torch works at once, and need not be waited for.
    """
    if not any(block.bench or _TELLS.search(block.code) for block in document.blocks):
        return
    readers: dict[str, Reader] = {}
    beside_jax = any(_IMPORTS_JAX.search(block.code) for block in document.blocks)
    for block in document.blocks:
        tree = parse_code(block.code) if block.run.eval else None
        if tree is None:
            continue
        reader = readers.setdefault(block.session, Reader())
        with suppress(RecursionError):  # code that is nested deeper than anyone writes
            if block.bench is None:
                reader.read(block, tree)
                names = reader.names
            else:
                names = _with(reader.names, tree)
                yield from _makers(document, block, tree, names)
            if beside_jax:
                yield from _timers(document, block, tree, names)
    for reader in readers.values():
        yield from _about_timings(document, reader.timings)


def _about_timings(document: Document, timings: Sequence[Timing]) -> Iterator[Problem]:
    again = {name for timing in timings for name in timing.again}
    on_cpu = document.meta.execute.device == "cpu"
    for timing in timings:
        kind = timing.unwaited
        if kind is not None and not (kind == "torch" and on_cpu):
            message = f"the clock is read while {_NAMES[kind]} may still be at work"
            help = (_WAIT[kind], _BENCH)
            yield _problem(document, timing.block, timing.place, message, help)
        first = [name for name in timing.first if name not in again]
        if first and not timing.meant:
            message = f"this is the time of the first call of `{first[0]}`, which compiles it too"
            help = ("call it once before, or say in the code that it is the first", _BENCH)
            yield _problem(document, timing.block, timing.place, message, help)


def _makers(document: Document, block: Block, tree: ast.Module, names: Names) -> Iterator[Problem]:
    """Tensors that a benchmark's functions make, `setup` aside, without saying where."""
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef) or function.name == "setup":
            continue
        inner = names.within(function)
        moved = {
            part.func.value
            for part in ast.walk(function)
            if isinstance(part, ast.Call)
            and isinstance(part.func, ast.Attribute)
            and part.func.attr in _MOVERS
        }
        for part in ast.walk(function):
            if not isinstance(part, ast.Call) or inner.path(part.func) not in _MAKERS:
                continue
            if part in moved or any(keyword.arg in ("device", None) for keyword in part.keywords):
                continue
            message = f"`{function.name}` makes a tensor without saying on which device"
            help = (
                "in a benchmark torch has no default device but the CPU: say `device=…`",
                "or make it in `setup`, which is not timed, and hand it over",
            )
            yield _problem(document, block, place_of(block, part), message, help)


def _timers(document: Document, block: Block, tree: ast.Module, names: Names) -> Iterator[Problem]:
    """torch's own timer, which pins torch to one thread, in a post that has JAX use all."""
    for part in ast.walk(tree):
        if not isinstance(part, ast.Call) or names.path(part.func) != _TIMER:
            continue
        if any(keyword.arg in ("num_threads", None) for keyword in part.keywords):
            continue
        message = "this timer gives torch one thread, and JAX beside it uses all cores"
        help = ("say `num_threads=torch.get_num_threads()`", _BENCH)
        yield _problem(document, block, place_of(block, part), message, help)


def _with(names: Names, tree: ast.Module) -> Names:
    """What names stand for in a benchmark: those of its session, and its own."""
    inner = names.copy()
    for statement in tree.body:
        inner.add(statement)
    return inner


def _problem(
    document: Document, block: Block, place: Place, message: str, help: tuple[str, ...]
) -> Problem:
    line = block.lines[place.line - 1]
    excerpt = block.shown.split("\n")[line - block.shown_line]
    span = Span(block.file or document.source.file, line, place.column, place.width)
    return Problem("warning", "honesty", message, span, excerpt, help)

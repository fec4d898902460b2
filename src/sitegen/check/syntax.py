"""A block's code as a syntax tree, magics left out, and ways to walk through its statements."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from sitegen.base.python_text import magic_lines
from sitegen.model import Block

TIMED_CELL = re.compile(r"\s*%%(time|timeit)\b[^\n]*")
_MAGIC = re.compile(r"([ \t]*)((?:[\w.,\[\] \t*]*\w[\])]*[ \t]*=[ \t]*)?)[%!]")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def parse_code(code: str) -> ast.Module | None:
    """The syntax tree of a block's code, magics left out; None where it is no Python."""
    if TIMED_CELL.match(code):
        code = TIMED_CELL.sub("", code, count=1)
    elif code.lstrip().startswith("%%"):
        return None
    magics = magic_lines(code)
    lines = code.split("\n")
    for number in magics:
        found = _MAGIC.match(lines[number])
        lines[number] = f"{found[1]}{found[2]}None" if found else ""
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = compile("\n".join(lines), "block", "exec", flags, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError):
        return None
    return tree if isinstance(tree, ast.Module) else None


class Place(NamedTuple):
    """A part of a line of a block's code, line and column from 1."""

    line: int
    column: int
    width: int


def place_of(block: Block, node: ast.stmt | ast.expr) -> Place:
    """Where a node stands in its block's code, to the end of its first line at most."""
    line = block.code.split("\n")[node.lineno - 1]
    encoded = line.encode()
    start = len(encoded[: node.col_offset].decode("utf-8", "ignore"))
    end = len(line.rstrip())
    if node.end_lineno == node.lineno and node.end_col_offset is not None:
        end = len(encoded[: node.end_col_offset].decode("utf-8", "ignore"))
    return Place(node.lineno, start + 1, max(1, end - start))


def parts_of(*nodes: ast.AST) -> Iterator[ast.AST]:
    """The nodes and all below them, but what stands in functions that they define."""
    for node in nodes:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            yield from parts_of(*ast.iter_child_nodes(node))


def arguments_of(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> list[str]:
    """The names of a function's arguments, in order."""
    said = function.args
    every = [*said.posonlyargs, *said.args, *said.kwonlyargs, said.vararg, said.kwarg]
    return [argument.arg for argument in every if argument is not None]


def own_parts(node: ast.AST) -> list[ast.AST]:
    """What a statement consists of but for the statements below it; an expression is itself."""
    if isinstance(node, ast.expr):
        return [node]
    skipped = (ast.stmt, ast.ExceptHandler, ast.match_case)
    return [inner for inner in ast.iter_child_nodes(node) if not isinstance(inner, skipped)]


def names_bound(statement: ast.stmt) -> set[str]:
    """The names that a statement itself binds anew."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    parts = (part for node in own_parts(statement) for part in ast.walk(node))
    return {
        part.id for part in parts if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)
    }


def bodies_below(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The lists of statements directly below one that is no function and no class."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    for name in ("body", "orelse", "finalbody"):
        inner = getattr(statement, name, None)
        if inner:
            yield inner
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


def all_bodies(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[list[ast.stmt]]:
    waiting = [function.body]
    while waiting:
        body = waiting.pop(0)
        yield body
        for statement in body:
            waiting += bodies_below(statement)

"""The functions of a benchmark block: its variants, and what they are given by name."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence

import msgspec

from sitegen.base.python_text import magic_lines

SETUP = "setup"


class Mistake(msgspec.Struct, frozen=True):
    """What is wrong with the code: a part (start, end) of a line, from 0."""

    line: int
    part: tuple[int, int]
    message: str
    help: str


class Functions(msgspec.Struct, frozen=True):
    """The variants in order, and all names that they and `setup` ask for; None: any."""

    variants: tuple[str, ...]
    arguments: frozenset[str] | None


def find_functions(code: str) -> Functions | Mistake:
    """What a benchmark's code defines at its top level, or the first mistake that forbids it."""
    lines = code.split("\n")
    magics = magic_lines(code)
    if magics:
        number = min(magics)
        help = "say it in a block above, which the benchmark needs"
        return Mistake(number, _words(lines, number), "a benchmark is plain Python", help)
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(code)
    except SyntaxError as error:
        return _unreadable(error, lines)
    except ValueError as error:  # such as a null character
        return Mistake(0, _words(lines, 0), f"this is no Python: {error}", "mend the block")
    found: dict[str, ast.FunctionDef] = {}
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name[0] == "_":
            continue
        part = _name_in(lines[node.lineno - 1], node.name)
        if isinstance(node, ast.AsyncFunctionDef):
            message = f"`{node.name}` is `async`, which is not measured"
            return Mistake(node.lineno - 1, part, message, "write it as a plain function")
        if node.name in found:
            message = f"`{node.name}` is defined twice"
            return Mistake(node.lineno - 1, part, message, "give one of the two another name")
        found[node.name] = node
    variants = tuple(name for name in found if name != SETUP)
    return Functions(variants, _arguments(list(found.values())))


def _name_in(line: str, name: str) -> tuple[int, int]:
    found = re.search(rf"\bdef\s+({re.escape(name)})", line)
    return found.span(1) if found else (0, len(line))


def _unreadable(error: SyntaxError, lines: Sequence[str]) -> Mistake:
    number = min(max((error.lineno or 1) - 1, 0), len(lines) - 1)
    start, end = _words(lines, number)
    if error.offset and error.end_lineno == error.lineno and error.end_offset:
        start = min(error.offset - 1, len(lines[number]))
        end = max(error.end_offset - 1, start + 1)
    return Mistake(number, (start, end), f"this is no Python: {error.msg}", "mend the block")


def _words(lines: Sequence[str], number: int) -> tuple[int, int]:
    line = lines[number]
    return len(line) - len(line.lstrip()), len(line.rstrip())


def _arguments(functions: Sequence[ast.FunctionDef]) -> frozenset[str] | None:
    if any(function.args.kwarg for function in functions):
        return None
    return frozenset(name for function in functions for name in _names(function.args))


def _names(arguments: ast.arguments) -> Iterator[str]:
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        yield argument.arg

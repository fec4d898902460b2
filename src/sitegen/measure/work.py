"""How much a call does: the expression of `work`, computed at a point of the sweep."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterable

from sitegen.benchmarks import Point

_LONGEST = 500
"""Characters of an expression: beyond them nobody writes one, and nothing nests too deep."""

_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_FUNCTIONS: dict[str, Callable[..., float]] = {
    "log": math.log,
    "log2": math.log2,
    "max": max,
    "min": min,
    "sqrt": math.sqrt,
}


class WorkError(ValueError):
    """Why an expression of `work` has no value, ready for an author."""


def amount_of(expression: str, point: Point) -> float:
    """The value of an expression of numbers, the sweep's parameters, + - * / // % **, and a few
    functions, as a float; raises WorkError.

    It is never handed to Python to run: only these are known.
    """
    try:
        found = _value(_tree(expression), point)
    except (ArithmeticError, ValueError) as error:
        raise error if isinstance(error, WorkError) else WorkError(str(error)) from None
    if isinstance(found, complex) or not math.isfinite(found) or found <= 0:
        raise WorkError("it is not a positive number")
    return found


def why_no_work(expression: str, parameters: Iterable[str]) -> str | None:
    """What is wrong with an expression whatever the point, or None."""
    known = set(parameters)
    try:
        tree = _tree(expression)
    except WorkError as error:
        return str(error)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and id(node) not in called and node.id not in known:
            names = ", ".join(f"`{name}`" for name in sorted(known))
            return f"`{node.id}` is no parameter of the sweep" + (f": {names}" if names else "")
    try:
        _value(tree, dict.fromkeys(known, 1.0))
    except WorkError as error:
        return str(error)
    except (ArithmeticError, ValueError):
        return None  # such as log(n - 1): it may have a value elsewhere
    return None


def _tree(expression: str) -> ast.expr:
    if len(expression) > _LONGEST:
        raise WorkError(f"it is longer than {_LONGEST} characters")
    try:
        return ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        raise WorkError("it cannot be read as arithmetic") from None


def _value(node: ast.expr, point: Point) -> float:
    match node:
        case ast.Constant(value=bool() | complex() | str() | bytes() | None):
            raise WorkError(f"`{ast.unparse(node)}` is no number")
        case ast.Constant(value=int() | float() as number):
            return float(number)
        case ast.Name(id=name):
            value = point.get(name)
            if isinstance(value, str) or value is None:
                raise WorkError(f"`{name}` is no number here")
            return float(value)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand, point)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](_value(left, point), _value(right, point))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            values = [_value(argument, point) for argument in arguments]
            try:
                return float(_FUNCTIONS[name](*values))
            except TypeError:
                raise WorkError(f"`{name}` cannot be given {len(values)} numbers") from None
        case _:
            known = ", ".join(f"`{name}`" for name in _FUNCTIONS)
            text = ast.unparse(node)
            raise WorkError(f"`{text}` is no arithmetic: + - * / // % **, {known}")

"""Agreement: how far what a variant returned is from what the first one returned."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from sitegen_bench_results import dtype_of, framework_of, leaves

NO_NUMBER = sys.float_info.max
"""The difference of results that cannot be subtracted: JSON has no infinity."""

EPSILON = {
    "float64": 2.0**-52,
    "complex128": 2.0**-52,
    "float32": 2.0**-23,
    "complex64": 2.0**-23,
    "float16": 2.0**-10,
    "complex32": 2.0**-10,
    "bfloat16": 2.0**-7,
    "float8_e4m3fn": 2.0**-3,
    "float8_e4m3fnuz": 2.0**-3,
    "float8_e5m2": 2.0**-2,
    "float8_e5m2fnuz": 2.0**-2,
}
"""The distance from 1 to the next number of each type."""


_NAN = "one result is NaN where the other is a number"
_INFINITE = "one result is infinite where the other is not"
_NO_NUMBERS = "the values differ, and are no numbers"


class Difference(NamedTuple):
    """The largest |a - b| / (1 + |b|), what it may be by the types, and why it is no number."""

    largest: float
    tolerance: float
    why: str | None = None


class Copied(NamedTuple):
    """A part of a result on the host: its type, its shape, its numbers or what else it is."""

    dtype: str
    shape: tuple[int, ...]
    numbers: Any

    @property
    def exact(self) -> bool:
        return self.dtype not in EPSILON


def copy_result(result: Any) -> tuple[Copied, ...]:
    """The result as it is now, on the host: what a variant does with it later does not count."""
    return tuple(_copy(leaf) for leaf in leaves(result))


def _copy(leaf: Any) -> Copied:
    dtype, kind = dtype_of(leaf), framework_of(leaf)
    if kind == "python":
        return Copied(dtype, (), leaf)
    if kind == "torch":
        torch = sys.modules["torch"]
        leaf = leaf.detach()
        if leaf.is_quantized:
            leaf = leaf.dequantize()
        if leaf.layout is not torch.strided:
            leaf = leaf.to_dense()
        if dtype not in ("float64", "complex128") and leaf.is_floating_point():
            leaf = leaf.to("cpu", torch.float64)
        elif leaf.is_complex():
            leaf = leaf.to("cpu", torch.complex128)
        leaf = leaf.resolve_conj().resolve_neg() if leaf.is_complex() else leaf
        shape = tuple(leaf.shape)
        if "numpy" not in sys.modules:
            return Copied(dtype, shape, leaf.flatten().tolist())
        return Copied(dtype, shape, leaf.to("cpu", copy=True).numpy())
    numpy = sys.modules["numpy"]
    if dtype.startswith("key<"):
        leaf = sys.modules["jax"].random.key_data(leaf)
    array = numpy.array(leaf)
    if dtype in EPSILON:
        wide = numpy.complex128 if dtype.startswith("complex") else numpy.float64
        array = array.astype(wide, copy=False)
    return Copied(dtype, tuple(array.shape), array)


def compare(found: Sequence[Copied], expected: Sequence[Copied]) -> Difference:
    """How far a result is from the first variant's; numbers that are not inexact must be equal."""
    inexact = [EPSILON[part.dtype] for part in (*found, *expected) if not part.exact]
    tolerance = math.sqrt(max(inexact, default=0.0))
    if len(found) != len(expected):
        counts = f"{len(found)} and {len(expected)} values"
        return Difference(NO_NUMBER, tolerance, f"it returned {counts}")
    largest = 0.0
    for ours, theirs in zip(found, expected, strict=True):
        if ours.shape != theirs.shape:
            shapes = f"{_shape(ours.shape)} and {_shape(theirs.shape)}"
            return Difference(NO_NUMBER, tolerance, f"the shapes are {shapes}")
        difference = _largest(ours.numbers, theirs.numbers)
        if isinstance(difference, str):
            return Difference(NO_NUMBER, tolerance, difference)
        if difference and ours.exact and theirs.exact:
            tolerance = 0.0
        largest = max(largest, difference)
    return Difference(largest, tolerance)


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape)) or "a single number"


def _largest(ours: Any, theirs: Any) -> float | str:
    """The largest |a - b| / (1 + |b|), or why there is none."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not any(isinstance(part, numpy.ndarray) for part in (ours, theirs)):
        pairs = zip(_listed(ours), _listed(theirs), strict=True)
        largest = 0.0
        for difference in (_difference(a, b) for a, b in pairs):
            if isinstance(difference, str):
                return difference
            largest = max(largest, difference)
        return largest
    a, b = numpy.asarray(ours), numpy.asarray(theirs)
    if a.dtype.kind not in "biufc" or b.dtype.kind not in "biufc":
        return 0.0 if numpy.array_equal(a, b) else _NO_NUMBERS
    with numpy.errstate(all="ignore"):
        unlike = ~((a == b) | ((a != a) & (b != b)))
        if not unlike.any():
            return 0.0
        a, b = a[unlike], b[unlike]
        if ((a != a) | (b != b)).any():
            return _NAN
        wide = numpy.complex128 if "c" in (a.dtype.kind, b.dtype.kind) else numpy.float64
        apart = numpy.abs(a.astype(wide) - b.astype(wide)) / (1 + numpy.abs(b.astype(wide)))
    largest = float(apart.max())
    if not math.isfinite(largest):
        return _INFINITE
    return largest or sys.float_info.min  # integers that no float tells apart


def _listed(numbers: Any) -> list[Any]:
    return numbers if isinstance(numbers, list) else [numbers]


def _difference(a: Any, b: Any) -> float | str:
    """The same of two values that are no arrays."""
    if a == b or (_is_nan(a) and _is_nan(b)):
        return 0.0
    if _is_nan(a) or _is_nan(b):
        return _NAN
    try:
        apart = abs(a - b)
        if math.isinf(apart):
            return _INFINITE
        return float(apart / (1 + abs(b))) or sys.float_info.min
    except (TypeError, ValueError, OverflowError):
        return _NO_NUMBERS


def _is_nan(value: Any) -> bool:
    return isinstance(value, float | complex) and value != value

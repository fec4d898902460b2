"""Agreement of results, and what is said of them: numbers, containers, types, what is no number."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sitegen.execute import processes

sys.path.insert(0, str(Path(processes.__file__).parent.parent / "kernel"))
from sitegen_bench_agree import NO_NUMBER, compare, copy_result
from sitegen_bench_results import describe_result, leaves, plan_wait, wait_for

sys.path.pop(0)

FINITE = st.floats(-1e6, 1e6, width=32)
NAN, INF = float("nan"), float("inf")


def differ(a: Any, b: Any) -> tuple[Any, ...]:
    return tuple(compare(copy_result(a), copy_result(b)))


@given(arrays(np.float32, 5, elements=FINITE), arrays(np.float32, 5, elements=FINITE))
def test_the_difference_is_that_of_the_documentation(a: Any, b: Any) -> None:
    """Judged against `agree`, it is numpy.testing's rtol = atol = agree, for any agree."""
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    expected = float(np.max(np.abs(wide_a - wide_b) / (1 + np.abs(wide_b))))
    largest, tolerance, why = differ(a, b)
    assert largest == pytest.approx(expected, rel=1e-12, abs=1e-300)
    assert (tolerance, why) == (pytest.approx(2**-11.5), None)
    if largest:
        for agree, within in ((largest * 1.001, True), (largest * 0.999, False)):
            assert np.allclose(wide_a, wide_b, rtol=agree, atol=agree) is within
    assert differ(torch.from_numpy(a), b) == differ(a, torch.from_numpy(b))
    assert differ(jnp.asarray(a), b) == (largest, tolerance, None)


@pytest.mark.parametrize(
    ("a", "b", "largest", "tolerance", "why"),
    [
        (1, 1, 0.0, 0.0, None),
        (1, 2, 1 / 3, 0.0, None),
        (True, True, 0.0, 0.0, None),
        (2**60 + 1, 2**60, 1 / (1 + 2**60), 0.0, None),
        (np.int64(2**60 + 1), np.int64(2**60), sys.float_info.min, 0.0, None),
        (1.0, 1, 0.0, 2**-26, None),
        (1.5, 1, 0.25, 2**-26, None),
        (NAN, NAN, 0.0, 2**-26, None),
        (NAN, 1.0, NO_NUMBER, 2**-26, "one result is NaN where the other is a number"),
        (INF, INF, 0.0, 2**-26, None),
        (INF, -INF, NO_NUMBER, 2**-26, "one result is infinite where the other is not"),
        ([1, 2], (1, 2), 0.0, 0.0, None),
        ([1], [1, 2], NO_NUMBER, 0.0, "it returned 1 and 2 values"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, 0.0, 0.0, None),
        (None, None, 0.0, 0.0, None),
        ("x", "x", 0.0, 0.0, None),
        ("x", "y", NO_NUMBER, 0.0, "the values differ, and are no numbers"),
        ("x", 1, NO_NUMBER, 0.0, "the values differ, and are no numbers"),
        (None, 1, NO_NUMBER, 0.0, "the values differ, and are no numbers"),
        (10**400, 1, NO_NUMBER, 0.0, "the values differ, and are no numbers"),
        (np.ones(3), np.ones((3, 1)), NO_NUMBER, 2**-26, "the shapes are 3 and 3×1"),
        (np.float32(1), 1.0, 0.0, 2**-11.5, None),
        (np.array(["x"]), np.array(["y"]), NO_NUMBER, 0.0, "the values differ, and are no numbers"),
        (1 + 1j, 1 - 1j, 2 / (1 + 2**0.5), 2**-26, None),
        (np.complex64(NAN), np.complex64(NAN), 0.0, 2**-11.5, None),
        (torch.ones(2, dtype=torch.bfloat16), np.ones(2, np.float32), 0.0, 2**-3.5, None),
        (torch.ones(2, dtype=torch.float16), torch.ones(2), 0.0, 2**-5, None),
        (jnp.ones(2, jnp.bfloat16), torch.ones(2), 0.0, 2**-3.5, None),
        (torch.eye(2).to_sparse(), torch.eye(2), 0.0, 2**-11.5, None),
        (torch.tensor(1 + 1j).conj(), 1 - 1j, 0.0, 2**-11.5, None),
        (torch.ones(2, requires_grad=True), torch.ones(2), 0.0, 2**-11.5, None),
        # A whole number that differs is no matter of rounding, whatever stands beside it.
        ((1.0, 1000), (1.0, 1001), 1 / 1002, 0.0, None),
    ],
)
def test_differences(a: Any, b: Any, largest: float, tolerance: float, why: str | None) -> None:
    found = differ(a, b)
    assert found[0] == pytest.approx(largest, rel=1e-12, abs=0)
    assert found[1:] == (pytest.approx(tolerance), why)


def test_a_result_is_copied_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    array, tensor = np.ones(2), torch.ones(2)
    copied = copy_result((array, tensor, [array]))
    array += 1
    tensor += 1
    assert compare(copied, copy_result((np.ones(2), torch.ones(2), np.ones(2)))).largest == 0
    monkeypatch.delitem(sys.modules, "numpy")
    without = compare(copy_result(torch.ones(2)), copy_result(torch.full((2,), 1.5)))
    assert without.largest == pytest.approx(0.2)


@dataclasses.dataclass
class Pair:
    one: Any
    two: Any


def test_leaves_and_what_they_are_on() -> None:
    assert leaves(Pair(1, {"b": [2.0], "a": ("x", None)})) == [1, "x", None, 2.0]
    about = describe_result({"t": torch.ones(1), "n": 3}, {})
    assert (about["framework"], about["device"], about["dtype"]) == (
        "torch",
        "cpu",
        "float32, int64",
    )
    assert about["threads"] == torch.get_num_threads()
    in_place = describe_result(None, {"x": jnp.ones(1)})
    assert (in_place["framework"], in_place["dtype"]) == ("jax", "")
    assert describe_result(1.0, {"x": jnp.ones(1)})["framework"] == "python"
    assert describe_result(torch.ones(1, device="meta"), {})["device"] == "meta"


def test_precisions_that_are_the_same_have_one_name() -> None:
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("highest")
        names = {describe_result(x, {})["precision"] for x in (torch.ones(1), jnp.ones(1), 1.0)}
        assert names == {"float32"}
        torch.set_float32_matmul_precision("medium")
        assert describe_result(torch.ones(1), {})["precision"] == "bfloat16 if the CPU has it"
    finally:
        torch.set_float32_matmul_precision(before)


def test_waiting_passes_over_what_is_deleted() -> None:
    gone = jnp.ones(2)
    gone.delete()
    wait_for([gone, 1, None, torch.ones(1)])
    plan_wait((gone, gone))((gone, 1))
    plan_wait(jnp.ones(1))(jnp.ones(1))
    plan_wait(None)(None)


def test_waiting_costs_nothing_where_there_is_nothing_to_wait_for() -> None:
    looked: list[object] = []

    class Numbers(list[float]):
        def __iter__(self) -> Any:
            looked.append(self)
            return super().__iter__()

    waits = [plan_wait(Numbers([1.0])), plan_wait(torch.ones(1)), plan_wait(None)]
    looked.clear()
    for wait in waits:
        wait(Numbers([1.0] * 1000))
    assert looked == []

"""Results on accelerators, by made-up frameworks: what is waited for, and what is said of them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sitegen.execute import processes

sys.path.insert(0, str(Path(processes.__file__).parent.parent / "kernel"))
from sitegen_bench_results import describe_result, plan_wait

sys.path.pop(0)


@dataclass(frozen=True)
class Place:
    """A made-up torch.device."""

    type: str
    index: int | None


class Tensor:
    """A made-up torch.Tensor on a device such as `cuda:1`."""

    def __init__(self, device: str) -> None:
        kind, _, number = device.partition(":")
        self.device = Place(kind, int(number) if number else None)
        self.dtype = "torch.float32"


class Array:
    """A made-up jax.Array on devices of a platform."""

    dtype = "float32"

    def __init__(self, platform: str, *numbers: int, version: str = "cuda 12") -> None:
        client = SimpleNamespace(platform_version=version)
        self._devices = [SimpleNamespace(platform=platform, id=n, client=client) for n in numbers]
        self.waited = 0

    def devices(self) -> list[Any]:
        return self._devices

    def is_deleted(self) -> bool:
        return False

    def block_until_ready(self) -> None:
        self.waited += 1


@pytest.fixture
def waited(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What torch was told to wait for; both frameworks are made up meanwhile."""
    found: list[str] = []

    def kind(name: str) -> SimpleNamespace:
        return SimpleNamespace(
            synchronize=lambda *devices: found.append(f"{name}{[d.index for d in devices]}"),
            is_initialized=lambda: name == "cuda",
        )

    torch: Any = SimpleNamespace(
        Tensor=Tensor,
        accelerator=SimpleNamespace(synchronize=lambda: found.append("all")),
        backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: False)),
        version=SimpleNamespace(hip=None),
        get_float32_matmul_precision=lambda: torch.precision,
        get_num_threads=lambda: 8,
        precision="highest",
        **{name: kind(name) for name in ("cuda", "xpu", "mps")},
    )
    jax: Any = SimpleNamespace(
        Array=Array,
        config=SimpleNamespace(jax_enable_x64=False, jax_default_matmul_precision=None),
        local_devices=lambda: [SimpleNamespace(compute_capability=jax.capability)],
        capability="9.0",
        tree_util=SimpleNamespace(tree_leaves=lambda value: [value]),
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "jax", jax)
    monkeypatch.delitem(sys.modules, "jax._src.xla_bridge", raising=False)
    return found


def alike(result: Any) -> tuple[str, str]:
    about = describe_result(result, {})
    return about["device"], about["precision"]


def test_a_result_on_a_card_is_waited_for_on_that_card(waited: list[str]) -> None:
    result = {"a": Tensor("cuda:1"), "b": [Tensor("cpu"), 3]}
    plan_wait(result)(result)
    assert waited == ["cuda[1]"]
    waited.clear()
    plan_wait(Tensor("mps"))(Tensor("mps"))
    assert waited == ["mps[]"], "MPS has one device, and takes no argument"
    waited.clear()
    plan_wait(None)(None)
    assert waited == ["all"], "what works in place is waited for by all that torch has to do"


def test_arrays_of_jax_are_waited_for_one_by_one(waited: list[str]) -> None:
    one, two = Array("tpu", 0), Array("tpu", 0)
    plan_wait(one)(one)
    plan_wait((one, two))((one, two))
    assert (one.waited, two.waited) == (2, 1)


def test_the_default_precisions_of_a_card_differ(waited: list[str]) -> None:
    torch: Any = sys.modules["torch"]
    jax: Any = sys.modules["jax"]
    assert alike(Tensor("cuda:0")) == ("cuda", "float32")
    assert alike(Array("gpu", 0)) == ("cuda", "tf32")
    torch.precision = "high"
    assert alike(Tensor("cuda:0")) == ("cuda", "tf32")
    torch.precision = "medium"
    assert alike(Tensor("cuda:0")) == ("cuda", "bfloat16")
    jax.capability = "7.0"
    assert alike(Array("gpu", 0)) == ("cuda", "float32"), "a card before TF32"
    jax.config.jax_default_matmul_precision = "highest"
    jax.capability = "9.0"
    assert alike(Array("gpu", 0)) == ("cuda", "float32")


@pytest.mark.parametrize(
    ("array", "device", "precision"),
    [
        (Array("cpu", 0), "cpu", "float32"),
        (Array("tpu", 0), "tpu", "bfloat16"),
        (Array("tpu", 0, 1, 2, 3), "tpu:0,1,2,3", "bfloat16"),
        (Array("gpu", 1), "cuda:1", "tf32"),
        (Array("gpu", 0, version="rocm 6"), "rocm", "default"),
    ],
)
def test_devices_of_jax(waited: list[str], array: Array, device: str, precision: str) -> None:
    assert alike(array) == (device, precision)


def test_devices_of_torch(waited: list[str]) -> None:
    assert alike(Tensor("mps"))[0] == "mps"
    assert alike((Tensor("cpu"), Tensor("cuda:0")))[0] == "cpu, cuda"
    torch: Any = sys.modules["torch"]
    torch.version.hip = "6.2"
    assert alike(Tensor("cuda:0"))[0] == "rocm"

"""What variants return: its parts, waiting for it, where it was computed and how.

Names were checked against torch 2.13 and jax 0.10.2 on a CPU; what concerns accelerators was read.
"""

from __future__ import annotations

import dataclasses
import operator
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sitegen_frameworks import jax_backends, open_accelerator, wait_for_jax, wait_for_torch

# --- the parts of a result ------------------------------------------------------------------


def leaves(value: Any) -> list[Any]:
    """The arrays, numbers and other values that a result holds, in a fixed order."""
    return list(_leaves(value))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield from _leaves(value[key])
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _leaves(part)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from _leaves(getattr(value, field.name))
    elif framework_of(value) == "python" and "jax" in sys.modules and value is not None:
        parts = sys.modules["jax"].tree_util.tree_leaves(value)
        if len(parts) == 1 and parts[0] is value:
            yield value
        else:
            for part in parts:
                yield from _leaves(part)
    else:
        yield value


def framework_of(leaf: Any) -> str:
    """`torch`, `jax`, `numpy`, or `python` for all else."""
    torch, jax, numpy = (sys.modules.get(name) for name in ("torch", "jax", "numpy"))
    if torch is not None and isinstance(leaf, torch.Tensor):
        return "torch"
    if jax is not None and isinstance(leaf, jax.Array):
        return "jax"
    if numpy is not None and isinstance(leaf, numpy.ndarray | numpy.generic):
        return "numpy"
    return "python"


# --- waiting --------------------------------------------------------------------------------


def plan_wait(result: Any) -> Callable[[Any], None]:
    """What waits until a result like this one is there, as cheap as that can be.

    Where there is nothing in it to wait for, as for a variant that works in place, all is waited
    for that torch and JAX have been given to do.
    """
    parts = leaves(result)
    kinds = {framework_of(part) for part in parts}
    if kinds == {"jax"} and len(parts) == 1 and parts[0] is result:
        return operator.methodcaller("block_until_ready")
    if kinds & {"torch", "jax"}:
        if "jax" not in kinds and open_accelerator() is None:
            return _pass
        return lambda result: wait_for(leaves(result))
    if open_accelerator() is None and jax_backends() is None:
        return _pass
    return wait_for_all


def wait_for(parts: Sequence[Any]) -> None:
    """Return when all of the arrays are computed; what is deleted or no array is passed over."""
    devices = set()
    for part in parts:
        kind = framework_of(part)
        if kind == "torch" and part.device.type != "cpu":
            devices.add(part.device)
        elif kind == "jax" and not part.is_deleted():
            part.block_until_ready()
    for device in devices:
        where = () if device.type == "mps" else (device,)
        getattr(sys.modules["torch"], device.type).synchronize(*where)


def wait_for_all(_: Any = None) -> None:
    """Return when torch's accelerator has nothing to do and all arrays of JAX are computed."""
    wait_for_torch()
    wait_for_jax()


def _pass(_: Any) -> None:
    return


# --- alike ----------------------------------------------------------------------------------


def describe_result(result: Any, state: Mapping[str, Any]) -> dict[str, Any]:
    """On what a result was computed, and how: `sitegen.benchmarks.Alike`.

    Of a variant that returns None, where it was is told by what `setup` returned.
    """
    parts = leaves(state if result is None and state else result)
    frameworks = sorted({framework_of(part) for part in parts} - {"python"}) or ["python"]
    about: dict[str, Any] = {
        "framework": ", ".join(frameworks),
        "device": ", ".join(sorted({_device(part) for part in parts})) or "cpu",
        "dtype": ", ".join(sorted({dtype_of(part) for part in leaves(result)} - {""})),
    }
    about["precision"] = ", ".join(
        sorted({_precision(name, about["device"]) for name in frameworks})
    )
    if "jax" in frameworks:
        about["x64"] = bool(sys.modules["jax"].config.jax_enable_x64)
    about["threads"] = _threads(frameworks[0])
    return about


def dtype_of(leaf: Any) -> str:
    """The type of its numbers, by numpy's name for it; "" for None."""
    if leaf is None:
        return ""
    if framework_of(leaf) == "python":
        name = type(leaf).__name__
        return {"float": "float64", "complex": "complex128", "int": "int64"}.get(name, name)
    return str(leaf.dtype).removeprefix("torch.")


def _device(leaf: Any) -> str:
    """`cpu`, or the kind of an accelerator in the words of `[execute] device`, by number."""
    match framework_of(leaf):
        case "torch":
            kind, number = leaf.device.type, leaf.device.index or 0
            if kind == "cuda" and sys.modules["torch"].version.hip:
                kind = "rocm"
            numbers = [number]
        case "jax":
            devices = sorted(leaf.devices(), key=lambda device: device.id)
            kind = _jax_kind(devices[0])
            numbers = [device.id for device in devices]
        case _:
            return "cpu"
    return kind if numbers == [0] else f"{kind}:{','.join(map(str, numbers))}"


def _jax_kind(device: Any) -> str:
    if device.platform == "gpu":
        return "rocm" if "rocm" in device.client.platform_version.lower() else "cuda"
    return str(device.platform)


def _precision(framework: str, device: str) -> str:
    """In what products of float32 are computed: defaults of equal names differ by device."""
    kind = device.partition(":")[0]
    if framework == "torch":
        said = sys.modules["torch"].get_float32_matmul_precision()
        if said == "highest":
            return "float32"
        if kind == "cpu":
            return {"high": "tf32 if the CPU has it", "medium": "bfloat16 if the CPU has it"}[said]
        return {"high": "tf32", "medium": "bfloat16"}[said] if kind == "cuda" else "float32"
    if framework == "jax":
        said = str(sys.modules["jax"].config.jax_default_matmul_precision or "default").lower()
        if kind == "cpu" or said in ("highest", "float32", "f32_f32_f32"):
            return "float32"
        if kind == "cuda" and said in (
            "default",
            "fastest",
            "high",
            "tensorfloat32",
            "bfloat16_3x",
        ):
            return "tf32" if _has_tf32() else "float32"
        if kind == "tpu":
            return {"high": "bfloat16_3x"}.get(said, "bfloat16" if said == "default" else said)
        return said
    return "float32"


def _has_tf32() -> bool:
    """Whether JAX's GPU computes in TF32 by default: NVIDIA's do from compute capability 8 on."""
    capability = getattr(sys.modules["jax"].local_devices()[0], "compute_capability", "8.0")
    return float(capability) >= 8


def _threads(framework: str) -> int | None:
    """The threads of a framework's pool on the host; None where that cannot be asked."""
    if framework == "torch":
        return int(sys.modules["torch"].get_num_threads())
    if framework == "jax":
        if "xla_cpu_multi_thread_eigen=false" in os.environ.get("XLA_FLAGS", ""):
            return 1
        return cores()
    if framework == "numpy":
        names = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
        said = next((os.environ[name] for name in names if name in os.environ), "")
        return int(said) if said.isdecimal() else cores()
    return 1


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

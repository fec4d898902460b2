"""What the post has made torch and JAX do, found out without importing or starting either."""

from __future__ import annotations

import sys
from typing import Any

FRAMEWORKS = ("torch", "jax")
COMPILER = "torch._inductor.compile_fx"
"""What the first call of a function by `torch.compile` imports, in about two seconds."""


def running_frameworks() -> set[str]:
    """The frameworks imported, and those that have opened their device."""
    found = {f"import {name}" for name in FRAMEWORKS if name in sys.modules}
    if COMPILER in sys.modules:
        found.add("import torch.compile")
    if open_accelerator() is not None:
        found.add("start torch")
    if jax_backends() is not None:
        found.add("start jax")
    return found


def open_accelerator() -> str | None:
    """The kind of accelerator that the post has made torch open; asking opens none."""
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "accelerator"):
        return None
    for kind in ("cuda", "xpu"):
        if getattr(torch, kind).is_initialized():
            return kind
    return "mps" if torch.backends.mps.is_available() else None


def wait_for_torch() -> None:
    if open_accelerator() is not None:
        sys.modules["torch"].accelerator.synchronize()


def jax_backends() -> Any:
    """JAX, once the post has given it a backend; asking makes none."""
    bridge = sys.modules.get("jax._src.xla_bridge")
    jax = sys.modules.get("jax")
    if jax is None or bridge is None or not bridge.backends_are_initialized():
        return None
    return jax


def wait_for_jax() -> None:
    jax = jax_backends()
    if jax is not None:
        for array in jax.live_arrays():
            if not array.is_deleted():
                array.block_until_ready()


def reset_torch_peak() -> None:
    if open_accelerator() in ("cuda", "xpu"):
        sys.modules["torch"].accelerator.reset_peak_memory_stats()


def torch_peak() -> int:
    """Peak bytes on torch's accelerator since the last reset; 0 where none is kept, as on MPS."""
    if open_accelerator() in ("cuda", "xpu"):
        return int(sys.modules["torch"].accelerator.max_memory_allocated())
    return 0


def jax_peak() -> int:
    """The largest peak of JAX's devices since the kernel began; 0 on a CPU, which keeps none."""
    jax = jax_backends()
    if jax is None:
        return 0
    stats = [device.memory_stats() for device in jax.local_devices()]
    return max((int(stat.get("peak_bytes_in_use", 0)) for stat in stats if stat), default=0)

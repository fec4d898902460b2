"""What this machine computes on, as one line of JSON: run in a child process and thrown away.

Asking torch or JAX for devices may open them, so it must not happen in a process that goes on.
Usage: `python discover.py accelerators|cpu`; with `cpu` no framework is imported.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

JAX_PLUGINS: dict[str, tuple[str, ...]] = {
    "cuda": ("jax_cuda12_plugin", "jax_cuda13_plugin"),
    "rocm": ("jax_rocm60_plugin", "jax_rocm7_plugin"),
}
PACKAGES = ("torch", "jax", "jaxlib", "numpy", "ipykernel")


def describe(*, accelerators: bool) -> dict[str, Any]:
    """The CPU, the accelerators in order of preference, and the versions that results depend on."""
    return {
        "cpu": cpu_name(),
        "cores": cores(),
        "memory": memory(),
        "os": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "packages": versions(),
        "accelerators": (torch_accelerators() or jax_gpus()) + tpus() if accelerators else [],
    }


def cpu_name() -> str:
    """What the CPU calls itself."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    if sys.platform == "darwin":
        import subprocess

        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory() -> int | None:
    """The machine's memory in bytes."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def versions() -> dict[str, str]:
    """The versions of the packages that results depend on, read without importing them."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def torch_accelerators() -> list[dict[str, Any]]:
    """torch's accelerators: CUDA, ROCm, XPU or MPS."""
    if find_spec("torch") is None:
        return []
    import torch

    found: list[dict[str, Any]] = []
    if torch.cuda.is_available():
        kind = "rocm" if torch.version.hip else "cuda"
        for index in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(index)
            found.append(
                {
                    "kind": kind,
                    "index": index,
                    "reported": properties.name,
                    "memory": properties.total_memory,
                    "driver": nvidia_driver(),
                    "jax": jax_platform("rocm" if kind == "rocm" else "cuda"),
                }
            )
    elif hasattr(torch, "xpu") and torch.xpu.is_available():
        for index in range(torch.xpu.device_count()):
            properties = torch.xpu.get_device_properties(index)
            found.append(
                {
                    "kind": "xpu",
                    "index": index,
                    "reported": properties.name,
                    "memory": properties.total_memory,
                    "driver": None,
                    "jax": "cpu",
                }
            )
    elif torch.backends.mps.is_available():
        name = f"{cpu_name()} GPU"
        found.append(
            {
                "kind": "mps",
                "index": 0,
                "reported": name,
                "memory": None,
                "driver": None,
                "jax": "cpu",
            }
        )
    return found


def jax_gpus() -> list[dict[str, Any]]:
    """JAX's GPUs, for a machine whose torch has none or is not there."""
    if find_spec("jax") is None or not any(
        find_spec(name) for name in sum(JAX_PLUGINS.values(), ())
    ):
        return []
    import jax

    try:
        devices = jax.devices("gpu")
    except RuntimeError:
        return []
    kind = "rocm" if jax_platform("rocm") == "rocm" else "cuda"
    return [
        {
            "kind": kind,
            "index": index,
            "reported": device.device_kind,
            "memory": None,
            "driver": nvidia_driver(),
            "jax": kind,
        }
        for index, device in enumerate(devices)
    ]


def tpus() -> list[dict[str, Any]]:
    """JAX's TPUs."""
    if find_spec("libtpu") is None or find_spec("jax") is None:
        return []
    import jax

    try:
        devices = jax.devices("tpu")
    except RuntimeError:
        return []
    return [
        {
            "kind": "tpu",
            "index": index,
            "reported": device.device_kind,
            "memory": None,
            "driver": None,
            "jax": "tpu",
        }
        for index, device in enumerate(devices)
    ]


def jax_platform(wanted: str) -> str:
    """The platform on which JAX would run: `wanted` where it has the plug-in for it, else cpu."""
    return wanted if any(find_spec(name) for name in JAX_PLUGINS[wanted]) else "cpu"


def nvidia_driver() -> str | None:
    """The version of NVIDIA's kernel driver."""
    try:
        words = Path("/proc/driver/nvidia/version").read_text().split("\n")[0].split()
    except OSError:
        return None
    return next((word for word in words if word[0].isdigit() and "." in word), None)


if __name__ == "__main__":
    print(json.dumps(describe(accelerators=sys.argv[1:] == ["accelerators"])))

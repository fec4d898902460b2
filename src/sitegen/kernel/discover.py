"""What this machine computes on, as one line of JSON: run in a child process and thrown away.

Asking torch or JAX for devices may open them, so it must not happen in a process that goes on.
Usage: `python discover.py accelerators|cpu`; with `cpu` no framework is imported.
"""

from __future__ import annotations

import json
import math
import os
import platform
import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

JAX_PLUGINS: dict[str, tuple[str, ...]] = {
    "cuda": ("jax_cuda12_plugin", "jax_cuda13_plugin"),
    "rocm": ("jax_rocm60_plugin", "jax_rocm7_plugin"),
}
CONTAINERS = {".dockerenv": "Docker", "run/.containerenv": "Podman"}
"""Files that tell of a container, from the root."""


def describe(*, accelerators: bool) -> dict[str, Any]:
    """The CPU, the accelerators in order of preference, and the versions of all packages."""
    return {
        "cpu": cpu_name(),
        "cores": cores(),
        "memory": memory(),
        "os": f"{platform.system()} {platform.release().split('-')[0]}",
        "container": container(),
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


def cores(root: Path = Path("/")) -> int:
    """The cores that this process may use: by its affinity, and by its control group's quota."""
    allowed = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    return max(1, min([allowed, *map(math.ceil, quotas(root))]))


def quotas(root: Path) -> Iterator[float]:
    """How many cores' time the control groups around this process grant it, of both versions."""
    try:
        groups = [line.split(":", 2) for line in (root / "proc/self/cgroup").read_text().split()]
    except OSError:
        return
    for _, controllers, path in (group for group in groups if len(group) == 3):
        if controllers and "cpu" not in controllers.split(","):
            continue
        mount = root / "sys/fs/cgroup" / ("cpu" if controllers else "")
        inner = mount / path.strip("/")
        for folder in (inner, *inner.parents):
            quota = quota_of(folder)
            if quota is not None:
                yield quota
            if folder == mount:
                break


def quota_of(folder: Path) -> float | None:
    """The cores' time that one control group grants; None where it sets no limit."""
    try:
        if (folder / "cpu.max").exists():
            quota, period = (folder / "cpu.max").read_text().split()
        else:
            quota = (folder / "cpu.cfs_quota_us").read_text()
            period = (folder / "cpu.cfs_period_us").read_text()
        return int(quota) / int(period) if int(quota) > 0 else None
    except (OSError, ValueError, ZeroDivisionError):  # "max": no limit
        return None


def container(root: Path = Path("/")) -> str | None:
    """The kind of container that this process is in; None outside one."""
    if "KUBERNETES_SERVICE_HOST" in os.environ or (root / "run/secrets/kubernetes.io").exists():
        return "Kubernetes"
    for file, name in CONTAINERS.items():
        if (root / file).exists():
            return name
    try:
        first = (root / "proc/1/cgroup").read_text()
    except OSError:
        return None
    known = {"docker": "Docker", "libpod": "Podman", "kubepods": "Kubernetes", "lxc": "LXC"}
    return next((name for word, name in known.items() if word in first), None)


def memory() -> int | None:
    """The machine's memory in bytes."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return None


def versions() -> dict[str, str]:
    """The versions of all installed packages, by the names of their folders of metadata."""
    found: dict[str, str] = {}
    for place in map(Path, sys.path):
        try:
            entries = sorted(place.iterdir())
        except OSError:  # an archive, or not there
            continue
        for entry in entries:
            if entry.suffix in (".dist-info", ".egg-info") and "-" in entry.stem:
                package, version = entry.stem.split("-")[:2]
                found.setdefault(re.sub(r"[-_.]+", "-", package).lower(), version)
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
                    "driver": amd_driver() if kind == "rocm" else nvidia_driver(),
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
                    "driver": getattr(properties, "driver_version", None),
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
                "memory": torch.mps.recommended_max_memory(),
                "driver": f"macOS {platform.mac_ver()[0]}",
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
            "driver": amd_driver() if kind == "rocm" else nvidia_driver(),
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
            "memory": (device.memory_stats() or {}).get("bytes_limit"),
            "driver": f"libtpu {versions().get('libtpu', '')}".strip(),
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


def amd_driver() -> str | None:
    """The version of AMD's kernel driver, where it is not the kernel's own."""
    try:
        return Path("/sys/module/amdgpu/version").read_text().strip() or None
    except OSError:
        return None


if __name__ == "__main__":
    print(json.dumps(describe(accelerators=sys.argv[1:] == ["accelerators"])))

"""Peak memory of the kernel's process on the host, in bytes."""

from __future__ import annotations

import resource
import sys


def reset_host_peak() -> None:
    try:
        with open("/proc/self/clear_refs", "w") as file:  # noqa: PTH123 (no object, no cost)
            file.write("5")
    except OSError:
        return


def host_resident() -> int:
    """Memory of the host in use now; of a forked process, what it has from its parent counts."""
    return status_of("VmRSS") or 0


def status_of(name: str) -> int | None:
    """A line of Linux's /proc/self/status, in bytes; None elsewhere."""
    try:
        with open("/proc/self/status") as file:  # noqa: PTH123
            for line in file:
                if line.startswith(f"{name}:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def host_peak() -> int:
    """Peak resident memory since the last reset; where none is possible, of the process so far."""
    peak = status_of("VmHWM")
    if peak is not None:
        return peak
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit

"""What went on beside a measurement: other programs, load, clock, temperature, power.

Linux tells it in /proc and /sys, whose documentation is proc(5) and the kernel's ABI documents;
NVIDIA's driver by NVML. Where a thing cannot be read, it is None, which is not the same as none.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_SLOWED = 0x8 | 0x20 | 0x40 | 0x80
"""NVML's reasons for a lower clock: hardware slowdown, too hot by software's or hardware's word,
power brake. That a card is at its power limit (0x4) is how it is built, and is only told."""

_POWER_CAP = 0x4
_BUSY = (0, 1, 2, 5, 6, 7)
"""The columns of /proc/stat in which a core works for someone: user, nice, system, interrupts, and
what a hypervisor took."""

_WARM = ("x86_pkg_temp", "cpu", "soc", "acpitz")
"""Kinds of thermal zones that tell of the CPU, by what their names hold, the best first."""


class Watch:
    """Watches the machine from `begin` to `end`; `card` is the accelerator's driver, or None."""

    def __init__(self, root: Path = Path("/"), card: Card | None = None) -> None:
        self._root = root
        self._card = card
        self._began = (0.0, 0.0, 0.0, 0)

    def begin(self) -> None:
        self._load = _load()
        self._slow = self._card is not None and self._card.slowed()
        self._began = (time.perf_counter(), *self._worked(), self._throttles())

    def end(self) -> dict[str, Any]:
        """What a `ProcessNote` says of the machine."""
        began, all_before, ours_before, throttles = self._began
        all_now, ours_now = self._worked()
        seconds = time.perf_counter() - began
        others = None
        if all_now and seconds > 0:
            others = max(0.0, (all_now - all_before - (ours_now - ours_before)) / seconds)
        card = self._card
        slowed = self._slow or (card is not None and card.slowed())
        return {
            "others": others if others is None else round(others, 4),
            "load": self._load,
            "clock": self._clock() if card is None else card.clock(),
            "temperature": self._temperature() if card is None else card.temperature(),
            "throttled": slowed or self._throttles() > throttles,
            "battery": self._on_battery(),
        }

    def _worked(self) -> tuple[float, float]:
        """Seconds that all cores, and that our tree of processes, have worked so far."""
        line = self._read("proc/stat").partition("\n")[0].split()
        if not line or line[0] != "cpu":
            return 0.0, 0.0
        ticks = os.sysconf("SC_CLK_TCK")
        columns = [int(word) for word in line[1:]]
        busy = sum(columns[place] for place in _BUSY if place < len(columns))
        return busy / ticks, self._of_tree(os.getpid()) / ticks

    def _of_tree(self, top: int) -> int:
        """Ticks of a process and all below it, of those that ended too."""
        parents: dict[int, int] = {}
        used: dict[int, int] = {}
        for folder in (self._root / "proc").iterdir():
            if folder.name.isdecimal():
                words = self._read(f"proc/{folder.name}/stat").rpartition(")")[2].split()
                if len(words) > 14:
                    parents[int(folder.name)] = int(words[1])
                    used[int(folder.name)] = sum(map(int, words[11:15]))
        total, level = 0, [top]
        while level:
            total += sum(used.get(process, 0) for process in level)
            level = [process for process, parent in parents.items() if parent in level]
        return total

    def _throttles(self) -> int:
        """How often the CPU has lowered its clock because it was too hot."""
        folder = self._root / "sys/devices/system/cpu"
        files = folder.glob("cpu*/thermal_throttle/*_throttle_count")
        return sum(_number(_text(file)) or 0 for file in files)

    def _clock(self) -> str | None:
        folder = "sys/devices/system/cpu/cpu0/cpufreq"
        governor = self._read(f"{folder}/scaling_governor").strip()
        kilohertz = _number(self._read(f"{folder}/scaling_cur_freq"))
        words = [governor, f"{kilohertz / 1e6:.2f} GHz" if kilohertz else ""]
        return ", ".join(word for word in words if word) or None

    def _temperature(self) -> float | None:
        zones: dict[str, float] = {}
        for folder in sorted((self._root / "sys/class/thermal").glob("thermal_zone*")):
            thousandths = _number(_text(folder / "temp"))
            if thousandths is not None:
                zones.setdefault(_text(folder / "type").strip().lower(), thousandths / 1000)
        for word in _WARM:
            for kind, degrees in zones.items():
                if word in kind:
                    return degrees
        return None

    def _on_battery(self) -> bool:
        if sys.platform == "darwin" and self._root == Path("/"):
            return "'Battery Power'" in _said("/usr/bin/pmset", "-g", "ps")
        mains, discharging = [], False
        for folder in (self._root / "sys/class/power_supply").glob("*"):
            kind = _text(folder / "type").strip()
            if kind == "Mains":
                mains.append(_text(folder / "online").strip() == "1")
            elif kind == "Battery" and _text(folder / "scope").strip() != "Device":
                discharging |= _text(folder / "status").strip() == "Discharging"
        return discharging and not any(mains)

    def _read(self, name: str) -> str:
        return _text(self._root / name)


class Card:
    """An NVIDIA card by NVML's C functions; `library` has them."""

    def __init__(self, library: Any, visible: str = "", number: int = 0) -> None:
        self._library = library
        self._handle = ctypes.c_void_p()
        library.nvmlInit_v2()
        names = [name.strip() for name in visible.split(",") if name.strip()]
        name = names[number] if number < len(names) else str(number)
        if name.isdecimal():
            library.nvmlDeviceGetHandleByIndex_v2(int(name), ctypes.byref(self._handle))
        else:
            library.nvmlDeviceGetHandleByUUID(name.encode(), ctypes.byref(self._handle))

    def slowed(self) -> bool:
        return bool((self._reasons() or 0) & _SLOWED)

    def clock(self) -> str | None:
        """The clock of its cores now, and whether its power limit holds it down."""
        megahertz = self._ask("nvmlDeviceGetClockInfo", ctypes.c_uint(), 1)
        if megahertz is None:
            return None
        cap = ", at its power limit" if (self._reasons() or 0) & _POWER_CAP else ""
        return f"{megahertz} MHz{cap}"

    def temperature(self) -> float | None:
        degrees = self._ask("nvmlDeviceGetTemperature", ctypes.c_uint(), 0)
        return None if degrees is None else float(degrees)

    def _reasons(self) -> int | None:
        return self._ask("nvmlDeviceGetCurrentClocksThrottleReasons", ctypes.c_ulonglong())

    def _ask(self, name: str, answer: Any, *arguments: int) -> int | None:
        status = getattr(self._library, name)(self._handle, *arguments, ctypes.byref(answer))
        return int(answer.value) if status == 0 else None


def find_card(devices: Iterable[str]) -> Card | None:
    """NVML's view of the first card among devices such as `cpu`, `cuda:1` and `cpu, cuda`; None
    where there is none or no NVML."""
    named = (device.strip().partition(":") for device in ", ".join(devices).split(", "))
    number = next((number for kind, _, number in named if kind == "cuda"), None)
    if number is None:
        return None
    with contextlib.suppress(OSError, AttributeError):
        library = ctypes.CDLL("libnvidia-ml.so.1")
        first = number.partition(",")[0]
        visible = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        return Card(library, visible, int(first) if first.isdecimal() else 0)
    return None


def _load() -> float | None:
    with contextlib.suppress(OSError, AttributeError):
        return round(os.getloadavg()[0], 2)
    return None


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.lstrip("-").isdecimal() else None


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout

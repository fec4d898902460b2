"""How this machine is just before a run: load, clocks, temperature, what holds it back.

All of it is read: from `/proc` and `/sys`, and of an NVIDIA card through its library NVML, which
makes no CUDA context. What a machine does not tell is None.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from sitegen.model import Conditions, Device

THROTTLED = {
    0x4: "power cap",
    0x8: "hardware slowdown",
    0x20: "temperature",
    0x40: "temperature",
    0x80: "power brake",
}
"""NVML's `nvmlClocksThrottleReason…`; being idle (1), a clock set by its owner (2) and a display's
limit (0x100) are no reason to doubt a result."""

_SM_CLOCK = 1
_TEMPERATURE_OF_GPU = 0
_UUIDS = ("GPU-", "MIG-")

Load = Callable[[], Any]
"""Opens NVML, or raises OSError."""


def read_conditions(
    device: Device,
    visible: str = "",
    root: Path = Path("/"),
    load_nvml: Load = lambda: ctypes.CDLL("libnvidia-ml.so.1"),
) -> Conditions:
    """How the machine and the device are; `visible` is the run's CUDA_VISIBLE_DEVICES."""
    try:
        load = round(os.getloadavg()[0], 2)
    except OSError:
        load = None
    conditions = Conditions(load=load, battery=_on_battery(root))
    if device.kind == "cuda":
        return _of_nvidia(conditions, visible or str(device.index), load_nvml)
    return _of_cpu(conditions, root) if device.kind == "cpu" else conditions


def _of_cpu(conditions: Conditions, root: Path) -> Conditions:
    frequency = root / "sys/devices/system/cpu/cpu0/cpufreq"
    return msgspec.structs.replace(
        conditions,
        governor=_text(frequency / "scaling_governor"),
        clock=_thousandth(_text(frequency / "scaling_cur_freq")),
        highest_clock=_thousandth(_text(frequency / "cpuinfo_max_freq")),
        temperature=_cpu_temperature(root),
    )


def _cpu_temperature(root: Path) -> float | None:
    """That of the whole processor, by the names that its sensors have on x86 and on ARM."""
    for zone in sorted((root / "sys/class/thermal").glob("thermal_zone*")):
        kind = _text(zone / "type") or ""
        if kind in ("x86_pkg_temp", "k10temp") or kind.startswith("cpu"):
            value = _text(zone / "temp") or ""
            return int(value) / 1000 if value.lstrip("-").isdecimal() else None
    return None


def _on_battery(root: Path) -> bool:
    supplies = sorted((root / "sys/class/power_supply").glob("*"))
    batteries = [entry for entry in supplies if _text(entry / "type") == "Battery"]
    return any(_text(entry / "status") == "Discharging" for entry in batteries)


def _of_nvidia(conditions: Conditions, visible: str, load_nvml: Load) -> Conditions:
    """With what NVML says of the card; a number among `visible` counts the cards by bus."""
    try:
        nvml = load_nvml()
        if nvml.nvmlInit_v2():
            return conditions
    except (OSError, AttributeError):
        return conditions
    try:
        return _read_card(conditions, nvml, visible.split(",")[0].strip())
    finally:
        nvml.nvmlShutdown()


def _read_card(conditions: Conditions, nvml: Any, name: str) -> Conditions:
    card = ctypes.c_void_p()
    if name.startswith(_UUIDS):
        missed = nvml.nvmlDeviceGetHandleByUUID(name.encode(), ctypes.byref(card))
    else:
        index = int(name) if name.isdecimal() else 0
        missed = nvml.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(card))
    if missed:
        return conditions
    bits = _ask(nvml, "nvmlDeviceGetCurrentClocksThrottleReasons", card, kind=ctypes.c_ulonglong)
    reasons = (why for bit, why in THROTTLED.items() if (bits or 0) & bit)
    temperature = _ask(nvml, "nvmlDeviceGetTemperature", card, _TEMPERATURE_OF_GPU)
    return msgspec.structs.replace(
        conditions,
        clock=_ask(nvml, "nvmlDeviceGetClockInfo", card, _SM_CLOCK),
        highest_clock=_ask(nvml, "nvmlDeviceGetMaxClockInfo", card, _SM_CLOCK),
        temperature=None if temperature is None else float(temperature),
        throttled=tuple(dict.fromkeys(reasons)),
    )


def _ask(nvml: Any, name: str, *arguments: object, kind: type[Any] = ctypes.c_uint) -> int | None:
    """What a function of NVML writes behind its last argument; None where it cannot."""
    value = kind()
    with contextlib.suppress(AttributeError):  # an older driver
        if not getattr(nvml, name)(*arguments, ctypes.byref(value)):
            return int(value.value)
    return None


def _text(file: Path) -> str | None:
    try:
        return file.read_text("utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _thousandth(text: str | None) -> int | None:
    return round(int(text) / 1000) if text is not None and text.isdecimal() else None

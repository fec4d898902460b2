"""Leases: which device a job may have now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sitegen.model import Device

MOST_AT_ONCE = 8
"""Jobs that share the CPU unless `[execute] jobs` says otherwise: each takes memory too."""


class Leases:
    """One job on an accelerator at a time; on the CPU `jobs`, else as many as there are cores."""

    def __init__(self, jobs: int | None) -> None:
        self._jobs = jobs
        self._taken: Counter[tuple[str, int]] = Counter()

    def take(self, devices: Sequence[Device], cores: int) -> Device | None:
        """The first of the devices that has room, now taken; None where a job must wait."""
        for device in devices:
            room = 1 if device.kind != "cpu" else self._jobs or min(max(cores, 1), MOST_AT_ONCE)
            if self._taken[_place(device)] < room:
                self._taken[_place(device)] += 1
                return device
        return None

    def give_back(self, device: Device) -> None:
        self._taken[_place(device)] -= 1


def _place(device: Device) -> tuple[str, int]:
    return (device.kind, device.index)

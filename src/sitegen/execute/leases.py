"""Leases: which device a job may have now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sitegen.model import Device

MOST_AT_ONCE = 8
"""Jobs that share the CPU unless `[execute] jobs` says otherwise: each takes memory too."""


class Leases:
    """One job on an accelerator at a time; on the CPU `jobs`, else as many as there are cores.

    A job that is to be alone waits for all others, and no other is beside it.
    """

    def __init__(self, jobs: int | None) -> None:
        self._jobs = jobs
        self._taken: Counter[tuple[str, int]] = Counter()
        self._alone = False

    def take(self, devices: Sequence[Device], cores: int, *, alone: bool = False) -> Device | None:
        """The first of the devices that has room, now taken; None where a job must wait."""
        if self._alone or (alone and self._taken.total()):
            return None
        for device in devices:
            room = 1 if device.kind != "cpu" else self._jobs or min(max(cores, 1), MOST_AT_ONCE)
            if self._taken[_place(device)] < room:
                self._taken[_place(device)] += 1
                self._alone = alone
                return device
        return None

    def give_back(self, device: Device) -> None:
        self._taken[_place(device)] -= 1
        self._alone = False


def _place(device: Device) -> tuple[str, int]:
    return (device.kind, device.index)

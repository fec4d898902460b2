"""Where results come from, in words: the machine, how it was, what was set."""

from __future__ import annotations

from collections.abc import Iterator

from sitegen.model import Conditions, Measured, Provenance
from sitegen.render.format import format_bytes

_SITEGENS_OWN = frozenset(
    "CUDA_VISIBLE_DEVICES HIP_VISIBLE_DEVICES JAX_PLATFORMS PYTHONHASHSEED "
    "PYTORCH_NVML_BASED_CUDA_CHECK XLA_PYTHON_CLIENT_PREALLOCATE".split()
)
"""Variables that are set for every kernel, which tell a reader nothing of this one."""


def machine_in_words(measured: Measured) -> tuple[str, ...]:
    """What the device sits in; empty for a result that does not tell how it was measured."""
    return tuple(_machine(measured)) if measured.provenance.measurement else ()


def _machine(measured: Measured) -> Iterator[str]:
    origin = measured.provenance
    if origin.devices > 1:
        yield f"one of {origin.devices} such"
    if measured.device.memory and measured.device.kind != "cpu":
        yield f"{format_bytes(measured.device.memory)} on it"
    if measured.device.kind != "cpu":
        yield origin.cpu
    yield f"{origin.cores} core{'s' if origin.cores > 1 else ''}"
    if origin.memory:
        yield f"{format_bytes(origin.memory)} of memory"
    yield origin.os
    if origin.container:
        yield f"in a container ({origin.container})"


def conditions_in_words(conditions: Conditions | None) -> tuple[str, ...]:
    """How the machine was just before the run, as far as it told."""
    return tuple(_conditions(conditions)) if conditions is not None else ()


def _conditions(found: Conditions) -> Iterator[str]:
    if found.load is not None:
        yield f"load {found.load:.1f}"
    if found.governor:
        yield f"governor {found.governor}"
    if found.clock:
        highest = f" of {found.highest_clock}" if found.highest_clock else ""
        yield f"{found.clock}{highest} MHz"
    if found.temperature is not None:
        yield f"{found.temperature:.0f} °C"
    if found.throttled:
        yield f"held back by {' and '.join(found.throttled)}"
    if found.battery:
        yield "on battery"


def packages_in_words(origin: Provenance) -> tuple[str, ...]:
    """What the post imports with all that it needs; empty for a result that does not tell."""
    found = origin.packages if origin.measurement else {}
    return tuple(f"{name} {version}" for name, version in found.items())


def variables_in_words(origin: Provenance) -> tuple[str, ...]:
    """The variables that can change results and were set for this post or this machine."""
    if not origin.measurement:
        return ()
    return tuple(
        f"{name}={value}" for name, value in origin.variables.items() if name not in _SITEGENS_OWN
    )

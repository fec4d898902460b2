"""Devices: asking a child process what is there, naming it, and choosing one for a plan."""

from __future__ import annotations

import fnmatch
import re
import subprocess
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Literal

import msgspec

from sitegen.base.errors import Problem
from sitegen.model import Device, DeviceConfig

_NOISE = re.compile(r"\((?:r|tm|c)\)|\b(?:cpu|processor)\b(?=\s*@)|@.*", re.I)
DISCOVERY_LIMIT = 120.0


class Accelerator(msgspec.Struct, frozen=True):
    """An accelerator as torch or JAX reports it."""

    kind: Literal["cuda", "rocm", "xpu", "mps", "tpu"]
    index: int
    reported: str
    memory: int | None
    driver: str | None
    jax: str


class Machine(msgspec.Struct, frozen=True):
    """What an interpreter finds on this machine: `kernel/discover.py`'s answer.

    `packages` are all that are installed there.
    """

    cpu: str
    cores: int
    memory: int | None
    os: str
    python: str
    packages: Mapping[str, str]
    accelerators: tuple[Accelerator, ...]
    container: str | None = None


def discover(python: Path, env: Mapping[str, str], *, accelerators: bool) -> Machine | Problem:
    """What is there, asked in a child process that is thrown away.

    Without `accelerators` no framework is imported and only the CPU is described.
    """
    script = files("sitegen.kernel").joinpath("discover.py").read_text("utf-8")
    command = [str(python), "-c", script, "accelerators" if accelerators else "cpu"]
    try:
        answer = subprocess.run(
            command,
            env=dict(env),
            capture_output=True,
            timeout=DISCOVERY_LIMIT,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode("utf-8", "replace").strip().split("\n")[-1]
        return _broken(python, last)
    except (OSError, subprocess.TimeoutExpired) as error:
        return _broken(python, str(error))
    try:
        return msgspec.json.decode((answer.stdout.splitlines() or [b""])[-1], type=Machine)
    except msgspec.DecodeError:
        return _broken(python, "it did not describe the machine")


def _broken(python: Path, why: str) -> Problem:
    help = f"try it: {python} -c 'import torch, jax'"
    return Problem(
        "fatal", "python", f"the kernel's interpreter does not work: {why}", help=(help,)
    )


def choose_devices(
    machine: Machine, wanted: str, names: Sequence[DeviceConfig]
) -> tuple[Device, ...]:
    """The devices on any one of which `[execute] device` lets a plan run; none where none is here.

    They are alike, so that it does not matter which is free: `auto` takes the first accelerator and
    those that report the same, and the CPU where there is none. `wanted` may also be a device's
    own name.
    """
    found = all_devices(machine, names)
    kind, _, number = wanted.partition(":")
    fitting = [
        device
        for device in found
        if kind in ("auto", device.kind, device.name)
        and (not number or int(number) == device.index)
    ]
    return tuple(device for device in fitting if device.name == fitting[0].name)


def all_devices(machine: Machine, names: Sequence[DeviceConfig]) -> list[Device]:
    """The machine's devices, the best first; the last is its CPU."""
    found = [_accelerator(machine, accelerator, names) for accelerator in machine.accelerators]
    name, label = _name(machine.cpu, names)
    return [*found, Device(name, "cpu", machine.cpu, label, memory=machine.memory)]


def _accelerator(
    machine: Machine, accelerator: Accelerator, names: Sequence[DeviceConfig]
) -> Device:
    name, label = _name(accelerator.reported, names)
    return Device(
        name=name,
        kind=accelerator.kind,
        reported=accelerator.reported,
        label=label,
        index=accelerator.index,
        memory=accelerator.memory,
        driver=accelerator.driver,
        jax_platform=accelerator.jax,
    )


def named(device: Device, names: Sequence[DeviceConfig]) -> Device:
    """A stored device by the name and label that `[devices]` gives it today, if it does."""
    if not any(fnmatch.fnmatchcase(device.reported, entry.match) for entry in names):
        return device
    name, label = _name(device.reported, names)
    return msgspec.structs.replace(device, name=name, label=label)


def _name(reported: str, names: Sequence[DeviceConfig]) -> tuple[str, str]:
    """A device's name and label: of its `[devices.NAME]`, else the slug of what it reports."""
    clean = " ".join(_NOISE.sub(" ", reported).split())
    for entry in names:
        if fnmatch.fnmatchcase(reported, entry.match):
            return entry.name, entry.label or clean
    return re.sub(r"[^a-z0-9]+", "-", clean.lower()).strip("-") or "unknown", clean

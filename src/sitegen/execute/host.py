"""This machine as a place to run plans: interpreter, devices, provenance, each asked for once."""

from __future__ import annotations

import getpass
import platform
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from sitegen import __version__
from sitegen.base.errors import Problem
from sitegen.execute.device import Machine, all_devices, choose_devices, discover, named
from sitegen.execute.environment import (
    RECORDED,
    Mask,
    default_torch_device,
    find_python,
    find_secrets,
    import_time_environment,
    inherited_variables,
)
from sitegen.model import (
    MEASUREMENT,
    Device,
    DeviceConfig,
    Plan,
    Provenance,
    Run,
    SiteConfig,
)

BASIC = ("torch", "jax", "jaxlib", "numpy", "ipykernel")
"""The packages that are recorded where a kernel does not tell what it has imported."""


class Host(msgspec.Struct, frozen=True):
    """Where a plan runs: interpreter, device, what is known of it, the author's environment.

    `devices` are all on which it may run, `device` the one that it is given; `counts` are how many
    accelerators of a name the machine has; `secrets` are the values of `pass_env` by name.
    """

    root: Path
    python: Path
    device: Device
    devices: tuple[Device, ...]
    counts: Mapping[str, int]
    provenance: Provenance
    environ: Mapping[str, str]
    secrets: Mapping[str, str]
    passed_over: tuple[str, ...]

    def on(self, device: Device, plan: Plan) -> Host:
        """The same host with one of its devices chosen for the plan."""
        torch_device = default_torch_device(plan.execute, device)
        provenance = msgspec.structs.replace(
            self.provenance, torch_device=torch_device, devices=self.counts.get(device.name, 0)
        )
        return msgspec.structs.replace(self, device=device, provenance=provenance)


def mask_of(host: Host, work: Path, programs: Iterable[Path] = ()) -> Mask:
    """What hides this machine in the texts of a run in the folder `work`."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = ""
    return Mask(
        work=work,
        root=host.root,
        python=host.python,
        home=Path.home(),
        user=user,
        host=platform.node(),
        secrets=host.secrets.values(),
        programs=programs,
    )


class Hosts:
    """Finds the host of a plan. What child processes tell is kept: asking costs seconds."""

    def __init__(
        self, config: SiteConfig, environ: Mapping[str, str], own: str, device: str | None = None
    ) -> None:
        """`device` is asked for in place of what plans say, by kind or by name."""
        self._root = config.root
        self._names = config.devices
        self._passed_over = (config.output_dir, "measurements")
        self._environ = environ
        self._own = own
        self._device = device
        self._machines: dict[tuple[Path, bool], Machine | Problem] = {}

    @property
    def asked(self) -> bool:
        """Whether this machine was asked for anything so far."""
        return bool(self._machines)

    def device(self, plan: Plan) -> Device | Problem | None:
        """A device on which the plan may run; None where this machine has none such."""
        found = self._machine(plan)
        if isinstance(found, Problem):
            return found
        return next(iter(choose_devices(found[1], self._wanted(plan), self._names)), None)

    def host(self, plan: Plan) -> Host | Problem:
        """Where to run the plan; a problem where it cannot be run here."""
        found = self._machine(plan)
        if isinstance(found, Problem):
            return found
        python, machine = found
        if "ipykernel" not in machine.packages:
            command = f"install it there: {python} -m pip install ipykernel"
            message = "the kernel's interpreter has no ipykernel"
            return Problem("fatal", "python", message, help=(command,))
        devices = choose_devices(machine, self._wanted(plan), self._names)
        if not devices:
            message = f"this machine has no `{self._wanted(plan)}`"
            known = ", ".join(device.name for device in all_devices(machine, self._names))
            help = f"here is {known}" if self._device else 'say `device = "auto"`'
            return Problem("error", "device", message, plan.span, help=(help,))
        secrets = find_secrets(plan, self._environ)
        if isinstance(secrets, Problem):
            return secrets
        env = import_time_environment(plan.execute, devices[0], python, self._environ)
        provenance = _provenance(machine, plan, self._root, env)
        return Host(
            root=self._root,
            python=python,
            device=devices[0],
            devices=devices,
            counts=_count(machine, self._names),
            provenance=provenance,
            environ=self._environ,
            secrets=secrets,
            passed_over=self._passed_over,
        )

    def versions(self, plan: Plan) -> Machine | Problem:
        """The libraries of the kernel's interpreter; no framework is imported to tell them."""
        python = find_python(plan.execute.python, self._root, self._environ, self._own)
        return python if isinstance(python, Problem) else self._ask(python, accelerators=False)

    def named(self, run: Run) -> Run:
        """A stored run whose device has the name that `[devices]` gives it today."""
        return msgspec.structs.replace(run, device=named(run.device, self._names))

    def _wanted(self, plan: Plan) -> str:
        return self._device or plan.execute.device

    def _machine(self, plan: Plan) -> tuple[Path, Machine] | Problem:
        """The interpreter that the settings mean, and what it finds on this machine."""
        execute = plan.execute
        python = find_python(execute.python, self._root, self._environ, self._own)
        if isinstance(python, Problem):
            return python
        machine = self._ask(python, accelerators=self._wanted(plan) != "cpu")
        return machine if isinstance(machine, Problem) else (python, machine)

    def _ask(self, python: Path, *, accelerators: bool) -> Machine | Problem:
        key = (python, accelerators)
        if key not in self._machines:
            env = inherited_variables(python, self._environ)
            self._machines[key] = discover(python, env, accelerators=accelerators)
        return self._machines[key]


def _count(machine: Machine, names: Sequence[DeviceConfig]) -> Mapping[str, int]:
    """How many accelerators of a name there are; the last of a machine's devices is its CPU."""
    return Counter(device.name for device in all_devices(machine, names)[:-1])


def _provenance(machine: Machine, plan: Plan, root: Path, env: Mapping[str, str]) -> Provenance:
    commit, dirty = _commit(root, plan.file)
    variables = {name: env[name] for name in sorted(env) if RECORDED.fullmatch(name) and env[name]}
    return Provenance(
        python=machine.python,
        packages={name: machine.packages[name] for name in BASIC if name in machine.packages},
        cpu=machine.cpu,
        cores=machine.cores,
        memory=machine.memory,
        os=machine.os,
        container=machine.container,
        variables=variables,
        commit=commit,
        dirty=dirty,
        sitegen=__version__,
        measurement=MEASUREMENT,
    )


def _commit(root: Path, file: str) -> tuple[str | None, bool | None]:
    """The commit that is checked out, and whether the post differs from it; None outside git."""

    def git(*words: str) -> str | None:
        try:
            answer = subprocess.run(
                ["git", "-C", str(root), *words],  # noqa: S607 (the author's git)
                capture_output=True,
                text=True,
                timeout=10,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return answer.stdout.strip() if answer.returncode == 0 else None

    commit = git("rev-parse", "--short=7", "HEAD")
    if commit is None:
        return None, None
    return commit, bool(git("status", "--porcelain", "--", file))

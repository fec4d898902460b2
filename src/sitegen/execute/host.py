"""This machine as a place to run plans: interpreter, devices, provenance, each asked for once."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

from sitegen import __version__
from sitegen.base.errors import Problem
from sitegen.execute.device import Machine, choose_device, discover, named
from sitegen.execute.environment import (
    RECORDED,
    find_python,
    import_time_environment,
    inherited_variables,
)
from sitegen.model import Device, ExecuteConfig, Plan, Provenance, Run, SiteConfig


class Host(msgspec.Struct, frozen=True):
    """Where a plan runs: interpreter, device, what is known of it, the author's environment."""

    root: Path
    python: Path
    device: Device
    provenance: Provenance
    environ: Mapping[str, str]
    passed_over: tuple[str, ...]


class Hosts:
    """Finds the host of a plan. What child processes tell is kept: asking costs seconds."""

    def __init__(self, config: SiteConfig, environ: Mapping[str, str], own: str) -> None:
        self._root = config.root
        self._names = config.devices
        self._passed_over = (config.output_dir, "measurements")
        self._environ = environ
        self._own = own
        self._machines: dict[tuple[Path, bool], Machine | Problem] = {}

    def device(self, plan: Plan) -> Device | Problem | None:
        """The device that the plan asks for; None where this machine has none such."""
        found = self._machine(plan.execute)
        if isinstance(found, Problem):
            return found
        return choose_device(found[1], plan.execute.device, self._names)

    def host(self, plan: Plan) -> Host | Problem:
        """Where to run the plan; a problem where it cannot be run here."""
        found = self._machine(plan.execute)
        if isinstance(found, Problem):
            return found
        python, machine = found
        if "ipykernel" not in machine.packages:
            command = f"install it there: {python} -m pip install ipykernel"
            message = "the kernel's interpreter has no ipykernel"
            return Problem("fatal", "python", message, help=(command,))
        device = choose_device(machine, plan.execute.device, self._names)
        if device is None:
            message = f"this machine has no `{plan.execute.device}`"
            return Problem("fatal", "device", message, help=('say `device = "auto"`',))
        env = import_time_environment(plan.execute, device, python, self._environ)
        provenance = _provenance(machine, plan, self._root, env)
        return Host(self._root, python, device, provenance, self._environ, self._passed_over)

    def named(self, run: Run) -> Run:
        """A stored run whose device has the name that `[devices]` gives it today."""
        return msgspec.structs.replace(run, device=named(run.device, self._names))

    def _machine(self, execute: ExecuteConfig) -> tuple[Path, Machine] | Problem:
        """The interpreter that the settings mean, and what it finds on this machine."""
        python = find_python(execute.python, self._root, self._environ, self._own)
        if isinstance(python, Problem):
            return python
        key = (python, execute.device != "cpu")
        if key not in self._machines:
            env = inherited_variables(python, self._environ)
            self._machines[key] = discover(python, env, accelerators=key[1])
        machine = self._machines[key]
        return machine if isinstance(machine, Problem) else (python, machine)


def _provenance(machine: Machine, plan: Plan, root: Path, env: Mapping[str, str]) -> Provenance:
    commit, dirty = _commit(root, plan.file)
    variables = {name: env[name] for name in sorted(env) if RECORDED.fullmatch(name) and env[name]}
    return Provenance(
        python=machine.python,
        packages=machine.packages,
        cpu=machine.cpu,
        cores=machine.cores,
        memory=machine.memory,
        os=machine.os,
        variables=variables,
        commit=commit,
        dirty=dirty,
        sitegen=__version__,
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

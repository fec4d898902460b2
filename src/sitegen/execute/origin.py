"""Where a run's results come from: what is known before it, and what only when it has ended."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from sitegen.execute.blocks import Packages
from sitegen.execute.conditions import read_conditions
from sitegen.execute.environment import import_time_environment
from sitegen.execute.host import Host
from sitegen.model import Conditions, Plan, Provenance

PACKAGES_LIMIT = 30.0


def conditions_of(host: Host, plan: Plan) -> Conditions:
    """How the machine is before the plan is run on the host's device."""
    env = import_time_environment(plan.execute, host.device, host.python, host.environ)
    return read_conditions(host.device, env.get("CUDA_VISIBLE_DEVICES", ""))


def complete(
    provenance: Provenance,
    packages: Packages | None,
    conditions: Conditions,
    mask: Callable[[str], str],
) -> Provenance:
    """The provenance with what was only known when the run had ended, and this machine hidden."""
    variables = {name: mask(value) for name, value in provenance.variables.items()}
    whole = msgspec.structs.replace(provenance, conditions=conditions, variables=variables)
    if packages is None:
        return whole
    return msgspec.structs.replace(
        whole, packages=packages.versions, imports=packages.imports, builds=packages.builds
    )


def find_packages(
    plan: Plan, python: Path, folder: Path, env: Mapping[str, str]
) -> Packages | None:
    """What the modules come from that a plan's code names, for a run that has no kernel to ask.

    `folder` holds the sources of kernels. None where the interpreter gives no answer.
    """
    code = "\n".join(block.code for block in plan.blocks)
    try:
        answer = subprocess.run(
            [str(python), str(folder / "sitegen_packages.py")],
            input=code.encode(),
            env=dict(env),
            capture_output=True,
            timeout=PACKAGES_LIMIT,
            check=True,
        )
        return msgspec.json.decode(answer.stdout, type=Packages)
    except (OSError, subprocess.SubprocessError, msgspec.DecodeError):
        return None

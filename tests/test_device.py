"""Devices: naming, choosing, and what a kernel is told. The accelerators here are made up."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sitegen.base.errors import Problem
from sitegen.execute.device import Accelerator, Machine, choose_devices, discover
from sitegen.execute.environment import (
    FIXED,
    device_variables,
    find_python,
    inherited_variables,
    kernel_environment,
)
from sitegen.model import Device, DeviceConfig, ExecuteConfig

H100 = "NVIDIA H100 80GB HBM3"
NAMES = (DeviceConfig("h100", "NVIDIA H100*", "H100 SXM"), DeviceConfig("me", "Apple*", "M3"))


def machine(*accelerators: Accelerator, cpu: str = "AMD EPYC 9B14") -> Machine:
    return Machine(cpu, 2, 2**34, "Linux 6", "3.11.7", {}, accelerators)


def cuda(index: int = 0, jax: str = "cuda") -> Accelerator:
    return Accelerator("cuda", index, H100, 80 * 10**9, "580.1", jax)


@pytest.mark.parametrize(
    ("wanted", "there", "name"),
    [
        ("auto", machine(), "amd-epyc-9b14"),
        ("cpu", machine(cuda()), "amd-epyc-9b14"),
        ("auto", machine(cuda()), "nvidia-h100-80gb-hbm3"),
        ("cuda", machine(cuda()), "nvidia-h100-80gb-hbm3"),
        ("cuda:1", machine(cuda(0), cuda(1)), "nvidia-h100-80gb-hbm3"),
        ("nvidia-h100-80gb-hbm3", machine(cuda(0)), "nvidia-h100-80gb-hbm3"),
        (
            "xpu",
            machine(Accelerator("xpu", 0, "Intel Max 1550", None, None, "cpu")),
            "intel-max-1550",
        ),
        ("mps", machine(Accelerator("mps", 0, "Apple M3 GPU", None, None, "cpu")), "apple-m3-gpu"),
        ("tpu", machine(Accelerator("tpu", 0, "TPU v5e", None, None, "tpu")), "tpu-v5e"),
        ("rocm", machine(Accelerator("rocm", 0, "AMD MI300X", None, None, "cpu")), "amd-mi300x"),
        ("cuda:1", machine(cuda(0)), None),
        ("cuda", machine(), None),
        ("rocm", machine(cuda()), None),
        ("tpu", machine(), None),
    ],
)
def test_choosing(wanted: str, there: Machine, name: str | None) -> None:
    devices = choose_devices(there, wanted, ())
    assert [device.name for device in devices] == ([name] if name else [])


@pytest.mark.parametrize(
    ("wanted", "indices"),
    [("auto", [0, 1]), ("cuda", [0, 1]), ("cuda:1", [1]), ("h100", [0, 1]), ("cpu", [0])],
)
def test_equal_devices_serve_alike(wanted: str, indices: list[int]) -> None:
    other = Accelerator("cuda", 2, "NVIDIA T4", 16 * 10**9, "580.1", "cuda")
    there = machine(cuda(0), cuda(1), other)
    assert [device.index for device in choose_devices(there, wanted, NAMES)] == indices


@pytest.mark.parametrize(
    ("cpu", "name"),
    [
        ("Intel(R) Xeon(R) Processor", "intel-xeon-processor"),
        ("Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz", "intel-core-i7-8650u"),
        ("Apple M3 Max", "me"),
        ("", "unknown"),
    ],
)
def test_names_are_slugs_or_configured(cpu: str, name: str) -> None:
    (device,) = choose_devices(machine(cpu=cpu), "auto", NAMES)
    assert device.name == name
    (named,) = choose_devices(machine(cuda()), "auto", NAMES)
    assert (named.name, named.label, named.reported) == ("h100", "H100 SXM", H100)


def test_what_makes_torch_and_jax_see_one_device() -> None:
    (chosen,) = choose_devices(machine(cuda(0), cuda(1)), "cuda:1", ())
    assert device_variables(chosen) == {
        "CUDA_VISIBLE_DEVICES": "1",
        "JAX_PLATFORMS": "cuda,cpu",
        "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    }
    assert device_variables(chosen, "4,GPU-5")["CUDA_VISIBLE_DEVICES"] == "GPU-5"
    (cpu,) = choose_devices(machine(cuda()), "cpu", ())
    assert device_variables(cpu) == {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
    (without_plugin,) = choose_devices(machine(cuda(jax="cpu")), "auto", ())
    assert device_variables(without_plugin)["JAX_PLATFORMS"] == "cpu"


def test_the_environment_is_an_allow_list(tmp_path: Path) -> None:
    environ = {
        "PATH": "/usr/bin",
        "HOME": "/home/ada",
        "CUDA_HOME": "/opt/cuda",
        "https_proxy": "http://proxy",
        "AWS_SECRET_ACCESS_KEY": "no",
        "PYTHONPATH": "/no",
        "LANG": "de_DE.UTF-8",
        "OMP_NUM_THREADS": "7",
    }
    execute = ExecuteConfig(env=(("OMP_NUM_THREADS", "1"), ("TZ", "Asia/Tokyo")))
    cpu = Device("c", "cpu", "c", "c")
    env = kernel_environment(
        execute, cpu, Path("/v/bin/python"), tmp_path, environ, {"HF_TOKEN": "hf_secret"}
    )
    assert env["PATH"] == "/v/bin:/usr/bin"
    assert {"HOME", "CUDA_HOME", "https_proxy", "LANG"} < set(env)
    assert not {"AWS_SECRET_ACCESS_KEY", "PYTHONPATH"} & set(env)
    assert env["HF_TOKEN"] == "hf_secret"
    assert (env["OMP_NUM_THREADS"], env["TZ"]) == ("1", "Asia/Tokyo")
    assert env["PYTHONHASHSEED"] == FIXED["PYTHONHASHSEED"] == "0"


def test_this_machine_is_described_by_a_child_process() -> None:
    python = Path(sys.executable)
    env = inherited_variables(python, os.environ)
    found = discover(python, env, accelerators=False)
    assert isinstance(found, Machine)
    assert found.cpu
    assert found.cores >= 1
    assert found.packages["ipykernel"]
    assert found.accelerators == ()
    asked = discover(python, env, accelerators=True)
    assert isinstance(asked, Machine)
    assert (asked.cpu, asked.packages) == (found.cpu, found.packages)


def test_a_broken_interpreter_is_a_problem_with_a_command(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'cannot load libpython' >&2\nexit 1\n")
    broken.chmod(0o755)
    found = discover(broken, {}, accelerators=False)
    assert isinstance(found, Problem)
    assert "cannot load libpython" in found.message
    assert "import torch, jax" in found.help[0]


def test_which_interpreter_auto_means(tmp_path: Path) -> None:
    active = tmp_path / "active"
    for folder in (active, tmp_path / ".venv", tmp_path / "other"):
        (folder / "bin").mkdir(parents=True)
        (folder / "bin/python").touch()
    environ = {"VIRTUAL_ENV": str(active)}
    assert find_python("auto", tmp_path, environ, "/own") == tmp_path / ".venv/bin/python"
    assert find_python("auto", tmp_path / "x", environ, "/own") == active / "bin/python"
    assert find_python("auto", tmp_path / "x", {}, "/own") == Path("/own")
    assert find_python("other", tmp_path, {}, "/own") == tmp_path / "other/bin/python"
    assert find_python("other/bin/python", tmp_path, {}, "/own") == tmp_path / "other/bin/python"
    missing = find_python("none", tmp_path, {}, "/own")
    assert isinstance(missing, Problem)
    assert "python -m venv none" in missing.help[0]

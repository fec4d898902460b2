"""Where results come from: what is kept and shown of it. Cards, clocks and devices are made up."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import msgspec
import pytest

from sitegen.base.errors import Span
from sitegen.execute.conditions import read_conditions
from sitegen.execute.device import Accelerator, Machine, all_devices
from sitegen.execute.drift import find_drift, version_set
from sitegen.execute.environment import RECORDED, inherited_variables
from sitegen.execute.origin import find_packages
from sitegen.execute.processes import ship
from sitegen.kernel import discover
from sitegen.model import (
    Block,
    Conditions,
    Device,
    ExecuteConfig,
    Finished,
    Limits,
    Measured,
    Plan,
    Provenance,
    Run,
    RunOptions,
    ShowOptions,
)
from sitegen.render.origin import conditions_in_words, machine_in_words, variables_in_words
from tests.support import CONFIG, REPOSITORY, build_site, sitegen, stored, write_site

POST = """
```python
import torch
from PIL import Image
import mine
```
```python
%matplotlib inline
import matplotlib.pyplot as plt
```
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    config = CONFIG + f"\n[execute.env]\nXLA_FLAGS = '--xla_dump_to={Path.home()}/dumps'\n"
    files = {"content/post/index.md": POST, "content/post/mine.py": "x = 1\n"}
    root = write_site(tmp_path_factory.mktemp("provenance"), files, config)
    report, events = build_site(root)
    assert report.problems == ()
    (run,) = (event.run for event in events if isinstance(event, Finished))
    return root, run


def test_the_packages_of_what_a_post_imports_are_kept(measured: tuple[Path, Run]) -> None:
    origin = measured[1].provenance
    assert {"torch", "pillow", "matplotlib", "ipykernel", "numpy"} <= set(origin.packages)
    assert {"sympy", "kiwisolver"} <= set(origin.packages), "what these need in turn"
    assert list(origin.packages) == sorted(origin.packages)
    assert not {"jax", "jaxlib", "nbclient", "pytest"} & set(origin.packages), "not imported"
    assert origin.imports == ("matplotlib", "pillow", "torch")
    assert origin.builds.keys() == {"torch git"}, "this torch is of no accelerator"


def test_packages_are_the_same_however_the_kernel_starts(
    measured: tuple[Path, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sitegen.execute.zygotes.can_fork", lambda: False)
    files = {"content/post/index.md": POST, "content/post/mine.py": "x = 1\n"}
    _, events = build_site(write_site(tmp_path, files))
    (run,) = (event.run for event in events if isinstance(event, Finished))
    forked = measured[1].provenance
    assert (run.provenance.start, forked.start) == ("plain", "forked")
    assert run.provenance.imports == forked.imports
    assert run.provenance.packages == forked.packages


def test_packages_are_found_without_a_kernel(measured: tuple[Path, Run], tmp_path: Path) -> None:
    ship(tmp_path)
    block = Block(0, POST, (), "", 1, RunOptions(), Limits(1), ShowOptions(), Span("a.md", 1))
    plan = Plan("", "a", "a.md", "main", (block,), ExecuteConfig(), (), block.span)
    env = inherited_variables(Path(sys.executable), os.environ)
    found = find_packages(plan, Path(sys.executable), tmp_path, env)
    assert found is not None
    origin = measured[1].provenance
    assert (found.imports, found.builds) == (origin.imports, origin.builds)
    assert found.versions.items() >= {"torch": origin.packages["torch"]}.items()
    assert found.versions.keys() >= {"sympy", "kiwisolver", "ipykernel", "numpy"}
    assert find_packages(plan, tmp_path / "none", tmp_path, env) is None


def test_machine_and_moment_are_kept(measured: tuple[Path, Run]) -> None:
    run = measured[1]
    origin = run.provenance
    assert origin.cpu
    assert origin.os
    assert origin.memory
    assert origin.cores >= 1
    assert origin.measurement == 1
    assert origin.devices == 0, "no accelerator"
    assert origin.conditions is not None
    assert origin.conditions.load is not None
    assert run.started.utcoffset() is not None
    assert run.seconds > 0
    assert run.key


def test_nothing_names_a_person_or_a_host(measured: tuple[Path, Run]) -> None:
    root, run = measured
    assert run.provenance.variables["XLA_FLAGS"] == "--xla_dump_to=~/dumps"
    (file,) = stored(root)
    provenance = json.dumps(json.loads(file.read_bytes())["provenance"])
    for name in (str(Path.home()), str(root), f'"{getpass.getuser()}"', platform.node()):
        assert name not in provenance


@pytest.mark.parametrize(
    "name",
    "XLA_FLAGS JAX_ENABLE_X64 TORCHINDUCTOR_MAX_AUTOTUNE TORCHDYNAMO_DISABLE PYTORCH_ALLOC_CONF "
    "OMP_NUM_THREADS MKL_NUM_THREADS CUDA_VISIBLE_DEVICES NVIDIA_TF32_OVERRIDE KMP_AFFINITY "
    "CUBLAS_WORKSPACE_CONFIG LD_PRELOAD PYTHONHASHSEED LIBTPU_INIT_ARGS".split(),
)
def test_variables_that_change_results_are_recorded(name: str) -> None:
    assert RECORDED.fullmatch(name)


@pytest.mark.parametrize("name", ["HOME", "PATH", "HF_TOKEN", "TORCH_LOGS_FORMAT", "LANG"])
def test_others_are_not(name: str) -> None:
    assert not RECORDED.fullmatch(name)


CPU = Device("c", "cpu", "c", "c")
CARD = Device("h100", "cuda", "NVIDIA H100", "H100", index=1)


def files(root: Path, texts: Mapping[str, str]) -> Path:
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    return root


def no_nvml() -> Any:
    raise OSError


def test_a_cpu_tells_its_clock_its_governor_and_its_temperature(tmp_path: Path) -> None:
    root = files(
        tmp_path,
        {
            "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "powersave\n",
            "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq": "1799998\n",
            "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "4700000\n",
            "sys/class/thermal/thermal_zone0/type": "acpitz\n",
            "sys/class/thermal/thermal_zone0/temp": "20000\n",
            "sys/class/thermal/thermal_zone1/type": "x86_pkg_temp\n",
            "sys/class/thermal/thermal_zone1/temp": "61500\n",
            "sys/class/power_supply/BAT0/type": "Battery\n",
            "sys/class/power_supply/BAT0/status": "Discharging\n",
            "sys/class/power_supply/AC/type": "Mains\n",
        },
    )
    found = read_conditions(CPU, "", root, no_nvml)
    assert msgspec.structs.replace(found, load=None) == Conditions(
        governor="powersave", clock=1800, highest_clock=4700, temperature=61.5, battery=True
    )
    words = conditions_in_words(msgspec.structs.replace(found, load=0.26))
    assert words == ("load 0.3", "governor powersave", "1800 of 4700 MHz", "62 °C", "on battery")


def test_a_machine_that_tells_nothing_is_none_the_worse(tmp_path: Path) -> None:
    bare = Conditions(load=read_conditions(CPU, "", tmp_path, no_nvml).load)
    assert read_conditions(CPU, "", tmp_path, no_nvml) == bare
    assert read_conditions(CARD, "", tmp_path, no_nvml) == bare
    assert conditions_in_words(Conditions()) == ()
    assert conditions_in_words(None) == ()


class Nvml:
    """NVML with two cards, as ctypes sees it: each function fills what its last argument refers to.

    The figures are made up.
    """

    def __init__(self, *, reasons: int = 0x24, fails: str = "") -> None:
        self.asked: list[Any] = []
        self._reasons = reasons
        self._fails = fails
        self.ended = False

    def __getattr__(self, name: str) -> Any:
        if name == self._fails:
            raise AttributeError(name)
        answers = {
            "nvmlDeviceGetClockInfo": 1335,
            "nvmlDeviceGetMaxClockInfo": 1980,
            "nvmlDeviceGetTemperature": 71,
            "nvmlDeviceGetCurrentClocksThrottleReasons": self._reasons,
        }

        def call(*arguments: Any) -> int:
            if name == "nvmlShutdown":
                self.ended = True
            if name.startswith("nvmlDeviceGetHandle"):
                self.asked.append(arguments[0])
                arguments[1]._obj.value = 7
            elif name in answers:
                assert arguments[0].value == 7
                arguments[-1]._obj.value = answers[name]
            return 0

        return call


@pytest.mark.parametrize(("visible", "asked"), [("1", 1), ("GPU-5a", b"GPU-5a"), ("", 1), ("3", 3)])
def test_nvml_tells_of_the_card_that_the_run_is_given(visible: str, asked: object) -> None:
    nvml = Nvml()
    found = read_conditions(CARD, visible, Path("/none"), lambda: nvml)
    assert nvml.asked == [asked]
    assert nvml.ended
    assert (found.clock, found.highest_clock, found.temperature) == (1335, 1980, 71.0)
    assert found.throttled == ("power cap", "temperature")
    assert "held back by power cap and temperature" in conditions_in_words(found)


def test_a_card_that_idles_is_not_held_back_and_an_old_driver_tells_less() -> None:
    idle = read_conditions(CARD, "", Path("/none"), lambda: Nvml(reasons=0x1))
    assert idle.throttled == ()
    old = Nvml(fails="nvmlDeviceGetCurrentClocksThrottleReasons")
    found = read_conditions(CARD, "", Path("/none"), lambda: old)
    assert (found.throttled, found.clock) == ((), 1335)
    lost = read_conditions(CARD, "", Path("/none"), lambda: Nvml(fails="nvmlInit_v2"))
    assert lost.clock is None


GROUPS = [
    ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": "150000 100000\n"}, [1.5]),
    ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/cpu.max": "400000 100000\n"}, [4.0]),
    ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, []),
    (
        {
            "proc/self/cgroup": "4:memory:/x\n3:cpuacct,cpu:/x\n",
            "sys/fs/cgroup/cpu/x/cpu.cfs_quota_us": "50000\n",
            "sys/fs/cgroup/cpu/x/cpu.cfs_period_us": "100000\n",
        },
        [0.5],
    ),
    ({}, []),
]


@pytest.mark.parametrize(("texts", "quotas"), GROUPS)
def test_cores_are_what_the_control_groups_grant(
    tmp_path: Path, texts: Mapping[str, str], quotas: list[float]
) -> None:
    root = files(tmp_path, texts)
    assert list(discover.quotas(root)) == quotas
    assert discover.cores(root) <= max([1, *(round(quota + 0.5) for quota in quotas)]) or not quotas


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        ({".dockerenv": ""}, "Docker"),
        ({"run/.containerenv": ""}, "Podman"),
        ({"proc/1/cgroup": "0::/kubepods/burstable\n"}, "Kubernetes"),
        ({"proc/1/cgroup": "0::/lxc/x\n"}, "LXC"),
        ({"proc/1/cgroup": "0::/init.scope\n"}, None),
        ({}, None),
    ],
)
def test_containers(tmp_path: Path, texts: Mapping[str, str], name: str | None) -> None:
    assert discover.container(files(tmp_path, texts)) == name


def module(name: str, **content: object) -> ModuleType:
    made = ModuleType(name)
    made.__spec__ = ModuleSpec(name, None)
    for key, value in content.items():
        setattr(made, key, value)
    return made


def test_apples_gpu_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = module(
        "torch",
        cuda=SimpleNamespace(is_available=lambda: False),
        backends=SimpleNamespace(mps=SimpleNamespace(is_available=lambda: True)),
        mps=SimpleNamespace(recommended_max_memory=lambda: 22_906_503_168),
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(discover, "cpu_name", lambda: "Apple M3 Max")
    monkeypatch.setattr(platform, "mac_ver", lambda: ("15.2", ("", "", ""), "arm64"))
    (found,) = discover.torch_accelerators()
    assert found == {
        "kind": "mps",
        "index": 0,
        "reported": "Apple M3 Max GPU",
        "memory": 22_906_503_168,
        "driver": "macOS 15.2",
        "jax": "cpu",
    }


def test_tpus_are_described(monkeypatch: pytest.MonkeyPatch) -> None:
    chip = SimpleNamespace(
        device_kind="TPU v5 lite", memory_stats=lambda: {"bytes_limit": 17_000_000_000}
    )
    monkeypatch.setitem(sys.modules, "libtpu", module("libtpu"))
    monkeypatch.setitem(sys.modules, "jax", module("jax", devices=lambda kind: [chip, chip]))
    monkeypatch.setattr(discover, "versions", lambda: {"libtpu": "0.0.21"})
    found = discover.tpus()
    assert [entry["index"] for entry in found] == [0, 1]
    assert found[0]["memory"] == 17_000_000_000
    assert found[0]["driver"] == "libtpu 0.0.21"


def test_nvidias_cards_are_described(monkeypatch: pytest.MonkeyPatch) -> None:
    card = SimpleNamespace(name="NVIDIA H100 80GB HBM3", total_memory=85_000_000_000)
    cuda = SimpleNamespace(
        is_available=lambda: True,
        device_count=lambda: 8,
        get_device_properties=lambda index: card,
    )
    torch = module("torch", cuda=cuda, version=SimpleNamespace(hip=None))
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(discover, "nvidia_driver", lambda: "580.159.03")
    found = discover.torch_accelerators()
    assert len(found) == 8
    assert (found[7]["kind"], found[7]["index"]) == ("cuda", 7)
    assert (found[0]["memory"], found[0]["driver"]) == (85_000_000_000, "580.159.03")


def test_the_machine_in_words() -> None:
    accelerators = tuple(
        Accelerator("cuda", index, "NVIDIA H100", 85_000_000_000, "580.1", "cuda")
        for index in range(8)
    )
    there = Machine("AMD EPYC", 52, 10**12, "Linux 6.8", "3.11.7", {}, accelerators, "Docker")
    device = all_devices(there, ())[0]
    origin = Provenance(
        cpu=there.cpu,
        cores=there.cores,
        memory=there.memory,
        os=there.os,
        container=there.container,
        devices=8,
        measurement=1,
        variables={"JAX_PLATFORMS": "cuda,cpu", "XLA_FLAGS": "--xla_x"},
    )
    when = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    card = Measured(device, origin, when, seconds=1.0, shown=1, hidden=0, rows=())
    assert machine_in_words(card) == (
        "one of 8 such",
        "85 GB on it",
        "AMD EPYC",
        "52 cores",
        "1000 GB of memory",
        "Linux 6.8",
        "in a container (Docker)",
    )
    assert variables_in_words(origin) == ("XLA_FLAGS=--xla_x",)


def test_drift_is_of_what_the_post_imports() -> None:
    packages = {"torch": "2.13.0", "numpy": "2.4", "pillow": "13", "sympy": "1.14"}
    then = Provenance(python="3.11.7", packages=packages, imports=("pillow", "torch"))
    now = {**packages, "pillow": "14", "sympy": "1.15", "jax": "0.10"}
    assert find_drift(then, "3.11.7", now) == ("pillow 13, here 14",)
    assert find_drift(then, "3.11.7", {"torch": "2.13.0", "numpy": "2.4"}) == (
        "pillow 13, here none",
    )
    assert version_set(then) != version_set(
        msgspec.structs.replace(then, packages={**packages, "pillow": "14"})
    )


def test_results_of_before_are_shown_as_they_were(tmp_path: Path) -> None:
    """A page whose results an earlier version stored says nothing that was not stored."""
    (file,) = (REPOSITORY / "tests/fixtures/earlier").glob("*.json")
    run = msgspec.json.decode(file.read_bytes())
    assert "measurement" not in run["provenance"]
    post = (REPOSITORY / "content/posts/tensor-wars.md").read_text("utf-8")
    root = write_site(tmp_path, {"content/posts/tensor-wars.md": post})
    write_site(root, {"content/posts/tensor-wars-run.md": "+++\n+++\n"})
    target = root / "measurements/posts/tensor-wars/intel-xeon-processor" / file.name
    target.parent.mkdir(parents=True)
    target.write_bytes(file.read_bytes())
    done = sitegen(root, "build", "--frozen")
    assert done.returncode == 0, done.stderr
    html = (root / "public/posts/tensor-wars/index.html").read_text("utf-8")
    card = html[html.index('<section class="card"') :]
    for word in ("Machine", "Just before", "Variables", "<details>", "already loaded</span>"):
        assert word not in card
    assert "torch 2.13.0+cpu, jax 0.10.2, numpy 2.4.6" in card


def test_the_head_of_a_packages_metadata_is_read(tmp_path: Path) -> None:
    text = (
        "Metadata-Version: 2.1\nName: Some_Package\nVersion: 1.2+cpu\nLicense: All\n        \n"
        "        rights: reserved\nRequires-Dist: Other.One>=1; python_version < '4'\n"
        "Requires-Dist: extra-only; extra == 'test'\n\nRequires-Dist: prose\n"
    )
    folder = files(tmp_path, {"some_package-1.2.dist-info/METADATA": text})
    code = (
        "import sys, sitegen_packages as p\nfrom pathlib import Path\n"
        "print(*p.read_package(Path(sys.argv[1]))[1:])"
    )
    argument = str(folder / "some_package-1.2.dist-info")
    kernel = Path(discover.__file__).parent
    command = [sys.executable, "-c", code, argument]
    done = subprocess.run(command, cwd=kernel, capture_output=True, text=True, check=True)
    assert done.stdout == "some-package 1.2+cpu ('other-one',)\n"

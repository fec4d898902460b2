"""What ran beside a benchmark: made-up folders of /proc and /sys, a made-up NVML."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sitegen.execute import processes

sys.path.insert(0, str(Path(processes.__file__).parent.parent / "kernel"))
from sitegen_bench_machine import Card, Watch, find_card

sys.path.pop(0)

TICKS = os.sysconf("SC_CLK_TCK")


def put(root: Path, **files: object) -> None:
    """Made-up files; `__` in a name is a folder's end."""
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n", "utf-8")


def put_work(root: Path, busy: int, ours: dict[int, tuple[int, int]]) -> None:
    """Seconds that all cores worked, and of processes their parent and the seconds they worked."""
    put(root, proc__stat=f"cpu  {busy * TICKS} 0 0 999 5 0 0 0 0 0\ncpu0 1 1")
    for number, (parent, seconds) in ours.items():
        times = f"{seconds * TICKS} 0 0 0"
        text = f"{number} (a) name) S {parent} 1 1 0 -1 0 0 0 0 0 {times} 20 0 1 0"
        put(root, **{f"proc__{number}__stat": text})


def test_others_are_all_but_our_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("sitegen_bench_machine.time.perf_counter", lambda: now[0])
    own = os.getpid()
    put_work(tmp_path, 50, {own: (1, 5), 900_001: (own, 1), 900_002: (900_001, 1), 900_003: (1, 9)})
    watch = Watch(tmp_path)
    watch.begin()
    now[0] += 10
    put_work(
        tmp_path, 65, {own: (1, 9), 900_001: (own, 2), 900_002: (900_001, 3), 900_003: (1, 17)}
    )
    found = watch.end()
    assert found["others"] == pytest.approx((15 - 4 - 1 - 2) / 10)


def test_what_cannot_be_read_is_none(tmp_path: Path) -> None:
    watch = Watch(tmp_path / "nothing")
    watch.begin()
    found = watch.end()
    found.pop("load")
    assert found == {
        "others": None,
        "clock": None,
        "temperature": None,
        "throttled": False,
        "battery": False,
    }


def test_clock_heat_and_power(tmp_path: Path) -> None:
    cpu = "sys__devices__system__cpu__cpu0"
    put(
        tmp_path,
        **{
            f"{cpu}__cpufreq__scaling_governor": "performance",
            f"{cpu}__cpufreq__scaling_cur_freq": 3_412_000,
            f"{cpu}__thermal_throttle__core_throttle_count": 7,
            "sys__class__thermal__thermal_zone0__type": "acpitz",
            "sys__class__thermal__thermal_zone0__temp": 27_800,
            "sys__class__thermal__thermal_zone1__type": "x86_pkg_temp",
            "sys__class__thermal__thermal_zone1__temp": 61_000,
            "sys__class__power_supply__AC__type": "Mains",
            "sys__class__power_supply__AC__online": 1,
            "sys__class__power_supply__BAT0__type": "Battery",
            "sys__class__power_supply__BAT0__status": "Discharging",
            "sys__class__power_supply__mouse__type": "Battery",
            "sys__class__power_supply__mouse__scope": "Device",
            "sys__class__power_supply__mouse__status": "Discharging",
        },
    )
    watch = Watch(tmp_path)
    watch.begin()
    found = watch.end()
    assert (found["clock"], found["temperature"]) == ("performance, 3.41 GHz", 61.0)
    assert (found["throttled"], found["battery"]) == (False, False)
    put(tmp_path, sys__class__power_supply__AC__online=0)
    put(tmp_path, **{f"{cpu}__thermal_throttle__core_throttle_count": 8})
    found = watch.end()
    assert (found["throttled"], found["battery"]) == (True, True)


class Nvml:
    """A made-up libnvidia-ml: answers as its header says, 0 for success."""

    def __init__(self, reasons: int = 0) -> None:
        self.reasons = reasons
        self.asked: list[Any] = []

    def nvmlInit_v2(self) -> int:  # noqa: N802
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index: int, handle: Any) -> int:  # noqa: N802
        self.asked.append(index)
        return 0

    def nvmlDeviceGetHandleByUUID(self, name: bytes, handle: Any) -> int:  # noqa: N802
        self.asked.append(name)
        return 0

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, _: Any, answer: Any) -> int:  # noqa: N802
        ctypes.cast(answer, ctypes.POINTER(ctypes.c_ulonglong))[0] = self.reasons
        return 0

    def nvmlDeviceGetClockInfo(self, _: Any, kind: int, answer: Any) -> int:  # noqa: N802
        ctypes.cast(answer, ctypes.POINTER(ctypes.c_uint))[0] = 1755
        return 0

    def nvmlDeviceGetTemperature(self, _: Any, kind: int, answer: Any) -> int:  # noqa: N802
        return 3  # not supported


def test_a_card_is_asked_by_its_number_among_those_that_are_visible() -> None:
    library = Nvml()
    for visible, number in [("", 1), ("3,5", 1), ("GPU-abc", 0)]:
        Card(library, visible, number)
    assert library.asked == [1, 5, b"GPU-abc"]
    assert find_card(["cpu"]) is None


@pytest.mark.parametrize(
    ("devices", "number"),
    [
        (["cuda"], 0),
        (["cpu", "cuda:1"], 1),  # a baseline of NumPy
        (["cpu, cuda:2"], 2),  # a tensor and a float
        (["cuda:1,0", "cuda:3"], 1),
    ],
)
def test_a_card_is_watched_whichever_variant_it_works_for(
    monkeypatch: pytest.MonkeyPatch, devices: list[str], number: int
) -> None:
    library = Nvml()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: library)
    assert find_card(devices) is not None
    assert library.asked == [number]


def test_a_hot_card_is_throttled_and_one_at_its_power_limit_is_not(tmp_path: Path) -> None:
    library = Nvml()
    watch = Watch(tmp_path, Card(library))
    watch.begin()
    found = watch.end()
    assert (found["throttled"], found["clock"]) == (False, "1755 MHz")
    assert found["temperature"] is None
    library.reasons = 0x4
    found = watch.end()
    assert (found["throttled"], found["clock"]) == (False, "1755 MHz, at its power limit")
    library.reasons = 0x40
    assert watch.end()["throttled"]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_child_of_ours_is_not_among_the_others_and_a_stranger_is() -> None:
    """Two busy children: one seen from this process, then from the eyes of a third."""
    spin = "import time\nend = time.perf_counter() + 60\nwhile time.perf_counter() < end: pass"
    with subprocess.Popen([sys.executable, "-c", spin]) as child:
        try:
            ours = Watch()
            ours.begin()
            time.sleep(0.5)
            seen = ours.end()["others"]
            look = (
                "import sys, time; sys.path.insert(0, sys.argv[1])\n"
                "from sitegen_bench_machine import Watch\n"
                "watch = Watch(); watch.begin(); time.sleep(0.5); print(watch.end()['others'])"
            )
            folder = str(Path(processes.__file__).parent.parent / "kernel")
            done = subprocess.run(
                [sys.executable, "-c", look, folder], capture_output=True, text=True, check=True
            )
        finally:
            child.kill()
    # Whatever else runs here runs in both views; the child is a core's work in one of them.
    assert float(done.stdout) - seen > 0.2

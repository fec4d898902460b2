"""Leases: never two posts on one accelerator. The accelerators here are made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from sitegen.execute import host
from sitegen.execute.device import Accelerator, Machine
from sitegen.execute.leases import Leases
from sitegen.model import Device, Finished, Started
from tests.support import build_site, report_of, sitegen, stored, write_site

GPU = "Made-up GPU"


def device(kind: str, index: int = 0) -> Device:
    return Device(f"a-{kind}", kind, kind, kind, index=index)  # type: ignore[arg-type]


def test_an_accelerator_is_given_to_one_and_given_back() -> None:
    leases = Leases(None)
    one, two = device("cuda", 0), device("cuda", 1)
    assert leases.take([one, two], 4) is one
    assert leases.take([one, two], 4) is two
    assert leases.take([one, two], 4) is None
    leases.give_back(one)
    assert leases.take([one, two], 4) is one


@pytest.mark.parametrize(
    ("jobs", "cores", "room"), [(None, 2, 2), (1, 8, 1), (3, 2, 3), (None, 64, 8)]
)
def test_the_cpu_is_shared(jobs: int | None, cores: int, room: int) -> None:
    leases = Leases(jobs)
    cpu = device("cpu")
    taken = [leases.take([cpu], cores) for _ in range(room + 1)]
    assert taken == [cpu] * room + [None]


def made_up(*indices: int) -> Machine:
    """This machine with GPUs that are not there; what a post's kernel sees of them is the names."""
    accelerators = tuple(Accelerator("cuda", n, GPU, 8 * 10**9, "1.0", "cpu") for n in indices)
    packages = {"ipykernel": "7", "torch": "2.13.0"}
    return Machine("A CPU", 2, 2**34, "Linux 6", "3.11", packages, accelerators)


SLEEPS = {
    f"content/{name}.md": f"""
```python
import os, time; {name} = 1
time.sleep(0.6)
os.environ["CUDA_VISIBLE_DEVICES"], os.environ["JAX_PLATFORMS"]
```
"""
    for name in ("a", "b", "c", "d")
}
CONFIG = 'base_url = "/"\n[devices.gpu]\nmatch = "Made-up*"\nlabel = "The GPU"\n[execute]\n'


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "discover", lambda *_, **__: made_up(0, 1))


@pytest.mark.usefixtures("gpus")
def test_two_accelerators_serve_four_posts_one_each_at_a_time(tmp_path: Path) -> None:
    root = write_site(tmp_path, SLEEPS, CONFIG)
    report, events = build_site(root)
    assert report.problems == ()
    runs = [event.run for event in events if isinstance(event, Finished)]
    assert sorted(run.device.index for run in runs) == [0, 0, 1, 1]
    assert {run.device.name for run in runs} == {"gpu"}
    assert max(run.provenance.beside for run in runs) == 1
    for run in runs:
        (output,) = run.cells[0].outputs
        assert f"('{run.device.index}', 'cpu')" in str(output)
    running: dict[str, int] = {}
    most = 0
    for event in events:
        if isinstance(event, Started):
            running[event.plan.page] = 1
        elif isinstance(event, Finished):
            running.pop(event.plan.page)
        most = max(most, len(running))
    assert most == 2


@pytest.mark.usefixtures("gpus")
@pytest.mark.parametrize(
    ("execute", "found"),
    [
        ('device = "cuda:1"', ("gpu", 1)),
        ('device = "cpu"', ("a-cpu", 0)),
        ('device = "cuda"', ("gpu", 0)),
        ('devices = ["gpu"]', ("gpu", 0)),
    ],
)
def test_a_post_may_say_where_it_runs(tmp_path: Path, execute: str, found: tuple[str, int]) -> None:
    post = f"+++\n[execute]\n{execute}\n+++\n```python\n1\n```\n"
    report, events = build_site(write_site(tmp_path, {"content/p.md": post}, CONFIG))
    (run,) = [event.run for event in events if isinstance(event, Finished)]
    assert report.problems == ()
    assert (run.device.name, run.device.index) == found


@pytest.mark.usefixtures("gpus")
@pytest.mark.parametrize(
    ("execute", "says"),
    [
        ('device = "rocm"', "run `sitegen run p` on a machine with rocm"),
        ('device = "cuda:7"', "run `sitegen run p` on a machine with cuda:7"),
        ('devices = ["h100"]', "run `sitegen run p` on h100"),
    ],
)
def test_what_is_not_here_is_reported_and_never_run_on_the_cpu(
    tmp_path: Path, execute: str, says: str
) -> None:
    post = f"+++\n[execute]\n{execute}\n+++\n```python\n1\n```\n"
    report, events = build_site(write_site(tmp_path, {"content/p.md": post}, CONFIG))
    assert events == []
    (problem,) = report.problems
    assert (problem.severity, problem.code) == ("warning", "missing")
    assert report.advice == (f"content/p.md: {says}",)
    assert "not run yet" in (tmp_path / "public/p/index.html").read_text("utf-8")


def test_a_named_device_that_is_absent_is_an_error_of_run(tmp_path: Path) -> None:
    root = write_site(
        tmp_path, {"content/p.md": "```python\n1\n```\n"}, CONFIG + 'device = "tpu"\n'
    )
    done = sitegen(root, "run", "p", "--json")
    assert done.returncode == 1
    assert "this machine has no `tpu`" in [p["message"] for p in report_of(done)["problems"]]
    assert stored(root) == []


@pytest.mark.usefixtures("gpus")
def test_a_page_shows_all_the_devices_that_it_names_in_their_order(tmp_path: Path) -> None:
    post = '+++\n[execute]\ndevices = ["h100", "gpu"]\n+++\n```python\n1\n```\n'
    report, events = build_site(write_site(tmp_path, {"content/p.md": post}, CONFIG))
    assert [event.run.device.name for event in events if isinstance(event, Finished)] == ["gpu"]
    (problem,) = report.problems
    assert problem.message == "there is no result of h100: it has not been run yet"

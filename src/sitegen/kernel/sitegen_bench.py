"""One process of a benchmark, measured: `python sitegen_bench.py JOB.json RESULT.json`.

Standard library only, with its neighbours `sitegen_*.py` in the same folder. It is started once
for each process of a benchmark, one after another, in the working folder, with the environment of
a kernel; each call adds its process to the file RESULT. It starts processes of its own, one for
each point of a sweep, and waits for them. Times are seconds, sizes bytes.

JOB is an object:
  page        blocks compile as `<page>/block-N.py`, N = index + 1, as in kernels
  blocks      [{"index": 0, "code": "…", "error": false}, …]: what runs before, in order, and last
              the benchmark. `index` counts the unit's evaluated blocks from 0, and frames, graph
              breaks and recompiles name it; `code` is as it enters the key; `error` as the block's
              option says: a failure that is meant is passed over
  sweep       [["n", [256, 1024]], …]; [] for none
  wait        "sample" or "call"
  max_time    seconds a variant, a point and a process
  process     this process's number, from 0
  seed        an integer for the whole benchmark; each process and point derives its own
  torch_device  torch's default device for the code before and `setup`, or null
  site, work, passed_over  as in the settings of `launch.py`: which opened files are noted;
              may be left out

RESULT is an object, read first if it is there, and replaced in one step at the end:
  benchmark   as `sitegen.benchmarks.Benchmark`, of all processes so far; `attempts` is left to the
              one who starts. Read it with `msgspec.convert(…, Benchmark)`
  failure     only if the author's code failed: {"name", "value", "frames", "names"}, frames as
              `sitegen_probe.describe_frames` gives them, outermost first, `names` the classes of
              the exception; then nothing of this process was added to `benchmark`. A variant that
              ran out of memory is no failure: its series says so in its own field `failure`
  opened      [{"base", "path"}, …] as in a kernel's record
  prelude     seconds that each block before the benchmark took, by process the largest
  started     UTC of the first process, RFC 3339; `seconds`: of all of them together

Exit status 0: RESULT was written, with or without a failure. Anything else is a defect of the
runner or its end by a signal, and RESULT is as before; the file `fault` beside JOB holds Python's
traceback of a crash. Stdout and stderr of the author's code go nowhere; what the runner itself
prints is progress for people.
"""

from __future__ import annotations

import datetime as dt
import faulthandler
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from sitegen_bench_point import measure_point

HERE = Path(__file__).resolve()


def points(sweep: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """The points of a sweep, the last parameter the fastest; one without parameters for none."""
    names = [name for name, _ in sweep]
    return [
        dict(zip(names, values, strict=True))
        for values in itertools.product(*(values for _, values in sweep))
    ]


def run(job: Mapping[str, Any], job_file: str) -> list[dict[str, Any]]:
    """The records of all points: one is measured here, several in a process each.

    In one process torch would take the sizes of later points for dynamic, and measure others.
    """
    places = points(job["sweep"])
    count = len(places)
    if count == 1:
        return [measure_point(job, places[0], 0)]
    records: list[dict[str, Any]] = []
    for number in range(count):
        print(f"point {number + 1} of {count}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            part = Path(folder) / "part.json"
            command = [sys.executable, str(HERE), job_file, str(part), str(number)]
            done = subprocess.run(command, check=False)
            if done.returncode:
                _end_as(done.returncode)
            records.append(json.loads(part.read_bytes()))
        if "failure" in records[-1]:
            break
    return records


def _end_as(status: int) -> NoReturn:
    """End this process as a point's has ended: its starter is told of signals."""
    if status < 0:
        os.kill(os.getpid(), -status)
        time.sleep(1)
    sys.exit(abs(status))


def merge(result: dict[str, Any], records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The result with a process added, in the order of the sweep and of the code."""
    failure = next((record["failure"] for record in records if "failure" in record), None)
    result.pop("failure", None)
    if failure is not None:
        return {**result, "failure": failure}
    benchmark = result.setdefault(
        "benchmark", {"variants": records[0]["variants"], "series": [], "processes": []}
    )
    for record in records:
        for series in record["series"]:
            _merge_series(benchmark["series"], series)
    notes = [record["note"] for record in records]
    benchmark["processes"].append(_merge_notes(notes, sum(r["seconds"] for r in records)))
    opened = [entry for record in records for entry in record["opened"]]
    known = result.setdefault("opened", [])
    known += [entry for place, entry in enumerate(opened) if entry not in (known + opened[:place])]
    before = result.get("prelude", [])
    preludes = [before, *(record["prelude"] for record in records)]
    result["prelude"] = [max(times) for times in zip(*filter(None, preludes), strict=True)]
    return result


def _merge_series(known: list[dict[str, Any]], new: dict[str, Any]) -> None:
    for series in known:
        if (series["variant"], series["point"]) == (new["variant"], new["point"]):
            series["sampled"] += new["sampled"]
            for name in ("breaks", "recompiles"):
                places = series.setdefault(name, [])
                places += [place for place in new.get(name, []) if place not in places]
            if new.get("difference", 0.0) > series.get("difference", -1.0):
                series |= {key: new[key] for key in _AGREEMENT if key in new}
            for name in ("alike", "failure"):
                if series.get(name) is None and new.get(name) is not None:
                    series[name] = new[name]
            return
    known.append(new)


_AGREEMENT = ("difference", "tolerance", "disagrees")


def _merge_notes(notes: Sequence[Mapping[str, Any]], seconds: float) -> dict[str, Any]:
    """The note of a process of several points: the worst of what any of them met."""
    note = dict(notes[0], seconds=round(seconds, 3))
    for other in notes[1:]:
        for name in ("others", "load", "temperature", "throttled", "battery"):
            values = [each[name] for each in (note, other) if each.get(name) is not None]
            note[name] = max(values, default=None)
        if "discarded" in other:
            note.setdefault("discarded", other["discarded"])
    return note


def write(file: Path, value: object) -> None:
    """Write a file in one step."""
    part = file.with_name(f"{file.name}.part")
    part.write_text(json.dumps(value), "utf-8")
    part.replace(file)


def main(job_file: str, result_file: str, number: str | None = None) -> None:
    """Measure one process, or for that one point of it."""
    # Not closed: a crash writes where it was, and that of a point is the one that says something.
    fault = open(Path(job_file).with_name("fault"), "a")  # noqa: PTH123, SIM115
    faulthandler.enable(fault, all_threads=False)
    began, started = time.perf_counter(), dt.datetime.now(dt.UTC)
    job = json.loads(Path(job_file).read_bytes())
    if number is not None:
        write(Path(result_file), measure_point(job, points(job["sweep"])[int(number)], int(number)))
        return
    file = Path(result_file)
    before = json.loads(file.read_bytes()) if file.exists() else {}
    result = merge(before, run(job, str(Path(job_file).resolve())))
    result.setdefault("started", started.replace(microsecond=0).isoformat().replace("+00:00", "Z"))
    result["seconds"] = round(result.get("seconds", 0.0) + time.perf_counter() - began, 3)
    write(file, result)


if __name__ == "__main__":
    sys.path[0] = str(Path.cwd())
    os.environ.setdefault("MPLBACKEND", "Agg")
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    main(*sys.argv[1:])
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # torch complains while Python takes it down

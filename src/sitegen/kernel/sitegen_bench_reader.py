"""Benchmarks of an exported post, measured on the reader's machine by the runner beside this file.

Called as `python sitegen_bench_reader.py BENCHMARKS.json [SCRIPT]` by the last cell of a script or
a notebook. It prints the reader's numbers beside the published ones and writes them, with what
they were measured on, to a file that the site's author can accept with `sitegen accept FILE`.

The code is that of the script's cells as they are now; a notebook brings it along. An edit of
them is told, since the numbers are then of another program.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FORMAT = 1
RECORDED = re.compile(r"XLA_FLAGS|JAX_\w+|TORCHINDUCTOR_\w+|PYTORCH_\w+|\w+_NUM_THREADS|CUDA_\w+")
"""The variables that can change results, and are written down with them."""

_CELL = re.compile(r"^# %%(?: (\S+))?[^\n]*\n", re.M)
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
_FEWEST = 6
"""Processes below which there is no interval."""


def split_cells(script: str) -> dict[str, str]:
    """The code of a script in the percent format, by the names of its cells; "" for the first that
    has none."""
    parts = _CELL.split(script)
    cells: dict[str, str] = {}
    for name, code in zip(parts[1::2], parts[2::2], strict=True):
        cells.setdefault(name or "", code.strip("\n"))
    return cells


def digest_of(code: str) -> str:
    """By which an edited cell is known."""
    return hashlib.sha256(code.strip("\n").encode("utf-8", "replace")).hexdigest()[:16]


def what_differs(bench: Mapping[str, Any], cells: Mapping[str, str]) -> list[str]:
    """The cells that were edited and the files that are other ones than those of the post."""
    edited = [name for name, digest in bench["cells"].items() if digest_of(cells[name]) != digest]
    for name, digest in bench["files"].items():
        file = Path(name)
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            edited.append(name)
    return edited


def measure(
    page: str, bench: Mapping[str, Any], cells: Mapping[str, str], say: Any = print
) -> dict[str, Any]:
    """The runner's answer for all processes of a benchmark, the first that fails the last."""
    names = list(bench["cells"])
    job = {
        "page": page,
        "blocks": [{"index": place, "code": cells[name]} for place, name in enumerate(names)],
        "seed": int(time.time()),
        **{name: bench[name] for name in ("sweep", "wait", "max_time", "torch_device")},
    }
    with tempfile.TemporaryDirectory() as folder:
        asked, answer = Path(folder) / "job.json", Path(folder) / "answer.json"
        for process in range(bench["processes"]):
            say(f"{bench['name']}: process {process + 1} of {bench['processes']}", flush=True)
            asked.write_text(json.dumps({**job, "process": process}), "utf-8")
            command = [sys.executable, str(HERE / "sitegen_bench.py"), str(asked), str(answer)]
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            result: dict[str, Any] = json.loads(answer.read_bytes())
            if "failure" in result:
                break
    return result


# --- statistics, as on the page ---------------------------------------------------------------


def estimate(values: Sequence[float]) -> list[float | None]:
    """The median of one value a process, with the interval that covers it in 95 % of all cases.

    Between order statistics: H. A. David and H. N. Nagaraja, Order Statistics (2003), section 7.1.
    """
    ordered = sorted(values)
    count, rank, below = len(ordered), 0, 0
    while rank < count / 2:
        below += math.comb(count, rank)
        if 1 - 2 * below / 2**count < 0.95:
            break
        rank += 1
    if count < _FEWEST or not rank:
        return [statistics.median(ordered), None, None]
    return [statistics.median(ordered), ordered[rank - 1], ordered[count - rank]]


def rows_of(benchmark: Mapping[str, Any], baseline: str) -> Iterator[dict[str, Any]]:
    """The table of a benchmark: time, and ratio to the baseline at the same point; a process that
    was discarded at any point counts at none, as on the page."""
    discarded = {note["process"] for note in benchmark["processes"] if note.get("discarded")}
    samples: dict[tuple[str, str], dict[int, list[float]]] = {}
    for series in benchmark["series"]:
        own = {
            entry["process"]: entry["samples"]
            for entry in series["sampled"]
            if entry["process"] not in discarded
        }
        samples[series["variant"], json.dumps(series["point"])] = own
    for series in benchmark["series"]:
        at = json.dumps(series["point"])
        own, base = samples[series["variant"], at], samples.get((baseline, at), {})
        ratio = None
        if series["variant"] != baseline and own.keys() & base.keys():
            ratio = _exp(estimate([_log_ratio(own[n], base[n]) for n in own.keys() & base.keys()]))
        yield {
            "variant": series["variant"],
            "point": series["point"],
            "time": estimate([*map(statistics.median, own.values())]) if own else None,
            "ratio": ratio,
        }


def _log_ratio(top: Sequence[float], bottom: Sequence[float]) -> float:
    return statistics.median(math.log(a / b) for a, b in zip(top, bottom, strict=False))


def _exp(values: Sequence[float | None]) -> list[float | None]:
    return [None if value is None else math.exp(value) for value in values]


# --- what the reader sees -----------------------------------------------------------------------


def table(bench: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The reader's numbers beside the published ones, a line a variant and point."""
    published = bench["published"]
    theirs = {(row["variant"], json.dumps(row["point"])): row for row in published["rows"]}
    lines = [["", "yours", "", f"published ({published['label']})"]]
    at: Any = None
    for row in rows:
        if row["point"] != at:
            at = row["point"]
            if at:
                lines.append([", ".join(f"{name} = {value}" for name, value in at.items())])
        other = theirs.get((row["variant"], json.dumps(at)), {"time": None, "ratio": None})
        lines.append([f"  {row['variant']}", *_said(row), *_said(other)])
    full = [line for line in lines if len(line) == 5]
    widths = [
        max(len(line[n]) for line in (*full, lines[0][:3]) if len(line) > n) for n in range(1, 5)
    ]
    first = max(len(line[0]) for line in lines)
    yield bench["caption"] or bench["name"]
    for line in lines:
        padded = [text.ljust(width) for text, width in zip(line[1:], widths, strict=False)]
        yield "  ".join([line[0].ljust(first), *padded]).rstrip()


def _said(row: Mapping[str, Any]) -> tuple[str, str]:
    time_, ratio = row["time"], row["ratio"]
    return (
        "no samples" if time_ is None else _interval(time_, _scale(time_[0])),
        "" if ratio is None else _interval(ratio, (1.0, "×")),
    )


def _interval(values: Sequence[float | None], scale: tuple[float, str]) -> str:
    size, unit = scale
    middle, low, high = (None if value is None else value / size for value in values)
    if middle is None:
        return ""
    digits = max(0, 2 - math.floor(math.log10(abs(middle)))) if middle else 2
    gap = "" if unit == "×" else " "
    text = f"{middle:.{digits}f}{gap}{unit}"
    return text if low is None or high is None else f"{text} ({low:.{digits}f}–{high:.{digits}f})"


def _scale(seconds: float) -> tuple[float, str]:
    return next((pair for pair in _UNITS if seconds >= pair[0]), _UNITS[-1])


# --- what the author is given ---------------------------------------------------------------------


def contribution(page: str, measured: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What `sitegen accept` reads: the numbers, and the machine that they were measured on."""
    command = [sys.executable, str(HERE / "discover.py"), "accelerators"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    variables = {name: text for name, text in os.environ.items() if RECORDED.fullmatch(name)}
    return {
        "sitegen_contribution": FORMAT,
        "page": page,
        "machine": json.loads(done.stdout.splitlines()[-1]),
        "variables": variables,
        "benchmarks": list(measured),
    }


def main(benchmarks_file: str, script: str | None = None) -> None:
    """Measure all benchmarks of a post, print them, and write the file for its author."""
    about = json.loads(Path(benchmarks_file).read_bytes())
    own = split_cells(Path(script).read_text("utf-8")) if script is not None else None
    measured = []
    for bench in about["benchmarks"]:
        cells = bench["code"] if own is None else own
        gone = [name for name in bench["cells"] if name not in cells]
        if gone:
            print(f"{bench['name']}: the cell {gone[0] or 'at the top'} is gone, which it needs")
            continue
        started = dt.datetime.now(dt.UTC).replace(microsecond=0)
        begun = time.monotonic()
        result = measure(about["page"], bench, cells)
        if "failure" in result:
            failure = result["failure"]
            print(f"{bench['name']}: {failure['name']}: {failure['value']}\n")
            continue
        rows = rows_of(result["benchmark"], bench["baseline"])
        print("", *table(bench, [*rows]), "", sep="\n")
        edited = what_differs(bench, cells)
        for name in edited:
            print(f"`{name}` is not as published: these numbers are of something else")
        measured.append(
            {
                "session": bench["session"],
                "key": bench["key"],
                "edited": edited,
                "torch_device": bench["torch_device"],
                "started": started.isoformat().replace("+00:00", "Z"),
                "seconds": round(time.monotonic() - begun, 3),
                "benchmark": result["benchmark"],
            }
        )
    if measured:
        file = Path(f"{about['post']}.measured.json")
        file.write_text(json.dumps(contribution(about["page"], measured)), "utf-8")
        print(f"wrote {file}, which the author of {about['url']} can accept")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)

"""The last cell of an exported session with benchmarks: it measures them where the reader is.

It carries the runner's own sources as they run in sitegen, as texts: a file to take away is one
file, they meet no name of the post's there, and they run in processes of their own as they do on
the author's machine. Only what they need is in it, readable.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from importlib.resources import files

import msgspec

from sitegen.benchmarks import Bench, Interval
from sitegen.measure.summary import baseline_of, summarise
from sitegen.model import Run, Shown
from sitegen.render.dates import format_date
from sitegen.render.export.names import post_name
from sitegen.render.export.outline import Outline

RUNNER = (
    "sitegen_bench_reader.py",
    "sitegen_bench.py",
    "sitegen_bench_point.py",
    "sitegen_bench_code.py",
    "sitegen_bench_rounds.py",
    "sitegen_bench_results.py",
    "sitegen_bench_agree.py",
    "sitegen_bench_compilers.py",
    "sitegen_bench_machine.py",
    "sitegen_compiles.py",
    "sitegen_errors.py",
    "sitegen_frames.py",
    "sitegen_frameworks.py",
    "sitegen_hooks.py",
    "sitegen_memory.py",
    "discover.py",
)
"""What a reader's measurement consists of, the first of them first to be read."""

_CALL = """\
def sitegen_measure():
    import os, subprocess, sys, tempfile

    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**SITEGEN_RUNNER, "benchmarks.json": SITEGEN_BENCHMARKS}.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        command = [sys.executable, *(os.path.join(folder, name) for name in (
            "sitegen_bench_reader.py", "benchmarks.json"))]
        command += [__file__] if "__file__" in globals() else []
        environment = {**os.environ, "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as measuring:
            try:
                for line in measuring.stdout:
                    print(line.decode("utf-8"), end="", flush=True)
            except KeyboardInterrupt:
                print("stopped: nothing was written")


if __name__ == "__main__":
    sitegen_measure()
"""


class Measuring(msgspec.Struct, frozen=True):
    """A benchmark as the cell tells of it; `cells` are digests of what runs, by name, it last."""

    session: str
    name: str
    caption: str
    key: str
    cells: Mapping[str, str]
    files: Mapping[str, str]
    sweep: tuple[object, ...]
    wait: str
    max_time: float
    processes: int
    torch_device: str | None
    baseline: str
    published: Mapping[str, object]
    code: Mapping[str, str] = {}


def measuring_code(outline: Outline, cells: Mapping[str, str], *, carried: bool) -> str | None:
    """The code of the last cell; None for a session without measured benchmarks.

    `cells` are the codes of all cells by name, those of the code parts by their ids, and of what
    stands on top by "". They are `carried` along where they cannot be read from the file itself.
    """
    found = list(_measured(outline, cells, carried=carried))
    if not found:
        return None
    about = {
        "post": post_name(outline.document),
        "page": outline.document.source.name,
        "url": outline.page,
        "benchmarks": found,
    }
    plain = json.dumps(msgspec.to_builtins(about), ensure_ascii=False, indent=1)
    sources = "".join(f"    {name!r}: {_raw(_source(name))},\n" for name in RUNNER)
    most = _minutes(found)
    return "\n".join(
        (
            "# Measures the benchmarks above on this machine as they were measured for the page,",
            "# prints the numbers beside those of the page, and writes them to a file. That takes",
            f"# up to {most}; let nothing else run meanwhile. What follows is the runner.",
            f"SITEGEN_BENCHMARKS = {_raw(plain)}",
            f"SITEGEN_RUNNER = {{\n{sources}}}\n",
            _CALL,
        )
    )


def _measured(outline: Outline, cells: Mapping[str, str], *, carried: bool) -> Iterator[Measuring]:
    ids = {part.block.index: part.id for part in outline.code}
    for entry in outline.benches:
        bench, run = entry.plan.bench, entry.run
        if bench is None or run.benchmark is None:
            continue
        names = [ids[block.index] for block in entry.plan.blocks]
        names = ["", *names] if "" in cells else names
        yield Measuring(
            session=entry.plan.session,
            name=bench.name,
            caption=outline.captions.get(entry.plan.blocks[-1].index) or "",
            key=entry.plan.key,
            cells={name: digest_cell(cells[name]) for name in names},
            files={one.path: one.digest for one in run.inputs if one.base == "post"},
            sweep=bench.run.sweep,
            wait=bench.run.wait,
            max_time=bench.run.max_time,
            processes=bench.run.processes,
            torch_device=run.provenance.torch_device,
            baseline=baseline_of(bench, run.benchmark),
            published=_published(entry, bench, run),
            code={name: cells[name] for name in names} if carried else {},
        )


def digest_cell(code: str) -> str:
    """As `digest_of` in the runner: by which an edited cell is known."""
    return hashlib.sha256(code.strip("\n").encode("utf-8", "replace")).hexdigest()[:16]


def _published(entry: Shown, bench: Bench, run: Run) -> dict[str, object]:
    rows = summarise(bench, run, entry.plan.measure.noise).rows
    return {
        "label": f"{run.device.label}, {format_date(run.started, '%-d %B %Y')}",
        "rows": [
            {
                "variant": row.variant,
                "point": row.point,
                "time": _three(row.time),
                "ratio": _three(row.ratio),
            }
            for row in rows
        ],
    }


def _three(interval: Interval | None) -> tuple[float | None, ...] | None:
    return None if interval is None else (interval.estimate, interval.low, interval.high)


def _minutes(found: list[Measuring]) -> str:
    """How long it takes at most, but for imports and compiling."""
    seconds = 0.0
    for one in found:
        rows = one.published["rows"]
        assert isinstance(rows, list)  # noqa: S101 (as `_published` makes it)
        seconds += len(rows) * one.processes * one.max_time
    minutes = max(1, round(seconds / 60))
    return "a minute" if minutes == 1 else f"{minutes} minutes"


def _source(name: str) -> str:
    return files("sitegen.kernel").joinpath(name).read_text("utf-8")


def _raw(text: str) -> str:
    """The text as a literal that shows it as it is, where one can; else with its escapes."""
    plain = all(character.isprintable() or character == "\n" for character in text)
    if not plain or "'''" in text or text.endswith(("\\", "'")):
        return repr(text)
    return f"r'''{text}'''"

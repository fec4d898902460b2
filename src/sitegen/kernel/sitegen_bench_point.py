"""One point of a benchmark's sweep, measured in this process: first calls, agreement, samples."""

from __future__ import annotations

import gc
import itertools
import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sitegen_bench_agree import Copied, compare, copy_result
from sitegen_bench_code import AuthorError, Call, Code, silence
from sitegen_bench_compilers import Compilers, default_device, drop_default_device
from sitegen_bench_machine import Watch, find_card
from sitegen_bench_results import describe_result, plan_wait, wait_for_all
from sitegen_bench_rounds import Paced, Peaks, Warmed, measure_peaks, pace, sample_rounds, warm_up
from sitegen_hooks import AfterImport, OpenedFiles


class Entry:
    """A variant at a point while it is measured: its call, and what was found so far."""

    def __init__(self, name: str, point: Mapping[str, Any]) -> None:
        self.series: dict[str, Any] = {
            "variant": name,
            "point": dict(point),
            "alike": None,
            "sampled": [],
        }
        self.call: Call | None = None
        self.first: dict[str, Any] = {}
        self.wait: Any = None
        self.warmed = Warmed(0, True, 0.0)
        self.peaks = Peaks(None, None)
        self.copied: tuple[Copied, ...] = ()
        self.paced: Paced | None = None


def measure_point(job: Mapping[str, Any], point: Mapping[str, Any], number: int) -> dict[str, Any]:
    """The record of one point of the sweep: series, note, and what the code before took."""
    began = time.perf_counter()
    seed = random.Random(f"{job['seed']}/{job['process']}/{number}").getrandbits(53)  # noqa: S311 (no secret)
    compilers = Compilers(job["page"])
    opened = OpenedFiles(*(job.get(name) or default for name, default in _FOLDERS.items()))
    watches = compilers.watches()
    if job.get("torch_device"):
        device = job["torch_device"]
        watches["torch"] = lambda torch: torch.set_default_device(device)
    sys.meta_path.insert(0, AfterImport(watches))
    sys.addaudithook(opened.audit)
    record: dict[str, Any] = {}
    with silence():
        try:
            code = Code(job["page"])
            record["prelude"] = [*_run_before(code, job["blocks"][:-1])]
            code.begin(job["blocks"][-1])
            record |= _measure(job, code, compilers, point, seed)
        except AuthorError as error:
            record["failure"] = error.failure
        finally:
            record["opened"] = opened.take()  # before caches are removed, which opens them
            compilers.close()
    record["seconds"] = time.perf_counter() - began
    return record


_FOLDERS: Mapping[str, Any] = {"site": "/nowhere", "work": ".", "passed_over": ()}


def _run_before(code: Code, blocks: Sequence[Mapping[str, Any]]) -> Iterator[float]:
    """Run what the benchmark needs; the seconds of each block."""
    for block in blocks:
        began = time.perf_counter()
        code.run(block)
        yield round(time.perf_counter() - began, 3)


def _measure(
    job: Mapping[str, Any], code: Code, compilers: Compilers, point: Mapping[str, Any], seed: int
) -> dict[str, Any]:
    source = "\n".join(block["code"] for block in job["blocks"])
    compilers.start(source, job.get("torch_device"))
    device = drop_default_device()
    entries = [Entry(name, point) for name in code.variants]
    for entry in entries:
        lacked_memory = False
        try:
            _call_first(entry, code, compilers, device)
            _warm_up(entry, code, compilers)
        except AuthorError as error:
            if not error.out_of_memory:
                raise
            lacked_memory = True
        if lacked_memory:  # and nothing holds on to the failed call any more
            _give_up(entry)
    ready = [entry for entry in entries if entry.call is not None]
    _compare_all(ready)
    for entry in ready:
        assert entry.call is not None
        with code.guarded():
            entry.paced = pace(
                entry.call.function,
                entry.call.arguments,
                entry.wait,
                entry.warmed.fastest,
                job["wait"],
                job["max_time"],
            )
    watch = Watch(card=find_card(entry.series["alike"]["device"] for entry in ready))
    watch.begin()
    discarded = None
    if ready:
        order = random.Random(seed)  # noqa: S311 (no secret)
        discarded = _sample(ready, job, order, code, compilers)
    note = {"process": job["process"], "seed": seed, **watch.end()}
    if discarded is not None:
        note["discarded"] = discarded + _where(point)
    return {
        "variants": list(code.variants),
        "series": [entry.series for entry in entries],
        "note": note,
    }


def _call_first(entry: Entry, code: Code, compilers: Compilers, device: str | None) -> None:
    """Call a variant once with cold caches, and keep what it returned and what it took."""
    with default_device(device):
        entry.call = call = code.prepare(entry.series["variant"], entry.series["point"])
    compilers.cool()
    with code.guarded():
        began = time.perf_counter()
        result = call.function(*call.arguments)
        wait_for_all()
        seconds = time.perf_counter() - began
        found = compilers.take(code.place_of(call.name)[0])
        entry.first = {
            "seconds": seconds,
            "compile": min(found["compile"], seconds),
            "cache_hits": sum(cache["hits"] for cache in found["caches"]),
            "cache_misses": sum(cache["misses"] for cache in found["caches"]),
        }
        _note_compiled(entry, code, found)
        entry.series["alike"] = describe_result(result, call.state)
        entry.copied = copy_result(result)
        entry.wait = plan_wait(result)


def _warm_up(entry: Entry, code: Code, compilers: Compilers) -> None:
    assert entry.call is not None
    function, arguments = entry.call.function, entry.call.arguments
    with code.guarded():
        entry.warmed = warm_up(function, arguments, entry.wait, lambda: compilers.events)
        entry.peaks = measure_peaks(function, arguments, entry.wait)
    _note_compiled(entry, code, compilers.take(code.place_of(entry.call.name)[0]))


def _note_compiled(entry: Entry, code: Code, found: Mapping[str, Any]) -> None:
    """Add where its graph broke and what was compiled again; what no block holds, at its own."""
    block, line = code.place_of(entry.series["variant"])
    for name, kinds in {"breaks": ("breaks",), "recompiles": ("recompiles", "uncompiled")}.items():
        places = entry.series.setdefault(name, [])
        for place in itertools.chain.from_iterable(found[kind] for kind in kinds):
            known = place if place["line"] else {**place, "block": block, "line": line}
            if known not in places:
                places.append(known)


def _give_up(entry: Entry) -> None:
    """A variant for which memory did not suffice: that is a result."""
    entry.series["failure"] = "out of memory"
    entry.call = None
    entry.copied = ()
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def _compare_all(ready: Sequence[Entry]) -> None:
    for entry in ready[1:]:
        found = compare(entry.copied, ready[0].copied)
        entry.series |= {"difference": found.largest, "tolerance": found.tolerance}
        if found.why is not None:
            entry.series["disagrees"] = found.why
    for entry in ready:
        entry.copied = ()


def _sample(
    ready: Sequence[Entry],
    job: Mapping[str, Any],
    order: random.Random,
    code: Code,
    compilers: Compilers,
) -> str | None:
    """Sample all variants; why that does not count, where it does not."""
    paced = [entry.paced for entry in ready if entry.paced is not None]
    with code.guarded():
        samples, compiled = sample_rounds(paced, job["wait"], order, lambda: compilers.events)
    if compiled is not None:
        name = ready[compiled].series["variant"]
        _note_compiled(ready[compiled], code, compilers.take(code.place_of(name)[0]))
        return f"`{name}` was compiled while it was sampled"
    for entry, pace_of, taken in zip(ready, paced, samples, strict=True):
        sampled = {
            "process": job["process"],
            "first": entry.first,
            "warmups": entry.warmed.calls,
            "calls": pace_of.calls,
            "samples": taken,
            "quiet": entry.warmed.quiet,
            "peak_host": entry.peaks.host,
            "peak_device": entry.peaks.device,
        }
        entry.series["sampled"] = [sampled]
    return None


def _where(point: Mapping[str, Any]) -> str:
    at = ", ".join(f"{name} = {value}" for name, value in point.items())
    return f" at {at}" if at else ""

"""What torch.compile and XLA compiled in a block, where a graph broke, what was compiled anew.

Names were checked against torch 2.13 and jax 0.10.2; what an older torch does not tell is left
out. Nothing is logged: dynamo's own record of each compilation says why it was made, so that no
logger of torch need be switched on, whose lines would stand in the post's output.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from typing import Any

from sitegen_frames import innermost_place, shorten

UTILS = "torch._dynamo.utils"
KEPT = 4096
"""Compilations that a block may make before the first is forgotten; dynamo's default is 64."""

MAX_PLACES = 50
LONGEST_REASON = 300

_TRACED = re.compile(r'File "([^"]+)", line (\d+)')
_NUMBER = re.compile(r", \d{9,}(?=\))")
"""The address of an object, another one in each run."""

_JUMP = "a branch on a value that is only known once the graph has run"


class Compiles:
    """Notes compilations from its beginning on; `take` gives those since `drop`."""

    def __init__(self, page: str) -> None:
        self._page = page
        self._broken: list[tuple[str, list[tuple[str, int]]]] = []
        self._xla = 0.0
        self._requests = self._hits = 0
        self._functions: dict[str, tuple[str, int]] = {}
        self._metrics: deque[Any] = deque(maxlen=KEPT)
        self._programs = 0

    def watches(self) -> dict[str, Callable[[ModuleType], None]]:
        """What is to be called with a module once it has been imported."""
        return {
            UTILS: self._watch_metrics,
            "torch._dynamo.output_graph": self._watch_breaks,
            "jax._src.monitoring": self._watch_xla,
        }

    def drop(self) -> None:
        """Forget what was compiled so far."""
        self._broken = []
        self._xla = 0.0
        self._requests = self._hits = 0
        drain_metrics()
        self._metrics.clear()
        self._programs = 0

    @property
    def programs(self) -> int:
        """How many compilations dynamo has recorded since `drop`: also those that its list, which
        is of limited length, has lost since this was last asked for."""
        found = drain_metrics()
        self._metrics += found
        self._programs += len(found)
        return self._programs

    def take(self, block: int) -> dict[str, Any]:
        """What was compiled since: a part of the record of the block."""
        self._metrics += drain_metrics()
        metrics = list(self._metrics)
        self._metrics.clear()
        for metric in metrics:
            self._remember(metric)
        torch = sum(map(seconds_of, metrics)) if UTILS in sys.modules else None
        xla = self._xla if "jax._src.monitoring" in sys.modules else None
        return {
            "compile": round((torch or 0.0) + (xla or 0.0), 6),
            "compile_torch": None if torch is None else round(torch, 6),
            "compile_xla": None if xla is None else round(xla, 6),
            "caches": self._caches(metrics),
            "breaks": _each_once(self._breaks(block)),
            "recompiles": _each_once(self._recompiles(metrics, block)),
            "uncompiled": _each_once(self._uncompiled(metrics, block)),
        }

    def _caches(self, metrics: Iterable[Any]) -> list[dict[str, Any]]:
        """How often compiled code was found in a cache on disk, or was not."""
        metrics = list(metrics)
        kinds = ("inductor_fx", "aotautograd")
        hits = sum(count_of(m, f"{kind}_local_cache_hit_count") for m in metrics for kind in kinds)
        misses = sum(count_of(m, "inductor_fx_local_cache_miss_count") for m in metrics)
        requests = self._requests if xla_keeps_a_cache() else self._hits
        found = {"inductor": (hits, misses), "xla": (self._hits, requests - self._hits)}
        return [
            {"name": name, "hits": hits, "misses": misses}
            for name, (hits, misses) in found.items()
            if hits or misses
        ]

    def _breaks(self, block: int) -> Iterator[dict[str, Any]]:
        for reason, frames in self._broken:
            yield self._at(frames, explain(reason), block)

    def _recompiles(self, metrics: Iterable[Any], block: int) -> Iterator[dict[str, Any]]:
        for metric in metrics:
            reason = getattr(metric, "recompile_reason", None)
            if reason and not _is_over_limit(metric):
                frames = _traced(reason) or self._function_of(metric)
                yield self._at(frames, tidy_guard(reason), block)

    def _uncompiled(self, metrics: Iterable[Any], block: int) -> Iterator[dict[str, Any]]:
        """Functions that are left to Python as they are, which dynamo does without a word."""
        for metric in metrics:
            reason = metric.fail_reason
            if _is_over_limit(metric):
                last = tidy_guard(getattr(metric, "recompile_reason", None) or "")
                because = f"; the last time because {last}" if last else ""
                words = f"compiled too many times, its limit is reached{because}"
                yield self._at(self._function_of(metric), words, block)
            elif reason:
                file, line = metric.fail_user_frame_filename, metric.fail_user_frame_lineno
                frames = [(file, line)] if file else self._function_of(metric)
                yield self._at(frames, explain(reason), block)

    def _at(self, frames: list[tuple[str, int]], reason: str, block: int) -> dict[str, Any]:
        """A reason at the line of the post that it is about; line 0 where that is a library's."""
        place = innermost_place(frames, self._page)
        if place is None:
            where = f"{shorten(frames[-1][0])}:{frames[-1][1]}: " if frames else ""
            place, reason = (block, 0), where + reason
        return {"block": place[0], "line": place[1], "reason": reason[:LONGEST_REASON]}

    def _remember(self, metric: Any) -> None:
        if metric.co_filename and metric.co_firstlineno:
            self._functions[_frame_of(metric)] = (metric.co_filename, metric.co_firstlineno)

    def _function_of(self, metric: Any) -> list[tuple[str, int]]:
        """Where the function begins: of one over its limit, what was said when it was compiled."""
        known = self._functions.get(_frame_of(metric))
        return [known] if known is not None else []

    def _watch_metrics(self, utils: ModuleType) -> None:
        if hasattr(utils, "set_compilation_metrics_limit"):
            utils.set_compilation_metrics_limit(KEPT)

    def _watch_breaks(self, output_graph: ModuleType) -> None:
        """Note each graph break as it is made: dynamo's own list is emptied by a reset."""
        reasons = getattr(output_graph, "GraphCompileReason", None)
        add = getattr(reasons, "__post_init__", None)
        if reasons is None or add is None:
            return  # a torch that we do not know

        def note(made: Any) -> None:
            add(made)
            if made.graph_break:
                frames = [(frame.filename, frame.lineno) for frame in made.user_stack]
                self._broken.append((made.reason, frames))

        reasons.__post_init__ = note

    def _watch_xla(self, monitoring: ModuleType) -> None:
        def time(event: str, seconds: float, **_: object) -> None:
            if event.startswith("/jax/core/compile/"):
                self._xla += seconds

        def count(event: str, **_: object) -> None:
            self._requests += event == "/jax/compilation_cache/compile_requests_use_cache"
            self._hits += event == "/jax/compilation_cache/cache_hits"

        monitoring.register_event_duration_secs_listener(time)
        if hasattr(monitoring, "register_event_listener"):
            monitoring.register_event_listener(count)


def drain_metrics() -> list[Any]:
    """Dynamo's records of its compilations since this was last asked."""
    utils = sys.modules.get(UTILS)
    if utils is None or not hasattr(utils, "get_compilation_metrics"):
        return []
    metrics = list(utils.get_compilation_metrics())
    if metrics:
        utils.clear_compilation_metrics()
    return metrics


def xla_keeps_a_cache() -> bool:
    """Whether XLA's programs go to a folder: JAX counts requests also where they do not."""
    jax = sys.modules.get("jax")
    return bool(jax is not None and jax.config.jax_compilation_cache_dir)


def seconds_of(metric: Any) -> float:
    """Seconds of one compilation; of a backward graph, compiled when it is first needed, too."""
    if metric.entire_frame_compile_time_s:
        return float(metric.entire_frame_compile_time_s)
    if getattr(metric, "is_forward", None) is False:
        return count_of(metric, "duration_us") / 1e6
    return 0.0


def count_of(metric: Any, name: str) -> int:
    return getattr(metric, name, None) or 0


def explain(reason: str) -> str:
    """Why a graph broke, in a line: dynamo's explanation, else the first line that it says."""
    if reason.startswith("generic_jump"):
        return _JUMP
    lines = [line.strip() for line in reason.split("\n")]
    for line in lines:
        if line.startswith("Explanation: "):
            return line.removeprefix("Explanation: ")
    return lines[0]


def tidy_guard(reason: str) -> str:
    """Which assumption did not hold, without where dynamo made it and without addresses."""
    first = reason.split("\n", 1)[0].partition("  #")[0]
    return _NUMBER.sub("", re.sub(r"^\d+/\d+: ", "", first)).strip()


def _is_over_limit(metric: Any) -> bool:
    return "recompile limit" in (metric.fail_reason or "").split("\n", 1)[0].lower()


def _frame_of(metric: Any) -> str:
    """The number of a compiled function: `3` of its compilations 3/0, 3/1…"""
    return str(getattr(metric, "compile_id", None) or "").partition("/")[0]


def _traced(reason: str) -> list[tuple[str, int]]:
    return [(file, int(line)) for file, line in _TRACED.findall(reason)]


def _each_once(found: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    unique = {tuple(entry.values()): entry for entry in found}
    return list(unique.values())[:MAX_PLACES]

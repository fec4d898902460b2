"""The nouns of benchmarks: what a block asks for, what was measured, what it amounts to, claims.

Times are seconds a call, sizes bytes, ratios plain numbers. Where a measurement's method comes
from is said in `content/docs/measuring.md`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal

import msgspec

from sitegen.base.errors import Span

Number = int | float
Param = int | float | str | bool
"""A value of a sweep."""

Point = Mapping[str, Param]
"""A place in a sweep: parameter to value; empty where there is no sweep."""

FEWEST_PROCESSES = 6
"""Below it the extremes of the process medians cover the true one in less than 95 % of runs."""

# --- what a block asks for ------------------------------------------------------------------


class BenchOptions(msgspec.Struct, frozen=True, omit_defaults=True):
    """The options of a benchmark that change what is measured; every field is part of its key."""

    sweep: tuple[tuple[str, tuple[Param, ...]], ...] = ()
    wait: Literal["sample", "call"] = "sample"
    processes: int = FEWEST_PROCESSES
    max_time: float = 10.0


class Work(msgspec.Struct, frozen=True):
    """`work`: how much a call does, as an expression of the sweep's parameters, and its unit.

    `unit` is a second's numerator: `FLOP`, `B`, `items`.
    """

    expression: str
    unit: str


class Said(msgspec.Struct, frozen=True):
    """A text of the author's with its place: a claim in `expect`, a correction."""

    text: str
    span: Span
    excerpt: str


class Bench(msgspec.Struct, frozen=True):
    """A benchmark block's own options; all but `run` are judged or shown anew at each build.

    `needs` are labels; None for all blocks above it in its session. `agree` and `baseline` are
    None for the defaults: the coarser dtype's own tolerance, and the first variant. `place` is
    where its `agree` is said, else its name: where a disagreement is reported.
    """

    name: str
    run: BenchOptions
    needs: tuple[str, ...] | None = None
    baseline: str | None = None
    agree: float | None = None
    work: Work | None = None
    unlike: bool = False
    expect: tuple[Said, ...] = ()
    correction: Said | None = None
    place: Said | None = None


# --- what was measured ----------------------------------------------------------------------


class Alike(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a variant's result was computed on, and how: equal for variants that may be compared.

    `precision` is the effective one of float32 products; `threads` of its framework's pool.
    """

    framework: str
    device: str
    dtype: str
    precision: str = ""
    x64: bool | None = None
    threads: int | None = None


class FirstCall(msgspec.Struct, frozen=True, omit_defaults=True):
    """The first call of a variant in a process, with cold caches: apart from steady state."""

    seconds: float
    compile: float = 0.0
    cache_hits: int = 0
    cache_misses: int = 0


class Sampled(msgspec.Struct, frozen=True, omit_defaults=True):
    """The samples of a variant in one process: seconds a call, by round.

    `samples[i]` of two variants in one process belong to the same round. `quiet` is false where
    warming up did not come to rest in its time. `peak_host` and `peak_device` are what one of its
    calls takes above the memory that was in use before it.
    """

    process: int
    first: FirstCall
    warmups: int
    calls: int
    samples: tuple[float, ...]
    quiet: bool = True
    peak_host: int | None = None
    peak_device: int | None = None


class GraphBreak(msgspec.Struct, frozen=True):
    """Where a compiled function left its graph, or was compiled anew: n-th line of block's code.

    `block` counts the unit's blocks from 0, `line` the lines of its code as it enters the key; 0
    for a library's code, which `reason` names, run by that block.
    """

    block: int
    line: int
    reason: str


class Series(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that was measured of a variant at a point of the sweep.

    `difference` is the largest |a - b| / (1 + |b|) over all elements to the first variant, None
    for that itself; `tolerance` the default for their dtypes. `failure` says why a variant has
    no samples. `disagrees` says why results cannot be compared number by number.
    """

    variant: str
    point: Point
    alike: Alike | None
    sampled: tuple[Sampled, ...]
    difference: float | None = None
    tolerance: float | None = None
    breaks: tuple[GraphBreak, ...] = ()
    recompiles: tuple[GraphBreak, ...] = ()
    failure: str | None = None
    disagrees: str | None = None


class ProcessNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a process of a benchmark met: `others` is the share of a core that processes outside
    our tree used meanwhile; `discarded` why its samples do not count."""

    process: int
    seed: int
    seconds: float
    others: float | None = None
    load: float | None = None
    clock: str | None = None
    temperature: float | None = None
    throttled: bool = False
    battery: bool = False
    discarded: str | None = None


class Benchmark(msgspec.Struct, frozen=True, omit_defaults=True):
    """A measured benchmark: series by point, then variant in the order of the code.

    `attempts` counts the runs that were made until it was stable or given up. `prelude` is how long
    each block that it needs took, the longest of its processes.
    """

    variants: tuple[str, ...]
    series: tuple[Series, ...]
    processes: tuple[ProcessNote, ...]
    attempts: int = 1
    prelude: tuple[float, ...] = ()
    version: int = 1


# --- what it amounts to ---------------------------------------------------------------------


class Interval(msgspec.Struct, frozen=True):
    """An estimate with its interval; `low` and `high` are None where too few processes ran."""

    estimate: float
    low: float | None = None
    high: float | None = None


Verdict = Literal["faster", "slower", "no difference", "undecided", "baseline", "not comparable"]


class Row(msgspec.Struct, frozen=True):
    """A variant at a point, summed up. `ratio` is its time over the baseline's; `rate` is `work`
    a second; `first` the median of first calls; `unstable` the reasons, empty where it is stable;
    `notes` what else a reader should know (disagreement, too few samples, never quiet). `outliers`
    of the `samples` lie far outside of their process's quartiles; they count like all others."""

    variant: str
    point: Point
    time: Interval | None
    ratio: Interval | None
    verdict: Verdict
    rate: Interval | None
    first: float | None
    first_compile: float | None
    peak_host: int | None
    peak_device: int | None
    breaks: int
    recompiles: int
    process_medians: tuple[float, ...] = ()
    unstable: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    samples: int = 0
    outliers: int = 0


class Summary(msgspec.Struct, frozen=True):
    """A benchmark on one device as a page shows it; `points` in the order of the sweep.

    `exponents` are the fitted slopes of log time over log of the first parameter, where a sweep
    has three points or more: by "eager", or with other parameters' values, "eager, m = 4".
    `unlike` says in what variants are not alike, whether or not they are compared all the same.
    """

    name: str
    baseline: str
    variants: tuple[str, ...]
    points: tuple[Point, ...]
    rows: tuple[Row, ...]
    exponents: Mapping[str, float] = {}
    unlike: str = ""


Word = Literal["held", "contradicted", "undecided", "rests on unstable data"]


class Judged(msgspec.Struct, frozen=True):
    """A claim or a number of prose with what the measurements say of it.

    `now` is what stands against it, ready for the page: "0.97× (0.95–0.99)".
    """

    text: str
    word: Word
    span: Span
    excerpt: str
    now: str = ""
    device: str = ""
    measured: dt.datetime | None = None
    correction: str = ""

"""Running: devices, outputs, the run that is stored, the events on the way, what is shown of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import msgspec

from sitegen.base.errors import Problem, Span
from sitegen.benchmarks import Bench, Benchmark, GraphBreak
from sitegen.model.config import ExecuteConfig, MeasureConfig
from sitegen.model.documents import Asset, Block, Inline

if TYPE_CHECKING:
    pass


class Digested(msgspec.Struct, frozen=True):
    """A declared input as it is here: the glob as written, and the digest of all that it matches.

    The digest is None where it matches nothing.
    """

    pattern: str
    digest: str | None


class Plan(msgspec.Struct, frozen=True):
    """What to run for one session of a page: everything the executor needs, and the run's key.

    A plan has no blocks where a post holds inline expressions only. `span` is where it begins.
    A benchmark is a plan of its own: `bench` says how, its last block is the benchmark, those
    before are what it needs, and its session is called `bench:NAME`. `measure` says how it is
    judged.
    """

    key: str
    page: str
    file: str
    session: str
    blocks: tuple[Block, ...]
    execute: ExecuteConfig
    assets: tuple[Asset, ...]
    span: Span
    inlines: tuple[Inline, ...] = ()
    inputs: tuple[Digested, ...] = ()
    bench: Bench | None = None
    measure: MeasureConfig = MeasureConfig()


class Device(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run computed on: `name` is its slug or `[devices.NAME]`, `reported` its own words."""

    name: str
    kind: Literal["cpu", "cuda", "rocm", "xpu", "mps", "tpu"]
    reported: str
    label: str
    index: int = 0
    memory: int | None = None
    driver: str | None = None
    jax_platform: str = "cpu"


class Blob(msgspec.Struct, frozen=True, tag="blob", omit_defaults=True):
    """A binary output: its SHA-256, its size, and its bytes while they are at hand."""

    digest: str
    size: int
    content: bytes = b""


class Stream(msgspec.Struct, frozen=True, tag="stream", omit_defaults=True):
    """Text that a block wrote to stdout or stderr, as a terminal would show it in the end.

    `cut` counts the characters that were left out of its middle; the text says so there.
    """

    name: Literal["stdout", "stderr"]
    text: str
    cut: int = 0


class Display(msgspec.Struct, frozen=True, tag="display", omit_defaults=True):
    """A rich output by MIME type; `result` marks the value of a block's last expression.

    `dark` is what dark pages show in place of its PNG.
    `others` are the MIME types that came with it and are not kept, such as those that need a
    script; `cut` is the size of what was left out because it was too large.
    """

    data: Mapping[str, str | Blob]
    result: bool = False
    width: int | None = None
    height: int | None = None
    dark: Blob | None = None
    others: tuple[str, ...] = ()
    cut: int = 0


class Frame(msgspec.Struct, frozen=True, omit_defaults=True):
    """A level of a traceback: line `line` of the n-th evaluated block, or of a library's file."""

    function: str
    line: int
    block: int | None = None
    file: str = ""


class Failure(msgspec.Struct, frozen=True, tag="failure", omit_defaults=True):
    """An exception that left a block, or the end of its kernel; frames outermost first."""

    name: str
    value: str
    frames: tuple[Frame, ...] = ()


Output = Stream | Display | Failure


class CacheUse(msgspec.Struct, frozen=True):
    """How often a compiler's cache on disk held what was compiled, and how often it did not.

    A hit makes the time of compiling say little.
    """

    name: Literal["inductor", "xla"]
    hits: int
    misses: int


class Measures(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a block cost, in seconds and bytes; None where it could not be measured.

    `wall` ends after waiting for every framework that the post had initialised. `cpu` holds
    `cpu_children`, that of child processes which have ended. `compile_torch` and `compile_xla` are
    the parts of `compile`, None where that framework was not loaded, or nobody asked. `first` names
    the frameworks imported or given their first work here: their one-off cost is in `wall`;
    `loaded` what the block imports that was imported before its kernel began: no cost is in `wall`.
    `uncompiled` are functions that torch.compile left to Python altogether.
    """

    wall: float
    cpu: float
    compile: float = 0.0
    peak_host: int | None = None
    peak_device: int | None = None
    first: tuple[str, ...] = ()
    cpu_children: float = 0.0
    compile_torch: float | None = None
    compile_xla: float | None = None
    caches: tuple[CacheUse, ...] = ()
    breaks: tuple[GraphBreak, ...] = ()
    recompiles: tuple[GraphBreak, ...] = ()
    uncompiled: tuple[GraphBreak, ...] = ()
    loaded: tuple[str, ...] = ()


CellStatus = Literal["ok", "failed", "not run", "not here"]
"""`not run`: its session ended above it; `not here`: it is for other devices."""

Value = bool | int | float | str
"""What a block's `values` may be; a float that is no number is its name, such as "nan"."""


class Cell(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of an evaluated block: `code` is its code's digest, `label` as it was then.

    `source` is the code itself, so that a stored result can be read on its own.
    """

    status: CellStatus
    code: str
    label: str | None
    outputs: tuple[Output, ...]
    measures: Measures | None
    values: Mapping[str, Value] = {}
    source: str = ""


class Input(msgspec.Struct, frozen=True):
    """A file that a run's results depend on.

    `post`: beside the post, `site`: from the site's root, both opened by the run; `saves`: laid
    into its folder by an earlier session; `declared`: all that a glob of `[execute] inputs`
    matched, with `path` the glob as written.
    """

    base: Literal["post", "site", "saves", "declared"]
    path: str
    digest: str


class Evaluated(msgspec.Struct, frozen=True, omit_defaults=True):
    """What came of an inline expression: its text, or why there is none."""

    code: str
    text: str | None = None
    failure: Failure | None = None


class Saved(msgspec.Struct, frozen=True):
    """A file that a session saves for later ones: its path in the working folder."""

    path: str
    blob: Blob


class Accepted(msgspec.Struct, frozen=True):
    """Why a result stands for code that it was not measured with: `run` names the measured file.

    `difference` is a unified diff from the code that ran to the code that is shown.
    """

    because: str
    when: dt.datetime
    run: str
    difference: str


MEASUREMENT = 1
"""The number of how measurements are made; 0 are those of before it was kept."""


class Conditions(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the machine was just before a run; None where it does not tell.

    `load` is the system's average of the last minute, `governor` and `clock` (in MHz, with the
    highest) are the device's: of a CPU or of an accelerator. `throttled` names why an accelerator
    ran below its clock.
    """

    load: float | None = None
    governor: str | None = None
    clock: int | None = None
    highest_clock: int | None = None
    temperature: float | None = None
    throttled: tuple[str, ...] = ()
    battery: bool = False


class Provenance(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a run's results come from. Nothing here names a person or a host.

    `packages` are those that the post's modules come from, with all that they need; `imports` those
    among them that its code names; `builds` what torch says of its making. `cores` are those that
    it might use, by its affinity and its control group. `devices` counts the machine's accelerators
    of that name. `preloaded` is what a forked kernel had imported before the first block: importing
    it again costs nothing there. `beside` is how many other runs of ours shared the machine at
    most. `torch_device` is the default device that torch was given. `measurement` is the number of
    how it was measured.
    """

    python: str = ""
    packages: Mapping[str, str] = {}
    cpu: str = ""
    cores: int = 0
    memory: int | None = None
    os: str = ""
    variables: Mapping[str, str] = {}
    commit: str | None = None
    dirty: bool | None = None
    start: Literal["plain", "forked"] = "plain"
    preloaded: tuple[str, ...] = ()
    beside: int = 0
    torch_device: str | None = None
    sitegen: str = ""
    imports: tuple[str, ...] = ()
    builds: Mapping[str, str] = {}
    devices: int = 0
    container: str | None = None
    conditions: Conditions | None = None
    measurement: int = 0


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """The results of one session on one device; `started` is UTC, `seconds` the whole session.

    Of a benchmark, `benchmark` holds what was measured, and there is a cell for each of its blocks;
    as it is stored, its samples are in the blob `samples`. `by` names who contributed a run that is
    not the author's.
    """

    key: str
    page: str
    session: str
    device: Device
    started: dt.datetime
    seconds: float
    provenance: Provenance
    inputs: tuple[Input, ...]
    cells: tuple[Cell, ...]
    inlines: tuple[Evaluated, ...] = ()
    saves: tuple[Saved, ...] = ()
    accepted: Accepted | None = None
    benchmark: Benchmark | None = None
    samples: Blob | None = None
    by: str | None = None

    @property
    def failed(self) -> bool:
        """Whether a block did not end as the author said; such a run is never stored."""
        broken = any(cell.status in ("failed", "not run") for cell in self.cells)
        return broken or any(entry.failure is not None for entry in self.inlines)


class Queued(msgspec.Struct, frozen=True):
    """A plan waits for its turn; again where it waits for another process, which `behind` names."""

    plan: Plan
    behind: str = ""


class Started(msgspec.Struct, frozen=True):
    """A block begins; of a benchmark, the process of that number, from 1, out of so many."""

    plan: Plan
    block: int
    process: int = 0
    processes: int = 0


class Chunk(msgspec.Struct, frozen=True):
    """What a block gave just now; where it was asked for, `outputs` are all that it has by then."""

    plan: Plan
    block: int
    output: Output
    outputs: tuple[Output, ...] = ()


class BlockDone(msgspec.Struct, frozen=True):
    plan: Plan
    block: int
    cell: Cell


class Finished(msgspec.Struct, frozen=True):
    plan: Plan
    run: Run


class Failed(msgspec.Struct, frozen=True):
    """The session could not be run at all: no interpreter, no kernel."""

    plan: Plan
    problem: Problem


Event = Queued | Started | Chunk | BlockDone | Finished | Failed
"""What an executor yields, in order; `block` counts a plan's blocks from 0."""


class Shown(msgspec.Struct, frozen=True):
    """A run that a page shows for a session, and whether its code has changed since.

    `cells[i]` is the cell shown under the plan's block i, `texts[i]` the text of its inline
    expression i; None: not run yet. `earlier` are runs of the same code on the same device with
    other libraries, the newest of each, newest first; of benchmarks only.
    """

    plan: Plan
    run: Run
    cells: tuple[Cell | None, ...]
    texts: tuple[str | None, ...] = ()
    stale: bool = False
    earlier: tuple[Run, ...] = ()

"""A block's options as a benchmark: what it measures, and how that is judged and shown."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Literal

from sitegen.base.errors import nearest
from sitegen.benchmarks import Bench, BenchOptions, Said, Work
from sitegen.content.option_lines import OF_BENCHMARKS, Entry, unquoted
from sitegen.content.options import Options
from sitegen.content.sweep import EXAMPLE, Sweep, SweepError, parse_sweep
from sitegen.content.variants import Functions, Mistake, find_functions
from sitegen.measure.work import why_no_work
from sitegen.model import MAIN, Block, MeasureConfig

OF_OTHERS = ("error", "values", "saves", "fig-width", "fig-height", "fig-dpi")
"""The options that make no sense in a benchmark: nothing but times is kept of it."""

_NAME = re.compile(r"[A-Za-z][\w-]*")
_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_UNIT = re.compile(r"[A-Za-zµ%][\w/·^-]*")
_CORRECTION = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d))?:\s+\S.*", re.S)

Tell = Callable[[Mistake], None]


def parse_bench(
    options: Options,
    code: str,
    tell: Tell,
    above: Sequence[Block],
    measure: MeasureConfig,
) -> Bench | None:
    """How the block measures; None where it is none, or only to be read.

    Mistakes in the options are reported by them, one in the code to `tell`. `above` are the
    blocks before it.
    """
    if "bench" not in options:
        for name in sorted(OF_BENCHMARKS):
            if name in options:
                help = "say `#| bench: NAME` too, or leave it out"
                options.bad(options.named(name), f"`{name}` is for benchmarks", help)
        return None
    for name in OF_OTHERS:
        if name in options:
            help = "say it in a block that the benchmark needs, or take `bench` out"
            options.bad(options.named(name), f"a benchmark has no `{name}`", help)
    sweep = _sweep(options)
    there = code or "file" not in options  # else the file is missing, which is said already
    functions = find_functions(code) if there and options.boolean("eval", True) else None
    if isinstance(functions, Mistake):
        tell(functions)
    elif functions is not None:
        _check_functions(options, functions, sweep)
    variants = functions.variants if isinstance(functions, Functions) else None
    bench = Bench(
        name=_name(options, above),
        run=BenchOptions(
            sweep=sweep,
            wait=_wait(options),
            processes=measure.processes,
            max_time=measure.max_time,
        ),
        needs=_needs(options, above),
        baseline=_baseline(options, variants),
        agree=_agree(options),
        work=_work(options, [name for name, _ in sweep]),
        unlike=options.boolean("unlike", False),
        expect=tuple(parse_expect(options)),
        correction=parse_correction(options),
        place=_said(options, options.named("agree" if "agree" in options else "bench")),
    )
    return bench if functions is not None else None


def _name(options: Options, above: Sequence[Block]) -> str:
    name = options.text("bench") or ""
    first = next((block for block in above if block.bench and block.bench.name == name), None)
    if name and not _NAME.fullmatch(name):
        hint = "a letter, then letters, digits, `-` and `_`"
        options.wrong("bench", f"`{name}` cannot name a benchmark", hint)
    elif name and first is not None:
        hint = f"the first is in line {first.span.line}"
        options.wrong("bench", f"two benchmarks are called `{name}`", hint)
    return name


def _sweep(options: Options) -> Sweep:
    if "sweep" not in options:
        return ()
    if not options.value("sweep"):
        options.wrong("sweep", "`sweep` is empty", EXAMPLE)
        return ()
    try:
        return parse_sweep(options.written("sweep"))
    except SweepError as error:
        options.bad(error.at, str(error), error.help)
        return ()


def _check_functions(options: Options, functions: Functions, sweep: Sweep) -> None:
    if not functions.variants:
        help = "each function but `setup` and `_names` is a variant: `def eager(t): …`"
        options.bad(options.named("bench"), "the benchmark has no function to measure", help)
    for name, _ in sweep:
        if functions.arguments is not None and name not in functions.arguments:
            help = f"let `setup` or a variant take it: `def setup({name}): …`"
            options.wrong("sweep", f"no function takes `{name}`", help)


def _wait(options: Options) -> Literal["sample", "call"]:
    match options.value("wait"):
        case None | "sample":
            return "sample"
        case "call":
            return "call"
        case value:
            message = f"`wait` is `sample` or `call`, not `{value}`"
            options.wrong("wait", message, "`sample` measures throughput, `call` latency")
            return "sample"


def _needs(options: Options, above: Sequence[Block]) -> tuple[str, ...] | None:
    if "needs" not in options:
        return None
    session = options.value("session") or MAIN
    known = {
        block.show.label: block
        for block in above
        if block.show.label and block.bench is None and block.run.eval and block.session == session
    }
    found = []
    for entry in options.entries("needs"):
        if entry.text in known:
            found.append(entry.text)
        else:
            options.bad(entry, *_why_not_needed(entry.text, session, above, known))
    return tuple(found)


def _why_not_needed(
    label: str, session: str, above: Sequence[Block], known: Collection[str]
) -> tuple[str, str]:
    block = next((block for block in above if block.show.label == label), None)
    if block is None:
        close = nearest(label, known)
        message = f"no block above has the label `{label}`"
        return message, f"did you mean `{close}`?" if close else "give it one: `#| label: …`"
    if block.session != session:
        help = f"a benchmark needs blocks of its own session, `{session}`"
        return f"`{label}` is a block of the session `{block.session}`", help
    if block.bench is not None:
        return f"`{label}` is a benchmark itself", "put what both need into a block above them"
    return f"`{label}` is not run", "take `eval: false` out there"


def _baseline(options: Options, variants: Sequence[str] | None) -> str | None:
    name = options.text("baseline")
    if name is not None and variants and name not in variants:
        close = nearest(name, variants)
        help = f"did you mean `{close}`?" if close else f"variants: {', '.join(variants)}"
        options.wrong("baseline", f"`{name}` is no variant", help)
    return name


def _agree(options: Options) -> float | None:
    value = options.value("agree")
    if value is None:
        return None
    if not _NUMBER.fullmatch(value) or not math.isfinite(float(value)):
        message = f"`agree` is a number from 0 on, not `{value}`"
        options.wrong("agree", message, "such as `#| agree: 1e-4`")
        return None
    return float(value)


def _work(options: Options, parameters: Collection[str]) -> Work | None:
    if "work" not in options:
        return None
    entry = options.written("work")
    text = unquoted(entry).text
    expression, _, unit = text.rpartition(" ")
    example = "such as `#| work: 2 * n**3 FLOP`"
    if not expression.strip() or not _UNIT.fullmatch(unit) or unit in parameters:
        options.bad(entry, "`work` is an amount and its unit", example)
        return None
    why = why_no_work(expression, parameters)
    if why is not None:
        at = entry.within(
            entry.text.find(expression), entry.text.find(expression) + len(expression)
        )
        options.bad(at, f"`work`: {why}", example)
    return Work(expression.strip(), unit)


def parse_expect(options: Options) -> Iterator[Said]:
    """The claims of a block, as written."""
    example = "write `#| expect: compiled < eager`, or claims on `#|   - …` lines"
    for entry in options.entries("expect", whole=True, empty=example):
        if entry.text:
            yield _said(options, entry)
        else:
            options.bad(entry, "a claim is empty", example)


def parse_correction(options: Options) -> Said | None:
    """What a block says of its claims that have fallen."""
    text = options.text("correction")
    if text is None:
        return None
    entry = unquoted(options.written("correction"))
    found = _CORRECTION.fullmatch(text)
    try:
        if found is not None:
            dt.date(int(found[1]), int(found[2]), int(found[3] or 1))
            return _said(options, entry)
    except ValueError:
        pass
    help = "such as `#| correction: 2027-05: torch closed the gap, see below`"
    options.bad(entry, "a correction begins with its date and a colon", help)
    return None


def _said(options: Options, entry: Entry) -> Said:
    return Said(entry.text, *options.said(entry))

"""Plans: which blocks of a document run together, and the key that finds their results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from sitegen.base.digest import digest_value
from sitegen.base.errors import Span
from sitegen.benchmarks import Bench
from sitegen.model import Block, Digested, Document, Inline, Plan, RunOptions

FORMAT = 1
"""The number of the key's own form; changing it makes every stored result stale."""


def plan_runs(document: Document, inputs: Sequence[Digested] = ()) -> tuple[Plan, ...]:
    """The plans of a document's sessions, in the order of their first blocks; then its benchmarks.

    `inputs` are the declared ones as they are here. A document without blocks that run has a plan
    if it holds inline expressions. Benchmarks come last: they find what sessions save.
    """
    sessions: dict[str, list[Block]] = {}
    benchmarks: list[tuple[Block, Bench]] = []
    for block in document.blocks:
        if block.bench is not None and block.run.eval:
            benchmarks.append((block, block.bench))
        elif block.run.eval:
            sessions.setdefault(block.session, []).append(block)
    for inline in document.inlines:
        sessions.setdefault(inline.session, [])
    plans = [
        _plan(document, session, tuple(blocks), tuple(inputs))
        for session, blocks in sessions.items()
    ]
    for block, bench in benchmarks:
        above = [other for other in sessions.get(block.session, ()) if other.index < block.index]
        needed = (_bare(other) for other in above if is_needed(other, bench))
        plans.append(_plan(document, f"bench:{bench.name}", (*needed, block), tuple(inputs), bench))
    return tuple(plans)


def is_needed(block: Block, bench: Bench) -> bool:
    """Whether a benchmark runs a block above it in its session first."""
    return bench.needs is None or block.show.label in bench.needs


def _bare(block: Block) -> Block:
    """The block as a benchmark runs it: nothing of what it gives is kept."""
    options = block.run
    bare = RunOptions(eval=options.eval, error=options.error, devices=options.devices)
    return msgspec.structs.replace(block, run=bare)


def _plan(
    document: Document,
    session: str,
    blocks: tuple[Block, ...],
    inputs: tuple[Digested, ...],
    bench: Bench | None = None,
) -> Plan:
    inlines = () if bench is not None else tuple(_inlines(document, session, blocks))
    plan = Plan(
        key="",
        page=document.source.name,
        file=document.source.file,
        session=session,
        blocks=blocks,
        execute=document.meta.execute,
        assets=document.source.assets,
        span=blocks[-1].span if bench is not None else _begin(document, blocks, inlines),
        inlines=inlines,
        inputs=inputs,
        bench=bench,
        measure=document.meta.measure,
    )
    return msgspec.structs.replace(plan, key=run_key(plan, {}))


def _inlines(document: Document, session: str, blocks: Sequence[Block]) -> Iterator[Inline]:
    """The session's inline expressions, each placed behind one of its blocks."""
    places = {block.index: place for place, block in enumerate(blocks)}
    for inline in document.inlines:
        if inline.session == session:
            yield msgspec.structs.replace(inline, after=places.get(inline.after, -1))


def _begin(document: Document, blocks: Sequence[Block], inlines: Sequence[Inline]) -> Span:
    spans = [*(block.span for block in blocks), *(inline.span for inline in inlines)]
    return min(spans, key=lambda span: span.line, default=Span(document.source.file, 1))


def run_key(plan: Plan, absent: Mapping[str, str]) -> str:
    """SHA-256 of all that can change what the blocks give on one device with one set of libraries.

    A field of `RunOptions` or `BenchOptions` enters, any other option never does. Device and
    library versions are provenance; files that the run opens are recorded with it. A declared
    input that is not here is taken at the digest that `absent` names for its glob. Parts that a
    plan does not have are left out, so that what is added to sitegen leaves old keys alone.
    """
    parts: dict[str, object] = {
        "format": FORMAT,
        "blocks": [{"code": block.code, "options": block.run} for block in plan.blocks],
        "env": plan.execute.env,
        "torch_default_device": plan.execute.torch_default_device,
    }
    if plan.bench is not None:
        parts["bench"] = plan.bench.run
    if plan.inlines:
        parts["inlines"] = [[entry.after, entry.code, entry.format] for entry in plan.inlines]
    if plan.inputs:
        parts["inputs"] = [
            [entry.pattern, entry.digest or absent.get(entry.pattern)] for entry in plan.inputs
        ]
    return digest_value(parts)

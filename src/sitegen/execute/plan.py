"""Plans: which blocks of a document run together, and the key that finds their results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from sitegen.base.digest import digest_value
from sitegen.base.errors import Span
from sitegen.model import Block, Digested, Document, Inline, Plan

FORMAT = 1
"""The number of the key's own form; changing it makes every stored result stale."""


def plan_runs(document: Document, inputs: Sequence[Digested] = ()) -> tuple[Plan, ...]:
    """The plans of a document's sessions, in the order of their first blocks.

    `inputs` are the declared ones as they are here. A document without blocks that run has a plan
    if it holds inline expressions.
    """
    sessions: dict[str, list[Block]] = {}
    for block in document.blocks:
        if block.run.eval:
            sessions.setdefault(block.session, []).append(block)
    for inline in document.inlines:
        sessions.setdefault(inline.session, [])
    return tuple(
        _plan(document, session, tuple(blocks), tuple(inputs))
        for session, blocks in sessions.items()
    )


def _plan(
    document: Document, session: str, blocks: tuple[Block, ...], inputs: tuple[Digested, ...]
) -> Plan:
    places = {block.index: place for place, block in enumerate(blocks)}
    inlines = tuple(
        msgspec.structs.replace(inline, after=places.get(inline.after, -1))
        for inline in document.inlines
        if inline.session == session
    )
    plan = Plan(
        key="",
        page=document.source.name,
        file=document.source.file,
        session=session,
        blocks=blocks,
        execute=document.meta.execute,
        assets=document.source.assets,
        span=_begin(document, blocks, inlines),
        inlines=inlines,
        inputs=inputs,
    )
    return msgspec.structs.replace(plan, key=run_key(plan, {}))


def _begin(document: Document, blocks: Sequence[Block], inlines: Sequence[Inline]) -> Span:
    spans = [*(block.span for block in blocks), *(inline.span for inline in inlines)]
    return min(spans, key=lambda span: span.line, default=Span(document.source.file, 1))


def run_key(plan: Plan, absent: Mapping[str, str]) -> str:
    """SHA-256 of all that can change what the blocks give on one device with one set of libraries.

    A field of `RunOptions` enters, a field of `Limits` or `ShowOptions` never does. Device and
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
    if plan.inlines:
        parts["inlines"] = [[entry.after, entry.code, entry.format] for entry in plan.inlines]
    if plan.inputs:
        parts["inputs"] = [
            [entry.pattern, entry.digest or absent.get(entry.pattern)] for entry in plan.inputs
        ]
    return digest_value(parts)

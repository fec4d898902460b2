"""Plans: which blocks of a document run together, and the key that finds their results."""

from __future__ import annotations

from collections.abc import Iterable

from sitegen.base.digest import digest_value
from sitegen.model import Block, Document, ExecuteConfig, Plan

FORMAT = 1
"""The number of the key's own form; changing it makes every stored result stale."""


def plan_run(document: Document) -> Plan | None:
    """The plan of a document's session; None where nothing is to be run."""
    blocks = tuple(block for block in document.blocks if block.run.eval)
    if not blocks:
        return None
    execute = document.meta.execute
    return Plan(
        key=run_key(blocks, execute),
        page=document.source.name,
        file=document.source.file,
        session="main",
        blocks=blocks,
        execute=execute,
        assets=document.source.assets,
    )


def run_key(blocks: Iterable[Block], execute: ExecuteConfig) -> str:
    """SHA-256 of all that can change what the blocks give on one device with one set of libraries.

    A field of `RunOptions` enters, a field of `Limits` or `ShowOptions` never does. Device and
    library versions are provenance; files that the run opens are recorded with it.
    """
    return digest_value(
        {
            "format": FORMAT,
            "blocks": [{"code": block.code, "options": block.run} for block in blocks],
            "env": execute.env,
            "torch_default_device": execute.torch_default_device,
        }
    )

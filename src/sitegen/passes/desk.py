"""What a process of a build works with: what it reads from, and where it puts what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sitegen.base.errors import Problem
from sitegen.content.future import is_future
from sitegen.content.source import Named, load_source
from sitegen.model import Artifact, Meta, SiteConfig, Source
from sitegen.passes.asked import Options, day_of
from sitegen.passes.kept import Kept
from sitegen.storage.fragments import Fragments
from sitegen.storage.publish import Published, finish
from sitegen.storage.stage import Stage
from sitegen.storage.trace import Record


class Put(NamedTuple):
    """A file that was put on the stage."""

    path: str
    made_from: str
    record: Record


def _finish(stage: Stage, entries: Sequence[Put], memory: bytes) -> Published:
    return finish(stage, {entry.path: entry.record for entry in entries}, memory)


class Desk(NamedTuple):
    """What a process needs to read its share, and where it puts what comes of it.

    `read` takes the place of the disk, `finish` that of the output folder. `made_by` and `all_by`
    are digests of what makes pages, and of what makes every file.
    """

    config: SiteConfig
    options: Options
    environ: Mapping[str, str]
    made_by: str
    all_by: str
    store: Fragments
    stage: Stage
    kept: Kept
    put_so_far: list[Put]
    read: Callable[[Named, list[Problem]], Source | None] | None = None
    finish: Callable[[Stage, Sequence[Put], bytes], Published] = _finish

    def load(self, named: Named, problems: list[Problem]) -> Source | None:
        """A file with its text; None where it cannot be read."""
        if self.read is not None:
            return self.read(named, problems)
        return load_source(self.config.root, named, problems)

    def holds(self, meta: Meta) -> bool:
        """Whether a page is held back until its date."""
        wanted = self.config.hold_future and not self.options.future
        return wanted and is_future(meta, day_of(self.environ))

    def put(self, artifact: Artifact) -> None:
        """Publish an artifact, unless something comes up."""
        self.put_so_far.append(self.made(artifact))

    def made(self, artifact: Artifact) -> Put:
        """The artifact on the stage."""
        return Put(artifact.path, artifact.made_from, self.stage.put(artifact))

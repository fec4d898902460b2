"""What is to be rendered: files that are told apart before they are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from sitegen.model import Artifact


class Job(msgspec.Struct, frozen=True):
    """Something to render: `path` is the file that it makes, or what its files are called together.

    `about` is what it shows besides what it reads of pages, sections and terms: plain values, which
    are the same as long as that is; None where nobody can tell.
    """

    path: str
    made_from: str
    about: Any
    make: Callable[[], Iterable[Artifact]]
    template: str = ""


Made = Job | Artifact
"""A job, or an artifact that takes no time to make."""


def done(found: Iterable[Made]) -> Iterable[Artifact]:
    """The artifacts, with all jobs done, in their order."""
    for entry in found:
        if isinstance(entry, Job):
            yield from entry.make()
        else:
            yield entry

"""The names of exported files, and the sessions of a post: one notebook or script for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, get_args

import msgspec

from sitegen.model import MAIN, Document, Shown

Format = Literal["ipynb", "py"]
FORMATS: tuple[Format, ...] = get_args(Format)


def post_name(document: Document) -> str:
    """What a post's exported files are called: the last part of its URL."""
    return document.url.strip("/").rpartition("/")[2] or "index"


def sessions_of(document: Document) -> tuple[str, ...]:
    """The sessions of a document in the order in which they run; `main` where nothing runs."""
    blocks = [block.session for block in document.blocks if block.run.eval]
    inlines = [inline.session for inline in document.inlines]
    return tuple(dict.fromkeys(blocks or inlines)) or (MAIN,)


def file_name(stem: str, session: str, sessions: Sequence[str], format: Format) -> str:
    """The name of a session's file: the stem alone for `main` and for an only session."""
    apart = len(sessions) > 1 and session != MAIN
    return f"{stem}-{session}.{format}" if apart else f"{stem}.{format}"


def run_files(document: Document, shown: Sequence[Shown]) -> Iterator[tuple[str, Shown]]:
    """The stored runs that a page shows, with the names under which it offers them: of a benchmark
    its earlier runs too.

    A run with a failed block is never stored, so it is not offered either.
    """
    name = post_name(document)
    several = len({entry.plan.session for entry in shown if entry.plan.bench is None}) > 1
    devices = {entry.run.device.name for entry in shown}
    taken: set[str] = set()
    for entry in shown:
        session = f"-{entry.plan.session}" if several and entry.plan.session != MAIN else ""
        session = f".bench-{entry.plan.bench.name}" if entry.plan.bench is not None else session
        device = f".{entry.run.device.name}" if len(devices) > 1 else ""
        by = f".by-{_plain(entry.run.by)}" if entry.run.by is not None else ""
        stem = f"{name}{session}{device}{by}"
        if not entry.run.failed:
            yield _unique(stem, taken), entry
        for run in entry.earlier:
            past = msgspec.structs.replace(entry, run=run, cells=run.cells, earlier=())
            yield _unique(f"{stem}.{run.started:%Y-%m-%d}", taken), past


def _plain(text: str) -> str:
    """The text as a part of a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "a-reader"


def _unique(stem: str, taken: set[str]) -> str:
    """The name of a file that nothing else on the page has."""
    count, found = 1, f"{stem}.json"
    while found in taken:
        count += 1
        found = f"{stem}.{count}.json"
    taken.add(found)
    return found


def download_names(
    document: Document, shown: Sequence[Shown], *, benches: bool = True
) -> tuple[str, ...]:
    """The files that a page offers beside it: none where nothing was measured; those of
    `benches` are offered under their charts.

    A name that a file beside the post has is left to that file.
    """
    if not shown:
        return ()
    name, sessions = post_name(document), sessions_of(document)
    names = [
        file_name(name, session, sessions, format) for format in FORMATS for session in sessions
    ]
    names += [
        name for name, entry in run_files(document, shown) if benches or entry.plan.bench is None
    ]
    folder = document.source.path.rpartition("/")[0]
    beside = {asset.path.removeprefix(folder).lstrip("/") for asset in document.source.assets}
    return tuple(name for name in names if name not in beside)

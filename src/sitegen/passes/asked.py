"""What all passes are given: how a build was asked for, by whom, on which day; the clock."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from sitegen.base.errors import (
    Problem,
    SiteError,
    exit_status,
)
from sitegen.execute.choose import Mode
from sitegen.model import (
    Document,
    Event,
    Plan,
    Run,
)


class Options(msgspec.Struct, frozen=True):
    """How a build was asked for.

    `future`: nothing is held back until its date. `today` are runs that are not stored, by page
    and session, which pages show while their code is the same.
    """

    mode: Mode = "build"
    device: str | None = None
    refresh: bool = False
    allow_errors: bool = False
    strict: bool = False
    drafts: bool = False
    output: Path | None = None
    base_url: str | None = None
    tell_unpublished: bool = False
    jobs: int | None = None
    future: bool = False
    today: Mapping[tuple[str, str], Run] = {}


class Draft(msgspec.Struct, frozen=True):
    """What the first pass makes of a source: its document, and the plans of its sessions."""

    document: Document
    plans: tuple[Plan, ...]


Watch = Callable[[Event], None]


class Caller(msgspec.Struct, frozen=True):
    """Who asks for a build: the environment, and the interpreter that runs sitegen."""

    environ: Mapping[str, str]
    python: str


class Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(time.perf_counter() - begun, 4)


def stop_if_fatal(problems: Iterable[Problem]) -> None:
    found = list(problems)
    if exit_status(found) == 2:
        raise SiteError(found)


def day_of(environ: Mapping[str, str]) -> dt.date:
    """The build's day: of SOURCE_DATE_EPOCH, else of the clock, in UTC."""
    epoch = environ.get("SOURCE_DATE_EPOCH", "")
    moment = float(epoch) if epoch.isdecimal() else time.time()
    return dt.datetime.fromtimestamp(moment, dt.UTC).date()

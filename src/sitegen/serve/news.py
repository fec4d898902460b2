"""What the processes of the preview tell each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from sitegen.base.errors import Problem
from sitegen.model import Event, Plan, Run, SiteConfig
from sitegen.storage.preview import Entry

# --- from the server to the worker ----------------------------------------------------------


class Look(msgspec.Struct, frozen=True):
    """Files of the site have changed, by path from its root; None: nobody knows which."""

    files: tuple[str, ...] | None = None


class RunPage(msgspec.Struct, frozen=True):
    """The author has asked for a page's blocks to be run; `url` is the page's."""

    url: str


class StopRuns(msgspec.Struct, frozen=True):
    """The author has asked for what runs to be given up."""


class ShowDrafts(msgspec.Struct, frozen=True):
    """Drafts and what is held back are to be shown, or no longer."""

    shown: bool


class Looking(msgspec.Struct, frozen=True):
    """The pages that are open: they are run before others."""

    urls: tuple[str, ...]


Order = Look | RunPage | StopRuns | ShowDrafts | Looking

# --- from the worker to the server ----------------------------------------------------------

BlockState = Literal["shown", "stale", "waiting", "queued", "running", "done"]
"""`shown`: as stored; `stale`: with the results of earlier code; `waiting`: for the author's word;
`done`: run, while its session goes on."""


class BlockNews(msgspec.Struct, frozen=True):
    """A block of a page: the id of its figure, its line in the source, how far it is.

    `since` is when it was started or queued, in seconds since 1970.
    """

    id: str
    file: str
    line: int
    state: BlockState
    since: float | None = None


class Fresh(msgspec.Struct, frozen=True):
    """How fresh a session's results on a device are; `started` is in ISO 8601.

    `alone` tells that the last block ran alone, `quick` that a benchmark was looked at in a single
    process: nothing of that is stored.
    """

    session: str
    device: str
    started: str
    stale: bool = False
    failed: bool = False
    alone: bool = False
    quick: bool = False


class PageNews(msgspec.Struct, frozen=True):
    """What the preview says of a page that has something to run."""

    url: str
    blocks: tuple[BlockNews, ...] = ()
    results: tuple[Fresh, ...] = ()
    working: bool = False
    waits: str = ""


class Built(msgspec.Struct, frozen=True):
    """A build: what it changed in the tree, and all that is to be said of the site now.

    `prefix` is the path of `base_url`, without a slash at its end. `kept` are the files that are
    shown as they last were whole; `ok` tells that the tree is the site as it is written now but
    for those.
    """

    written: Mapping[str, Entry]
    removed: tuple[str, ...]
    problems: tuple[Problem, ...]
    ok: bool
    base_url: str = ""
    prefix: str = ""
    kept: tuple[str, ...] = ()
    drafts: bool = False
    pages: int = 0
    seconds: float = 0.0


class Drawn(msgspec.Struct, frozen=True):
    """A block's figure as it looks now, and the files that it shows."""

    url: str
    id: str
    html: str
    files: Mapping[str, Entry] = {}


class Told(msgspec.Struct, frozen=True):
    """How far the blocks of pages are now; the figures of those in `over` are their files' again,
    those in `gone` have nothing to run any more.

    `over` and `gone` hold addresses.
    """

    pages: tuple[PageNews, ...]
    over: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


News = Built | Drawn | Told

# --- between the worker and the runner --------------------------------------------------------


class PageJob(msgspec.Struct, frozen=True):
    """What a page has to run: all its plans up to the last that may be run.

    `number` is another's whenever there is something to be done anew. With `whole` the sessions
    may be run from their beginning, else only blocks that were appended. `asked`: by the author.
    With `refresh` what is fresh is run again, on one of `devices`, which have results of it.
    `quick` are benchmarks to be looked at quickly, which stores nothing.
    """

    number: int
    page: str
    plans: tuple[Plan, ...]
    whole: bool = True
    asked: bool = False
    refresh: bool = False
    devices: tuple[str, ...] = ()
    quick: tuple[Plan, ...] = ()


class Wanted(msgspec.Struct, frozen=True):
    """All that is to be run now, in this order; what is not listed is given up."""

    config: SiteConfig
    jobs: tuple[PageJob, ...]


class Happened(msgspec.Struct, frozen=True):
    """An event of execution; `alone`: of blocks that run alone in a kernel that was kept."""

    event: Event
    alone: bool = False


class Ended(msgspec.Struct, frozen=True):
    """A job has ended: `runs` are those that are shown and not stored, `quick` those of benchmarks.

    `alone`: its appended blocks have run, the whole is still to come; `stopped`: given up.
    """

    job: PageJob
    runs: tuple[Run, ...] = ()
    quick: tuple[Run, ...] = ()
    problems: tuple[Problem, ...] = ()
    alone: bool = False
    stopped: bool = False


Notice = Happened | Ended

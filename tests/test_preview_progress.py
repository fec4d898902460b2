"""What the preview tells of blocks that are still to run."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from sitegen.model import Queued
from sitegen.passes.asked import Caller
from sitegen.serve.errands import Errands
from sitegen.serve.news import News, PageNews, Told, Wanted
from sitegen.serve.progress import Progress
from sitegen.serve.site import SiteMaker
from sitegen.storage.preview import Tree
from tests.support import write_site

POST = "+++\ntitle = 'A'\n+++\n```python\nprint(6 * 7)\n```\n"


def test_a_block_tells_since_when_it_is_queued_and_may_be_stopped_before_it_runs(
    tmp_path: Path,
) -> None:
    site = write_site(tmp_path, {"content/a.md": POST})
    tree = Tree(site / ".sitegen/preview")
    maker = SiteMaker(site, Caller({}, sys.executable), tree)
    told: list[News] = []
    wanted: list[Wanted] = []
    errands = Errands(tree, told.append, wanted.append)
    begun = time.time()
    errands.know(maker.make({}, drafts=False), asked_over_http=False)
    maker.close()

    def said() -> PageNews:
        errands.tell()
        assert isinstance(told[-1], Told)
        return told[-1].pages[-1]

    waits = said()
    (block,) = waits.blocks
    assert block.state == "queued"
    assert block.since is not None
    assert begun <= block.since <= time.time()
    assert not waits.working
    (plan,) = wanted[-1].jobs[0].plans
    errands.note(Queued(plan))
    starts = said()
    assert starts.working
    assert starts.blocks == waits.blocks


def test_a_plan_of_other_code_is_queued_anew(tmp_path: Path) -> None:
    now = 1.0
    progress = Progress(lambda: now)
    plans = []
    for text in (POST, POST.replace("7", "8")):
        site = write_site(tmp_path, {"content/a.md": text})
        maker = SiteMaker(site, Caller({}, sys.executable), Tree(site / ".sitegen/preview"))
        plans += [draft.plans[0] for draft in maker.make({}, drafts=False).drafts if draft.plans]
        maker.close()
    one, two = plans
    assert progress.queued_since(one, queued=True) == 1.0
    now = 2.0
    assert progress.queued_since(one, queued=True) == 1.0
    assert progress.queued_since(two, queued=True) == 2.0
    assert progress.queued_since(two, queued=False) is None
    now = 3.0
    assert progress.queued_since(two, queued=True) == 3.0

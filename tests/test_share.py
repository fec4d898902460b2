"""Processes that go through a build together: who does what."""

from __future__ import annotations

import pytest

from sitegen.passes.share import Share, together


@pytest.mark.parametrize("processes", [1, 2, 3])
@pytest.mark.parametrize("jobs", [0, 1, 7, 8, 9, 1000])
def test_each_job_is_one_processs(jobs: int, processes: int) -> None:
    def story(share: Share) -> list[list[int]]:
        return share.gather(list(share.taken(jobs)))

    found = together(processes, story)
    assert sorted(number for mine in found for number in mine) == list(range(jobs))


def test_the_first_begins_at_the_end() -> None:
    """The feeds stand there, and take the texts of the same posts."""

    def story(share: Share) -> list[list[int]]:
        share.gather(None)
        return share.gather(list(share.taken(16)))

    first, second = together(2, story)
    assert first[:1] in ([8], [])
    assert second[:1] in ([0], [])

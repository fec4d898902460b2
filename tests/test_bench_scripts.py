"""What the benchmarks of `bench/` reckon, from made-up builds."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from bench.faster import Peer, Taken, phases_of, rotated
from bench.growth import Grown, draw, judge


def nothing(root: Path, count: int) -> None:
    return


def test_each_peer_begins_as_many_rounds() -> None:
    peers = [Peer(name, nothing, (), "public") for name in "abc"]
    rounds = ["".join(peer.name for peer in rotated(peers, first)) for first in range(6)]
    assert rounds == ["abc", "bca", "cab"] * 2


def test_phases_come_to_the_wall_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    stages = {"scan": 0.1, "parse": 2.0, "run": 0.0, "bodies": 0.0}
    stages |= {"assemble": 0.2, "render": 1.5, "publish": 0.5}
    report: dict[str, Any] = {
        "pages": 1000,
        "seconds": stages,
        "parsed": [{"path": "a", "parsing": 1.0, "highlighting": 1.0}] * 2,
        "rendered": [
            {"path": "a", "template": "page.html", "seconds": 0.4, "writing": 0.1},
            {"path": "b", "template": "page.html", "seconds": 0.6, "writing": 0.1},
            {"path": "c", "template": "section.html", "seconds": 0.8, "writing": 0.2},
        ],
    }
    spent = phases_of(5.0, report)
    assert sum(spent.values()) == pytest.approx(5.0)
    assert spent == pytest.approx(
        {
            "scan": 0.1,
            "parse": 1.0,
            "highlight": 1.0,
            "assemble": 0.2,
            "render": 0.5,
            "lists": 0.4,
            "write": 0.7,
            "start, waiting": 1.1,
        }
    )


def grown(posts: int, wall: float, memory: float, edited: float) -> Grown:
    return Grown(posts, Taken(wall, wall, int(memory), posts), Taken(edited, edited, 10**8, posts))


@pytest.mark.parametrize(
    ("large", "fallen"),
    [
        (grown(100_000, 110, 1.9e9, 4.9), []),
        (grown(100_000, 130, 1.9e9, 4.9), ["time grows linearly from 10,000 to 100,000 posts"]),
        (grown(100_000, 110, 2.1e9, 4.9), ["100,000 posts take 2 GB"]),
        (grown(100_000, 110, 1.9e9, 5.1), ["one edit of them 5 s"]),
        (
            grown(100_000, 110, 9e9, 4.9),
            ["memory grows less from 10,000 to 100,000 posts", "100,000 posts take 2 GB"],
        ),
    ],
)
def test_growth_is_judged(large: Grown, fallen: list[str]) -> None:
    found = [grown(10_000, 10, 5e8, 0.6), large]
    assert [limit.claim for limit in judge(found) if not limit.held] == fallen
    assert "100,000" in draw(found)

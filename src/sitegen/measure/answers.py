"""What a link to a measurement is answered, and how what is wrong with one is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sitegen.base.errors import Problem, Severity, Span
from sitegen.benchmarks import Judged, Word
from sitegen.claims import Claim, Fix, Measure, Says, Tie, Tied, Where
from sitegen.measure.evidence import Ground
from sitegen.measure.grounds import PageGrounds

NOT_YET = "not run yet"


class Page(NamedTuple):
    """What a page's links are answered with; `corrections` are sentences, and `hrefs` places, of
    benchmarks by name and of values by `value:NAME`."""

    grounds: PageGrounds
    noise: float
    corrections: Mapping[str, str]
    hrefs: Mapping[str, str]


class Answer(NamedTuple):
    """What a link shows, what is wrong with it, and what would mend it."""

    says: Says
    problem: Problem | None = None
    fix: Fix | None = None


def subject_of(tie: Tie) -> str:
    """What a link speaks of: a benchmark, or as `value:NAME` the first value that it names."""
    match tie.asks:
        case Measure() as measure if not tie.name:
            return f"value:{measure.top.name}"
        case Claim(measures=(first, *_)) if not tie.name:
            return f"value:{first.top.name}"
        case _:
            return tie.name


def about_claim(judged: Judged, why: str = "") -> Problem | None:
    """What is to be said of a claim that is not held; a correction makes a notice of it."""
    if judged.word == "held":
        return None
    severity: Severity = "notice" if judged.correction else "error"
    words: dict[Word, str] = {
        "contradicted": "is contradicted",
        "undecided": "is undecided",
        "rests on unstable data": "rests on unstable data",
    }
    measured = f"{judged.now} on {judged.device}" if judged.now else ""
    details = "; ".join(part for part in (measured, why) if part)
    message = f"`{judged.text}` {words[judged.word]}"
    message = f"{message}: {details}" if details else message
    return Problem(severity, "claim", message, judged.span, judged.excerpt, tuple(_help(judged)))


def _help(judged: Judged) -> Iterator[str]:
    if judged.correction:
        yield f"corrected: {judged.correction}"
        return
    match judged.word:
        case "contradicted":
            yield 'correct the text, or say `#| correction: "2026-11: what has changed"`'
        case "undecided":
            yield "claim less, or measure more: `[measure] processes = 12`"
        case _:
            yield "measure again on a quiet machine: `sitegen run --refresh`"


def absent_tie(tied: Tied, tie: Tie, page: Page) -> Problem | None:
    """What is to be said of a link for which nothing was found to answer it by."""
    return about_absent(tie.where, page.grounds.of(tie.name), tied.span, tied.excerpt)


def about_absent(where: Where, every: Sequence[Ground], span: Span, excerpt: str) -> Problem | None:
    """What is to be said where nothing was found to judge by; `every` are all runs shown."""
    if where.as_of is not None:
        of = f" for `{where.on}`" if where.on else ""
        message = f"no run of {where.as_of}{of} is stored"
        help = "the days are in the names of the files below `measurements/`, in UTC"
        return Problem("error", "claim", message, span, excerpt, (help,))
    known = [ground.device.name for ground in every]
    if where.on and known and where.on not in known:
        message = f"not judged: no result of `{where.on}` is shown"
        help = "there are " + ", ".join(f"`{name}`" for name in known)
        return Problem("warning", "claim", message, span, excerpt, (help,))
    return None


def origin_of(ground: Ground, when: dt.datetime) -> tuple[str, str]:
    """The device and the day of a measurement."""
    return ground.device.label, f"{when:%Y-%m-%d}"

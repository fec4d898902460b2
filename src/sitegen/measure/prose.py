"""Links to measurements answered: what each shows on the page, and what is wrong with its text."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from sitegen.base.errors import Problem, Severity, Span
from sitegen.benchmarks import Interval, Judged, Word
from sitegen.claims import Claim, Fix, Measure, Says, Tie, Tied, Where
from sitegen.measure.evidence import Ground, Reading, Unread, read_measure
from sitegen.measure.grounds import PageGrounds
from sitegen.measure.judge import Finding, judge_claim, matching_points, shown_point, worst
from sitegen.measure.numbers import (
    agrees,
    is_of,
    parse_number,
    write_interval,
    write_like,
    write_range,
    write_value,
)

NOT_YET = "not run yet"


class Page(NamedTuple):
    """What a page's links are answered with; `corrections` are sentences by benchmark, `hrefs` the
    places of benchmarks by name and of values by `value:NAME`."""

    grounds: PageGrounds
    noise: float
    corrections: Mapping[str, str]
    hrefs: Mapping[str, str]


class Answer(NamedTuple):
    """What a link shows, what is wrong with it, and what would mend it."""

    says: Says
    problem: Problem | None = None
    fix: Fix | None = None


def answer_tie(tied: Tied, page: Page) -> Answer:
    """What the measurements say of a link of the page."""
    tie = tied.tie
    if tie is None:
        return Answer(Says())
    href = page.hrefs.get(tie.name if tie.name else f"value:{_first_name(tie)}", "")
    grounds = page.grounds.of(tie.name, tie.where.on, tie.where.as_of)
    match tie.asks:
        case None:
            return Answer(Says(text="" if tied.text.strip() else tie.name, href=href))
        case Claim() as claim:
            return _answer_claim(tied, tie, claim, grounds, href, page)
        case Measure() as measure:
            return _answer_number(tied, tie, measure, grounds, href, page)


def _first_name(tie: Tie) -> str:
    """The name of the first quantity that a link asks for."""
    match tie.asks:
        case Measure() as measure:
            return measure.top.name
        case Claim(measures=(first, *_)):
            return first.top.name
        case _:
            return ""


# --- claims ---------------------------------------------------------------------------------


def _answer_claim(
    tied: Tied, tie: Tie, claim: Claim, grounds: Sequence[Ground], href: str, page: Page
) -> Answer:
    claim = Claim(claim.text, claim.left, claim.comparison, claim.right, tie.where)
    findings = judge_claim(claim, grounds, page.noise)
    found = worst(findings)
    if found is None:
        return Answer(Says(title=NOT_YET, href=href), _about_absent(tied, tie, page))
    judged = judge_said(claim, findings, tied.span, tied.excerpt, page.corrections.get(tie.name))
    parts = [f"{found.now} {found.where(device=False)}".strip()]
    if len(findings) > 1:
        parts.append(f"{len(findings)} compared")
    when = found.ground.when(claim.measures)
    title = " · ".join([part for part in (*parts, *_origin(found.ground, when)) if part])
    says = Says(title=title, href=href, judged=judged)
    return Answer(says, about_claim(judged, found.why))


def judge_said(
    claim: Claim,
    findings: Sequence[Finding],
    span: Span,
    excerpt: str,
    correction: str | None,
) -> Judged:
    """What the findings of a claim amount to; there is at least one."""
    found = worst(findings)
    assert found is not None  # noqa: S101 (the caller says so)
    devices = {finding.ground.device.name for finding in findings}
    where = found.where(device=len(devices) > 1) if len(findings) > 1 else ""
    return Judged(
        text=claim.text,
        word=found.word,
        span=span,
        excerpt=excerpt,
        now=f"{found.now} {where}".strip() if found.now else "",
        device=found.ground.device.name,
        measured=found.ground.when(claim.measures),
        correction=(correction or "") if found.word != "held" else "",
    )


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


# --- numbers --------------------------------------------------------------------------------


class _Measured(NamedTuple):
    """A number or text that was measured, on what and when."""

    reading: Reading
    ground: Ground
    when: dt.datetime


def _answer_number(
    tied: Tied, tie: Tie, measure: Measure, grounds: Sequence[Ground], href: str, page: Page
) -> Answer:
    text = tied.text.strip()
    found = _read_first(tie, measure, grounds)
    if found is None:
        says = Says(text="" if text else NOT_YET, title=NOT_YET, href=href)
        return Answer(says, _about_absent(tied, tie, page))
    if isinstance(found, Unread):
        message = f"there is no such number: {found.why}"
        problem = Problem("error", "number", message, tied.span, tied.excerpt)
        return Answer(Says("" if text else "—", found.why, href), problem)
    value, work = found.reading.value, found.ground.work
    wanted = _wanted(text, value, measure, tie.format, work) if text else None
    word: Word = "held" if wanted is None else "contradicted"
    if found.reading.unstable:
        word = "rests on unstable data"
    fill = write_measured(value, measure, tie.format, work)
    judged = Judged(
        text=text or fill,
        word=word,
        span=tied.span,
        excerpt=tied.excerpt,
        now=_now(value, measure, work),
        device=found.ground.device.name,
        measured=found.when,
        correction=page.corrections.get(tie.name, "") if word != "held" else "",
    )
    says = Says("" if text else fill, _number_title(found, measure, tie), href, judged)
    if word == "rests on unstable data":
        return Answer(says, about_claim(judged, "; ".join(found.reading.unstable)))
    if wanted is None:
        return Answer(says)
    return _mistaken(tied, says, judged, wanted, is_number=_is_number(text, value, measure, work))


def _read_first(tie: Tie, measure: Measure, grounds: Sequence[Ground]) -> _Measured | Unread | None:
    """The number on the device that speaks first; why there is none; None: nothing was run."""
    absent = None
    for ground in grounds:
        for point in matching_points(tie.where.at, ground):
            reading = read_measure(measure, ground, point)
            if isinstance(reading, Reading):
                return _Measured(reading, ground, ground.when((measure,)))
            if not reading.absent:
                return reading
            absent = absent or (None if ground.stale else reading)
    return None if absent is None or absent.absent else absent


def _wanted(
    text: str, value: Interval | str, measure: Measure, format: str, work: str
) -> str | None:
    """What a link should read; None where what it reads is true."""
    if isinstance(value, str):
        return None if text == value else value
    numbers = [number for number in parse_number(text) if is_of(number, measure.dimension, work)]
    if any(agrees(number, value.estimate, measure.dimension, work) for number in numbers):
        return None
    if numbers:
        return write_like(numbers[0], value.estimate, measure.dimension, work)
    return write_measured(value, measure, format, work)


def _is_number(text: str, value: Interval | str, measure: Measure, work: str) -> bool:
    """Whether a text is of the kind that was measured."""
    if isinstance(value, str):
        return True
    return any(is_of(number, measure.dimension, work) for number in parse_number(text))


def write_measured(value: Interval | str, measure: Measure, spec: str, work: str) -> str:
    """What is filled in: the value in its format, else as it reads well."""
    if isinstance(value, str):
        return _formatted((value,), spec) or value
    number = value.estimate
    whole = (int(number),) if float(number).is_integer() else ()
    return _formatted((number, *whole), spec) or write_value(number, measure.dimension, work)


def _formatted(values: tuple[float | str, ...], spec: str) -> str:
    """The first of the values that has this format, in it; "" for none."""
    for value in values if spec else ():
        try:
            return format(value, spec)
        except (ValueError, OverflowError):
            continue
    return ""


def _now(value: Interval | str, measure: Measure, work: str) -> str:
    return (
        f"“{value}”" if isinstance(value, str) else write_interval(value, measure.dimension, work)
    )


def _number_title(found: _Measured, measure: Measure, tie: Tie) -> str:
    """`1.28–1.34× · NVIDIA H100 · 2026-11-22`."""
    value = found.reading.value
    parts = list(_origin(found.ground, found.when))
    if tie.where.at:
        parts.insert(0, shown_point(dict(tie.where.at)))
    if not isinstance(value, str) and not found.reading.exact:
        parts.insert(0, write_range(value, measure.dimension, found.ground.work))
    return " · ".join(parts)


def _origin(ground: Ground, when: dt.datetime) -> tuple[str, str]:
    return ground.device.label, f"{when:%Y-%m-%d}"


def _mistaken(tied: Tied, says: Says, judged: Judged, wanted: str, *, is_number: bool) -> Answer:
    """A text that is not what was measured."""
    severity: Severity = "notice" if judged.correction else "error"
    message = f"this reads `{judged.text}`, and `{wanted}` was measured"
    help = f"write `{wanted}`: `sitegen check --fix` does it"
    fix = None
    if not is_number:
        message = f"`{judged.text}` is no such number: `{wanted}` was measured"
        help = f"write `{wanted}`, or let words rest on a claim, such as `?eager/compiled>=1.8`"
    elif judged.correction:
        help = f"corrected: {judged.correction}"
    else:
        fix = _fix(tied, wanted)
    if fix is None and is_number and not judged.correction:
        help = f"write `{wanted}`"
    return Answer(says, Problem(severity, "number", message, *_place(tied), (help,)), fix)


def _place(tied: Tied) -> tuple[Span, str]:
    """The text of a link, or its destination where the text begins on another line."""
    own_line = tied.words.line == tied.span.line
    return (tied.words if own_line else tied.span), tied.excerpt


def _fix(tied: Tied, wanted: str) -> Fix | None:
    """The change to the file that makes a link's text true; None where its place is not known."""
    if tied.written is None:
        return None
    start, source = tied.written
    text = tied.text.strip()
    if source.count(text) != 1:
        return None
    escaped = re.sub(r"([\\`*_\[\]<>&])", r"\\\1", wanted)
    return Fix(tied.span.path, start + source.index(text), text, escaped)


def _about_absent(tied: Tied, tie: Tie, page: Page) -> Problem | None:
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

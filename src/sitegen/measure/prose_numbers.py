"""Numbers of prose against what was measured: filled in, borne out, or to be written anew."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import NamedTuple

from sitegen.base.errors import Problem, Severity, Span
from sitegen.benchmarks import Interval, Judged, Word
from sitegen.claims import Fix, Measure, Says, Tie, Tied
from sitegen.measure.answers import (
    NOT_YET,
    Answer,
    Page,
    about_claim,
    absent_tie,
    origin_of,
    subject_of,
)
from sitegen.measure.evidence import Ground, Reading, Unread, read_measure
from sitegen.measure.judge import matching_points, shown_point
from sitegen.measure.numbers import (
    agrees,
    is_of,
    parse_number,
    write_interval,
    write_like,
    write_range,
    write_value,
)


class _Measured(NamedTuple):
    """A number or text that was measured, on what and when."""

    reading: Reading
    ground: Ground
    when: dt.datetime


def answer_number(
    tied: Tied, tie: Tie, measure: Measure, grounds: Sequence[Ground], href: str, page: Page
) -> Answer:
    """What the measurements say of a link whose text is a number, or is to be filled in."""
    text = tied.text.strip()
    found = _read_first(tie, measure, grounds)
    if found is None:
        absent = absent_tie(tied, tie, page)
        title = NOT_YET if absent is None else absent.message
        return Answer(Says("" if text else title, title, href), absent)
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
        correction=page.corrections.get(subject_of(tie), "") if word != "held" else "",
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
    parts = list(origin_of(found.ground, found.when))
    if tie.where.at:
        parts.insert(0, shown_point(dict(tie.where.at)))
    if not isinstance(value, str) and not found.reading.exact:
        parts.insert(0, write_range(value, measure.dimension, found.ground.work))
    return " · ".join(parts)


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
    escaped = re.sub(r"([\\`*_\[\]<>&|$~])", r"\\\1", wanted)
    return Fix(tied.span.path, start + source.index(text), text, escaped)

"""Links to measurements answered: what each shows on the page, and what is wrong with its text."""

from __future__ import annotations

from collections.abc import Sequence

from sitegen.base.errors import Span
from sitegen.benchmarks import Judged
from sitegen.claims import Claim, Measure, Says, Tie, Tied
from sitegen.measure.answers import (
    NOT_YET,
    Answer,
    Page,
    about_claim,
    absent_tie,
    origin_of,
    subject_of,
)
from sitegen.measure.evidence import Ground
from sitegen.measure.judge import Finding, judge_claim, worst
from sitegen.measure.prose_numbers import answer_number


def answer_tie(tied: Tied, page: Page) -> Answer:
    """What the measurements say of a link of the page."""
    tie = tied.tie
    if tie is None:
        return Answer(Says())
    href = page.hrefs.get(subject_of(tie), "")
    grounds = page.grounds.of(tie.name, tie.where.on, tie.where.as_of)
    match tie.asks:
        case None:
            return Answer(Says(text="" if tied.text.strip() else tie.name, href=href))
        case Claim() as claim:
            return _answer_claim(tied, tie, claim, grounds, href, page)
        case Measure() as measure:
            return answer_number(tied, tie, measure, grounds, href, page)


def _answer_claim(
    tied: Tied, tie: Tie, claim: Claim, grounds: Sequence[Ground], href: str, page: Page
) -> Answer:
    claim = Claim(claim.text, claim.left, claim.comparison, claim.right, tie.where)
    findings = judge_claim(claim, grounds, page.noise)
    found = worst(findings)
    if found is None:
        absent = absent_tie(tied, tie, page)
        title = NOT_YET if absent is None else absent.message
        return Answer(Says(title=title, href=href), absent)
    judged = judge_said(
        claim, findings, tied.span, tied.excerpt, page.corrections.get(subject_of(tie))
    )
    parts = [f"{found.now} {found.where(device=False)}".strip()]
    if len(findings) > 1:
        parts.append(f"{len(findings)} compared")
    when = found.ground.when(claim.measures)
    title = " · ".join([part for part in (*parts, *origin_of(found.ground, when)) if part])
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

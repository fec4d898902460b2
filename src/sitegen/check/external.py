"""Addresses of other hosts: what is worth asking, and what is wrong with what came back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from sitegen.base.errors import Problem, Severity, nearest
from sitegen.check.address import Outside
from sitegen.check.atlas import Atlas, Use
from sitegen.check.subject import Subject
from sitegen.settings import LinkCheckConfig


class Question(msgspec.Struct, frozen=True):
    """An address to ask for; `anchored`: whether the ids of the page are wanted."""

    url: str
    anchored: bool


class Answer(msgspec.Struct, frozen=True):
    """What became of asking for an address: `why` it is dead, "" where it is alive.

    `moved` is where it has gone for good, `ids` what the page holds; both are None where that is
    not known. `busy`: the host asked to be left alone, so that nothing is known.
    """

    why: str = ""
    moved: str | None = None
    ids: frozenset[str] | None = None
    busy: bool = False


Ask = Callable[[Sequence[Question]], Mapping[str, Answer]]
"""Answers each question, by its address."""


def find_questions(subject: Subject, atlas: Atlas) -> tuple[Question, ...]:
    """Every address of another host that is to be asked for, once, sorted."""
    config = subject.config.link_checker
    wanted: dict[str, bool] = {}
    for use in _asked_for(atlas, config):
        url = use.leads.url if isinstance(use.leads, Outside) else ""
        wanted[url] = wanted.get(url, False) or _is_anchored(use, config)
    return tuple(Question(url, anchored) for url, anchored in sorted(wanted.items()))


def find_dead_links(
    subject: Subject, atlas: Atlas, answers: Mapping[str, Answer]
) -> Iterator[Problem]:
    """A problem for each place at which a dead address is written; a notice for one that moved."""
    config = subject.config.link_checker
    level: Severity = "error" if config.external_level == "error" else "warning"
    for use in _asked_for(atlas, config):
        leads = use.leads
        if not isinstance(leads, Outside) or leads.url not in answers:
            continue
        found = _judge(leads, answers[leads.url], level, anchored=_is_anchored(use, config))
        if found is None:
            continue
        places = atlas.written(use)
        for place in places:
            yield msgspec.structs.replace(found, span=place.span, excerpt=place.excerpt)
        if not places:
            yield found


def _asked_for(atlas: Atlas, config: LinkCheckConfig) -> Iterator[Use]:
    for use in atlas.uses:
        document = use.sheet.document
        ignored = document is not None and document.source.path not in atlas.references
        if isinstance(use.leads, Outside) and not ignored:
            url = use.leads.url
            if url and not url.startswith(config.skip_prefixes or ("\0",)):
                yield use


def _is_anchored(use: Use, config: LinkCheckConfig) -> bool:
    if not isinstance(use.leads, Outside) or not use.leads.anchor:
        return False
    return not use.leads.url.startswith(config.skip_anchor_prefixes or ("\0",))


def _judge(leads: Outside, answer: Answer, level: Severity, *, anchored: bool) -> Problem | None:
    url = leads.url
    if answer.busy:
        help = "check again later, or name it in `[link_checker] skip_prefixes`"
        message = f"`{url}` was not checked: {answer.why}"
        return Problem("notice", "external", message, help=(help,))
    if answer.why:
        help = "if it is alive for people, name it in `[link_checker] skip_prefixes`"
        return Problem(level, "external", f"`{url}`: {answer.why}", help=(help,))
    if anchored and answer.ids is not None and leads.anchor not in answer.ids:
        close = nearest(leads.anchor, answer.ids)
        help = (
            f"did you mean `#{close}`?"
            if close
            else ("if a script makes it, name it in `[link_checker] skip_anchor_prefixes`")
        )
        return Problem(level, "external", f"`{url}` has no `#{leads.anchor}`", help=(help,))
    if answer.moved is not None:
        help = f"write `{answer.moved}`"
        return Problem("notice", "external", f"`{url}` has moved for good", help=(help,))
    return None

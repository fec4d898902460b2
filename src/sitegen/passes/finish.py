"""The third pass, done together: fragments to a site, what of it must be rendered, its files."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import msgspec

from sitegen.base.digest import digest_bytes, digest_value
from sitegen.base.errors import Problem, Severity
from sitegen.content.assemble import assemble
from sitegen.model import Card, Heading, Rendered, Site, SiteConfig
from sitegen.passes.answers import Answers
from sitegen.passes.desk import Desk
from sitegen.passes.facts import Facts
from sitegen.passes.made_by import comparable, made_by
from sitegen.passes.memory import Done, Ledger, Memory
from sitegen.passes.outside import outside_of
from sitegen.passes.share import Share, swept
from sitegen.render.book import Book, Part, open_book
from sitegen.render.feed_body import as_fed
from sitegen.render.jobs import Job
from sitegen.render.library import terms_by_name
from sitegen.render.links import check_links, linked_from
from sitegen.render.loader import open_levels
from sitegen.render.shelf import Bodies
from sitegen.storage.fragments import Fragment


def site_made_by(config: SiteConfig) -> str:
    """The same with the configuration and the names of templates: what every file depends on."""
    levels = open_levels(config.root, config.theme or None)
    names = [[level.shown, *level.names()] for level in levels.all]
    parts = (made_by(), comparable(config), names)
    return digest_bytes(msgspec.json.encode(parts, enc_hook=repr))


def open_facts(
    fragments: Mapping[str, Fragment], config: SiteConfig, problems: list[Problem]
) -> Facts:
    """The site that fragments make up, and what is wrong with its lists and links."""
    ordered = {path: fragments[path] for path in sorted(fragments)}
    facts = Facts(ordered, assemble([entry.card for entry in ordered.values()], config, problems))
    level: Severity = "error" if config.link_checker.internal_level == "error" else "warning"
    problems += (problem for entry in ordered.values() for problem in entry.problems)
    links = (link for entry in ordered.values() for link in entry.links)
    problems += check_links(links, facts.cards, level)
    return facts


def open_shared_book(facts: Facts, desk: Desk, problems: list[Problem]) -> Book:
    """The site ready to be rendered, its bodies where the fragments have put them."""
    links = {path: entry.links for path, entry in facts.fragments.items()}
    covers = {path: entry.image for path, entry in facts.fragments.items() if entry.image}
    hold = Bodies(linked_from=linked_from(links), covers=covers)
    return open_part(facts.site, facts.fragments, facts.cards, hold, desk, problems)


def open_part(
    site: Site,
    fragments: Mapping[str, Fragment],
    cards: Mapping[str, Card],
    hold: Bodies,
    desk: Desk,
    problems: list[Problem],
    part: Part | None = None,
) -> Book:
    """The site ready to be rendered, in part if that is given; the texts of `hold` are those of the
    fragments."""
    store, base = desk.store, desk.config.base_url

    def body(path: str) -> str:
        fragment = fragments.get(path)
        return store.text(fragment.body) if fragment else ""

    def toc(path: str) -> tuple[Heading, ...]:
        fragment = fragments.get(path)
        return store.toc(fragment.toc) if fragment and fragment.toc else ()

    @cache
    def feed_body(path: str) -> str:
        fragment = fragments[path]
        html = store.text(fragment.feed or fragment.body)
        return as_fed(html, fragment.card.url, cards, base)

    hold = hold._replace(body=body, toc=toc)
    outside = outside_of(desk.config, desk.environ, desk.all_by)
    return open_book(site, hold, cards, outside, feed_body, problems, part=part)


class Values:
    """Digests of what jobs have read besides pages, as it is now."""

    def __init__(self, desk: Desk, facts: Facts) -> None:
        self._facts = facts
        urls = {path: entry.card.url for path, entry in facts.fragments.items()}
        self._answers = Answers(desk.config, desk.environ, urls)
        self._terms = {
            f"{kind.config.name}/{kind.lang}/{name}": term
            for kind in facts.site.taxonomies
            for name, term in terms_by_name(kind).items()
        }
        self.of = cache(self._of)

    def _of(self, kind: str, name: str) -> str:
        facts = self._facts
        match kind:
            case "taxonomies":
                return digest_value(
                    [
                        (t.config.name, t.lang, t.url, e.name, e.slug, e.spellings, len(e.pages))
                        for t in facts.site.taxonomies
                        for e in t.terms
                    ]
                )
            case "term":
                term = self._terms.get(name)
                return term.url if term else "none"
            case "urls":
                urls = [(path, e.card.url, e.card.assets) for path, e in facts.fragments.items()]
                return digest_value(urls)
            case _:
                return self._answers.of(kind, name)


def do_jobs(
    share: Share, jobs: Sequence[Job], stale: Sequence[tuple[int, str]], book: Book, desk: Desk
) -> tuple[list[Done], Ledger]:
    """This process's part of the jobs, done, and what they have read."""
    done, ledger = [], Ledger(Memory())
    for place in swept(share.taken(len(stale))):
        job = jobs[stale[place][0]]
        begun = time.perf_counter()
        book.shelf.reads.begin()
        made = list(job.make())
        rendered = time.perf_counter()
        for artifact in made:
            desk.put(artifact)
        if job.about is not None:
            files = tuple(artifact.path for artifact in made)
            ledger.add(job.path, files, book.shelf.reads.noted)
        done.append(Done(job.path, rendered - begun, time.perf_counter() - rendered))
    return done, ledger


def rendered_by(jobs: Iterable[Job], done: Iterable[Done]) -> tuple[Rendered, ...]:
    """What was rendered, with the template of each job."""
    templates = {job.path: job.template for job in jobs}
    return tuple(Rendered(o.path, templates[o.path], o.seconds, o.writing) for o in done)

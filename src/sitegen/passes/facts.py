"""What pages may have read of each other, at one build and at the next: which of it has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from sitegen.content.assemble import assemble
from sitegen.model import Card, Section, Site, SiteConfig
from sitegen.render.links import linked_from, targets_of
from sitegen.render.related import Terms, related_to, terms_of_pages
from sitegen.storage.fragments import Fragment

ALL = "*"
"""In place of a field: all of them, the page is new or gone."""

_VIEWS = {
    "url": ("path", "components", "permalink", "assets", "downloads", "benches"),
    "date": ("date", "year", "month", "day"),
    "words": ("word_count", "reading_time"),
    "anchors": (),
    "weight": (),
}
"""The fields of views that are made of a card's field, where they are not called alike."""

_SMALL = frozenset("words toc anchors summary measured also_measured downloads body_line".split())
"""Fields of a card that decide about no list and no order."""

_NAMED = frozenset(("title", "url", "description"))
"""What others show of a page that they name."""

KNOWN = frozenset(
    "title description aliases benches date year month day updated draft lang slug path components "
    "permalink "
    "relative_path colocated_path taxonomies authors extra assets toc word_count reading_time "
    "summary measured also_measured downloads ancestors path_links translations backlinks series "
    "image around body bare content lower higher related generate_feeds transparent paginate_by "
    "paginate_reversed pages subsections parts name page_count".split()
)
"""Fields of which it is known what they are made of; another one may be made of anything."""

OTHER = "other"
"""In place of a field that is not known."""


class Facts(msgspec.Struct, frozen=True):
    """All that pages may show of each other: `fragments` by path, and the site they make up."""

    fragments: Mapping[str, Fragment]
    site: Site

    @property
    def cards(self) -> Mapping[str, Card]:
        return {path: fragment.card for path, fragment in self.fragments.items()}


def facts_of(fragments: Mapping[str, Fragment], config: SiteConfig) -> Facts:
    """The facts at a build whose fragments these were."""
    return Facts(fragments, assemble([entry.card for entry in fragments.values()], config, []))


class Differences(NamedTuple):
    """What is not the same of a page: fields of its card, what views show of it, and whether lists
    may be others."""

    card: set[str]
    views: set[str]
    may_reorder: bool


def differences(old: Fragment, new: Fragment) -> Differences:
    """What a page has come to that it was not before."""
    pairs = ((old.card, new.card), (old.card.meta, new.card.meta))
    changed = {
        field
        for one, two in pairs
        for field in type(one).__struct_fields__
        if field != "meta" and _differ(getattr(one, field), getattr(two, field))
    }
    if old.toc_digest != new.toc_digest:
        changed.add("toc")
    views = {view for field in changed for view in _VIEWS.get(field, (field,))}
    if old.digest != new.digest or old.feed_digest != new.feed_digest:
        views.add("content")
    if old.image != new.image:
        views.add("image")
    others = targets_of(old.links) != targets_of(new.links)
    return Differences(changed, views | {OTHER}, bool(changed - _SMALL) or others)


class Changes:
    """What has changed from one build to the next: fields by path, of pages, sections and terms."""

    def __init__(self, was: Mapping[str, Fragment], now: Facts, config: SiteConfig) -> None:
        self.fields: dict[str, set[str]] = {}
        self._was, self._now, self._config = was, now, config
        self._named: set[str] = set()
        self._moved: set[str] = set()
        self._related: tuple[Terms, Terms] | None = None
        if self._compare_cards():
            self._compare_sites()
        if self._moved:
            self._compare_links()

    @property
    def may_relate(self) -> bool:
        """Whether any page may be related to others than before."""
        return self._related is not None

    def related(self, path: str) -> bool:
        """Whether the pages related to a page are others."""
        if self._related is None:
            return False
        one, two = (related_to(path, terms) for terms in self._related)
        return [card.path for card in one] != [card.path for card in two]

    def _note(self, path: str, *fields: str) -> None:
        self.fields.setdefault(path, set()).update(fields)

    def _compare_cards(self) -> bool:
        """Notes what has changed of each page by itself; whether lists may be others."""
        shape = False
        now = self._now.fragments
        for path in self._was.keys() - now.keys():
            self._note(path, ALL)
            self._named.add(path)
            self._moved.add(path)
            shape = True
        for path, fragment in now.items():
            old = self._was.get(path)
            if old is None:
                self._note(path, ALL)
                self._named.add(path)
                self._moved.add(path)
                shape = True
            elif old.id != fragment.id or not old.id:
                shape |= self._compare_card(path, old, fragment)
        return shape

    def _compare_card(self, path: str, old: Fragment, new: Fragment) -> bool:
        found = differences(old, new)
        self._note(path, *found.views)
        if found.card & _NAMED:
            self._named.add(path)
        if found.card & {"url", "anchors", "assets"}:
            self._moved.add(path)
        return found.may_reorder

    def _compare_sites(self) -> None:
        """Notes what pages see of others: lists, neighbours, the way to them."""
        was, now = facts_of(self._was, self._config), self._now
        one, two = was.site, now.site
        before = linked_from({path: entry.links for path, entry in was.fragments.items()})
        after = linked_from({path: entry.links for path, entry in now.fragments.items()})
        self._related = terms_of_pages(one), terms_of_pages(two)
        for path in now.fragments:
            self._compare(path, "ancestors", one.ancestors.get(path), two.ancestors.get(path))
            self._links(path, "path_links", one.ancestors.get(path), two.ancestors.get(path))
            self._links(path, "backlinks", before.get(path), after.get(path))
            pair = _paths(one.translations.get(path)), _paths(two.translations.get(path))
            self._links(path, "translations", *pair)
            self._compare_neighbours(path, one, two)
            self._compare_series(path, one, two)
        self._compare_sections(one, two)
        self._compare_terms(one, two)

    def _compare(self, path: str, field: str, one: Any, two: Any) -> None:
        if one != two:
            self._note(path, field, OTHER)

    def _links(self, path: str, field: str, one: Any, two: Any) -> None:
        """What shows the names of other pages: others now, or called otherwise."""
        if one != two or not self._named.isdisjoint(two or ()):
            self._note(path, field, OTHER)

    def _compare_neighbours(self, path: str, one: Site, two: Site) -> None:
        old, new = one.neighbours.get(path), two.neighbours.get(path)
        for field in ("lower", "higher"):
            pair = [getattr(around, field, None) for around in (old, new)]
            self._compare(path, field, *(card and card.path for card in pair))

    def _compare_series(self, path: str, one: Site, two: Site) -> None:
        old, new = one.series.get(path), two.series.get(path)
        if old is None and new is None:
            return
        pair = [(s.name, s.url, _paths(s.pages)) if s else None for s in (old, new)]
        self._compare(path, "series", *pair)
        self._links(path, "series", None, new and _paths(new.pages)) if new else None

    def _compare_sections(self, one: Site, two: Site) -> None:
        olds = {section.card.path: section for section in one.sections}
        counts = {section.card.path: len(section.pages) for section in two.sections}
        was = {section.card.path: len(section.pages) for section in one.sections}
        for section in two.sections:
            path, old = section.card.path, olds.get(section.card.path)
            self._compare(path, "pages", old and _paths(old.pages), _paths(section.pages))
            below = _below(section)
            self._compare(path, "subsections", old and _below(old), below)
            sizes = [[sizes.get(name) for name in below] for sizes in (was, counts)]
            self._compare(path, "parts", *sizes)
            self._links(path, "parts", old and _below(old), below)

    def _compare_terms(self, one: Site, two: Site) -> None:
        olds = dict(_terms(one))
        for url, term in _terms(two):
            old = olds.pop(url, None)
            if old is None:
                self._note(url, ALL)
                continue
            self._compare(url, "pages", old[3], term[3])
            self._compare(url, "page_count", len(old[3]), len(term[3]))
            self._compare(url, "name", old[0], term[0])
            self._compare(url, "slug", old[1], term[1])
        for url in olds:
            self._note(url, ALL)

    def _compare_links(self) -> None:
        """Notes the bodies in which a link leads elsewhere now."""
        for path, fragment in self._now.fragments.items():
            targets = targets_of(fragment.links)
            if not self._moved.isdisjoint(targets) or not targets <= self._now.fragments.keys():
                self._note(path, "content", "summary")


def _differ(one: Any, two: Any) -> bool:
    """Whether two values are not the same in every respect: Python takes 1 and true for equal, and
    the same moment in two zones."""
    encode = msgspec.json.Encoder(enc_hook=repr).encode
    return one != two or encode(one) != encode(two)


def _paths(cards: Iterable[Card] | None) -> tuple[str, ...] | None:
    return None if cards is None else tuple(card.path for card in cards)


def _below(section: Section) -> tuple[str, ...]:
    return tuple(card.path for card in section.subsections)


def _terms(site: Site) -> Iterator[tuple[str, tuple[str, str, Any, Any]]]:
    for taxonomy in site.taxonomies:
        for term in taxonomy.terms:
            yield term.url, (term.name, term.slug, term.spellings, _paths(term.pages))

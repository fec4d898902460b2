"""Views of a site's pages and sections: each is made once, when something first asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from sitegen.base.address import permalink
from sitegen.model import Card, Heading, Page, Section, Series, Site, Term
from sitegen.render.links import resolve_text
from sitegen.render.measured import view_measured
from sitegen.render.reads import Reads
from sitegen.render.related import Terms, related_to, terms_of_pages
from sitegen.render.views import (
    LinkView,
    PageView,
    PartView,
    SectionView,
    SeriesView,
    TermView,
    TranslationView,
    minutes,
    view_benches,
    view_link,
)

VIEWS = 16_384
"""Views of pages that are kept at a time, besides those in lists: each takes a kilobyte or more."""


class Bodies(NamedTuple):
    """What a site's pages hold besides their cards, by path: `body` is a body whose internal links
    wait for their targets, `toc` a table of contents, `linked_from` are the files that link to each
    file, `covers` the addresses of pictures, `terms` those that count for what is related, None if
    nobody has looked for them yet."""

    body: Callable[[str], str] = lambda path: ""
    toc: Callable[[str], tuple[Heading, ...]] = lambda path: ()
    linked_from: Mapping[str, tuple[str, ...]] = {}
    covers: Mapping[str, str] = {}
    terms: Terms | None = None


class Shelf:
    """The views of a site, by the path of the file below `content/`; what is read of them is noted
    in `reads`."""

    def __init__(
        self, site: Site, cards: Mapping[str, Card], bodies: Bodies, reads: Reads | None = None
    ) -> None:
        self.site = site
        self.base = site.config.base_url
        self.reads = reads or Reads()
        self._cards = cards
        self._bodies = bodies
        self._terms = terms_of_pages(site) if bodies.terms is None else bodies.terms
        self._sections = {section.card.path: section for section in site.sections}
        self._listed: dict[str, Sequence[Card]] = {
            **{section.card.path: section.pages for section in site.sections},
            **{term.url: term.pages for kind in site.taxonomies for term in kind.terms},
        }
        self._page_views: dict[str, PageView] = {}
        self._renewed: dict[str, Page] = {}
        self._section_views: dict[str, SectionView] = {}
        self._page_lists: dict[str, tuple[PageView, ...]] = {}

    def renew(self, page: Page) -> None:
        """A page is this from now on; lists keep what they showed of it."""
        path = page.card.path
        self._cards = {**self._cards, path: page.card}
        self._page_views.pop(path, None)
        self._renewed[path] = page

    def note(self, path: str, field: str) -> None:
        """A field of the page, section or term at a path was read."""
        self.reads.noted.add((path, field))

    def content(self, path: str) -> Markup:
        """The body of a page or section, links resolved; empty where it has no file."""
        self.note(path, "content")
        renewed = self._renewed.get(path)
        body = self._bodies.body(path) if renewed is None else renewed.body
        return Markup(resolve_text(body, self._cards, self.base))  # noqa: S704

    def toc(self, path: str) -> tuple[Heading, ...]:
        """The table of contents of a page or section."""
        renewed = self._renewed.get(path)
        return self._bodies.toc(path) if renewed is None else renewed.toc

    def pages_of(self, path: str) -> tuple[PageView, ...]:
        """The pages of the section at a path, or of the term at a URL."""
        if path not in self._page_lists:
            self._page_lists[path] = self.pages(self._listed.get(path, ()))
        return self._page_lists[path]

    def neighbour(self, path: str, *, higher: bool) -> PageView | None:
        """The page behind or before another in its section."""
        around = self.site.neighbours.get(path)
        card = (around.higher if higher else around.lower) if around else None
        return self.page(card) if card else None

    def related(self, path: str) -> tuple[PageView, ...]:
        """The pages that share most terms with a page."""
        return self.pages(related_to(path, self._terms))

    def pages(self, cards: Sequence[Card]) -> tuple[PageView, ...]:
        """The views of several pages, in their order."""
        return tuple(self.page(card) for card in cards)

    def page(self, card: Card) -> PageView:
        """The view of a page."""
        view = self._page_views.get(card.path)
        if view is None:
            if len(self._page_views) >= VIEWS:
                self._page_views.clear()
            view = self._page_views[card.path] = self._view_page(card)
        return view

    def section(self, section: Section) -> SectionView:
        """The view of a section."""
        view = self._section_views.get(section.card.path)
        if view is None:
            view = self._section_views[section.card.path] = self._view_section(section)
        return view

    def find_page(self, path: str) -> PageView | None:
        """The page of a file, as `get_page` gives it."""
        card = self._cards.get(path)
        return self.page(card) if card is not None and not card.is_section else None

    def find_section(self, path: str) -> SectionView | None:
        """The section of a file, as `get_section` gives it."""
        section = self._sections.get(path)
        return self.section(section) if section is not None else None

    def term(self, term: Term) -> TermView:
        """The view of a term."""
        return TermView(
            name=term.name,
            slug=term.slug,
            path=term.url,
            permalink=permalink(self.base, term.url),
            page_count=len(term.pages),
            around=self,
        )

    def translations(self, path: str) -> tuple[TranslationView, ...]:
        """The languages of a page or section, if it has more than one."""
        return tuple(
            TranslationView(card.lang, permalink(self.base, card.url), card.title, card.path)
            for card in self.site.translations.get(path, ())
        )

    def _view_page(self, card: Card) -> PageView:
        date = card.date
        ancestors = self.site.ancestors.get(card.path, ())
        series = self.site.series.get(card.path)
        colocated = _colocated(card)
        return PageView(
            title=card.title or None,
            description=card.description or None,
            date=date,
            updated=card.updated,
            year=date.year if date else None,
            month=date.month if date else None,
            day=date.day if date else None,
            draft=card.draft,
            aliases=card.meta.aliases,
            lang=card.lang,
            slug=card.meta.slug or "",
            path=card.url,
            components=_components(card),
            permalink=permalink(self.base, card.url),
            relative_path=card.path,
            colocated_path=colocated,
            taxonomies=card.taxonomies,
            authors=card.authors,
            extra=card.extra,
            assets=tuple(f"/{asset}" for asset in card.assets) if colocated else (),
            word_count=card.words,
            reading_time=minutes(card.words),
            summary=self._summary(card),
            measured=view_measured(card.measured) if card.measured else None,
            also_measured=tuple(view_measured(measured) for measured in card.also_measured),
            downloads=tuple(
                LinkView(name, permalink(self.base, card.url + name)) for name in card.downloads
            ),
            ancestors=ancestors,
            path_links=self._links(ancestors),
            translations=self.translations(card.path),
            backlinks=self._backlinks_of(card),
            series=self._series(card, series) if series else None,
            image=self._bodies.covers.get(card.path),
            around=self,
            benches=view_benches(card, self.base),
        )

    def _view_section(self, section: Section) -> SectionView:
        card, meta = section.card, section.card.meta
        ancestors = self.site.ancestors.get(card.path, ())
        folder = card.path.rpartition("/")[0]
        return SectionView(
            title=card.title or None,
            description=card.description or None,
            draft=card.draft,
            aliases=card.meta.aliases,
            lang=card.lang,
            path=card.url,
            components=_components(card),
            permalink=permalink(self.base, card.url),
            relative_path=card.path,
            extra=card.extra,
            assets=tuple(
                f"{card.url}{asset.removeprefix(folder).lstrip('/')}" for asset in card.assets
            ),
            word_count=card.words,
            reading_time=minutes(card.words),
            generate_feeds=meta.generate_feeds,
            transparent=meta.transparent,
            paginate_by=meta.paginate_by or None,
            paginate_reversed=meta.paginate_reversed,
            ancestors=ancestors,
            path_links=self._links(ancestors),
            translations=self.translations(card.path),
            backlinks=self._backlinks_of(card),
            subsections=tuple(below.path for below in section.subsections),
            parts=tuple(self._part(below) for below in section.subsections),
            around=self,
            benches=view_benches(card, self.base),
        )

    def _part(self, card: Card) -> PartView:
        count = len(self._sections[card.path].pages)
        link = view_link(card, self.base)
        return PartView(link.title, card.description, link.permalink, count)

    def _links(self, paths: Sequence[str]) -> tuple[LinkView, ...]:
        return tuple(view_link(self._sections[path].card, self.base) for path in paths)

    def _backlinks_of(self, card: Card) -> tuple[LinkView, ...]:
        cards = [self._cards[path] for path in self._bodies.linked_from.get(card.path, ())]
        links = (view_link(other, self.base) for other in cards)
        return tuple(sorted(links, key=lambda link: link.permalink))

    def _summary(self, card: Card) -> Markup | None:
        if not card.summary:
            return None
        return Markup(resolve_text(card.summary, self._cards, self.base))  # noqa: S704

    def _series(self, card: Card, series: Series) -> SeriesView:
        links = tuple(view_link(page, self.base) for page in series.pages)
        place = next(n for n, page in enumerate(series.pages) if page.path == card.path)
        return SeriesView(
            name=series.name,
            permalink=permalink(self.base, series.url) if series.url else "",
            position=place + 1,
            previous=links[place - 1] if place else None,
            next=links[place + 1] if place + 1 < len(links) else None,
            all=links,
        )


def _components(card: Card) -> tuple[str, ...]:
    return tuple(part for part in card.url.split("/") if part)


def _colocated(card: Card) -> str | None:
    """The folder of a bundle, as Zola names it; None for a page without a folder of its own."""
    folder, _, name = card.path.rpartition("/")
    return f"{folder}/" if folder and name.split(".", 1)[0] == "index" else None

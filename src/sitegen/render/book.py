"""All that rendering reads: the site's lists, its views, the templates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

import msgspec

from sitegen import __version__
from sitegen.base.address import permalink
from sitegen.base.errors import Problem, SiteError
from sitegen.base.paths import alias_file
from sitegen.model import Artifact, Card, Site
from sitegen.render.config_view import view_config
from sitegen.render.escape import replace_unfit
from sitegen.render.feed_links import feeds_of_site
from sitegen.render.functions import Outside
from sitegen.render.jobs import Job
from sitegen.render.library import open_library
from sitegen.render.minify import Minify, open_minifier
from sitegen.render.own_pages import archive_url, measurements_url, search_url
from sitegen.render.reader import for_readers
from sitegen.render.reads import ALWAYS
from sitegen.render.redirects import redirect
from sitegen.render.shelf import Bodies, Shelf
from sitegen.render.templates import Templates
from sitegen.render.views import LinkView, view_link, view_taxonomy
from sitegen.render.words import direction, words_of

FeedBody = Callable[[str], str]
"""The body of a page as feeds carry it, by the page's path below `content/`."""

Context = Callable[[], Mapping[str, Any]]
"""What a template sees besides what all see."""

ZOLA = "0.23.6"
"""The version of Zola whose names templates may count on."""


FeedName = tuple[str, str]
"""The address that a feed belongs to, and what it is made from."""


class Fed(msgspec.Struct, frozen=True):
    """What a feed shows: its pages, newest first, and when the last of all was updated."""

    cards: Sequence[Card]
    latest: dt.datetime


class Own(NamedTuple):
    """Addresses of pages that no file of the site stands for, "" for one that is not there."""

    archive: str
    search: str
    measurements: str


class Part(NamedTuple):
    """Of which files there are to be jobs, of a site whose lists are known: the addresses of own
    pages by language, and the feeds, are taken from there."""

    files: Collection[str]
    own: Mapping[str, Own]
    fed: Mapping[FeedName, Fed]


class Book(msgspec.Struct, frozen=True):
    """The site ready to be rendered; `common` is what every template sees, by language.

    `fed` are the feeds that were looked for so far, by their names; `part` says what of the site is
    to be rendered, None for all.

    `feed_text` is HTML as feeds carry it, for the page's address.
    With `plain` only the built-in templates are used. An author's mistake in a template goes to
    `problems`, once for all the pages that meet it.
    """

    site: Site
    shelf: Shelf
    templates: Templates
    common: Mapping[str, Mapping[str, Any]]
    feed_body: FeedBody
    feed_text: Callable[[str, str], str]
    minify: Minify
    problems: list[Problem]
    fed: dict[FeedName, Fed]
    plain: bool = False
    part: Part | None = None

    def is_wanted(self, url: str) -> bool:
        """Whether there is to be a job for the page at `url`."""
        return self.part is None or file_at(url) in self.part.files

    def choose(self, own: str | None, built_in: str) -> str:
        """The template that a page asks for, where the site's own are used; else the built-in."""
        return built_in if self.plain or own is None else own

    def words(self, lang: str) -> Mapping[str, str]:
        """The theme's words in a language."""
        words: Mapping[str, str] = self.common[lang]["words"]
        return words

    def job(
        self,
        template: str,
        url: str,
        made_from: str,
        lang: str,
        about: Any = (),
        context: Context = dict,
    ) -> Job:
        """The page at `url`: a folder's index, or the file that it names.

        All jobs of a site are in memory together: they take a third of what closures would.
        """
        path = file_at(url)
        known = (template, url, made_from, lang, about)
        return Job(path, made_from, known, partial(self._make, path, known, context), template)

    def _make(
        self, path: str, known: tuple[str, str, str, str, Any], context: Context
    ) -> Iterable[Artifact]:
        template, url, made_from, lang, _ = known
        return (self.render(template, url, path, made_from, lang, context()),)

    def render(
        self,
        template: str,
        url: str,
        path: str,
        made_from: str,
        lang: str,
        context: Mapping[str, Any],
    ) -> Artifact:
        """The page at `url`, made now."""
        address = permalink(self.site.config.base_url, url)
        common = self.common[lang]
        everywhere = {**common, "current_path": url, "current_url": address}
        feeds = {"feeds": (*context.get("feeds", ()), *common["feeds"])}
        try:
            text = self.templates.render(template, made_from, {**everywhere, **context, **feeds})
        except SiteError as error:
            self.shelf.reads.note(*ALWAYS)
            known = {(problem.span, problem.message) for problem in self.problems}
            new = [p for p in error.problems if (p.span, p.message) not in known]
            self.problems.extend(new)
            text = ""
        fit = replace_unfit(text)
        return Artifact(path, (self.minify(fit) if _is_html(path) else fit).encode(), made_from)

    def redirect(self, old: str, url: str, lang: str, made_from: str) -> Artifact:
        """A page at an old address that leads to one of the site's own."""
        path = alias_file(old) or old.strip("/")
        target = permalink(self.site.config.base_url, url)
        return redirect(path, target, lang, self.words(lang), made_from)


def open_book(
    site: Site,
    bodies: Bodies,
    cards: Mapping[str, Card],
    outside: Outside,
    feed_body: FeedBody,
    problems: list[Problem],
    *,
    plain: bool = False,
    part: Part | None = None,
) -> Book:
    """The site ready to be rendered; with `plain` by the built-in templates only, with `part` only
    in part."""
    shelf = Shelf(site, cards, bodies)
    library = open_library(site, shelf)
    languages = [language.code for language in site.config.languages]
    return Book(
        site=site,
        shelf=shelf,
        templates=Templates(site.config, library, outside, problems, shelf.reads, plain=plain),
        plain=plain,
        part=part,
        fed={} if part is None else dict(part.fed),
        common={code: _common(site, code, part and part.own[code]) for code in languages},
        feed_body=feed_body,
        feed_text=lru_cache(4096)(for_readers),
        minify=open_minifier(site.config),
        problems=problems,
    )


def _common(site: Site, lang: str, own: Own | None) -> Mapping[str, Any]:
    """What every template sees of a page in a language."""
    own = own or own_pages(site, lang)
    return {
        "config": view_config(site, lang),
        "lang": lang,
        "dir": direction(lang),
        "words": words_of(site.config, lang),
        "home": permalink(site.config.base_url, site.config.home(lang)),
        "nav": _navigation(site, lang, own),
        "feeds": feeds_of_site(site.config, lang),
        **own._asdict(),
        "structured": (),
        "translations": (),
        "sitegen_version": __version__,
        "zola_version": ZOLA,
    }


def own_pages(site: Site, lang: str) -> Own:
    """The addresses of a language's own pages."""
    urls = (archive_url(site, lang), search_url(site, lang), measurements_url(site, lang))
    return Own(*(permalink(site.config.base_url, url) if url else "" for url in urls))


def file_at(url: str) -> str:
    """The file that is served at an address: a folder's index, or the file that it names."""
    return url.lstrip("/") + ("index.html" if url.endswith("/") else "")


def _is_html(path: str) -> bool:
    return path.endswith((".html", ".htm"))


def _navigation(site: Site, lang: str, own: Own) -> tuple[LinkView, ...]:
    """The top-level sections, then the taxonomies that have terms, then the measurements."""
    base = site.config.base_url
    homes = {section.card.url: section for section in site.sections}
    home = homes.get(site.config.home(lang))
    below = home.subsections if home else ()
    sections = [view_link(card, base) for card in below if card.meta.render]
    taxonomies = [
        view_taxonomy(taxonomy, base)
        for taxonomy in site.taxonomies
        if taxonomy.lang == lang and taxonomy.terms and taxonomy.config.render
    ]
    title = words_of(site.config, lang)["measurements"]
    last = (LinkView(title, own.measurements),) if own.measurements else ()
    return (*sections, *(LinkView(view.title, view.permalink) for view in taxonomies), *last)

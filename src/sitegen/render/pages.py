"""Pages, lists, feeds and the sitemap: the site and its bodies to artifacts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import as_file, files
from typing import Any
from urllib.parse import urlsplit

import msgspec
from markupsafe import Markup

from sitegen import __version__
from sitegen.base.address import permalink
from sitegen.base.errors import Problem, SiteError
from sitegen.model import Artifact, Asset, Card, Page, Section, Site
from sitegen.render.escape import escape_text, replace_unfit
from sitegen.render.functions import Outside
from sitegen.render.library import open_library
from sitegen.render.links import resolve_links
from sitegen.render.templates import Templates
from sitegen.render.views import (
    EntryView,
    LinkView,
    PageView,
    view_config,
    view_link,
    view_page,
    view_section,
    view_taxonomy,
    view_term,
)

NEWEST = 10
"""Pages on the home page."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Book(msgspec.Struct, frozen=True):
    """All that rendering reads: the site's lists, the bodies by path, the templates.

    An author's mistake in a template goes to `problems`, once for all the pages that meet it.
    """

    site: Site
    bodies: Mapping[str, Markup]
    templates: Templates
    common: Mapping[str, Any]
    problems: list[Problem]

    def render(self, template: str, url: str, made_from: str, **context: Any) -> Artifact:
        """A page at `url`: a folder's index, or the file that it names."""
        base = self.site.config.base_url
        everywhere = {"current_path": url, "current_url": permalink(base, url), **self.common}
        try:
            text = self.templates.render(template, made_from, {**everywhere, **context})
        except SiteError as error:
            known = {(problem.span, problem.message) for problem in self.problems}
            new = [p for p in error.problems if (p.span, p.message) not in known]
            self.problems.extend(new)
            text = ""
        path = url.lstrip("/") + ("index.html" if url.endswith("/") else "")
        return Artifact(path, replace_unfit(text).encode(), made_from)


def open_book(
    site: Site,
    pages: Sequence[Page],
    cards: Mapping[str, Card],
    outside: Outside,
    problems: list[Problem],
) -> Book:
    """The site ready to be rendered."""
    config = site.config
    bodies = {
        page.card.path: Markup(resolve_links(page, cards, config.base_url))  # noqa: S704
        for page in pages
    }
    return Book(
        site=site,
        bodies=bodies,
        templates=Templates(
            config, open_library(site, bodies), outside, getattr(config, "theme", None) or None
        ),
        common={
            "config": view_config(config),
            "lang": config.language,
            "nav": _navigation(site),
            "sitegen_version": __version__,
        },
        problems=problems,
    )


def _navigation(site: Site) -> tuple[LinkView, ...]:
    """The top-level sections, then the taxonomies that have terms."""
    base = site.config.base_url
    home = next((section for section in site.sections if section.card.url == "/"), None)
    sections = [view_link(card, base) for card in home.subsections] if home else []
    lists = [
        LinkView(view.title, view.permalink)
        for view in (
            view_taxonomy(taxonomy, base) for taxonomy in site.taxonomies if taxonomy.terms
        )
    ]
    return (*sections, *lists)


def render_site(book: Book) -> Iterator[Artifact]:
    """Everything that is rendered, in a fixed order."""
    yield from _render_pages(book)
    yield from _render_sections(book)
    yield from _render_taxonomies(book)
    yield book.render("404.html", "/404.html", "404.html")
    yield from _render_feeds(book)
    yield from _render_for_robots(book)
    yield from book.templates.made_files()


def _render_pages(book: Book) -> Iterator[Artifact]:
    base = book.site.config.base_url
    around = {
        card.path: (section, place)
        for section in book.site.sections
        for place, card in enumerate(section.pages)
    }
    sections = {section.card.url: section.card for section in book.site.sections}
    for card in book.site.pages:
        if not card.meta.render:
            continue
        lower = higher = None
        if card.path in around:
            section, place = around[card.path]
            lower, higher = _neighbours(section, place, base)
        view = msgspec.structs.replace(
            view_page(card, base),
            content=book.bodies[card.path],
            ancestors=_ancestors(card, sections, base),
            lower=lower,
            higher=higher,
        )
        template = card.meta.template or "page.html"
        yield book.render(template, card.url, f"content/{card.path}", page=view)


def _neighbours(section: Section, place: int, base: str) -> tuple[LinkView | None, LinkView | None]:
    """The older and the newer page; in a section that is not sorted by date, previous and next."""
    before = section.pages[place - 1] if place else None
    after = section.pages[place + 1] if place + 1 < len(section.pages) else None
    if section.card.meta.sort_by in ("date", "update_date"):
        before, after = after, before
    return (
        view_link(before, base) if before else None,
        view_link(after, base) if after else None,
    )


def _ancestors(card: Card, sections: Mapping[str, Card], base: str) -> tuple[LinkView, ...]:
    """The sections around a page, outermost first."""
    parts = card.url.strip("/").split("/")[:-1]
    urls = ["/"] + ["/" + "/".join(parts[: n + 1]) + "/" for n in range(len(parts))]
    return tuple(view_link(sections[url], base) for url in urls if url in sections)


def _render_sections(book: Book) -> Iterator[Artifact]:
    base = book.site.config.base_url
    counts = {section.card.path: len(section.pages) for section in book.site.sections}
    for section in book.site.sections:
        card = section.card
        if not card.meta.render:
            continue
        content = book.bodies[card.path]
        view = view_section(section, content, base, lambda below: counts[below.path])
        home = card.url == "/"
        extra = {"pages": _newest(book)} if home else {}
        template = card.meta.template or ("index.html" if home else "section.html")
        yield book.render(template, card.url, f"content/{card.path}", section=view, **extra)


def _newest(book: Book) -> tuple[PageView, ...]:
    base = book.site.config.base_url
    dated = [card for card in book.site.pages if card.date is not None]
    return tuple(view_page(card, base) for card in dated[:NEWEST])


def _render_taxonomies(book: Book) -> Iterator[Artifact]:
    base = book.site.config.base_url
    for taxonomy in book.site.taxonomies:
        view = view_taxonomy(taxonomy, base)
        name = taxonomy.config.name
        terms = tuple(view_term(term, base) for term in taxonomy.terms)
        context = {"taxonomy": view, "terms": terms}
        yield book.render("taxonomy_list.html", taxonomy.url, f"taxonomy {name}", **context)
        for term, term_view in zip(taxonomy.terms, terms, strict=True):
            made_from = f"term {term.name} of {name}"
            one = {"taxonomy": view, "term": term_view}
            yield book.render("taxonomy_single.html", term.url, made_from, **one)
            if taxonomy.config.feed:
                whole = LinkView(f"{view.title}: {term.name}", permalink(base, term.url))
                yield _feed(book, term.url, term.pages, made_from, section=whole)


def _render_feeds(book: Book) -> Iterator[Artifact]:
    if book.site.config.generate_feeds:
        yield _feed(book, "/", book.site.pages, "the site's feed")
    for section in book.site.sections:
        if section.card.meta.generate_feeds and section.card.url != "/":
            view = view_link(section.card, book.site.config.base_url)
            yield _feed(book, section.card.url, section.pages, section.card.path, section=view)


def _feed(book: Book, url: str, cards: Sequence[Card], made_from: str, **context: Any) -> Artifact:
    """The Atom feed of dated pages, newest first; links in bodies become absolute."""
    config = book.site.config
    dated = [card for card in cards if card.date is not None]
    dated.sort(key=lambda card: (card.date or _EPOCH, card.path), reverse=True)
    dated = dated[: config.feed_limit]
    views = tuple(
        msgspec.structs.replace(
            view_page(card, config.base_url),
            content=_absolute(book.bodies[card.path], card, config.base_url),
        )
        for card in dated
    )
    latest = max((card.updated or card.date or _EPOCH for card in dated), default=_EPOCH)
    feed_url = permalink(config.base_url, f"{url}atom.xml")
    return book.render(
        "atom.xml",
        f"{url}atom.xml",
        made_from,
        pages=views,
        feed_url=feed_url,
        last_updated=latest,
        **context,
    )


def _absolute(body: Markup, card: Card, base_url: str) -> Markup:
    """The body with references that a feed reader, far from the page, can follow."""
    host = base_url[: len(base_url) - len(urlsplit(base_url).path)]
    text = str(body).replace('href="#', f'href="{escape_text(permalink(base_url, card.url))}#')
    for attribute in ("href", "src"):
        text = text.replace(f'{attribute}="/', f'{attribute}="{host}/')
    return Markup(text)  # noqa: S704 (rendered by us)


def _render_for_robots(book: Book) -> Iterator[Artifact]:
    config = book.site.config
    if config.generate_sitemap:
        cards = [*(section.card for section in book.site.sections), *book.site.pages]
        entries = [
            EntryView(permalink(config.base_url, card.url), card.updated or card.date)
            for card in cards
            if card.meta.render
        ]
        for taxonomy in book.site.taxonomies:
            urls = [taxonomy.url, *(term.url for term in taxonomy.terms)]
            entries += [EntryView(permalink(config.base_url, url), None) for url in urls]
        entries.sort(key=lambda entry: entry.permalink)
        yield book.render("sitemap.xml", "/sitemap.xml", "the sitemap", entries=tuple(entries))
    if config.generate_robots_txt:
        yield book.render("robots.txt", "/robots.txt", "robots.txt")


def theme_files() -> Iterator[Artifact]:
    """The built-in theme's own static files."""
    folder = files("sitegen.theme").joinpath("static")
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        with as_file(entry) as path:
            yield Artifact(entry.name, path.read_bytes(), f"the theme's {entry.name}")


def copy_assets(assets: Sequence[Asset], folder: str, made_from: str) -> Iterator[Artifact]:
    """Files to be copied as they are, below a folder of the site."""
    for asset in assets:
        yield Artifact(f"{folder}{asset.path}".lstrip("/"), asset.file, f"{made_from}/{asset.path}")

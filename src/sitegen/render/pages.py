"""Pages and lists: the site and its bodies to artifacts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.resources import as_file, files
from itertools import islice
from typing import Any

import msgspec

from sitegen.base.errors import Problem
from sitegen.model import Artifact, Asset, Card, Section
from sitegen.render.archive import render_archives
from sitegen.render.book import Book, open_book
from sitegen.render.feed_links import feeds_of_section
from sitegen.render.feeds import render_feeds
from sitegen.render.jobs import Job, Made, done
from sitegen.render.measurements import render_measurements
from sitegen.render.paginate import Pager, Pagination, about_pager, cut, view_pager
from sitegen.render.redirects import aliases_of, redirect, redirect_target
from sitegen.render.robots import render_for_robots
from sitegen.render.search import render_search
from sitegen.render.structured import of_page, of_section, of_site
from sitegen.render.terms import render_taxonomies

NEWEST = 10
"""Pages on a home page that is not cut into pages."""

__all__ = [
    "copy_assets",
    "open_book",
    "page_job",
    "render_lists",
    "render_own_site",
    "render_site",
    "render_zola_site",
    "theme_files",
]


def render_zola_site(
    open_with: Callable[[bool, list[Problem]], Book], problems: list[Problem]
) -> list[Artifact]:
    """A site that is still Zola's, rendered by its own templates, or else by the built-in ones.

    Its templates are Tera's: where one cannot be used, none is, and what is wrong with them are
    warnings. `open_with` opens the site, plain or not.
    """
    found: list[Problem] = []
    artifacts = list(render_own_site(open_with(False, found)))
    if all(problem.severity != "fatal" for problem in found):
        problems += found
        return artifacts
    help = "`sitegen migrate-templates` turns Tera into Jinja2 where that is mechanical"
    message = "the built-in templates are used: those of this site are not all Jinja2"
    problems.append(Problem("warning", "template", message, help=(help,)))
    problems += (msgspec.structs.replace(problem, severity="warning") for problem in found)
    return list(render_own_site(open_with(True, problems)))


def render_own_site(book: Book) -> Iterator[Artifact]:
    """Everything that is rendered, and the images that templates asked for."""
    yield from done(render_site(book))
    yield from book.templates.made_files()


def render_site(book: Book) -> Iterator[Made]:
    """Everything that is rendered, in a fixed order."""
    yield from _render_pages(book)
    yield from _render_sections(book)
    yield from render_taxonomies(book)
    yield from _render_aliases(book)
    yield book.job("404.html", "/404.html", "404.html", book.site.config.language)
    yield from render_archives(book)
    yield from render_measurements(book)
    yield from render_search(book)
    yield from render_feeds(book)
    yield from render_for_robots(book)


def render_lists(book: Book) -> Iterator[Made]:
    """What shows several pages by their lists, without looking at each page of the site."""
    yield from _render_sections(book)
    yield from render_taxonomies(book)
    yield from render_feeds(book)


def _render_pages(book: Book) -> Iterator[Job]:
    for card in book.site.pages:
        if card.meta.render:
            yield page_job(book, card)


def page_job(book: Book, card: Card) -> Job:
    """The page of a card."""
    template = book.choose(card.meta.template, "page.html")
    context = partial(_page_context, book, card)
    return book.job(template, card.url, f"content/{card.path}", card.lang, (), context)


def _page_context(book: Book, card: Card) -> Mapping[str, Any]:
    view = book.shelf.page(card)
    structured = of_page(view, book.site.config)
    return {"page": view, "translations": view.translations, "structured": structured}


def _render_sections(book: Book) -> Iterator[Made]:
    for section in book.site.sections:
        card = section.card
        if not card.meta.render:
            continue
        target = redirect_target(card, book.site.config.base_url)
        if target is not None:
            path = f"{card.url}index.html".lstrip("/")
            made_from = f"content/{card.path}"
            yield redirect(path, target, card.lang, book.words(card.lang), made_from)
        else:
            yield from _render_section(book, section)


def _render_section(book: Book, section: Section) -> Iterator[Made]:
    card, meta = section.card, section.card.meta
    home = card.url == book.site.config.home(card.lang)
    template = book.choose(meta.template, "index.html" if home else "section.html")
    made_from = f"content/{card.path}"
    feeds = feeds_of_section(section, book.site.config)
    config = book.site.config

    def context() -> dict[str, Any]:
        view = book.shelf.section(section)
        structured = of_site(config, card.lang) if home else of_section(view, config)
        translations = view.translations
        return {"section": view, "feeds": feeds, "structured": structured} | {
            "translations": translations
        }

    if not meta.paginate_by:
        newest = _newest(book, card.lang) if home else ()
        about = (feeds, [page.path for page in newest])

        def with_newest() -> Mapping[str, Any]:
            return context() | ({"pages": book.shelf.pages(newest)} if home else {})

        yield book.job(template, card.url, made_from, card.lang, about, with_newest)
        return
    pagination = Pagination(card.url, meta.paginate_by, meta.paginate_path, meta.paginate_reversed)
    whole = cut(section.pages, pagination, config.base_url)

    def with_pager(pager: Pager) -> Mapping[str, Any]:
        paginator = view_pager(pager, whole, pagination, book.shelf)
        found = context() | {"paginator": paginator, "structured": ()}
        return found if pager.index == 1 else found | {"translations": ()}

    for pager in whole.pagers:
        if not book.is_wanted(pager.url):
            continue
        listed = (feeds, about_pager(pager, whole))
        page = partial(with_pager, pager)
        yield book.job(template, pager.url, made_from, card.lang, listed, page)
    yield book.redirect(pagination.numbered(1), card.url, card.lang, f"page 1 of {made_from}")


def _newest(book: Book, lang: str) -> list[Card]:
    dated = (card for card in book.site.pages if card.date is not None and card.lang == lang)
    return list(islice((card for card in dated if not card.meta.hidden), NEWEST))


def _render_aliases(book: Book) -> Iterator[Artifact]:
    for alias, card in aliases_of(book.site):
        made_from = f"the alias {alias} of content/{card.path}"
        yield book.redirect(alias, card.url, card.lang, made_from)


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

"""The pages of taxonomies: a list of terms each, and a list of pages for every term."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from sitegen.model import Taxonomy, Term
from sitegen.render.book import Book
from sitegen.render.feed_links import feeds_of_term
from sitegen.render.jobs import Made
from sitegen.render.paginate import Pager, Pagination, about_pager, cut, view_pager
from sitegen.render.views import view_taxonomy


def render_taxonomies(book: Book) -> Iterator[Made]:
    """The lists of every taxonomy that is rendered, in every language."""
    for taxonomy in book.site.taxonomies:
        if taxonomy.config.render:
            yield from _render_taxonomy(book, taxonomy)


def _render_taxonomy(book: Book, taxonomy: Taxonomy) -> Iterator[Made]:
    name, lang = taxonomy.config.name, taxonomy.lang
    view = view_taxonomy(taxonomy, book.site.config.base_url)

    def context() -> Mapping[str, Any]:
        terms = tuple(book.shelf.term(term) for term in taxonomy.terms)
        return {"taxonomy": view, "terms": terms}

    about = [(term.name, term.slug, term.url, len(term.pages)) for term in taxonomy.terms]
    template = book.templates.first_of(f"{name}/list.html", "taxonomy_list.html")
    yield book.job(template, taxonomy.url, f"taxonomy {name}", lang, about, context)
    template = book.templates.first_of(f"{name}/single.html", "taxonomy_single.html")
    for term in taxonomy.terms:
        yield from _render_term(book, taxonomy, term, template)


def _render_term(book: Book, taxonomy: Taxonomy, term: Term, template: str) -> Iterator[Made]:
    config, lang = taxonomy.config, taxonomy.lang
    made_from = f"term {term.name} of {config.name}"
    feeds = feeds_of_term(taxonomy, term, book.site.config)
    about = (feeds, term.name, term.slug, len(term.pages))

    def context() -> dict[str, Any]:
        view = view_taxonomy(taxonomy, book.site.config.base_url)
        return {"taxonomy": view, "term": book.shelf.term(term), "feeds": feeds}

    for alias in term.aliases:
        yield book.redirect(alias, term.url, lang, f"{made_from}, in one level")
    if not config.paginate_by:
        yield book.job(template, term.url, made_from, lang, about, context)
        return
    pagination = Pagination(term.url, config.paginate_by, config.paginate_path)
    whole = cut(term.pages, pagination, book.site.config.base_url)

    def with_pager(pager: Pager) -> Mapping[str, Any]:
        return context() | {"paginator": view_pager(pager, whole, pagination, book.shelf)}

    for pager in whole.pagers:
        if not book.is_wanted(pager.url):
            continue
        listed = (about, about_pager(pager, whole))
        yield book.job(template, pager.url, made_from, lang, listed, partial(with_pager, pager))
    yield book.redirect(pagination.numbered(1), term.url, lang, f"page 1 of {made_from}")

"""The pages of taxonomies: a list of terms each, and a list of pages for every term."""

from __future__ import annotations

from collections.abc import Iterator

from sitegen.model import Artifact, Taxonomy, Term
from sitegen.render.book import Book
from sitegen.render.feed_links import feeds_of_term
from sitegen.render.paginate import Pagination, cut, view_pager
from sitegen.render.views import view_taxonomy


def render_taxonomies(book: Book) -> Iterator[Artifact]:
    """The lists of every taxonomy that is rendered, in every language."""
    for taxonomy in book.site.taxonomies:
        if taxonomy.config.render:
            yield from _render_taxonomy(book, taxonomy)


def _render_taxonomy(book: Book, taxonomy: Taxonomy) -> Iterator[Artifact]:
    name, lang = taxonomy.config.name, taxonomy.lang
    view = view_taxonomy(taxonomy, book.site.config.base_url)
    terms = tuple(book.shelf.term(term) for term in taxonomy.terms)
    template = book.templates.first_of(f"{name}/list.html", "taxonomy_list.html")
    context = {"taxonomy": view, "terms": terms}
    yield book.render(template, taxonomy.url, f"taxonomy {name}", lang, **context)
    template = book.templates.first_of(f"{name}/single.html", "taxonomy_single.html")
    for term in taxonomy.terms:
        yield from _render_term(book, taxonomy, term, template)


def _render_term(book: Book, taxonomy: Taxonomy, term: Term, template: str) -> Iterator[Artifact]:
    config, lang = taxonomy.config, taxonomy.lang
    made_from = f"term {term.name} of {config.name}"
    context = {
        "taxonomy": view_taxonomy(taxonomy, book.site.config.base_url),
        "term": book.shelf.term(term),
        "feeds": feeds_of_term(taxonomy, term, book.site.config),
    }
    for alias in term.aliases:
        yield book.redirect(alias, term.url, lang, f"{made_from}, in one level")
    if not config.paginate_by:
        yield book.render(template, term.url, made_from, lang, **context)
        return
    pagination = Pagination(term.url, config.paginate_by, config.paginate_path)
    pagers = cut(term.pages, pagination)
    for pager in pagers:
        view = view_pager(pager, pagers, pagination, book.shelf)
        yield book.render(template, pager.url, made_from, lang, **context, paginator=view)
    yield book.redirect(pagination.numbered(1), term.url, lang, f"page 1 of {made_from}")

"""Search without a server: the index of each language, the page that asks it, their scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.resources import files

from sitegen.model import Artifact
from sitegen.render.book import Book
from sitegen.render.jobs import Job, Made
from sitegen.render.own_pages import search_url
from sitegen.render.search_index import index_files
from sitegen.render.search_zola import needs_elasticlunr, zola_index
from sitegen.render.searched import items_of

INDEX = "the search index"
PAGE = "the search page"
SCRIPT = "the search script"


def render_search(book: Book) -> Iterator[Made]:
    """All that searching needs, in every language that has it."""
    scripts: dict[str, None] = {}
    for language in book.site.config.languages:
        if not language.build_search_index:
            continue
        if language.search.index_format != "sitegen":
            yield _index(book, language.code, _zola)
            if needs_elasticlunr(language.search.index_format):
                scripts["elasticlunr.min.js"] = None
        elif search_url(book.site, language.code):
            yield book.job("search.html", search_url(book.site, language.code), PAGE, language.code)
            yield _index(book, language.code, _own)
            scripts |= {"search.js": None, "search-key.js": None}
    folder = files("sitegen.theme").joinpath("search")
    for name in scripts:
        yield Artifact(name, folder.joinpath(name).read_bytes(), SCRIPT)


def _index(book: Book, lang: str, make: Callable[[Book, str], Iterator[Artifact]]) -> Job:
    """The index of a language: of all that its pages say, so nobody can tell what it has read."""
    return Job(f"{INDEX} {lang}", INDEX, None, lambda: make(book, lang))


def _zola(book: Book, lang: str) -> Iterator[Artifact]:
    config = book.site.config
    search = config.in_language(lang).search
    name, text = zola_index(list(items_of(book, lang)), search, lang, config.base_url)
    yield Artifact(name, text, INDEX)


def _own(book: Book, lang: str) -> Iterator[Artifact]:
    url = search_url(book.site, lang)
    items = list(items_of(book, lang))
    for name, text in index_files(items, book.site.config.base_url).items():
        yield Artifact(f"{url}{name}".lstrip("/"), text, INDEX)

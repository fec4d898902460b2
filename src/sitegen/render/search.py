"""Search without a server: the index of each language, the page that asks it, their scripts."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

from sitegen.model import Artifact
from sitegen.render.book import Book
from sitegen.render.own_pages import search_url
from sitegen.render.search_index import index_files
from sitegen.render.search_zola import needs_elasticlunr, zola_index
from sitegen.render.searched import items_of

INDEX = "the search index"
PAGE = "the search page"
SCRIPT = "the search script"


def render_search(book: Book) -> Iterator[Artifact]:
    """All that searching needs, in every language that has it."""
    config = book.site.config
    scripts: dict[str, None] = {}
    for language in config.languages:
        lang, search = language.code, language.search
        if not language.build_search_index:
            continue
        items = list(items_of(book, lang))
        if search.index_format != "sitegen":
            name, text = zola_index(items, search, lang, config.base_url)
            yield Artifact(name, text, INDEX)
            if needs_elasticlunr(search.index_format):
                scripts["elasticlunr.min.js"] = None
            continue
        url = search_url(book.site, lang)
        if not url:
            continue
        yield book.render("search.html", url, PAGE, lang)
        for name, text in index_files(items, config.base_url).items():
            yield Artifact(f"{url}{name}".lstrip("/"), text, INDEX)
        scripts |= {"search.js": None, "search-key.js": None}
    folder = files("sitegen.theme").joinpath("search")
    for name in scripts:
        yield Artifact(name, folder.joinpath(name).read_bytes(), SCRIPT)

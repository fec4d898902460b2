"""Pages that no file of the site stands for: the archive, the search page, the measurements."""

from __future__ import annotations

from collections.abc import Iterator

from sitegen.base.paths import alias_file
from sitegen.model import BenchCard, BenchRow, Card, Site

SEARCH = "search"


def archive_url(site: Site, lang: str) -> str:
    """Where the archive of a language lies, "" where there is none: no posts, not wanted, or
    something else lies there."""
    path = site.config.archive
    return _free(site, lang, path) if path and posts_of(site, lang) else ""


def search_url(site: Site, lang: str) -> str:
    """Where the search page of a language lies, "" where there is none."""
    language = site.config.in_language(lang)
    if not language.build_search_index or language.search.index_format != "sitegen":
        return ""
    return _free(site, lang, SEARCH)


def measurements_url(site: Site, lang: str) -> str:
    """Where the measurements of a language are listed, "" where they are not: none, not wanted, or
    something else lies there."""
    path = site.config.measurements
    return _free(site, lang, path) if path and any(benchmarks_of(site, lang)) else ""


def benchmarks_of(site: Site, lang: str) -> Iterator[tuple[Card, BenchCard, BenchRow]]:
    """Every run of every benchmark that the pages of a language have."""
    for card in (*site.pages, *(section.card for section in site.sections)):
        if card.lang == lang and card.meta.render and not card.meta.hidden:
            for bench in card.benches:
                for row in bench.rows:
                    yield card, bench, row


def posts_of(site: Site, lang: str) -> tuple[Card, ...]:
    """The dated pages of a language, newest first."""
    cards = (card for card in site.pages if card.lang == lang and card.meta.render)
    return tuple(card for card in cards if card.date is not None and not card.meta.hidden)


def _free(site: Site, lang: str, path: str) -> str:
    url = f"{site.config.home(lang)}{path}/"
    return "" if url.lower() in map(str.lower, _addresses(site)) else url


def _addresses(site: Site) -> Iterator[str]:
    """The addresses that the site's own files claim."""
    for card in (*site.pages, *(section.card for section in site.sections)):
        yield card.url
        for alias in card.meta.aliases:
            file = alias_file(alias)
            yield f"/{file.removesuffix('index.html')}" if file else alias
    for taxonomy in site.taxonomies:
        yield taxonomy.url
        for term in taxonomy.terms:
            yield term.url
            yield from term.aliases

"""The feeds that pages name in their heads: of the site, of a section, of a term."""

from __future__ import annotations

from sitegen.base.address import permalink
from sitegen.model import Section, SiteConfig, Taxonomy, Term
from sitegen.render.views import FeedView

_ATOM = ("application/atom+xml", "Atom")
_KINDS = {
    "rss": ("application/rss+xml", "RSS"),
    "json": ("application/feed+json", "JSON"),
}


def feeds_of_site(config: SiteConfig, lang: str) -> tuple[FeedView, ...]:
    """The feeds of a language's posts."""
    if not config.in_language(lang).generate_feeds:
        return ()
    return _at(config, config.home(lang), lang, "")


def feeds_of_section(section: Section, config: SiteConfig) -> tuple[FeedView, ...]:
    """The feeds of a section's own posts; none where they would be the site's."""
    card = section.card
    of_site = card.url == config.home(card.lang) and config.in_language(card.lang).generate_feeds
    if not card.meta.generate_feeds or of_site:
        return ()
    return _at(config, card.url, card.lang, card.title)


def feeds_of_term(taxonomy: Taxonomy, term: Term, config: SiteConfig) -> tuple[FeedView, ...]:
    """The feeds of a term's posts."""
    if not (taxonomy.config.feed and taxonomy.config.render):
        return ()
    return _at(config, term.url, taxonomy.lang, term.name)


def title_of_feed(config: SiteConfig, lang: str, name: str) -> str:
    """What a feed is called: the site, and what of it the feed holds."""
    site = config.in_language(lang).title or config.base_url
    return f"{site} · {name}" if name else site


def kind_of_feed(file: str) -> tuple[str, str]:
    """The media type of a feed and what its format is called, by its file's name."""
    return next((kind for part, kind in _KINDS.items() if part in file), _ATOM)


def template_of_feed(file: str) -> str:
    """The built-in template for a feed of this name."""
    return {"RSS": "rss.xml", "JSON": "feed.json"}.get(kind_of_feed(file)[1], "atom.xml")


def _at(config: SiteConfig, url: str, lang: str, name: str) -> tuple[FeedView, ...]:
    files = config.in_language(lang).feed_filenames
    title = title_of_feed(config, lang, name)
    return tuple(
        FeedView(permalink(config.base_url, f"{url}{file}"), *kind_of_feed(file), title)
        for file in files
    )

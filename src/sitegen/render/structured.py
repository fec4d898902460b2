"""Structured data for search engines, as schema.org names it: values that a page's head encodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sitegen.base.address import permalink
from sitegen.model import SiteConfig
from sitegen.render.views import LinkView, PageView, SectionView

_CONTEXT = "https://schema.org"

Structured = tuple[Mapping[str, Any], ...]


def of_page(view: PageView, config: SiteConfig) -> Structured:
    """A page: a posting where it has a date, and the way to it from the home page."""
    here = LinkView(view.title or view.slug, view.permalink)
    found: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "BlogPosting" if view.date else "WebPage",
        "headline" if view.date else "name": view.title or view.slug,
        "description": view.description,
        "url": view.permalink,
        "mainEntityOfPage": view.permalink if view.date else None,
        "inLanguage": view.lang,
        "image": view.image,
        "datePublished": view.date.isoformat() if view.date else None,
        "dateModified": _modified(view),
        "author": _authors(view, config),
        "publisher": _publisher(config) if view.date else None,
        "keywords": [name for names in view.taxonomies.values() for name in names],
        "wordCount": view.word_count if view.date else None,
    }
    kept = {name: value for name, value in found.items() if value not in (None, "", [])}
    return (kept, *trail((*_way_to(view, config), here)))


def of_section(view: SectionView, config: SiteConfig) -> Structured:
    """A section: the way to it from the home page."""
    return trail((*_way_to(view, config), LinkView(view.title or view.path, view.permalink)))


def of_site(config: SiteConfig, lang: str) -> Structured:
    """The home page of a language: the site."""
    language = config.in_language(lang)
    found = {
        "@context": _CONTEXT,
        "@type": "WebSite",
        "name": language.title,
        "description": language.description,
        "url": permalink(config.base_url, config.home(lang)),
        "inLanguage": lang,
    }
    return ({name: value for name, value in found.items() if value},)


def trail(way: Iterable[LinkView]) -> Structured:
    """The way to a page, itself last; none where it has one step only."""
    steps = [link for link in way if link.title]
    if len(steps) < 2:
        return ()
    items = [
        {"@type": "ListItem", "position": number, "name": link.title, "item": link.permalink}
        for number, link in enumerate(steps, 1)
    ]
    return ({"@context": _CONTEXT, "@type": "BreadcrumbList", "itemListElement": items},)


def _way_to(view: PageView | SectionView, config: SiteConfig) -> tuple[LinkView, ...]:
    """The home page under the site's name, then the sections around a page."""
    home = home_link(config, view.lang)
    return (home, *(link for link in view.path_links if link.permalink != home.permalink))


def home_link(config: SiteConfig, lang: str) -> LinkView:
    """The home page of a language, under the site's name."""
    name = config.in_language(lang).title or config.base_url
    return LinkView(name, permalink(config.base_url, config.home(lang)))


def _modified(view: PageView) -> str | None:
    changed = view.updated or view.date
    return changed.isoformat() if changed else None


def _authors(view: PageView, config: SiteConfig) -> list[Mapping[str, str]]:
    names = view.authors or ((config.author,) if config.author else ())
    return [{"@type": "Person", "name": name} for name in names]


def _publisher(config: SiteConfig) -> Mapping[str, str] | None:
    name = config.author or config.title
    return {"@type": "Organization", "name": config.title or name} if name else None

"""The configuration as templates see it, in each language."""

from __future__ import annotations

from sitegen.base.address import permalink
from sitegen.model import Site
from sitegen.render.views import ConfigView, LanguageView, TaxonomyConfigView, view_taxonomy
from sitegen.settings import LanguageConfig


def view_config(site: Site, lang: str) -> ConfigView:
    """The configuration for pages in a language."""
    config = site.config
    own = config.in_language(lang)
    return ConfigView(
        base_url=config.base_url,
        title=own.title or config.title or None,
        description=own.description or None,
        author=config.author or None,
        default_language=config.language,
        generate_feeds=own.generate_feeds,
        feed_filenames=own.feed_filenames,
        taxonomies=_kinds(site, lang),
        languages={
            language.code: _view_language(site, language)
            for language in config.languages
            if language.code != lang
        },
        build_search_index=own.build_search_index,
        generate_sitemap=config.generate_sitemap,
        generate_robots_txt=config.generate_robots_txt,
        markdown=config.markdown,
        search=own.search,
        theme=config.theme,
        extra=config.extra,
    )


def _view_language(site: Site, language: LanguageConfig) -> LanguageView:
    return LanguageView(
        code=language.code,
        title=language.title,
        description=language.description,
        permalink=permalink(site.config.base_url, site.config.home(language.code)),
        generate_feeds=language.generate_feeds,
        feed_filenames=language.feed_filenames,
        build_search_index=language.build_search_index,
        taxonomies=_kinds(site, language.code),
    )


def _kinds(site: Site, lang: str) -> tuple[TaxonomyConfigView, ...]:
    base = site.config.base_url
    taxonomies = (taxonomy for taxonomy in site.taxonomies if taxonomy.lang == lang)
    return tuple(view_taxonomy(taxonomy, base) for taxonomy in taxonomies)

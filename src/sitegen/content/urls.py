"""Where a page lies on the site: Zola's rules for URLs."""

from __future__ import annotations

from collections.abc import Iterable

from sitegen.content.names import FileName, parse_name
from sitegen.content.slug import slug_of
from sitegen.model import Meta, SiteConfig, Source
from sitegen.settings import TaxonomyConfig


def page_url(source: Source, meta: Meta, config: SiteConfig) -> str:
    """A page's path on the site, with both slashes; `path` beats `slug` beats the file's name.

    Folders are shown as they are called: only the last part is made a slug.
    """
    name = parse_name(source, config)
    if source.is_section:
        return joined(lang_part(name.lang, config), *name.folders)
    if meta.path is not None:
        return joined(meta.path)
    slug = meta.slug if meta.slug is not None else page_slug(None, name, config)
    return joined(lang_part(name.lang, config), *name.folders, slug)


def page_slug(given: str | None, name: FileName, config: SiteConfig) -> str:
    """The last part of a page's URL: from its slug, else from its file's name, without a date."""
    kept = name.name if config.slugify.paths_keep_dates else name.rest
    return slug_of(given or kept, config.slugify.paths)


def asset_folder(source: Source, url: str, config: SiteConfig) -> tuple[str, str]:
    """Where the files beside a page go: (their folder in `content/`, the folder's URL).

    A bundle's files lie under its own URL, whatever its slug, and a section's under the section's.
    """
    folder = source.path.rpartition("/")[0]
    name = parse_name(source, config)
    if source.is_section or name.colocated is not None:
        return folder, url
    return folder, joined(*folder.split("/"))


def taxonomy_url(taxonomy: TaxonomyConfig, lang: str, config: SiteConfig) -> str:
    """The path of a taxonomy's list of terms."""
    return joined(lang_part(lang, config), config.taxonomy_root, taxonomy.slug)


def term_slug(term: str, taxonomy: TaxonomyConfig, config: SiteConfig) -> str:
    """A term's part of the URL; with slashes where the taxonomy is hierarchical."""
    if taxonomy.hierarchical:
        levels = (slug_of(level, config.slugify.taxonomies) for level in term.split("/"))
        return "/".join(level for level in levels if level)
    return slug_of(term, config.slugify.taxonomies)


def lang_part(lang: str, config: SiteConfig) -> str:
    """What of a URL stands for a language: nothing for the default one."""
    return "" if lang == config.language else lang


def joined(*parts: str) -> str:
    """A path on the site, with both slashes, of parts that may hold slashes themselves."""
    found: Iterable[str] = (piece for part in parts for piece in part.strip().split("/"))
    return "/" + "".join(f"{piece}/" for piece in found if piece)

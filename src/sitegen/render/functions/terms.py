"""`get_taxonomy`, `get_taxonomy_term`, `get_taxonomy_url`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import jinja2
import msgspec
from jinja2.runtime import Context

from sitegen.base.address import permalink
from sitegen.model import SiteConfig, Term
from sitegen.render.functions.errors import no_such
from sitegen.render.library import Library, terms_by_name, view_kind
from sitegen.render.reads import Reads


def of_terms(config: SiteConfig, library: Library, reads: Reads) -> dict[str, Callable[..., Any]]:
    """The functions for a site; terms are known by every spelling, and by their slug. Whose address
    was asked for is noted."""

    @cache
    def known(kind: str, lang: str) -> Mapping[str, Term]:
        return terms_by_name(library.taxonomies[kind, lang])

    def language(context: Context, kind: str, lang: str | None) -> str:
        """The language asked for, else the page's where it has the taxonomy, else the site's."""
        own = lang or context.get("lang") or config.language
        return own if lang or (kind, own) in library.taxonomies else config.language

    def taxonomy(asked_by: str, kind: str, lang: str, required: bool) -> Any:
        found = library.taxonomies.get((kind, lang))
        if found is None and required:
            names = [name for name, _ in library.taxonomies]
            raise no_such(asked_by, f"there is no taxonomy `{kind}`", kind, names)
        return found

    def one_term(asked_by: str, kind: str, lang: str, name: str, required: bool) -> Any:
        within = taxonomy(asked_by, kind, lang, required)
        if within is None:
            return None
        one = known(kind, lang).get(name)
        if one is not None or not required:
            return one
        names = [name for term in within.terms for name in term.spellings]
        raise no_such(asked_by, f"there is no term `{name}` in `{kind}`", name, names)

    @jinja2.pass_context
    def get_taxonomy(
        context: Context, kind: str, required: bool = True, lang: str | None = None
    ) -> Any:
        spoken = language(context, kind, lang)
        found = taxonomy("get_taxonomy", kind, spoken, required)
        return found and view_kind(found, library, config.base_url)

    @jinja2.pass_context
    def get_taxonomy_term(
        context: Context,
        kind: str,
        term: str,
        include_pages: bool = True,
        required: bool = True,
        lang: str | None = None,
    ) -> Any:
        spoken = language(context, kind, lang)
        found = one_term("get_taxonomy_term", kind, spoken, term, required)
        if found is None:
            return None
        view = library.term(found)
        return view if include_pages else msgspec.structs.replace(view, bare=True)

    @jinja2.pass_context
    def get_taxonomy_url(
        context: Context,
        kind: str,
        name: str | None = None,
        term: str | None = None,
        required: bool = True,
        lang: str | None = None,
    ) -> str | None:
        wanted = term if term is not None else name
        if wanted is None:
            raise jinja2.TemplateRuntimeError("`get_taxonomy_url` needs `name`")
        spoken = language(context, kind, lang)
        within = library.taxonomies.get((kind, spoken))
        if within is not None and not within.config.render:
            return ""
        reads.note("term", f"{kind}/{spoken}/{wanted}")
        found = one_term("get_taxonomy_url", kind, spoken, wanted, required)
        return None if found is None else permalink(config.base_url, found.url)

    return {
        "get_taxonomy": get_taxonomy,
        "get_taxonomy_term": get_taxonomy_term,
        "get_taxonomy_url": get_taxonomy_url,
    }

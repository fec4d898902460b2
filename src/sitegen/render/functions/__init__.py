"""The functions of templates, by Zola's and Tera's names and with their arguments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jinja2
import msgspec
from markdown_it.token import Token

from sitegen.model import Artifact, SiteConfig
from sitegen.render.functions.files import of_files
from sitegen.render.functions.others import of_the_rest
from sitegen.render.functions.pages import of_pages
from sitegen.render.functions.terms import of_terms
from sitegen.render.library import Library
from sitegen.render.reads import ALWAYS, Reads


class Outside(msgspec.Struct, frozen=True):
    """What templates take from outside of the site: the build's day, the author's environment, how
    a slug is made, how Markdown that is no page is read, and where compiled templates are kept."""

    day: dt.date
    environ: Mapping[str, str]
    slugify: Callable[[str], str]
    read_markdown: Callable[[str], Sequence[Token]]
    compiled: jinja2.BytecodeCache | None = None


def functions(
    config: SiteConfig,
    library: Library,
    outside: Outside,
    made: dict[str, Artifact],
    drawn: Callable[[], str],
    reads: Reads,
) -> Mapping[str, Callable[..., Any]]:
    """The functions by name. Images that they make go to `made`; `drawn` seeds `get_random`.

    What they look at is noted; where that is not known well enough, that nobody can tell.
    """
    known = {
        **of_pages(config, library, reads),
        **of_terms(config, library, reads),
        **of_files(config, made),
        **of_the_rest(config, outside.day, outside.environ, drawn),
    }
    for name, kinds in _READ.items():
        for kind in kinds:
            known[name] = reads.noting(kind, known[name])
    return known


_READ = {
    "get_env": ("env",),
    "get_hash": ("file",),
    "get_image_metadata": ("file",),
    "load_data": ("file",),
    "now": ("day",),
    "resize_image": ("file", ALWAYS[0]),
    "get_taxonomy": ("taxonomies",),
    "get_taxonomy_term": ("taxonomies",),
}
"""What each function looks at, as `Reads` calls it."""

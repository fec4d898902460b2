"""What templates take from outside of the site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markdown_it.token import Token

from sitegen.content.markdown import parse_fragment
from sitegen.content.slug import slugify
from sitegen.model import SiteConfig
from sitegen.passes.asked import day_of
from sitegen.render.functions import Outside
from sitegen.storage.templates import Compiled


def outside_of(
    config: SiteConfig, environ: Mapping[str, str], made_by: str | None = None
) -> Outside:
    """What templates take from outside of the site; they are kept compiled where it is known what
    has made them."""

    def read(text: str) -> Sequence[Token]:
        return parse_fragment(text, config)

    compiled = None if made_by is None else Compiled(config.root, made_by)
    return Outside(day_of(environ), environ, slugify, read, compiled)

"""What templates take from outside of the site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markdown_it.token import Token

from sitegen.content.markdown import parse_fragment
from sitegen.content.slug import slugify
from sitegen.model import SiteConfig
from sitegen.passes.asked import day_of
from sitegen.passes.made_by import made_by
from sitegen.render.functions import Outside
from sitegen.render.loader import BUILT_IN
from sitegen.storage.templates import Compiled


def outside_of(
    config: SiteConfig, environ: Mapping[str, str], all_by: str | None = None
) -> Outside:
    """What templates take from outside of the site; they are kept compiled where it is known what
    has made them."""

    def read(text: str) -> Sequence[Token]:
        return parse_fragment(text, config)

    compiled = None if all_by is None else Compiled(config.root, all_by, made_by(), BUILT_IN)
    return Outside(day_of(environ), environ, slugify, read, compiled)

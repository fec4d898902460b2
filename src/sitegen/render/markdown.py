"""The filter `markdown`: a text of front matter or data as HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from markdown_it.token import Token
from markupsafe import Markup

from sitegen.base.address import permalink
from sitegen.model import SiteConfig
from sitegen.render.filters.values import FilterError, needs_text
from sitegen.render.library import Library
from sitegen.render.reads import Reads
from sitegen.render.renderer import render_fragment


def markdown_filter(
    config: SiteConfig, library: Library, read: Callable[[str], Sequence[Token]], reads: Reads
) -> Callable[..., Markup]:
    """The filter for a site: the dialect of its pages, `@/` links resolved, which is noted."""

    def markdown(value: Any, inline: bool = False) -> Markup:
        """The text as HTML; with `inline`, without a paragraph around it."""
        tokens = read(needs_text(value, "markdown"))
        for token in tokens:
            for child in token.children or ():
                if child.type == "link_open":
                    _resolve(child)
        html = render_fragment(tokens, config.markdown)
        if inline and html.startswith("<p>"):
            html = html.removeprefix("<p>").removesuffix("</p>\n")
        return Markup(html)  # noqa: S704 (rendered from the author's own text)

    def _resolve(link: Token) -> None:
        target = str(link.attrGet("href") or "")
        if not target.startswith("@/"):
            return
        path, hash, anchor = target[2:].partition("#")
        reads.note(path, "permalink")
        url = library.urls.get(path)
        if url is None:
            raise FilterError(f"`markdown`: there is no page `{path}`")
        link.attrSet("href", permalink(config.base_url, url) + hash + anchor)

    return markdown

"""`minify_html`: pages without the space that no reader sees, by the optional minify-html."""

from __future__ import annotations

from collections.abc import Callable

from sitegen.base.errors import Problem, SiteError
from sitegen.model import SiteConfig

Minify = Callable[[str], str]


def open_minifier(config: SiteConfig) -> Minify:
    """What is done to the text of a page; nothing where the site does not ask for it.

    Raises SiteError where the site asks, and minify-html is not installed.
    """
    if not config.minify_html:
        return lambda html: html
    try:
        from minify_html import minify
    except ImportError:
        message = "`minify_html` needs the package minify-html, which is not installed"
        help = "pip install 'sitegen[minify]'"
        raise SiteError([Problem("fatal", "minify", message, help=(help,))]) from None

    def done(html: str) -> str:
        return str(
            minify(
                html,
                keep_closing_tags=True,
                keep_html_and_head_opening_tags=True,
                keep_input_type_text_attr=True,
                keep_ssi_comments=True,
            )
        )

    return done

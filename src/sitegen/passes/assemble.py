"""The third pass: cards and bodies to all that the site consists of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sitegen.base.errors import (
    Problem,
    Severity,
)
from sitegen.claims import Judgement
from sitegen.content.assemble import assemble
from sitegen.content.source import scan_static
from sitegen.content.theme import theme_folder
from sitegen.content.urls import asset_folder
from sitegen.model import (
    Artifact,
    Page,
    Shown,
    SiteConfig,
)
from sitegen.passes.asked import Draft, outside_of
from sitegen.render.archive import ARCHIVE
from sitegen.render.book import Book
from sitegen.render.feed_body import feed_bodies
from sitegen.render.links import check_links
from sitegen.render.measurements import MEASUREMENTS
from sitegen.render.pages import copy_assets, open_book, render_site, render_zola_site, theme_files
from sitegen.render.search import INDEX, PAGE, SCRIPT

_YIELDING = ("404.html", "robots.txt", "sitemap.xml", ARCHIVE, MEASUREMENTS, PAGE, SCRIPT, INDEX)
"""Paths and kinds of what is generated unless a file of `static/` stands in its place."""


def assemble_site(
    config: SiteConfig,
    drafts: Sequence[Draft],
    pages: Sequence[Page],
    problems: list[Problem],
    environ: Mapping[str, str] | None = None,
    shown: Mapping[str, Sequence[Shown]] | None = None,
    judged: Mapping[str, Judgement] | None = None,
) -> list[Artifact]:
    """Everything that the site consists of; `shown` are the runs by the name of their page, and
    `judged` what is said of its claims by its path.

    Of the files of `static/`, the site's own replace its theme's, and those the built-in theme's;
    they also replace what search engines read and the page for what is not found.
    """
    cards = {page.card.path: page.card for page in pages}
    site = assemble([page.card for page in pages], config, problems)
    level: Severity = "error" if config.link_checker.internal_level == "error" else "warning"
    problems += check_links(pages, cards, level)
    static = {artifact.path: artifact for artifact in _static(config, problems)}
    artifacts = list(static.values())
    artifacts += (file for page in pages for file in page.files)
    drawn = {file.path: file for draft in drafts for file in draft.document.files}
    artifacts += drawn.values()
    artifacts += _assets(drafts, config)
    outside = outside_of(config, environ or {})
    documents = [draft.document for draft in drafts]
    feed_body = feed_bodies(documents, shown or {}, cards, config.base_url, judged or {})

    def open_with(plain: bool, problems: list[Problem]) -> Book:
        return open_book(site, pages, cards, outside, feed_body, problems, plain=plain)

    own = config.own_templates
    rendered = (
        render_site(open_with(False, problems)) if own else render_zola_site(open_with, problems)
    )
    for artifact in rendered:
        yields = artifact.path in _YIELDING or artifact.made_from in _YIELDING
        if artifact.path in static and yields:
            by = static[artifact.path].made_from
            message = f"`{artifact.path}` is that of {by}, and is not generated"
            problems.append(Problem("notice", "static", message))
        elif artifact.path not in drawn:
            artifacts.append(artifact)
    return artifacts


def _static(config: SiteConfig, problems: list[Problem]) -> Iterator[Artifact]:
    """The static files of the built-in theme, the site's theme and the site, in this order."""
    yield from theme_files()
    theme = theme_folder(config)
    if theme is not None:
        where = f"themes/{config.theme}/static"
        yield from copy_assets(scan_static(theme, problems), "/", where)
    own = scan_static(config.root, problems, config.ignored_static)
    yield from copy_assets(own, "/", "static")


def _assets(drafts: Sequence[Draft], config: SiteConfig) -> list[Artifact]:
    """The files beside pages; those of a folder are shared by its pages, and copied once."""
    found: dict[tuple[str, str], Artifact] = {}
    for draft in drafts:
        source = draft.document.source
        folder, url = asset_folder(source, draft.document.url, config)
        for asset in source.assets:
            below = asset.path.removeprefix(folder).lstrip("/")
            path = f"{url}{below}".lstrip("/")
            found[path, asset.path] = Artifact(path, asset.file, f"content/{asset.path}")
    return [found[place] for place in sorted(found)]

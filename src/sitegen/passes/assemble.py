"""The third pass: cards and bodies to all that the site consists of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

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
    Source,
)
from sitegen.passes.asked import Draft
from sitegen.passes.outside import outside_of
from sitegen.render.archive import ARCHIVE
from sitegen.render.book import Book
from sitegen.render.code_sheets import code_sheets
from sitegen.render.covers import open_covers
from sitegen.render.feed_body import feed_bodies
from sitegen.render.links import check_links, linked_from
from sitegen.render.measurements import MEASUREMENTS
from sitegen.render.pages import (
    copy_assets,
    open_book,
    render_own_site,
    render_zola_site,
    theme_files,
)
from sitegen.render.search import INDEX, PAGE, SCRIPT
from sitegen.render.shelf import Bodies

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
    problems += (problem for page in pages for problem in page.problems)
    problems += check_links((link for page in pages for link in page.links), cards, level)
    covers = open_covers(site, pages, problems)
    by_path = {page.card.path: page for page in pages}
    hold = Bodies(
        lambda path: by_path[path].body if path in by_path else "",
        lambda path: by_path[path].toc if path in by_path else (),
        linked_from({page.card.path: page.links for page in pages}),
        covers.addresses,
    )
    static = {artifact.path: artifact for artifact in static_files(config, problems)}
    artifacts = list(static.values())
    artifacts += (file for page in pages for file in page.files)
    drawn = {file.path: file for draft in drafts for file in draft.document.files}
    artifacts += drawn.values()
    artifacts += assets_of(
        ((draft.document.source, draft.document.url) for draft in drafts), config
    )
    outside = outside_of(config, environ or {})
    documents = [draft.document for draft in drafts]
    feed_body = feed_bodies(documents, shown or {}, cards, config.base_url, judged or {})

    def open_with(plain: bool, problems: list[Problem]) -> Book:
        return open_book(site, hold, cards, outside, feed_body, problems, plain=plain)

    own = config.own_templates
    rendered = (
        render_own_site(open_with(False, problems))
        if own
        else render_zola_site(open_with, problems)
    )
    for artifact in (*rendered, *covers.files):
        if artifact.path in static and yields(artifact.path, artifact.made_from):
            by = static[artifact.path].made_from
            message = f"`{artifact.path}` is that of {by}, and is not generated"
            problems.append(Problem("notice", "static", message))
        elif artifact.path not in drawn:
            artifacts.append(artifact)
    return artifacts


def static_files(config: SiteConfig, problems: list[Problem]) -> Iterator[Artifact]:
    """The static files of the built-in theme, the site's theme and the site, in this order."""
    yield from theme_files()
    yield from code_sheets(config.markdown.highlighting)
    theme = theme_folder(config)
    if theme is not None:
        where = f"themes/{config.theme}/static"
        yield from copy_assets(scan_static(theme, problems), "/", where)
    own = scan_static(config.root, problems, config.ignored_static)
    yield from copy_assets(own, "/", "static")


def yields(path: str, made_from: str) -> bool:
    """Whether what is generated is not where a file of `static/` stands in its place."""
    return path in _YIELDING or made_from in _YIELDING


def assets_of(pages: Iterable[tuple[Source, str]], config: SiteConfig) -> list[Artifact]:
    """The files beside pages, given with their URLs; those of a folder are shared by its pages, and
    copied once."""
    found: dict[tuple[str, str], Artifact] = {}
    for source, page in pages:
        folder, url = asset_folder(source, page, config)
        for asset in source.assets:
            below = asset.path.removeprefix(folder).lstrip("/")
            path = f"{url}{below}".lstrip("/")
            found[path, asset.path] = Artifact(path, asset.file, f"content/{asset.path}")
    return [found[place] for place in sorted(found)]

"""Files that nothing seems to need: told as notices, since a script may ask for any of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from sitegen.base.errors import Problem, Span
from sitegen.base.tera2 import definitions
from sitegen.check.address import Inside
from sitegen.check.atlas import Atlas
from sitegen.check.links import served
from sitegen.check.subject import Subject
from sitegen.model import Artifact, SiteConfig

_ASKED_FOR = re.compile(
    r"\.well-known/.*|favicon\.\w+|(?:.*/)?apple-touch-icon[^/]*|(?:robots|humans|ads|security)\.txt"
    r"|CNAME|_headers|_redirects|(?:site|manifest)\.webmanifest|manifest\.json|browserconfig\.xml"
    r"|BingSiteAuth\.xml|sw\.js|.*\.html?"
)
"""Files that browsers, hosts and search engines ask for without a link, and whole pages."""

_TEXT = (".css", ".js", ".mjs", ".json", ".svg", ".txt", ".webmanifest", ".xml", ".html")
_WORD = re.compile(r"""[^\s"'`()<>\[\]{}=,;:/\\|?#&]+""")
_LONG = 2_000_000

_BY_NAME = frozenset(
    "index.html section.html page.html 404.html base.html atom.xml rss.xml sitemap.xml "
    "split_sitemap_index.xml robots.txt anchor-link.html summary-cutoff.html taxonomy_list.html "
    "taxonomy_single.html head.html post-end.html comments.html".split()
)
"""Templates that are asked for by these names."""


def find_unused_files(subject: Subject, atlas: Atlas) -> Iterator[Problem]:
    """A notice for each file of `static/` or beside a page that nothing links to or names."""
    files = {artifact.path: artifact for artifact in subject.artifacts}
    linked = {
        served(use.leads.path, files) for use in atlas.uses if isinstance(use.leads, Inside)
    } | _read_by_runs(subject)
    named = _words(subject, atlas)
    for artifact in subject.artifacts:
        file = artifact.made_from
        if not isinstance(artifact.content, Path) or not file.startswith(("static/", "content/")):
            continue
        if artifact.path in linked or file in linked or PurePosixPath(file).name in named:
            continue
        if file.startswith("static/") and _ASKED_FOR.fullmatch(artifact.path):
            continue
        help = "it is published all the same; `ignored_static` or `ignored_content` leaves it out"
        yield Problem("notice", "unused", "nothing leads to this file", Span(file, 1), "", (help,))


def _read_by_runs(subject: Subject) -> set[str | None]:
    """The files that shown runs have opened, from the site's root."""
    found: set[str | None] = set()
    for page in subject.shown.values():
        for shown in page:
            folder = shown.plan.file.rpartition("/")[0]
            for entry in shown.run.inputs:
                if entry.base == "post":
                    found.add(f"{folder}/{entry.path}")
                elif entry.base == "site":
                    found.add(entry.path)
    return found


def _words(subject: Subject, atlas: Atlas) -> set[str]:
    """All that may be a file's name in what authors write: pages, templates, style sheets."""
    texts = [document.source.text for document in subject.documents]
    texts += atlas.texts.values()
    texts += (_text(artifact) for artifact in subject.artifacts if _is_text(artifact))
    words = {word for text in texts for word in _WORD.findall(text)}
    return words | {unquote(word) for word in words if "%" in word}


def _is_text(artifact: Artifact) -> bool:
    content = artifact.content
    return (
        isinstance(content, Path)
        and content.suffix in _TEXT
        and content.is_file()
        and content.stat().st_size < _LONG
    )


def _text(artifact: Artifact) -> str:
    content = artifact.content
    data = content if isinstance(content, bytes) else content.read_bytes()
    return data.decode("utf-8", "replace")


def find_unused_templates(
    subject: Subject, templates: Mapping[str, str], built_in: frozenset[str]
) -> Iterator[Problem]:
    """A notice for each of the site's own templates that nothing asks for by its name.

    `templates` are their texts by file, `built_in` the names that a template may override.
    """
    asked = _BY_NAME | built_in | _asked_by_config(subject.config)
    for document in subject.documents:
        asked |= {document.meta.template or "", document.meta.page_template or ""}
    prose = "\n".join(document.source.text for document in subject.documents)
    for file in templates:
        name = file.removeprefix("templates/")
        if name in asked:
            continue
        by_name = re.compile(rf"""["'](?:[\w-]+/templates/)?{re.escape(name)}["']""")
        if any(by_name.search(text) for other, text in templates.items() if other != file):
            continue
        if name.startswith("shortcodes/") and _is_called(PurePosixPath(name), prose):
            continue
        if next(definitions(templates[file]), None) is not None:
            continue
        message = "no page and no template asks for this template"
        yield Problem("notice", "unused", message, Span(file, 1))


def _asked_by_config(config: SiteConfig) -> set[str]:
    languages = config.languages
    names = {name for language in languages for name in language.feed_filenames}
    names |= set(config.feed_filenames)
    for language in languages:
        for taxonomy in language.taxonomies:
            names |= {f"{taxonomy.name}/{kind}.html" for kind in ("list", "single")}
    return names


def _is_called(shortcode: PurePosixPath, prose: str) -> bool:
    name = "/".join(shortcode.with_suffix("").parts[1:])
    return re.search(rf"\{{[{{%]-?\s*{re.escape(name)}\s*\(", prose) is not None

"""A post as files to take away: notebooks, scripts, and the measurements that it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from sitegen.base.address import permalink
from sitegen.claims import Judgement
from sitegen.model import Artifact, Document, Shown
from sitegen.render.export.names import (
    FORMATS,
    Format,
    download_names,
    file_name,
    post_name,
    run_files,
    sessions_of,
)
from sitegen.render.export.notebook import render_notebook
from sitegen.render.export.outline import Outline, outline
from sitegen.render.export.script import render_script
from sitegen.storage.run_file import render_run

EXPORTERS: dict[Format, Callable[[Outline], bytes]] = {
    "ipynb": render_notebook,
    "py": render_script,
}


def export_post(
    document: Document,
    shown: Sequence[Shown],
    addresses: Mapping[str, str],
    stem: str,
    formats: Sequence[Format],
    judgement: Judgement,
) -> dict[str, bytes]:
    """The post's sessions in these formats by file name, in the order in which they run.

    `addresses` are the permalinks of all pages by their path below `content/`, `judgement` what is
    said of its claims.
    """
    sessions = sessions_of(document)
    outlines = {
        session: outline(document, session, shown, addresses, judgement) for session in sessions
    }
    return {
        file_name(stem, session, sessions, format): EXPORTERS[format](outlines[session])
        for format in formats
        for session in sessions
    }


def addresses_of(documents: Iterable[Document], base_url: str) -> dict[str, str]:
    """The permalink of every page and section, by its path below `content/`."""
    return {entry.source.path: permalink(base_url, entry.url) for entry in documents}


def render_downloads(
    documents: Sequence[Document],
    shown: Mapping[str, Sequence[Shown]],
    addresses: Mapping[str, str],
    judged: Mapping[str, Judgement],
) -> Iterator[Artifact]:
    """The files that the cards of measured pages offer, beside each page; `addresses` are those of
    all pages."""
    for document in documents:
        if document.meta.render and not document.source.is_section:
            runs = shown.get(document.source.name, ())
            judgement = judged.get(document.source.path, Judgement())
            yield from _downloads(document, runs, addresses, judgement)


def _downloads(
    document: Document,
    shown: Sequence[Shown],
    addresses: Mapping[str, str],
    judgement: Judgement,
) -> Iterator[Artifact]:
    offered = download_names(document, shown)
    if not offered:
        return
    files = export_post(document, shown, addresses, post_name(document), FORMATS, judgement)
    for name, entry in run_files(document, shown):
        files[name] = render_run(entry.run, whole=True).encode()
    for name in offered:
        yield Artifact(f"{document.url}{name}".lstrip("/"), files[name], document.source.file)

"""What an exported file says before the post begins: whose it is, and what it takes to run it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence, Set

from sitegen.model import Document, Meta, Shown
from sitegen.render.dates import format_date
from sitegen.render.export.names import sessions_of
from sitegen.render.export.prose import WIDTH, escape_markdown

_DAY = "%-d %B %Y"


def front_matter(meta: Meta, title: str, description: str, page: str) -> str:
    """Title, description, authors and date as Markdown, and the page's address."""
    about = [", ".join(meta.authors), format_date(meta.date, _DAY) if meta.date else ""]
    last = " · ".join([*(escape_markdown(text) for text in about if text), f"<{page}>"])
    paragraphs = [f"# {escape_markdown(title)}" if title else "", escape_markdown(description)]
    return "\n\n".join(text for text in (*paragraphs, last) if text) + "\n"


def how_to_run(document: Document, session: str, own: Sequence[Shown], imports: Set[str]) -> str:
    """What one must know to get the same results; empty where that is nothing but running it.

    `own` are the runs of the session, `imports` the modules that its code imports.
    """
    notes = [
        *_measured(own, imports),
        *_sessions(document, session),
        *_saves(document, session, own),
        *_files(own),
        *_variables(document),
    ]
    quoted = "\n\n".join(_filled(note) for note in notes)
    return textwrap.indent(quoted, "> ", lambda line: True)


def _measured(own: Sequence[Shown], imports: Set[str]) -> Iterator[str]:
    if not own:
        return
    run = own[0].run
    packages = run.provenance.packages
    versions = [f"{name} {packages[name]}" for name in sorted(imports & packages.keys())]
    software = ", ".join([f"Python {run.provenance.python}", *versions])
    day = format_date(run.started, _DAY)
    yield f"The results shown are of {day}, on {run.device.label} with {software}."
    if any(entry.stale for entry in own):
        yield "Some of them are of earlier code or data."
    for accepted in dict.fromkeys(entry.run.accepted for entry in own):
        if accepted is not None:
            yield f"They stand for edited code: {escape_markdown(accepted.because)}"


def _sessions(document: Document, session: str) -> Iterator[str]:
    sessions = sessions_of(document)
    if len(sessions) > 1:
        others = _listed(f"`{other}`" for other in sessions if other != session)
        yield (
            f"This is the session `{session}` of the post. The code of {others} runs in a kernel "
            "of its own: it has a file of its own too, and is only shown here."
        )


def _saves(document: Document, session: str, own: Sequence[Shown]) -> Iterator[str]:
    """Which files of earlier sessions this one finds in its folder.

    Those that its run read, where there is one; else all that are saved above.
    """
    sessions = sessions_of(document)
    before = sessions[: sessions.index(session)]
    savers = {
        path: block.session
        for block in document.blocks
        if block.run.eval and block.session in before
        for path in block.run.saves
    }
    if own:
        inputs = [entry for shown in own for entry in shown.run.inputs]
        read = {entry.path for entry in inputs if entry.base == "saves"}
        savers = {path: saver for path, saver in savers.items() if path in read}
    for saver in dict.fromkeys(savers.values()):
        files = _listed(f"`{path}`" for path, of in savers.items() if of == saver)
        yield f"It reads {files}, saved by the session `{saver}`: run that first, in this folder."


def _files(own: Sequence[Shown]) -> Iterator[str]:
    inputs = [entry for shown in own for entry in shown.run.inputs]
    beside = dict.fromkeys(f"`{entry.path}`" for entry in inputs if entry.base == "post")
    if beside:
        yield f"It reads files beside the post, which belong into this folder: {_listed(beside)}."
    site = [f"`{entry.path}`" for entry in inputs if entry.base in ("site", "declared")]
    if site:
        yield f"It reads files of the site: {_listed(dict.fromkeys(site))}."


def _variables(document: Document) -> Iterator[str]:
    variables = [f"`{name}={value}`" for name, value in document.meta.execute.env]
    if variables and document.blocks:
        yield f"It ran with {_listed(variables)} in its environment."


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH - 4, break_long_words=False, break_on_hyphens=False)


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last

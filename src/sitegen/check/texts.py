"""What readers who do not see a page, or jump through it, would miss."""

from __future__ import annotations

from collections.abc import Iterator

from sitegen.base.errors import Problem, Span
from sitegen.check.atlas import Atlas
from sitegen.check.subject import Subject
from sitegen.model import Block, Cell, Display, Document
from sitegen.render.needs import PICTURES


def find_jumps(document: Document) -> Iterator[Problem]:
    """A warning for each heading that is more than one level below the one before it.

    The first comes below the page's title, which has level 1.
    """
    lines = document.source.text.split("\n")
    before, title = 1, document.meta.title is not None
    for token in document.tokens:
        if token.type != "heading_open" or token.map is None:
            continue
        level = int(token.tag[1])
        number = document.meta.body_line + token.map[0]
        if level > before + 1 and (before > 1 or title):
            after = "the page's title" if before == 1 else f"a heading of level {before}"
            message = f"a heading of level {level} follows {after}"
            help = f"make it level {before + 1}: no level may be left out on the way down"
            excerpt = lines[number - 1]
            span = Span(document.source.file, number, 1, max(1, len(excerpt.rstrip())))
            yield Problem("warning", "heading", message, span, excerpt, (help,))
        before = level


def find_silent_images(subject: Subject, atlas: Atlas) -> Iterator[Problem]:
    """A warning for each image that says nothing to those who do not see it."""
    written = set()
    for references in atlas.references.values():
        for reference in references:
            written.add(reference.target)
            if reference.silent:
                help = "write what it shows: `![a chess board](board.png)`"
                if reference.kind == "html":
                    help = 'write `alt="…"` with what it shows, or `alt=""` if it only adorns'
                yield _silent(reference.target, reference.span, reference.excerpt, help)
    told: set[str] = set()
    for sheet in atlas.sheets:
        for target in sheet.seen.silent:
            if target not in written and target not in told:
                told.add(target)
                help = f'on `{sheet.url}`; write `alt="…"` in the template that shows it'
                yield _silent(target, None, "", help)


def _silent(target: str, span: Span | None, excerpt: str, help: str) -> Problem:
    message = f"the image `{target}` has no alternative text"
    return Problem("warning", "alt", message, span, excerpt, (help,))


def find_silent_figures(subject: Subject) -> Iterator[Problem]:
    """A warning for each block whose picture has neither a caption nor an alternative text."""
    for document in subject.documents:
        for shown in subject.shown.get(document.source.name, ()):
            for block, cell in zip(shown.plan.blocks, shown.cells, strict=True):
                if cell is not None and _is_silent(block, cell):
                    message = "the picture that this block draws has no alternative text"
                    help = "say what it shows: `#| alt: …`, or `#| caption: …` for all to read"
                    yield Problem("warning", "alt", message, block.span, help=(help,))


def _is_silent(block: Block, cell: Cell) -> bool:
    show = block.show
    if show.alt or show.caption or not (show.include and show.output):
        return False
    return any(
        isinstance(output, Display)
        and "text/html" not in output.data
        and any(mime in output.data for mime in PICTURES)
        for output in cell.outputs
    )

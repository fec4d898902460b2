"""Every page's addresses, what they lead to, and where their authors wrote them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from sitegen.base.address import permalink
from sitegen.base.errors import Span
from sitegen.check.address import Leads, resolve
from sitegen.check.markup import Seen, read_html
from sitegen.check.places import Reference, find_mention, find_references
from sitegen.check.subject import Subject
from sitegen.content.globs import matcher
from sitegen.model import Artifact, Document, is_section_path


class Sheet(msgspec.Struct, frozen=True):
    """A page as it would be published; `document` is what it is the page of, if of one."""

    url: str
    seen: Seen
    document: Document | None

    @property
    def is_list(self) -> bool:
        """Whether other pages may appear on it."""
        return self.document is None or is_section_path(self.document.source.path)


class Use(msgspec.Struct, frozen=True):
    """An address that a page holds, and where it leads."""

    target: str
    leads: Leads
    sheet: Sheet


class Written(msgspec.Struct, frozen=True):
    """Where an address is written; `span` is None where no text of the site holds it."""

    span: Span | None
    excerpt: str


class Atlas(msgspec.Struct, frozen=True):
    """`references` are those of each document, by path; `texts` the site's own templates and its
    configuration, by file."""

    sheets: tuple[Sheet, ...]
    uses: tuple[Use, ...]
    references: Mapping[str, tuple[Reference, ...]]
    texts: Mapping[str, str]

    def written(self, use: Use) -> tuple[Written, ...]:
        """The places at which the address of a page is written, in the order of likelihood.

        On the page's own file all of them; else in the files whose beginning it may show, in
        its front matter, in templates and the configuration. None where no text holds it.
        """
        document = use.sheet.document
        if document is not None:
            found = self._in(document.source.path, use.target)
            if found:
                return found
            source = document.source
            mention = find_mention(source.file, source.text, use.target)
            if mention is not None:
                return (Written(*mention),)
        if use.sheet.is_list:
            for path in self.references:
                found = self._in(path, use.target)
                if found:
                    return found
        for file, text in self.texts.items():
            mention = find_mention(file, text, use.target)
            if mention is not None:
                return (Written(*mention),)
        return ()

    def _in(self, path: str, target: str) -> tuple[Written, ...]:
        return tuple(
            Written(reference.span, reference.excerpt)
            for reference in self.references.get(path, ())
            if reference.target == target
        )


def survey(subject: Subject, texts: Mapping[str, str]) -> Atlas:
    """All pages of a site, read once."""
    documents = {f"content/{document.source.path}": document for document in subject.documents}
    sheets = tuple(_sheets(subject.artifacts, documents))
    uses = tuple(
        Use(target, resolve(target, permalink("", sheet.url), subject.base), sheet)
        for sheet in sheets
        for target in sheet.seen.addresses
    )
    ignored = matcher(subject.config.link_checker.ignored_files)
    references = {
        document.source.path: tuple(find_references(document))
        for document in subject.documents
        if not ignored(document.source.path) and not ignored(document.source.file)
    }
    return Atlas(sheets, uses, references, texts)


def _sheets(artifacts: Sequence[Artifact], documents: Mapping[str, Document]) -> Iterator[Sheet]:
    """The pages that are rendered; HTML that is copied as it is, is its author's own."""
    for artifact in artifacts:
        if artifact.path.endswith(".html") and isinstance(artifact.content, bytes):
            seen = read_html(artifact.content.decode("utf-8", "replace"))
            url = "/" + artifact.path.removesuffix("index.html")
            yield Sheet(url, seen, documents.get(artifact.made_from))

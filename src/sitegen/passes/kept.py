"""What a build leaves for the next one of the same process, such as the preview's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from sitegen.base.errors import Problem
from sitegen.claims import Judgement
from sitegen.model import Origin, Page, Shown, SiteConfig
from sitegen.passes.asked import Draft


class _KeptDraft(NamedTuple):
    origin: Origin
    draft: Draft
    problems: tuple[Problem, ...]


class _KeptPage(NamedTuple):
    draft: Draft
    shown: Sequence[Shown]
    judgement: Judgement
    page: Page


class Kept:
    """Drafts and bodies that are still right, by the path of their file below `content/`.

    Give the same object to every `build` of one site in a process: a page is read and highlighted
    again only if its file, what sections and the configuration say of it, a file that it asked for,
    or a result that it shows has changed. An empty one changes nothing but time. It holds for one
    build at a time.
    """

    def __init__(self) -> None:
        self._config: SiteConfig | None = None
        self._drafts: dict[str, _KeptDraft] = {}
        self._pages: dict[str, _KeptPage] = {}

    def begin(self, config: SiteConfig) -> None:
        """Forget all that another configuration made."""
        if config != self._config:
            self._config = config
            self._drafts, self._pages = {}, {}

    def draft(self, origin: Origin) -> tuple[Draft, tuple[Problem, ...]] | None:
        """The draft of a file that is as it was, and what was noticed in it."""
        kept = self._drafts.get(origin.source.path)
        return (kept.draft, kept.problems) if kept and kept.origin == origin else None

    def keep_draft(self, origin: Origin, draft: Draft, problems: Sequence[Problem]) -> None:
        """Keep a draft that only its file has made."""
        if not draft.document.asked:
            self._drafts[origin.source.path] = _KeptDraft(origin, draft, tuple(problems))

    def page(self, draft: Draft, shown: Sequence[Shown], judgement: Judgement) -> Page | None:
        """The page of a draft that is the same object as before, and shows and is said the same."""
        kept = self._pages.get(draft.document.source.path)
        same = kept and (kept.draft is draft, kept.shown == shown, kept.judgement == judgement)
        return kept.page if kept and same and all(same) else None

    def keep_page(
        self, draft: Draft, shown: Sequence[Shown], judgement: Judgement, page: Page
    ) -> None:
        """Keep a page, which takes no time again."""
        page = msgspec.structs.replace(page, highlighting=0.0)
        self._pages[draft.document.source.path] = _KeptPage(draft, shown, judgement, page)

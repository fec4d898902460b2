"""What is looked at: a whole site in memory, and the places that its addresses are written at."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from sitegen.model import Artifact, Document, Shown, SiteConfig


class Subject(msgspec.Struct, frozen=True):
    """A site as it would be published; `shown` are the runs of each page, by its name."""

    config: SiteConfig
    documents: tuple[Document, ...]
    artifacts: tuple[Artifact, ...]
    shown: Mapping[str, tuple[Shown, ...]]

    @property
    def base(self) -> str:
        """The site's address, one that cannot be where it has none of its own."""
        return self.config.base_url or "http://site.invalid"

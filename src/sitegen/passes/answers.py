"""What pages asked for besides their own text, and a digest of what the answer is now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

import jinja2

from sitegen.base.digest import digest_bytes, digest_text, digest_value
from sitegen.base.paths import is_file
from sitegen.content.include import lies_inside
from sitegen.model import Read, SiteConfig
from sitegen.passes.asked import day_of
from sitegen.render.loader import open_levels
from sitegen.render.lookup import find_file
from sitegen.render.sizes import size_in
from sitegen.storage.fragments import Answer


class Answers:
    """The answers at this build: each is looked for once, when it is first asked for.

    `urls` are the addresses of pages by their path below `content/`.
    """

    def __init__(
        self, config: SiteConfig, environ: Mapping[str, str], urls: Mapping[str, str]
    ) -> None:
        self._config, self._environ, self._urls = config, environ, urls
        self._levels = open_levels(config.root, config.theme or None)
        self.of = cache(self._of)

    def to(self, asked: Iterable[Read]) -> tuple[Answer, ...]:
        """Everything that was asked for, each with its answer."""
        return tuple((*read, self.of(*read)) for read in sorted(asked))

    def are(self, answers: Iterable[Answer]) -> bool:
        """Whether these answers would be given now."""
        return all(self.of(kind, name) == was for kind, name, was in answers)

    def _of(self, kind: str, name: str) -> str:
        match kind:
            case "template":
                return self._template(name)
            case "file":
                return self._file(name)
            case "included":
                return self._included(name)
            case "picture":
                file = self._config.root / name
                return str(size_in(file)) if is_file(file) else "none"
            case "env":
                return digest_value(self._environ.get(name))
            case "day":
                return str(day_of(self._environ))
            case "urls":
                return digest_value(self._urls)
            case _:  # a page, by its path
                return self._urls.get(kind, "none")

    def _template(self, name: str) -> str:
        """Of the template that a name means, and of which ones it can extend by its own name."""
        found = self._levels.find(name)
        if found is None:
            return "none"
        level, bare = found
        below = self._levels.all[self._levels.all.index(level) :]
        places = [one.prefix for one in below if one.has(bare)]
        try:
            return digest_text("\0".join((*places, level.text(bare))))
        except (jinja2.TemplateSyntaxError, OSError) as error:
            return str(error)

    def _file(self, name: str) -> str:
        try:
            file = find_file(self._config, name, "a template")
            return digest_bytes(file.read_bytes()) if file else "none"
        except (jinja2.TemplateRuntimeError, OSError) as error:
            return str(error)

    def _included(self, name: str) -> str:
        root = self._config.root
        try:
            content = digest_bytes((root / name).read_bytes())
        except OSError:
            return "none"
        return content if lies_inside(root / name, root) else f"elsewhere {content}"

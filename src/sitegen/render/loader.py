"""Templates by name on three levels: the site's own, its theme's, the built-in ones.

A name means the first level that has it. A template that asks for its own name means the next
level below it, so that a site can extend its theme's `page.html`, and that the built-in one.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import jinja2
import msgspec

FILE = "template:"
"""What the names of templates begin with in tracebacks."""

BUILT_IN = f"{FILE}sitegen:"
"""What those of the built-in ones begin with."""


class Level(msgspec.Struct, frozen=True):
    """A folder of templates: what its names begin with, and how a message shows its files."""

    prefix: str
    folder: Traversable
    shown: str

    def has(self, name: str) -> bool:
        """Whether this level has a template of this name."""
        if Path(name).is_absolute() or ".." in Path(name).parts or "\0" in name:
            return False
        try:
            return self.folder.joinpath(name).is_file()
        except (OSError, ValueError):  # a name that no file can have
            return False

    def names(self) -> list[str]:
        """The names of the templates that this level has, sorted."""
        return sorted(_below(self.folder))

    def text(self, name: str) -> str:
        """The text of a template that this level has."""
        try:
            return self.folder.joinpath(name).read_text("utf-8")
        except UnicodeDecodeError as error:
            raise jinja2.TemplateSyntaxError("not UTF-8", 1, self.prefix + name) from error


class Levels(msgspec.Struct, frozen=True):
    """The levels from the outermost down; `theme` is the name by which templates may ask for it."""

    all: tuple[Level, ...]
    theme: str | None

    def find(self, name: str) -> tuple[Level, str] | None:
        """The level and the bare name that a template's name means."""
        for place, level in enumerate(self.all):
            if level.prefix and name.startswith(level.prefix):
                return self.first(name.removeprefix(level.prefix), self.all[place:])
        return self.first(name, self.all)

    def first(self, name: str, levels: Iterable[Level]) -> tuple[Level, str] | None:
        """The first of the levels that has a template of this bare name."""
        for level in levels:
            if level.has(name):
                return level, name
        return None

    def below(self, name: str, parent: str) -> str:
        """What a template named `parent` means by `name`."""
        if self.theme and name.startswith(f"{self.theme}/templates/"):
            return f"theme:{name.removeprefix(f'{self.theme}/templates/')}"
        found = self.find(parent)
        if found is None or found[1] != name:
            return name
        lower = self.all[self.all.index(found[0]) + 1 :]
        next_one = self.first(name, lower)
        return f"{next_one[0].prefix if next_one else self.all[-1].prefix}{name}"

    def bare(self, name: str) -> str:
        """A template's name without its level."""
        for level in self.all:
            if level.prefix and name.startswith(level.prefix):
                return name.removeprefix(level.prefix)
        return name

    def names(self) -> list[str]:
        """Every template's bare name, sorted."""
        return sorted({name for level in self.all for name in level.names()})


def open_levels(root: Path, theme: str | None, *, plain: bool = False) -> Levels:
    """The levels of the site at `root`; with `plain` only the built-in one."""
    built_in = files("sitegen.theme").joinpath("templates")
    if plain:
        return Levels((Level("sitegen:", built_in, "{} (built in)"),), None)
    levels = [Level("", root / "templates", "templates/{}")]
    if theme:
        folder = root / "themes" / theme / "templates"
        levels.append(Level("theme:", folder, f"themes/{theme}/templates/{{}}"))
    levels.append(Level("sitegen:", built_in, "{} (built in)"))
    return Levels(tuple(levels), theme)


class Loader(jinja2.BaseLoader):
    """Reads templates from the levels; tracebacks then name `template:NAME`."""

    def __init__(self, levels: Levels) -> None:
        self._levels = levels

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str | None, None]:
        found = self._levels.find(template)
        if found is None:
            raise jinja2.TemplateNotFound(template)
        level, name = found
        return level.text(name), f"{FILE}{level.prefix}{name}", None

    def list_templates(self) -> list[str]:
        return self._levels.names()


def _below(folder: Traversable, prefix: str = "") -> Iterable[str]:
    if not folder.is_dir():
        return
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(entry, f"{prefix}{entry.name}/")
        elif "." in entry.name:
            yield f"{prefix}{entry.name}"

"""Small templates that a text asks for: shortcodes, and the anchors of headings.

Reading a text finds them; rendering, which this layer knows nothing of, does what they say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from sitegen.base.errors import Problem
from sitegen.model import Artifact, Origin, Read

Render = Callable[[str, Origin, Mapping[str, Any], str], str | tuple[Problem, ...]]
"""A template's text by its name, what it is for, its own variables, and where it was called."""


class Snippets(NamedTuple):
    """The templates below `shortcodes/` by name, whether there is another one, how to render,
    and the pictures that templates have asked for so far; `strict`: what looks like a call is one.

    `fill_in`: what a text gives that is itself a template, where the site's are, as in Zola 0.23.
    `asked` is what templates have looked at since this was last asked.
    `shortcodes` is what each is called to what its file is: `youtube` to `shortcodes/youtube.html`.
    """

    shortcodes: Mapping[str, str]
    has: Callable[[str], bool]
    render: Render
    made_files: Callable[[], tuple[Artifact, ...]]
    strict: bool = True
    fill_in: Callable[[str, Origin], str | tuple[Problem, ...]] | None = None
    asked: Callable[[], frozenset[Read]] = frozenset


def _nothing(
    template: str, origin: Origin, context: Mapping[str, Any], where: str
) -> tuple[Problem, ...]:
    return (Problem("fatal", "template", f"there is no template `{template}`"),)


NONE = Snippets({}, lambda name: False, _nothing, tuple)
"""For a text that no site is around."""

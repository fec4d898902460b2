"""What the templates of a theme know of one another: which files of macros are called what.

A macro of Tera may call those that the page's own template imported; one of Jinja2 knows only what
its file imports. So the imports of all files are gathered before any is migrated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from sitegen.migrate.known import CONTEXT
from sitegen.migrate.tokens import Part, TeraSyntaxError, Token, scan_parts


class Survey(msgspec.Struct, frozen=True):
    """`aliases` are new names for imports whose own would hide a variable, which Tera keeps apart.

    `homes` tells the file that a name is imported from, where all files agree; `imports`, by file,
    what it imports.
    """

    aliases: Mapping[str, str]
    homes: Mapping[str, str]
    imports: Mapping[str, frozenset[str]]

    def leads(self, start: str, to: str) -> bool:
        """Whether a file of macros imports another, be it through others."""
        seen: set[str] = set()
        ahead = [start]
        while ahead:
            file = ahead.pop()
            if file == to:
                return True
            if file not in seen:
                seen.add(file)
                ahead += self.imports.get(file, ())
        return False


def survey(files: Mapping[str, str]) -> Survey:
    """The survey of templates by name below their folder; one that is no Tera says nothing."""
    used: set[str] = set()
    paths: dict[str, set[str]] = {}
    imports: dict[str, frozenset[str]] = {}
    missing: dict[str, set[str]] = {}
    for name, text in files.items():
        try:
            parts = list(scan_parts(text))
        except TeraSyntaxError:
            continue
        own = imported(parts)
        for alias, path in own.items():
            paths.setdefault(alias, set()).add(path)
        imports[name] = frozenset(own.values())
        used |= {word for part in parts for word in _variables(part.tokens)}
        if defines_macros(parts):
            missing[name] = called(parts) - own.keys()
    homes = {alias: next(iter(known)) for alias, known in paths.items() if len(known) == 1}
    for name, aliases in missing.items():
        imports[name] |= {homes[alias] for alias in aliases if alias in homes}
    clash = {alias for alias in paths if alias in CONTEXT or alias in used}
    return Survey({alias: f"{alias}_macros" for alias in clash}, homes, imports)


def imported(parts: Iterable[Part]) -> dict[str, str]:
    """The files of macros that a template imports, by their names in it."""
    found = {}
    for part in parts:
        words = [token.text for token in part.tokens]
        if part.kind == "tag" and words[:1] == ["import"] and len(words) == 4:
            found[words[3]] = words[1][1:-1]
    return found


def called(parts: Iterable[Part]) -> set[str]:
    """The names before `::` in a template, but for `self`."""
    found = set()
    for part in parts:
        for name, colons in zip(part.tokens, part.tokens[1:], strict=False):
            if colons.text == "::" and name.text != "self":
                found.add(name.text)
    return found


def defines_macros(parts: Iterable[Part]) -> bool:
    """Whether a template is a file of macros."""
    return any(
        part.kind == "tag" and part.tokens and part.tokens[0].text == "macro" for part in parts
    )


def _variables(tokens: Sequence[Token]) -> set[str]:
    """The names in a tag that stand where a variable does."""
    found: set[str] = set()
    if tokens and tokens[0].text in ("import", "block", "endblock", "macro", "endmacro"):
        return found
    words = ["", *(token.text for token in tokens), ""]
    for place, token in enumerate(tokens, 1):
        plain = token.kind == "name" and words[place + 1] not in ("::", "(", "=")
        if plain and words[place - 1] not in (".", "::", "|", "is"):
            found.add(token.text)
    return found

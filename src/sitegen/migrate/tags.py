"""Tera's tags: what each of them becomes in Jinja2."""

from __future__ import annotations

from collections.abc import Sequence

from sitegen.base.errors import nearest
from sitegen.base.tera2 import is_tera2
from sitegen.migrate.draft import Draft
from sitegen.migrate.expressions import Walk
from sitegen.migrate.survey import Survey, called, defines_macros, imported
from sitegen.migrate.tokens import Part, TeraSyntaxError, scan_parts

_SAFE = ("content", "summary")
"""Fields that are safe HTML here and plain texts in Tera."""

_BARE = ("raw", "endraw", "else", "endif", "endfor", "endfilter", "break", "continue")
_WORDS = (
    *_BARE,
    *("block", "elif", "endblock", "endmacro", "extends", "filter", "for", "if", "import"),
    *("include", "macro", "set", "set_global"),
)


def migrate_text(file: str, name: str, text: str, known: Survey) -> Draft:
    """What a Tera template becomes; a syntax error is a note, and the file stays as it is, as does
    one in Tera 2, which is read as it stands.

    `file` is for messages, `name` is what templates call it, `known` the survey of all of them.
    """
    draft = Draft(file, text)
    if is_tera2(text):
        return draft
    try:
        parts = list(scan_parts(text))
        _import_missing(draft, name, parts, known)
        aliases = {**known.aliases, **dict.fromkeys(_own(name, parts, known), "")}
        hidden: frozenset[str] = frozenset()
        for part in parts:
            if part.kind in ("tag", "output") and part.tokens:
                walk = Walk(draft, part.tokens, aliases, hidden)
                if part.kind == "output":
                    _output(walk, draft, part)
                else:
                    hidden = _tag(walk, draft, hidden)
            elif part.kind in ("tag", "output"):
                help = "delete it, or say what it prints"
                problem = draft.problem(part.start, part.end - part.start, "an empty tag", help)
                draft.notes.append(problem)
        _not_escaped(draft, name, parts)
    except TeraSyntaxError as error:
        draft.edits.clear()
        message = f"not understood as Tera: {error.message}"
        draft.notes[:] = [draft.problem(error.place, 1, message, "the file was left as it is")]
    return draft


def _import_missing(draft: Draft, name: str, parts: Sequence[Part], known: Survey) -> None:
    """A file of macros imports what its macros call; Tera looks where the page imports."""
    if not defines_macros(parts):
        return
    others = called(parts) - imported(parts).keys() - _own(name, parts, known)
    for alias in sorted(others):
        home = known.homes.get(alias)
        if home is None or known.leads(home, name):
            first = next(t for part in parts for t in part.tokens if t.text == alias)
            why = "imports this one" if home else "is imported nowhere, or from several files"
            help = "import it in this file, or hand over what it gives as an argument"
            draft.note(first, f"`{alias}` {why}: its macros are not known here", help)
        else:
            new = known.aliases.get(alias, alias)
            line = f'{{% import "{home}" as {new} with context %}}\n'
            draft.insert(0, line, "import in a file of macros")


def _own(name: str, parts: Sequence[Part], known: Survey) -> set[str]:
    """The names by which a file of macros calls itself without importing itself."""
    return {
        alias for alias in called(parts) - imported(parts).keys() if known.homes.get(alias) == name
    }


def _output(walk: Walk, draft: Draft, part: Part) -> None:
    logical = walk.expression()
    walk.finish()
    first, last = part.tokens[0], part.tokens[-1]
    if logical:
        draft.insert(first.start, "true if ", "output of a condition")
        draft.insert(last.end, " else false")
    names = [token.text for token in part.tokens[::2]]
    path = all(token.text == "." for token in part.tokens[1::2])
    if path and len(names) > 1 and names[-1] in _SAFE:
        draft.insert(last.end, " | forceescape", "output of HTML as text")


def _not_escaped(draft: Draft, name: str, parts: Sequence[Part]) -> None:
    """Tera escapes in HTML and XML only."""
    outputs = [part for part in parts if part.kind == "output" and part.tokens]
    if outputs and not name.endswith((".html", ".htm", ".xml")):
        message = "Tera does not escape in a file of this name, Jinja2 does here"
        help = "write `| safe` where `&`, `<` or a quote must stay as it is"
        draft.note(outputs[0].tokens[0], message, help)


def _tag(walk: Walk, draft: Draft, hidden: frozenset[str]) -> frozenset[str]:
    """One tag; returns the names that are hidden from `self::` after it."""
    word = walk.take_name()
    match word.text:
        case "if" | "elif":
            walk.expression()
        case "for":
            _for(walk, draft)
        case "set" | "set_global":
            name = walk.take_name()
            walk.take("=")
            walk.expression()
            hidden |= {name.text} if hidden else frozenset()
        case "macro":
            hidden = _macro(walk)
        case "endmacro" | "endblock":
            if not walk.done:
                name = walk.take_name()
                if word.text == "endmacro":
                    draft.replace(name, "", "name behind endmacro")
            hidden = frozenset() if word.text == "endmacro" else hidden
        case "block":
            walk.take_name()
        case "extends":
            walk.string()
        case "include":
            _include(walk)
        case "import":
            _import(walk, draft)
        case "filter":
            walk.filtered()
        case bare if bare in _BARE:
            pass
        case _:
            close = nearest(word.text, _WORDS)
            help = f"did you mean `{close}`?" if close else "Jinja2 has no tag of this name"
            draft.note(word, f"there is no tag `{word.text}`", help)
            return hidden
    walk.finish()
    return hidden


def _for(walk: Walk, draft: Draft) -> None:
    """`for k, v in map` is `for k, v in map | items`."""
    walk.take_name()
    pairs = walk.peek() == ","
    if pairs:
        walk.take()
        walk.take_name()
    walk.take("in")
    start = walk.start
    several = walk.sum()
    if pairs and walk.last.text != "items":
        if several:
            draft.insert(start, "(")
        draft.insert(walk.last.end, ") | items" if several else " | items", "loop over a map")


def _macro(walk: Walk) -> frozenset[str]:
    """`macro f(a, b=1)`; returns the names of its arguments."""
    walk.take_name()
    walk.take("(")
    names: set[str] = set()
    while walk.peek() != ")":
        names.add(walk.take_name().text)
        if walk.peek() == "=":
            walk.take()
            walk.sum()
        if walk.peek() != ")":
            walk.take(",")
    walk.take(")")
    return frozenset({*names, ""})


def _include(walk: Walk) -> None:
    walk.sum()
    if walk.peek() == "ignore":
        walk.take()
        walk.take("missing")


def _import(walk: Walk, draft: Draft) -> None:
    walk.string()
    walk.take("as")
    name = walk.take_name()
    new = walk.alias(name.text)
    if new != name.text:
        draft.replace(name, new, "import that would hide a variable")
    draft.insert(name.end, " with context", "import")

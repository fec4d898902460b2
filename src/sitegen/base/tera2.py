"""What Tera 2 writes otherwise than Jinja2, rewritten line by line: components and their calls,
`?.`, and `...`.

A component becomes a macro, and `{{ <name a="x" /> }}` a call of the function `component`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_OPEN = re.compile(r"\{[{%#]")
_RAW_TAG = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}")
_END_RAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_RAW = re.compile(r"\{%([-+]?)\s*raw\s*(-?)\+?%\}(.*?)\{%([-+]?)\s*endraw\s*([-+]?)%\}", re.S)
_TAG = re.compile(r"(\{[{%])([-+]?)(.*?)([-+]?)([}%]\})", re.S)
_COMPONENT = re.compile(r"\s*component\s+([A-Za-z_][\w.]*)\s*\(")
_END_COMPONENT = re.compile(r"\s*endcomponent\b")
_CALL = re.compile(r"\s*<\s*([A-Za-z_][\w.]*)(.*?)(/?)>\s*", re.S)
_END_CALL = re.compile(r"\s*<\s*/\s*[A-Za-z_][\w.]*\s*>\s*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`', re.S)
_NAME = re.compile(r"[A-Za-z_]\w*")
_BARE = re.compile(r"[^\s,{}/>]+")
_PARAMETER = re.compile(r"(@?)([A-Za-z_]\w*)\s*(?::[^=]*)?(?:=(.*))?", re.S)
_SIGN = re.compile(
    r"\{%[-+]?\s*(?:component\s+[\w.]+\s*\(|</?\s*[A-Za-z_])"
    r"|\{\{[-+]?\s*<\s*[A-Za-z_]"
    r"|\{[{%][^}]*(?:\?\.|\?\[|[\[{,]\s*\.\.\.)"
)
_CLOSING = {"(": ")", "[": "]", "{": "}"}

CALLED = frozenset(("component", "implicit_", "nothing_", "spread_"))
"""The functions that rewritten templates call."""

MARK = "\ufdd3"
"""What a line's number stands between, while its text is filled in."""
NUMBERED = re.compile(f"{MARK}(\\d+){MARK}")


class Definition(NamedTuple):
    """A component's name, and where its definition begins and ends in its file."""

    name: str
    start: int
    end: int


def is_tera2(text: str) -> bool:
    """Whether a template says something that only Tera 2 understands."""
    return _SIGN.search(text) is not None


def definitions(text: str) -> Iterator[Definition]:
    """The components that a template defines, in order; one that is not closed to the end."""
    begun: tuple[str, int] | None = None
    for start, end in _pieces(text):
        tag = _TAG.fullmatch(text, start, end)
        if tag is None or tag[1] != "{%":
            continue
        opened = _COMPONENT.match(tag[3])
        if opened is not None:
            begun = (opened[1], start)
        elif begun is not None and _END_COMPONENT.match(tag[3]):
            yield Definition(*begun, end)
            begun = None
    if begun is not None:
        yield Definition(*begun, len(text))


def components_only(text: str) -> str:
    """The template without anything but its components; every line keeps its number."""
    kept, at = [], 0
    for found in definitions(text):
        kept += ["\n" * text.count("\n", at, found.start), text[found.start : found.end]]
        at = found.end
    return "".join(kept)


def plain_parts(text: str) -> list[tuple[int, int]]:
    """The parts of a text that lie in no tag, and between none that hand on what they hold; what
    stands in `raw` is such a part too."""
    found: list[tuple[int, int]] = []
    at = depth = 0
    for start, end in _pieces(text):
        tag = _TAG.fullmatch(text, start, end)
        if tag is None or _RAW_TAG.match(text, start):
            continue
        if depth == 0:
            found.append((at, start))
        if tag[1] == "{%":
            depth = max(0, depth + _deeper(tag[3]))
        at = end
    return [*found, (at, len(text))] if depth == 0 else found


def _deeper(inner: str) -> int:
    """How many bodies more or less are open behind a tag."""
    word = inner.strip().partition(" ")[0]
    if _END_CALL.fullmatch(inner) or word in ("endset", "endfilter", "endcomponent"):
        return -1
    call = _CALL.fullmatch(inner)
    opens = word in ("filter", "component") or (word == "set" and "=" not in inner)
    return 1 if opens or (call is not None and not call[3]) else 0


def macro_of(name: str) -> str:
    """What the macro of a component is called."""
    return "component_" + name.replace("_", "__").replace(".", "_o_")


def as_jinja(text: str, *, whole: bool = False) -> str:
    """The template for Jinja2; line breaks beside tags stay where it is Tera 2's, as they do there.

    `whole`: the text is Tera 2's, whether that shows or not.
    """
    if not whole and not is_tera2(text):
        return text
    parts, at = [], 0
    for start, end in _pieces(text):
        parts += [text[at:start], _rewritten(text[start:end])]
        at = end
    return "".join([*parts, text[at:]])


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Where the tags, the comments, and what `raw` holds with its tags, begin and end."""
    at = 0
    while (opened := _OPEN.search(text, at)) is not None:
        start = opened.start()
        end = _end_of(text, opened[0], opened.end())
        if end is None:
            at = opened.end()
            continue
        if _RAW_TAG.fullmatch(text, start, end):
            closed = _END_RAW.search(text, end)
            end = closed.end() if closed is not None else len(text)
        yield start, end
        at = end


def _end_of(text: str, opening: str, at: int) -> int | None:
    """The end of a tag or comment from behind its beginning, past strings and brackets."""
    if opening == "{#":
        end = text.find("#}", at)
        return end + 2 if end >= 0 else None
    closing = "}}" if opening == "{{" else "%}"
    while at < len(text):
        string = _STRING.match(text, at)
        if string is not None:
            at = string.end()
        elif text.startswith(closing, at):
            return at + 2
        elif text[at] in _CLOSING:
            at = _closed(text, at) + 1
        else:
            at += 1
    return None


def _rewritten(piece: str) -> str:
    """One tag, or the piece as it is where it is none: a comment, or what stands in `raw`."""
    raw = _RAW.fullmatch(piece)
    if raw is not None:
        end = f"{{%{raw[4] or '+'} endraw {raw[5] or '+'}%}}"
        return f"{{%{raw[1] or '+'} raw {raw[2]}%}}{raw[3]}{end}"
    tag = _TAG.fullmatch(piece)
    if tag is None:
        return piece
    opening, left, inner, right, closing = tag.groups()
    if opening == "{%":
        left, right = left or "+", right or "+"
        inner = _tag(inner, f"{right}{closing}{opening}+")
    else:
        found = _CALL.fullmatch(inner)
        if found is not None and found[3]:
            inner = f" {_call(found[1], found[2])} "
        else:
            inner = _expression(inner)
    return f"{opening}{left}{_spaced(inner, tag[3])}{right}{closing}"


def _spaced(new: str, old: str) -> str:
    """The text with as many line breaks as the old one."""
    missing = old.count("\n") - new.count("\n")
    return new + "\n" * missing if missing > 0 else new


def _tag(inner: str, between: str) -> str:
    """What stands in a `{% … %}`; `between` closes it and opens the next one."""
    component = _COMPONENT.match(inner)
    if component is not None:
        end = _closed(inner, component.end() - 1)
        return _macro(component[1], inner[component.end() : end], between)
    if _END_COMPONENT.match(inner):
        return " endmacro "
    if _END_CALL.fullmatch(inner):
        return " endcall "
    call = _CALL.fullmatch(inner)
    if call is not None and not call[3]:
        return f" call {_call(call[1], call[2])} "
    return _expression(inner)


def _macro(name: str, parameters: str, between: str) -> str:
    """The head of the macro of a component, and what sets its body."""
    written, rest = [], ""
    for parameter in _split(parameters):
        if parameter.startswith("..."):
            rest = f"{between} set {parameter[3:].strip()} = kwargs "
            continue
        found = _PARAMETER.fullmatch(parameter)
        if found is None:
            written.append(parameter)
            continue
        default = _expression(found[3].strip()) if found[3] is not None else ""
        if found[1]:
            given = f", {default}" if default else ""
            default = f'implicit_("{found[2]}"{given})'
        written.append(f"{found[2]}={default}" if default else found[2])
    all_of_them = ", ".join([*_in_order(written), 'body=nothing_("body")'])
    head = f" macro {macro_of(name)}({all_of_them}) "
    body = f"{between} if caller {between} set body = caller() {between} endif "
    return head + body + rest


def _in_order(written: list[str]) -> list[str]:
    """Parameters with those that have no default first, as Jinja2 wants them: all are named."""
    return sorted(written, key=lambda one: "=" in one)


def _call(name: str, arguments: str) -> str:
    """A call as one of the function `component`."""
    given = [f'"{name}"', *_arguments(arguments)]
    return f"component({', '.join(given)})"


def _arguments(text: str) -> Iterator[str]:
    at = 0
    while (at := _next(text, at)) < len(text):
        if text[at] == "{":
            end = _closed(text, at)
            inner = text[at + 1 : end].strip()
            yield f"**({_expression(inner.removeprefix('...'))})"
            at = end + 1
            continue
        name = _NAME.match(text, at)
        if name is None:
            yield text[at:]
            return
        at = _next(text, name.end())
        if not text.startswith("=", at):
            yield f"{name[0]}={name[0]}"
            continue
        at = _next(text, at + 1)
        string = _STRING.match(text, at)
        bare = _BARE.match(text, at)
        if string is not None:
            value, at = _expression(string[0]), string.end()
        elif text.startswith("{", at):
            end = _closed(text, at)
            value, at = f"({_expression(text[at + 1 : end])})", end + 1
        elif bare is not None:
            value, at = bare[0], bare.end()
        else:
            value, at = "", at + 1
        yield f"{name[0]}={value}"


def _next(text: str, at: int) -> int:
    while at < len(text) and (text[at].isspace() or text[at] == ","):
        at += 1
    return at


def _expression(text: str) -> str:
    """An expression, with what is asked of nothing being nothing, and `...` spread."""
    parts, at = [], 0
    while at < len(text):
        string = _STRING.match(text, at)
        if string is not None:
            parts.append(_string(string[0]))
            at = string.end()
        elif text.startswith(("?.", "?["), at):
            at += 1
        elif text[at] in _CLOSING:
            end = _closed(text, at)
            parts.append(_group(text[at], text[at + 1 : end], text[end : end + 1]))
            at = end + 1
        else:
            parts.append(text[at])
            at += 1
    return "".join(parts)


def _string(text: str) -> str:
    if not text.startswith("`"):
        return text
    inner = text[1:-1].replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'


def _group(opening: str, inner: str, closing: str) -> str:
    """What stands in brackets; a list or a map with `...` in it is put together."""
    entries = _split(inner)
    if opening == "(" or not any(entry.startswith("...") for entry in entries):
        return f"{opening}{_expression(inner)}{closing}"
    pieces = []
    for entry in entries:
        if entry.startswith("..."):
            pieces.append(f"({_expression(entry[3:])})")
        else:
            pieces.append(f"{opening}{_expression(entry)}{closing}")
    return f"spread_({', '.join(pieces)})"


def _split(text: str) -> list[str]:
    """The parts of a text between commas that stand in no brackets and no string."""
    found, start, at = [], 0, 0
    while at < len(text):
        string = _STRING.match(text, at)
        if string is not None:
            at = string.end()
        elif text[at] in _CLOSING:
            at = _closed(text, at) + 1
        else:
            if text[at] == ",":
                found.append(text[start:at].strip())
                start = at + 1
            at += 1
    found.append(text[start:].strip())
    return [part for part in found if part]


def _closed(text: str, at: int) -> int:
    """Where the bracket that opens here is closed; the end of the text where it is not."""
    closing = _CLOSING[text[at]]
    at += 1
    while at < len(text):
        string = _STRING.match(text, at)
        if string is not None:
            at = string.end()
        elif text[at] == closing:
            return at
        elif text[at] in _CLOSING:
            at = _closed(text, at) + 1
        else:
            at += 1
    return len(text)

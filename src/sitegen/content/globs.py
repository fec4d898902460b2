"""The patterns of `ignored_content` and `ignored_static`, as Zola reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

_PIECE = re.compile(
    r"(?P<deep>\*\*/)|(?P<any>\*+)|(?P<one>\?)|(?P<set>\[!?\]?[^\]]*\])|(?P<open>\{)|(?P<close>\})"
    r"|(?P<comma>,)|\\(?P<escaped>.)|(?P<plain>.)",
    re.S,
)


def why_no_glob(glob: str) -> str | None:
    """What is wrong with a pattern; None where nothing is."""
    try:
        _translate(glob)
    except ValueError as error:
        return str(error)
    except re.error:
        return "its brackets hold no set of characters"
    return None


def matcher(globs: Sequence[str]) -> Callable[[str], bool]:
    """Whether a path, or its last part, is meant by one of the patterns."""
    if not globs:
        return lambda path: False
    wanted = [_translate(glob) for glob in globs]

    def matches(path: str) -> bool:
        name = path.rpartition("/")[2]
        return any(glob.fullmatch(path) or glob.fullmatch(name) for glob in wanted)

    return matches


def _translate(glob: str) -> re.Pattern[str]:
    """The pattern as a regular expression: a star also takes slashes, `{a,b}` is a choice."""
    found = []
    depth = 0
    for piece in _PIECE.finditer(glob):
        text = piece.group()
        match piece.lastgroup:
            case "deep":
                found.append("(?:.*/)?")
            case "any":
                found.append(".*")
            case "one":
                found.append(".")
            case "set":
                found.append(f"[{'^' if text[1] == '!' else ''}{_escaped_set(text)}]")
            case "open":
                depth += 1
                found.append("(?:")
            case "close" if depth:
                depth -= 1
                found.append(")")
            case "comma" if depth:
                found.append("|")
            case "escaped":
                found.append(re.escape(piece["escaped"]))
            case _:
                found.append(re.escape(text))
    if depth:
        raise ValueError("a brace is not closed")
    return re.compile("".join(found), re.S)


def _escaped_set(text: str) -> str:
    inner = text[1:-1].removeprefix("!")
    return re.sub(r"([\\\[\]^&~|])", r"\\\1", inner)

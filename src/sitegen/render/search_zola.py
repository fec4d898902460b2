"""Search indexes as themes for Zola load them: of elasticlunr, and lists for Fuse."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from sitegen.base.address import permalink
from sitegen.render.searched import Item
from sitegen.settings import IndexFormat, SearchConfig

_EDGES = re.compile(r"^\W+|\W+$")
_GAP = re.compile(r"[\s-]+")


def zola_index(
    items: Sequence[Item], search: SearchConfig, lang: str, base_url: str
) -> tuple[str, bytes]:
    """The name and the text of the index in the format that `[search]` names."""
    kind, _, form = search.index_format.partition("_")
    values: Any = _fuse(items, search, base_url)
    if kind == "elasticlunr":
        values = _elasticlunr(items, search, base_url)
    text = msgspec.json.encode(values)
    if form == "javascript":
        return f"search_index.{lang}.js", b"window.searchIndex = " + text + b";"
    return f"search_index.{lang}.json", text


def needs_elasticlunr(format: IndexFormat) -> bool:
    """Whether themes expect the library `elasticlunr.min.js` beside the index."""
    return format in ("elasticlunr_javascript", "elasticlunr_json")


def _fields(search: SearchConfig) -> tuple[str, ...]:
    wanted = {
        "title": search.include_title,
        "description": search.include_description,
        "date": search.include_date,
        "path": search.include_path,
        "body": search.include_content,
    }
    return tuple(name for name, is_wanted in wanted.items() if is_wanted)


def _values(item: Item, fields: Sequence[str]) -> dict[str, str]:
    known = {
        "title": item.title,
        "description": item.description,
        "date": item.date,
        "path": item.path,
        "body": item.content,
    }
    return {name: known[name] for name in fields}


def _fuse(items: Sequence[Item], search: SearchConfig, base: str) -> list[dict[str, str]]:
    fields = _fields(search)
    return [{**_values(item, fields), "url": permalink(base, item.url)} for item in items]


def _elasticlunr(items: Sequence[Item], search: SearchConfig, base: str) -> dict[str, Any]:
    """The index as elasticlunr 0.9.5 saves one; words are as they stand, not reduced to stems."""
    fields = _fields(search)
    roots: dict[str, dict[str, Any]] = {field: {"docs": {}, "df": 0} for field in fields}
    documents: dict[str, dict[str, str]] = {}
    lengths: dict[str, dict[str, int]] = {}
    for item in items:
        ref = permalink(base, item.url)
        documents[ref] = {"id": ref, **_values(item, fields)}
        lengths[ref] = {}
        for field in fields:
            words = list(_words(documents[ref][field]))
            lengths[ref][field] = len(words)
            for word, times in Counter(words).items():
                _add(roots[field], word, ref, round(math.sqrt(times), 4))
    return {
        "fields": list(fields),
        "pipeline": ["trimmer"],
        "ref": "id",
        "version": "0.9.5",
        "index": {field: {"root": root} for field, root in roots.items()},
        "documentStore": {
            "save": True,
            "docs": documents,
            "docInfo": lengths,
            "length": len(documents),
        },
        "lang": "English",
    }


def _words(text: str) -> Iterator[str]:
    for word in _GAP.split(text.lower()):
        bare = _EDGES.sub("", word)
        if bare:
            yield bare


def _add(root: dict[str, Any], word: str, ref: str, frequency: float) -> None:
    """Notes a word in the tree of letters in which elasticlunr keeps them."""
    node = root
    for letter in word:
        if letter not in node:
            node[letter] = {"docs": {}, "df": 0}
        node = node[letter]
    node["docs"][ref] = {"tf": frequency}
    node["df"] = len(node["docs"])

"""Tera's and Zola's filters and tests for Jinja2, in two literal tables.

A name that Jinja2 has too takes Tera's named arguments and Jinja2's positional ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sitegen.render.dates import format_date
from sitegen.render.filters import arrays, numbers, tests, texts
from sitegen.render.format import format_bytes, format_rfc3339, format_seconds

FILTERS: Mapping[str, Callable[..., Any]] = {
    "addslashes": texts.addslashes,
    "as_str": numbers.as_str,
    "base64_decode": texts.base64_decode,
    "base64_encode": texts.base64_encode,
    "capitalize": texts.capitalize,
    "concat": arrays.concat,
    "count": arrays.length,
    "d": arrays.default,
    "date": format_date,
    "default": arrays.default,
    "duration": format_seconds,
    "escape_xml": texts.escape_xml,
    "filesize": format_bytes,
    "filesizeformat": numbers.filesizeformat,
    "filter": arrays.filter,
    "first": arrays.first,
    "get": arrays.get,
    "group_by": arrays.group_by,
    "indent": texts.indent,
    "items": arrays.items,
    "join": arrays.join,
    "json_encode": numbers.json_encode,
    "last": arrays.last,
    "length": arrays.length,
    "linebreaksbr": texts.linebreaksbr,
    "lower": texts.lower,
    "map": arrays.map,
    "newlines_to_br": texts.linebreaksbr,
    "nth": arrays.nth,
    "num_format": numbers.num_format,
    "pluralize": numbers.pluralize,
    "regex_replace": texts.regex_replace,
    "replace": texts.replace,
    "reverse": arrays.reverse,
    "rfc3339": format_rfc3339,
    "round": numbers.round,
    "slice": arrays.slice,
    "sort": arrays.sort,
    "spaceless": texts.spaceless,
    "split": texts.split,
    "str": numbers.as_str,
    "striptags": texts.striptags,
    "title": texts.title,
    "trim": texts.trim,
    "trim_end": texts.trim_end,
    "trim_end_matches": texts.trim_end_matches,
    "trim_start": texts.trim_start,
    "trim_start_matches": texts.trim_start_matches,
    "truncate": texts.truncate,
    "unique": arrays.unique,
    "upper": texts.upper,
    "urlencode_strict": texts.urlencode_strict,
    "wordcount": texts.wordcount,
}

TESTS: Mapping[str, Callable[..., bool]] = {
    "containing": tests.containing,
    "divisible_by": tests.divisible_by,
    "ending_with": tests.ending_with,
    "iterable": tests.iterable,
    "map": tests.object,
    "matching": tests.matching,
    "number": tests.number,
    "object": tests.object,
    "starting_with": tests.starting_with,
}

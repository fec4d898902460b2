"""`load_data`: a file of the site, or a text, as values. Never the network."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Mapping
from typing import Any

import jinja2

from sitegen.model import SiteConfig
from sitegen.render.lookup import find_file, need_file

_ENTRY = re.compile(r"@(\w+)\s*\{", re.I)
_FIELD = re.compile(r"\s*([^\s=,{}]+)\s*=\s*")


def load_data(
    config: SiteConfig,
    path: str | None = None,
    literal: str | None = None,
    format: str | None = None,
    required: bool = True,
    **remote: Any,
) -> Any:
    """The values in a file below the site, or in `literal`; None for a file that is not there and
    not `required`."""
    if remote:
        name = next(iter(remote))
        why = "a build reads the site only, so that it is the same tomorrow"
        raise _error(
            f"no `{name}`: {why}; download the file into the site and say `path`"
            if name in ("url", "method", "body", "content_type", "headers")
            else f"there is no argument `{name}`"
        )
    if (path is None) == (literal is None):
        raise _error("say either `path` or `literal`")
    if path is None:
        return _parse(str(literal), format or "plain", "the text")
    file = need_file(config, path, "load_data") if required else None
    file = file or find_file(config, path, "load_data")
    if file is None:
        return None
    kind = format or _BY_SUFFIX.get(file.suffix.lower(), "plain")
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _error(f"`{path}` cannot be read: {error}") from None
    return _parse(text, kind, f"`{path}`")


def _parse(text: str, format: str, shown: str) -> Any:
    parse = FORMATS.get(format.lower())
    if parse is None:
        raise _error(f"no format `{format}`; one of {', '.join(FORMATS)}")
    try:
        return parse(text)
    except (ValueError, csv.Error, ElementTree.ParseError) as error:
        raise _error(f"{shown} is not {format}: {error}") from None


def _yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _csv(text: str) -> Mapping[str, Any]:
    """The first row as `headers`, the others as `records`, all texts."""
    rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    headers, records = (rows[0], rows[1:]) if rows else ([], [])
    for number, row in enumerate(records, 2):
        if len(row) != len(headers):
            raise ValueError(f"row {number} has {len(row)} fields, the first has {len(headers)}")
    return {"headers": headers, "records": records}


def _xml(text: str) -> Mapping[str, Any]:
    """Elements as maps by name; several of one name are an array, attributes begin with `@`."""
    if re.search(r"<!DOCTYPE|<!ENTITY", text):
        raise ValueError("a document type is not read")
    root = ElementTree.fromstring(text)  # noqa: S314 (entities are refused above)
    return {root.tag: _element(root)}


def _element(element: ElementTree.Element) -> Any:
    text = (element.text or "").strip()
    if not len(element) and not element.attrib:
        return text
    found: dict[str, Any] = {f"@{name}": value for name, value in element.attrib.items()}
    if text:
        found["#text"] = text
    grouped: dict[str, list[Any]] = {}
    for child in element:
        grouped.setdefault(child.tag, []).append(_element(child))
    found |= {tag: items[0] if len(items) == 1 else items for tag, items in grouped.items()}
    return found


def _bibtex(text: str) -> Mapping[str, Any]:
    """`bibliographies` with `entry_type`, `citation_key` and lower-case `tags`, as in Zola."""
    found: dict[str, Any] = {
        "preambles": [],
        "comments": [],
        "variables": {},
        "bibliographies": [],
    }
    variables: dict[str, str] = found["variables"]
    at = 0
    while (entry := _ENTRY.search(text, at)) is not None:
        kind, at = entry[1].lower(), entry.end()
        if kind in ("comment", "preamble"):
            end = _closing(text, at)
            found[f"{kind}s"].append(text[at:end].strip().strip('"'))
            at = end + 1
        elif kind == "string":
            fields, at = _fields(text, at, variables)
            variables.update(fields)
        else:
            comma = text.find(",", at)
            if comma < 0:
                raise ValueError(f"the entry `@{kind}` has no end")
            key = text[at:comma].strip()
            fields, at = _fields(text, comma + 1, variables)
            tags = {name.lower(): value for name, value in fields.items()}
            one = {"entry_type": kind, "citation_key": key, "tags": tags}
            found["bibliographies"].append(one)
    return found


def _fields(text: str, at: int, variables: Mapping[str, str]) -> tuple[dict[str, str], int]:
    """The fields of an entry, and the place behind its closing brace."""
    fields: dict[str, str] = {}
    while (field := _FIELD.match(text, at)) is not None:
        parts, at = [], field.end()
        while True:
            part, at = _value(text, at, variables)
            parts.append(part)
            joined = re.compile(r"\s*#\s*").match(text, at)
            if joined is None:
                break
            at = joined.end()
        fields[field[1]] = re.sub(r"\s+", " ", "".join(parts)).strip()
        separator = re.compile(r"\s*,?").match(text, at)
        at = separator.end() if separator else at
    end = text.find("}", at)
    if end < 0 or text[at:end].strip():
        raise ValueError(f"not understood: `{text[at : at + 30].strip()}`")
    return fields, end + 1


def _value(text: str, at: int, variables: Mapping[str, str]) -> tuple[str, int]:
    if text.startswith("{", at):
        end = _closing(text, at + 1)
        return text[at + 1 : end], end + 1
    if text.startswith('"', at):
        end = text.find('"', at + 1)
        if end < 0:
            raise ValueError("a quote has no end")
        return text[at + 1 : end], end + 1
    word = re.compile(r"[^\s,}#]*").match(text, at)
    name = word[0] if word else ""
    return variables.get(name, name), at + len(name)


def _closing(text: str, at: int) -> int:
    """The place of the brace that closes what was opened before `at`."""
    depth = 1
    for place in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return place
    raise ValueError("a brace has no end")


def _error(message: str) -> jinja2.TemplateRuntimeError:
    return jinja2.TemplateRuntimeError(f"`load_data`: {message}")


FORMATS: Mapping[str, Callable[[str], Any]] = {
    "toml": tomllib.loads,
    "json": json.loads,
    "csv": _csv,
    "yaml": _yaml,
    "xml": _xml,
    "bibtex": _bibtex,
    "plain": lambda text: text,
}
_BY_SUFFIX = {
    ".toml": "toml",
    ".json": "json",
    ".csv": "csv",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".xml": "xml",
    ".bib": "bibtex",
    ".bibtex": "bibtex",
}

"""Where a page lies on the site: Zola's rules for URLs."""

from __future__ import annotations

import re

from sitegen.base.errors import Problem, Span
from sitegen.content.frontmatter import dated_stem
from sitegen.content.slug import slugify
from sitegen.model import Meta, Source

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def page_url(source: Source, meta: Meta, problems: list[Problem]) -> str:
    """A page's path on the site, with both slashes; `path` beats `slug` beats the file's name."""
    folder, _, _ = source.name.rpartition("/")
    above = [slugify(part) for part in folder.split("/") if part]
    if source.is_section:
        return _joined(above)
    if meta.path is not None:
        parts = meta.path.strip("/").split("/")
        wrong = [part for part in parts if part in ("", ".", "..") or _unsafe(part)]
        if wrong:
            message = f"`path` leads nowhere on this site: `{meta.path}`"
            help = "names joined by slashes, without `.` and `..`"
            problems.append(Problem("fatal", "path", message, Span(source.file, 1), help=(help,)))
            return "/"
        return _joined(parts)
    return _joined([*above, slugify(meta.slug or dated_stem(source)[1])])


def asset_folder(source: Source, url: str) -> tuple[str, str]:
    """Where the files beside a page go: (their folder in `content/`, the folder's URL).

    A bundle's files lie under its own URL, whatever its slug.
    """
    folder = source.path.rpartition("/")[0]
    if source.path.endswith("/index.md"):
        return folder, url
    return folder, _joined([slugify(part) for part in folder.split("/") if part])


def _joined(parts: list[str]) -> str:
    return "/" + "".join(f"{part}/" for part in parts if part)


def _unsafe(part: str) -> bool:
    too_long = len(part.encode()) > 255
    return bool(_CONTROL.search(part)) or "\\" in part or part[-1] in ". " or too_long

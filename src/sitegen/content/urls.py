"""Where a page lies on the site: Zola's rules for URLs."""

from __future__ import annotations

from sitegen.content.frontmatter import dated_stem
from sitegen.content.slug import slugify
from sitegen.model import Meta, Source


def page_url(source: Source, meta: Meta) -> str:
    """A page's path on the site, with both slashes; `path` beats `slug` beats the file's name."""
    folder, _, _ = source.name.rpartition("/")
    above = [slugify(part) for part in folder.split("/") if part]
    if source.is_section:
        return _joined(above)
    if meta.path is not None:
        return _joined(meta.path.strip("/").split("/"))
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

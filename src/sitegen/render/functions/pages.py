"""`get_page`, `get_section`, `get_url`: what lies where on the site."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import jinja2
import msgspec
from markupsafe import Markup

from sitegen.base.address import permalink
from sitegen.model import SiteConfig
from sitegen.render.functions.errors import no_such
from sitegen.render.library import Library
from sitegen.render.lookup import need_file
from sitegen.render.reads import Reads


def of_pages(config: SiteConfig, library: Library, reads: Reads) -> dict[str, Callable[..., Any]]:
    """The functions for a site; what they look at is noted."""

    def get_page(
        path: str,
        lang: str | None = None,
        metadata_only: bool = False,
        allow_missing: bool = False,
    ) -> Any:
        found = library.page(_in_language(config, path, lang))
        reads.note(_in_language(config, path, lang), "permalink")
        if found is None:
            if allow_missing:
                return None
            raise no_such("get_page", f"there is no page `{path}`", path, library.urls)
        return msgspec.structs.replace(found, body=Markup()) if metadata_only else found

    def get_section(
        path: str,
        metadata_only: bool = False,
        lang: str | None = None,
        allow_missing: bool = False,
    ) -> Any:
        found = library.section(_in_language(config, path, lang))
        reads.note(_in_language(config, path, lang), "permalink")
        if found is None:
            if allow_missing:
                return None
            raise no_such("get_section", f"there is no section `{path}`", path, library.urls)
        bare: dict[str, Any] = {"bare": True, "subsections": (), "parts": ()}
        bare = bare if metadata_only else {}
        return msgspec.structs.replace(found, **bare)

    def get_url(
        path: str,
        lang: str | None = None,
        trailing_slash: bool = False,
        cachebust: bool = False,
    ) -> str:
        if path.startswith("@/"):
            page, hash, anchor = path[2:].partition("#")
            url = library.urls.get(_in_language(config, page, lang))
            reads.note(_in_language(config, page, lang), "permalink")
            if url is None:
                reads.note("urls")
                reads.note("file", f"content/{page}")
                url = _url_of_file(config, library, page, lang)
            if url is None:
                raise no_such("get_url", f"there is no page `{page}`", page, library.urls)
            return permalink(config.base_url, url) + hash + anchor
        below, more = _parted(path.lstrip("/"))
        if lang not in (None, config.language):
            below = f"{_language(config, lang)}/{below}"
        url = f"/{below}"
        if len(url) > 1:
            url = url.rstrip("/") + ("/" if trailing_slash else "")
        address = permalink(config.base_url, url)
        if cachebust:
            reads.note("file", below)
            address += f"?h={digest(below)}"
        return address + more

    @cache
    def digest(path: str) -> str:
        data = need_file(config, path, "get_url").read_bytes()
        return hashlib.sha256(data).hexdigest()[:20]

    return {"get_page": get_page, "get_section": get_section, "get_url": get_url}


def _url_of_file(config: SiteConfig, library: Library, path: str, lang: str | None) -> str | None:
    """Where a file beside a page lies, by its path below `content/`."""
    if ".." in path.split("/") or not (config.root / "content" / path).is_file():
        return None
    folder = path
    while folder:
        folder = folder.rpartition("/")[0]
        for name in ("index.md", "_index.md"):
            url = library.urls.get(_in_language(config, f"{folder}/{name}".lstrip("/"), lang))
            if url is not None:
                return url + path.removeprefix(folder).lstrip("/")
    return f"/{path}"


def _parted(path: str) -> tuple[str, str]:
    """A path, and the query or fragment behind it."""
    found = re.search(r"[?#]", path)
    return (path[: found.start()], path[found.start() :]) if found else (path, "")


def _in_language(config: SiteConfig, path: str, lang: str | None) -> str:
    """The path of a page in a language: `a.md` as `a.pt.md`."""
    path = path.removeprefix("@/")
    if lang in (None, config.language):
        return path
    stem, dot, suffix = path.rpartition(".")
    return f"{stem}.{_language(config, lang)}{dot}{suffix}"


def _language(config: SiteConfig, lang: str | None) -> str:
    known = [language.code for language in config.languages]
    if lang not in known:
        raise jinja2.TemplateRuntimeError(f"the site has no language `{lang}`")
    return str(lang)

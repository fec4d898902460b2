"""Where an address on a page leads: to a file of the site, to another host, or nowhere of these."""

from __future__ import annotations

from typing import assert_never
from urllib.parse import unquote, urljoin, urlsplit

import msgspec


class Inside(msgspec.Struct, frozen=True):
    """A path below the site's root, without the slash it begins with, and the id in that page."""

    path: str
    anchor: str


class Outside(msgspec.Struct, frozen=True):
    """Another host's address, without an anchor, and that; `beside` is the site's own host, where
    the address lies outside the folder that the site is published to."""

    url: str
    anchor: str
    beside: bool = False


class Unknown(msgspec.Struct, frozen=True):
    """What is not asked for by HTTP: a mail address, data, a script."""


class Broken(msgspec.Struct, frozen=True):
    """What is no address at all."""

    why: str


Leads = Inside | Outside | Unknown | Broken


def resolve(target: str, page: str, base: str) -> Leads:
    """Where `target` leads from the page at the path `page`, the site being at `base`."""
    try:
        whole = urljoin(f"{base}{page}", target)
        parts = urlsplit(whole)
        host = parts.netloc
    except ValueError as error:
        return Broken(str(error))
    if parts.scheme not in ("http", "https"):
        return Unknown()
    if not parts.hostname:
        return Broken("it names no host")
    anchor = unquote(parts.fragment).partition(":~:")[0]
    home = urlsplit(base)
    if (host, parts.path) != (home.netloc, home.path) and not (
        host == home.netloc and parts.path.startswith(f"{home.path}/")
    ):
        return Outside(parts._replace(fragment="").geturl(), anchor, host == home.netloc)
    return Inside(unquote(parts.path[len(home.path) :]).lstrip("/"), anchor)


def shown(leads: Leads) -> str:
    """The address for a message."""
    match leads:
        case Inside(path=path, anchor=anchor):
            return f"/{path}" + (f"#{anchor}" if anchor else "")
        case Outside(url=url):
            return url
        case Unknown() | Broken():
            return ""
        case _:
            assert_never(leads)

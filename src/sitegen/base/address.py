"""Addresses: a path on the site as a permalink, and back as a reference within its host."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

_PATH = "/~!$&'()*+,;=:@"
"""What stands for itself in the path of an address (RFC 3986, section 3.3), besides letters."""

_PLAIN = re.compile("[A-Za-z0-9_./-]*")
"""A path that stands for itself as a whole, as most do: looking takes an eighth of quoting."""


def permalink(base_url: str, url: str) -> str:
    """The absolute address of a path on the site; `base_url` has no trailing slash."""
    return base_url + (url if _PLAIN.fullmatch(url) else quote(url, safe=_PATH))


def local_reference(address: str, base_url: str) -> str:
    """A permalink of this site as a reference from the root of its host; others as they are."""
    if address.startswith(f"{base_url}/"):
        return urlsplit(base_url).path + address[len(base_url) :]
    return address

"""What of a request is refused, and why; all that comes from outside is checked here."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Literal
from urllib.parse import unquote_to_bytes

import msgspec

METHODS = ("GET", "HEAD", "POST")
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class Doors(msgspec.Struct, frozen=True):
    """Where the server is to be reached: its port, the names that may be used, and whether any
    address that is a number may."""

    port: int
    names: tuple[str, ...] = LOOPBACK
    numbers: bool = False


class Refusal(msgspec.Struct, frozen=True):
    """The status of a refusal, and why in words."""

    status: Literal[400, 403, 404, 405, 421]
    why: str


def why_refused(
    method: str, target: bytes, headers: Mapping[str, str], doors: Doors
) -> Refusal | None:
    """Why a request is refused, whatever it asks for; None where it may be answered.

    `target` is the path as it was sent; of repeated headers the first is meant, and a second Host
    is refused before.
    """
    if method not in METHODS:
        return Refusal(405, "the preview knows GET, HEAD and POST")
    if not target.startswith(b"/"):
        return Refusal(400, "a path begins with a slash")
    if decode_path(target) is None:
        return Refusal(400, "the path cannot be that of a file")
    if not _is_ours(headers.get("host", ""), doors):
        return Refusal(421, "this is not the preview's own address")
    origin = headers.get("origin")
    if origin is not None and not _is_our_origin(origin, headers.get("host", "")):
        return Refusal(403, "the request comes from another site's page")
    if not _is_from_here(headers):
        return Refusal(403, "the request comes from another site's page")
    return None


def decode_path(target: bytes) -> str | None:
    """The path of a request, decoded once; None where no file can have it."""
    try:
        path = unquote_to_bytes(target.partition(b"?")[0]).decode()
    except UnicodeDecodeError:
        return None
    parts = path.split("/")[1:]
    wrong = any(part in (".", "..") for part in parts) or "" in parts[:-1]
    if wrong or any(character < " " or character in "\\\x7f" for character in path):
        return None
    return path


def _is_ours(host: str, doors: Doors) -> bool:
    name, port = _part(host)
    if port != doors.port:
        return False
    return name in doors.names or (doors.numbers and _is_number(name))


def _part(host: str) -> tuple[str, int]:
    """The name and the port of a Host header; 80 where it names none."""
    name, colon, port = host.rpartition(":")
    if not colon or name.endswith(":") or "]" in port:
        return host.lower(), 80
    return name.lower(), int(port) if port.isascii() and port.isdigit() and len(port) < 6 else -1


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _is_our_origin(origin: str, host: str) -> bool:
    return origin.lower() == f"http://{host.lower()}"


def _is_from_here(headers: Mapping[str, str]) -> bool:
    """Whether a browser asks for a page of ours, or by a link that somebody has followed."""
    site = headers.get("sec-fetch-site")
    if site in (None, "same-origin", "none"):
        return True
    mode, to = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
    return mode == "navigate" and to == "document"

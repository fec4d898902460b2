"""Digests: SHA-256 of bytes, and of values through one canonical JSON form."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec


def digest_bytes(data: bytes) -> str:
    """SHA-256 of `data`, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def digest_text(text: str) -> str:
    """SHA-256 of the text's UTF-8 form; a lone surrogate keeps its own bytes."""
    return digest_bytes(text.encode("utf-8", "surrogatepass"))


def digest_value(value: Any) -> str:
    """SHA-256 of the value's canonical JSON: keys sorted, no white space, UTF-8.

    Takes what msgspec can encode. Equal values have equal digests on every machine and
    every version of Python.
    """
    return digest_bytes(msgspec.json.encode(value, order="sorted"))

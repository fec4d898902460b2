"""Templates compiled to bytecode, kept under `.sitegen/templates` for later builds.

Compiling the eight that a page takes needs 0.1 s, more than rendering one page.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from types import CodeType

import jinja2
from jinja2.bccache import Bucket

from sitegen.base.digest import digest_text

_known: dict[str, CodeType] = {}
"""What this process has compiled of the built-in templates, for whatever site."""


class Compiled(jinja2.BytecodeCache):
    """The compiled templates of a site; `made_by` tells apart what compiled them.

    Those whose files begin with `built_in` come to the same in every site: what compiled them is
    `sitegen`.
    """

    def __init__(self, site: Path, made_by: str, sitegen: str, built_in: str) -> None:
        self._folder = site / ".sitegen" / "templates"
        self._made_by, self._sitegen, self._built_in = made_by, sitegen, built_in

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """The template's name and file."""
        return f"{filename}\0{name}"

    def _is_built_in(self, bucket: Bucket) -> bool:
        return bucket.key.startswith(self._built_in)

    def _file(self, bucket: Bucket) -> Path:
        made_by = self._sitegen if self._is_built_in(bucket) else self._made_by
        name = digest_text("\0".join((made_by, bucket.key, bucket.checksum)))[:32]
        return self._folder / name

    def load_bytecode(self, bucket: Bucket) -> None:
        file = self._file(bucket)
        if file.name in _known:
            bucket.code = _known[file.name]
            return
        with suppress(FileNotFoundError), file.open("rb") as opened:
            bucket.load_bytecode(opened)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Kept for later where there is a state folder; where there is none, nothing is written."""
        file = self._file(bucket)
        if self._is_built_in(bucket) and bucket.code is not None:
            _known[file.name] = bucket.code
        part = file.with_name(f"{file.name}.{os.getpid()}")
        with suppress(FileNotFoundError, PermissionError):
            if self._folder.parent.is_dir():
                self._folder.mkdir(exist_ok=True)
                with part.open("wb") as out:
                    bucket.write_bytecode(out)
                part.replace(file)

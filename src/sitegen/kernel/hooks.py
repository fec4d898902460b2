"""Hooks of a kernel's interpreter: what a post imports, and which files of the site it opens."""

from __future__ import annotations

import hashlib
import importlib.abc
import importlib.util
import os
import sys
import threading
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any


class AfterImport(importlib.abc.MetaPathFinder):
    """Calls a function once a module has been imported, and leaves the import itself alone."""

    def __init__(self, wanted: dict[str, Callable[[ModuleType], None]]) -> None:
        self._wanted = wanted
        self._looking = threading.local()

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in self._wanted or getattr(self._looking, "name", None) == name:
            return None
        self._looking.name = name
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._looking.name = None
        if spec is None or spec.loader is None:
            return None
        execute, then = spec.loader.exec_module, self._wanted.pop(name)

        def exec_module(module: ModuleType) -> None:
            execute(module)
            then(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


class OpenedFiles:
    """The files of the site that the kernel opened for reading, with their digests at that time."""

    def __init__(self, site: str, beside: str) -> None:
        self._site = Path(site)
        self._beside = Path(beside)
        self._given = frozenset(
            path.relative_to(beside).as_posix()
            for path in Path(beside).rglob("*")
            if path.is_file()
        )
        self._environment = Path(sys.prefix)
        self._found: dict[tuple[str, str], str] = {}

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit hook for `open`; a bug in here must not break what the post does."""
        if event != "open":
            return
        path, mode, flags = arguments
        writes = "w" in mode or "a" in mode or "x" in mode if mode else flags & os.O_ACCMODE
        if writes or not isinstance(path, str | bytes | os.PathLike):
            return
        self._note(Path(os.path.abspath(os.fsdecode(path))))  # noqa: PTH100 (no symlink resolved)

    def _note(self, path: Path) -> None:
        if path.is_relative_to(self._beside):
            key = ("post", path.relative_to(self._beside).as_posix())
            if key[1] not in self._given:
                return
        elif path.is_relative_to(self._site) and not path.is_relative_to(self._environment):
            key = ("site", path.relative_to(self._site).as_posix())
            top = key[1].split("/")[0]
            if top.startswith(".") or top in ("public", "measurements"):
                return
        else:
            return
        if key in self._found:
            return
        self._found[key] = ""
        try:
            self._found[key] = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError:
            del self._found[key]

    def take(self) -> list[dict[str, str]]:
        """All files so far."""
        return [
            {"base": base, "path": path, "digest": digest}
            for (base, path), digest in sorted(self._found.items())
            if digest
        ]

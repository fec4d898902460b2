"""Hooks of a kernel's interpreter: what a post imports, and which files of the site it opens."""

from __future__ import annotations

import importlib.abc
import importlib.util
import os
import sys
import sysconfig
import threading
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
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
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            then = self._wanted.pop(name, None)
            if then is not None:
                then(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


class OpenedFiles:
    """The files of the site that the kernel's process opened for reading, by their real paths.

    `work` is the working folder, in which copies of the files beside the post lie; `passed_over`
    are folders under the site that are no input: what sitegen writes.
    """

    def __init__(self, site: str, work: str, passed_over: Sequence[str]) -> None:
        self._site = os.path.realpath(site) + os.sep
        self._work = os.path.realpath(work) + os.sep
        paths = sysconfig.get_paths()
        libraries = {paths["stdlib"], paths["purelib"], paths["platlib"], sys.prefix}
        self._libraries = tuple(f"{folder}{os.sep}" for folder in sorted(libraries))
        self._passed_over = tuple(f"{folder.rstrip('/')}/" for folder in passed_over)
        self._found: set[tuple[str, str]] = set()

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit hook for `open`; what a post imports is opened too."""
        if event != "open":
            return
        path, mode, flags = arguments
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if isinstance(path, str) and _reads(mode, flags) and not path.startswith(self._libraries):
            self._note(os.path.realpath(path))

    def _note(self, path: str) -> None:
        if path.endswith(".pyc"):
            path = _source(path)
        if path.startswith(self._work):
            self._found.add(("post", path[len(self._work) :].replace(os.sep, "/")))
        elif path.startswith(self._site) and not path.startswith(self._libraries):
            name = path[len(self._site) :].replace(os.sep, "/")
            if not name.startswith((".", *self._passed_over)):
                self._found.add(("site", name))

    def take(self) -> list[dict[str, str]]:
        """All files so far: `base` is `post` for those beside it, else `site`."""
        return [{"base": base, "path": path} for base, path in sorted(self._found)]


def _reads(mode: str | None, flags: int) -> bool:
    if mode:
        return "r" in mode or "+" in mode
    return flags & os.O_ACCMODE != os.O_WRONLY


def _source(path: str) -> str:
    """The source of a compiled module, which is what an author edits."""
    try:
        return importlib.util.source_from_cache(path)
    except ValueError:
        return path

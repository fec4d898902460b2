"""New files for an author: what is there already is never written over."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from sitegen.base.errors import Problem, SiteError, Span


def create_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files below a folder, by path; raises SiteError where one is there, and writes none.

    A path never leads out of the folder, also not through a link.
    """
    problems = [problem for path in files for problem in _why_not(folder, path)]
    if problems:
        raise SiteError(problems)
    try:
        for path, content in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                file.write(content)
    except OSError as error:
        message = f"cannot write `{error.filename}`: {error.strerror}"
        raise SiteError([Problem("fatal", "write", message)]) from error


def _why_not(folder: Path, path: str) -> list[Problem]:
    target = folder / path
    if os.path.lexists(target):
        message = "it is there already, and is not written over"
        return [Problem("fatal", "write", message, Span(path, 1))]
    real = Path(os.path.realpath(target))
    if not real.is_relative_to(os.path.realpath(folder)):
        message = f"`{path}` leads out of the folder, to `{real}`"
        return [Problem("fatal", "write", message)]
    for around in target.parents:
        if around.exists():
            if not around.is_dir():
                shown = around.relative_to(folder).as_posix() if around != folder else around
                message = f"`{shown}` is a file, so that nothing can lie in it"
                return [Problem("fatal", "write", message)]
            break
    return []

"""Reading `content/`: Markdown files and the files beside them, in one fixed order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from sitegen.base.errors import Problem, Span
from sitegen.content.config import decode
from sitegen.model import Asset, Source

_PASSED_OVER = ("~", ".swp", ".swo", ".bak", ".orig")


def scan_content(root: Path, problems: list[Problem]) -> tuple[Source, ...]:
    """Every Markdown file below `content/`, sorted by path, each with the files beside it.

    Beside a bundle (`name/index.md`) is all that its folder holds; beside any other page, what
    its folder holds directly. Hidden files, backups and links out of the site are passed over.
    """
    content = root / "content"
    files = sorted(_walk(content, root.resolve()), key=lambda path: path.as_posix())
    for file in [file for file in files if file.suffix != ".md" and not file.is_file()]:
        span = Span(f"content/{file.relative_to(content).as_posix()}", 1)
        problems.append(Problem("warning", "content", "this link leads nowhere", span))
        files.remove(file)
    paths = [PurePosixPath(file.relative_to(content).as_posix()) for file in files]
    pages = [path for path in paths if path.suffix == ".md"]
    others = {path: file for path, file in zip(paths, files, strict=True) if path.suffix != ".md"}
    found = []
    for page in pages:
        text = _read(content / page, f"content/{page}", problems)
        if text is not None:
            assets = tuple(
                Asset(str(path), file) for path, file in others.items() if _beside(page, path)
            )
            found.append(Source(str(page), f"content/{page}", text, assets))
    return tuple(found)


def scan_static(root: Path) -> tuple[Asset, ...]:
    """Every file below `static/`, sorted by path; `path` is relative to `static/`."""
    static = root / "static"
    files = _walk(static, root.resolve())
    assets = [Asset(file.relative_to(static).as_posix(), file) for file in files]
    return tuple(sorted(assets, key=lambda asset: asset.path))


def _beside(page: PurePosixPath, other: PurePosixPath) -> bool:
    if page.name == "index.md":
        return page.parent in other.parents
    return page.parent == other.parent


def _walk(folder: Path, inside: Path) -> Iterator[Path]:
    for directory, names, files in os.walk(folder):
        names[:] = [name for name in names if _wanted(name) and name != "__pycache__"]
        for name in files:
            path = Path(directory, name)
            if not _wanted(name) and ".well-known" not in path.parts:
                continue
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(inside):
                continue
            yield path


def _wanted(name: str) -> bool:
    """Whether a file or folder is neither hidden nor a backup; `.well-known` is published."""
    hidden = name.startswith(".") and name != ".well-known"
    return not hidden and not name.endswith(_PASSED_OVER)


def _read(path: Path, file: str, problems: list[Problem]) -> str | None:
    try:
        text = decode(path.read_bytes(), file)
    except OSError as error:
        message = error.strerror or "cannot be read"
        text = Problem("fatal", "content", message, Span(file, 1))
    if isinstance(text, Problem):
        problems.append(text)
        return None
    return text

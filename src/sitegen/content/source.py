"""Reading `content/`: Markdown files and the files beside them, in one fixed order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from sitegen.base.errors import Problem, Span
from sitegen.model import Asset, Source

_PASSED_OVER = ("~", ".swp", ".swo", ".bak", ".orig")


def scan_content(root: Path, problems: list[Problem]) -> tuple[Source, ...]:
    """Every Markdown file below `content/`, sorted by path, each with the files beside it.

    Beside a bundle (`name/index.md`) is all that its folder holds; beside any other page, what
    its folder holds directly. Hidden files, backups and links out of the site are passed over.
    """
    content = root / "content"
    files = sorted(_walk(content, root.resolve()), key=lambda path: path.as_posix())
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
        names[:] = [name for name in names if not name.startswith(".") and name != "__pycache__"]
        for name in files:
            path = Path(directory, name)
            hidden = name.startswith(".") and ".well-known" not in path.parts
            if hidden or name.endswith(_PASSED_OVER):
                continue
            if path.is_symlink() and not path.resolve().is_relative_to(inside):
                continue
            yield path


def _read(path: Path, file: str, problems: list[Problem]) -> str | None:
    try:
        data = path.read_bytes()
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        help = "save the file as UTF-8"
        span = Span(file, line)
        problems.append(Problem("fatal", "encoding", "not UTF-8", span, help=(help,)))
    except OSError as error:
        message = error.strerror or "cannot be read"
        problems.append(Problem("fatal", "content", message, Span(file, 1)))
    return None

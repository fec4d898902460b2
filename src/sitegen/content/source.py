"""Reading `content/`: Markdown files and the files beside them, in one fixed order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from sitegen.base.errors import Problem, Span
from sitegen.content.globs import matcher
from sitegen.model import Asset, Source, is_section_path

_PASSED_OVER = ("~", ".swp", ".swo", ".bak", ".orig")


def scan_content(
    root: Path, problems: list[Problem], ignored: Sequence[str] = ()
) -> tuple[Source, ...]:
    """Every Markdown file below `content/`, sorted by path, each with the files beside it."""
    found = (load_source(root, named, problems) for named in scan_names(root, problems, ignored))
    return tuple(source for source in found if source is not None)


class Named(NamedTuple):
    """A Markdown file that nobody has read yet: its path below `content/`, the files beside it."""

    path: str
    assets: tuple[Asset, ...]

    @property
    def is_section(self) -> bool:
        return is_section_path(self.path)


def scan_names(
    root: Path, problems: list[Problem], ignored: Sequence[str] = ()
) -> tuple[Named, ...]:
    """Every Markdown file below `content/`, sorted by path, each with the files beside it.

    Beside a bundle (`name/index.md`) is all that its folder holds; beside any other page, what
    its folder holds directly. Hidden files, backups, links out of the site and what a pattern of
    `ignored` means are passed over.
    """
    content = root / "content"
    pages: list[PurePosixPath] = []
    others: list[Asset] = []
    files = _named(_walk(content, root.resolve(), matcher(ignored)), root, problems)
    beginning = len(f"{content}/")
    for path, file in sorted((str(file), file) for file in files):
        name = path[beginning:]
        if name.endswith(".md"):
            pages.append(PurePosixPath(name))
        elif file.is_file():
            others.append(Asset(name, file))
        else:
            span = Span(f"content/{name}", 1)
            problems.append(Problem("warning", "content", "this link leads nowhere", span))
    beside = _beside(pages, others)
    return tuple(Named(str(page), tuple(beside[page])) for page in pages)


def load_source(root: Path, named: Named, problems: list[Problem]) -> Source | None:
    """The file with its text; None where it cannot be read."""
    file = f"content/{named.path}"
    text = _read(root / file, file, problems)
    return None if text is None else Source(named.path, file, text, named.assets)


def scan_static(
    root: Path, problems: list[Problem], ignored: Sequence[str] = ()
) -> tuple[Asset, ...]:
    """Every file below `static/` of a site or theme, sorted by path relative to it."""
    static = root / "static"
    files = _named(_walk(static, root.resolve(), matcher(ignored)), root, problems)
    assets = [Asset(file.relative_to(static).as_posix(), file) for file in files]
    return tuple(sorted(assets, key=lambda asset: asset.path))


def scan_dot_files(output: Path) -> tuple[Asset, ...]:
    """The dot-files directly in an output folder that are not sitegen's, sorted by name."""
    if not output.is_dir():
        return ()
    files = [
        Asset(path.name, path)
        for path in output.iterdir()
        if path.name.startswith(".") and path.name != ".sitegen-output" and _is_own_file(path)
    ]
    return tuple(sorted(files, key=lambda asset: asset.path))


def _is_own_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _beside(
    pages: Iterable[PurePosixPath], others: Iterable[Asset]
) -> Mapping[PurePosixPath, list[Asset]]:
    """The files beside each page, in the order of `others`."""
    found: dict[PurePosixPath, list[Asset]] = {page: [] for page in pages}
    plain: dict[PurePosixPath, list[PurePosixPath]] = {}
    bundles: dict[PurePosixPath, list[PurePosixPath]] = {}
    for page in found:
        is_bundle = page.name.split(".", 1)[0] == "index" and len(page.parts) > 1
        (bundles if is_bundle else plain).setdefault(page.parent, []).append(page)
    for asset in others:
        folders = PurePosixPath(asset.path).parents
        around = [page for folder in folders for page in bundles.get(folder, ())]
        for page in (*plain.get(folders[0], ()), *around):
            found[page].append(asset)
    return found


def _walk(folder: Path, inside: Path, ignored: Callable[[str], bool]) -> Iterator[Path]:
    """The files below a folder that are to be published; a linked folder is followed once."""
    followed: set[str] = set()
    for directory, names, files in os.walk(folder, followlinks=True):
        below = os.path.relpath(directory, folder).replace(os.sep, "/")
        prefix = "" if below == "." else f"{below}/"
        names[:] = [
            name
            for name in names
            if _wanted(name)
            and name != "__pycache__"
            and not ignored(prefix + name)
            and _is_followed(Path(directory, name), inside, followed)
        ]
        known = ".well-known" in Path(directory).parts
        for name in files:
            if ignored(prefix + name) or not (known or _wanted(name)):
                continue
            path = Path(directory, name)
            if path.is_symlink() and not _stays(path, inside):
                continue
            yield path


def _named(files: Iterable[Path], root: Path, problems: list[Problem]) -> Iterator[Path]:
    """The files whose names are text; one whose name is not is a problem."""
    for file in files:
        try:
            str(file).encode()
        except UnicodeEncodeError:
            shown = os.fsencode(file.relative_to(root)).decode(errors="replace")
            message = "the name of this file is not UTF-8"
            help = "give it another name"
            problems.append(Problem("fatal", "encoding", message, Span(shown, 1), help=(help,)))
        else:
            yield file


def _is_followed(folder: Path, inside: Path, followed: set[str]) -> bool:
    """Whether a folder is one, or a link to one in the site that was not followed before."""
    if not folder.is_symlink():
        return True
    real = os.path.realpath(folder)
    around = Path(os.path.realpath(folder.parent))
    if real in followed or around.is_relative_to(real) or not _stays(folder, inside):
        return False
    followed.add(real)
    return True


def _stays(link: Path, inside: Path) -> bool:
    """Whether a link leads to a place in the site that is neither hidden nor a backup."""
    real = Path(os.path.realpath(link))
    return real.is_relative_to(inside) and all(map(_wanted, real.relative_to(inside).parts))


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


def decode(data: bytes, file: str) -> str | Problem:
    """The text of a file, lines ending in a newline each; or where it is not UTF-8."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        help = "save the file as UTF-8"
        return Problem("fatal", "encoding", "not UTF-8", Span(file, line), help=(help,))
    return text.replace("\r\n", "\n").replace("\r", "\n")

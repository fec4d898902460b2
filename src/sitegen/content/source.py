"""Reading `content/`: Markdown files and the files beside them, in one fixed order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
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
    pages: list[str] = []
    others: list[Asset] = []
    for name in sorted(_named(_walk(content, root.resolve(), matcher(ignored)), content, problems)):
        if name.endswith(".md"):
            pages.append(name)
        elif (content / name).is_file():
            others.append(Asset(name, content / name))
        else:
            span = Span(f"content/{name}", 1)
            problems.append(Problem("warning", "content", "this link leads nowhere", span))
    beside = _beside(pages, others)
    return tuple(Named(page, tuple(beside[page])) for page in pages)


def load_source(root: Path, named: Named, problems: list[Problem]) -> Source | None:
    """The file with its text; None where it cannot be read."""
    file = f"content/{named.path}"
    text = _read(f"{root}/{file}", file, problems)
    return None if text is None else Source(named.path, file, text, named.assets)


def scan_static(
    root: Path, problems: list[Problem], ignored: Sequence[str] = ()
) -> tuple[Asset, ...]:
    """Every file below `static/` of a site or theme, sorted by path relative to it."""
    static = root / "static"
    names = _named(_walk(static, root.resolve(), matcher(ignored)), static, problems)
    return tuple(Asset(name, static / name) for name in sorted(names))


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


def _beside(pages: Iterable[str], others: Iterable[Asset]) -> Mapping[str, list[Asset]]:
    """The files beside each page, in the order of `others`."""
    found: dict[str, list[Asset]] = {page: [] for page in pages}
    plain: dict[str, list[str]] = {}
    bundles: dict[str, list[str]] = {}
    for page in found:
        folder, _, name = page.rpartition("/")
        is_bundle = name.split(".", 1)[0] == "index" and folder
        (bundles if is_bundle else plain).setdefault(folder, []).append(page)
    for asset in others:
        folder = asset.path.rpartition("/")[0]
        near = list(plain.get(folder, ()))
        while folder:
            near += bundles.get(folder, ())
            folder = folder.rpartition("/")[0]
        for page in near:
            found[page].append(asset)
    return found


def _walk(top: Path, inside: Path, ignored: Callable[[str], bool]) -> Iterator[str]:
    """The files below a folder that are to be published, by their path from it; a linked folder is
    followed once, where its first link stands."""
    followed: set[str] = set()
    pending = [("", False)]
    while pending:
        prefix, linked = pending.pop()
        if linked and not _is_followed(top / prefix, inside, followed):
            continue
        try:
            with os.scandir(f"{top}/{prefix}") as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError:
            continue
        known = ".well-known" in prefix.split("/")
        folders = []
        for entry in entries:
            path = prefix + entry.name
            if ignored(path):
                continue
            if _is_folder(entry):
                if _wanted(entry.name) and entry.name != "__pycache__":
                    folders.append(entry)
            elif (known or _wanted(entry.name)) and (
                not entry.is_symlink() or _stays(Path(entry.path), inside)
            ):
                yield path
        pending += [(f"{prefix}{f.name}/", f.is_symlink()) for f in reversed(folders)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _named(names: Iterable[str], top: Path, problems: list[Problem]) -> Iterator[str]:
    """The files below a folder whose names are text; one whose name is not is a problem."""
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError:
            shown = os.fsencode(f"{top.name}/{name}").decode(errors="replace")
            message = "the name of this file is not UTF-8"
            help = "give it another name"
            problems.append(Problem("fatal", "encoding", message, Span(shown, 1), help=(help,)))
        else:
            yield name


def _is_followed(folder: Path, inside: Path, followed: set[str]) -> bool:
    """Whether a link to a folder leads to one in the site that was not followed before."""
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


def _read(path: str, file: str, problems: list[Problem]) -> str | None:
    try:
        with open(path, "rb") as opened:  # noqa: PTH123 (a Path takes half as long as reading)
            text = decode(opened.read(), file)
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

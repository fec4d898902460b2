"""`sitegen migrate-templates`: all files are read and migrated before the first is written."""

from __future__ import annotations

import difflib
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from sitegen.base.errors import Problem, SiteError, Span, sort_problems
from sitegen.migrate.survey import survey
from sitegen.migrate.tags import migrate_text

SUFFIXES = frozenset(".html .htm .xml .md .txt .json .js .css .toml .svg .webmanifest".split())
COPY = "templates.tera"
"""Where a folder's templates are kept as they were."""

Check = Callable[[str, str], Problem | None]
"""From a file's name and its new text to what Jinja2 does not understand in it."""


class Migration(msgspec.Struct, frozen=True):
    """What became of some templates: old and new text of those that change, by path; how often
    each construct was changed; what is left to do by hand."""

    folders: tuple[Path, ...]
    read: int
    changed: Mapping[str, tuple[str, str]]
    counts: Mapping[str, int]
    notes: tuple[Problem, ...]


def migrate_folder(folder: Path, check: Check) -> Migration:
    """The migration of a site's or theme's templates; nothing is written.

    Raises SiteError where there are no templates, or they were migrated before.
    """
    folders = _folders(folder)
    changed: dict[str, tuple[str, str]] = {}
    counts: Counter[str] = Counter()
    notes: list[Problem] = []
    texts: dict[Path, dict[str, str]] = {
        templates: _read(templates, folder, notes) for templates in folders
    }
    for templates, known in texts.items():
        seen = survey(known)
        for name, text in known.items():
            file = (templates / name).relative_to(folder).as_posix()
            draft = migrate_text(file, name, text, seen)
            new = draft.result()
            wrong = check(file, new) if new != text or not draft.notes else None
            notes += [*draft.notes, *([wrong] if wrong else ())]
            counts.update(edit.why for edit in draft.edits if edit.why)
            if new != text:
                changed[file] = (text, new)
    read = sum(len(known) for known in texts.values())
    return Migration(folders, read, changed, dict(sorted(counts.items())), sort_problems(notes))


def write_migration(migration: Migration, folder: Path) -> None:
    """Writes the new texts; the folders are kept beside as they were, under the name COPY."""
    for templates in migration.folders:
        shutil.copytree(templates, templates.with_name(COPY))
    for name, (_, new) in migration.changed.items():
        (folder / name).write_bytes(new.encode())


def diff_of(migration: Migration) -> Iterator[str]:
    """The migration as a unified diff."""
    for name, (old, new) in migration.changed.items():
        lines = (old.splitlines(keepends=True), new.splitlines(keepends=True))
        for line in difflib.unified_diff(*lines, f"a/{name}", f"b/{name}"):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _folders(folder: Path) -> tuple[Path, ...]:
    """The folders of templates in a site or theme: its own, and those of the themes within."""
    found = [folder / "templates", *sorted(folder.glob("themes/*/templates"))]
    there = tuple(path for path in found if path.is_dir())
    if not there:
        help = "name the folder of a site or theme, in which `templates` lies"
        raise SiteError([Problem("fatal", "tera", "there is no folder `templates`", help=(help,))])
    for path in there:
        if path.with_name(COPY).exists():
            copy = path.with_name(COPY).relative_to(folder).as_posix()
            help = f"`{copy}` holds them as they were: delete it to migrate once more"
            message = f"`{path.relative_to(folder).as_posix()}` was migrated before"
            raise SiteError([Problem("fatal", "tera", message, help=(help,))])
    return there


def _read(templates: Path, folder: Path, notes: list[Problem]) -> dict[str, str]:
    """The texts of a folder's templates, by what templates call them."""
    found = {}
    for path in sorted(templates.rglob("*")):
        if not path.is_file() or path.suffix not in SUFFIXES or path.is_symlink():
            continue
        try:
            text = path.read_bytes().decode()
        except UnicodeDecodeError:
            file = path.relative_to(folder).as_posix()
            notes.append(Problem("warning", "tera", "not UTF-8, so left as it is", Span(file, 1)))
            continue
        found[path.relative_to(templates).as_posix()] = text
    return found

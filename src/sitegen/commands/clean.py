"""`clean`: the published site and what can be made again go; results stay."""

from __future__ import annotations

from pathlib import Path

import msgspec

from sitegen.base.errors import Problem, SiteError, exit_status
from sitegen.content.config import load_config
from sitegen.storage.clean import remove_published, remove_state
from sitegen.storage.lock import locked


class Cleaned(msgspec.Struct, frozen=True):
    """The folders that were removed, from the site's root where they lie in it."""

    removed: tuple[str, ...]


def clean(root: Path) -> Cleaned:
    """The output folder is gone, and all of `.sitegen/` but the runs that failed.

    Raises SiteError, and removes nothing, where the output folder is not one that we published.
    """
    problems: list[Problem] = []
    config = load_config(root, problems)
    if exit_status(problems) == 2:
        raise SiteError(problems)
    with locked(root):
        try:
            removed = [*remove_published(root / config.output_dir, root), *remove_state(root)]
        except OSError as error:
            message = f"cannot remove `{error.filename}`: {error.strerror}"
            raise SiteError([Problem("fatal", "clean", message)]) from error
    return Cleaned(tuple(removed))

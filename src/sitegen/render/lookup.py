"""Files that templates name: found where Zola finds them, never outside of the site."""

from __future__ import annotations

from pathlib import Path

import jinja2

from sitegen.base.errors import nearest
from sitegen.model import SiteConfig


def find_file(config: SiteConfig, path: str, asked_by: str) -> Path | None:
    """The file of the site that `path` means; None where there is none.

    It is looked for from the site's root, then in `static/`, `content/`, the output folder and the
    theme's `static/`; `@/` is `content/`, a leading slash means nothing.
    """
    root = config.root.resolve()
    below = f"content/{path[2:]}" if path.startswith("@/") else path.lstrip("/")
    folders = ["", "static", "content", config.output_dir]
    folders += [f"themes/{config.theme}/static"] if config.theme else []
    for folder in folders:
        found = root / folder / below
        try:
            there, real = found.is_file(), found.resolve()
        except (OSError, ValueError):
            continue
        if there and not _inside(real, root):
            raise jinja2.TemplateRuntimeError(f"`{asked_by}`: `{path}` is outside of the site")
        if there:
            return real
    return None


def need_file(config: SiteConfig, path: str, asked_by: str) -> Path:
    """The file of the site that `path` means."""
    found = find_file(config, path, asked_by)
    if found is None:
        raise jinja2.TemplateRuntimeError(
            f"`{asked_by}`: there is no file `{path}`{_hint(config, path)}"
        )
    return found


def _hint(config: SiteConfig, path: str) -> str:
    """The nearest file of the same folder, as an end of the sentence."""
    folder, _, name = path.lstrip("/@").rpartition("/")
    for above in ("", "static", "content"):
        place = config.root / above / folder
        if ".." not in place.parts and place.is_dir():
            close = nearest(name, (file.name for file in place.iterdir()))
            if close:
                return f"; did you mean `{close}`?"
    return ""


def _inside(real: Path, root: Path) -> bool:
    """Whether a file lies in the site, and neither in a hidden folder nor is itself hidden."""
    if not real.is_relative_to(root):
        return False
    parts = real.relative_to(root).parts
    return not any(part.startswith(".") and part != ".well-known" for part in parts)

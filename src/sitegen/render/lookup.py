"""Files that templates name: found where Zola finds them, never outside of the site."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import jinja2

from sitegen.base.errors import nearest
from sitegen.model import SiteConfig


def find_file(config: SiteConfig, path: str, asked_by: str) -> Path | None:
    """The file of the site that `path` means; None where there is none.

    It is looked for from the site's root, then in `static/`, `content/`, and the static files of
    the theme and of the built-in one; `@/` is `content/`, a leading slash means nothing. Zola looks
    into the output folder too, where this build would find what the last one left.
    """
    root = config.root.resolve()
    below = f"content/{path[2:]}" if path.startswith("@/") else path.lstrip("/")
    folders = [root, root / "static", root / "content"]
    folders += [root / "themes" / config.theme / "static"] if config.theme else []
    built_in = Path(str(files("sitegen.theme").joinpath("static"))).resolve()
    for folder in (*folders, built_in):
        found = folder / below
        try:
            there, real = found.is_file(), found.resolve()
        except (OSError, ValueError):
            continue
        if there and not _inside(real, built_in if folder is built_in else root):
            raise jinja2.TemplateRuntimeError(f"`{asked_by}`: `{path}` is outside of the site")
        if there and not (folder == root and below.startswith(f"{config.output_dir}/")):
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

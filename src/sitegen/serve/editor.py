"""Links that open a place of a file in the author's editor."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

EDITORS: Mapping[str, str] = {
    "cursor": "cursor://file{path}:{line}:{column}",
    "idea": "idea://open?file={path}&line={line}&column={column}",
    "none": "",
    "pycharm": "pycharm://open?file={path}&line={line}&column={column}",
    "sublime": "subl://open?url=file://{path}&line={line}&column={column}",
    "textmate": "txmt://open?url=file://{path}&line={line}&column={column}",
    "vscode": "vscode://file{path}:{line}:{column}",
    "vscodium": "vscodium://file{path}:{line}:{column}",
    "zed": "zed://file{path}:{line}:{column}",
}
"""The schemes that editors register, by name; any other may be written out in full."""


def why_no_editor(scheme: str) -> str | None:
    """What keeps a text from being the form of an editor's links; None where nothing does."""
    if scheme in EDITORS:
        return None
    if "{path}" not in scheme or "://" not in scheme:
        known = ", ".join(EDITORS)
        return f"one of {known}, or an address with {{path}}, {{line}} and {{column}}"
    if scheme.lower().startswith(("javascript:", "data:", "vbscript:")):
        return "an address of that kind opens no editor"
    return None


def editor_link(scheme: str, root: Path, path: str, line: int, column: int = 1) -> str:
    """The address that opens a place of a file of the site; "" where there is no editor."""
    form = EDITORS.get(scheme, scheme)
    whole = quote(str(root / path))
    places = {"{path}": whole, "{line}": str(line), "{column}": str(column)}
    for name, value in places.items():
        form = form.replace(name, value)
    return form

"""The store: one reviewable JSON file for each run under `measurements/`, never rewritten.

`measurements/<page>/<device>/<UTC date>-<key8>-<run8>.json`; run8 is of the file's own SHA-256, so
damage is noticed on every read. Binary outputs lie beside it in `blobs/`, named by their digest.
Folder names are for people: page, session, device and key are read from the file.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from sitegen.base.digest import digest_bytes
from sitegen.base.errors import Problem, Span
from sitegen.model import Blob, Cell, Display, Input, Run

FORMAT = 1
FOLDER = "measurements"
EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_WIDTH = 100


class Damaged(NamedTuple):
    """A file that cannot be trusted: where it lies, the start of the key in its name."""

    page: str
    device: str
    key8: str
    problem: Problem


class Store(NamedTuple):
    """All sound runs, by path, and the damaged files."""

    runs: tuple[Run, ...]
    damaged: tuple[Damaged, ...]

    def of_page(self, page: str, session: str) -> tuple[Run, ...]:
        """The runs of a page's session, whatever code they ran."""
        return tuple(run for run in self.runs if (run.page, run.session) == (page, session))

    def of_key(self, key: str) -> tuple[Run, ...]:
        """The runs of a key, whatever page they were made for."""
        return tuple(run for run in self.runs if run.key == key)


def load_store(root: Path) -> Store:
    """Every stored run of the site at `root`, each checked against its digests."""
    runs: list[Run] = []
    damaged: list[Damaged] = []
    for path in sorted((root / FOLDER).rglob("*.json")):
        loaded = _load_run(path, root)
        if isinstance(loaded, Run):
            runs.append(loaded)
        else:
            damaged.append(loaded)
    return Store(tuple(runs), tuple(damaged))


def put_run(root: Path, run: Run) -> Run:
    """Write a run that has not failed, whole or not at all; return it as it will be read."""
    folder = root / FOLDER / run.page / run.device.name
    blobs = folder / "blobs"
    for mime, blob in _blobs(run):
        blobs.mkdir(parents=True, exist_ok=True)
        _write(blobs / _blob_name(mime, blob), blob.content)
    content = render_run(run).encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{run.started:%Y-%m-%d}-{run.key[:8]}-{digest_bytes(content)[:8]}.json"
    _write(path, content)
    loaded = _load_run(path, root)
    assert isinstance(loaded, Run), loaded  # noqa: S101 (what was just written can be read)
    return loaded


def why_inputs_changed(run: Run, root: Path, beside: Path) -> str | None:
    """Which file that the run opened differs now; None where none does.

    Files beside the post are compared beside the page that asks. A file that is absent here is
    taken at the digest that the run names.
    """
    for entry in run.inputs:
        path = (beside if entry.base == "post" else root) / entry.path
        if path.is_file() and digest_bytes(path.read_bytes()) != entry.digest:
            return f"`{entry.path}`, which it read, has changed since it was measured"
    return None


def absent_inputs(run: Run, root: Path, beside: Path) -> tuple[Input, ...]:
    """The files that the run opened and that are not here to compare."""
    return tuple(
        entry
        for entry in run.inputs
        if not ((beside if entry.base == "post" else root) / entry.path).is_file()
    )


def render_run(run: Run) -> str:
    """The run as JSON that reads well as a diff: summary first, texts by line, the small inline."""
    cells = [_bare_cell(cell) for cell in run.cells]
    plain = msgspec.to_builtins(msgspec.structs.replace(run, cells=tuple(cells)))
    for cell in plain["cells"]:
        for output in cell["outputs"]:
            _split_lines(output)
    cost = sum(cell.measures.wall for cell in run.cells if cell.measures)
    blocks = f"{len(run.cells)} block{'s' if len(run.cells) != 1 else ''}"
    summary = f"{blocks} in {cost:.2g} s on {run.device.label}"
    return _pretty({"format": FORMAT, "summary": summary, **plain}) + "\n"


def parse_run(content: bytes) -> Run | str:
    """The run in a stored file, blobs without content, or what is wrong with it."""
    try:
        plain = json.loads(content)
        if plain.get("format") != FORMAT:
            return f"it has format {plain.get('format')}, this version reads {FORMAT}"
        for cell in plain["cells"]:
            for output in cell["outputs"]:
                _join_lines(output)
        return msgspec.convert(plain, Run)
    except (ValueError, KeyError, TypeError, AttributeError, msgspec.ValidationError) as error:
        return str(error)


def _load_run(path: Path, root: Path) -> Run | Damaged:
    name = path.relative_to(root).as_posix()
    folder, device = path.parent.parent, path.parent.name
    _, _, tail = path.stem.partition("-")
    key8 = tail[-17:-9]

    def damaged(why: str) -> Damaged:
        help = "restore it with git, or delete it and measure again"
        problem = Problem("warning", "damaged", why, Span(name, 1), help=(help,))
        return Damaged(folder.relative_to(root / FOLDER).as_posix(), device, key8, problem)

    try:
        content = path.read_bytes()
    except OSError as error:
        return damaged(f"cannot be read: {error.strerror}")
    if digest_bytes(content)[:8] != path.stem[-8:]:
        return damaged("damaged: the content is not what was written")
    run = parse_run(content)
    if isinstance(run, str):
        return damaged(f"damaged: {run}")
    cells = []
    for cell in run.cells:
        filled = _fill(cell, path.parent / "blobs")
        if isinstance(filled, str):
            return damaged(filled)
        cells.append(filled)
    return msgspec.structs.replace(run, cells=tuple(cells))


def _fill(cell: Cell, blobs: Path) -> Cell | str:
    """The cell with the bytes of its blobs, each checked, or what is wrong with one."""
    outputs = []
    for output in cell.outputs:
        if isinstance(output, Display):
            data: dict[str, str | Blob] = dict(output.data)
            for mime, value in output.data.items():
                if isinstance(value, Blob):
                    path = blobs / _blob_name(mime, value)
                    try:
                        content = path.read_bytes()
                    except OSError:
                        return f"its blob `blobs/{path.name}` is missing"
                    if digest_bytes(content) != value.digest:
                        return f"its blob `blobs/{path.name}` is damaged"
                    data[mime] = msgspec.structs.replace(value, content=content)
            output = msgspec.structs.replace(output, data=data)
        outputs.append(output)
    return msgspec.structs.replace(cell, outputs=tuple(outputs))


def _bare_cell(cell: Cell) -> Cell:
    """The cell without the bytes of its blobs."""
    outputs = []
    for output in cell.outputs:
        if isinstance(output, Display):
            data = {
                mime: Blob(value.digest, value.size) if isinstance(value, Blob) else value
                for mime, value in output.data.items()
            }
            output = msgspec.structs.replace(output, data=data)
        outputs.append(output)
    return msgspec.structs.replace(cell, outputs=tuple(outputs))


def _blobs(run: Run) -> list[tuple[str, Blob]]:
    return [
        (mime, value)
        for cell in run.cells
        for output in cell.outputs
        if isinstance(output, Display)
        for mime, value in output.data.items()
        if isinstance(value, Blob)
    ]


def _blob_name(mime: str, blob: Blob) -> str:
    return f"{blob.digest[:32]}.{EXTENSIONS.get(mime, 'bin')}"


def _write(path: Path, content: bytes) -> None:
    """Write a file by renaming a finished one into place."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _split_lines(output: dict[str, Any]) -> None:
    if isinstance(output.get("text"), str):
        output["text"] = output["text"].splitlines(keepends=True)
    for mime, value in output.get("data", {}).items():
        if isinstance(value, str):
            output["data"][mime] = value.splitlines(keepends=True)


def _join_lines(output: dict[str, Any]) -> None:
    if isinstance(output.get("text"), list):
        output["text"] = "".join(output["text"])
    for mime, value in output.get("data", {}).items():
        if isinstance(value, list):
            output["data"][mime] = "".join(value)


def _pretty(value: Any, indent: str = "") -> str:
    """JSON with what fits on a line on one line."""
    inline = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, Mapping | list | tuple) or not value or len(indent + inline) <= _WIDTH:
        return inline
    deeper = indent + " "
    if isinstance(value, Mapping):
        rows = [f"{json.dumps(key)}: {_pretty(entry, deeper)}" for key, entry in value.items()]
        return "{\n" + ",\n".join(deeper + row for row in rows) + f"\n{indent}}}"
    rows = [_pretty(entry, deeper) for entry in value]
    return "[\n" + ",\n".join(deeper + row for row in rows) + f"\n{indent}]"

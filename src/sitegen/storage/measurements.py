"""The store: one reviewable JSON file for each run under `measurements/`, never rewritten.

`measurements/<page>/<device>/<UTC date>-<key8>-<run8>.json`; run8 is of the file's own SHA-256, so
damage is noticed on every read. Binary outputs lie beside it in `blobs/`, named by their digest.
Folder names are for people: page, session, device and key are read from the file.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from sitegen.base.digest import digest_bytes
from sitegen.base.errors import Problem, Span
from sitegen.model import Blob, Display, Input, Output, Run

FORMAT = 1
FOLDER = "measurements"
EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
}
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
        path = _input_path(entry, root, beside)
        if path.is_file() and digest_bytes(path.read_bytes()) != entry.digest:
            return f"`{entry.path}`, which it read, has changed since it was measured"
    return None


def absent_inputs(run: Run, root: Path, beside: Path) -> tuple[Input, ...]:
    """The files that the run opened and that are not here to compare."""
    return tuple(entry for entry in run.inputs if not _input_path(entry, root, beside).is_file())


def _input_path(entry: Input, root: Path, beside: Path) -> Path:
    return (beside if entry.base == "post" else root) / entry.path


def render_run(run: Run) -> str:
    """The run as JSON that reads well as a diff: summary first, texts by line, the small inline."""
    bare = _map_blobs(run, lambda mime, blob: Blob(blob.digest, blob.size))
    plain = msgspec.to_builtins(bare)
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
    key8 = path.stem[-17:-9]

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
    try:
        return _map_blobs(run, lambda mime, blob: _read_blob(path.parent / "blobs", mime, blob))
    except _BlobError as error:
        return damaged(str(error))


class _BlobError(Exception):
    """A blob is missing or not what was written."""


def _read_blob(folder: Path, mime: str, blob: Blob) -> Blob:
    """The blob with its bytes, checked."""
    path = folder / _blob_name(mime, blob)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _BlobError(f"its blob `blobs/{path.name}` is missing") from error
    if digest_bytes(content) != blob.digest:
        raise _BlobError(f"its blob `blobs/{path.name}` is damaged")
    return msgspec.structs.replace(blob, content=content)


def _map_blobs(run: Run, change: Callable[[str, Blob], Blob]) -> Run:
    """The run with every blob, given with its MIME type, changed."""

    def changed(output: Output) -> Output:
        if not isinstance(output, Display):
            return output
        data = {
            mime: change(mime, value) if isinstance(value, Blob) else value
            for mime, value in output.data.items()
        }
        return msgspec.structs.replace(output, data=data)

    cells = tuple(
        msgspec.structs.replace(cell, outputs=tuple(changed(output) for output in cell.outputs))
        for cell in run.cells
    )
    return msgspec.structs.replace(run, cells=cells)


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

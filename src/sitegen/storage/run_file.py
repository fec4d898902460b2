"""The text of a stored run: JSON that reads well as a diff, and where its blobs stand in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import msgspec

from sitegen.model import Blob, Display, Output, Run, Saved
from sitegen.storage.samples import part_samples, summarise_samples

FORMAT = 1
EXTENSIONS = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/webp": "webp",
    "image/gif": "gif",
}
SAMPLES = "json"
"""The extension of the blob that holds a benchmark's samples; no saved file has it."""

_WIDTH = 100


def render_run(run: Run, *, whole: bool = False) -> str:
    """The run as JSON that reads well as a diff: summary first, texts by line, the small inline.

    The samples of a benchmark are left to their blob, unless the `whole` run is to be one file.
    """
    parted = run if whole else part_samples(run)
    bare = map_blobs(parted, lambda extension, blob: Blob(blob.digest, blob.size))
    plain = msgspec.to_builtins(bare)
    for cell in plain["cells"]:
        _split(cell, "source")
        for output in cell["outputs"]:
            _split_lines(output)
    if "accepted" in plain:
        _split(plain["accepted"], "difference")
    if "benchmark" in plain:
        plain["benchmark"]["series"] = list(map(_series, plain["benchmark"]["series"]))
    return _pretty({"format": FORMAT, **_summary(run), **plain}) + "\n"


def _series(series: dict[str, Any]) -> dict[str, Any]:
    """What is kept of a variant at a point: on one line, where that says nothing of its code."""
    if not series["sampled"]:
        del series["sampled"]
    long = series.keys() & {"sampled", "breaks", "recompiles", "failure"}
    return series if long else _Line(series)


def _summary(run: Run) -> dict[str, Any]:
    """What a reader sees first; nobody reads it back."""
    if run.benchmark is None:
        cost = sum(cell.measures.wall for cell in run.cells if cell.measures)
        blocks = _count(len(run.cells), "block")
        return {"summary": f"{blocks} in {cost:.2g} s on {run.device.label}"}
    variants = _count(len(run.benchmark.variants), "variant")
    processes = _count(len(run.benchmark.processes), "process", "es")
    rows = [_Line(msgspec.to_builtins(row)) for row in summarise_samples(run.benchmark)]
    return {"summary": f"{variants} by {processes} on {run.device.label}", "rows": rows}


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number} {noun}{plural if number != 1 else ''}"


def parse_run(content: bytes) -> Run | str:
    """The run in a stored file, blobs without content, or what is wrong with it."""
    try:
        plain = json.loads(content)
        if plain.get("format") != FORMAT:
            return f"it has format {plain.get('format')}, this version reads {FORMAT}"
        for cell in plain["cells"]:
            _join(cell, "source")
            for output in cell["outputs"]:
                _join_lines(output)
        if "accepted" in plain:
            _join(plain["accepted"], "difference")
        for series in plain.get("benchmark", {}).get("series", ()):
            series.setdefault("sampled", ())
        return msgspec.convert(plain, Run)
    except (ValueError, KeyError, TypeError, AttributeError, msgspec.ValidationError) as error:
        return str(error)


def map_blobs(run: Run, change: Callable[[str, Blob], Blob]) -> Run:
    """The run with every blob, given with the extension of its file, changed."""

    def changed(output: Output) -> Output:
        if not isinstance(output, Display):
            return output
        data = {
            mime: change(_extension(mime), value) if isinstance(value, Blob) else value
            for mime, value in output.data.items()
        }
        dark = change("png", output.dark) if output.dark is not None else None
        return msgspec.structs.replace(output, data=data, dark=dark)

    cells = tuple(
        msgspec.structs.replace(cell, outputs=tuple(changed(output) for output in cell.outputs))
        for cell in run.cells
    )
    saves = tuple(Saved(saved.path, change(_suffix(saved.path), saved.blob)) for saved in run.saves)
    samples = change(SAMPLES, run.samples) if run.samples is not None else None
    return msgspec.structs.replace(run, cells=cells, saves=saves, samples=samples)


def blobs_of(run: Run) -> Iterator[tuple[str, Blob]]:
    """The blobs of a run, each with the extension of its file."""
    found: list[tuple[str, Blob]] = []

    def note(extension: str, blob: Blob) -> Blob:
        found.append((extension, blob))
        return blob

    map_blobs(run, note)
    yield from found


def blob_name(extension: str, blob: Blob) -> str:
    """The name of the file that holds a blob."""
    return f"{blob.digest[:32]}.{extension}"


def _extension(mime: str) -> str:
    return EXTENSIONS.get(mime, "bin")


def _suffix(path: str) -> str:
    suffix = PurePosixPath(path).suffix.removeprefix(".").lower()
    return suffix if suffix.isascii() and suffix.isalnum() and suffix != SAMPLES else "bin"


def _split_lines(output: dict[str, Any]) -> None:
    _split(output, "text")
    for mime in output.get("data", {}):
        _split(output["data"], mime)


def _join_lines(output: dict[str, Any]) -> None:
    _join(output, "text")
    for mime in output.get("data", {}):
        _join(output["data"], mime)


def _split(holder: dict[str, Any], name: str) -> None:
    """Turn a text into its lines, which a diff can tell apart."""
    if isinstance(holder.get(name), str):
        holder[name] = holder[name].splitlines(keepends=True)


def _join(holder: dict[str, Any], name: str) -> None:
    if isinstance(holder.get(name), list):
        holder[name] = "".join(holder[name])


class _Line(dict[str, Any]):
    """An object that stands on one line, however long that is."""


def _pretty(value: Any, indent: str = "") -> str:
    """JSON with what fits on a line on one line."""
    inline = json.dumps(value, ensure_ascii=False)
    if isinstance(value, _Line):
        return inline
    if not isinstance(value, Mapping | list | tuple) or not value or len(indent + inline) <= _WIDTH:
        return inline
    deeper = indent + " "
    if isinstance(value, Mapping):
        rows = [f"{json.dumps(key)}: {_pretty(entry, deeper)}" for key, entry in value.items()]
        return "{\n" + ",\n".join(deeper + row for row in rows) + f"\n{indent}}}"
    rows = [_pretty(entry, deeper) for entry in value]
    return "[\n" + ",\n".join(deeper + row for row in rows) + f"\n{indent}]"

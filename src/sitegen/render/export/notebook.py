"""A session of a post as a Jupyter notebook, nbformat 4.5.

The format is plain JSON, so it is written with msgspec alone: nbformat, and the JSON Schema
packages that it brings, would only check here what tests check with it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import assert_never

import msgspec

from sitegen.model import Block, Display, Failure, Output, Shown, Stream
from sitegen.render.export.measuring import measuring_code
from sitegen.render.export.outline import Code, Outline, Prose
from sitegen.render.format import format_rfc3339
from sitegen.render.outputs import Place, name_places, render_failure

Lines = list[str]
"""A text as nbformat keeps it: its lines, each with its end."""


class StreamOutput(msgspec.Struct, frozen=True, tag_field="output_type", tag="stream"):
    name: str
    text: Lines


class DisplayData(msgspec.Struct, frozen=True, tag_field="output_type", tag="display_data"):
    data: Mapping[str, object]
    metadata: Mapping[str, object]


class ExecuteResult(msgspec.Struct, frozen=True, tag_field="output_type", tag="execute_result"):
    data: Mapping[str, object]
    execution_count: int | None
    metadata: Mapping[str, object]


class ErrorOutput(msgspec.Struct, frozen=True, tag_field="output_type", tag="error"):
    ename: str
    evalue: str
    traceback: list[str]


AnyOutput = StreamOutput | DisplayData | ExecuteResult | ErrorOutput


class MarkdownCell(msgspec.Struct, frozen=True, tag_field="cell_type", tag="markdown"):
    id: str
    metadata: Mapping[str, object]
    source: Lines


class CodeCell(msgspec.Struct, frozen=True, tag_field="cell_type", tag="code"):
    execution_count: int | None
    id: str
    metadata: Mapping[str, object]
    outputs: list[AnyOutput]
    source: Lines


class Notebook(msgspec.Struct, frozen=True):
    cells: list[MarkdownCell | CodeCell]
    metadata: Mapping[str, object]
    nbformat: int = 4
    nbformat_minor: int = 5


def render_notebook(outline: Outline) -> bytes:
    """The notebook with the author's own code and the stored outputs; equal input, equal bytes."""
    notebook = Notebook(list(_cells(outline)), _about(outline))
    return msgspec.json.format(msgspec.json.encode(notebook), indent=1) + b"\n"


def _cells(outline: Outline) -> Iterator[MarkdownCell | CodeCell]:
    device = default_device(outline)
    counts = _counts(outline, 1 if device is None else 2)
    places = {entry.run.device.name: _place(entry, counts) for entry in outline.shown}
    for part in outline.parts:
        if isinstance(part, Prose):
            yield MarkdownCell(part.id, {}, _lines(part.text.strip("\n")))
            continue
        if device is not None:
            yield CodeCell(1, "default-device", _HIDDEN, [], _lines(default_device_code(device)))
            device = None
        outputs: list[AnyOutput] = []
        count = None
        if part.cell is not None and part.shown is not None and part.cell.status != "not run":
            count = counts.get(part.block.index)
            place = places[part.shown.run.device.name]
            outputs = [_output(output, place, count) for output in part.cell.outputs]
        elif part.block.bench is not None and outline.shown:
            count = counts.get(part.block.index)  # defining its variants shows nothing
        source = _lines(part.block.shown)
        yield CodeCell(count, part.id, _metadata(part, outline), outputs, source)
    codes = {part.id: part.block.shown for part in outline.code}
    measuring = measuring_code(outline, codes, carried=True)
    if measuring is not None:
        about = {**_HIDDEN, "tags": ["hide-cell", "skip-execution"]}
        yield CodeCell(None, "sitegen-measure", about, [], _lines(measuring))


def _counts(outline: Outline, first: int) -> dict[int, int]:
    """The execution counts that running all cells once gives, by the index of the block.

    Jupyter passes over cells that are empty, and clients over those tagged `skip-execution`.
    """
    ran = [part.block for part in outline.code if not _is_for_others(part)]
    return {block.index: n for n, block in enumerate((b for b in ran if b.shown.strip()), first)}


def _place(shown: Shown, counts: Mapping[int, int]) -> Place:
    """What turns the names of blocks in texts into cells, and lines of them."""
    blocks = tuple(
        msgspec.structs.replace(
            block,
            lines=tuple(line - block.shown_line + 1 for line in block.lines),
            file=f"Cell In[{counts.get(block.index, ' ')}]",
        )
        for block in shown.plan.blocks
    )
    plan = msgspec.structs.replace(shown.plan, blocks=blocks)
    return Place("", plan, shown.run.page, trust=True, stale=shown.stale, alt="")


_HIDDEN = {"jupyter": {"source_hidden": True}, "tags": ["hide-cell"]}


def default_device(outline: Outline) -> str | None:
    """What torch's default device was set to for this session, if its code imports torch."""
    run = next((entry.run for entry in outline.shown), None)
    return run.provenance.torch_device if run and "torch" in outline.imports else None


def default_device_code(device: str) -> str:
    why = "# The results shown are of runs that had this as torch's default device."
    return f'{why}\nimport torch\n\ntorch.set_default_device("{device}")'


def _metadata(part: Code, outline: Outline) -> dict[str, object]:
    """What the block's options said, in the words of Jupyter, of MyST, and of sitegen."""
    show = part.block.show
    hidden = {
        "source_hidden": not show.include or show.echo is not True,
        "outputs_hidden": not show.include or not show.output,
    }
    own: dict[str, object] = {
        "label": show.label,
        "caption": show.caption,
        "alt": show.alt,
        "name": show.name,
        "cost": msgspec.to_builtins(part.cell.measures) if part.cell else None,
    }
    if part.shown is not None and part.shown.run.device != outline.shown[0].run.device:
        own["device"] = part.shown.run.device.label
    metadata: dict[str, object] = {
        "jupyter": {name: True for name, said in hidden.items() if said},
        "sitegen": {name: value for name, value in own.items() if value is not None},
        "tags": list(_tags(part, part.block)),
    }
    return {name: value for name, value in metadata.items() if value}


def _tags(part: Code, block: Block) -> Iterator[str]:
    show = block.show
    if not show.include:
        yield "remove-cell"
    if show.echo is not True:
        yield "hide-input" if show.echo == "fold" else "remove-input"
    if not show.output:
        yield "remove-output"
    if block.run.error:
        yield "raises-exception"
    if _is_for_others(part):
        yield "skip-execution"


def _is_for_others(part: Code) -> bool:
    """Whether the block was left out because it is for other devices."""
    return part.cell is not None and part.cell.status == "not here"


def _output(output: Output, place: Place, count: int | None) -> AnyOutput:
    match output:
        case Stream(name=name, text=text):
            return StreamOutput(name, _lines(name_places(text, place)))
        case Failure(name=name, value=value):
            traceback = _fit(render_failure(output, place)).split("\n")
            return ErrorOutput(name, _fit(name_places(value, place)), traceback)
        case Display():
            data, sizes = _bundle(output, place)
            return ExecuteResult(data, count, sizes) if output.result else DisplayData(data, sizes)
        case _:
            assert_never(output)


def _bundle(display: Display, place: Place) -> tuple[dict[str, object], dict[str, object]]:
    """The bundle and the sizes of its pictures; of a light and a dark picture the light one."""
    data: dict[str, object] = {}
    sizes: dict[str, object] = {}
    for mime, value in display.data.items():
        if not isinstance(value, str):
            data[mime] = base64.b64encode(value.content).decode()
            if display.width and display.height:
                sizes[mime] = {"width": display.width, "height": display.height}
        elif mime == "application/json":
            data[mime] = json.loads(value)
        else:
            data[mime] = _lines(name_places(value, place))
    return data, sizes


def _about(outline: Outline) -> dict[str, object]:
    """The notebook's metadata: kernel, language, and where the results come from."""
    meta = outline.document.meta
    own: dict[str, object] = {"page": outline.page, "session": outline.session}
    version = {}
    if outline.shown:
        run = outline.shown[0].run
        version = {"version": run.provenance.python}
        own |= {
            "key": run.key,
            "device": run.device.label,
            "versions": {"python": run.provenance.python, **run.provenance.packages},
            "date": format_rfc3339(run.started),
            "stale": any(entry.stale for entry in outline.shown),
        }
    about: dict[str, object] = {
        "authors": [{"name": _fit(name)} for name in meta.authors],
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"file_extension": ".py", "name": "python", **version},
        "sitegen": own,
        "title": _fit(outline.title),
    }
    return {name: value for name, value in about.items() if value}


def _lines(text: str) -> Lines:
    return _fit(text).splitlines(keepends=True)


def _fit(text: str) -> str:
    """The text without halves of characters, which UTF-8 cannot hold."""
    return text.encode("utf-8", "replace").decode()

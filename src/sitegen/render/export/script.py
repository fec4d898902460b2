"""A session of a post as a Python script, in Jupytext's percent format.

Code is as written: a bare last expression shows its value in an editor's cells and nothing when
the script is run, which so prints what the stored streams say. What only IPython takes is
commented out.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from sitegen.base.python_text import magic_lines
from sitegen.model import Failure
from sitegen.render.export.measuring import measuring_code
from sitegen.render.export.notebook import default_device, default_device_code
from sitegen.render.export.outline import Code, Outline, Prose
from sitegen.render.export.prose import WIDTH, wrap_markdown
from sitegen.render.export.requirements import imported, requirements

_FUTURE = re.compile(r"from[ \t]+__future__[ \t]+import[ \t]+[\w, \t]+")
_DISPLAY = re.compile(r"(?<![\w.])display\(")
_BINDS_DISPLAY = re.compile(r"import[ \t(][^\n]*\bdisplay\b|def display\(")
_TIMED = re.compile(r"(\s*(?:[^%=]+=\s*)?)%time\s+(.*[^\\])")
_UNREADABLE = ("SyntaxError", "IndentationError", "TabError")


def render_script(outline: Outline) -> bytes:
    """The script, with a PEP 723 header of what it was measured with; equal input, equal bytes."""
    sources = [_script_code(part) for part in outline.code]
    head = list(_head(sources))
    device = default_device(outline)
    cells = [_header(outline, head)]
    if head:
        cells.append("# %%\n" + "\n".join(head))
    codes = {
        part.id: _FUTURE.sub(_moved, code) for part, code in zip(outline.code, sources, strict=True)
    }
    for part in outline.parts:
        if isinstance(part, Prose):
            cells.append(f"# %% [markdown]\n{_commented(_wrapped(part.text))}")
            continue
        if device is not None:
            cells.append(f"# %% default-device\n{default_device_code(device)}")
            device = None
        cells.append(f"# %% {part.id}\n{codes[part.id]}")
    measuring = measuring_code(
        outline, codes | ({"": "\n".join(head)} if head else {}), carried=False
    )
    if measuring is not None:
        cells.append(f"# %% sitegen-measure\n{measuring}")
    return ("\n\n".join(cell.rstrip("\n") for cell in cells) + "\n").encode("utf-8", "replace")


def _header(outline: Outline, head: Sequence[str]) -> str:
    """The script's own metadata, as PEP 723 has it."""
    origin = next((entry.run.provenance for entry in outline.shown), None)
    versions = origin.packages if origin is not None else {}
    own = {PurePosixPath(asset.path).stem for asset in outline.document.source.assets}
    own |= {part for asset in outline.document.source.assets for part in asset.path.split("/")}
    needed = requirements(outline.imports | imported(head), versions, own)
    lines = ["# /// script"]
    if origin is not None and origin.python:
        lines.append(f'# requires-python = ">={".".join(origin.python.split(".")[:2])}"')
    lines.append("# dependencies = [")
    lines += [f'#     "{requirement}",' for requirement in needed.known]
    lines += [f"#     # and what brings the module {name}" for name in needed.unknown]
    return "\n".join((*lines, "# ]", "# ///"))


def _head(sources: Sequence[str]) -> Iterator[str]:
    """What a notebook has and a script must be given: future imports on top, IPython's display."""
    yield from dict.fromkeys(line for code in sources for line in _FUTURE.findall(code))
    code = "\n".join(sources)
    if _DISPLAY.search(code) and not _BINDS_DISPLAY.search(code):
        yield "from IPython.display import display"


def _moved(line: re.Match[str]) -> str:
    return f"# {line.group()}  (stands on top)"


def _wrapped(text: str) -> str:
    return wrap_markdown(text.strip("\n"), WIDTH - 2)


def _commented(text: str) -> str:
    return "\n".join(f"# {line}".rstrip() for line in text.split("\n"))


def _script_code(part: Code) -> str:
    """The block's code as a script can hold it."""
    code = part.block.shown
    cell = part.cell
    if cell is not None and cell.status == "not here":
        return _left_out(code, f"for {' and '.join(part.block.run.devices)} only")
    first, _, below = code.lstrip().partition("\n")
    if first.strip() == "%%time":
        code = f"# (IPython) {first}\n{below}"
    elif first.startswith("%%"):
        return _left_out(code, "a cell magic of IPython")
    failures = [] if cell is None else [o.name for o in cell.outputs if isinstance(o, Failure)]
    if any(name in _UNREADABLE for name in failures):
        return _left_out(code, f"it ends in {failures[0]}, in a script before anything has run")
    code = _without_magics(code)
    if _awaits(code):
        return _left_out(code, "`await` outside functions needs IPython")
    if part.block.run.error:
        return _expecting_error(code)
    return code


def _left_out(code: str, why: str) -> str:
    return f"# Left out: {why}.\n{_commented(code)}"


def _without_magics(code: str) -> str:
    """The code with lines that only IPython takes commented out, each suite still having one.

    What `%time` times is run all the same: what it binds is used below.
    """
    if "%" not in code and "!" not in code:
        return code
    magics = magic_lines(code)
    lines = code.split("\n")
    for number in sorted(magics):
        text = lines[number].lstrip()
        timed = _TIMED.fullmatch(lines[number])
        if timed:
            lines[number] = f"{timed[1]}{timed[2]}  # (IPython) timed"
            continue
        indent = lines[number][: -len(text)] if text else ""
        alone = indent and number - 1 not in magics
        lines[number] = f"{indent}{'pass  ' if alone else ''}# (IPython) {text}"
    return "\n".join(lines)


def _awaits(code: str) -> bool:
    """Whether the code waits outside functions, which only IPython takes."""
    if "await" not in code and "async" not in code:
        return False
    try:
        with warnings.catch_warnings(action="ignore"):
            compile(code, "block", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    try:
        with warnings.catch_warnings(action="ignore"):
            compile(code, "block", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return True
    return False


def _expecting_error(code: str) -> str:
    """The code so that the script goes on after the error that the post shows."""
    try:
        inside = _lines_in_strings(code)
    except (tokenize.TokenError, SyntaxError):
        return _left_out(code, "it is no Python")
    body = [
        f"    {line}" if line.strip() and number not in inside else line
        for number, line in enumerate(code.split("\n"), 1)
    ]
    tail = ["except (Exception, SystemExit):  # which the post shows", "    traceback.print_exc()"]
    return "\n".join(("import traceback", "", "try:", *body, *tail))


def _lines_in_strings(code: str) -> set[int]:
    """The lines, from 1, that begin inside a string."""
    found: set[int] = set()
    opened: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        kind = tokenize.tok_name[token.type]
        if kind == "STRING":
            found |= set(range(token.start[0] + 1, token.end[0] + 1))
        elif kind.endswith("STRING_START"):
            opened.append(token.start[0])
        elif kind.endswith("STRING_END"):
            found |= set(range(opened.pop() + 1, token.end[0] + 1))
    return found

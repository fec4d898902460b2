"""Exports: notebooks that give the stored outputs again, scripts that print them, downloads."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
import tomli
from nbclient import NotebookClient
from packaging.requirements import Requirement

from sitegen.base.digest import digest_bytes
from sitegen.execute.environment import FIXED
from sitegen.render.export.requirements import imported, requirements
from sitegen.render.export.script import _expecting_error, _without_magics
from tests.support import CONFIG, REPOSITORY, SAMPLE, build_site, sitegen, tree, write_site

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAEElEQVR4nGP8z4AATAxEcQAz0QEHOoQ+uAAAAABJRU5E"
    "rkJggg=="
)

POSTS = {
    "content/posts/outputs.md": f'''+++
title = "Outputs of `{{python}} kind`"
description = "Streams, values and errors"
date = 2026-11-22
authors = ["Ada", "Grace"]
+++
See [the other](@/posts/kinds/index.md#part), which has `{{python}} "a*b"` in it
and `` {{python}} 40 +
2 :.1f `` too, and `{{python}} 40 + 2`.

```python
#| label: streams
#| caption: What it says, `{{python}} 6 * 7` times
import sys

# the author's own comment
kind = "two kinds"
print("first")  # and another
print("oops", file=sys.stderr)
print("10 %\\r100 %")
```

```python
#| include: false
class Table:
    def _repr_html_(self):
        return "<table><tr><td>1</td></tr></table>"

    def __repr__(self):
        return "Table(1)"
```

- In a list:

  ```python
  #| echo: fold
  Table()
  ```

  after it

```python
#| error: ZeroDivisionError
text = """
kept
"""
1 / 0
```

```python
print(repr(text))
```

```python
#| output: false
import base64
from IPython.display import JSON, Image, Latex, Markdown, display

display(Image(data=base64.b64decode("{PNG}")))
display(Markdown("*bold*"), Latex("$x$"), JSON({{"a": [1]}}))
```

```python
#| eval: false
never(run)
```

```python
%precision 3
value = %time 6 * 7
assert value == 42
3.14159
```

```python
%%capture
print("goes nowhere")
```

```python
await __import__("asyncio").sleep(0, "waited")
```
''',
    "content/posts/kinds/index.md": """+++
title = "Kinds"
+++
## Part

```python
#| file: train.py
```

```python
from __future__ import annotations

import helper

print(helper.NAME, open("data.txt").read().strip(), steps)
```
""",
    "content/posts/kinds/train.py": "# training\nsteps = [1, 2]\nprint('trained')\n",
    "content/posts/kinds/helper.py": "NAME = 'helper'\n",
    "content/posts/kinds/data.txt": "data\n",
    "content/posts/sessions.md": """
First, training.

```python
#| session: train
#| saves: [weights.txt]
open("weights.txt", "w").write("0.5")
print("saved")
```

Then drawing.

```python
weights = float(open("weights.txt").read())
weights
```

```python
#| session: train
"still there"
```
""",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_site(tmp_path_factory.mktemp("export"), POSTS)
    report, _ = build_site(root)
    assert report.problems == ()
    return root


def load(path: Path) -> Any:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def run_all(path: Path, folder: Path) -> Any:
    """The notebook as a client that is not ours runs it in a folder."""
    notebook = load(path)
    resources = {"metadata": {"path": str(folder)}}
    return NotebookClient(notebook, timeout=120, resources=resources).execute()


def run_script(path: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(path)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def said(notebook: Any) -> list[list[tuple[object, ...]]]:
    """What each cell gave: streams as a terminal shows them in the end, bundles, exceptions."""
    return [[*_said(cell.outputs)] for cell in notebook.cells if cell.cell_type == "code"]


def _said(outputs: list[Any]) -> Iterator[tuple[object, ...]]:
    streams: dict[str, str] = {}
    for output in outputs:
        match output.output_type:
            case "stream":
                streams[output.name] = streams.get(output.name, "") + output.text
            case "error":
                yield ("error", output.ename, _without_files(output.evalue))
            case kind:
                data = {
                    mime: text.strip() if isinstance(text, str) else text
                    for mime, text in output.data.items()
                }
                yield (kind, data)
    for name, text in sorted(streams.items()):  # whose order among each other is by chance
        ended = re.sub(r"(?m)^[^\n]*\r", "", text)
        ended = _without_files(ended)
        yield (name, re.sub(r"(?s)CPU times.*?Wall time[^\n]*", "timed", ended))


def _without_files(text: str) -> str:
    """The text with the names under which cells are compiled made one."""
    names = r'"\S+/ipykernel_\S+", line |\S+/ipykernel_[\w/]+\.py:|Cell In\[\d+\]:'
    return re.sub(names, "cell, line ", text)


def counts(notebook: Any) -> list[int | None]:
    return [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]


def stored_text(notebook: Any, name: str = "stdout") -> str:
    return "".join(
        output.text
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream" and output.name == name
    )


@pytest.mark.parametrize("name", ["outputs", "kinds"])
def test_a_notebook_gives_the_stored_outputs_again(site: Path, tmp_path: Path, name: str) -> None:
    path = site / f"public/posts/{name}/{name}.ipynb"
    work = tmp_path / "work"
    shutil.copytree(site / "content/posts/kinds", work)
    stored = load(path)
    ran = run_all(path, work)
    assert any(outputs for outputs in said(stored))
    assert said(ran) == said(stored)
    assert counts(ran) == counts(stored)


def test_sessions_are_notebooks_of_their_own(site: Path, tmp_path: Path) -> None:
    folder = site / "public/posts/sessions"
    for name in ("sessions-train.ipynb", "sessions.ipynb"):
        assert said(run_all(folder / name, tmp_path)) == said(load(folder / name))
    train, main = load(folder / "sessions-train.ipynb"), load(folder / "sessions.ipynb")
    assert "It reads `weights.txt`, saved by the session `train`" in main.cells[1].source
    assert "saved by" not in train.cells[1].source
    assert [cell.source for cell in main.cells if cell.cell_type == "code"] == [
        'weights = float(open("weights.txt").read())\nweights'
    ]
    shown = "\n".join(cell.source for cell in main.cells if cell.cell_type == "markdown")
    assert '```python\nopen("weights.txt", "w").write("0.5")' in shown
    assert shown.index("First, training.") < shown.index("Then drawing.")
    for name in ("sessions-train.py", "sessions.py"):
        assert run_script(folder / name, tmp_path).returncode == 0


def test_cells_are_the_authors_own(site: Path) -> None:
    notebook = load(site / "public/posts/outputs/outputs.ipynb")
    cells = {cell.id: cell for cell in notebook.cells}
    assert list(cells)[:4] == ["front-matter", "how-to-run", "introduction", "streams"]
    front = cells["front-matter"].source
    assert front.startswith("# Outputs of two kinds\n\nStreams, values and errors\n\nAda, Grace · ")
    assert "22 November 2026 · <https://example.org/posts/outputs/>" in front
    assert cells["introduction"].source == (
        "See [the other](https://example.org/posts/kinds/#part), which has a\\*b in it\n"
        "and 42.0 too, and 42."
    )
    assert cells["streams"].source.splitlines()[:3] == [
        "import sys",
        "",
        "# the author's own comment",
    ]
    assert cells["streams"].metadata.sitegen.label == "streams"
    assert cells["after-streams"].source == "*What it says, 42 times*"
    assert cells["block-2"].metadata.tags == ["remove-cell"]
    assert cells["block-2"].metadata.jupyter.source_hidden
    assert cells["block-3"].metadata.tags == ["hide-input"]
    assert cells["after-block-3"].source == "after it"
    assert cells["block-4"].metadata.tags == ["raises-exception"]
    assert cells["block-4"].outputs[0].traceback == [
        "ZeroDivisionError: division by zero",
        "  Cell In[4]:4",
    ]
    assert cells["block-6"].metadata.tags == ["remove-output"]
    assert cells["block-6"].outputs[0].data["image/png"].strip() == PNG
    assert cells["block-6"].outputs[3].data["application/json"] == {"a": [1]}
    assert cells["after-block-6"].source == "```python\nnever(run)\n```"
    about = notebook.metadata
    assert (about.kernelspec.name, about.title) == ("python3", "Outputs of two kinds")
    assert about.sitegen.page == "https://example.org/posts/outputs/"
    assert set(about.sitegen) >= {"key", "device", "versions", "date", "stale"}


def test_a_script_prints_what_the_stored_streams_say(site: Path, tmp_path: Path) -> None:
    folder = site / "public/posts/outputs"
    done = run_script(folder / "outputs.py", tmp_path)
    assert done.returncode == 0, done.stderr
    script = (folder / "outputs.py").read_text("utf-8")
    assert "# Left out: a cell magic of IPython.\n# %%capture" in script
    assert "# Left out: `await` outside functions needs IPython." in script
    stored = re.sub(
        r"(?s)CPU times.*?Wall time[^\n]*\n", "", stored_text(load(folder / "outputs.ipynb"))
    )
    printed = [line for line in done.stdout.split("\n") if not line.startswith("<IPython.core")]
    assert "\n".join(printed).replace("\n10 %\n", "\n") == stored
    assert "ZeroDivisionError: division by zero" in done.stderr


def test_a_script_with_files_beside_it(site: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    shutil.copytree(site / "content/posts/kinds", work)
    done = sitegen(site, "export", "posts/kinds", "--output", str(work / "all.py"))
    assert done.returncode == 0, done.stderr
    ran = run_script(work / "all.py", work)
    assert ran.stdout == "trained\nhelper data [1, 2]\n", ran.stderr
    script = (work / "all.py").read_text("utf-8")
    assert script.index("from __future__") < script.index("# %% block-1\n# training\n")
    assert "`data.txt`" in script
    assert "helper" not in "".join(header_of(script)["dependencies"])


def header_of(script: str) -> dict[str, Any]:
    """The metadata of a script, found as PEP 723 says."""
    pattern = r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$"
    (found,) = re.finditer(pattern, script)
    assert found["type"] == "script"
    lines = found["content"].splitlines(keepends=True)
    return tomli.loads("".join(line[2:] if line.startswith("# ") else line[1:] for line in lines))


def test_the_command(site: Path, tmp_path: Path) -> None:
    def export(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sitegen", "--root", str(site), "export", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    published = tree(site / "public/posts/outputs")
    assert export("content/posts/outputs.md").stdout == "wrote outputs.ipynb\n"
    assert (tmp_path / "outputs.ipynb").read_bytes() == published["outputs.ipynb"]
    again = export("posts/outputs")
    assert again.returncode == 2
    assert "--output outputs.ipynb writes over it" in again.stderr
    assert export("posts/outputs", "--output", "outputs.ipynb").returncode == 0
    assert (
        export("posts/outputs", "--format", "py", "--output", "-").stdout.encode()
        == (published["outputs.py"])
    )
    assert export("posts/outputs", "--output", "mine.py").returncode == 0
    assert (tmp_path / "mine.py").read_bytes() == published["outputs.py"]
    several = export("posts/sessions", "--output", "all.ipynb")
    assert several.stdout == "wrote all-train.ipynb\nwrote all.ipynb\n"
    for arguments, message in {
        ("posts/sessions", "--output", "-"): "several sessions",
        ("posts/output",): "did you mean `posts/outputs`?",
        ("posts/outputs", "--output", "x.txt"): "neither .ipynb nor .py",
        ("posts/outputs", "--output", "x.py", "--format", "ipynb"): "--format says ipynb",
    }.items():
        failed = export(*arguments)
        assert failed.returncode == 2
        assert message in failed.stderr
        assert "Traceback" not in failed.stderr


def test_what_never_ran_is_exported_without_outputs(tmp_path: Path) -> None:
    post = "```python\nx = 1\n```\n\nIt is `{python} x`.\n"
    root = write_site(tmp_path, {"content/post.md": post})
    done = sitegen(root, "export", "post", "--output", "-")
    assert done.returncode == 0
    notebook = nbformat.reads(done.stdout, as_version=4)
    nbformat.validate(notebook)
    code = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert (code.source, code.outputs, code.execution_count) == ("x = 1", [], None)
    assert notebook.cells[-1].source == "It is `{python} x`."
    assert not (root / "measurements").exists(), "nothing was run"


def test_the_card_offers_what_is_there(site: Path) -> None:
    page = (site / "public/posts/sessions/index.html").read_text("utf-8")
    offered = re.findall(r'href="(/posts/sessions/[^"]+)" download', page)
    names = [name.rpartition("/")[2] for name in offered]
    assert names == [
        "sessions-train.ipynb",
        "sessions.ipynb",
        "sessions-train.py",
        "sessions.py",
        "sessions-train.json",
        "sessions.json",
    ]
    assert all((site / f"public{path}").is_file() for path in offered)
    (stored,) = (site / "measurements/posts/outputs").rglob("*.json")
    raw = (site / "public/posts/outputs/outputs.json").read_bytes()
    assert raw == stored.read_bytes()
    assert json.loads(raw)["page"] == "posts/outputs"


def test_a_second_build_writes_the_same_bytes(site: Path) -> None:
    before = tree(site / "public")
    report, _ = build_site(site)
    assert (report.executed_posts, report.written) == (0, 0)
    assert tree(site / "public") == before


def test_a_file_of_the_author_keeps_its_name(tmp_path: Path) -> None:
    files = {"content/a/index.md": "```python\n1\n```\n", "content/a/a.ipynb": "mine"}
    root = write_site(tmp_path, files)
    build_site(root)
    assert (root / "public/a/a.ipynb").read_text("utf-8") == "mine"
    assert 'href="/a/a.ipynb"' not in (root / "public/a/index.html").read_text("utf-8")


def test_torch_s_default_device_is_set_as_the_run_had_it(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/post.md": "```python\nimport torch\n```\n"})
    build_site(root)
    (stored,) = (root / "measurements").rglob("*.json")
    run = json.loads(stored.read_bytes())
    run["provenance"]["torch_device"] = "cuda"
    text = json.dumps(run).encode()
    stored.unlink()
    name = stored.stem[:-8] + digest_bytes(text)[:8]
    stored.with_name(f"{name}.json").write_bytes(text)
    build_site(root, mode="no-exec")
    notebook = load(root / "public/post/post.ipynb")
    first, second = (cell for cell in notebook.cells if cell.cell_type == "code")
    assert first.source.endswith('torch.set_default_device("cuda")')
    assert first.metadata.tags == ["hide-cell"]
    assert (first.execution_count, second.execution_count) == (1, 2)
    script = (root / "public/post/post.py").read_text("utf-8")
    assert script.index("set_default_device") < script.index("# %% block-1")


@pytest.mark.parametrize(
    ("post", "mend"),
    [
        (SAMPLE, ("import torch\n", "#| error: NameError\nimport torch\n")),
        (REPOSITORY / "content/posts/tensor-wars-run.md", ("", "")),
    ],
    ids=["sample", "tensor-wars-run"],
)
def test_the_sample_and_this_repository_s_own_post(
    tmp_path: Path, post: Path, mend: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in FIXED.items():
        monkeypatch.setenv(name, value)
    text = post.read_text("utf-8").replace(*mend) if mend[0] else post.read_text("utf-8")
    config = CONFIG.replace("[execute]", "[execute]\ntimeout = '3m'")
    files = {"content/posts/post.md": text, "content/posts/tensor-wars.md": "Text.\n"}
    root = write_site(tmp_path / "site", files, config)
    report, _ = build_site(root)
    assert [problem for problem in report.problems if problem.severity == "error"] == []
    path = root / "public/posts/post/post.ipynb"
    stored = load(path)
    assert said(run_all(path, tmp_path)) == said(stored)
    script = path.with_suffix(".py")
    done = run_script(script, tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == stored_text(stored)
    header = header_of(script.read_text("utf-8"))
    assert re.fullmatch(r">=3\.\d+", header["requires-python"])
    pins = {Requirement(line).name: Requirement(line).specifier for line in header["dependencies"]}
    assert set(pins) == {"torch", "jax", "jaxlib"}
    assert all(re.fullmatch(r"==[\d.]+", str(pin)) for pin in pins.values())


def test_requirements_are_not_guessed() -> None:
    code = "import os, numpy.linalg as la\nfrom PIL import Image\nimport helper, secretlib\n"
    names = imported([code, "%time import pandas\nfrom yaml import x", "if 1:\n    import scipy"])
    assert names == {"os", "numpy", "PIL", "helper", "secretlib", "yaml", "scipy"}
    found = requirements(names, {"numpy": "2.4.6+local"}, {"helper"})
    assert found.known == ("numpy==2.4.6", "pillow", "scipy", "pyyaml")
    assert found.unknown == ("secretlib",)


def test_magics_in_a_script() -> None:
    code = (
        'if x:\n    %matplotlib inline\ny = %time f(x)\ns = """\n%kept\n"""\n'
        "!ls \\\n  -l\n%time z = 1"
    )
    assert _without_magics(code) == (
        "if x:\n    pass  # (IPython) %matplotlib inline\ny = f(x)  # (IPython) timed\n"
        's = """\n%kept\n"""\n# (IPython) !ls \\\n  # (IPython) -l\nz = 1  # (IPython) timed'
    )


def test_strings_are_not_indented() -> None:
    code = 'a = """\n  b\n"""\nif a:\n    f = f"""\n{a}\nc"""\nd = 1'
    wrapped = _expecting_error(code)
    names: dict[str, object] = {}
    exec(wrapped, names)  # noqa: S102 (ours)
    assert (names["a"], names["f"]) == ("\n  b\n", "\n\n  b\n\nc")

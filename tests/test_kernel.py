"""A kernel with the probe built in behaves as a plain one, and its results are found out."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from sitegen.model import BlockDone, Event
from tests.support import build_site, report_of, sitegen, stored, write_site

POSTS = {
    "content/magic.md": """
```python
%%capture
a = 1
b = 2
1 / 0  # the line in a cell magic
```
""",
    "content/nested.md": """
```python
import time
get_ipython().run_cell("q = 1")
time.sleep(0.3)
```
""",
    "content/leaves.md": """
```python
exit()
```
```python
print("still here")
```
""",
    "content/displays.md": """
```python
from IPython.display import JSON, Markdown, display
handle = display("old", display_id=True)
display(Markdown("some *emphasis* <script>x</script>"))
display(JSON({"answer": 42}))
```
```python
handle.update("new")
```
""",
    "content/base.md": """
```python
#| error: OSError
open("/no/such/file")
```
```python
#| error: Exception
1 / 0
```
""",
    "content/own/index.md": """
```python
import sitegen_post_helper, hooks, probe
hooks.MINE, probe.MINE
```
```python
!./run.sh
```
""",
    "content/own/hooks.py": "MINE = 1\n",
    "content/own/probe.py": "MINE = 2\n",
    "content/own/sitegen_post_helper.py": "",
    "content/own/run.sh": "#!/bin/sh\necho it ran\n",
    "content/waits.md": """
```python
#| timeout: 20s
for n in range(20_000):
    print(n, end="\\r", flush=True)
await __import__("asyncio").sleep(0)
```
""",
    "content/device.md": """
```python
import importlib.util
importlib.util.find_spec("jax")
import jax.numpy as jnp, jax
jax.jit(lambda x: x * 2)(jnp.ones(3)).shape
```
""",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Event]]:
    root = write_site(tmp_path_factory.mktemp("kernel"), POSTS)
    (root / "content/own/run.sh").chmod(0o755)
    report, events = build_site(root)
    messages = {problem.span.path: problem for problem in report.problems if problem.span}
    assert set(messages) == {"content/magic.md", "content/leaves.md"}
    magic = messages["content/magic.md"]
    assert magic.excerpt == "1 / 0  # the line in a cell magic"
    assert messages["content/leaves.md"].message.startswith("SystemExit")
    return root, events


def shown(built: tuple[Path, list[Event]], name: str) -> str:
    html = (built[0] / "public" / name / "index.html").read_text("utf-8")
    return html[html.index("<figure") : html.index('<section class="card"')]


def cell(built: tuple[Path, list[Event]], page: str, block: int = 0) -> BlockDone:
    done = [event for event in built[1] if isinstance(event, BlockDone)]
    return next(event for event in done if event.plan.page == page and event.block == block)


def test_a_block_that_runs_code_through_ipython_is_measured_whole(
    built: tuple[Path, list[Event]],
) -> None:
    measures = cell(built, "nested").cell.measures
    assert measures is not None
    assert measures.wall >= 0.3


def test_exit_fails_its_block_and_leaves_the_others(built: tuple[Path, list[Event]]) -> None:
    assert "still here" in shown(built, "leaves")


def test_displays_are_updated_by_later_blocks(built: tuple[Path, list[Event]]) -> None:
    html = shown(built, "displays")
    assert "'new'" in html
    assert "'old'" not in html
    assert "<em>emphasis</em>" in html
    assert "<script" not in html
    assert '"answer": 42' in re.sub("<[^>]*>", "", html)


def test_a_class_of_errors_stands_for_those_derived_from_it(
    built: tuple[Path, list[Event]],
) -> None:
    html = shown(built, "base")
    assert "FileNotFoundError" in html
    assert "ZeroDivisionError" in html


def test_modules_and_programs_beside_a_post_are_the_authors(
    built: tuple[Path, list[Event]],
) -> None:
    html = shown(built, "own")
    assert "(1, 2)" in html
    assert "it ran" in html


def test_many_messages_do_not_cost_a_block_its_time(built: tuple[Path, list[Event]]) -> None:
    assert "19999" in shown(built, "waits")


def test_looking_for_a_framework_does_not_lose_the_probe(built: tuple[Path, list[Event]]) -> None:
    measures = cell(built, "device").cell.measures
    assert measures is not None
    assert measures.compile > 0
    assert measures.first == ("start jax",), "jax itself was loaded before the kernel was forked"


INPUTS = {
    "by the shell": ("!cat data.csv", "content/a/data.csv"),
    "in a forked child": (
        "import os\nif (c := os.fork()) == 0:\n    open('data.csv').read()\n    os._exit(0)\n"
        "os.waitpid(c, 0)[1]",
        "content/a/data.csv",
    ),
    "below Python": (
        "import ctypes\nlibc = ctypes.CDLL(None)\nfile = libc.open(b'data.csv', 0)\n"
        "text = ctypes.create_string_buffer(9)\nlibc.read(file, text, 9)",
        "content/a/data.csv",
    ),
    "by an import beside it": ("import helper", "content/a/helper.py"),
    "by an import from the site": (
        "import sys\nsys.path.insert(0, SITE + '/lib')\nimport mylib",
        "lib/mylib.py",
    ),
    "after appending": (
        "open('data.csv', 'a').write('x')\nopen('data.csv').read()",
        "content/a/data.csv",
    ),
}


@pytest.mark.parametrize(("code", "file"), INPUTS.values(), ids=INPUTS)
def test_what_a_run_reads_is_an_input(tmp_path: Path, code: str, file: str) -> None:
    code = code.replace("SITE", repr(str(tmp_path)))
    files = {
        "content/a/index.md": f"```python\n{code}\n```\n",
        "content/a/data.csv": "",
        "content/a/helper.py": "x = 1\n",
        "content/a/unread.txt": "1",
        "lib/mylib.py": "x = 1\n",
    }
    root = write_site(tmp_path, files)

    def executed() -> int:
        return int(report_of(sitegen(root, "build", "--json"))["executed_posts"])

    assert executed() == 1
    assert executed() == 0
    write_site(root, {"content/a/unread.txt": "2"})
    assert executed() == 0
    (root / file).write_text("x = 2\n", "utf-8")
    stale = sitegen(root, "build", "--no-exec")
    name = "lib/mylib.py" if file.startswith("lib") else Path(file).name
    assert f"`{name}`, which it read, has changed since it was measured" in stale.stderr
    assert "earlier code or data" in (root / "public/a/index.html").read_text("utf-8")
    assert executed() == 1
    assert executed() == 0


def test_a_compiled_module_stands_for_its_source(tmp_path: Path) -> None:
    code = "import sys\nsys.path.insert(0, SITE)\nimport mylib\nprint(mylib.V, 1)"
    code = code.replace("SITE", repr(str(tmp_path / "lib")))
    files = {"content/a.md": f"```python\n{code}\n```\n", "lib/mylib.py": "V = 1\n"}
    root = write_site(tmp_path, files)
    for text in (code, code.replace(", 1)", ", 2)")):
        write_site(root, {"content/a.md": f"```python\n{text}\n```\n"})
        assert report_of(sitegen(root, "build", "--json"))["executed_posts"] == 1
    write_site(root, {"lib/mylib.py": "V = 222\n"})
    assert report_of(sitegen(root, "build", "--json"))["executed_posts"] == 1
    assert "222 2" in (root / "public/a/index.html").read_text("utf-8")


def test_places_follow_a_renamed_post(tmp_path: Path) -> None:
    post = "```python\nimport warnings\nwarnings.warn('old')\n```\n"
    root = write_site(tmp_path, {"content/posts/a.md": post})
    assert sitegen(root, "build").returncode == 0
    (root / "content/posts/a.md").rename(root / "content/posts/b.md")
    assert sitegen(root, "build", "--frozen").returncode == 0
    html = (root / "public/posts/b/index.html").read_text("utf-8")
    assert "content/posts/b.md:5: UserWarning: old" in html


def test_a_store_that_cannot_be_written_is_a_problem(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/a.md": "```python\n1\n```\n"})
    (root / "measurements").write_text("a file")
    done = sitegen(root, "build")
    assert done.returncode == 2
    assert "a result cannot be stored" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_name_given_later_is_a_devices_name(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/a.md": "```python\n1\n```\n"})
    assert sitegen(root, "build").returncode == 0
    config = (root / "site.toml").read_text("utf-8") + '\n[devices.mine]\nmatch = "*"\n'
    write_site(root, {"content/a.md": "```python\n2\n```\n"}, config)
    report = report_of(sitegen(root, "build", "--json"))
    assert (report["executed_posts"], report["problems"]) == (1, [])
    assert {path.parent.name for path in stored(root)} > {"mine"}
    shutil.rmtree(root / "measurements/a/mine")

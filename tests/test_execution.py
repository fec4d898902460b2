"""Blocks in real kernels: isolation, outputs, failures with places, limits, surroundings."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from sitegen.model import BlockDone, Event, Finished, Queued, Report, Started
from tests.support import CONFIG, build_site, left_in, sitegen, stored, write_site

PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAEElEQVR4nGP8z4AATAxEcQAz0QEHOoQ+uAAAAABJRU5E"
    "rkJggg=="
)

POSTS = {
    "content/state.md": """
```python
counter = 1
```
```python
counter += 1
print("counter", counter)
```
""",
    "content/other.md": """
```python
"counter" in globals()
```
```python
import os, sys
if (child := os.fork()) == 0:
    print("from a forked child")
    sys.stdout.flush()
    os._exit(0)
os.waitpid(child, 0)[1]
```
""",
    "content/outputs.md": f"""
```python
import sys
print("first")
print("oops", file=sys.stderr)
print("10 %\\r100 %")
print("\\x1b[31mred\\x1b[0m")
"last value"
```
```python
from IPython.display import HTML, Image, display
import base64
display(HTML('<b onclick="steal()">bold</b><script>steal()</script><img src="https://x.example/t">'))
#| alt
Image(data=base64.b64decode("{PNG}"))
```
""",
    "content/failing.md": """
A sentence.

- In a list:

  ```python
  # a comment above
  def inner(x):

      return 1 / x  # the line that fails

  def outer():
      return inner(0)
  ```

```python
outer()
```

```python
print("still running")
```

```python
import warnings

warnings.warn("old")  # the line that warns
```

```python
x = (1
```
""",
    "content/meant.md": """
```python
#| error: true
1 / 0
```
```python
#| error: ValueError
1 / 0
```
```python
#| error: true
print("nothing wrong")
```
""",
    "content/surroundings.md": """
```python
import os
sorted(name for name in os.environ if "SECRET" in name), os.environ["DECLARED"]
```
```python
print(os.getcwd(), os.path.expanduser("~/x"))
print([file for file in sorted(os.listdir("."))])
open("data.csv", "a").write("more")
open("written.txt", "w").write("x")
```
```python
print(hash("stable"), os.environ["JAX_PLATFORMS"], __name__)
```
""",
    "content/data.csv": "1,2\n",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report, list[Event]]:
    config = CONFIG + 'env = { DECLARED = "yes" }\n'
    root = write_site(tmp_path_factory.mktemp("site"), POSTS, config)
    os.environ["SITEGEN_SECRET"] = "canary-7f3a"
    try:
        return root, *build_site(root)
    finally:
        del os.environ["SITEGEN_SECRET"]


Built = tuple[Path, Report, list[Event]]


def page(built: Built, name: str) -> str:
    return (built[0] / "public" / name / "index.html").read_text("utf-8")


def line_of(built: Built, name: str, text: str) -> int:
    lines = (built[0] / f"content/{name}.md").read_text("utf-8").split("\n")
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_blocks_share_their_post_and_nothing_else(built: Built) -> None:
    assert "counter 2" in page(built, "state")
    assert '<pre tabindex="0" class="result">False</pre>' in page(built, "other")


def test_a_forked_child_is_heard(built: Built) -> None:
    assert '<pre tabindex="0" class="stream stdout">from a forked child</pre>' in page(
        built, "other"
    )


def test_streams_values_and_their_order(built: Built) -> None:
    html = page(built, "outputs")
    html = html[html.index('class="cell-output"') :]
    parts = ["first", "oops", "100 %", '<span class="ansi-red-fg">red</span>', "last value"]
    places = [html.index(part) for part in parts]
    assert places == sorted(places)
    assert '<pre tabindex="0" class="stream stderr">oops</pre>' in html
    assert "10 %\r" not in html


def test_rich_display(built: Built) -> None:
    html = page(built, "outputs")
    assert "<b>bold</b>" in html
    assert "steal" not in html.split('class="cell-output"')[2]
    assert "x.example" not in html.split('class="cell-output"')[2]
    image = re.search(r'<img src="(\w{32}\.png)" width="3" height="2" alt="[^"]+"', html)
    assert image is not None
    assert (built[0] / "public/outputs" / image[1]).read_bytes().startswith(b"\x89PNG")


def test_failures_point_into_the_markdown_file(built: Built) -> None:
    html = page(built, "failing")
    inner = line_of(built, "failing", "the line that fails")
    assert "ZeroDivisionError: division by zero" in html
    assert f"content/failing.md:{inner} in inner" in html
    assert f"content/failing.md:{line_of(built, 'failing', 'return inner(0)')} in outer" in html
    warns = line_of(built, "failing", "the line that warns")
    assert f"content/failing.md:{warns}: UserWarning: old" in html
    assert "still running" in html
    problems = {p.span.line: p for p in built[1].problems if p.span and "failing" in p.span.path}
    assert set(problems) == {inner, line_of(built, "failing", "x = (1")}
    assert problems[inner].excerpt.strip().startswith("return 1 / x")


def test_errors_that_are_meant(built: Built) -> None:
    messages = [p.message for p in built[1].problems if p.span and "meant" in p.span.path]
    assert messages == [
        "ZeroDivisionError: division by zero",
        "DidNotRaise: `#| error` promises an error, but the block raised none",
    ]
    assert page(built, "meant").count("cell-error") == 3


def test_surroundings_by_allow_list(built: Built) -> None:
    html = page(built, "surroundings")
    assert "([], 'yes')" in html
    assert "canary-7f3a" not in html
    assert "['data.csv']" in html
    assert ". ~/x" in html
    assert str(Path.home()) not in html
    assert " cpu __main__" in html
    assert (built[0] / "content/data.csv").read_text("utf-8") == "1,2\n"
    assert not (built[0] / "content/written.txt").exists()


def test_failed_runs_are_not_stored_and_good_ones_are(built: Built) -> None:
    pages = {path.parent.parent.name for path in stored(built[0])}
    assert pages == {"state", "other", "outputs", "surroundings"}


def test_events_tell_the_story(built: Built) -> None:
    events = [event for event in built[2] if event.plan.page == "state"]
    kinds = [type(event).__name__ for event in events]
    assert isinstance(events[0], Queued)
    assert isinstance(events[-1], Finished)
    assert kinds == [
        *("Queued", "Started", "BlockDone", "Started", "Chunk", "BlockDone", "Finished")
    ]
    done = [event for event in events if isinstance(event, BlockDone)]
    assert [event.block for event in done] == [0, 1]
    assert all(event.cell.measures is not None for event in done)
    assert [event.block for event in events if isinstance(event, Started)] == [0, 1]


def test_no_port_is_opened_and_no_folder_is_left(tmp_path: Path) -> None:
    source = """
```python
import os
tables = [open(f"/proc/net/{name}").read().splitlines()[1:] for name in ("tcp", "tcp6")]
sockets = {os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if fd.isdigit()
           and os.path.exists(f"/proc/self/fd/{fd}")}
listening = [line.split()[9] for table in tables for line in table if line.split()[3] == "0A"]
print("ports:", [inode for inode in listening if f"socket:[{inode}]" in sockets])
```
"""
    root = write_site(tmp_path, {"content/ports.md": source})
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        assert sitegen(root, "build", env={"TMPDIR": temporary}).returncode == 0
        assert left_in(Path(temporary)) == []
    assert "ports: []" in (root / "public/ports/index.html").read_text("utf-8")


def test_an_interpreter_without_ipykernel_is_named_with_the_command(tmp_path: Path) -> None:
    subprocess.run(["python3", "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    config = CONFIG + 'python = "bare"\n'
    root = write_site(tmp_path, {"content/a.md": "```python\n1\n```\n"}, config)
    with pytest.raises(Exception, match="cannot be built") as caught:
        build_site(root)
    (problem,) = caught.value.problems  # type: ignore[attr-defined]
    assert "no ipykernel" in problem.message
    assert "-m pip install ipykernel" in problem.help[0]

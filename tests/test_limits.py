"""What a kernel may say, and what is written below Python: rules by tables, then real kernels."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.execute import zygotes
from sitegen.model import Cell, Display, Failure, Finished, Run, Stream
from tests.support import build_site, write_site

sys.path.insert(0, str(Path(zygotes.__file__).parent.parent / "kernel"))
import sitegen_limits
from sitegen_limits import MAX_OUTPUT, MAX_OUTPUTS, MAX_POST, MAX_STREAM, Limits, StreamLimit

sys.path.pop(0)


@given(st.lists(st.integers(0, 3 * MAX_STREAM // 4), max_size=6))
def test_of_a_stream_beginning_and_end_are_kept_and_the_rest_is_counted(sizes: list[int]) -> None:
    limit = StreamLimit()
    text = "".join(chr(97 + n % 26) * size for n, size in enumerate(sizes))
    begin, at = "", 0
    for size in sizes:
        begin += limit.take(text[at : at + size])
        at += size
    tail, cut = limit.end()
    assert len(begin) + cut + len(tail) == len(text)
    assert text.startswith(begin)
    assert text.endswith(tail)
    assert len(begin) == min(len(text), MAX_STREAM)
    assert cut == max(0, len(text) - MAX_STREAM - sitegen_limits.MAX_TAIL)
    assert limit.take("x") == "x", "it starts anew"


def test_one_output_that_is_too_large_is_left_out() -> None:
    limits = Limits()
    assert not limits.admits(MAX_OUTPUT + 1)
    assert limits.admits(MAX_OUTPUT)
    note = limits.note()
    assert note is not None
    assert note[0].startswith("[an output of 10,000,001 characters was left out")
    assert note[1] == MAX_OUTPUT + 1


def test_a_block_shows_a_thousand_outputs_and_the_next_block_as_many() -> None:
    limits = Limits()
    for _ in range(2):
        limits.begin()
        assert [limits.admits(1) for _ in range(MAX_OUTPUTS + 1)].count(True) == MAX_OUTPUTS


def test_all_blocks_of_a_kernel_share_one_limit() -> None:
    limits = Limits()
    count = 0
    while limits.admits(MAX_OUTPUT):
        limits.begin()
        count += 1
    assert count == MAX_POST // MAX_OUTPUT


def test_what_is_updated_or_cleared_gives_its_room_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitegen_limits.time, "sleep", lambda seconds: None)
    limits = Limits()
    assert limits.admits(MAX_OUTPUT, "a")
    assert all(limits.admits(MAX_OUTPUT, "a", update=True) for _ in range(20))
    for _ in range(20):
        limits.clear()
        assert limits.admits(MAX_OUTPUT)


def test_who_sends_without_end_is_slowed_down(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(sitegen_limits.time, "sleep", slept.append)
    limits = Limits()
    assert limits.admits(2_000_000, "a")
    for _ in range(9):
        assert limits.admits(2_000_000, "a", update=True)
    assert slept == []
    for _ in range(51):
        assert limits.admits(2_000_000, "a", update=True)
    assert sum(slept) == pytest.approx(50 * 2_000_000 / sitegen_limits.RATE, rel=0.05)
    limits.begin()
    slept.clear()
    for _ in range(100):
        limits.write(1_000_000)
        limits.clear()
    assert sum(slept) == pytest.approx(80 * 1_000_000 / sitegen_limits.RATE, rel=0.05)


# --- real kernels ---------------------------------------------------------------------------

PRINTING = [
    "import ctypes, os, subprocess, sys\nlibc = ctypes.CDLL(None)",
    *(
        f'print("python {n}")\nlibc.printf(b"c {n};")\nprint("again")\n'
        f'subprocess.run(["sh", "-c", "echo child {n} >&2"])'
        for n in range(100)
    ),
    'libc.puts(b"before the error")\n1 / 0',
    'os.write(1, b"x" * 5_000_000); os.write(1, b"the end")',
    'subprocess.run(["echo", "given stdout"], stdout=sys.stdout).returncode',
    'import time; os.write(1, b"caf\\xc3"); time.sleep(0.05); os.write(1, b"\\xa9")',
]
FLOODS = {
    "html": 'while True: display(HTML("x" * 10**6))',
    "frames": 'while True: clear_output(wait=True); display(HTML("x" * 10**6))',
    "updates": 'h = display("a", display_id=True)\nwhile True: h.update(HTML("x" * 10**6))',
    "children": 'import subprocess\nsubprocess.run(["yes"])',
}
TOO_LARGE = {
    "html": 'HTML("x" * 100_000_000)',
    "picture": 'display({"image/png": b"x" * 50_000_000}, raw=True)',
    "many": "for n in range(1200): display(n)",
    "end": 'for n in range(300_000): print("line", n)',
    "last": 'handle = display("a", display_id=True)\nfor n in range(5000): handle.update(n)',
}
IMPORTS = "from IPython.display import HTML, clear_output, display"


def fences(blocks: list[str], options: str = "") -> str:
    return "\n\n".join(f"```python\n{options}{block}\n```" for block in blocks)


def runs_of(root: Path, posts: dict[str, str]) -> tuple[dict[str, Run], list[str]]:
    """The runs of posts by name, and what the build says of their outputs."""
    files = {f"content/{name}.md": text for name, text in posts.items()}
    report, events = build_site(write_site(root, files))
    runs = {event.plan.page: event.run for event in events if isinstance(event, Finished)}
    said = [f"{p.code} {p.span.path}" for p in report.problems if p.span and p.code == "cut"]
    return runs, said


def text_of(cell: Cell, name: str) -> str:
    return "".join(o.text for o in cell.outputs if isinstance(o, Stream) and o.name == name)


@pytest.mark.parametrize("forked", [True, False], ids=["forked", "plain"])
def test_text_written_below_python_belongs_to_its_block_and_follows_python(
    forked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not forked:
        monkeypatch.setattr(zygotes, "can_fork", lambda: False)
    runs, _ = runs_of(tmp_path, {"prints": fences(PRINTING)})
    cells = runs["prints"].cells
    for n, cell in enumerate(cells[1:101]):
        assert text_of(cell, "stdout") == f"python {n}\nagain\nc {n};"
        assert text_of(cell, "stderr") == f"child {n}\n"
    error, much, given, split = cells[101:]
    assert [type(output) for output in error.outputs] == [Stream, Failure]
    assert text_of(error, "stdout") == "before the error\n"
    assert text_of(much, "stdout").endswith("xthe end")
    assert len(text_of(much, "stdout")) < 1_100_000
    assert text_of(given, "stdout") == "given stdout\n"
    assert text_of(split, "stdout") == "café"


def test_floods_of_outputs_end_at_their_limit_in_bounded_memory(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    posts = {name: fences([IMPORTS, code], "#| timeout: 3s\n") for name, code in FLOODS.items()}
    runs, _ = runs_of(tmp_path, posts)
    for name, run in runs.items():
        last = run.cells[-1].outputs[-1]
        assert isinstance(last, Failure), name
        assert last.name == "TimeoutError", name
        assert run.seconds < 3 + 2 + 5, "its limit, 2 s, and the start of a kernel"
    html = [output for output in runs["html"].cells[-1].outputs if isinstance(output, Display)]
    assert len(html) == MAX_POST // 1_000_000, "49 and what is said of the rest"
    assert html[-1].cut > 0
    assert "y\n" in text_of(runs["children"].cells[-1], "stdout")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 600_000, "kilobytes"


def test_what_is_too_large_is_left_out_and_said_on_the_page_and_by_the_build(
    tmp_path: Path,
) -> None:
    posts = {name: fences([IMPORTS, code]) for name, code in TOO_LARGE.items()}
    runs, said = runs_of(tmp_path, posts)
    assert said == [f"cut content/{name}.md" for name in ("end", "html", "many", "picture")]
    for name in ("html", "picture"):
        html = (tmp_path / f"public/{name}/index.html").read_text("utf-8")
        assert "[an output of " in html
        assert len(html) < 100_000
    assert len(runs["many"].cells[-1].outputs) == MAX_OUTPUTS + 1
    assert text_of(runs["end"].cells[-1], "stdout").endswith("line 299999\n")
    assert runs["last"].cells[-1].outputs == (Display({"text/plain": "4999"}),)
    again, _ = build_site(tmp_path, mode="no-exec")
    assert [p.span.path for p in again.problems if p.span and p.code == "cut"] == [
        f"content/{name}.md" for name in ("end", "html", "many", "picture")
    ], "a replay says it too"


def test_the_end_of_a_block_costs_next_to_nothing(tmp_path: Path) -> None:
    code = (
        "import time, sys\n"
        "from sitegen_says import Voice\n"
        "begun = time.perf_counter()\n"
        "for _ in range(1000): Voice.hand_over()\n"
        "(time.perf_counter() - begun) < 0.5"
    )
    runs, _ = runs_of(tmp_path, {"cost": fences([code])})
    [display] = runs["cost"].cells[0].outputs
    assert display == Display({"text/plain": "True"}, True), "0.5 ms each; 0.01 ms when alone"

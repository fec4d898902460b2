"""Kernel messages to outputs, from recorded messages: no kernel is needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.execute.environment import Mask
from sitegen.execute.messages import MAX_OUTPUT, MAX_POST, WIDGET, Displays, Fold
from sitegen.execute.text import MAX_STREAM, MAX_TAIL
from sitegen.model import Blob, Display, Failure, Frame, Output, Stream

RECORDED = sorted((Path(__file__).parent / "messages").glob("*.jsonl"))


def unchanged(text: str) -> str:
    return text


def bare(output: Output) -> object:
    """The output as JSON, without the bytes of its pictures."""
    if isinstance(output, Display):
        data = {
            mime: Blob(value.digest, value.size) if isinstance(value, Blob) else value
            for mime, value in output.data.items()
        }
        output = msgspec.structs.replace(output, data=data)
    return json.loads(msgspec.json.encode(output))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recorded_messages(path: Path) -> None:
    _, *messages, last = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    fold = Fold(unchanged, Displays())
    for message in messages:
        fold.add(message["msg_type"], message["content"])
    assert [bare(output) for output in fold.outputs()] == last["expected"]
    assert last["expected"]


@given(st.lists(st.text(alphabet="ab\r\b\n", max_size=8), max_size=8))
def test_how_a_stream_is_cut_into_messages_does_not_matter(parts: list[str]) -> None:
    fold = Fold(unchanged, Displays())
    for part in parts:
        fold.add("stream", {"name": "stdout", "text": part})
    whole = Fold(unchanged, Displays())
    whole.add("stream", {"name": "stdout", "text": "".join(parts)})
    assert (fold.outputs() or (Stream("stdout", ""),)) == whole.outputs()


def test_of_a_flood_beginning_and_end_are_kept_and_the_rest_is_counted() -> None:
    fold = Fold(unchanged, Displays())
    for _ in range(3):
        fold.add("stream", {"name": "stdout", "text": "x" * (MAX_STREAM // 2)})
    fold.add("stream", {"name": "stdout", "text": "the end"})
    (stream,) = fold.outputs()
    assert isinstance(stream, Stream)
    assert stream.cut == MAX_STREAM // 2 + len("the end") - MAX_TAIL
    assert f"x\n[{stream.cut:,} characters were cut here]\nx" in stream.text
    assert stream.text.endswith("xthe end")
    assert len(stream.text) < MAX_STREAM + MAX_TAIL + 100


def test_what_the_kernel_has_cut_is_said_where_it_was() -> None:
    fold = Fold(unchanged, Displays())
    fold.add("stream", {"name": "stdout", "text": "begin"})
    fold.add("stream", {"name": "stdout", "text": "end", "cut": 1234})
    text = "begin\n[1,234 characters were cut here]\nend"
    assert fold.outputs() == (Stream("stdout", text, 1234),)


def test_a_bar_that_is_redrawn_stays_one_while_something_prints() -> None:
    fold = Fold(unchanged, Displays())
    for step in range(3):
        fold.add("stream", {"name": "stderr", "text": f"\rbar {step}"})
        fold.add("stream", {"name": "stdout", "text": f"step {step}\n"})
    assert fold.outputs() == (
        Stream("stderr", "bar 2"),
        Stream("stdout", "step 0\nstep 1\nstep 2\n"),
    )


def test_streams_that_do_not_redraw_keep_their_order() -> None:
    fold = Fold(unchanged, Displays())
    for name in ("stderr", "stdout", "stderr"):
        fold.add("stream", {"name": name, "text": "x"})
    assert [output.name for output in fold.outputs() if isinstance(output, Stream)] == [
        "stderr",
        "stdout",
        "stderr",
    ]


def shown(text: str, identity: str = "") -> dict[str, Any]:
    return {"data": {"text/plain": text}, "transient": {"display_id": identity}}


def test_an_update_reaches_a_block_above_and_no_display_that_took_its_place() -> None:
    displays = Displays()
    above, below = Fold(unchanged, displays), Fold(unchanged, displays)
    above.add("display_data", shown("first", "a"))
    below.add("display_data", shown("gone", "b"))
    below.add("clear_output", {"wait": False})
    below.add("display_data", shown("stays"))
    below.add("update_display_data", shown("second", "a"))
    below.add("update_display_data", shown("not seen", "b"))
    assert above.outputs() == (Display({"text/plain": "second"}),)
    assert below.outputs() == (Display({"text/plain": "stays"}),)


def test_outputs_that_are_too_large_are_left_out_and_counted() -> None:
    fold = Fold(unchanged, Displays())
    fold.add("display_data", {"data": {"text/html": "x" * (MAX_OUTPUT + 1)}})
    (display,) = fold.outputs()
    assert isinstance(display, Display)
    assert display.cut == MAX_OUTPUT + 1
    assert display.data.keys() == {"text/plain"}


def test_all_outputs_of_a_session_share_one_limit() -> None:
    displays = Displays()
    for _ in range(MAX_POST // MAX_OUTPUT + 2):
        fold = Fold(unchanged, displays)
        fold.add("display_data", {"data": {"text/html": "x" * MAX_OUTPUT}})
    (display,) = fold.outputs()
    assert isinstance(display, Display)
    assert display.cut == MAX_OUTPUT


def test_text_in_an_output_widget_is_cleared_by_itself() -> None:
    state = {"_model_name": "OutputModel", "msg_id": ""}
    fold = Fold(unchanged, Displays())
    fold.add("stream", {"name": "stdout", "text": "before\n"})
    fold.add("comm_open", {"comm_id": "w", "data": {"state": state}})
    fold.add("display_data", {"data": {"text/plain": "Output()", WIDGET: {"model_id": "w"}}})
    for text in ("50 %", "100 %"):
        fold.add("comm_msg", {"comm_id": "w", "data": {"state": {"msg_id": "1"}}})
        fold.add("clear_output", {"wait": True})
        fold.add("stream", {"name": "stdout", "text": text})
        fold.add("comm_msg", {"comm_id": "w", "data": {"state": {"msg_id": ""}}})
    fold.add("stream", {"name": "stdout", "text": "after\n"})
    assert [output.text for output in fold.outputs() if isinstance(output, Stream)] == [
        "before\n",
        "100 %",
        "after\n",
    ]


def test_a_syntax_error_says_its_place_once() -> None:
    fold = Fold(unchanged, Displays())
    value = "invalid syntax (block-2.py, line 7)"
    fold.add("error", {"ename": "SyntaxError", "evalue": value, "traceback": []})
    assert fold.outputs() == (Failure("SyntaxError", "invalid syntax"),)


def test_frames_belong_to_the_failure() -> None:
    fold = Fold(unchanged, Displays())
    fold.add("error", {"ename": "E", "evalue": "\x1b[31mred\x1b[0m", "traceback": []})
    frames = (Frame("f", 3, 0),)
    assert fold.outputs(frames) == (Failure("E", "red", frames),)


@pytest.fixture
def mask(tmp_path: Path) -> Mask:
    return Mask(
        work=Path("/tmp/sg-1/w"),  # noqa: S108
        root=Path("/srv/blog"),
        python=Path("/srv/blog/.venv/bin/python"),
        home=Path("/home/ada"),
        programs=[Path("/tmp/sg-2")],  # noqa: S108
    )


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("in /home/ada/x.py", "in ~/x.py"),
        ("/home/adam/x.py", "/home/adam/x.py"),
        ("/mnt/home/ada/x", "/mnt/home/ada/x"),
        ("'/srv/blog/content/a'", "'./content/a'"),
        ("/srv/blog/.venv/lib/a.py:3", "$VIRTUAL_ENV/lib/a.py:3"),
        ("/srv/blog2", "/srv/blog2"),
        ("/tmp/sg-1/w/data.csv", "./data.csv"),  # noqa: S108
        ("/home/ada", "~"),
        ("file:///home/ada/x", "file://~/x"),
        ("g++ -I/home/ada/x", "g++ -I~/x"),
        ("/tmp/sg-2/launch.py:9", "/tmp/launch.py:9"),  # noqa: S108
    ],
)
def test_folders_of_this_machine_are_masked_as_whole_prefixes(
    mask: Mask, text: str, masked: str
) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("/tmp/torchinductor_ada/ab/c.py", "/tmp/torchinductor_user/ab/c.py"),  # noqa: S108
        ("/tmp/pytest-of-ada/1", "/tmp/pytest-of-user/1"),  # noqa: S108
        ("/tmp/ada", "/tmp/user"),  # noqa: S108
        ("/mnt/home/ada/x", "/mnt/home/user/x"),
        ("ada@box.example:~$", "user@host:~$"),
        ("/tmp/torch_adam/x of ada", "/tmp/torch_adam/x of ada"),  # noqa: S108
        ("/tmp/x.py: ada@boxing", "/tmp/x.py: ada@boxing"),  # noqa: S108
    ],
)
def test_a_user_is_masked_where_a_path_names_one(text: str, masked: str) -> None:
    nowhere = Path("/nowhere/at/all")
    mask = Mask(
        work=nowhere / "w",
        root=nowhere,
        python=nowhere / "bin/python",
        home=nowhere,
        user="ada",
        host="box.example",
    )
    assert mask(text) == masked

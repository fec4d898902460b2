"""Kernel messages to outputs, from recorded messages: no kernel is needed."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.execute.environment import Mask
from sitegen.execute.messages import MAX_STREAM, Displays, Fold, as_terminal
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
    return msgspec.to_builtins(output)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_recorded_messages(path: Path) -> None:
    _, *messages, last = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    fold = Fold(unchanged, Displays())
    for message in messages:
        fold.add(message["msg_type"], message["content"])
    assert [bare(output) for output in fold.outputs()] == last["expected"]
    assert last["expected"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n", "plain\n"),
        ("10 %\r100 %\n", "100 %\n"),
        ("long line\rshort\n", "shortline\n"),
        ("long line\rshort    \n", "short\n"),
        ("windows\r\nline", "windows\nline"),
        ("ab\b\bcd", "cd"),
        ("\b\bx", "x"),
    ],
)
def test_what_a_terminal_shows_in_the_end(text: str, shown: str) -> None:
    assert as_terminal(text) == shown


@given(st.lists(st.text(alphabet="ab\r\b\n", max_size=8), max_size=8))
def test_how_a_stream_is_cut_into_messages_does_not_matter(parts: list[str]) -> None:
    fold = Fold(unchanged, Displays())
    for part in parts:
        fold.add("stream", {"name": "stdout", "text": part})
    whole = Fold(unchanged, Displays())
    whole.add("stream", {"name": "stdout", "text": "".join(parts)})
    assert (fold.outputs() or (Stream("stdout", ""),)) == whole.outputs()


def test_a_flood_is_cut_and_counted() -> None:
    fold = Fold(unchanged, Displays())
    for _ in range(3):
        fold.add("stream", {"name": "stdout", "text": "x" * (MAX_STREAM // 2)})
    (stream,) = fold.outputs()
    assert isinstance(stream, Stream)
    assert stream.text.endswith(f"\n[{MAX_STREAM // 2:,} more characters were cut]\n")
    assert len(stream.text) < MAX_STREAM + 100


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
    ],
)
def test_folders_of_this_machine_are_masked_as_whole_prefixes(
    mask: Mask, text: str, masked: str
) -> None:
    assert mask(text) == masked

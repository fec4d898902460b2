"""The store: what is written is read again, and damage is noticed. The runs are made up."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.base.digest import digest_bytes
from sitegen.model import (
    Blob,
    Cell,
    Device,
    Display,
    Failure,
    Frame,
    Input,
    Measures,
    Output,
    Provenance,
    Run,
    Stream,
)
from sitegen.storage.measurements import (
    absent_inputs,
    load_store,
    put_run,
    why_inputs_changed,
)
from sitegen.storage.run_file import parse_run, render_run
from tests.made_up import make_benchmark
from tests.made_up import make_run as made_up_run

PICTURE = b"\x89PNG not really"
BLOB = Blob(digest_bytes(PICTURE), len(PICTURE), PICTURE)
STARTED = dt.datetime(2026, 11, 22, 23, 59, tzinfo=dt.UTC)
KEY = "0123456789abcdef" * 4

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
OUTPUTS: st.SearchStrategy[Output] = st.one_of(
    st.builds(Stream, st.sampled_from(["stdout", "stderr"]), TEXT),
    st.builds(
        Display,
        st.dictionaries(st.sampled_from(["text/html", "text/plain"]), TEXT, min_size=1),
        st.booleans(),
        st.none() | st.integers(1, 9),
        st.none(),
    ),
    st.builds(
        Failure,
        TEXT,
        TEXT,
        st.lists(st.builds(Frame, TEXT, st.integers(1, 99), st.none() | st.integers(0, 9))).map(
            tuple
        ),
    ),
)


def make_run(*outputs: Output, inputs: tuple[Input, ...] = ()) -> Run:
    measures = Measures(1.5, 0.7, compile=0.2, peak_host=10**8, first=("import torch",))
    cell = Cell("ok", "0" * 64, "a-label", outputs, measures)
    device = Device("a-cpu", "cpu", "A CPU", "A CPU", memory=2**34)
    provenance = Provenance(python="3.11.7", packages={"torch": "0.0"}, cpu="A CPU", cores=2)
    return Run(KEY, "posts/x", "main", device, STARTED, 2.0, provenance, inputs, (cell,))


@given(st.lists(OUTPUTS, max_size=4))
def test_what_is_written_is_read(outputs: list[Output]) -> None:
    run = make_run(*outputs)
    assert parse_run(render_run(run).encode()) == run


def test_a_run_is_one_file_named_for_people(tmp_path: Path) -> None:
    run = make_run(Display({"image/png": BLOB, "text/plain": "<Figure>"}, width=3, height=2))
    assert put_run(tmp_path, run).run.key == run.key
    (path,) = tmp_path.rglob("*.json")
    digest = digest_bytes(path.read_bytes())
    folder = tmp_path / "measurements/posts/x/a-cpu"
    assert path == folder / f"2026-11-22-01234567-{digest[:8]}.json"
    (blob,) = (folder / "blobs").iterdir()
    assert blob.name == f"{BLOB.digest[:32]}.png"
    assert blob.read_bytes() == PICTURE
    store = load_store(tmp_path)
    (found,) = store.runs
    assert store.with_blobs(found) == run
    assert list(json.loads(path.read_bytes()))[:2] == ["format", "summary"]
    assert max(map(len, path.read_text("utf-8").split("\n"))) < 120


def test_another_run_is_another_file(tmp_path: Path) -> None:
    put_run(tmp_path, make_run(Stream("stdout", "one\n")))
    put_run(tmp_path, make_run(Stream("stdout", "two\n")))
    assert len(load_store(tmp_path).of_key(KEY)) == 2


@pytest.mark.parametrize("damage", ["cut", "edited", "emptied", "blob missing", "blob edited"])
def test_damage_is_noticed_and_named(tmp_path: Path, damage: str) -> None:
    put_run(tmp_path, make_run(Display({"image/png": BLOB})))
    (path,) = tmp_path.rglob("*.json")
    (blob,) = tmp_path.rglob("*.png")
    match damage:
        case "cut":
            path.write_bytes(path.read_bytes()[:-20])
        case "edited":
            path.write_text(path.read_text("utf-8").replace("1.5", "1.4"), "utf-8")
        case "emptied":
            path.write_bytes(b"")
        case "blob missing":
            blob.unlink()
        case "blob edited":
            blob.write_bytes(b"\x89PNG other")
    store = load_store(tmp_path)
    assert [store.is_sound(run) for run in store.runs] in ([], [False])
    assert store.runs == ()
    (entry,) = store.damaged
    assert (entry.page, entry.device, entry.key8) == ("posts/x", "a-cpu", "01234567")
    assert entry.problem.span is not None
    assert entry.problem.span.path == path.relative_to(tmp_path).as_posix()
    assert entry.problem.severity == "warning"


def test_another_format_is_named_not_guessed(tmp_path: Path) -> None:
    put_run(tmp_path, make_run())
    (path,) = tmp_path.rglob("*.json")
    content = path.read_bytes().replace(b'"format": 1', b'"format": 7')
    path.unlink()
    name = path.name[: -len("12345678.json")] + digest_bytes(content)[:8] + ".json"
    path.with_name(name).write_bytes(content)
    (entry,) = load_store(tmp_path).damaged
    assert "format 7" in entry.problem.message


@given(st.binary(max_size=200))
def test_no_content_is_a_crash(content: bytes) -> None:
    assert isinstance(parse_run(content), str)


@given(st.recursive(st.none() | st.integers() | TEXT, lambda inner: st.lists(inner, max_size=3)))
def test_no_value_is_a_crash(value: object) -> None:
    plain = json.loads(render_run(make_run(Stream("stdout", "x"))))
    for name in plain:
        if name != "summary":
            parsed = parse_run(json.dumps({**plain, name: value}).encode())
            assert isinstance(parsed, str | Run)


def test_inputs_are_compared_beside_the_page_that_asks(tmp_path: Path) -> None:
    (tmp_path / "content/posts").mkdir(parents=True)
    (tmp_path / "content/notes").mkdir()
    (tmp_path / "content/posts/data.csv").write_text("1")
    (tmp_path / "content/notes/data.csv").write_text("2")
    run = make_run(inputs=(Input("post", "data.csv", digest_bytes(b"1")),))
    posts, notes = tmp_path / "content/posts", tmp_path / "content/notes"
    assert why_inputs_changed(run, tmp_path, posts) is None
    assert why_inputs_changed(run, tmp_path, notes) == (
        "`data.csv`, which it read, has changed since it was measured"
    )
    (posts / "data.csv").unlink()
    assert why_inputs_changed(run, tmp_path, posts) is None
    assert absent_inputs(run, tmp_path, posts) == run.inputs


def test_a_key_has_one_form() -> None:
    run = make_run(Stream("stdout", "a\nb"))
    assert render_run(run) == render_run(msgspec.structs.replace(run))
    assert '"text": ["a\\n", "b"]' in render_run(run)


def test_samples_lie_in_a_blob_beside_the_run(tmp_path: Path) -> None:
    run = made_up_run(make_benchmark({"a": 1e-3, "b": 2e-3}, sweep={"n": [1, 2]}))
    put_run(tmp_path, run)
    (path,) = (path for path in tmp_path.rglob("*.json") if path.parent.name != "blobs")
    (blob,) = tmp_path.rglob("blobs/*.json")
    store = load_store(tmp_path)
    (found,) = store.runs
    assert found.benchmark is not None
    assert all(series.sampled == () for series in found.benchmark.series)
    assert store.with_blobs(found) == run
    assert digest_bytes(blob.read_bytes()).startswith(blob.stem)
    stored = json.loads(path.read_bytes())
    assert list(stored)[:3] == ["format", "summary", "rows"]
    assert stored["summary"] == "2 variants by 6 processes on NVIDIA H100"
    assert [(row["variant"], row["point"]) for row in stored["rows"]] == [
        *(("a", {"n": 1}), ("b", {"n": 1}), ("a", {"n": 2}), ("b", {"n": 2})),
    ]
    for row in stored["rows"]:
        assert row["low"] <= row["median"] <= row["high"]
    text = path.read_text("utf-8")
    assert max(map(len, text.split("\n"))) < 160
    lines = text.split("\n")
    assert sum(line.startswith('  {"variant": ') for line in lines) == 4
    assert sum(line.startswith('   {"variant": ') for line in lines) == 4
    assert "sampled" not in text
    assert render_run(store.with_blobs(found)) == text
    assert parse_run(render_run(run, whole=True).encode()) == run


@pytest.mark.parametrize("damage", ["missing", "edited", "no samples", "of another"])
def test_damaged_samples_are_noticed_and_named(tmp_path: Path, damage: str) -> None:
    put_run(tmp_path, made_up_run(make_benchmark({"a": 1e-3})))
    (blob,) = tmp_path.rglob("blobs/*.json")
    content = {"no samples": b'[[{"process": 1}]]', "of another": b"[]"}.get(damage)
    match damage:
        case "missing":
            blob.unlink()
        case "edited":
            blob.write_bytes(blob.read_bytes().replace(b"1", b"2", 1))
        case _:
            assert content is not None
            put_other_samples(tmp_path, content)
    store = load_store(tmp_path)
    assert [store.is_sound(run) for run in store.runs] == [False]
    assert store.runs == ()
    (entry,) = store.damaged
    assert (entry.page, entry.device) == ("post", "h100")
    assert "samples" in entry.problem.message or "blobs/" in entry.problem.message


def put_other_samples(root: Path, content: bytes) -> None:
    """Make the stored run refer to another blob, soundly."""
    (path,) = (path for path in root.rglob("*.json") if path.parent.name != "blobs")
    plain = json.loads(path.read_bytes())
    plain["samples"] = {"type": "blob", "digest": digest_bytes(content), "size": len(content)}
    path.with_name("blobs").joinpath(f"{digest_bytes(content)[:32]}.json").write_bytes(content)
    text = json.dumps(plain).encode()
    path.unlink()
    path.with_name(f"{path.name[:-13]}{digest_bytes(text)[:8]}.json").write_bytes(text)


def test_samples_that_do_not_count_are_in_no_line_of_the_summary(tmp_path: Path) -> None:
    benchmark = make_benchmark({"a": 1e-3})
    discarded = tuple(
        msgspec.structs.replace(note, discarded="compiled") for note in benchmark.processes
    )
    run = made_up_run(msgspec.structs.replace(benchmark, processes=discarded))
    assert json.loads(render_run(run))["rows"] == []

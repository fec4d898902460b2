"""Links to measurements: what a destination asks for, where a link stands, what mends a text."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.base.errors import Problem
from sitegen.claims import About, Claim, ClaimError, Fix, Measure, Quantity, Tie, Tied, Where
from sitegen.measure.ties import parse_tie
from sitegen.passes.asked import Clock, Options
from sitegen.passes.parse import parse_all
from sitegen.storage.mend import put_fixes
from tests.tiny import write_site

BENCHES = {
    "matmul": About(("eager", "compiled"), (("n", (256, 1024)),), work="FLOP"),
    "plain": About(("one", "two")),
}
VALUES = ("acc", "steps")

EAGER, COMPILED = Quantity("time", "eager"), Quantity("time", "compiled")


@pytest.mark.parametrize(
    ("target", "tie"),
    [
        (
            "bench:matmul?eager/compiled;n=1024;on=h100",
            Tie("matmul", Measure(EAGER, COMPILED), Where((("n", 1024),), "h100")),
        ),
        (
            "bench:matmul?first(compiled);n=256;as-of=2026-11-22",
            Tie(
                "matmul",
                Measure(Quantity("first", "compiled")),
                Where((("n", 256),), "", dt.date(2026, 11, 22)),
            ),
        ),
        ("bench:matmul", Tie("matmul")),
        ("bench:matmul;runs=all;samples=all", Tie("matmul", runs=True, samples=True)),
        ("bench:plain?2*one", Tie("plain", Measure(Quantity("time", "one"), factor=2))),
        ("value:acc", Tie("", Measure(Quantity("value", "acc")))),
        ("value:acc:.1%", Tie("", Measure(Quantity("value", "acc")), format=".1%")),
        (
            "value:acc/steps;on=m3-max",
            Tie(
                "",
                Measure(Quantity("value", "acc"), Quantity("value", "steps")),
                Where(on="m3-max"),
            ),
        ),
    ],
)
def test_what_a_destination_asks_for(target: str, tie: Tie) -> None:
    assert parse_tie(target, BENCHES, VALUES) == tie


@pytest.mark.parametrize(
    "target", ["bench:matmul?eager/compiled>=1.8", "value:acc>90%", "bench:plain?1ms<one"]
)
def test_a_comparison_makes_a_claim(target: str) -> None:
    assert isinstance(parse_tie(target, BENCHES, VALUES).asks, Claim)


PARTS = st.sampled_from(
    "bench: value: matmul plain acc ? ; n= 1024 on= h100 as-of= 2026-11-22 eager / compiled "
    "first( ) < 1.8 s >= : .1% runs= all \u00e9 % \" ' ~".split(" ")
)


@given(st.sampled_from(["bench:", "value:"]), st.lists(PARTS, max_size=10).map("".join))
def test_any_destination_asks_for_something_or_is_a_mistake_within_it(
    scheme: str, rest: str
) -> None:
    target = scheme + rest
    try:
        tie = parse_tie(target, BENCHES, VALUES)
    except ClaimError as error:
        inside, told = 0 <= error.start <= len(target), error.message and error.help
    else:
        inside, told = isinstance(tie, Tie), "asks"
    assert inside
    assert told


# --- places ---------------------------------------------------------------------------------

POST = """+++
+++
```python
#| bench: plain
def one():
    return 1

def two():
    return 2
```

"""


def ties_of(root: Path, prose: str) -> tuple[tuple[Tied, ...], str]:
    """The links of a post, and the file's text."""
    write_site(root, {"content/post.md": POST + prose})
    problems: list[Problem] = []
    _, drafts = parse_all(root, Options(), problems, Clock())
    assert problems == []
    post = next(draft for draft in drafts if draft.document.source.path == "post.md")
    return post.document.ties, post.document.source.text


@pytest.mark.parametrize(
    ("prose", "written"),
    [
        ("[1 s](bench:plain?one)", ["1 s"]),
        ("[1 s](bench:plain?one) [1 s](bench:plain?one)", ["1 s", "1 s"]),
        ("[1\ns](bench:plain?one)", ["1\ns"]),
        ("[**1 s**](bench:plain?one)", ["**1 s**"]),
        ("[a [b] c](bench:plain)", ["a [b] c"]),
        ("[a \\] c](bench:plain)", ["a \\] c"]),
        ("[1 s](<bench:plain?one>)", ["1 s"]),
        ("[1 s]( bench:plain?one )", ["1 s"]),
        ('[1 s](bench:plain?one "title")', ["1 s"]),
        ("[faster](bench:plain?one%20<%20two)", ["faster"]),
        ("[faster](bench:plain?one<two)", ["faster"]),
        ("[](bench:plain?one)", [""]),
        ("> - [1 s](bench:plain?one)", ["1 s"]),
        ("| a |\n|---|\n| [1 s](bench:plain?one) |", ["1 s"]),
        ("`[1 s](bench:plain?one)` [2 s](bench:plain?one)", ["2 s"]),
        ("`[2 s](bench:plain?one)` [2 s](bench:plain?one)", ["2 s"]),
        ("[1 s][r] [2 s](bench:plain?one)\n\n[r]: bench:plain?one", [None, "2 s"]),
        ("\\[x [1 s](bench:plain?one)", ["1 s"]),
        ("![x](y.png) [1 s](bench:plain?one)", ["1 s"]),
    ],
)
def test_where_the_text_of_a_link_stands(
    tmp_path: Path, prose: str, written: list[str | None]
) -> None:
    ties, source = ties_of(tmp_path, prose)
    assert [None if tied.written is None else tied.written[1] for tied in ties] == written
    for tied in ties:
        if tied.written is not None:
            start, text = tied.written
            assert source[start : start + len(text)] == text
            line = source.split("\n")[tied.words.line - 1]
            first = text.split("\n")[0]
            begin = tied.words.column - 1
            assert line[begin : begin + len(first)] == first


def test_what_stands_in_code_is_never_mended(tmp_path: Path) -> None:
    ties, source = ties_of(tmp_path, "`[2 s](bench:plain?one)` and [2 s](bench:plain?one)")
    (tied,) = ties
    assert tied.written is not None
    assert tied.written[0] == source.index(" and [") + len(" and [")


# --- mending --------------------------------------------------------------------------------

TEXT = st.text(st.sampled_from("ab×é\n\r ["), max_size=60)


@given(TEXT, st.lists(st.integers(0, 60), max_size=5), st.booleans())
def test_a_fix_changes_its_own_characters_alone(
    tmp_path_factory: pytest.TempPathFactory, raw: str, places: list[int], marked: bool
) -> None:
    root = tmp_path_factory.mktemp("mend")
    mark = b"\xef\xbb\xbf" if marked else b""
    (root / "a.md").write_bytes(mark + raw.encode())
    seen = raw.replace("\r\n", "\n").replace("\r", "\n")
    wanted = {place for place in places if place < len(seen) and seen[place] in "ab×é"}
    fixes = [Fix("a.md", place, seen[place], "NEW") for place in wanted]
    assert set(put_fixes(root, fixes)) == set(fixes)
    mended = "".join("NEW" if place in wanted else char for place, char in enumerate(seen))
    found = (root / "a.md").read_bytes()
    assert found.startswith(mark)
    text = found.removeprefix(mark).decode()
    assert text.replace("\r\n", "\n").replace("\r", "\n") == mended
    breaks = [char for char in raw if char in "\r\n"]
    assert [char for char in text if char in "\r\n"] == breaks


def test_a_text_that_is_not_there_any_more_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text("one two", "utf-8")
    before = file.stat()
    assert put_fixes(tmp_path, [Fix("a.md", 4, "six", "ten")]) == ()
    assert (file.read_text("utf-8"), file.stat().st_ino) == ("one two", before.st_ino)

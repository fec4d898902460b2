"""Positions of keys, held against TOML that tomli reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from sitegen.base.errors import Problem
from sitegen.base.toml import Path, Toml, parse_toml

# --- generated texts ------------------------------------------------------------------------

letters = st.text(alphabet="abcXYZ019_-", min_size=1, max_size=4)
words = st.text(alphabet="ab \t.=[]{}#'\"\\é💥,", max_size=5)
blanks = st.sampled_from(["", " ", "\t "])
scalars = st.one_of(
    st.sampled_from("1 -2 0xff 1_000 1.5e-3 inf nan true false 2026-01-31 10:20:30".split()),
    st.sampled_from(["2026-01-31T10:20:30Z", "2026-01-31 10:20:30+01:00"]),
)


def quoted(text: str) -> str:
    """A basic string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def literal(text: str) -> str:
    return "'" + text.replace("'", "") + "'"


strings = st.one_of(
    words.map(quoted),
    words.map(literal),
    words.map(lambda text: f'"""\n{text}\n"""'.replace("\\", "\\\\").replace('"' * 4, '"' * 3)),
    words.map(lambda text: "'''" + text.replace("'", "") + "\n# no comment\n'''"),
    st.just('"""a""b\\"""c"""'),
    st.just("''"),
    st.just('""'),
    st.just('"""x"""""'),
)
keys = st.one_of(letters, letters, words.map(quoted), words.map(literal))


@st.composite
def dotted(draw: st.DrawFn) -> str:
    parts = draw(st.lists(keys, min_size=1, max_size=3))
    return f"{draw(blanks)}.{draw(blanks)}".join(parts)


def extend(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Arrays over several lines with comments, and inline tables."""
    gaps = st.sampled_from(["", " ", "\n", " # ], }\n"])
    arrays = st.tuples(st.lists(values, max_size=3), gaps, st.booleans()).map(
        lambda found: (
            "["
            + found[1]
            + f",{found[1]}".join(f"{value}{found[1]}" for value in found[0])
            + ("," if found[2] and found[0] else "")
            + found[1]
            + "]"
        )
    )
    pairs = st.tuples(dotted(), blanks, values).map(
        lambda found: f"{found[0]}{found[1]}={found[2]}"
    )
    tables = st.lists(pairs, max_size=3).map(lambda found: "{ " + ", ".join(found) + " }")
    return st.one_of(arrays, tables)


values = st.recursive(st.one_of(scalars, strings), extend, max_leaves=6)
pairs = st.tuples(blanks, dotted(), blanks, values, st.sampled_from(["", " # x = [1]", "\t"])).map(
    lambda found: f"{found[0]}{found[1]}{found[2]}= {found[3]}{found[4]}"
)
headers = st.one_of(
    dotted().map(lambda key: f"[ {key} ]"), dotted().map(lambda key: f"  [[{key}]] # [x]")
)
texts = st.lists(st.one_of(pairs, pairs, headers, st.just("# a = 1"), st.just("")), max_size=8)


def is_toml(lines: list[str]) -> bool:
    try:
        tomli.loads("\n".join(lines))
    except ValueError:
        return False
    return True


def keep_valid(lines: list[str]) -> str:
    """The lines without those that would make them no TOML, such as a key said twice."""
    kept: list[str] = []
    for line in lines:
        if is_toml([*kept, line]):
            kept.append(line)
    return "\n".join(kept) + "\n"


# --- what must hold -------------------------------------------------------------------------


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every key and of every element of an array."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield (*path, index)
            yield from places(inner, (*path, index))


def text_at(toml: Toml, path: Path) -> str:
    """The characters at a place."""
    span = toml.span(path)
    line = toml.excerpt(span)
    assert 1 <= span.column <= len(line), "the place is within its line"
    return line[span.column - 1 : span.column - 1 + span.width]


def parsed(text: str, first_line: int = 1) -> Toml:
    toml = parse_toml(text, "x.toml", first_line=first_line)
    assert isinstance(toml, Toml)
    return toml


@given(texts.map(keep_valid))
@settings(max_examples=400, deadline=None)
def test_every_key_has_a_place_and_stands_there(text: str) -> None:
    toml = parsed(text)
    for path in places(toml.data):
        *_, last = path
        found = text_at(toml, path)
        if isinstance(last, str):
            assert tomli.loads(f"{found} = 0") == {last: 0}
        else:
            assert found.strip() == found
            assert found


@given(st.lists(scalars, min_size=1, max_size=5), st.sampled_from([", ", ",\n", " ,# x\n  "]))
def test_an_element_of_an_array_stands_at_its_place(elements: list[str], between: str) -> None:
    toml = parsed(f"a = [{between.join(elements)}]")
    assert [text_at(toml, ("a", index)) for index in range(len(elements))] == elements


@given(texts.map(keep_valid), st.integers(min_value=1, max_value=50))
@settings(deadline=None)
def test_the_first_line_moves_all_places(text: str, first: int) -> None:
    one, other = parsed(text), parsed(text, first)
    for path in places(one.data):
        assert other.span(path).line == one.span(path).line + first - 1
        assert other.excerpt(other.span(path)) == one.excerpt(one.span(path))


@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        ("a = 1", ("a",), (1, 1, 1)),
        ("\n  'a b' = 1", ("a b",), (2, 3, 5)),
        ("[a.b]\nc = 1", ("a", "b"), (1, 4, 1)),
        ("[a.b]\nc = 1", ("a", "b", "c"), (2, 1, 1)),
        ("[[a]]\nb = 1\n[[a]]\nb = 2", ("a", 1, "b"), (4, 1, 1)),
        ("[[a]]\n[a.b]\nc = 1\n[[a]]\n[a.b]\nc = 2", ("a", 1, "b", "c"), (6, 1, 1)),
        ("[[a]]\n[[a.b]]\n[[a.b]]\nc = 1", ("a", 0, "b", 1, "c"), (4, 1, 1)),
        ("a = [\n  1, # one\n  [2, 3],\n]", ("a", 1, 1), (3, 7, 1)),
        ("a = [[1,\n2]]", ("a", 0), (1, 6, 3)),
        ("a = { b = { c = 1 }, d = 2 }", ("a", "d"), (1, 22, 1)),
        ('a = """\nb = 1\n"""\nb = 2', ("b",), (4, 1, 1)),
        ("a = '''\nb = 1 '' '''\nb = 2", ("b",), (3, 1, 1)),
        ('a = "\\"#" # b = 1\nb = 2', ("b",), (2, 1, 1)),
        ("é.ü = 1".replace("é", '"é"').replace("ü", '"ü"'), ("é", "ü"), (1, 5, 3)),
        ("a = 1", ("a", "not there"), (1, 1, 1)),
        ("a = 1", ("z",), (1, 1, 1)),
        ("# nothing", (), (1, 1, 1)),
    ],
)
def test_place(text: str, path: Path, place: tuple[int, int, int]) -> None:
    span = parsed(text).span(path)
    assert (span.line, span.column, span.width) == place


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a", 1, 2),
        ("a = 1\nb = \nc = 2", 2, 5),
        ("a = 1\r\nb = ?", 2, 5),
        ('a = "', 1, 6),
        ("a = [1\n\n", 3, 1),
        ("[a]\n[a]", 2, 3),
        ("é = 1", 1, 1),
    ],
)
def test_a_syntax_error_has_its_place_and_its_line(text: str, line: int, column: int) -> None:
    problem = parse_toml(text, "x.toml", first_line=10)
    assert isinstance(problem, Problem)
    assert problem.span is not None
    assert (problem.severity, problem.code) == ("fatal", "toml")
    assert (problem.span.line - 9, problem.span.column) == (line, column)
    assert problem.excerpt == text.split("\n")[line - 1]


@given(st.text())
@settings(deadline=None)
def test_any_text_is_toml_or_a_problem(text: str) -> None:
    found = parse_toml(text, "x.toml")
    spans = [found.span] if isinstance(found, Problem) else map(found.span, places(found.data))
    for span in spans:
        assert span is not None
        assert 1 <= span.line <= text.count("\n") + 1


def test_what_tomli_can_read_has_places() -> None:
    deep = next(n for n in range(1000, 0, -1) if is_toml_deep(n))
    assert text_at(parsed(nested(deep)), ("a",)) == "a"


def nested(depth: int) -> str:
    return "a = " + "[" * depth + "]" * depth


def is_toml_deep(depth: int) -> bool:
    try:
        tomli.loads(nested(depth))
    except RecursionError:
        return False
    return True

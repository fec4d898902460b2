"""Tables read key by key: types, defaults, and what nobody asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from sitegen.base.errors import Problem, nearest
from sitegen.base.schema import Table
from sitegen.base.toml import Toml, parse_toml

Read = Callable[[Table], Any]


def table(text: str) -> tuple[Table, list[Problem]]:
    toml = parse_toml(text, "x.toml")
    assert isinstance(toml, Toml)
    problems: list[Problem] = []
    return Table(toml, problems, code="test"), problems


def read(text: str, how: Read) -> tuple[Any, list[str]]:
    """What is read, and the messages with their lines and columns."""
    found, problems = table(text)
    value = how(found)
    return value, [
        f"{problem.span.line}:{problem.span.column} {problem.message}"
        for problem in problems
        if problem.span
    ]


UTC = dt.UTC
GOOD: list[tuple[str, Read, object]] = [
    ('k = "x"', lambda t: t.string("k"), "x"),
    ("", lambda t: t.string("k"), ""),
    ("", lambda t: t.string("k", "d"), "d"),
    ('k = ""', lambda t: t.string("k", "d"), ""),
    ("", lambda t: t.optional_string("k"), None),
    ('k = " x "', lambda t: t.optional_string("k"), " x "),
    ("k = false", lambda t: t.boolean("k", True), False),
    ("", lambda t: t.boolean("k", True), True),
    ("k = 0", lambda t: t.integer("k", 5), 0),
    ("k = -3", lambda t: t.integer("k", 0, minimum=-3), -3),
    ("", lambda t: t.optional_integer("k", minimum=1), None),
    ("k = 1", lambda t: t.optional_integer("k", minimum=1), 1),
    ('k = "b"', lambda t: t.choice("k", ("a", "b"), "a"), "b"),
    ("", lambda t: t.choice("k", ("a", "b"), "a"), "a"),
    ('k = "2m"', lambda t: t.duration("k", 1.0), 120.0),
    ("", lambda t: t.duration("k", 1.0), 1.0),
    ('k = ["a", "b"]', lambda t: t.strings("k"), ("a", "b")),
    ("", lambda t: t.strings("k"), ()),
    (
        'k = { b = "2", a = "1" }',
        lambda t: list(t.string_map("k").items()),
        [("a", "1"), ("b", "2")],
    ),
    ("", lambda t: t.string_map("k"), {}),
    ("k = 2026-01-31", lambda t: t.date("k"), dt.datetime(2026, 1, 31, tzinfo=UTC)),
    (
        "k = 2026-01-31T01:02:03",
        lambda t: t.date("k"),
        dt.datetime(2026, 1, 31, 1, 2, 3, tzinfo=UTC),
    ),
    (
        "k = 2026-01-31T01:02:03+02:00",
        lambda t: str(t.date("k")),
        "2026-01-31 01:02:03+02:00",
    ),
    ('k = "2026-01-31"', lambda t: t.date("k"), dt.datetime(2026, 1, 31, tzinfo=UTC)),
    ("", lambda t: t.date("k"), None),
    ("k = { x = 1 }", lambda t: t.table("k").integer("x", 0), 1),
    ("", lambda t: t.table("k").integer("x", 7), 7),
    ("[[k]]\nx = 1\n[[k]]\nx = 2", lambda t: [e.integer("x", 0) for _, e in t.tables("k")], [1, 2]),
    ("[k.b]\n[k.a]", lambda t: list(t.named_tables("k")), ["a", "b"]),
    ("k = { any = [1, { x = nan }] }", lambda t: sorted(t.free("k")), ["any"]),
    ("b = 1\na = 2", lambda t: t.names(), ("a", "b")),
    ("k = 1", lambda t: ("k" in t, "z" in t), (True, False)),
]

BAD: list[tuple[str, Read, object, list[str]]] = [
    ("k = 1", lambda t: t.string("k", "d"), "d", ["1:1 `k` must be a string, but is a number"]),
    ('k = "  "', lambda t: t.optional_string("k"), None, ["1:1 `k` is empty"]),
    (
        "k = 1",
        lambda t: t.boolean("k", True),
        True,
        ["1:1 `k` must be true or false, but is a number"],
    ),
    (
        "k = true",
        lambda t: t.integer("k", 5),
        5,
        ["1:1 `k` must be a whole number, but is true or false"],
    ),
    (
        "k = 1.0",
        lambda t: t.integer("k", 5),
        5,
        ["1:1 `k` must be a whole number, but is a number"],
    ),
    ("k = 0", lambda t: t.integer("k", 5, minimum=1), 5, ["1:1 `k` must be 1 or more"]),
    ('k = "c"', lambda t: t.choice("k", ("a", "b"), "a"), "a", ["1:1 `c` is no value of `k`"]),
    ('k = "0s"', lambda t: t.duration("k", 1.0), 1.0, ["1:1 `0s` is no duration"]),
    ("k = 5", lambda t: t.duration("k", 1.0), 1.0, ["1:1 `k` must be a string, but is a number"]),
    (
        'k = [\n"a",\n 2, ""]',
        lambda t: t.strings("k"),
        ("a",),
        ["3:2 an entry of `k` is a number", "3:5 an entry of `k` is blank"],
    ),
    (
        "[k]\na = 1",
        lambda t: t.string_map("k"),
        {"a": ""},
        ["2:1 `k.a` must be a string, but is a number"],
    ),
    ('k = "soon"', lambda t: t.date("k"), None, ["1:1 `soon` is no date"]),
    (
        "k = 10:00:00",
        lambda t: t.date("k"),
        None,
        ["1:1 `k` must be a date, but is a date or time"],
    ),
    ("k = 1", lambda t: t.table("k").string("x"), "", ["1:1 `k` must be a table, but is a number"]),
    ("k = [1]", lambda t: t.tables("k"), [], ["1:6 an entry of `k` is a number"]),
    ("k = {}", lambda t: t.tables("k"), [], ["1:1 `k` must be an array of tables, but is a table"]),
    ("k = 1", lambda t: t.free("k"), {}, ["1:1 `k` must be a table, but is a number"]),
    (
        "[k]\nx = 1",
        lambda t: list(t.named_tables("k")),
        ["x"],
        ["2:1 `k.x` must be a table, but is a number"],
    ),
]


@pytest.mark.parametrize(("text", "how", "value"), GOOD)
def test_good(text: str, how: Read, value: object) -> None:
    assert read(text, how) == (value, [])


@pytest.mark.parametrize(("text", "how", "value", "messages"), BAD)
def test_bad(text: str, how: Read, value: object, messages: list[str]) -> None:
    assert read(text, how) == (value, messages)


def test_every_mistake_says_what_to_write() -> None:
    for text, how, _, _ in BAD:
        found, problems = table(text)
        how(found)
        unhelpful = [p.message for p in problems if not p.help]
        assert all("must be" in message or "an entry" in message for message in unhelpful)
        assert all(problem.excerpt for problem in problems)


def test_what_nobody_asked_for_is_unknown() -> None:
    found, problems = table('title = 1\ntitel = 2\nqqq = 3\n"" = 4')
    found.integer("title", 0)
    found.finish(unknown="warning", where="a test")
    assert [(p.severity, p.message, p.help) for p in problems] == [
        ("warning", "`titel` is not a key of a test", ("did you mean `title`?",)),
        ("warning", "`qqq` is not a key of a test", ()),
        ("warning", "`` is not a key of a test", ()),
    ]


def test_keys_of_ones_own_have_a_place_where_there_is_extra() -> None:
    found, problems = table("qqq = 3")
    found.free("extra")
    found.finish(unknown="fatal", where="a page")
    assert [p.help for p in problems] == [("keys of your own go under `[extra]`",)]


def test_a_key_asked_for_in_vain_is_known_all_the_same() -> None:
    found, problems = table("d = 1\nb = 1\ns = 1\nl = 1\nt = 1\nf = 1\nu = 1")
    found.date("d")
    found.boolean("b", True)
    found.string("s")
    found.strings("l")
    found.tables("t")
    found.free("f")
    found.duration("u", 1.0)
    before = len(problems)
    found.finish(unknown="fatal", where="a test")
    assert (before, len(problems)) == (7, 7)


def test_keys_without_effect_are_noticed_once_and_known() -> None:
    found, problems = table("a = 1\nb = 2")
    found.not_used(("a", "b", "c"), "no reason")
    found.finish(unknown="fatal", where="a test")
    assert [(p.severity, p.message) for p in problems] == [
        ("notice", "`a` has no effect: no reason"),
        ("notice", "`b` has no effect: no reason"),
    ]


@pytest.mark.parametrize(
    ("word", "known", "meant"),
    [
        ("titel", ["title", "template"], "title"),
        ("ecco", ["echo", "eval"], "echo"),
        ("zzz", ["title"], None),
        ("", ["title"], None),
        ("title", [], None),
    ],
)
def test_nearest(word: str, known: list[str], meant: str | None) -> None:
    assert nearest(word, known) == meant

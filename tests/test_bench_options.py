"""What may stand in a benchmark's options and code: whatever it is, an author is answered."""

from __future__ import annotations

import json
import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.benchmarks import Param
from sitegen.content.option_lines import Entry
from sitegen.content.sweep import SweepError, parse_sweep
from sitegen.content.variants import Functions, Mistake, find_functions

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: not keyword.iskeyword(name)
)
TEXTS = st.text(
    st.characters(exclude_categories=["Cc", "Cs"], exclude_characters='"\\'), min_size=1, max_size=9
)
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)


def values(kind: st.SearchStrategy[Param]) -> st.SearchStrategy[list[Param]]:
    return st.lists(kind, min_size=1, max_size=5, unique=True)


SWEEPS = st.dictionaries(
    NAMES, values(NUMBERS) | values(TEXTS) | values(st.booleans()), min_size=1, max_size=2
)


def entry_of(text: str) -> Entry:
    return Entry(3, (10, 10 + len(text)), text)


def written(value: Param) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return repr(value)
        case str():
            return f'"{value}"'


@given(SWEEPS, st.sampled_from(["", " ", "  "]))
def test_a_sweep_that_is_written_is_read(sweep: dict[str, list[Param]], blank: str) -> None:
    parts = [
        f"{name}{blank}:{blank}[{f'{blank},{blank}'.join(map(written, of))}{blank}]"
        for name, of in sweep.items()
    ]
    text = f"{{{blank}{f'{blank}, '.join(parts)}{blank}}}"
    found = parse_sweep(entry_of(text))
    assert found == tuple((name, tuple(of)) for name, of in sweep.items())
    kinds = [[type(value) for value in of] for _, of in found]
    assert kinds == [[type(value) for value in of] for of in sweep.values()]


@given(st.text(max_size=40) | st.text("{}[]:,n1.e\"' ", max_size=40))
def test_any_text_is_a_sweep_or_a_mistake_within_it(text: str) -> None:
    mistake = None
    try:
        assert json.dumps(parse_sweep(entry_of(text))) != "[]"
    except SweepError as error:
        mistake = error
    if mistake is not None:
        start, end = mistake.at.part
        assert 10 <= start <= end <= 10 + len(text)
        assert text[start - 10 : end - 10] == mistake.at.text
        assert str(mistake)
        assert mistake.help


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1_000", 1000),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-2", -2),
        ("float32", "float32"),
        ("torch.float32", "torch.float32"),
        ("bf-16", "bf-16"),
        ("'a b'", "a b"),
        ("true", True),
        ('"true"', "true"),
        ('"1"', "1"),
    ],
)
def test_the_kinds_of_values(text: str, value: Param) -> None:
    ((_, (found,)),) = parse_sweep(entry_of(f"{{n: [{text}]}}"))
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("text", ["[1]", "1 2", "{1}", "", "+", "1e", "0x10", "None]", '"a'])
def test_what_is_no_value(text: str) -> None:
    with pytest.raises(SweepError):
        parse_sweep(entry_of(f"{{n: [{text}]}}"))


@given(st.text(max_size=60) | st.text("def(): \n=1%!x", max_size=60))
def test_any_code_has_functions_or_a_mistake_within_it(code: str) -> None:
    found = find_functions(code)
    if isinstance(found, Mistake):
        lines = code.split("\n")
        assert 0 <= found.line < len(lines)
        assert 0 <= found.part[0] <= found.part[1] <= len(lines[found.line]) + 1
        assert found.message
        assert found.help


CODE = """
import math

@decorated
def first(n, /, *, kind="x"):
    def inner():
        pass

def setup(m):
    return {}

def _helper(z):
    pass

if True:
    def hidden():
        pass

class Model:
    def method(self):
        pass

def  second ( t ): return t
"""


def test_variants_are_the_functions_at_the_top() -> None:
    found = find_functions(CODE)
    assert isinstance(found, Functions)
    assert found.variants == ("first", "second")
    assert found.arguments == frozenset({"n", "kind", "m", "t"})
    taking_all = find_functions("def f(**given): pass")
    assert isinstance(taking_all, Functions)
    assert taking_all.arguments is None

"""The scanner that decides what a run's key hashes, held against Python's own tokenizer."""

from __future__ import annotations

import io
import sysconfig
import tokenize
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.base.python_text import reduce_python

IGNORED = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING}


def tokens(code: str) -> list[tuple[int, str]]:
    """Python's tokens without comments, joined lines and positions."""
    found = tokenize.generate_tokens(io.StringIO(code).readline)
    return [
        (token.type, "" if token.type in {tokenize.NEWLINE, tokenize.INDENT} else token.string)
        for token in found
        if token.type not in IGNORED
    ]


@pytest.mark.parametrize(
    ("source", "expected", "lines"),
    [
        ("x = 1  # one\n\n\ny = 2   \n", "x = 1\ny = 2", (0, 3)),
        ("# only a comment", "", ()),
        ("s = '# no'  # yes", "s = '# no'", (0,)),
        ('s = """a\n\n# in  \n"""\nt', 's = """a\n\n# in  \n"""\nt', (0, 1, 2, 3, 4)),
        ("f'{x!r:>{10}}' # c", "f'{x!r:>{10}}'", (0,)),
        ("""f"{d["#"]}" # c""", """f"{d["#"]}\"""", (0,)),
        ("f'{{#}}' # c", "f'{{#}}'", (0,)),
        ("f'{x:#x}' # c", "f'{x:#x}'", (0,)),
        ("f'\\N{NUMBER SIGN}{x}' # c", "f'\\N{NUMBER SIGN}{x}'", (0,)),
        ("rf'\\{x}' # c", "rf'\\{x}'", (0,)),
        ("x = 1 + \\\n\ny = 2", "x = 1 + \\\n\ny = 2", (0, 1, 2)),
        ("x = (1,  # a\n\n  # b\n  2)", "x = (1,\n  2)", (0, 3)),
        ("x = (5\n  % 3  # c\n)", "x = (5\n  % 3\n)", (0, 1, 2)),
        ("%timeit f() # kept\nx # cut", "%timeit f() # kept\nx", (0, 1)),
        ("x = !echo a#b\ny = 1 # c", "x = !echo a#b\ny = 1", (0, 1)),
        ("a, b = %magic # kept", "a, b = %magic # kept", (0,)),
        ("a = b != c # cut", "a = b != c", (0,)),
        ("!echo 'it # stays", "!echo 'it # stays", (0,)),
        ("%%bash\n# kept\n\necho", "%%bash\n# kept\n\necho", (0, 1, 2, 3)),
        ("%run a \\\n   # b\nx # c", "%run a \\\n   # b\nx", (0, 1, 2)),
        ("x \\\n# c", "x \\", (0,)),
        ("'unterminated # c\nx # d", "'unterminated # c\nx", (0, 1)),
    ],
)
def test_reduced_text_and_its_lines(source: str, expected: str, lines: tuple[int, ...]) -> None:
    assert reduce_python(source) == (expected, lines)


def standard_library() -> list[Path]:
    folder = Path(sysconfig.get_paths()["stdlib"])
    return [
        *sorted(folder.glob("*.py"))[::2],
        *sorted((folder / "test").glob("test_[ft]*.py"))[::4],
    ]


def test_reduction_keeps_every_token_of_half_the_standard_library() -> None:
    checked = 0
    for path in standard_library():
        source = path.read_text("utf-8", errors="surrogateescape")
        try:
            before = tokens(source)
        except (tokenize.TokenError, SyntaxError, IndentationError):
            continue
        reduced = reduce_python(source)
        assert tokens(reduced.code) == before, path.name
        assert "\n" not in reduced.code or len(reduced.lines) == reduced.code.count("\n") + 1
        originals = source.split("\n")
        for text, line in zip(reduced.code.split("\n"), reduced.lines, strict=True):
            assert originals[line].startswith(text.rstrip()), (path.name, line)
        checked += 1
    assert checked > 80


@given(st.text(alphabet="ab=#'\"{}()\\\n \t%!frb:", max_size=60))
def test_reducing_twice_changes_nothing(source: str) -> None:
    once = reduce_python(source).code
    assert reduce_python(once).code == once


@given(st.text(alphabet="abc123 #'\"", max_size=20).filter(lambda text: "\n" not in text))
def test_a_comment_never_changes_the_reduction(comment: str) -> None:
    code = "def f(x):\n    return f'{x:#>4}'"
    edited = f"# {comment}\ndef f(x):  # {comment}\n\n    # {comment}\n    return f'{{x:#>4}}'"
    assert reduce_python(edited).code == code

"""Highlighting: the same tokens as Pygments on every lexer it has, the same spans as its formatter.

Each lexer reads samples of several languages, most of them not its own: wrong text leads through
its errors and back to the first state.
"""

from __future__ import annotations

import os
import re
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygments import format as pygments_format
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_all_lexers
from pygments.token import Name, Punctuation, Text, Whitespace

from bench.blog import CODES
from bench.lexing import lexer_of, load_examples
from sitegen.render.highlight import highlight
from sitegen.render.lexing import Reader
from tests.support import REPOSITORY

UNMARKED = {Name, Punctuation, Whitespace}
SAMPLES = (
    *(code for _, code in CODES),
    (REPOSITORY / "src/sitegen/render/highlight.py").read_text("utf-8"),
    (REPOSITORY / "src/sitegen/theme/static/sitegen.css").read_text("utf-8")[:2000],
    (REPOSITORY / "src/sitegen/theme/templates/page.html").read_text("utf-8")[:2000],
    (REPOSITORY / "tests/fixtures/tensor-wars.md").read_text("utf-8"),
    '<html><b a="x\n\n">k</b> {{ "\\ud \\1 #{ \ufeff\t\x00 é 日本 $a$ \\(x\\)\n#| a\n%% b\n--\n/* ',
    "",
    "\n\n",
)
LEXERS = sorted(aliases[0] for _, aliases, _, _ in get_all_lexers(plugins=False) if aliases)


@pytest.mark.parametrize("first", sorted({name[0] for name in LEXERS}))
def test_tokens_are_pygments_own(first: str) -> None:
    for name in LEXERS:
        if name[0] != first:
            continue
        lexer = lexer_of(name)
        reader = Reader(lexer, lambda kind: kind, 0)
        for sample in SAMPLES:
            assert list(reader.tokens(sample)) == list(lexer.get_tokens(sample)), name


LONGEST = 6000
"""Characters of an example that is compared here; `bench/lexing.py` compares all of them."""


@cache
def pygments_examples() -> Mapping[type, Sequence[str]]:
    """Pygments' own examples, by the class of the lexer that is to read them."""
    sources = sorted(Path(sys.prefix, "pygments").glob("*.tar.gz"))
    if not sources:
        reason = "the examples are in Pygments' source, which `make` gets by pip"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    found = defaultdict(list)
    for example in load_examples(sources[-1]):
        if len(example.text) <= LONGEST:
            found[type(lexer_of(example.lexer))].append(example.text)
    return found


def test_there_are_examples() -> None:
    assert sum(map(len, pygments_examples().values())) > 1000


@pytest.mark.parametrize("first", sorted({name[0] for name in LEXERS}))
def test_tokens_are_pygments_own_on_its_examples(first: str) -> None:
    for name in LEXERS:
        if name[0] != first:
            continue
        lexer = lexer_of(name)
        reader = Reader(lexer, lambda kind: kind, 0)
        for example in pygments_examples().get(type(lexer), ()):
            assert list(reader.tokens(example)) == list(lexer.get_tokens(example)), name


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["python", "rust", "javascript", "bash", "yaml", "perl", "haskell"]),
    st.lists(st.sampled_from(re.findall(r"\w+|\s+|\W", "".join(SAMPLES))), max_size=60),
)
def test_tokens_of_anything(name: str, words: list[str]) -> None:
    lexer, code = lexer_of(name), "".join(words)
    assert list(Reader(lexer, lambda kind: kind, 0).tokens(code)) == list(lexer.get_tokens(code))


@pytest.mark.parametrize("language", ["python", "rust", "js", "html", "pycon", "diff", "scss"])
@pytest.mark.parametrize("sample", SAMPLES)
def test_spans_are_those_of_the_formatter(language: str, sample: str) -> None:
    """But for empty ones, which it writes where a token begins with the end of a line."""
    tokens = lexer_of(language).get_tokens(sample)
    marked = ((Text if kind in UNMARKED else kind, text) for kind, text in tokens)
    expected = pygments_format(marked, HtmlFormatter(nowrap=True)).rstrip("\n")
    expected = re.sub(r'<span class="[^"]*"></span>', "", expected)
    assert highlight(sample, language).replace("&quot;", '"') == expected.replace("&quot;", '"')


def test_code_that_looks_like_an_internal_link_is_none() -> None:
    """Bodies are searched for `href="@/…"`: in code its quotes are escaped."""
    assert 'href="@/' not in highlight("""a = '<a href="@/b.md">'""", "python")

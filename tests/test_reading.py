"""What is put in front of markdown-it for speed comes to the same as without, token for token."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from sitegen.content.dialect import PLAIN_URL, Dialect, dialect_of, may_hold_address, parser_for
from sitegen.settings import MarkdownConfig
from tests.support import REPOSITORY
from tests.test_commonmark import examples

CONFIG = MarkdownConfig()
WORDS = (
    "[ ] ( ) ! ^ \\ ` * _ < > \n \n\n # - | : a b [x](https://e.org/a) https://e.org www.e.org "
    "a@b.c ![p](https://e.org/p.png) <https://e.org> [^1] [^1]: ``` https:// [a](https://e.org)."
)
PARTS = st.sampled_from(WORDS.split(" "))


def plain(tokens: list[Token]) -> list[Any]:
    return [token.as_dict() for token in tokens]


def with_addresses(text: str) -> Dialect:
    return msgspec.structs.replace(dialect_of(CONFIG, text), autolinks=True)


@settings(max_examples=1500, deadline=None)
@given(st.lists(PARTS, max_size=14).map("".join))
@example("\\[x](https://e.org/a)")
@example("[^1](https://e.org/a)\n\n[^1]: n")
@example("`[x](https://e.org/a)")
@example("[x](https://e.org/a)://")
def test_a_text_without_bare_addresses_is_read_alike(text: str) -> None:
    if not may_hold_address(text):
        quick = parser_for(dialect_of(CONFIG, text)).parse(text, {})
        whole = parser_for(with_addresses(text)).parse(text, {})
        assert plain(quick) == plain(whole)


def test_the_quick_way_is_taken() -> None:
    assert not may_hold_address("See [it](https://example.org/a) and [that](https://example.org).")
    assert may_hold_address("See https://example.org.")
    assert may_hold_address("[it](https://example.org/a) by a@example.org")


def by_the_book(text: str) -> list[Token]:
    """The tokens by a parser to which every extension was added, and that normalises each link."""
    whole = msgspec.structs.replace(dialect_of(CONFIG, text), autolinks=True, math=True)
    parser = parser_for.__wrapped__(whole)
    parser.normalizeLink = MarkdownIt().normalizeLink  # type: ignore[method-assign]
    return parser.parse(text, {})


def test_the_specification_is_read_alike() -> None:
    texts = [entry.markdown for entry in examples()]
    assert len(texts) == 652
    for text in [*texts, "\n\n".join(texts)]:
        quick = parser_for(dialect_of(CONFIG, text)).parse(text, {})
        assert plain(quick) == plain(by_the_book(text)), text


@given(st.from_regex(PLAIN_URL, fullmatch=True))
def test_plain_addresses_are_in_their_normal_form(url: str) -> None:
    assert MarkdownIt().normalizeLink(url) == url


def test_the_documentation_is_read_alike() -> None:
    for page in sorted((REPOSITORY / "content/docs").glob("*.md")):
        text = page.read_text("utf-8").split("+++\n", 2)[2]
        quick = parser_for(dialect_of(CONFIG, text)).parse(text, {})
        assert plain(quick) == plain(parser_for(with_addresses(text)).parse(text, {}))

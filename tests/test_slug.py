"""Slugs, as slug-rs makes them in Zola's mode `on`."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.content.slug import slugify


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("DEV/BIN", "dev-bin"),
        ("Tensor Wars: PyTorch 2.0 vs JAX", "tensor-wars-pytorch-2-0-vs-jax"),
        ("  --a__b--  ", "a-b"),
        ("Über Größe", "uber-grosse"),
        ("Łódź, Æble, Ørsted", "lodz-aeble-orsted"),
        ("ﬁne", "fine"),
        ("C++", "c"),
        ("İstanbul", "istanbul"),
        ("日本 語", "日本-語"),
        ("Ελλάδα", "ελλάδα"),
        ("日本 2026", "2026"),
        ("", ""),
        ("!?/", ""),
        ("🔥", ""),
        ("../..", ""),
        ("\x00\n", ""),
    ],
)
def test_slug(text: str, slug: str) -> None:
    assert slugify(text) == slug


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("pure—impure", "pure-impure"),
        ("don’t", "don-t"),
        ("½", "1-2"),
        ("a×b", "axb"),
    ],
)
def test_typographic_characters_part_words(text: str, slug: str) -> None:
    assert slugify(text) == slug


@given(st.text())
def test_a_slug_is_one_part_of_a_path(text: str) -> None:
    slug = slugify(text)
    assert not re.search(r"[\s/\\?#%.<>\"'\x00-\x1f]", slug)
    assert "--" not in slug
    assert slug == slug.strip("-")


@given(st.text())
def test_a_slug_is_its_own_slug(text: str) -> None:
    slug = slugify(text)
    assert slugify(slug) == slug


@given(st.from_regex(r"[A-Za-z0-9]+( [A-Za-z0-9]+)*", fullmatch=True))
def test_plain_words_keep_all_their_letters(text: str) -> None:
    assert slugify(text) == text.lower().replace(" ", "-")

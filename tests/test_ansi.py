"""Terminal colours to classes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.render.ansi import render_ansi

E = "\x1b["


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('plain <b> & "quoted"', "plain &lt;b&gt; &amp; &quot;quoted&quot;"),
        (f"{E}31mred{E}0m plain", '<span class="ansi-red-fg">red</span> plain'),
        (f"{E}31mred{E}m plain", '<span class="ansi-red-fg">red</span> plain'),
        (f"{E}1;32mboth", '<span class="ansi-bold ansi-green-fg">both</span>'),
        (f"{E}1ma{E}22mb", '<span class="ansi-bold">a</span>b'),
        (f"{E}91mbright", '<span class="ansi-red-fg">bright</span>'),
        (
            f"{E}31ma{E}34mb",
            '<span class="ansi-red-fg">a</span><span class="ansi-blue-fg">b</span>',
        ),
        (
            f"{E}31;1ma{E}39mb",
            '<span class="ansi-red-fg ansi-bold">a</span><span class="ansi-bold">b</span>',
        ),
        (f"{E}31m<&>", '<span class="ansi-red-fg">&lt;&amp;&gt;</span>'),
        (f"{E}31m{E}32m{E}0m", ""),
        (f"{E}38;5;196mx{E}48;2;1;2;3my", "xy"),
        (f"{E}1;38;5;1mx", '<span class="ansi-bold">x</span>'),
        (f"{E}31;999;m x", " x"),
        (f"{E}2J{E}10;20H{E}?25lx{E}K", "x"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07", "link"),
        ("\x1b(Bx\x1b=y", "xy"),
        (f"a{E}31mb\nc{E}0m\nd", 'a<span class="ansi-red-fg">b\nc</span>\nd'),
    ],
)
def test_ansi(text: str, shown: str) -> None:
    assert render_ansi(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\x1b]8;;https://example.org\x1b\\link", id="a link ended by ST"),
        pytest.param("\x1b(Bx", id="a character set"),
        pytest.param("x\x1b", id="an escape at the end"),
        pytest.param(f"x{E}3", id="a sequence cut off"),
    ],
)
def test_nothing_but_text_is_left(text: str) -> None:
    assert render_ansi(text) in ("x", "link")


@given(st.text(alphabet='\x1b[0123456789;mABK<>&" xy\n]'))
def test_what_is_shown_is_text_in_spans(text: str) -> None:
    shown = render_ansi(text)
    bare = re.sub(r'<span class="[a-z -]+">|</span>', "", shown)
    assert "<" not in bare
    assert ">" not in bare
    assert shown.count("<span") == shown.count("</span>")


@given(st.text(alphabet=st.characters(exclude_characters="\x1b", exclude_categories=["Cs"])))
def test_text_without_escapes_is_kept(text: str) -> None:
    shown = render_ansi(text)
    for entity, char in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        shown = shown.replace(entity, char)
    assert shown == text

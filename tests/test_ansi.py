"""Terminal colours to classes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.base.sgr import NAMES, PLAIN, sequence_of, style_after
from sitegen.render.ansi import render_ansi

STYLES = Path(__file__).parent.parent / "src/sitegen/theme/static/sitegen.css"
E = "\x1b["


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('plain <b> & "quoted"', "plain &lt;b&gt; &amp; &quot;quoted&quot;"),
        (f"{E}31mred{E}0m plain", '<span class="ansi-red-fg">red</span> plain'),
        (f"{E}31mred{E}m plain", '<span class="ansi-red-fg">red</span> plain'),
        (f"{E}1;32mboth", '<span class="ansi-bold ansi-green-fg">both</span>'),
        (f"{E}1ma{E}22mb", '<span class="ansi-bold">a</span>b'),
        (f"{E}91mbright", '<span class="ansi-bright-red-fg">bright</span>'),
        (
            f"{E}31ma{E}34mb",
            '<span class="ansi-red-fg">a</span><span class="ansi-blue-fg">b</span>',
        ),
        (
            f"{E}31;1ma{E}39mb",
            '<span class="ansi-bold ansi-red-fg">a</span><span class="ansi-bold">b</span>',
        ),
        (f"{E}31m<&>", '<span class="ansi-red-fg">&lt;&amp;&gt;</span>'),
        (f"{E}31m{E}32m{E}0m", ""),
        (f"{E}38;5;196mx", '<span class="ansi-bright-red-fg">x</span>'),
        (f"{E}48;2;1;2;3mx", '<span class="ansi-black-bg">x</span>'),
        (f"{E}38;2;114;156;31mx", '<span class="ansi-yellow-fg">x</span>'),
        (f"{E}38:2::0:200:0mx", '<span class="ansi-green-fg">x</span>'),
        (f"{E}1;38;5;1mx", '<span class="ansi-bold ansi-red-fg">x</span>'),
        (f"{E}38;5;245;4mx", '<span class="ansi-underline ansi-bright-black-fg">x</span>'),
        (f"{E}38;5mx", "x"),
        (
            f"{E}41;93mx{E}49my",
            '<span class="ansi-bright-yellow-fg ansi-red-bg">x</span>'
            '<span class="ansi-bright-yellow-fg">y</span>',
        ),
        (f"{E}2;3;4;9mx", '<span class="ansi-dim ansi-italic ansi-underline ansi-strike">x</span>'),
        (
            f"{E}4mx{E}4:0my{E}3mz{E}23mw",
            '<span class="ansi-underline">x</span>y<span class="ansi-italic">z</span>w',
        ),
        (f"{E}7mx{E}27my", '<span class="ansi-inverse">x</span>y'),
        (f"{E}31;7mx", '<span class="ansi-red-bg">x</span>'),
        (f"{E}31;44;7mx", '<span class="ansi-blue-fg ansi-red-bg">x</span>'),
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


@given(st.lists(st.integers(0, 120).filter(lambda code: code not in (38, 48)), max_size=6))
def test_a_style_written_as_a_sequence_is_the_same_style(codes: list[int]) -> None:
    style = style_after(PLAIN, ";".join(map(str, codes)))
    assert style_after(style_after(PLAIN, "1;31;42"), sequence_of(style)[2:-1]) == style


# --- what the style sheet makes of it -------------------------------------------------------


def colours(scheme: int) -> dict[str, str]:
    """The style sheet's variables in a scheme: 0 is light, 1 dark."""
    pattern = r"--([\w-]+): light-dark\((#\w+), (#\w+)\);"
    return {
        name: (light, dark)[scheme]
        for name, light, dark in re.findall(pattern, STYLES.read_text("utf-8"))
    }


def luminance(colour: str) -> float:
    """As WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_colour_can_be_read_on_every_ground(scheme: int) -> None:
    found = colours(scheme)
    grounds = {name: value for name, value in found.items() if name.endswith("-ground")}
    texts = {
        name: value
        for name, value in found.items()
        if name in ("ink", "soft") or (name.startswith("ansi-") and name not in grounds)
    }
    del grounds["failed-ground"]
    assert (len(texts), len(grounds)) == (14, 8)
    for page in ("paper", "raised"):
        grounds[page] = found[page]
    worst = min(
        (contrast(text, ground), name, where)
        for name, text in texts.items()
        for where, ground in grounds.items()
    )
    assert worst[0] >= 4.5, worst


def test_every_class_has_a_rule() -> None:
    sheet = STYLES.read_text("utf-8")
    classes = [f"ansi-{name}-{part}" for name in NAMES for part in ("fg", "bg")]
    classes += [f"ansi-{flag}" for flag in "bold dim italic underline inverse strike".split()]
    assert [name for name in classes if not re.search(rf"\.{name}\b(?!-)", sheet)] == []

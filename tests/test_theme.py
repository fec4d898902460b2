"""The built-in theme's style sheet and scripts, as they are written."""

from __future__ import annotations

import re

import pytest

from tests.support import REPOSITORY
from tests.test_ansi import colours, contrast

STATIC = REPOSITORY / "src/sitegen/theme/static"
SHEET = (STATIC / "sitegen.css").read_text("utf-8")

TEXTS = {
    "paper": "ink soft measured cost failed keyword string number name type",
    "raised": "ink soft measured cost failed keyword string number name type",
    "marked": "ink soft keyword string number name type",
    "failed-ground": "failed",
}
"""What may be written on each ground."""


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("ground", TEXTS)
def test_every_text_can_be_read_on_its_ground(ground: str, scheme: int) -> None:
    found = colours(scheme)
    worst = min((contrast(found[name], found[ground]), name) for name in TEXTS[ground].split())
    assert worst[0] >= 4.5, worst


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_the_two_parts_of_a_bar_are_told_apart_from_the_page(scheme: int) -> None:
    found = colours(scheme)
    for part in ("cost", "measured"):
        for ground in ("paper", "raised"):
            assert contrast(found[part], found[ground]) >= 3


def test_the_browsers_own_parts_have_the_colour_of_the_page() -> None:
    base = (STATIC.parent / "templates/base.html").read_text("utf-8")
    said = re.findall(r'theme-color" media="[^"]+" content="(#\w+)"', base)
    assert said == [colours(0)["paper"], colours(1)["paper"]]


def test_directions_are_logical() -> None:
    rules = re.sub(r"/\*.*?\*/", "", SHEET, flags=re.S)
    physical = re.findall(r"(?:margin|padding|border)-(?:left|right)|float: (?:left|right)", rules)
    assert physical == ["margin-right"]  # of line numbers: code runs from the left on every page


def test_nothing_is_fetched_from_elsewhere() -> None:
    for file in STATIC.iterdir():
        text = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?:|url\(|@import|@font-face", text), file.name


def test_the_script_that_blocks_is_small() -> None:
    assert (STATIC / "scheme.js").stat().st_size < 1000


def test_every_variable_that_is_used_is_given() -> None:
    used = set(re.findall(r"var\(--([\w-]+)\)", SHEET))
    assert used - set(re.findall(r"--([\w-]+):", SHEET)) == {"compiling"}  # given by each bar


def test_every_class_variable_and_block_that_is_documented_is_there() -> None:
    docs = (REPOSITORY / "content/docs/templates.md").read_text("utf-8")
    part = docs[docs.index("## The built-in theme") : docs.index("## Coming from Zola")]
    tables = {
        table.split("|")[1].strip(): re.findall(r"^\| (`[^|]+)\|", table, re.M)
        for table in part.split("\n\n")
        if table.startswith("| ")
    }
    names = {kind: re.findall(r"`([\w-]+)`", " ".join(rows)) for kind, rows in tables.items()}
    templates = "".join(
        path.read_text("utf-8") for path in (STATIC.parent / "templates").glob("*.html")
    )
    sheets = SHEET + (STATIC / "bench.css").read_text("utf-8")
    assert all(re.search(rf"{name}: ", sheets) for name in names["variable"])
    assert all(f"{{% block {name} %}}" in templates for name in names["block"])
    missing = [name for name in names["class"] if not re.search(rf"\.{name}\b(?!-)", sheets)]
    assert missing == []
    given = re.findall(r"^  (--[\w-]+):", SHEET[: SHEET.index("/* The page */")], re.M)
    assert set(given) <= set(names["variable"])

"""The style sheets for code that templates made for Zola link."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tiny import SITE, page, publish, published

POST = page('title = "A"', "```rust\nlet x = 1; // one\n```")


@pytest.mark.parametrize(
    ("named", "sheets"),
    [
        ("", {}),
        ('light_theme = "github-light"', {}),
        ('theme = "one-light"', {"giallo.css": "light"}),
        ('theme = "dracula"\nstyle = "class"', {"giallo.css": "dark"}),
        (
            'light_theme = "github-light"\ndark_theme = "github-dark"',
            {"giallo-light.css": "light", "giallo-dark.css": "dark"},
        ),
    ],
)
def test_colours_stand_where_zola_puts_them(
    named: str, sheets: dict[str, str], tmp_path: Path
) -> None:
    config = f"{SITE}[markdown.highlighting]\n{named}\n"
    files = {"site.toml": config, "content/a.md": POST}
    problems = publish(tmp_path, files)
    assert {problem.severity for problem in problems} <= {"notice"}
    assert {file.name for file in tmp_path.glob("public/giallo*")} == set(sheets)
    used = set(re.findall(r'<span class="(\w+)"', published(tmp_path, "a/index.html")))
    for name, scheme in sheets.items():
        sheet = published(tmp_path, name)
        ground = re.search(r"pre \{ background: #(\w\w)", sheet)
        assert ground is not None
        assert (int(ground[1], 16) > 127) is (scheme == "light")
        assert "var(" not in sheet
        assert {"mi", "c1"} <= used & set(re.findall(r"\.(\w+)", sheet))


def test_a_sheet_of_the_site_takes_their_place(tmp_path: Path) -> None:
    files = {
        "site.toml": f'{SITE}[markdown.highlighting]\ntheme = "nord"\n',
        "static/giallo.css": "pre { color: red }",
    }
    publish(tmp_path, files)
    assert published(tmp_path, "giallo.css") == "pre { color: red }"

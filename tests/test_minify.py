"""Minified pages: smaller, the same to a reader, code untouched."""

from __future__ import annotations

import sys
from pathlib import Path

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sitegen.model import SiteConfig
from sitegen.render.escape import escape_text
from sitegen.render.minify import open_minifier
from tests.tiny import SITE, page, publish, published

ON = SITE + "minify_html = true\n"
CODE = "```rust\nfn a() {\n    let  x = 1 < 2;\n\n\n}\n```\n\n    indented   code\n\t\n"


def texts(html: str, tag: str) -> list[str]:
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    return ["".join(element.itertext()) for element in tree.iter(tag)]


def test_a_page_is_smaller_and_its_code_is_as_it_was(tmp_path: Path) -> None:
    for name, config in (("plain", SITE), ("small", ON)):
        publish(tmp_path / name, {"site.toml": config, "content/a.md": page('title = "A"', CODE)})
    plain, small = (published(tmp_path / name, "a/index.html") for name in ("plain", "small"))
    assert len(small) < len(plain)
    assert texts(small, "pre") == texts(plain, "pre")
    assert texts(small, "title") == texts(plain, "title")
    for file in ("sitemap.xml", "sitegen.css"):
        assert published(tmp_path / "small", file) == published(tmp_path / "plain", file)


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("ab <&>\n\t\"'é")))
def test_any_text_in_pre_is_as_it_was(text: str) -> None:
    minify = open_minifier(SiteConfig(Path(), "", minify_html=True))
    html = f"<!doctype html><title>t</title><p>a  b</p><pre>\n{escape_text(text)}</pre><p>c</p>"
    assert texts(minify(html), "pre") == texts(html, "pre")


def test_without_the_package_the_build_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "minify_html", None)
    [problem] = publish(tmp_path, {"site.toml": ON})
    assert (problem.severity, problem.code) == ("fatal", "minify")
    assert problem.help == ("pip install 'sitegen[minify]'",)

"""CommonMark's own examples through the whole pipeline, and what each extension changes of them.

The specification comes from npm (`commonmark-spec`, in tests/browser/package.json): its text has
a licence of its own, and is not copied into this repository.
"""

from __future__ import annotations

import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from sitegen.content.markdown import parse_document
from sitegen.model import Meta, SiteConfig, Source
from sitegen.render.body import render_body
from sitegen.settings import MarkdownConfig

SPECIFICATION = Path(__file__).parent / "browser/node_modules/commonmark-spec/spec.txt"
PLAIN = MarkdownConfig(
    external_links_external=False, lazy_async_image=False, autolinks=False, math=False
)
TICKS = "`" * 32


class Example(NamedTuple):
    number: int
    markdown: str
    html: str


def examples() -> list[Example]:
    """The examples of the specification; a tab is written as an arrow there."""
    if not SPECIFICATION.is_file():
        reason = "the specification needs npm to install it"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    text = SPECIFICATION.read_text("utf-8").partition("<!-- END TESTS -->")[0]
    form = rf"^{TICKS} example\n(.*?)^\.\n(.*?)^{TICKS}$"
    found = re.findall(form, text, re.M | re.S)
    return [
        Example(number, markdown.replace("→", "\t"), html.replace("→", "\t"))
        for number, (markdown, html) in enumerate(found, 1)
    ]


def render(markdown: str, settings: MarkdownConfig) -> str:
    """The body of a page, as a build makes it."""
    config = SiteConfig(
        root=Path("/nowhere"), base_url="", markdown=settings, demote_headings=False
    )
    source = Source("a.md", "content/a.md", markdown)
    document = parse_document(source, Meta(), markdown, "/a/", config, [])
    return render_body(document, ()).body


class Normal(HTMLParser):
    """HTML as what it says: attributes in order, white space between blocks left out.

    What sitegen adds to every code and heading is taken out again: the frame around code, that it
    can be focused, its language a second time, colours, and the ids of headings.
    """

    BLOCKS = frozenset(
        "blockquote div dd dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre section table tbody td th thead "
        "tr ul".split()
    )

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self.code = 0
        self.framed = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "div" and dict(attrs).get("class") == "code":
            self.framed += 1
            return
        if tag == "span" and self.code:
            return
        if tag == "pre":
            self.code += 1
        dropped = {"tabindex", "data-lang"} | ({"id"} if re.fullmatch("h[1-6]", tag) else set())
        kept = sorted((name, value or "") for name, value in attrs if name not in dropped)
        self.said.append(f"<{tag}{kept or ''}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == "div" and self.framed:
            self.framed -= 1
            return
        if tag == "span" and self.code:
            return
        if tag == "pre":
            self.code -= 1
        self.said.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self.said.append(data if self.code else re.sub(r"\s+", " ", data))

    def handle_comment(self, data: str) -> None:
        self.said.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.said.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.said.append(f"<?{data}>")


def normal(html: str) -> str:
    """The HTML in a form in which equal pages are equal texts."""
    parser = Normal(html)
    assert parser.code == 0 or "<pre" in html
    text = "".join(parser.said)
    blocks = "|".join(sorted(Normal.BLOCKS))
    text = re.sub(rf"\s*(</?(?:{blocks})(?:\[[^>]*\])?>)\s*", r"\1", text)
    return re.sub(r"\n*</code></pre>", "</code></pre>", text).strip()


def changed(settings: MarkdownConfig) -> list[int]:
    """The numbers of the examples that come out otherwise than the specification says."""
    return [
        example.number
        for example in examples()
        if normal(render(example.markdown, settings)) != normal(example.html)
    ]


def test_there_are_652_examples() -> None:
    assert len(examples()) == 652


def test_every_example_comes_out_as_the_specification_says() -> None:
    assert changed(PLAIN) == []


EXTENSIONS: dict[str, list[int]] = {
    "autolinks": [608, 611, 612],
    "math": [],
    "smart_punctuation": [
        *(14, 46, 55, 87, 106, 197, 209, 210, 352, 359, 363, 380, 385, 395, 508, 590, 619, 620),
        *(622, 624, 626, 632),
    ],
    "definition_list": [],
    "render_emoji": [],
    "github_alerts": [],
    "external_links_external": [20, 346, 480, 481, 501, 526, 538, 594, 595, 600, 603],
    "lazy_async_image": [517, 520, 531, *range(572, 590), 591],
}
"""By extension, the examples that it changes, and no others."""


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_an_extension_changes_these_examples_and_no_others(extension: str) -> None:
    settings = msgspec.structs.replace(PLAIN, **{extension: True})
    assert changed(settings) == EXTENSIONS[extension]

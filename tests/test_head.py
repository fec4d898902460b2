"""What a page's head says to those who link to it: Open Graph, schema.org, other languages."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import html5lib
import pytest

from sitegen.content.assemble import assemble
from sitegen.content.config import load_config
from sitegen.model import Display
from sitegen.render.body import render_body
from sitegen.render.covers import open_covers
from tests.test_outputs import blob, draft_of, png, shown_of
from tests.tiny import SITE, page, publish, published

HOSTILE = '</script><script>alert("1")</script> & \\ \u2028 <b>'
CONFIG = SITE + 'author = "Ada & Bo"\n'


def head_of(root: Path, path: str) -> Any:
    tree = html5lib.parse(published(root, path), namespaceHTMLElements=False)
    return tree.find("head")


def properties(root: Path, path: str) -> dict[str, str]:
    found = {}
    for meta in head_of(root, path).findall("meta"):
        name = meta.get("property") or meta.get("name")
        if name:
            found[name] = meta.get("content")
    return found


def structured(root: Path, path: str) -> list[dict[str, Any]]:
    scripts = head_of(root, path).findall("script")
    return [json.loads(s.text) for s in scripts if s.get("type") == "application/ld+json"]


POST = page(
    f"title = {json.dumps(HOSTILE)}\ndescription = 'About <it>'\ndate = 2026-01-02\n"
    "updated = 2026-02-01\nauthors = ['Cy \"C\" & Co']\n[taxonomies]\ntags = ['a & b']\n"
    "[extra]\nimage = 'my picture.png'"
)


def test_a_posting(tmp_path: Path) -> None:
    publish(
        tmp_path,
        {"site.toml": CONFIG, "content/s/_index.md": page('title = "S"'), "content/s/a.md": POST},
    )
    posting, way = structured(tmp_path, "s/a/index.html")
    address = "https://example.org/s/a/"
    assert posting["@type"] == "BlogPosting"
    assert (posting["headline"], posting["url"]) == (HOSTILE, address)
    assert posting["datePublished"] == "2026-01-02T00:00:00+00:00"
    assert posting["dateModified"] == "2026-02-01T00:00:00+00:00"
    assert posting["author"] == [{"@type": "Person", "name": 'Cy "C" & Co'}]
    assert posting["image"] == "https://example.org/s/a/my%20picture.png"
    assert [(item["position"], item["name"]) for item in way["itemListElement"]] == [
        (1, "Tiny"),
        (2, "S"),
        (3, HOSTILE),
    ]
    found = properties(tmp_path, "s/a/index.html")
    assert found["og:title"] == HOSTILE
    assert found["og:type"] == "article"
    assert found["og:url"] == address
    assert found["og:image"] == posting["image"]
    assert found["twitter:card"] == "summary_large_image"
    assert found["article:published_time"] == "2026-01-02T00:00:00Z"
    assert found["article:tag"] == "a & b"
    assert found["author"] == 'Cy "C" & Co'


def test_no_text_leaves_its_script(tmp_path: Path) -> None:
    plain = POST.replace(json.dumps(HOSTILE), "'Plain'")
    publish(tmp_path, {"site.toml": CONFIG, "content/a.md": POST, "content/b.md": plain})
    scripts = [
        len(re.findall(r"<script", published(tmp_path, f"{name}/index.html"))) for name in "ab"
    ]
    assert scripts[0] == scripts[1] > 0
    assert "\u2028" not in published(tmp_path, "a/index.html").split("ld+json")[1].split("<")[0]


def test_other_kinds_of_pages(tmp_path: Path) -> None:
    publish(
        tmp_path, {"site.toml": CONFIG, "content/a.md": page('title = "A"'), "content/b.md": POST}
    )
    assert structured(tmp_path, "index.html")[0]["@type"] == "WebSite"
    assert structured(tmp_path, "a/index.html")[0]["@type"] == "WebPage"
    assert properties(tmp_path, "a/index.html")["og:type"] == "website"
    assert properties(tmp_path, "a/index.html")["twitter:card"] == "summary"
    assert properties(tmp_path, "tags/a-b/index.html")["og:title"] == "a & b"
    assert structured(tmp_path, "404.html") == []


@pytest.mark.parametrize(
    ("image", "address"),
    [
        ("cover.png", "https://example.org/blog/a/cover.png"),
        ("/img/x.png", "https://example.org/blog/img/x.png"),
        ("https://cdn.example/x.png", "https://cdn.example/x.png"),
    ],
)
def test_the_image_of_a_page(image: str, address: str, tmp_path: Path) -> None:
    config = SITE.replace("example.org", "example.org/blog")
    files = {"site.toml": config, "content/a.md": page(f"[extra]\nimage = '{image}'")}
    publish(tmp_path, files)
    assert properties(tmp_path, "a/index.html")["og:image"] == address


def test_a_page_without_its_own_image_shows_its_first_figure(tmp_path: Path) -> None:

    light, dark = blob(png(4, 2)), blob(png(4, 3))
    draft = draft_of(tmp_path, "```python\nx\n```\n")
    figure = Display({"image/png": light}, dark=dark)
    rendered = render_body(draft.document, [shown_of(draft.plans[0], (figure,))])
    site = assemble([rendered.card], load_config(tmp_path, []), [])
    covers = open_covers(site, [rendered], [])
    name = f"{light.digest[:32]}.png"
    assert covers.addresses == {"posts/x.md": f"https://example.org/posts/x/{name}"}
    assert covers.files == ()


def test_languages_and_numbered_pages(tmp_path: Path) -> None:
    config = SITE + "[languages.pt]\n"
    files = {
        "site.toml": config,
        "content/s/_index.md": page("paginate_by = 1"),
        **{f"content/s/{n}.md": page(f'title = "{n}"') for n in "ab"},
        "content/s/a.pt.md": page('title = "A"'),
    }
    publish(tmp_path, files)
    links = head_of(tmp_path, "s/a/index.html").findall("link")
    found = {link.get("hreflang"): link.get("href") for link in links if link.get("hreflang")}
    assert found == {
        "en": "https://example.org/s/a/",
        "pt": "https://example.org/pt/s/a/",
        "x-default": "https://example.org/s/a/",
    }
    links = head_of(tmp_path, "s/index.html").findall("link")
    assert [link.get("href") for link in links if link.get("rel") == "next"] == [
        "https://example.org/s/page/2/"
    ]

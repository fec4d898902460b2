"""The sitemap: its entries, its parts, by the schema of sitemaps.org."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.checkers import SITEMAP_SCHEMA, sitemap_errors
from tests.tiny import SITE, page, publish, published

needs_schema = pytest.mark.skipif(
    not os.environ.get("CI") and not SITEMAP_SCHEMA.is_file(), reason="the schema comes from npm"
)

POSTS = {
    "content/_index.md": page("paginate_by = 2"),
    "content/a & b.md": page('date = 2026-01-02\ntaxonomies.tags = ["é"]'),
    "content/b.md": page("date = 2026-01-01\nupdated = 2026-02-01T10:00:00+02:00"),
    "content/c.md": page('[extra]\nfrequency = "daily"'),
    "content/no.md": page("render = false"),
    "content/s/_index.md": page('redirect_to = "b"'),
}


def entries(root: Path, file: str = "sitemap.xml") -> list[str]:
    return re.findall(r"<loc>https://example.org([^<]*)</loc>", published(root, file))


def test_the_entries(tmp_path: Path) -> None:
    publish(tmp_path, POSTS)
    lists = ["/archive/", "/categories/", "/page/2/", "/tags/", "/tags/e/"]
    assert entries(tmp_path) == sorted(["/", "/a-b/", "/b/", "/c/", *lists])
    text = published(tmp_path, "sitemap.xml")
    assert re.findall(r"<lastmod>(.*)</lastmod>", text) == [
        "2026-01-02T00:00:00Z",
        "2026-02-01T10:00:00+02:00",
    ]


def test_numbered_pages_can_be_left_out(tmp_path: Path) -> None:
    config = f'{SITE}exclude_paginated_pages_in_sitemap = "all"\n'
    publish(tmp_path, {**POSTS, "site.toml": config})
    assert "/page/2/" not in entries(tmp_path)


def test_a_template_sees_what_pages_say_of_themselves(tmp_path: Path) -> None:
    template = "{% for e in entries %}{{ e.extra.frequency if e.extra else '.' }}{% endfor %}"
    publish(tmp_path, {**POSTS, "templates/sitemap.xml": template})
    assert sorted(published(tmp_path, "sitemap.xml")) == sorted("daily" + "." * 8)


@needs_schema
def test_the_schema_has_nothing_to_say(tmp_path: Path) -> None:
    publish(tmp_path, POSTS)
    assert sitemap_errors(tmp_path / "public/sitemap.xml") == []


@needs_schema
def test_the_schema_would_say_something(tmp_path: Path) -> None:
    publish(tmp_path, POSTS)
    text = published(tmp_path, "sitemap.xml").replace("<lastmod>2026", "<lastmod>soon, 2026")
    (tmp_path / "wrong.xml").write_text(text, "utf-8")
    assert sitemap_errors(tmp_path / "wrong.xml")


def test_a_long_sitemap_is_parted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sitegen.render.robots.LIMIT", 3)
    publish(tmp_path, POSTS)
    assert "<sitemapindex" in published(tmp_path, "sitemap.xml")
    parts = ["/sitemap1.xml", "/sitemap2.xml", "/sitemap3.xml"]
    assert entries(tmp_path) == parts
    found = [entries(tmp_path, part.lstrip("/")) for part in parts]
    assert [len(part) for part in found] == [3, 3, 3]
    whole = [entry for part in found for entry in part]
    assert sorted(whole) == whole
    assert "/sitemap.xml" in published(tmp_path, "robots.txt")
    if SITEMAP_SCHEMA.is_file():
        assert sitemap_errors(tmp_path / "public/sitemap2.xml") == []

"""Lists in several pages: sections, the home page, terms; Zola's `paginator`."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sitegen.render.paginate import Pagination, cut
from tests.support import tree
from tests.tiny import page, publish, published

SHOWN = (
    "{{ paginator.current_index }}/{{ paginator.number_pagers }} of {{ paginator.total_pages }} by "
    "{{ paginator.paginate_by }}: {% for page in paginator.pages %}{{ page.slug }} {% endfor %}| "
    "{{ paginator.first }} {{ paginator.previous }} {{ paginator.next }} {{ paginator.last }} "
    "{{ paginator.base_url }} | {{ current_path }} {{ current_url }}"
)


def site(section: str, **files: str) -> dict[str, str]:
    posts = {f"content/posts/p{n}.md": page(f"weight = {n}") for n in range(1, 6)}
    return {
        "content/posts/_index.md": page(f'sort_by = "weight"\n{section}'),
        "templates/section.html": SHOWN,
        **posts,
        **files,
    }


def listed(root: Path, below: str) -> list[str]:
    return [path for path in tree(root / "public") if path.startswith(below)]


def test_a_section_in_pages(tmp_path: Path) -> None:
    assert publish(tmp_path, site("paginate_by = 2")) == ()
    base = "https://example.org/posts/"
    assert published(tmp_path, "posts/index.html") == (
        f"1/3 of 5 by 2: p1 p2 | {base}  {base}page/2/ {base}page/3/ {base}page/ | /posts/ {base}"
    )
    assert published(tmp_path, "posts/page/2/index.html") == (
        f"2/3 of 5 by 2: p3 p4 | {base} {base} {base}page/3/ {base}page/3/ {base}page/ "
        f"| /posts/page/2/ {base}page/2/"
    )
    assert published(tmp_path, "posts/page/3/index.html").startswith("3/3 of 5 by 2: p5 | ")


def test_the_first_page_by_its_number_leads_to_the_list(tmp_path: Path) -> None:
    publish(tmp_path, site("paginate_by = 2"))
    text = published(tmp_path, "posts/page/1/index.html")
    assert '<meta http-equiv="refresh" content="0; url=https://example.org/posts/">' in text


def test_the_other_way_round(tmp_path: Path) -> None:
    publish(tmp_path, site("paginate_by = 2\npaginate_reversed = true"))
    assert ": p5 p4 |" in published(tmp_path, "posts/index.html")
    assert ": p1 |" in published(tmp_path, "posts/page/3/index.html")


def test_another_path_and_none(tmp_path: Path) -> None:
    publish(tmp_path / "a", site('paginate_by = 3\npaginate_path = "seite"'))
    assert "posts/seite/2/index.html" in listed(tmp_path / "a", "posts/seite")
    publish(tmp_path / "b", site('paginate_by = 4\npaginate_path = ""'))
    assert "https://example.org/posts/2/" in published(tmp_path / "b", "posts/index.html")


def test_an_empty_section_has_one_page(tmp_path: Path) -> None:
    files = {"content/s/_index.md": page("paginate_by = 2"), "templates/section.html": SHOWN}
    publish(tmp_path, files)
    assert published(tmp_path, "s/index.html").startswith("1/1 of 0 by 2: | ")
    assert listed(tmp_path, "s/") == ["s/index.html", "s/page/1/index.html"]


def test_no_number_is_no_pagination(tmp_path: Path) -> None:
    files = site("paginate_by = 0")
    files["templates/section.html"] = "{{ paginator is defined }} {{ section.paginate_by }}"
    publish(tmp_path, files)
    assert published(tmp_path, "posts/index.html") == "false "


def test_the_home_page_in_pages(tmp_path: Path) -> None:
    files = {f"content/{n}.md": page(f"date = 2026-01-0{n}") for n in range(1, 4)}
    files |= {
        "content/_index.md": page('sort_by = "date"\npaginate_by = 2'),
        "templates/index.html": SHOWN,
    }
    publish(tmp_path, files)
    assert published(tmp_path, "index.html").startswith("1/2 of 3 by 2: 3 2 |")
    assert published(tmp_path, "page/2/index.html").endswith("/page/2/")


def test_terms_in_pages(tmp_path: Path) -> None:
    config = (
        'base_url = "https://example.org"\n'
        'taxonomies = [{ name = "tags", paginate_by = 1, paginate_path = "p" }]\n'
    )
    files = {
        "site.toml": config,
        "content/a.md": page('date = 2026-01-02\n[taxonomies]\ntags = ["x"]'),
        "content/b.md": page('date = 2026-01-01\n[taxonomies]\ntags = ["x"]'),
        "templates/taxonomy_single.html": SHOWN,
    }
    assert publish(tmp_path, files) == ()
    assert published(tmp_path, "tags/x/index.html").startswith("1/2 of 2 by 1: a |")
    assert published(tmp_path, "tags/x/p/2/index.html").startswith("2/2 of 2 by 1: b |")
    assert "refresh" in published(tmp_path, "tags/x/p/1/index.html")


def test_the_sitemap_names_the_further_pages_unless_told_not_to(tmp_path: Path) -> None:
    publish(tmp_path / "a", site("paginate_by = 2"))
    sitemap = published(tmp_path / "a", "sitemap.xml")
    assert "<loc>https://example.org/posts/page/3/</loc>" in sitemap
    assert "/page/1/" not in sitemap
    config = 'base_url = "https://example.org"\nexclude_paginated_pages_in_sitemap = "all"\n'
    publish(tmp_path / "b", {"site.toml": config, **site("paginate_by = 2")})
    assert "/page/" not in published(tmp_path / "b", "sitemap.xml")


def test_the_theme_leads_from_page_to_page(tmp_path: Path) -> None:
    files = site("paginate_by = 2")
    del files["templates/section.html"]
    publish(tmp_path, files)
    text = published(tmp_path, "posts/page/2/index.html")
    assert '<a rel="prev" href="/posts/">Previous</a>' in text
    assert "Page 2 of 3" in text
    assert '<a rel="next" href="/posts/page/3/">Next</a>' in text


@given(st.integers(0, 50), st.integers(1, 20), st.booleans())
def test_pages_hold_every_entry_once(count: int, by: int, backwards: bool) -> None:
    entries = list(range(count))
    pagination = Pagination("/x/", by, reversed=backwards)
    pagers = cut(entries, pagination, "").pagers  # type: ignore[arg-type]
    found: list[object] = [entry for pager in pagers for entry in pager.cards]
    assert found == (entries[::-1] if backwards else entries)
    assert all(0 < len(pager.cards) <= by for pager in pagers) or count == 0
    assert [pager.index for pager in pagers] == list(range(1, len(pagers) + 1))

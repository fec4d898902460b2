"""Lists: sections with their pages, terms with theirs, all in order."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from sitegen.content.assemble import assemble
from sitegen.content.config import load_config
from sitegen.content.source import scan_content
from sitegen.model import Section, Site, Taxonomy
from sitegen.passes.asked import Options
from sitegen.passes.parse import parse_site
from sitegen.render.body import render_body
from tests.tiny import SITE, page, publish, published, write_site


def site_of(root: Path, files: dict[str, str]) -> Site:
    """The lists of a site."""
    write_site(root, files)
    config = load_config(root, [])
    drafts = parse_site(config, scan_content(root, []), Options(), [])
    return assemble([render_body(draft.document, ()).card for draft in drafts], config, [])


def tags(site: Site) -> Taxonomy:
    return next(taxonomy for taxonomy in site.taxonomies if taxonomy.config.name == "tags")


def section(site: Site, path: str) -> Section:
    return next(section for section in site.sections if section.card.path == path)


def tagged(*terms: str, date: str = "") -> str:
    names = ", ".join(f'"{term}"' for term in terms)
    when = f"date = {date}\n" if date else ""
    return page(f"{when}[taxonomies]\ntags = [{names}]")


def test_terms_are_in_the_order_of_their_slugs(tmp_path: Path) -> None:
    site = site_of(tmp_path, {"content/a.md": tagged("zebra", "Über", "b", "A", "10", "9")})
    assert [term.slug for term in tags(site).terms] == ["10", "9", "a", "b", "uber", "zebra"]
    assert [term.url for term in tags(site).terms][2] == "/tags/a/"


def test_the_pages_of_a_term_are_newest_first_and_undated_last(tmp_path: Path) -> None:
    site = site_of(
        tmp_path,
        {
            "content/b.md": tagged("x", date="2026-01-01"),
            "content/a.md": tagged("x", date="2026-01-01"),
            "content/c.md": tagged("x", date="2026-01-02T00:00:00+14:00"),
            "content/d.md": tagged("x", date="2026-01-01T11:00:00"),
            "content/e.md": tagged("x"),
            "content/2026-02-01-f.md": tagged("x"),
            "content/g.md": tagged("other"),
        },
    )
    pages = [card.path for card in next(t for t in tags(site).terms if t.slug == "x").pages]
    assert pages == ["2026-02-01-f.md", "d.md", "c.md", "a.md", "b.md", "e.md"]


def test_spellings_of_one_slug_are_one_term(tmp_path: Path) -> None:
    files = {
        "content/a.md": tagged("DEV/BIN"),
        "content/b.md": tagged("dev bin", "Dev-Bin"),
        "content/c.md": tagged("DEV/BIN"),
    }
    [term] = tags(site_of(tmp_path, files)).terms
    assert (term.name, term.slug) == ("DEV/BIN", "dev-bin")
    assert term.spellings == ("DEV/BIN", "dev bin", "Dev-Bin")
    assert [card.path for card in term.pages] == ["a.md", "b.md", "c.md"]


def test_merged_spellings_are_warned_of(tmp_path: Path) -> None:
    problems = publish(tmp_path, {"content/a.md": tagged("A B"), "content/b.md": tagged("a/b")})
    assert [problem.severity for problem in problems] == ["warning"]


def test_a_term_said_twice_counts_once(tmp_path: Path) -> None:
    [term] = tags(site_of(tmp_path, {"content/a.md": tagged("x", "x")})).terms
    assert len(term.pages) == 1


def test_drafts_and_sections_are_in_no_term(tmp_path: Path) -> None:
    files = {"content/a.md": page('draft = true\n[taxonomies]\ntags = ["x"]')}
    assert tags(site_of(tmp_path, files)).terms == ()


def test_a_taxonomy_without_terms_has_a_list_but_no_place_in_the_navigation(tmp_path: Path) -> None:
    assert publish(tmp_path, {"content/a.md": tagged("x")}) == ()
    home = published(tmp_path, "index.html")
    assert ">Tags</a>" in home
    assert ">Categories</a>" not in home
    assert "<h1>Categories</h1>" in published(tmp_path, "categories/index.html")


def test_a_taxonomy_that_is_not_rendered(tmp_path: Path) -> None:
    config = 'base_url = "/"\ntaxonomies = [{ name = "tags", render = false }]'
    assert publish(tmp_path, {"site.toml": config, "content/a.md": tagged("x")}) == ()
    assert not (tmp_path / "public" / "tags").exists()


def test_a_taxonomy_keeps_its_capitals(tmp_path: Path) -> None:
    config = 'base_url = "/"\ntaxonomies = [{ name = "MLOps" }]'
    text = page('[taxonomies]\nMLOps = ["x"]')
    publish(tmp_path, {"site.toml": config, "content/a.md": text})
    assert "<h1>MLOps</h1>" in published(tmp_path, "mlops/index.html")


def test_the_feed_of_a_term(tmp_path: Path) -> None:
    config = SITE.replace('name = "tags"', 'name = "tags", feed = true')
    files = {"site.toml": config, "content/a.md": tagged("A & B", date="2026-01-01")}
    assert publish(tmp_path, files) == ()
    assert "<title>Tiny · A &amp; B</title>" in published(tmp_path, "tags/a-b/atom.xml")


# --- sections -------------------------------------------------------------------------------

TREE = {
    "content/_index.md": page(),
    "content/posts/_index.md": page(),
    "content/posts/a.md": page(),
    "content/posts/bundle/index.md": page(),
    "content/posts/deep/_index.md": page(),
    "content/posts/deep/b.md": page(),
    "content/posts/plain/c.md": page(),
    "content/d.md": page(),
}


@pytest.mark.parametrize(
    ("path", "pages", "subsections"),
    [
        ("_index.md", ["d.md"], ["posts/_index.md"]),
        ("posts/_index.md", ["posts/a.md", "posts/bundle/index.md"], ["posts/deep/_index.md"]),
        ("posts/deep/_index.md", ["posts/deep/b.md"], []),
    ],
)
def test_a_section_has_what_lies_directly_in_it(
    path: str, pages: list[str], subsections: list[str], tmp_path: Path
) -> None:
    found = section(site_of(tmp_path, TREE), path)
    assert [card.path for card in found.pages] == pages
    assert [card.path for card in found.subsections] == subsections


def test_a_page_in_no_section_is_published_all_the_same(tmp_path: Path) -> None:
    assert publish(tmp_path, TREE) == ()
    assert "<h1>c</h1>" in published(tmp_path, "posts/plain/c/index.html")


@pytest.mark.parametrize(
    ("by", "order"),
    [
        ("date", ["b", "c", "a"]),
        ("update_date", ["a", "b", "c"]),
        ("title", ["c", "a", "d", "b"]),
        ("weight", ["b", "d", "a", "c"]),
        ("slug", ["d", "a", "b", "c"]),
        ("none", ["a", "b", "c", "d"]),
    ],
)
def test_orders(by: str, order: list[str], tmp_path: Path) -> None:
    """Every order differs, so that none can stand for another."""
    files = {
        "content/s/_index.md": page(f'sort_by = "{by}"'),
        "content/s/a.md": page('title = "m"\ndate = 2026-01-01\nupdated = 2026-05-01\nweight = 3'),
        "content/s/b.md": page('title = "Z"\ndate = 2026-03-01\nweight = 1'),
        "content/s/c.md": page('title = "A"\ndate = 2026-02-01\nweight = 4'),
        "content/s/d.md": page('title = "n"\nweight = 2\nslug = "0"'),
    }
    found = section(site_of(tmp_path, files), "s/_index.md")
    assert [card.path.removeprefix("s/").removesuffix(".md") for card in found.pages] == order


def test_a_page_without_the_key_of_the_order_is_left_out(tmp_path: Path) -> None:
    files = {"content/s/_index.md": page('sort_by = "date"'), "content/s/a.md": page()}
    assert section(site_of(tmp_path / "lists", files), "s/_index.md").pages == ()
    assert [problem.severity for problem in publish(tmp_path / "site", files)] == ["warning"]


def test_sections_are_in_the_order_of_weight_then_title(tmp_path: Path) -> None:
    files = {
        "content/a/_index.md": page('title = "Z"\nweight = 1'),
        "content/b/_index.md": page('title = "Y"\nweight = 2'),
        "content/c/_index.md": page('title = "X"\nweight = 1'),
    }
    home = section(site_of(tmp_path, files), "_index.md")
    assert [card.path[0] for card in home.subsections] == ["c", "a", "b"]


def test_neighbours_by_date_are_newer_and_older_as_in_zola(tmp_path: Path) -> None:
    files = {"content/s/_index.md": page('sort_by = "date"')}
    files |= {f"content/s/{day}.md": page(f"date = 2026-01-0{day}") for day in (1, 2, 3)}
    template = "{{ page.lower.permalink if page.lower }} {{ page.higher.permalink if page.higher }}"
    publish(tmp_path, {**files, "templates/page.html": template})
    base = "https://example.org/s"
    assert published(tmp_path, "s/1/index.html") == f"{base}/2/ "
    assert published(tmp_path, "s/2/index.html") == f"{base}/3/ {base}/1/"
    assert published(tmp_path, "s/3/index.html") == f" {base}/2/"


def test_the_theme_calls_them_older_and_newer(tmp_path: Path) -> None:
    files = {"content/s/_index.md": page('sort_by = "date"')}
    files |= {f"content/s/{day}.md": page(f"date = 2026-01-0{day}") for day in (1, 2)}
    publish(tmp_path, files)
    assert 'rel="next" href="/s/2/"><span>Newer</span>' in published(tmp_path, "s/1/index.html")
    assert 'rel="prev" href="/s/1/"><span>Older</span>' in published(tmp_path, "s/2/index.html")


def test_neighbours_by_weight_are_previous_and_next(tmp_path: Path) -> None:
    files = {"content/s/_index.md": page('sort_by = "weight"')}
    files |= {f"content/s/{n}.md": page(f"weight = {n}") for n in (1, 2)}
    template = "{{ page.lower.slug if page.lower }}|{{ page.higher.slug if page.higher }}"
    publish(tmp_path, {**files, "templates/page.html": template})
    assert published(tmp_path, "s/1/index.html") == "|2"
    assert published(tmp_path, "s/2/index.html") == "1|"


def test_a_section_without_an_order_has_no_neighbours(tmp_path: Path) -> None:
    files = {"content/s/_index.md": page(), "content/s/a.md": page(), "content/s/b.md": page()}
    publish(tmp_path, {**files, "templates/page.html": "{{ page.lower }} {{ page.higher }}"})
    assert published(tmp_path, "s/a/index.html") == " "


def test_assembling_takes_time_by_the_page_not_by_its_square(tmp_path: Path) -> None:
    """8,000 pages take about four times as long as 2,000; by the square it would be sixteen."""
    site = site_of(tmp_path, {"content/p.md": tagged("t0"), "content/s/_index.md": page()})
    card = next(card for card in site.pages if card.path == "p.md")
    section = next(entry.card for entry in site.sections if entry.card.path == "s/_index.md")

    def assembled(pages: int) -> tuple[float, Site]:
        groups = pages // 10
        cards = [
            msgspec.structs.replace(
                card,
                path=f"s{number % groups}/p{number}.md",
                url=f"/s{number % groups}/p{number}/",
                meta=msgspec.structs.replace(
                    card.meta,
                    taxonomies={"tags": (f"t{number % groups}", f"t{number % (groups - 1)}")},
                ),
            )
            for number in range(pages)
        ]
        cards += [
            msgspec.structs.replace(section, path=f"s{number}/_index.md", url=f"/s{number}/")
            for number in range(groups)
        ]
        begun = time.process_time()
        built = assemble(cards, site.config, [])
        return time.process_time() - begun, built

    small = min(assembled(2000)[0] for _ in range(3))
    large, built = min((assembled(8000) for _ in range(3)), key=lambda pair: pair[0])
    assert large < 9 * small
    assert [len(entry.pages) for entry in built.sections] == [10] * 800
    assert sum(len(term.pages) for term in tags(built).terms) == 16000 - 799

"""Related pages and the archive."""

from __future__ import annotations

import re
import time
from pathlib import Path

import msgspec
import pytest

from sitegen.content.assemble import assemble
from sitegen.content.config import load_config
from sitegen.render.related import related_to, terms_of_pages
from tests.test_taxonomy import site_of, tagged
from tests.tiny import SITE, page, publish, published


def post(date: str, *tags: str, more: str = "") -> str:
    names = ", ".join(f'"{tag}"' for tag in tags)
    return page(f'title = "T"\ndate = {date}\n{more}\n[taxonomies]\ntags = [{names}]')


def related(root: Path, name: str) -> list[str]:
    html = published(root, f"{name}/index.html")
    nav = html.partition('<nav class="related"')[2].partition("</nav>")[0]
    return re.findall(r'href="/([^"]*)/"', nav)


def test_rare_terms_count_more_and_newer_pages_come_first(tmp_path: Path) -> None:
    files = {
        "content/a.md": post("2026-01-01", "common", "rare"),
        "content/b.md": post("2025-01-01", "rare"),
        "content/c.md": post("2026-01-03", "common"),
        "content/d.md": post("2026-01-02", "common"),
        "content/e.md": post("2026-01-04", "other"),
        "content/f.md": post("2026-01-09", "common", more="render = false"),
    }
    publish(tmp_path, files)
    assert related(tmp_path, "a") == ["b", "c", "d"]
    assert related(tmp_path, "e") == []


def test_at_most_five_and_never_itself(tmp_path: Path) -> None:
    publish(tmp_path, {f"content/p{n}.md": post(f"2026-01-0{n}", "x") for n in range(1, 9)})
    assert related(tmp_path, "p3") == ["p8", "p7", "p6", "p5", "p4"]


def test_a_series_leads_its_own_way(tmp_path: Path) -> None:
    config = SITE.replace('{ name = "tags" }', '{ name = "tags" }, { name = "series" }')
    text = page('date = 2026-01-01\n[taxonomies]\nseries = ["S"]')
    publish(tmp_path, {"site.toml": config, "content/a.md": text, "content/b.md": text})
    assert related(tmp_path, "a") == []


def test_a_page_is_itself_however_few_views_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sitegen.render.shelf.VIEWS", 2)
    template = (
        '{% for p in get_section(path="_index.md").pages %}'
        "{% if p == page %}*{% endif %}{{ p.title }}{% endfor %}"
    )
    files = {f"content/{name}.md": page(f'title = "{name}"') for name in "abcd"}
    publish(tmp_path, {**files, "content/_index.md": page(), "templates/page.html": template})
    for name in "abcd":
        assert published(tmp_path, f"{name}/index.html").strip() == "abcd".replace(name, f"*{name}")


def test_languages_do_not_mix(tmp_path: Path) -> None:
    config = SITE + '[languages.pt]\ntaxonomies = [{ name = "tags" }]\n'
    files = {"content/a.md": post("2026-01-01", "x"), "content/b.pt.md": post("2026-01-01", "x")}
    publish(tmp_path, {"site.toml": config, **files})
    assert related(tmp_path, "a") == []


def test_relations_of_many_pages_take_no_square_of_their_number(tmp_path: Path) -> None:
    """Every page shares one term with all others: four times the pages, four times the time."""
    card = next(iter(site_of(tmp_path, {"content/p.md": tagged("t")}).pages))
    config = load_config(tmp_path, [])

    def seconds(posts: int) -> float:
        cards = []
        for number in range(posts):
            terms = {"tags": ("all", f"t{number % (posts // 5)}")}
            meta = msgspec.structs.replace(card.meta, taxonomies=terms)
            path, url = f"p{number}.md", f"/p{number}/"
            cards.append(msgspec.structs.replace(card, path=path, url=url, meta=meta))
        site = assemble(cards, config, [])
        begun = time.process_time()
        known = terms_of_pages(site)
        found = [related_to(card.path, known) for card in site.pages]
        assert all(len(related) == 5 for related in found)
        return time.process_time() - begun

    small = min(seconds(1000) for _ in range(2))
    assert min(seconds(4000) for _ in range(2)) < 10 * small


# --- the archive --------------------------------------------------------------------------------


def test_the_archive_lists_posts_by_year(tmp_path: Path) -> None:
    files = {
        "content/a.md": page('title = "Old <1>"\ndate = 2024-05-01'),
        "content/b.md": page('title = "New"\ndate = 2026-01-01'),
        "content/c.md": page('title = "Newer"\ndate = 2026-02-01'),
        "content/d.md": page('title = "Undated"'),
    }
    assert publish(tmp_path, files) == ()
    html = published(tmp_path, "archive/index.html").partition("<main")[2]
    found = re.findall(r'<h2 [^>]*>(\d+)|class="title" href="/(\w)/"', html)
    assert found == [("2026", ""), ("", "c"), ("", "b"), ("2024", ""), ("", "a")]
    assert "Old &lt;1&gt;" in html
    for path in ("index.html", "a/index.html"):
        assert 'href="/archive/"' in published(tmp_path, path)


@pytest.mark.parametrize(
    "files",
    [
        {"content/a.md": page()},
        {"content/archive.md": page("date = 2026-01-01")},
        {"content/a.md": page('date = 2026-01-01\naliases = ["archive"]')},
        {"content/a.md": page('date = 2026-01-01\npath = "Archive"')},
        {"content/archive/_index.md": page(), "content/a.md": page("date = 2026-01-01")},
        {"content/a.md": page("date = 2026-01-01"), "site.toml": SITE + 'archive = ""\n'},
    ],
    ids=["no posts", "a page", "an alias", "in capitals", "a section", "turned off"],
)
def test_no_archive_where_none_is_wanted_or_its_place_is_taken(
    files: dict[str, str], tmp_path: Path
) -> None:
    assert not [problem for problem in publish(tmp_path, files) if problem.severity == "fatal"]
    assert 'id="year-' not in "".join(
        path.read_text("utf-8") for path in (tmp_path / "public").rglob("index.html")
    )


def test_the_archive_can_lie_elsewhere_and_has_its_template(tmp_path: Path) -> None:
    files = {
        "site.toml": SITE + 'archive = "posts/all"\n',
        "content/a.md": page("date = 2026-01-01"),
        "templates/archive.html": "{{ years[0].year }}: {{ years[0].pages | length }}",
    }
    publish(tmp_path, files)
    assert published(tmp_path, "posts/all/index.html") == "2026: 1"


def test_a_file_of_static_stands_in_its_place(tmp_path: Path) -> None:
    files = {"content/a.md": page("date = 2026-01-01"), "static/archive/index.html": "own"}
    [problem] = publish(tmp_path, files)
    assert problem.severity == "notice"
    assert published(tmp_path, "archive/index.html") == "own"

"""Languages: files by their suffix, addresses, terms, feeds, translations, the theme's words."""

from __future__ import annotations

from pathlib import Path

from sitegen.base.errors import exit_status
from tests.support import tree
from tests.tiny import page, publish, published

SITE = """\
base_url = "https://example.org"
title = "Notes"
taxonomies = [{ name = "tags", feed = true }]
generate_feeds = true

[languages.pt]
title = "Notas"
generate_feeds = true
taxonomies = [{ name = "tags" }, { name = "temas" }]

[languages.pt.translations]
newest = "Mais recentes"
skip = "Ir para o texto"

[languages.ar]
title = "ملاحظات"
"""


def tagged(name: str, *terms: str, title: str = "T") -> str:
    listed = ", ".join(f'"{term}"' for term in terms)
    return page(f'title = "{title}"\ndate = 2026-01-01\n[taxonomies]\n{name} = [{listed}]')


def paths(root: Path) -> list[str]:
    return [path for path in tree(root / "public") if path.endswith(("index.html", ".xml"))]


FILES = {
    "site.toml": SITE,
    "content/posts/_index.md": page('title = "Posts"'),
    "content/posts/_index.pt.md": page('title = "Artigos"'),
    "content/posts/one.md": tagged("tags", "Water", title="One"),
    "content/posts/one.pt.md": tagged("temas", "Água", title="Um"),
    "content/posts/bundle/index.md": tagged("tags", "Water"),
    "content/posts/bundle/index.pt.md": tagged("tags", "Sol"),
    "content/posts/bundle/x.txt": "x",
}


def test_every_language_has_its_own_addresses(tmp_path: Path) -> None:
    assert publish(tmp_path, FILES) == ()
    assert paths(tmp_path) == [
        "ar/index.html",
        "atom.xml",
        "index.html",
        "posts/bundle/index.html",
        "posts/index.html",
        "posts/one/index.html",
        "pt/atom.xml",
        "pt/index.html",
        "pt/posts/bundle/index.html",
        "pt/posts/index.html",
        "pt/posts/one/index.html",
        "pt/tags/index.html",
        "pt/tags/sol/index.html",
        "pt/temas/agua/index.html",
        "pt/temas/index.html",
        "sitemap.xml",
        "tags/index.html",
        "tags/water/atom.xml",
        "tags/water/index.html",
    ]


def test_the_files_of_a_bundle_lie_beside_each_of_its_languages(tmp_path: Path) -> None:
    publish(tmp_path, FILES)
    assert published(tmp_path, "posts/bundle/x.txt") == "x"
    assert published(tmp_path, "pt/posts/bundle/x.txt") == "x"


def test_a_feed_is_in_one_language(tmp_path: Path) -> None:
    publish(tmp_path, FILES)
    english, portuguese = published(tmp_path, "atom.xml"), published(tmp_path, "pt/atom.xml")
    assert 'xml:lang="en"' in english
    assert "<id>https://example.org/posts/one/</id>" in english
    assert "/pt/" not in english
    assert 'xml:lang="pt"' in portuguese
    assert "<title>Notas</title>" in portuguese
    assert "<id>https://example.org/pt/posts/one/</id>" in portuguese


def test_translations_know_each_other(tmp_path: Path) -> None:
    template = (
        "{{ lang }}: {% for other in page.translations %}{{ other.lang }} {{ other.title }} "
        "{{ other.permalink }} {{ other.path }}; {% endfor %}"
    )
    publish(tmp_path, {**FILES, "templates/page.html": template})
    both = (
        "en One https://example.org/posts/one/ posts/one.md; "
        "pt Um https://example.org/pt/posts/one/ posts/one.pt.md; "
    )
    assert published(tmp_path, "posts/one/index.html") == f"en: {both}"
    assert published(tmp_path, "pt/posts/one/index.html") == f"pt: {both}"


def test_search_engines_are_told_of_the_other_languages(tmp_path: Path) -> None:
    publish(tmp_path, FILES)
    for path in ("posts/one/index.html", "pt/posts/one/index.html"):
        text = published(tmp_path, path)
        assert '<link rel="alternate" hreflang="en" href="https://example.org/posts/one/">' in text
        assert (
            '<link rel="alternate" hreflang="pt" href="https://example.org/pt/posts/one/">' in text
        )


def test_a_page_without_a_translation_names_none(tmp_path: Path) -> None:
    publish(tmp_path, {**FILES, "content/posts/alone.md": page()})
    assert "hreflang" not in published(tmp_path, "posts/alone/index.html")


def test_the_theme_speaks_the_language_where_it_is_told_the_words(tmp_path: Path) -> None:
    publish(tmp_path, FILES)
    text = published(tmp_path, "pt/index.html")
    assert '<html lang="pt">' in text
    assert "Ir para o texto" in text
    assert "Mais recentes" in text
    assert "Skip to the text" in published(tmp_path, "index.html")
    assert "Skip to the text" in published(tmp_path, "ar/index.html")


def test_a_language_written_from_right_to_left(tmp_path: Path) -> None:
    publish(tmp_path, FILES)
    assert '<html lang="ar" dir="rtl">' in published(tmp_path, "ar/index.html")
    assert '<html lang="en">' in published(tmp_path, "index.html")


def test_templates_see_the_configuration_of_their_language(tmp_path: Path) -> None:
    template = (
        "{{ config.title }}|{% for code in config.languages %}{{ code }} {% endfor %}|"
        "{% for kind in config.taxonomies %}{{ kind.name }} {{ kind.permalink }} {% endfor %}"
    )
    publish(tmp_path, {**FILES, "templates/index.html": template})
    assert published(tmp_path, "index.html") == "Notes|ar pt |tags https://example.org/tags/ "
    assert published(tmp_path, "pt/index.html") == (
        "Notas|en ar |tags https://example.org/pt/tags/ temas https://example.org/pt/temas/ "
    )


def test_trans_knows_the_words_of_the_theme(tmp_path: Path) -> None:
    template = "{{ trans(key='newest') }} {{ trans(key='older') }} {{ text_direction() }}"
    publish(tmp_path, {**FILES, "templates/index.html": template})
    assert published(tmp_path, "pt/index.html") == "Mais recentes Older ltr"
    assert published(tmp_path, "ar/index.html") == "Newest Older rtl"


def test_a_language_without_a_title_has_the_sites(tmp_path: Path) -> None:
    config = 'base_url = "/"\ntitle = "Notes"\n[languages.pt]\n'
    publish(tmp_path, {"site.toml": config})
    assert "<title>Notes</title>" in published(tmp_path, "pt/index.html")


def test_a_taxonomy_is_declared_for_its_language(tmp_path: Path) -> None:
    problems = publish(tmp_path, {**FILES, "content/a.ar.md": tagged("tags", "x")})
    [problem] = problems
    assert (problem.severity, problem.span and problem.span.path) == ("fatal", "content/a.ar.md")
    assert "[languages.ar]" in problem.help[0]


def test_the_language_of_a_taxonomy_may_stand_in_its_entry(tmp_path: Path) -> None:
    config = (
        'base_url = "/"\ntaxonomies = [{ name = "tags" }, { name = "tags", lang = "fr" }]\n'
        "[languages.fr]\n"
    )
    assert publish(tmp_path, {"site.toml": config, "content/a.fr.md": tagged("tags", "x")}) == ()
    assert "fr/tags/x/index.html" in paths(tmp_path)


def test_a_language_that_the_site_does_not_have(tmp_path: Path) -> None:
    [problem] = publish(tmp_path, {**FILES, "content/a.de.md": page()})
    assert problem.severity == "fatal"
    assert problem.message == "`de` is none of the site's languages"


def test_in_one_language_a_dot_is_a_dot(tmp_path: Path) -> None:
    assert publish(tmp_path, {"content/a.de.md": page(), "content/v1.2.md": page()}) == ()
    assert paths(tmp_path)[:2] == ["a-de/index.html", "categories/index.html"]
    assert "v1-2/index.html" in paths(tmp_path)


def test_a_section_of_no_language_is_passed_over(tmp_path: Path) -> None:
    files = {**FILES, "content/posts/_index.de.md": page(), "content/_index.en.md": page()}
    problems = publish(tmp_path, files)
    assert [problem.severity for problem in problems] == ["warning", "warning"]
    assert not (tmp_path / "public/de").exists()


def test_the_default_language_may_have_a_table_of_its_own(tmp_path: Path) -> None:
    config = (
        'base_url = "/"\n[languages.en]\ntitle = "From its table"\n'
        'taxonomies = [{ name = "tags" }]\n[languages.pt]\n'
    )
    assert publish(tmp_path, {"site.toml": config, "content/a.md": tagged("tags", "x")}) == ()
    assert "From its table" in published(tmp_path, "index.html")
    assert "tags/x/index.html" in paths(tmp_path)


def test_a_page_template_is_said_by_the_section_of_its_language(tmp_path: Path) -> None:
    files = {
        **FILES,
        "content/posts/_index.pt.md": page('page_template = "pt.html"'),
        "templates/pt.html": "pt",
    }
    publish(tmp_path, files)
    assert published(tmp_path, "pt/posts/one/index.html") == "pt"
    assert published(tmp_path, "posts/one/index.html") != "pt"


def test_a_draft_section_takes_its_language_with_it(tmp_path: Path) -> None:
    files = {**FILES, "content/posts/_index.pt.md": page("draft = true")}
    assert exit_status(publish(tmp_path, files)) == 0
    assert not (tmp_path / "public/pt/posts").exists()
    assert (tmp_path / "public/posts/one").exists()
    files = {**FILES, "content/posts/_index.md": page("draft = true")}
    publish(tmp_path, files)
    assert not (tmp_path / "public/pt/posts/one").exists()

"""What an existing Zola blog counts on: configuration, names of files, front matter, lists."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import pytest

from sitegen.base.errors import Problem, SiteError, exit_status
from sitegen.build import build
from sitegen.passes.asked import Caller, Options
from tests.support import build_site, tree
from tests.tiny import page, publish, published, write_site

ZOLA = 'base_url = "https://example.org"\n'


def urls(root: Path) -> list[str]:
    """The addresses of all pages, without those that every site has."""
    usual = {"404.html", "index.html", "categories/index.html", "tags/index.html"}
    return [path for path in tree(root / "public") if path.endswith(".html") and path not in usual]


def severities(problems: tuple[Problem, ...]) -> list[str]:
    return [problem.severity for problem in problems]


# --- where the configuration stands -----------------------------------------------------------


@pytest.mark.parametrize("name", ["zola.toml", "config.toml"])
def test_a_zola_site_is_built_and_nothing_is_run(name: str, tmp_path: Path) -> None:
    files = {
        name: ZOLA + "generate_rss = true\n[markdown]\nhighlight_theme = 'x'\nsyntaxes = []\n",
        "content/a.md": page("[execute]\nenabled = true", "```python\n1 / 0\n```"),
    }
    root = write_site(tmp_path, files)
    (root / "site.toml").unlink()
    report, events = build_site(root)
    assert events == []
    assert [(p.severity, p.message.split("`")[1]) for p in report.problems] == [
        ("warning", "generate_rss"),
        ("warning", "syntaxes"),
        ("notice", "markdown.highlight_theme"),
    ]
    assert not (root / "measurements").exists()


TERA = {
    "templates/base.html": "{% import 'macros.html' as m %}{{ m::head(page=page) }}",
    "templates/page.html": "{% extends 'base.html' %}",
    "templates/post.html": "{{ page.title | trim_start_matches(pat='x') ~ }}",
    "templates/feed.xml": "{{ m::feed() }}",
}


def test_templates_in_tera_are_not_used_and_the_blog_is_up(tmp_path: Path) -> None:
    files = {
        **TERA,
        "zola.toml": f'{ZOLA}title = "B"\ngenerate_feeds = true\nfeed_filenames = ["feed.xml"]\n',
        "content/a.md": page('title = "A"\ndate = 2026-01-01\ntemplate = "post.html"'),
        "content/b.md": page('title = "B"'),
    }
    root = write_site(tmp_path, files)
    (root / "site.toml").unlink()
    report, _ = build_site(root)
    assert {problem.severity for problem in report.problems} == {"warning"}
    assert any("migrate-templates" in problem.help[0] for problem in report.problems)
    places = {problem.span.path for problem in report.problems if problem.span}
    assert {"templates/base.html", "templates/post.html", "templates/feed.xml"} <= places
    assert "<h1>A</h1>" in published(root, "a/index.html")
    assert "<h1>B</h1>" in published(root, "b/index.html")
    assert "<id>https://example.org/a/</id>" in published(root, "feed.xml")


def test_templates_of_a_zola_site_that_are_jinja_are_used(tmp_path: Path) -> None:
    files = {
        "zola.toml": ZOLA,
        "content/a.md": page('title = "A"'),
        "templates/page.html": "own {{ page.title }}",
    }
    root = write_site(tmp_path, files)
    (root / "site.toml").unlink()
    report, _ = build_site(root)
    assert report.problems == ()
    assert published(root, "a/index.html") == "own A"


@pytest.mark.parametrize("name", ["templates/page.html", "templates/shortcodes/s.html"])
def test_a_mistake_in_a_migrated_template_is_one(name: str, tmp_path: Path) -> None:
    files = {
        "zola.toml": f'{ZOLA}theme = "leaf"\n',
        "themes/leaf/templates.tera/page.html": "old",
        f"themes/leaf/{name}": "{{ page.titel }}",
        "content/a.md": page('title = "A"', "{{ s() }}" if "shortcodes" in name else ""),
    }
    root = write_site(tmp_path, files)
    (root / "site.toml").unlink()
    with pytest.raises(SiteError) as caught:
        build_site(root)
    [problem] = caught.value.problems
    assert problem.span is not None
    assert problem.span.path == f"themes/leaf/{name}"


def test_in_a_site_of_ours_such_a_template_is_a_mistake(tmp_path: Path) -> None:
    assert exit_status(publish(tmp_path, {**TERA, "content/a.md": page()})) == 2


def test_of_several_configurations_the_first_is_read(tmp_path: Path) -> None:
    files = {
        "zola.toml": f'{ZOLA}title = "Zola"',
        "config.toml": f'{ZOLA}title = "Old"',
        "site.toml": f'{ZOLA}title = "Ours"',
    }
    root = write_site(tmp_path, files)
    for title, file in (("Ours", "site.toml"), ("Zola", "zola.toml"), ("Old", "config.toml")):
        build_site(root)
        assert f"<title>{title}</title>" in published(root, "index.html")
        (root / file).unlink()


def test_what_zola_passes_over_is_a_warning(tmp_path: Path) -> None:
    """A theme that was not checked out, terms at the top level in whatever form."""
    files = {
        "zola.toml": f'{ZOLA}theme = "gone"\ntaxonomies = [{{ name = "tags" }}]\n',
        "content/a.md": "---\ntags: one\n---\n",
        "content/b.md": "+++\ntags = [1, 2]\n+++\n",
    }
    root = write_site(tmp_path, files)
    (root / "site.toml").unlink()
    report, _ = build_site(root)
    assert severities(report.problems) == ["warning", "warning", "warning"]
    assert urls(root) == ["a/index.html", "b/index.html"]


def test_older_names_of_keys(tmp_path: Path) -> None:
    config = f'{ZOLA}generate_feed = true\nfeed_filename = "rss.xml"\n'
    problems = publish(tmp_path, {"site.toml": config, "content/a.md": page("date = 2026-01-01")})
    assert severities(problems) == ["notice", "notice"]
    assert "<guid>https://example.org/a/</guid>" in published(tmp_path, "rss.xml")
    assert not (tmp_path / "public/atom.xml").exists()


def test_languages_as_zola_once_listed_them(tmp_path: Path) -> None:
    """They have the site's title and the names of its feeds, their words in `[translations]`."""
    files = {
        "config.toml": (
            f'{ZOLA}title = "T"\nfeed_filename = "rss.xml"\nbuild_search_index = true\n'
            'languages = [{ code = "ko", feed = true, search = false }, { code = "de" }]\n'
            'taxonomies = [{ name = "tags" }, { name = "tags", lang = "ko", feed = true }]\n'
            '[translations]\nplain = "?"\n'
            '[translations.en]\nhi = "Hi"\n[translations.ko]\nhi = "안녕"\n'
        ),
        "content/2026-01-01_a.md": page(),
        "content/2026-01-01_a.ko.md": page('title = "가"\n[taxonomies]\ntags = ["One"]'),
        "templates/page.html": (
            "{{ trans(key='hi') }}{% if lang == 'en' %}{{ trans(key='plain') }}{% endif %}"
        ),
    }
    root = write_site(tmp_path, files)
    (root / "site.toml").unlink()
    report, _ = build_site(root)
    assert severities(report.problems) == ["notice"]
    assert "<title>T</title>" in published(root, "ko/rss.xml")
    assert "<guid>https://example.org/ko/a/</guid>" in published(root, "ko/tags/one/rss.xml")
    assert published(root, "a/index.html") == "Hi?"
    assert published(root, "ko/a/index.html") == "안녕"
    there = {"search_index.en.js", "search_index.ko.js", "rss.xml", "de/rss.xml"}
    assert there & set(tree(root / "public")) == {"search_index.en.js"}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('{ code = "x1" }', "`x1` is no code"),
        ('{ code = "de" }, { code = "de" }', "two languages `de`"),
        ("{ feed = true }", "`` is no code"),
        ('{ code = "de", titel = "x" }', "`titel` is not a key of a language"),
    ],
)
def test_a_list_of_languages_with_a_mistake(entry: str, said: str, tmp_path: Path) -> None:
    config = f"{ZOLA}languages = [{entry}]\n"
    [problem] = publish(tmp_path, {"site.toml": config})
    assert problem.message == said
    assert problem.span is not None
    assert problem.span.line == 2


def test_an_address_without_a_protocol(tmp_path: Path) -> None:
    files = {
        "site.toml": 'base_url = "//example.org/~ann"\ngenerate_feeds = true\n',
        "content/a.md": page("date = 2026-01-01", "[b](@/b.md)"),
        "content/b.md": page(),
    }
    assert publish(tmp_path, files) == ()
    assert "<id>//example.org/~ann/a/</id>" in published(tmp_path, "atom.xml")
    assert 'href="/~ann/b/"' in published(tmp_path, "a/index.html")


def test_an_unknown_key_of_a_section_stops_no_zola_site(tmp_path: Path) -> None:
    files = {"zola.toml": ZOLA, "content/_index.md": page('sorted_by = "date"')}
    root = write_site(tmp_path, files)
    (root / "site.toml").unlink()
    report, _ = build_site(root)
    assert [(p.severity, p.help) for p in report.problems] == [
        ("warning", ("did you mean `sort_by`?",))
    ]


def test_what_concerns_zola_only_is_said_where_it_asks_for_something(tmp_path: Path) -> None:
    config = (
        f"{ZOLA}compile_sass = false\nhard_link_static = false\n[markdown]\nextra_syntaxes = []\n"
    )
    assert publish(tmp_path, {"site.toml": config}) == ()


def test_sass_that_waits_to_be_compiled_is_a_warning(tmp_path: Path) -> None:
    files = {
        "site.toml": f'{ZOLA}compile_sass = true\ntheme = "leaf"\n',
        "sass/site.scss": "a { b: c }",
        "themes/leaf/sass/leaf.scss": "a { b: c }",
    }
    [problem] = publish(tmp_path, files)
    assert problem.severity == "warning"
    assert problem.message == "the Sass files in `sass` and `themes/leaf/sass` are not compiled"


def test_footnotes_of_a_zola_site_stand_where_they_were_written(tmp_path: Path) -> None:
    files = {"zola.toml": ZOLA, "content/a.md": page("", "One[^1].\n\n[^1]: Note.\n\nTwo.")}
    root = write_site(tmp_path, files)
    (root / "site.toml").unlink()
    build_site(root)
    html = published(root, "a/index.html")
    assert html.index("Note.") < html.index("Two.")


def test_the_home_section_may_have_a_feed_of_its_own(tmp_path: Path) -> None:
    files = {
        "content/_index.md": page("generate_feeds = true"),
        "content/a.md": page("date = 2026-01-01"),
        "content/s/_index.md": page(),
        "content/s/b.md": page("date = 2026-01-01"),
    }
    assert publish(tmp_path, files) == ()
    assert "https://example.org/a/" in published(tmp_path, "atom.xml")
    assert "https://example.org/s/b/" not in published(tmp_path, "atom.xml")


# --- themes and static files --------------------------------------------------------------------


def test_a_theme_brings_files_and_keys(tmp_path: Path) -> None:
    files = {
        "site.toml": f'{ZOLA}theme = "leaf"\n[extra]\na = "own"\n[extra.deep]\nx = 1\n',
        "themes/leaf/theme.toml": (
            'name = "leaf"\n[extra]\na = "theirs"\nb = "theirs"\n[extra.deep]\nx = 2\ny = 2\n'
        ),
        "themes/leaf/static/leaf.css": "leaf",
        "themes/leaf/static/both.css": "leaf",
        "static/both.css": "own",
        "templates/index.html": (
            "{{ config.extra.a }} {{ config.extra.b }} {{ config.extra.deep | json_encode | safe }}"
        ),
    }
    assert publish(tmp_path, files) == ()
    assert published(tmp_path, "leaf.css") == "leaf"
    assert published(tmp_path, "both.css") == "own"
    assert published(tmp_path, "index.html") == 'own theirs {"x":1,"y":2}'


def test_a_theme_that_is_not_there(tmp_path: Path) -> None:
    [problem] = publish(tmp_path, {"site.toml": f'{ZOLA}theme = "leaf"\n'})
    assert problem.message == "there is no folder `themes/leaf`"


@pytest.mark.parametrize("name", ["robots.txt", "404.html", "sitemap.xml"])
def test_a_static_file_comes_before_what_is_generated(name: str, tmp_path: Path) -> None:
    assert severities(publish(tmp_path, {f"static/{name}": "mine"})) == ["notice"]
    assert published(tmp_path, name) == "mine"


def test_ignored_files(tmp_path: Path) -> None:
    config = (
        f'{ZOLA}ignored_content = ["*.{{psd,xcf}}", "**/drafts", "notes/*.md"]\n'
        'ignored_static = ["*.map", "raw/**"]\n'
    )
    files = {
        "site.toml": config,
        "content/a/index.md": page(),
        "content/a/x.psd": "x",
        "content/a/x.txt": "x",
        "content/b/drafts/c.md": "no front matter",
        "content/notes/d.md": "no front matter",
        "static/app.js": "x",
        "static/app.js.map": "x",
        "static/raw/y": "x",
    }
    assert publish(tmp_path, files) == ()
    found = [path for path, text in tree(tmp_path / "public").items() if text == b"x"]
    assert found == ["a/x.txt", "app.js"]


@pytest.mark.parametrize("glob", ["a{b", "[z-a]"])
def test_a_pattern_that_is_none(glob: str, tmp_path: Path) -> None:
    [problem] = publish(tmp_path, {"site.toml": f'{ZOLA}ignored_static = ["{glob}"]'})
    assert problem.message.startswith(f"`{glob}` is no pattern")


def test_dot_files_of_the_output_folder(tmp_path: Path) -> None:
    files = {"site.toml": f"{ZOLA}preserve_dotfiles_in_output = true\n"}
    publish(tmp_path, files)
    (tmp_path / "public/.nojekyll").write_text("keep")
    (tmp_path / "public/plain.txt").write_text("goes")
    assert publish(tmp_path, files) == ()
    assert published(tmp_path, ".nojekyll") == "keep"
    assert not (tmp_path / "public/plain.txt").exists()
    publish(tmp_path, {"site.toml": ZOLA})
    assert not (tmp_path / "public/.nojekyll").exists()


# --- names of files -----------------------------------------------------------------------------

NAMES = [
    ("2026-01-31-name.md", "/name/", "2026-01-31"),
    ("2026-01-31_name.md", "/name/", "2026-01-31"),
    ("2026-01-31 - name.md", "/name/", "2026-01-31"),
    ("2026-01-31T15:00:00Z-name.md", "/name/", "2026-01-31"),
    ("2026-01-31.md", "/2026-01-31/", "2026-01-31"),
    ("2026-13-31-name.md", "/2026-13-31-name/", ""),
    ("2026-02-30-name.md", "/2026-02-30-name/", ""),
    ("2026-01-31-name/index.md", "/name/", "2026-01-31"),
    ("My Notes/A Name.md", "/My Notes/a-name/", ""),
    ("Über/Größe.md", "/Über/grosse/", ""),
    ("日本.md", "/ri-ben/", ""),
]


@pytest.mark.parametrize(("name", "url", "date"), NAMES, ids=[name for name, _, _ in NAMES])
def test_a_file_name_says_date_and_address(name: str, url: str, date: str, tmp_path: Path) -> None:
    template = "{{ page.path }} {{ page.date.date() if page.date }}"
    publish(tmp_path, {f"content/{name}": page(), "templates/page.html": template})
    assert published(tmp_path, f"{url[1:]}index.html") == f"{url} {date}"


def test_dates_in_names_may_be_kept(tmp_path: Path) -> None:
    config = f"{ZOLA}[slugify]\npaths_keep_dates = true\n"
    publish(tmp_path, {"site.toml": config, "content/2026-01-31_a b.md": page()})
    assert urls(tmp_path) == ["2026-01-31-a-b/index.html", "archive/index.html"]


def test_front_matter_beats_the_name(tmp_path: Path) -> None:
    files = {
        "content/2026-01-31-a.md": page("date = 2020-05-06"),
        "content/s/b.md": page('slug = "Its Slug"'),
        "content/s/c.md": page('slug = "unused"\npath = "/Some/Where/"'),
        "templates/page.html": "{{ page.year }} {{ page.month }} {{ page.day }} {{ page.slug }}",
    }
    publish(tmp_path, files)
    assert published(tmp_path, "a/index.html") == "2020 5 6 a"
    assert published(tmp_path, "Some/Where/index.html").endswith(" unused")
    assert urls(tmp_path) == [
        "Some/Where/index.html",
        "a/index.html",
        "archive/index.html",
        "s/its-slug/index.html",
    ]


# --- front matter -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: T\ndate: 2026-01-31\nextra:\n  x: [1, 2]\ntaxonomies:\n  tags: [a]\n---\nB",
        "\ufeff---\r\ntitle: T\r\ndate: 2026-01-31\r\nextra: {x: [1, 2]}\r\n"
        "taxonomies: {tags: [a]}\r\n---\r\nB\r\n",
        "\n\n+++\ntitle = 'T'\ndate = '2026-01-31'\nextra.x = [1, 2]\n"
        "taxonomies.tags = ['a']\n+++\nB",
        "+++\r\ntitle = 'T'\r\ndate = 2026-01-31T00:00:00\r\nextra = {x = [1, 2]}\r\n"
        "[taxonomies]\r\ntags = ['a']\r\n+++",
    ],
    ids=[
        "YAML",
        "YAML with a mark and Windows line ends",
        "blank lines before",
        "Windows, no body",
    ],
)
def test_every_way_to_write_front_matter(text: str, tmp_path: Path) -> None:
    template = (
        "{{ page.title }} {{ page.date | rfc3339 }} {{ page.extra.x }} {{ page.taxonomies.tags }}"
    )
    problems = publish(tmp_path, {"content/a.md": text, "templates/page.html": template})
    assert problems == ()
    assert published(tmp_path, "a/index.html") == "T 2026-01-31T00:00:00Z [1, 2] [a]"


YAML = [
    ("title: [a", "not valid YAML", 2),
    ("title: a\n\tb: c", "not valid YAML", 3),
    ("title: 1", "`title` must be a string, but is a number", 2),
    ("- a\n- b", "this YAML is no list of keys and values", 2),
    ("titel: a", "`titel` is not a key of a page", 2),
    ("a: &x\n  - *x", "", 2),
    ("x: !!python/object:os.system a", "not valid YAML", 2),
]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2020-1-5", "2020-01-05T00:00:00Z"),
        ("2020-12-5 2:59:43.1Z", "2020-12-05T02:59:43Z"),
        ("2020-1-15 12:00:00 -0500", "2020-01-15T12:00:00-05:00"),
    ],
)
def test_dates_of_fewer_digits(written: str, day: str, tmp_path: Path) -> None:
    config = f"{ZOLA}generate_feeds = true\n"
    files = {"site.toml": config, "content/a.md": f"---\ntitle: A\ndate: {written}\n---\n"}
    assert publish(tmp_path, files) == ()
    assert f"<published>{day}</published>" in published(tmp_path, "atom.xml")


@pytest.mark.parametrize(("front", "message", "line"), YAML)
def test_mistakes_in_yaml_have_their_place(
    front: str, message: str, line: int, tmp_path: Path
) -> None:
    problems = publish(tmp_path, {"content/a.md": f"---\n{front}\n---\n"})
    assert problems
    found = problems[0]
    assert message in found.message
    assert found.span is not None
    assert (found.span.path, found.span.line) == ("content/a.md", line)


def test_a_short_yaml_text_cannot_stand_for_a_long_one(tmp_path: Path) -> None:
    """Ten lines that stand for ten to the ninth values, were each alias written out."""
    lines = ["  l0: &l0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"  l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]" for n in range(1, 10)]
    text = "---\nextra:\n" + "\n".join(lines) + "\n---\n"
    [problem] = publish(tmp_path, {"content/a.md": text})
    assert problem.severity == "fatal"
    assert problem.message == "what aliases stand for here is more than 100,000 values"
    assert problem.span is not None
    assert problem.span.line == 7


def test_an_alias_repeats_its_values(tmp_path: Path) -> None:
    text = "---\nextra:\n  a: &a [x, y]\n  b: [*a, *a]\n---\n"
    files = {"content/a.md": text, "templates/page.html": "{{ page.extra.b }}"}
    assert publish(tmp_path, files) == ()
    assert published(tmp_path, "a/index.html") == "[[x, y], [x, y]]"


@pytest.mark.parametrize("name", ["index.md", "index.pt.md"])
def test_the_content_folder_is_no_bundle(name: str, tmp_path: Path) -> None:
    config = f"{ZOLA}[languages.pt]\n"
    [problem] = publish(tmp_path, {"site.toml": config, f"content/{name}": page()})
    assert (problem.severity, problem.message) == ("fatal", "`content/` itself cannot be a page")


def test_a_bundle_and_a_section_in_one_folder(tmp_path: Path) -> None:
    files = {"content/s/index.md": page(), "content/s/_index.md": page()}
    [problem] = publish(tmp_path, files)
    assert problem.severity == "fatal"
    assert all(name in problem.message for name in files)


def test_a_yaml_key_without_a_value_is_absent(tmp_path: Path) -> None:
    front = "title:\ndescription: ~\ntaxonomies:\n  tags:\ndraft: no"
    assert publish(tmp_path, {"content/a.md": f"---\n{front}\n---\n"}) == ()
    assert urls(tmp_path) == ["a/index.html"]


def test_a_summary_ends_at_the_comment(tmp_path: Path) -> None:
    body = "One *two*.\n\n<!-- more -->\n\n## Three\n"
    files = {
        "content/a.md": page("", body),
        "content/b.md": page("", "None here."),
        "templates/page.html": "{{ page.summary }}|{{ page.content }}",
    }
    publish(tmp_path, files)
    text = published(tmp_path, "a/index.html")
    assert text.startswith("<p>One <em>two</em>.</p>\n|<p>One")
    assert '<span id="continue-reading"></span>' in text
    assert published(tmp_path, "b/index.html").startswith("|")


@pytest.mark.parametrize(
    ("body", "summary"),
    [
        ("> quoted\n> <!-- more -->\n> on\n", "<blockquote>\n<p>quoted</p>\n</blockquote>"),
        ("- a\n\n  <!-- more -->\n- b\n", "<ul>\n<li>\n<p>a</p>\n</li></ul>"),
        ("One <!-- more --> two.\n", "<p>One </p>"),
        ("Note[^1].\n\n<!--more-->\n\n[^1]: N\n", "<p>Note.</p>\n"),
        ("## A heading\n\n<!-- more -->\n", "<h2>A heading</h2>\n"),
    ],
)
def test_a_summary_is_whole_by_itself(body: str, summary: str, tmp_path: Path) -> None:
    publish(tmp_path, {"content/a.md": page("", body), "templates/page.html": "{{ page.summary }}"})
    assert published(tmp_path, "a/index.html") == summary


def test_internal_links_in_a_summary_lead_somewhere(tmp_path: Path) -> None:
    files = {
        "content/a.md": page("", "[b](@/b.md)\n\n<!-- more -->\n"),
        "content/b.md": page(),
        "templates/page.html": "{{ page.summary }}",
    }
    publish(tmp_path, files)
    assert published(tmp_path, "a/index.html") == '<p><a href="/b/">b</a></p>\n'


def test_aliases_lead_to_their_page(tmp_path: Path) -> None:
    files = {
        "content/a.md": page('aliases = ["old", "/older/place/", "x/page.html"]'),
        "content/s/_index.md": page('aliases = ["s-old"]'),
    }
    assert publish(tmp_path, files) == ()
    for path in ("old/index.html", "older/place/index.html", "x/page.html"):
        assert "url=https://example.org/a/" in published(tmp_path, path)
    assert "url=https://example.org/s/" in published(tmp_path, "s-old/index.html")


@pytest.mark.parametrize(
    ("target", "url"),
    [
        ("docs/start", "https://example.org/docs/start/"),
        ("/docs/start/", "https://example.org/docs/start/"),
        ("https://elsewhere.example/x", "https://elsewhere.example/x"),
    ],
)
def test_a_section_that_redirects(target: str, url: str, tmp_path: Path) -> None:
    publish(tmp_path, {"content/s/_index.md": page(f'redirect_to = "{target}"')})
    assert f'content="0; url={url}"' in published(tmp_path, "s/index.html")
    assert "/s/<" not in published(tmp_path, "sitemap.xml")


def test_a_redirect_is_no_script(tmp_path: Path) -> None:
    front = 'redirect_to = "javascript:alert(1)"'
    assert exit_status(publish(tmp_path, {"content/s/_index.md": page(front)})) == 2


def test_what_is_not_rendered_has_no_page_and_no_place_in_its_section(tmp_path: Path) -> None:
    files = {
        "content/s/_index.md": page("render = false"),
        "content/s/a.md": page('title = "Seen"'),
        "content/t/_index.md": page(),
        "content/t/b.md": page('title = "Unseen"\nrender = false'),
    }
    publish(tmp_path, files)
    assert urls(tmp_path) == ["s/a/index.html", "t/index.html"]
    assert "Unseen" not in published(tmp_path, "t/index.html")


def test_what_is_not_rendered_makes_no_term(tmp_path: Path) -> None:
    front = 'render = false\n[taxonomies]\ntags = ["Alone"]'
    assert publish(tmp_path, {"content/a.md": page(front)}) == ()
    assert not (tmp_path / "public/tags/alone").exists()


HIDDEN = {
    "site.toml": (
        f"{ZOLA}generate_feeds = true\nbuild_search_index = true\n"
        'taxonomies = [{ name = "tags", feed = true }]\n'
    ),
    "content/_index.md": page('sort_by = "date"'),
    "content/seen.md": page('date = 2026-01-01\ntitle = "Seen"\n[taxonomies]\ntags = ["x"]'),
    "content/away.md": page(
        'date = 2026-01-02\ntitle = "Away"\nhidden = true\n[taxonomies]\ntags = ["x", "y"]'
    ),
    "content/attic/_index.md": page('title = "Attic"\nhidden = true\nsort_by = "date"'),
    "content/attic/old.md": page('date = 2026-01-03\ntitle = "Old"'),
    "content/attic/found.md": page('date = 2026-01-04\ntitle = "Found"\nhidden = false'),
    "content/attic/box/_index.md": page('title = "Box"'),
    "content/attic/box/deep.md": page('date = 2026-01-05\ntitle = "Deep"'),
}


def test_what_is_hidden_has_its_address_and_is_named_nowhere(tmp_path: Path) -> None:
    """A section hides what lies below it too, unless that says otherwise; as in Zola 0.23."""
    assert publish(tmp_path, HIDDEN) == ()
    assert {"away/index.html", "attic/old/index.html", "attic/box/deep/index.html"} <= set(
        urls(tmp_path)
    )
    assert not (tmp_path / "public/tags/y").exists()
    named = ["atom.xml", "sitemap.xml", "index.html", "tags/x/index.html", "attic/index.html"]
    text = "".join(published(tmp_path, name) for name in named)
    text += "".join(file.read_text() for file in (tmp_path / "public").glob("search*/**/*.json"))
    for name in ("away/", "attic/old", "attic/box"):
        assert name not in text
    for name in ("seen/", "attic/found/"):
        assert f"https://example.org/{name}" in published(tmp_path, "atom.xml")
        assert f"https://example.org/{name}" in published(tmp_path, "sitemap.xml")


def test_a_page_that_no_feed_has(tmp_path: Path) -> None:
    files = {
        **HIDDEN,
        "content/seen.md": HIDDEN["content/seen.md"].replace(
            "\ndate", "\ninclude_in_feeds = false\ndate"
        ),
    }
    assert publish(tmp_path, files) == ()
    assert "seen" not in published(tmp_path, "atom.xml") + published(tmp_path, "tags/x/atom.xml")
    assert "seen/" in published(tmp_path, "sitemap.xml")
    assert "Seen" in published(tmp_path, "index.html")


def test_a_transparent_section_gives_its_pages_to_the_one_above(tmp_path: Path) -> None:
    files = {
        "content/posts/_index.md": page('sort_by = "date"'),
        "content/posts/2025/_index.md": page('transparent = true\nsort_by = "date"'),
        "content/posts/2025/a.md": page("date = 2025-01-01"),
        "content/posts/2025/deep/_index.md": page('transparent = true\nsort_by = "date"'),
        "content/posts/2025/deep/b.md": page("date = 2025-02-01"),
        "content/posts/c.md": page("date = 2026-01-01"),
        "templates/section.html": "{% for page in section.pages %}{{ page.slug }} {% endfor %}",
        "templates/page.html": (
            "{{ page.ancestors | join(' ') }} | "
            "{{ page.lower.slug if page.lower }} {{ page.higher.slug if page.higher }}"
        ),
    }
    assert publish(tmp_path, files) == ()
    assert published(tmp_path, "posts/index.html") == "c b a "
    assert published(tmp_path, "posts/2025/index.html") == "b a "
    assert published(tmp_path, "posts/2025/deep/b/index.html") == "_index.md posts/_index.md | c a"
    assert published(tmp_path, "posts/c/index.html") == "_index.md posts/_index.md |  b"


def test_what_templates_see_of_a_page_and_a_section(tmp_path: Path) -> None:
    files = {
        "content/a/_index.md": page(),
        "content/a/chart.txt": "x",
        "content/a/b/_index.md": page(),
        "content/a/b/2026-01-31_c d/index.md": page(),
        "content/a/b/2026-01-31_c d/X.txt": "x",
        "content/a/b/2026-01-31_c d/e/y.txt": "y",
        "templates/page.html": (
            "{{ page.components | join(',') }} {{ page.relative_path }} {{ page.colocated_path }} "
            "{{ page.assets | join(',') }} {{ page.ancestors | join(',') }}"
        ),
        "templates/section.html": (
            "{{ section.components | join(',') }} {{ section.relative_path }} "
            "{{ section.assets | join(',') }} {{ section.subsections | join(',') }} "
            "{{ section.ancestors | join(',') }}"
        ),
    }
    assert publish(tmp_path, files) == ()
    assert published(tmp_path, "a/b/c-d/index.html") == (
        "a,b,c-d a/b/2026-01-31_c d/index.md a/b/2026-01-31_c d/ "
        "/a/b/2026-01-31_c d/e/y.txt,/a/b/2026-01-31_c d/X.txt _index.md,a/_index.md,a/b/_index.md"
    )
    assert published(tmp_path, "a/index.html") == (
        "a a/_index.md /a/chart.txt a/b/_index.md _index.md"
    )
    assert published(tmp_path, "a/b/c-d/e/y.txt") == "y"


def test_pages_know_who_links_to_them(tmp_path: Path) -> None:
    files = {
        "content/a.md": page('title = "A"', "[b](@/b.md) and [b](@/b.md#x)"),
        "content/b.md": page("", "## X"),
        "templates/page.html": (
            "{% for link in page.backlinks %}{{ link.title }} {{ link.permalink }}{% endfor %}"
        ),
    }
    publish(tmp_path, files)
    assert published(tmp_path, "b/index.html") == "A https://example.org/a/"
    assert published(tmp_path, "a/index.html") == ""


ORDERS = {
    "date": "2 1 3",
    "update_date": "3 2 1",
    "weight": "3 1 2",
    "title": "3 1 2",
    "title_bytes": "2 1 3",
    "slug": "1 2 3",
    "permalink": "1 2 3",
    "none": "1 2 3",
}


@pytest.mark.parametrize("order", ORDERS)
def test_every_order(order: str, tmp_path: Path) -> None:
    files = {
        "content/s/_index.md": page(f'sort_by = "{order}"'),
        "content/s/1.md": page('title = "b"\ndate = 2026-01-02\nweight = 2'),
        "content/s/2.md": page('title = "Z"\ndate = 2026-01-03\nweight = 3'),
        "content/s/3.md": page('title = "Äa"\ndate = 2026-01-01\nupdated = 2026-02-01\nweight = 1'),
        "templates/section.html": "{% for page in section.pages %}{{ page.slug }} {% endfor %}",
    }
    assert publish(tmp_path, files) == ()
    assert published(tmp_path, "s/index.html").strip() == ORDERS[order]


def test_titles_are_in_the_order_in_which_zola_has_them(tmp_path: Path) -> None:
    words = "åland bagel BART μ-kernel meter métro microkernel Österrike track_1 track_3 track_13"
    titles = words.split()
    files = {
        f"content/s/{place:02}.md": page(f'title = "{title}"')
        for place, title in enumerate(reversed(titles))
    }
    files |= {
        "content/s/_index.md": page('sort_by = "title"'),
        "templates/section.html": "{% for page in section.pages %}{{ page.title }} {% endfor %}",
    }
    publish(tmp_path, files)
    assert published(tmp_path, "s/index.html").split() == titles


def test_slugs_are_ordered_by_the_numbers_in_them(tmp_path: Path) -> None:
    files = {f"content/s/part-{n}.md": page() for n in (1, 2, 10)}
    files |= {
        "content/s/_index.md": page('sort_by = "slug"'),
        "templates/section.html": "{% for page in section.pages %}{{ page.slug }} {% endfor %}",
    }
    publish(tmp_path, files)
    assert published(tmp_path, "s/index.html").split() == ["part-1", "part-2", "part-10"]


# --- posts of the future ------------------------------------------------------------------------


def test_posts_of_the_future_are_published_unless_they_are_held(tmp_path: Path) -> None:
    files = {
        "content/now.md": page("date = 2026-01-31"),
        "content/soon.md": page("date = 2026-02-01T00:30:00+02:00"),
        "content/later.md": page("date = 2026-03-01"),
    }
    root = write_site(tmp_path, files)
    build_site(root)
    assert (root / "public/later").exists()
    write_site(root, {"site.toml": f"{ZOLA}hold_future = true\n"})
    report = held(root, "2026-01-31")
    assert sorted(path.name for path in (root / "public").iterdir() if path.is_dir()) == [
        "archive",
        "now",
        "soon",
    ]
    assert report == ("1 post is held back until 2026-03-01",)
    report = held(root, "2026-01-30")
    assert report == (
        "3 posts are held back, the next until 2026-01-31, the last until 2026-03-01",
    )
    report = held(root, "2026-03-01")
    assert report == ()


def held(root: Path, day: str) -> tuple[str, ...]:
    """The advice of a build on a day."""
    epoch = int(dt.datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp())
    caller = Caller({"SOURCE_DATE_EPOCH": str(epoch)}, sys.executable)
    return build(root, Options(mode="no-exec"), caller, lambda event: None).advice


# --- terms --------------------------------------------------------------------------------------


def test_a_taxonomy_may_have_templates_of_its_own(tmp_path: Path) -> None:
    files = {
        "content/a.md": page('[taxonomies]\ntags = ["x"]\ncategories = ["y"]'),
        "templates/tags/list.html": "tags: {% for term in terms %}{{ term.name }}{% endfor %}",
        "templates/tags/single.html": "tag {{ term.name }} {{ taxonomy.name }} {{ term.path }}",
        "templates/taxonomy_single.html": "any {{ term.name }}",
    }
    publish(tmp_path, files)
    assert published(tmp_path, "tags/index.html") == "tags: x"
    assert published(tmp_path, "tags/x/index.html") == "tag x tags /tags/x/"
    assert published(tmp_path, "categories/y/index.html") == "any y"


def test_terms_in_levels(tmp_path: Path) -> None:
    config = f'{ZOLA}taxonomies = [{{ name = "categories", hierarchical = true }}]\n'
    files = {
        "site.toml": config,
        "content/a.md": page('[taxonomies]\ncategories = ["DEV/BIN"]'),
        "content/b.md": page('[taxonomies]\ncategories = ["DEV"]'),
        "content/c.md": page('[taxonomies]\ncategories = ["DEV/Web/CSS", "DEV/BIN"]'),
        "templates/taxonomy_single.html": (
            "{{ term.name }}: {% for page in term.pages %}{{ page.slug }} {% endfor %}"
        ),
    }
    assert publish(tmp_path, files) == ()
    assert published(tmp_path, "categories/dev/index.html") == "DEV: a b c "
    assert published(tmp_path, "categories/dev/bin/index.html") == "DEV/BIN: a c "
    assert published(tmp_path, "categories/dev/web/index.html") == "DEV/Web: c "
    assert "url=https://example.org/categories/dev/bin/" in published(
        tmp_path, "categories/dev-bin/index.html"
    )


def test_a_series_is_read_from_its_beginning(tmp_path: Path) -> None:
    config = f'{ZOLA}taxonomies = [{{ name = "series" }}]\n'
    files = {
        f"content/{n}.md": page(
            f'title = "P{n}"\ndate = 2026-01-0{n}\n[taxonomies]\nseries = ["S"]'
        )
        for n in (1, 2, 3)
    }
    template = (
        "{{ page.series.name }} {{ page.series.position }}/{{ page.series.all | length }} "
        "{{ page.series.previous.title if page.series.previous }} "
        "{{ page.series.next.title if page.series.next }} {{ page.series.permalink }}"
    )
    publish(tmp_path / "a", {"site.toml": config, **files, "templates/page.html": template})
    where = "https://example.org/series/s/"
    assert published(tmp_path / "a", "1/index.html") == f"S 1/3  P2 {where}"
    assert published(tmp_path / "a", "2/index.html") == f"S 2/3 P1 P3 {where}"
    assert published(tmp_path / "a", "3/index.html") == f"S 3/3 P2  {where}"
    publish(tmp_path / "b", {"site.toml": config, **files})
    assert "Part 2 of 3 in S" in published(tmp_path / "b", "2/index.html")


def test_a_term_that_can_have_no_address_is_left_out_and_said(tmp_path: Path) -> None:
    [problem] = publish(tmp_path, {"content/a.md": page('[taxonomies]\ntags = ["!?", "ok"]')})
    assert (problem.severity, problem.span and problem.span.line) == ("warning", 3)
    assert [path for path in urls(tmp_path) if path.startswith("tags/")] == ["tags/ok/index.html"]


@pytest.mark.parametrize(
    ("mode", "paths"),
    [
        ("on", ["tags/c/index.html", "tags/dev-bin/index.html", "tags/ri-ben/index.html"]),
        ("safe", ["tags/C++/index.html", "tags/DEVBIN/index.html", "tags/日本/index.html"]),
        ("off", ["tags/C++/index.html", "tags/DEV/BIN/index.html", "tags/日本/index.html"]),
    ],
)
def test_terms_in_the_three_modes(mode: str, paths: list[str], tmp_path: Path) -> None:
    config = f'{ZOLA}taxonomies = [{{ name = "tags" }}]\n[slugify]\ntaxonomies = "{mode}"\n'
    text = page('[taxonomies]\ntags = ["C++", "DEV/BIN", "日本"]')
    assert publish(tmp_path, {"site.toml": config, "content/a.md": text}) == ()
    assert [path for path in urls(tmp_path) if path.startswith("tags/")] == paths


def test_a_theme_for_an_older_zola_finds_the_feed(tmp_path: Path) -> None:
    text = "{% if config.generate_feed %}{{ config.feed_filename }}{% endif %}"
    files = {
        "config.toml": f"{ZOLA}generate_feed = true\nfeed_filename = 'rss.xml'\n",
        "templates/page.html": text,
        "content/a.md": page('title = "A"'),
    }
    root = write_site(tmp_path, files)
    (root / "site.toml").unlink()
    report, _ = build_site(root)
    assert severities(report.problems) == ["notice", "notice"]
    assert published(root, "a/index.html") == "rss.xml"

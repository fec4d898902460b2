"""Templates of a site over the built-in ones, and an author's mistakes in them."""

# ruff: noqa: E501 (templates on one line)

from __future__ import annotations

import datetime as dt
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import html5lib
import pytest

from sitegen.base.address import local_reference
from sitegen.base.errors import Problem, SiteError, render_problem
from sitegen.model import Site, SiteConfig
from sitegen.render.functions import Outside
from sitegen.render.library import open_library
from sitegen.render.shelf import Bodies, Shelf
from sitegen.render.templates import Templates
from tests.tiny import SITE, page, publish, published, write_site

A = {"content/a.md": page('title = "A"')}
HOSTILE = "</title><script>alert('1')</script>\"' onload=x {{ 7 * 7 }} {% raw %}&amp;"


def build(root: Path, files: dict[str, str]) -> None:
    assert publish(root, {**A, **files}) == ()


def problem(root: Path, files: dict[str, str | bytes]) -> Problem:
    [found] = publish(root, {**A, **files})
    assert (found.severity, found.code) == ("fatal", "template")
    assert not (root / "public").exists()
    return found


# --- overriding -----------------------------------------------------------------------------


def test_a_template_replaces_the_built_in_one(tmp_path: Path) -> None:
    build(tmp_path, {"templates/page.html": "{{ page.title }}!"})
    assert published(tmp_path, "a/index.html") == "A!"


def test_a_template_extends_the_built_in_one_of_its_name(tmp_path: Path) -> None:
    own = '{% extends "page.html" %}{% block heading %}<h1>Mine</h1>{{ super() }}{% endblock %}'
    build(tmp_path, {"templates/page.html": own})
    html = published(tmp_path, "a/index.html")
    assert "<h1>Mine</h1>" in html
    assert "<h1>A</h1>" in html


def test_an_own_base_extends_the_built_in_base_under_built_in_pages(tmp_path: Path) -> None:
    own = '{% extends "base.html" %}{% block footer %}<footer>Mine</footer>{% endblock %}'
    build(tmp_path, {"templates/base.html": own})
    for path in ("a/index.html", "index.html", "404.html", "tags/index.html"):
        html = published(tmp_path, path)
        assert "<footer>Mine</footer>" in html
        assert "Set by sitegen" not in html


def test_a_template_of_another_name_extends_the_sites_own(tmp_path: Path) -> None:
    build(
        tmp_path,
        {
            "content/a.md": page('template = "sub/note.html"'),
            "templates/sub/note.html": '{% extends "page.html" %}{% block x %}note{% endblock %}',
            "templates/page.html": "own {% block x %}{% endblock %}",
        },
    )
    assert published(tmp_path, "a/index.html") == "own note"


def test_an_own_macro_file_is_used_by_built_in_templates(tmp_path: Path) -> None:
    own = "{% macro terms(page) %}{% endmacro %}{% macro page_list(pages) %}MINE{% endmacro %}"
    build(tmp_path, {"templates/page_list.html": own, "content/a.md": page("date = 2026-01-01")})
    assert "MINE" in published(tmp_path, "index.html")


@pytest.mark.parametrize("hook", ["head.html", "post-end.html", "comments.html"])
def test_hooks(hook: str, tmp_path: Path) -> None:
    build(tmp_path, {f"templates/{hook}": "<!-- {{ config.title }} {{ current_path }} -->"})
    html = published(tmp_path, "a/index.html")
    assert "<!-- Tiny /a/ -->" in html
    assert (html.index("<!-- Tiny") < html.index("</head>")) == (hook == "head.html")


def test_a_hook_can_include_the_built_in_one(tmp_path: Path) -> None:
    build(tmp_path, {"templates/head.html": 'a{% include "head.html" %}b'})
    assert "ab</head>" in published(tmp_path, "a/index.html").replace("\n", "")


def test_every_template_can_be_extended_and_nothing_changes(tmp_path: Path) -> None:
    names = ["base", "page", "section", "index", "404", "taxonomy_list", "taxonomy_single"]
    files = {"content/s/_index.md": page(), "content/a.md": page('[taxonomies]\ntags = ["x"]')}
    build(tmp_path / "plain", files)
    own = {f"templates/{name}.html": f'{{% extends "{name}.html" %}}' for name in names}
    build(tmp_path / "own", {**files, **own})
    plain = sorted((tmp_path / "plain" / "public").rglob("*.html"))
    assert len(plain) == 7
    for path in plain:
        relative = path.relative_to(tmp_path / "plain")
        assert (tmp_path / "own" / relative).read_bytes() == path.read_bytes()


# --- hostile strings ------------------------------------------------------------------------


def test_every_field_of_the_front_matter_is_text_in_every_page(tmp_path: Path) -> None:
    word = json.dumps(HOSTILE)
    front = f"title = {word}\ndescription = {word}\nauthors = [{word}]\ndate = 2026-01-01\n"
    config = SITE.replace('"Tiny"', word) + (
        f"description = {word}\nauthor = {word}\ngenerate_feeds = true\ndefault_language = {word}\n"
    )
    config = config.replace('name = "tags"', 'name = "tags", feed = true')
    publish(
        tmp_path,
        {
            "site.toml": config,
            "content/_index.md": page(f"title = {word}\ndescription = {word}"),
            "content/s/_index.md": page(
                f"title = {word}\ndescription = {word}\ngenerate_feeds = true"
            ),
            "content/s/a.md": page(f"{front}[taxonomies]\ntags = [{word}]", f"# {HOSTILE}"),
            "content/s/b.md": page(front, f"![{HOSTILE}](x.png)\n\n```{HOSTILE}\nx\n```"),
            "content/s/deep/_index.md": page(f"title = {word}"),
        },
    )
    pages = sorted((tmp_path / "public").rglob("*.html"))
    assert len(pages) == 10
    for path in pages:
        tree = html5lib.parse(path.read_text("utf-8"), namespaceHTMLElements=False)
        scripts = [
            element
            for element in tree.findall(".//script")
            if "src" not in element.attrib and element.get("type") != "application/ld+json"
        ]
        own = path.parent.name == "a"  # raw HTML in a heading is the author's own
        assert len(scripts) == (1 if own else 0), path
        assert [e.tag for e in tree.iter() if "onload" in e.attrib] == []
        assert HOSTILE in str(tree.findtext(".//title"))
    feeds = sorted((tmp_path / "public").rglob("*.xml"))
    assert len(feeds) == 4
    for path in feeds:
        ElementTree.parse(path)  # noqa: S314 (our own)


@pytest.mark.parametrize("where", ["title", "description", "authors", "tags", "body"])
def test_a_feed_is_xml_whatever_characters_a_page_has(where: str, tmp_path: Path) -> None:
    values = {
        "title": 'title = "\\u0008"',
        "description": 'description = "\\u0000"',
        "authors": 'authors = ["a\\u001b"]',
        "tags": 'taxonomies.tags = ["a\\u000b"]',
    }
    body = "a\x08b" if where == "body" else "x"
    text = page(f"date = 2026-01-01\n{values.get(where, '')}", body)
    publish(tmp_path, {"site.toml": SITE + "generate_feeds = true", "content/a.md": text})
    ElementTree.parse(tmp_path / "public" / "atom.xml")  # noqa: S314 (our own)
    assert published(tmp_path, "atom.xml").startswith("<?xml")


def test_extra_is_escaped_unless_said_to_be_safe(tmp_path: Path) -> None:
    build(
        tmp_path,
        {
            "content/a.md": page("[extra]\nx = '<b>'"),
            "templates/page.html": "{{ page.extra.x }} {{ page.extra.x | safe }}",
        },
    )
    assert published(tmp_path, "a/index.html") == "&lt;b&gt; <b>"


# --- mistakes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "line", "excerpt", "message"),
    [
        ("a\n{{ nope }}\nb", 2, "{{ nope }}", "'nope' is undefined"),
        ("a\n\n{{ page.extra.nope }}", 3, "{{ page.extra.nope }}", "has no attribute 'nope'"),
        ("{% if %}", 1, "{% if %}", "Expected an expression"),
        ("a\n{% block x %}\nb", 3, "b", "Unexpected end of template"),
        ("a\n{{ 1 | zork }}", 2, "{{ 1 | zork }}", "No filter named 'zork'"),
        ("{% frobnicate %}", 1, "{% frobnicate %}", "unknown tag 'frobnicate'"),
        ("a\n{{ 'x", 2, "{{ 'x", "unexpected char"),
        (
            "a\n{{ get_taxonomy_url(kind='tags', name='zz') }}",
            2,
            "{{ get_taxonomy_url(kind='tags', name='zz') }}",
            "there is no term `zz` in `tags`",
        ),
        ("{% macro m() %}\n{{ x }}\n{% endmacro %}\n{{ m() }}", 2, "{{ x }}", "'x' is undefined"),
    ],
)
def test_a_mistake_is_told_with_template_line_and_page(
    template: str, line: int, excerpt: str, message: str, tmp_path: Path
) -> None:
    found = problem(tmp_path, {"templates/page.html": template})
    assert found.span is not None
    assert (found.span.path, found.span.line) == ("templates/page.html", line)
    assert found.excerpt == excerpt
    assert message in found.message
    assert found.help == ("while rendering content/a.md",)


def test_the_whole_text_of_a_mistake(tmp_path: Path) -> None:
    found = problem(tmp_path, {"templates/page.html": "<p>\n  {{ titel }}\n"})
    assert render_problem(found) == (
        "error[template]: 'titel' is undefined\n"
        " --> templates/page.html:2\n"
        "  |\n"
        "2 |   {{ titel }}\n"
        "  | ^\n"
        "  = while rendering content/a.md"
    )


def test_a_mistake_in_an_included_template_is_told_there(tmp_path: Path) -> None:
    found = problem(tmp_path, {"templates/head.html": "\n\n{{ nope }}"})
    assert found.span is not None
    assert (found.span.path, found.span.line) == ("templates/head.html", 3)


def test_a_missing_template_is_told_with_the_nearest(tmp_path: Path) -> None:
    found = problem(tmp_path, {"content/a.md": page('template = "pge.html"')})
    assert render_problem(found) == (
        "error[template]: there is no template `pge.html`\n"
        " = while rendering content/a.md\n"
        " = did you mean `page.html`?"
    )


def test_the_sites_own_templates_are_suggested_too(tmp_path: Path) -> None:
    files = {"content/a.md": page('template = "recipes.html"'), "templates/recipe.html": ""}
    assert problem(tmp_path, {**files}).help[1] == "did you mean `recipe.html`?"


def test_a_missing_template_unlike_any_is_to_be_written(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"content/a.md": page('template = "zzzzzzzz.xyz"')}
    assert problem(tmp_path, files).help[1] == "write templates/zzzzzzzz.xyz"


@pytest.mark.parametrize("tag", ["extends", "include"])
def test_a_missing_template_is_told_where_it_is_asked_for(tag: str, tmp_path: Path) -> None:
    found = problem(tmp_path, {"templates/page.html": f'\n{{% {tag} "bse.html" %}}'})
    assert found.span is not None
    assert (found.span.path, found.span.line) == ("templates/page.html", 2)


def test_an_unknown_field_is_told_in_the_authors_words(tmp_path: Path) -> None:
    found = problem(tmp_path, {"templates/page.html": "{{ page.titel }}"})
    assert "PageView" not in found.message


def test_a_template_that_includes_itself(tmp_path: Path) -> None:
    files = {
        "content/a.md": page('template = "x.html"'),
        "templates/x.html": "{% include 'x.html' %}",
    }
    assert "sitegen:" not in problem(tmp_path, {**files}).message


@pytest.mark.parametrize(
    ("template", "kind"),
    [
        ("a\n{{ 1 / 0 }}", "ZeroDivisionError"),
        ("a\n{{ page.date | date }}", ""),
        ("a\n{{ 'x' + 1 }}", "TypeError"),
        ("a\n{{ get_url() }}", "TypeError"),
        ("a\n{{ get_taxonomy_url() }}", "TypeError"),
        ("a\n{{ 'x' | date }}", ""),
        ("a\n{% for x in 3 %}{% endfor %}", "TypeError"),
        ("a\n{{ range(3)[7] + 1 }}", ""),
        ("a\n{{ '%d' | format('x') }}", "TypeError"),
        ("a\n{{ [1, 'a'] | sort }}", "TypeError"),
        ("{% macro m() %}\n{{ m() }}{% endmacro %}{{ m() }}", "RecursionError"),
    ],
)
def test_an_error_in_an_expression_is_told_with_its_place(
    template: str, kind: str, tmp_path: Path
) -> None:
    found = problem(tmp_path, {"templates/page.html": template})
    assert found.message.startswith(f"{kind}: " if kind else "")
    assert found.span is not None
    assert (found.span.path, found.span.line) == ("templates/page.html", 2)


def test_mistakes_in_several_templates_are_told_at_once(tmp_path: Path) -> None:
    files = {
        "templates/page.html": "{{ page.titel }}",
        "templates/404.html": "{% if %}",
        "content/a.md": page(),
        "content/b.md": page(),
    }
    found = [problem for problem in publish(tmp_path, files) if problem.code == "template"]
    places = [problem.span.path for problem in found if problem.span is not None]
    assert places == ["templates/404.html", "templates/page.html"]
    assert not (tmp_path / "public").exists()


def test_a_template_that_is_not_utf8(tmp_path: Path) -> None:
    assert problem(tmp_path, {"templates/page.html": b"\xe9"}).message


def test_a_template_outside_of_the_site(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    name = (tmp_path / "secret").as_posix()
    assert problem(tmp_path / "site", {"content/a.md": page(f'template = "{name}"')})


def test_a_template_beside_the_built_in_ones(tmp_path: Path) -> None:
    assert problem(tmp_path, {"content/a.md": page('template = "../static/sitegen.css"')})


def test_the_nearest_known_name_is_told(tmp_path: Path) -> None:
    cases = {
        "{{ curent_url }}": "current_url",
        "{{ page.tilte }}": "title",
        "{{ page.extra.colour }}": "color",
        "{{ get_urll(path='x') }}": "get_url",
        "{{ 'x' | trucnate }}": "truncate",
        "{{ 'x' is startingwith('y') }}": "starting_with",
    }
    for number, (template, meant) in enumerate(cases.items()):
        files: dict[str, str | bytes] = {"templates/page.html": template}
        files["content/a.md"] = page("extra.color = 1")
        assert f"did you mean `{meant}`?" in problem(tmp_path / str(number), files).help


def test_a_name_that_is_not_there_is_false_in_a_condition(tmp_path: Path) -> None:
    unlike = "page.extra.x == 'x' or page.extra.x.y == none and page.extra.z != none"
    template = f"{{% if section or page.extra.x.y or {unlike} %}}a{{% else %}}b{{% endif %}}"
    build(tmp_path, {"templates/page.html": template})
    assert published(tmp_path, "a/index.html") == "b"


def test_a_condition_on_a_field_that_no_page_has_is_a_warning(tmp_path: Path) -> None:
    template = "\n{% if page.titel or page.extra.x or config.generate_rss %}a{% endif %}"
    found = publish(tmp_path, {**A, "templates/page.html": template, "content/b.md": page()})
    assert [(p.severity, p.message, p.help) for p in found] == [
        (
            "warning",
            "a config has no `generate_rss`: this condition is always false",
            ("did you mean `generate_feeds`?",),
        ),
        (
            "warning",
            "a page has no `titel`: this condition is always false",
            ("did you mean `title`?",),
        ),
    ]
    assert found[0].span is not None
    assert (found[0].span.path, found[0].span.line) == ("templates/page.html", 2)
    assert published(tmp_path, "a/index.html") == "\n"


def test_what_is_not_said_is_nothing_as_in_zola(tmp_path: Path) -> None:
    template = "{{ page.description | default(value='d') }} {{ config.author | default(value='a') }} {{ page.title }}."
    files = {"templates/page.html": template, "content/b.md": page("description = 'x'")}
    build(tmp_path, files)
    assert published(tmp_path, "a/index.html") == "d a A."
    assert published(tmp_path, "b/index.html") == "x a ."


# --- three levels ---------------------------------------------------------------------------


def templates_of(root: Path, files: dict[str, str]) -> Templates:
    """The templates of a site whose theme is `t`, without a build."""
    write_site(root, files)
    config = SiteConfig(root=root, base_url="https://example.org", theme="t")
    site = Site(config=config, pages=(), sections=(), taxonomies=())
    library = open_library(site, Shelf(site, {}, Bodies()))
    return Templates(config, library, Outside(dt.date(2026, 1, 1), {}, str, lambda text: ()), [])


def test_a_template_extends_through_site_theme_and_built_in(tmp_path: Path) -> None:
    templates = templates_of(
        tmp_path,
        {
            "templates/404.html": '{% extends "404.html" %}{% block main %}S{{ super() }}{% endblock %}',
            "themes/t/templates/404.html": '{% extends "404.html" %}{% block main %}T{{ super() }}{% endblock %}',
            "themes/t/templates/base.html": "<t>{% block main %}{% endblock %}</t>",
        },
    )
    words = {"not_found": "N", "not_found_lede": "L", "not_found_help": "H", "not_found_home": "h"}
    context = {"config": {"title": "x"}, "current_url": "", "nav": (), "home": "/", "words": words}
    text = templates.render("404.html", "404", context)
    assert text.startswith("<t>ST")
    assert "<h1>N</h1>" in text


def test_a_theme_s_template_is_asked_for_by_its_path_as_in_zola(tmp_path: Path) -> None:
    templates = templates_of(
        tmp_path,
        {
            "templates/x.html": '{% extends "t/templates/x.html" %}{% block a %}site{% endblock %}',
            "themes/t/templates/x.html": "[{% block a %}theme{% endblock %}]{% include 'y.html' %}",
            "themes/t/templates/y.html": "theme's",
            "templates/y.html": "site's",
            "templates/z.html": "{% import 't/templates/m.html' as m %}{{ m.f() }}",
            "themes/t/templates/m.html": "{% macro f() %}f{% endmacro %}",
        },
    )
    assert templates.render("x.html", "x", {}) == "[site]site's"
    assert templates.render("z.html", "z", {}) == "f"


def test_a_theme_that_extends_itself_ends_at_the_built_in_templates(tmp_path: Path) -> None:
    own = {"themes/t/templates/only.html": '{% extends "only.html" %}'}
    with pytest.raises(SiteError) as raised:
        templates_of(tmp_path, own).render("only.html", "only", {})
    [found] = raised.value.problems
    assert found.message == "there is no template `only.html`"
    assert found.span is not None
    assert found.span.path == "themes/t/templates/only.html"


def test_a_site_with_a_theme_is_built_with_it(tmp_path: Path) -> None:
    build(
        tmp_path,
        {
            "site.toml": f'theme = "t"\n{SITE}',
            "themes/t/templates/page.html": "<t>{% block a %}{{ page.title }}{% endblock %}</t>",
            "templates/page.html": '{% extends "page.html" %}{% block a %}[{{ super() }}]{% endblock %}',
            "themes/t/static/x.css": "x",
            "templates/404.html": "{{ get_url(path='x.css', cachebust=true) }}",
        },
    )
    assert published(tmp_path, "a/index.html") == "<t>[A]</t>"
    assert "x.css?h=" in published(tmp_path, "404.html")
    assert "<h1>Tiny</h1>" in published(tmp_path, "index.html")


def test_a_mistake_in_a_theme_is_told_with_its_path(tmp_path: Path) -> None:
    own = {"themes/t/templates/x.html": "\n{{ nope }}"}
    with pytest.raises(SiteError) as raised:
        templates_of(tmp_path, own).render("x.html", "x", {})
    [found] = raised.value.problems
    assert found.span is not None
    assert (found.span.path, found.span.line) == ("themes/t/templates/x.html", 2)
    assert found.excerpt == "{{ nope }}"


# --- links ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permalink", "base", "local"),
    [
        ("https://example.org/a/", "https://example.org", "/a/"),
        ("https://example.org/blog/a/", "https://example.org/blog", "/blog/a/"),
        (
            "https://example.org/blogger/",
            "https://example.org/blog",
            "https://example.org/blogger/",
        ),
        ("https://example.org:8000/a/", "https://example.org:8000", "/a/"),
        ("https://example.org:8000/a/", "https://example.org", "https://example.org:8000/a/"),
        ("https://elsewhere.org/a/", "https://example.org", "https://elsewhere.org/a/"),
        ("/a/", "", "/a/"),
        ("#x", "https://example.org", "#x"),
        ("mailto:a@example.org", "", "mailto:a@example.org"),
    ],
)
def test_local(permalink: str, base: str, local: str) -> None:
    assert local_reference(permalink, base) == local


def test_every_link_of_a_site_below_a_path_stays_below_it(tmp_path: Path) -> None:
    config = SITE.replace("example.org", "example.org/blog") + "generate_feeds = true"
    publish(
        tmp_path,
        {
            "site.toml": config,
            "content/s/_index.md": page('title = "S"\nsort_by = "date"\ngenerate_feeds = true'),
            "content/s/a.md": page(
                'date = 2026-01-01\n[taxonomies]\ntags = ["x"]', "[b](@/s/b.md) [c](#c)"
            ),
            "content/s/b.md": page("date = 2026-01-02"),
        },
    )
    links = set()
    for path in (tmp_path / "public").rglob("*.html"):
        tree = html5lib.parse(path.read_text("utf-8"), namespaceHTMLElements=False)
        links |= {e.attrib["href"].partition("?")[0] for e in tree.iter() if "href" in e.attrib}
    assert {"/blog/s/b/", "/blog/tags/x/", "/blog/sitegen.css", "/blog/", "/blog/atom.xml"} <= links
    assert [
        x for x in links if not x.startswith(("/blog/", "https://example.org/blog/", "#"))
    ] == []
    public = tmp_path / "public"
    for link in links:
        if link.startswith("/blog/"):
            target = public / link.removeprefix("/blog/")
            assert target.is_file() or (target / "index.html").is_file(), link

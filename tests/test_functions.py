"""Zola's functions in templates, each in a site that is built."""

# ruff: noqa: E501 (a case is a line)

from __future__ import annotations

import base64
import hashlib
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from sitegen.base.errors import Problem, SiteError
from sitegen.build import build
from sitegen.passes.asked import Caller, Options
from tests.tiny import SITE, page, published, write_site

CONTENT = {
    "site.toml": SITE,
    "content/_index.md": page('title = "Home"'),
    "content/posts/_index.md": page('title = "Posts"\nsort_by = "date"'),
    "content/posts/a.md": page(
        'title = "A"\ndate = 2026-01-02\n[taxonomies]\ntags = ["Jax", "torch"]',
        "Body of A.\n\n## H\n",
    ),
    "content/posts/b.md": page('title = "B"\ndate = 2026-01-03\n[taxonomies]\ntags = ["Jax"]'),
    "content/posts/c/index.md": page('title = "C"\ndate = 2026-01-01'),
    "content/posts/c/data.csv": "n,name\n1,x\n2,y\n",
    "static/app.css": "// Hello world!",
    "data/d.toml": "[a]\nb = 2026-01-02\n",
    "data/d.json": '{"a": [1, {"b": null}]}',
    "data/d.yaml": "a:\n  - 1\n  - b: x\n",
    "data/d.xml": '<root><h>1</h><h>2</h><r k="v">t</r></root>',
    "data/d.bib": '@string{acm = "ACM"}\n@book{Key1, title = {A {B} c}, Year=2020, pub = acm # " Press"}\n',
    "data/d.txt": "plain\n",
    "data/broken.json": "{",
}


def outcome(
    root: Path,
    template: str,
    more: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> tuple[Problem, ...]:
    """Builds the site with this template for its 404 page."""
    files: dict[str, str | bytes] = {**CONTENT, "templates/404.html": template, **(more or {})}
    write_site(root, files)
    caller = Caller(environ or {}, sys.executable)
    try:
        return build(root, Options(mode="no-exec"), caller, lambda event: None).problems
    except SiteError as error:
        return error.problems


def shown(
    root: Path,
    template: str,
    more: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
) -> str:
    assert [p for p in outcome(root, template, more, environ) if p.severity != "warning"] == []
    return published(root, "404.html")


CSS = b"// Hello world!"


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ get_page(path='posts/a.md').title }}", "A"),
        ("{{ get_page(path='posts/a.md').content | striptags | truncate(length=10, end='') }}", "Body of A."),
        ("{% set s = get_section(path='posts/_index.md') %}{{ s.title }}{% for p in s.pages %} {{ p.title }}{% endfor %}", "Posts B A C"),
        ("{{ get_section(path='posts/_index.md', metadata_only=true).pages | length }}", "0"),
        ("{{ get_url(path='app.css') }}", "https://example.org/app.css"),
        ("{{ get_url(path='/app.css/') }}", "https://example.org/app.css"),
        ("{{ get_url(path='x', trailing_slash=true) }} {{ get_url(path='/') }}", "https://example.org/x/ https://example.org/"),
        ("{{ get_url(path='icons.svg#a?b') }} {{ get_url(path='x?y=1') }}", "https://example.org/icons.svg#a?b https://example.org/x?y=1"),
        ("{{ get_url(path='@/posts/a.md') }} {{ get_url(path='@/posts/c/index.md#x') }}", "https://example.org/posts/a/ https://example.org/posts/c/#x"),
        ("{{ get_url(path='app.css', cachebust=true) }}", f"https://example.org/app.css?h={hashlib.sha256(CSS).hexdigest()[:20]}"),
        ("{% set t = get_taxonomy(kind='tags') %}{{ t.kind.name }} {{ t.permalink }}{% for i in t.items %} {{ i.name }}:{{ i.page_count }}{% endfor %}", "tags https://example.org/tags/ Jax:2 torch:1"),
        ("{{ get_taxonomy(kind='nope', required=false) }}", ""),
        ("{{ get_taxonomy_url(kind='tags', name='Jax') }} {{ get_taxonomy_url(kind='tags', term='torch') }}", "https://example.org/tags/jax/ https://example.org/tags/torch/"),
        ("[{{ get_taxonomy_url(kind='tags', name='zz', required=false) }}]", "[]"),
        ("{{ get_taxonomy_term(kind='tags', term='Jax').pages | map(attribute='title') | join }}", "BA"),
        ("{{ get_taxonomy_term(kind='tags', term='Jax', include_pages=false).pages | length }}", "0"),
        ("{{ get_hash(path='app.css', sha_type=256, base64=false) }}", hashlib.sha256(CSS).hexdigest()),
        ("{{ get_hash(literal='x') | safe }}", base64.b64encode(hashlib.sha384(b"x").digest()).decode()),
        ("{{ range(end=3) | join }} {{ range(start=1, end=6, step_by=2) | join }} {{ range(2) | join }}", "012 135 01"),
        ("{{ text_direction() }} {{ text_direction(lang='ar') }} {{ text_direction(lang='he-IL') }}", "ltr rtl rtl"),
        ("{{ get_env(name='NOPE', default='d') }}", "d"),
        ("{{ 'See [a](@/posts/a.md), `x`' | markdown(inline=true) }}", 'See <a href="https://example.org/posts/a/">a</a>, <code>x</code>'),
        ("{{ '# Hey' | markdown | safe }}", "<h1>Hey</h1>\n"),
        ("{{ 'Ünï cödé' | slugify }}", "uni-code"),
        # data
        ("{{ load_data(path='data/d.toml').a.b }}", "2026-01-02"),
        ("{{ load_data(path='data/d.json').a.0 }}", "1"),
        ("{{ load_data(path='data/d.yaml').a.1.b }}", "x"),
        ("{% set d = load_data(path='data/d.xml').root %}{{ d.h | join }}{{ d.r['@k'] }}{{ d.r['#text'] }}", "12vt"),
        ("{% set d = load_data(path='@/posts/c/data.csv') %}{{ d.headers | join }} {{ d.records.1.1 }}", "nname y"),
        ("{{ load_data(path='posts/c/data.csv').records | length }}", "2"),
        ("{% set b = load_data(path='data/d.bib').bibliographies.0 %}{{ b.entry_type }} {{ b.citation_key }} {{ b.tags.title }} {{ b.tags.year }} {{ b.tags.pub }}", "book Key1 A {B} c 2020 ACM Press"),
        ("{{ load_data(path='data/d.txt') }}{{ load_data(path='data/d.json', format='plain') | length }}", "plain\n23"),
        ("{{ load_data(literal='[1,2]', format='json') | length }}", "2"),
        ("[{{ load_data(path='nope.json', required=false) }}]", "[]"),
    ],
)  # fmt: skip
def test_a_function(template: str, text: str, tmp_path: Path) -> None:
    assert shown(tmp_path, template) == text


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ get_page(path='posts/aa.md') }}", "there is no page `posts/aa.md`; did you mean `posts/a.md`?"),
        ("{{ get_section(path='post/_index.md') }}", "did you mean `posts/_index.md`?"),
        ("{{ get_url(path='@/posts/x.md') }}", "there is no page `posts/x.md`"),
        ("{{ get_url(path='a', lang='xx') }}", "the site has no language `xx`"),
        ("{{ get_url(path='ap.css', cachebust=true) }}", "there is no file `ap.css`; did you mean `app.css`?"),
        ("{{ get_taxonomy(kind='tag') }}", "there is no taxonomy `tag`; did you mean `tags`?"),
        ("{{ get_taxonomy_url(kind='tags', name='Jux') }}", "there is no term `Jux` in `tags`; did you mean `Jax`?"),
        ("{{ get_taxonomy_url(kind='tags') }}", "needs `name`"),
        ("{{ get_taxonomy_term(kind='tags', term='x') }}", "there is no term `x`"),
        ("{{ get_hash() }}", "either `path` or `literal`"),
        ("{{ get_hash(literal='x', sha_type=1) }}", "256, 384 or 512"),
        ("{{ load_data(url='https://example.org/x.json') }}", "no `url`: a build reads the site only"),
        ("{{ load_data(path='nope.json') }}", "there is no file `nope.json`"),
        ("{{ load_data(path='data/broken.json') }}", "`data/broken.json` is not json"),
        ("{{ load_data(literal='x', format='pickle') }}", "no format `pickle`"),
        ("{{ load_data(literal='<!DOCTYPE a><a/>', format='xml') }}", "a document type is not read"),
        ("{{ load_data(literal='a: !!python/object:x', format='yaml') }}", "is not yaml"),
        ("{{ throw(message='no way') }}", "no way"),
        ("{{ get_env(name='NOPE') }}", "`NOPE` is not set"),
        ("{{ range(start=1) }}", "`range` needs `end`"),
        ("{{ get_random(end=0) }}", "lies not behind"),
        ("{{ trans(key='x') }}", "`x` has no translation in `en`"),
        ("{{ '[a](@/nope.md)' | markdown }}", "there is no page `nope.md`"),
        ("{{ get_image_metadata(path='app.css') }}", "is no image"),
        ("{{ resize_image(path='nope.png', width=1, height=1) }}", "there is no file `nope.png`"),
    ],
)  # fmt: skip
def test_a_mistake(template: str, message: str, tmp_path: Path) -> None:
    [found] = [p for p in outcome(tmp_path, f"\n{template}") if p.severity == "fatal"]
    assert found.code == "template"
    assert message in found.message
    assert found.span is not None
    assert (found.span.path, found.span.line) == ("templates/404.html", 2)


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "/../secret.txt",
        "static/../../secret.txt",
        "link.txt",
        ".git/config",
        "static/.env",
    ],
)
def test_no_file_outside_of_the_site_or_hidden_is_read(path: str, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    root = tmp_path / "site"
    more = {".git/config": "secret", "static/.env": "secret"}
    write_site(root, {**CONTENT, **more})
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    for call in ("load_data", "get_hash", "get_image_metadata"):
        problems = outcome(root, f"{{{{ {call}(path='{path}') }}}}")
        [found] = [p for p in problems if p.severity == "fatal"]
        assert "outside of the site" in found.message or "there is no file" in found.message


def test_an_absolute_path_is_one_below_the_site(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    path = (tmp_path / "secret.txt").as_posix()
    problems = outcome(tmp_path / "site", f"{{{{ load_data(path='{path}') }}}}")
    assert any("there is no file" in p.message for p in problems)


def test_what_the_last_build_left_is_not_read(tmp_path: Path) -> None:
    for path in ("posts/a/index.html", "public/posts/a/index.html"):
        shown(tmp_path, "x")
        [found] = [p for p in outcome(tmp_path, f"{{{{ get_hash(path='{path}') }}}}") if p.help]
        assert "there is no file" in found.message


def test_the_built_in_style_sheet_has_a_digest(tmp_path: Path) -> None:
    template = "{{ get_url(path='sitegen.css', cachebust=true) }}"
    assert re.fullmatch(
        r"https://example.org/sitegen.css\?h=[0-9a-f]{20}", shown(tmp_path, template)
    )


def test_now_is_the_builds_day(tmp_path: Path) -> None:
    environ = {"SOURCE_DATE_EPOCH": "1600000000"}
    template = "{{ now() | date(format='%F %T') }} {{ now(timestamp=true) }} {{ now(utc=true) }}"
    assert shown(tmp_path, template, environ=environ) == "2020-09-13 00:00:00 1599955200 2020-09-13"


def test_now_without_a_said_day_is_todays(tmp_path: Path) -> None:
    assert re.fullmatch(r"20\d\d", shown(tmp_path, "{{ now() | date(format='%Y') }}"))


def test_the_environment_is_the_callers(tmp_path: Path) -> None:
    assert shown(tmp_path, "{{ get_env(name='A') }}", environ={"A": "b"}) == "b"


def test_random_numbers_are_the_same_in_every_build(tmp_path: Path) -> None:
    template = "{% for x in range(20) %}{{ get_random(end=10) }}{% endfor %}"
    more = {"templates/page.html": template}
    first = shown(tmp_path / "1", template, more)
    assert first == shown(tmp_path / "2", template, more)
    assert len(set(first)) > 3
    assert first != published(tmp_path / "1", "posts/a/index.html")


# --- languages --------------------------------------------------------------------------------

PORTUGUESE = {
    "site.toml": SITE
    + """[translations]
hi = "Hello"
[languages.pt]
taxonomies = [{ name = "tags" }]
translations = { hi = "Olá" }
""",
    "content/posts/_index.pt.md": page('title = "Artigos"'),
    "content/posts/a.pt.md": page('title = "Á"\ndate = 2026-01-02\n[taxonomies]\ntags = ["Jax"]'),
}


@pytest.mark.parametrize(
    ("template", "english", "portuguese"),
    [
        ("{{ get_page(path='posts/a.md', lang='pt').title }}", "Á", "Á"),
        ("{{ get_section(path='posts/_index.md', lang='pt').title }}", "Artigos", "Artigos"),
        ("{{ get_url(path='@/posts/a.md', lang='pt') }}", "https://example.org/pt/posts/a/", "https://example.org/pt/posts/a/"),
        ("{{ get_url(path='x.css') }} {{ get_url(path='atom.xml', lang='pt') }}", "https://example.org/x.css https://example.org/pt/atom.xml", "https://example.org/x.css https://example.org/pt/atom.xml"),
        ("{{ trans(key='hi') }} {{ trans(key='hi', lang='pt') }} {{ trans(key='hi', lang='en') }}", "Hello Olá Hello", "Olá Olá Hello"),
        ("{{ get_taxonomy_url(kind='tags', name='Jax') }}", "https://example.org/tags/jax/", "https://example.org/pt/tags/jax/"),
        ("{{ get_taxonomy(kind='tags', lang='en').items | length }} {{ get_taxonomy(kind='tags').lang }}", "2 en", "2 pt"),
    ],
)  # fmt: skip
def test_languages(template: str, english: str, portuguese: str, tmp_path: Path) -> None:
    more = {**PORTUGUESE, "templates/page.html": template}
    shown(tmp_path, "", more)
    assert published(tmp_path, "posts/a/index.html") == english
    assert published(tmp_path, "pt/posts/a/index.html") == portuguese

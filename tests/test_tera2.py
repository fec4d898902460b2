"""Tera 2, as themes and texts for Zola 0.23 are written in it: components, `?.`, `...`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sitegen.base.errors import Problem, exit_status
from sitegen.base.tera2 import as_jinja, components_only, is_tera2, plain_parts
from tests.support import build_site
from tests.tiny import page, publish, published, write_site

COMPONENTS = """\
{% component boxed(kind: string, title = "", @lang) %}
<div class="{{ kind }}" lang="{{ lang }}">{{ title }}

{{ body }}
</div>
{% endcomponent boxed %}

{% component ui.mark(text: string, n: integer | float = 1, ...more) {"since": 1} %}
<mark title="{{ more?.hint or '' }}">{{ text }}{{ n }}</mark>
{%- endcomponent ui.mark %}
{% component pair(a) %}{{<ui.mark text={a} n={2}/>}}{{ body is defined }}{% endcomponent %}
"""
ZOLA = 'base_url = "https://example.org"\n'


@pytest.mark.parametrize(
    ("tera", "jinja"),
    [
        ('{{<a.b x="1" y={n + 1} z {...more} />}}', None),
        ("{{ page.title }} { {% if a %}", None),
        ("{{ a?.b?['c'] or \"x?.y\" }}", "{{ a.b['c'] or \"x?.y\" }}"),
        ("{{ [0, ...n, 9] }}", "{{ spread_([0], (n), [9]) }}"),
        ("{% set m = {...base, 'd': 4} %}", "{%+ set m = spread_((base), {'d': 4}) +%}"),
        ("{%- <note k={ {'a': 1} }> -%}", "{%- call component(\"note\", k=( {'a': 1} )) -%}"),
        ("{% </note> %}", "{%+ endcall +%}"),
        ('{{ <q by=`a "b"` /> }}', '{{ component("q", by="a \\"b\\"") }}'),
        ("{# {{ <q /> }} #}{{ <q /> }}", '{# {{ <q /> }} #}{{ component("q") }}'),
        ("{% raw %}{{ <q /> }}{% endraw %}{{ <q /> }}", None),
    ],
)
def test_what_is_rewritten(tera: str, jinja: str | None) -> None:
    expected = {
        '{{<a.b x="1" y={n + 1} z {...more} />}}': (
            '{{ component("a.b", x="1", y=(n + 1), z=z, **(more)) }}'
        ),
        "{{ page.title }} { {% if a %}": "{{ page.title }} { {% if a %}",
        "{% raw %}{{ <q /> }}{% endraw %}{{ <q /> }}": (
            '{%+ raw %}{{ <q /> }}{%+ endraw +%}{{ component("q") }}'
        ),
    }
    assert as_jinja(tera) == (jinja or expected[tera])


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("{}%#<>/.?=,\"'`()[]ab \n-+"), max_size=60))
def test_whatever_is_written_keeps_its_lines(text: str) -> None:
    assert as_jinja(text, whole=True).count("\n") == text.count("\n")
    assert components_only(text).count("\n") <= text.count("\n")
    for start, end in plain_parts(text):
        assert 0 <= start <= end <= len(text)


def test_what_is_no_tera_2_is_left_alone() -> None:
    for text in ("{{ a }} {% if b < c %}", "<p>...</p>", "{{ a[1:] }}", "{% set x = {'a': 1} %}"):
        assert not is_tera2(text)
        assert as_jinja(text) == text


def site(text: str, **more: str) -> dict[str, str]:
    return {"templates/parts.html": COMPONENTS, "content/a.md": page('title = "A"', text), **more}


def prose(root: Path) -> str:
    html = published(root, "a/index.html")
    return html.partition('<div class="prose">')[2].partition('<p class="printed">')[0]


def test_components_are_called_in_templates(tmp_path: Path) -> None:
    files = {
        "templates/parts.html": COMPONENTS,
        "templates/base.html": (
            "{{ page?.extra?.no | default(value='none') }}{% block b %}{% endblock %}"
        ),
        "templates/page.html": (
            "{% extends 'base.html' %}{% block b %}"
            "{% set words = [page.title, ...['b', 'c']] %}"
            "{{ <ui.mark text={words | join(sep='')} hint='<h>' /> }}"
            "{% <boxed kind='k' title={page.title}> %}<i>{{ <pair a='x' /> }}</i>{% </boxed> %}"
            "{{ 'yes' if page.title is starting_with(pat='A') else 'no' }}{% endblock %}"
        ),
        "content/a.md": page('title = "A&"'),
    }
    assert publish(tmp_path, files) == ()
    assert "".join(published(tmp_path, "a/index.html").split("\n")) == (
        'none<mark title="&lt;h&gt;">A&amp;bc1</mark><div class="k" lang="en">A&amp;'
        '<i><mark title="">x2</mark>false</i></div>yes'
    )


def test_a_text_is_a_template_where_there_are_components(tmp_path: Path) -> None:
    text = """\
*{{ page.title }}* in {{ lang }}, `{{ 1 + 1 }}`

{% <boxed kind="k"> %}
- one
- {{ <ui.mark text="two" /> }}
{% </boxed> %}

## Head {#own-id}

{% raw %}
```jinja
{{ <pair /> }}
```
{% endraw %}

[down](#own-id)
"""
    assert publish(tmp_path, site(text)) == ()
    html = prose(tmp_path)
    assert "<p><em>A</em> in en, <code>2</code></p>" in html
    assert '<div class="k" lang="en">\n<ul>\n<li>one</li>' in html
    assert '<mark title="">two1</mark>' in html
    assert '<h2 id="own-id">Head</h2>' in html
    assert "raw" not in html
    assert "pair" in html
    assert '<a href="#own-id">' in html


def test_texts_that_are_none(tmp_path: Path) -> None:
    """Those that the configuration says, and all of a site that has shortcodes or no component."""
    text = "{{ nothing }} {% x %}"
    config = f'{ZOLA}skip_content_templating = ["a.*"]\n'
    for number, files in enumerate(
        (
            site(text, **{"site.toml": config}),
            site(text, **{"templates/shortcodes/s.html": "s"}),
            {"content/a.md": page("", text)},
        )
    ):
        assert publish(tmp_path / str(number), files) == ()
        assert text in prose(tmp_path / str(number))


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("a\n\n{{ <ui.marc text='x' /> }}", "no component `ui.marc`; did you mean `ui.mark`?", 6),
        ("{{ <boxed kind='x' titel='y' /> }}", "the component `boxed` takes no `titel`", 4),
        ("{{ <pair /> }}", "parameter 'a' was not provided", 4),
        ("b\n{{ none_such }}", "'none_such' is undefined", 5),
        ("{% <boxed kind='x'> %}\n\nbody\n{{ 1 / 0 }}\n{% </boxed> %}", "division by zero", 7),
        ("{% <boxed kind='x'> %}", "the body of a component is never closed", 4),
        ("a\n{% </boxed> %}", "there is no component here that this closes", 5),
        ("a {{ open\n\nb", "a tag above is not closed", 5),
        ("{{ page.titel }}", "a page has no attribute 'titel'", 4),
        ("{{ 1 | uper }}", "No filter named 'uper'", 4),
    ],
)
def test_a_mistake_in_a_text_has_its_place(
    text: str, message: str, line: int, tmp_path: Path
) -> None:
    problems = publish(tmp_path, site(text))
    assert exit_status(problems) == 2
    [problem] = [problem for problem in problems if problem.severity == "fatal"]
    assert message in problem.message
    assert problem.span is not None
    assert (problem.span.path, problem.span.line) == ("content/a.md", line)
    assert "\ufdd3" not in problem.excerpt + problem.message


@pytest.mark.parametrize(
    ("component", "message", "line"),
    [
        ("{% component bad() %}\n{{ body | upperr }}\n{% endcomponent %}", "`upper`?", 2),
        ("{% component bad() %}\n\n{% st x = 1 %}{% endcomponent %}", "unknown tag 'st'", 3),
        ("{% component bad() %}\n{{ body }}\n", "'endcomponent'", 2),
    ],
)
def test_a_mistake_in_a_component_is_said_once(
    component: str, message: str, line: int, tmp_path: Path
) -> None:
    call = page('title = "A"', "{% <bad> %}x{% </bad> %}\n\n{% <bad> %}x{% </bad> %}")
    files = {"templates/bad.html": component, "content/a.md": call, "content/b.md": call}
    [problem] = [problem for problem in publish(tmp_path, files) if problem.severity == "fatal"]
    assert message in " ".join((problem.message, *problem.help))
    assert problem.span is not None
    assert (problem.span.path, problem.span.line) == ("templates/bad.html", line)


def test_what_stands_below_a_component_keeps_its_line(tmp_path: Path) -> None:
    text = "{% <boxed kind='x'> %}\none\n\ntwo\n{% </boxed> %}\n\n[to](@/nowhere.md)\n"
    [problem] = publish(tmp_path, site(text))
    assert problem.span is not None
    assert (problem.span.line, problem.excerpt) == (10, "[to](@/nowhere.md)")


def test_a_zola_blog_in_tera_2_is_set_by_its_own_templates(tmp_path: Path) -> None:
    files = {
        **site("{{ <ui.mark text='t' /> }}"),
        "zola.toml": ZOLA,
        "templates/page.html": "{{ <pair a={page.title} /> }}{{ page.content | safe }}",
    }
    root = write_site(tmp_path, files)
    (root / "site.toml").unlink()
    report, _ = build_site(root)
    assert list[Problem](report.problems) == []
    html = published(root, "a/index.html").strip()
    assert html.startswith('<mark title="">A2</mark>false<p><mark')


def test_links_to_files_beside_pages(tmp_path: Path) -> None:
    files = {
        "content/posts/_index.md": page(),
        "content/posts/Some Post/index.md": page('slug = "other"', "x"),
        "content/posts/Some Post/data.csv": "1",
        "content/loose.txt": "2",
        "content/a.md": page(
            "", "[d](@/posts/Some%20Post/data.csv) ![l](@/loose.txt)\n\n[no](@/gone.txt)"
        ),
    }
    [problem] = publish(tmp_path, files)
    assert problem.message == "there is no page `gone.txt`"
    html = published(tmp_path, "a/index.html")
    assert 'href="/posts/other/data.csv"' in html
    assert 'src="/loose.txt"' in html


def test_the_address_of_a_file_beside_a_page_in_a_template(tmp_path: Path) -> None:
    files = {
        "content/posts/some/index.md": page('slug = "other"'),
        "content/posts/some/in/data.csv": "1",
        "content/a.md": page('aliases = ["old"]'),
        "templates/page.html": (
            "{{ get_url(path='@/posts/some/in/data.csv') }} {{ page.aliases | join(sep=',') }}"
            "{% if zola_version %}.{% endif %}"
        ),
    }
    assert publish(tmp_path, files) == ()
    address = "https://example.org/posts/other/in/data.csv"
    assert published(tmp_path, "a/index.html") == f"{address} old."


def test_what_a_block_sets_is_seen_by_others(tmp_path: Path) -> None:
    """By the blocks in it and after it, and behind `super()` by the block that extends it."""
    files = {
        "templates/base.html": (
            "{% block head %}{% set gap = ' - ' %}{% if gap %}{% set more = 'm' %}{% endif %}"
            "{% endblock %}{% block body %}{% endblock %}{{ last | default(value=0) }}"
        ),
        "templates/page.html": (
            "{% extends 'base.html' %}"
            "{% block head %}{{ gap | default(value='none') }}{{ super() }}{{ gap ~ more }};"
            "{% set own %}o{% endset %}{% for n in [1] %}{% set lost = n %}{% endfor %}"
            "{% endblock %}{% block body %}{{ gap }}{{ own }}"
            "{{ lost | default(value='none') }}{% set first = 1 %}"
            "{% block inner %}{{ first }}{% set last = 2 %}{% endblock %}{{ last }}{% endblock %}"
        ),
        "content/a.md": page('title = "A"'),
        "content/b.md": page('title = "B"'),
    }
    assert publish(tmp_path, files) == ()
    for name in "ab":
        text = published(tmp_path, f"{name}/index.html")
        assert text.replace("\n", "") == "none - m; - onone122"

"""Tera templates to Jinja2: each construct, what is listed, and whole themes rendered after it."""

# ruff: noqa: E501 (templates on one line)

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader

from sitegen.base.errors import Problem, SiteError, render_problem
from sitegen.base.tera2 import CALLED
from sitegen.cli import main
from sitegen.migrate.known import FILTERS, FUNCTIONS, RENAMED, TESTS
from sitegen.migrate.run import Migration, diff_of, migrate_folder, write_migration
from sitegen.migrate.survey import survey
from sitegen.migrate.tags import migrate_text
from sitegen.render.environment import Environment, why_no_template
from sitegen.render.loader import Levels
from tests.test_templates import templates_of

PIECES = [
    *"{}%#-|~`'\". :()[]=,\\a\n",
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    " is ",
    " in ",
    " and ",
    " not ",
    "m::f(",
    "raw",
    "if ",
    "for k, v in ",
    "set x",
    "'x'",
    "1",
    " | upper",
]


def migrated(text: str) -> tuple[str, tuple[Problem, ...]]:
    draft = migrate_text("templates/a.html", "a.html", text, survey({"a.html": text}))
    result = draft.result()
    if not draft.notes:
        assert why_no_template("a.html", result) is None
    return result, tuple(draft.notes)


SAME = [
    "{% extends 'base.html' %}{% block a %}{{ super() }}{% endblock a %}",
    "{%- if not a and b or c -%}x{%- elif a == 1 -%}y{%- else -%}z{%- endif -%}",
    "{% for p in pages | slice(end=3) %}{{ loop.index }}{{ loop.last }}{% else %}-{% endfor %}",
    "{% for p in pages %}{% if p.draft %}{% continue %}{% endif %}{% break %}{% endfor %}",
    "{% set x = y | default(value='') %}{% set_global n = n + 1 %}",
    "{% set list = ['a', 1, true] %}{{ list[0] }}{{ x.0.y }}{{ map[key].z }}{{ map['a'] }}",
    "{% raw %}{{ a ~ b | upper }} {% set_global %} `x` m::f(){% endraw %}",
    "{# a comment: {{ `x` }} m::f() #}{#- another -#}",
    "{% include 'a.html' %}{% include ['a.html', 'b.html'] ignore missing %}",
    "{% filter upper %}x{% endfilter %}{% filter replace(from='a', to='b') %}a{% endfilter %}",
    "{{ x is starting_with('a') }}{% if x is not defined and y is undefined %}{% endif %}",
    "{% if 'a' in list and b not in ['c', 'd'] %}{% endif %}{{ 7 % 2 }}{{ -1 + 2 * 3 / 4 }}",
    "{{ page.date | date(format='%d %B %Y') }}{{ a | get(key='b', default=[]) | length }}",
    "{{ get_url(path='x.css', cachebust=true) | safe }}{{ config.title ~ ' · ' ~ page.title }}",
    "{% macro a(x, y=1, z='q', w=true) %}{{ x }}{% endmacro %}",
    "{% if (a or b) and not (c is matching('x')) %}{% endif %}{{ a | length > 0 }}",
    "plain text with } and { and % and ` and \\n",
    "{%- set last=false-%}{{- x -}}",
    "",
]


@pytest.mark.parametrize("text", SAME)
def test_what_both_languages_write_alike_stays(text: str) -> None:
    assert migrated(text) == (text, ())


@pytest.mark.parametrize(
    ("tera", "jinja"),
    [
        ("{% import 'm.html' as m %}{{ m::f(a=1) }}", "{% import 'm.html' as m with context %}{{ m.f(a=1) }}"),
        ("{% macro a() %}{{ self::b(x=self::a()) }}{% endmacro a %}", "{% macro a() %}{{ b(x=a()) }}{% endmacro  %}"),
        ("{% import 'm.html' as page %}{{ page::f(p=page.title) }}", "{% import 'm.html' as page_macros with context %}{{ page_macros.f(p=page.title) }}"),
        ("{% import 'm.html' as icon %}{% set icon = 'x' %}{{ icon::f(n=icon) }}", "{% import 'm.html' as icon_macros with context %}{% set icon = 'x' %}{{ icon_macros.f(n=icon) }}"),
        ("{% for k, v in map %}{% endfor %}", "{% for k, v in map | items %}{% endfor %}"),
        ("{% for y, p in a | group_by(attribute='year') -%}{% endfor %}", "{% for y, p in a | group_by(attribute='year') | items -%}{% endfor %}"),
        ("{% for k, v in map | items %}{% endfor %}", "{% for k, v in map | items %}{% endfor %}"),
        ("{{ a ~ '/' ~ b | upper }}", "{{ (a ~ '/' ~ b) | upper }}"),
        ("{{ 1 + x | round + 2 * y | abs }}", "{{ (1 + x) | round + (2 * y) | abs }}"),
        ("{{ a | length + 1 }}{{ a | upper ~ b }}", "{{ a | length + 1 }}{{ a | upper ~ b }}"),
        ("{{ f(x=a ~ b | safe) | safe }}".replace("f(", "get_url(path=").replace("path=x=", "path="), "{{ get_url(path=(a ~ b) | safe) | safe }}"),
        ("{{ `a` }}{{ `a\"b` }}{{ `it's` }}", "{{ \"a\" }}{{ 'a\"b' }}{{ \"it's\" }}"),
        ("{{ `\"'` }}", "{{ '\"\\'' }}"),
        ("{% if x is matching('^\\d+\\b') %}{% endif %}", "{% if x is matching('^\\\\d+\\\\b') %}{% endif %}"),
        ("{{ x | split(pat='\\n') }}", "{{ x | split(pat='\\\\n') }}"),
        ("{{- a and b or c -}}", "{{- true if a and b or c else false -}}"),
        ("{{ x | default(value=a or b) }}", "{{ x | default(value=a or b) }}"),
        ("<summary>{{ page.summary }}</summary>{{ page.content | safe }}{{ content }}", "<summary>{{ page.summary | forceescape }}</summary>{{ page.content | safe }}{{ content }}"),
        ("{{ get_file_hash(path='a') }}", "{{ get_hash(path='a') }}"),
        ("{% extends `base.html` %}", "{% extends \"base.html\" %}"),
    ],
)  # fmt: skip
def test_what_changes(tera: str, jinja: str) -> None:
    assert migrated(tera) == (jinja, ())


@pytest.mark.parametrize(
    ("tera", "message", "column"),
    [
        ("{{ __tera_context }}", "Jinja2 has no `__tera_context`", 4),
        ("{{ a | frobnicate }}", "sitegen has no filter `frobnicate`", 8),
        ("{{ x | truncte(length=3) }}", "sitegen has no filter `truncte`", 8),
        ("{{ get_pages() }}", "sitegen has no function `get_pages`", 4),
        ("{% if a is lower %}{% endif %}", "sitegen has no test `lower`", 12),
        ("{% set d = load_data(url='https://x') %}", "a build never reads from the network", 22),
        ("{% macro date(date) %}{{ self::date(date=date) }}{% endmacro %}", "the macro `date` is hidden by a variable of its name", 32),
        ("{% compnent x() %}", "there is no tag `compnent`", 4),
        ("{% macro a() %}{{ other::f() }}{% endmacro %}", "`other` is imported nowhere, or from several files: its macros are not known here", 19),
    ],
)  # fmt: skip
def test_what_is_listed(tera: str, message: str, column: int) -> None:
    _, [note] = migrated(f"\n{tera}")
    assert note.message == message
    assert note.severity == "warning"
    assert note.span is not None
    assert (note.span.path, note.span.line, note.span.column) == ("templates/a.html", 2, column)
    assert note.excerpt == tera
    assert note.help


@pytest.mark.parametrize(
    "tera",
    ["{{ a", "{% if a", "{# a", "{{ a b }}", "{{ a | }}", "{% for x of y %}", "{{ 'a }}", "{% raw %}", "{{ $x }}", "{{ f(1) }}", "{{ }}{{ ( }}"],
)  # fmt: skip
def test_what_is_no_tera_is_left_as_it_is(tera: str) -> None:
    text = f"{{% import 'm.html' as m %}}\n{tera}"
    result, [note] = migrated(text)
    assert result == text
    assert note.message.startswith("not understood as Tera: ")
    assert note.span is not None
    assert note.span.line == 2


def test_the_whole_text_of_a_note() -> None:
    _, [note] = migrated("<p>{{ x | truncte(length=3) }}</p>")
    assert render_problem(note) == (
        "warning[tera]: sitegen has no filter `truncte`\n"
        " --> templates/a.html:1:11\n"
        "  |\n"
        "1 | <p>{{ x | truncte(length=3) }}</p>\n"
        "  |           ^^^^^^^\n"
        "  = did you mean `truncate`?"
    )


def test_the_known_names_are_those_that_there_are(tmp_path: Path) -> None:
    environment = templates_of(tmp_path, {}).environment
    assert environment.filters.keys() >= FILTERS
    assert environment.tests.keys() >= TESTS
    own = environment.globals.keys() - {"dict", "lipsum", "cycler", "joiner", "namespace"} - CALLED
    assert own | {"super"} == FUNCTIONS
    assert set(RENAMED.values()) <= FUNCTIONS


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_whatever_is_written_becomes_jinja_or_is_left_with_a_note(text: str) -> None:
    draft = migrate_text("a.html", "a.html", text, survey({"a.html": text}))
    if draft.notes and draft.notes[0].message.startswith("not understood"):
        assert draft.result() == text
    elif not draft.notes and "{%" not in text:
        assert why_no_template("a.html", draft.result()) is None


# --- themes -----------------------------------------------------------------------------------

THEME = {
    "base.html": """{% import "macros/dates.html" as dates %}
{%- import "macros/list.html" as list -%}
<html lang="{% if page %}{{ page.lang }}{% else %}{{ lang }}{% endif %}">
{%- set sheets = ["main.css"] -%}
{%- if config.extra.sheets -%}{%- set sheets = sheets | concat(with=config.extra.sheets) -%}{%- endif -%}
{% for sheet in sheets %}<link href="{{ get_url(path=sheet) | safe }}">{% endfor %}
{% block main %}{% endblock main %}{% include "foot.html" %}</html>""",
    "foot.html": """{% for name, link in config.extra.links %}<a href="{{ link | safe }}">{{ name }}</a>{% endfor %}{{ dates::year(of=page) }}""",
    "page.html": """{% extends "base.html" %}
{% block main %}{{ list::list(pages=pages, max=2) }}{% endblock main %}""",
    "macros/list.html": """{% macro list(pages, max) %}
{%- for p in pages -%}{% if loop.index <= max %}
{%- if seen %}, {% endif %}{{ p.title }} {{ dates::year(of=p) }}{{ self::star(p=p) }}
{%- set_global seen = true -%}
{%- set_global total = total | default(value=0) + 1 -%}
{%- endif -%}{%- endfor -%} ({{ total ~ "/" ~ max | as_str }}) {{ lang }}
{% endmacro list %}
{% macro star(p) %}{% if p.title is matching("^\\w$") %}*{% endif %}{% endmacro star %}""",
    "macros/dates.html": """{% macro year(of) %}{{ of.date | date(format=`%Y`) }}{% endmacro year %}""",
}


def render(files: dict[str, str], name: str, **context: object) -> str:
    environment = Environment(Levels((), None), {"get_url": lambda path: f"/{path}"})
    environment.loader = DictLoader(files)
    return environment.get_template(name).render(context)


def theme(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / "templates" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def of(root: Path) -> Migration:
    return migrate_folder(root, why_no_template)


def test_a_theme_renders_after_its_migration(tmp_path: Path) -> None:
    migration = of(theme(tmp_path, THEME))
    assert migration.notes == ()
    write_migration(migration, tmp_path)
    files = {name: (tmp_path / "templates" / name).read_text("utf-8") for name in THEME}
    page = {"title": "A", "date": "2026-01-02", "lang": "en"}
    text = render(
        files,
        "page.html",
        page=page,
        pages=[page, {"title": "BB", "date": "2025-01-02"}, page],
        config={"extra": {"sheets": ["x.css"], "links": {"n": "/l"}}},
        lang="pt",
    )
    assert '<html lang="en">' in text
    assert '<link href="/main.css"><link href="/x.css">' in text
    assert "A 2026*, BB 2025(2/2) pt" in " ".join(text.split())
    assert '<a href="/l">n</a>2026</html>' in text
    assert migration.counts == {
        "filter of a sum": 1,
        "import": 2,
        "import in a file of macros": 1,
        "loop over a map": 1,
        "macro call": 4,
        "name behind endmacro": 3,
        "text with escapes or backticks": 2,
    }


def test_a_file_of_macros_that_calls_itself_by_its_name_elsewhere(tmp_path: Path) -> None:
    files = {
        "base.html": "{% import 'm.html' as m %}{{ m::g() }}",
        "m.html": "{% macro f() %}f{% endmacro %}{% macro g() %}{{ m::f() }}{% endmacro %}",
    }
    migration = of(theme(tmp_path, files))
    assert migration.notes == ()
    new = {name.removeprefix("templates/"): text for name, (_, text) in migration.changed.items()}
    assert render(new, "base.html") == "f"


def test_files_that_tera_does_not_escape_are_listed_once(tmp_path: Path) -> None:
    files = {"robots.txt": "{{ a }}{{ b }}", "x.json": "{}", "y.xml": "{{ a }}"}
    [note] = of(theme(tmp_path, files)).notes
    assert note.message == "Tera does not escape in a file of this name, Jinja2 does here"
    assert note.span is not None
    assert note.span.path == "templates/robots.txt"


def test_files_of_macros_that_call_one_another_are_listed(tmp_path: Path) -> None:
    files = {
        "base.html": "{% import 'a.html' as a %}{% import 'b.html' as b %}",
        "a.html": "{% macro f() %}{{ b::f() }}{% endmacro %}",
        "b.html": "{% import 'a.html' as a %}{% macro f() %}{{ a::f() }}{% endmacro %}",
    }
    migration = of(theme(tmp_path, files))
    assert [note.message for note in migration.notes] == [
        "`b` imports this one: its macros are not known here"
    ]


def test_the_command_writes_keeps_a_copy_and_lists(tmp_path: Path) -> None:
    files = {"a.html": "{% for k, v in x %}{% endfor %}\n{{ y | zork }}\n", "b.html": "same"}
    theme(tmp_path, files)
    (tmp_path / "templates" / "logo.png").write_bytes(b"\x89PNG")
    run = CliRunner().invoke(main, ["migrate-templates", str(tmp_path)])
    assert run.exit_code == 1
    assert "templates/a.html:2:8" in run.output
    assert "1 of 2 templates changed (loop over a map 1)" in run.output
    assert (
        tmp_path / "templates/a.html"
    ).read_text() == "{% for k, v in x | items %}{% endfor %}\n{{ y | zork }}\n"
    assert (tmp_path / "templates.tera/a.html").read_text() == files["a.html"]
    assert (tmp_path / "templates.tera/logo.png").exists()


def test_the_command_shows_a_diff_and_writes_nothing(tmp_path: Path) -> None:
    theme(tmp_path, {"a.html": "{{ m::f() }}"})
    run = CliRunner().invoke(main, ["migrate-templates", str(tmp_path), "--dry-run"])
    assert run.exit_code == 0
    assert "-{{ m::f() }}\n" in run.output
    assert "+{{ m.f() }}\n" in run.output
    assert "--- a/templates/a.html" in run.output
    assert (tmp_path / "templates/a.html").read_text() == "{{ m::f() }}"
    assert not (tmp_path / "templates.tera").exists()


def test_nothing_is_migrated_twice_or_where_there_is_nothing(tmp_path: Path) -> None:
    with pytest.raises(SiteError) as raised:
        of(tmp_path)
    assert "no folder `templates`" in raised.value.problems[0].message
    write_migration(of(theme(tmp_path, {"a.html": "{{ 'a\\b' }}"})), tmp_path)
    with pytest.raises(SiteError) as raised:
        of(tmp_path)
    assert raised.value.problems[0].message == "`templates` was migrated before"
    run = CliRunner().invoke(main, ["migrate-templates", str(tmp_path)])
    assert run.exit_code == 2


def test_the_themes_of_a_site_are_migrated_with_it(tmp_path: Path) -> None:
    theme(tmp_path, {"a.html": "{{ self::a() }}"})
    theme(tmp_path / "themes" / "t", {"a.html": "{{ self::b() }}", "c.html": "\xff"})
    (tmp_path / "themes/t/templates/c.html").write_bytes(b"\xff")
    migration = of(tmp_path)
    assert list(migration.changed) == ["templates/a.html", "themes/t/templates/a.html"]
    assert ["not UTF-8" in note.message for note in migration.notes] == [True]
    write_migration(migration, tmp_path)
    assert (tmp_path / "themes/t/templates.tera/a.html").read_text() == "{{ self::b() }}"
    assert list(diff_of(migration))


def test_line_ends_stay_as_they_are(tmp_path: Path) -> None:
    theme(tmp_path, {})
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/a.html").write_bytes(b"a\r\n{{ self::f() }}\r\n")
    write_migration(of(tmp_path), tmp_path)
    assert (tmp_path / "templates/a.html").read_bytes() == b"a\r\n{{ f() }}\r\n"


def test_what_is_tera_2_is_read_as_it_stands(tmp_path: Path) -> None:
    files = {
        "a.html": "{% component a(x) %}{{ x?.y }}{% endcomponent %}",
        "b.html": "{{ <a x='1' /> }}",
    }
    migration = of(theme(tmp_path, files))
    assert (migration.changed, migration.notes) == ({}, ())


def test_what_of_tera_2_is_not_understood_is_listed(tmp_path: Path) -> None:
    [note] = of(theme(tmp_path, {"a.html": "{{ a?.b }}\n{{ [x for x in a?.c] }}"})).notes
    assert note.span is not None
    assert note.span.line == 2


def test_an_empty_tag_is_listed(tmp_path: Path) -> None:
    [note] = of(theme(tmp_path, {"a.html": "a{{}}"})).notes
    assert note.message == "an empty tag"

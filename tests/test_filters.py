"""Tera's filters and tests in Jinja2, each through the environment that templates have."""

# ruff: noqa: E501 (a case is a line)

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import jinja2
import msgspec
import pytest
from markupsafe import Markup

from sitegen.render.environment import Environment
from sitegen.render.filters import FILTERS, TESTS
from sitegen.render.loader import Levels

ENVIRONMENT = Environment(Levels((), None), {})


class Post(msgspec.Struct, frozen=True):
    """Stands for what a template is given: fields, some of them missing."""

    title: str
    year: int | None = None
    date: dt.datetime | None = None
    extra: dict[str, Any] = {}


POSTS = [
    Post("b", 2025, dt.datetime(2025, 1, 2, tzinfo=dt.UTC), {"kind": "x", "n": [1]}),
    Post("a", 2026, dt.datetime(2026, 3, 4, 5, 6, tzinfo=dt.UTC), {"kind": "y"}),
    Post("c"),
    Post("d", 2025, None, {"kind": "x"}),
]


def shown(template: str, **context: Any) -> str:
    return ENVIRONMENT.from_string(template).render(posts=POSTS, **context)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        # texts
        ("{{ 'aB' | upper }} {{ 'aB' | lower }}", "AB ab"),
        ("[{{ ' a ' | trim }}{{ ' a ' | trim_start }}{{ ' a ' | trim_end }}]", "[aa  a]"),
        ("{{ '//a/' | trim_start_matches(pat='/') }}", "a/"),
        ("{{ 'a..' | trim_end_matches(pat='.') }}", "a"),
        ("{{ 'abcd' | truncate(length=2) }} {{ 'ab' | truncate(length=2) }}", "ab… ab"),
        ("{{ 'abcd' | truncate(length=2, end='') }}", "ab"),
        ("{{ 'one two three' | truncate(9, false) }}", "one two…"),
        ("{{ 'one two three' | truncate(length=5) }}", "one t…"),
        ("{{ 'a-b c,  d' | wordcount }}", "3"),
        ("{{ 'aXbX' | replace(from='X', to='-') }}", "a-b-"),
        ("{{ 'aXbX' | replace('X', '-') }}", "a-b-"),
        ("{{ 'hELLO wORLD' | capitalize }} {{ 'hELLO it\\'s' | title }}", "Hello world Hello It&#39;s"),
        ("{{ 'a\\r\\nb\\nc' | linebreaksbr | safe }}", "a<br>b<br>c"),
        ("{{ 'a\\n\\nb' | indent(prefix='> ') }}", "a\n\n&gt; b"),
        ("{{ 'a\\nb' | indent(2, true) }}", "  a\n  b"),
        ("{{ 'a\\n\\nb' | indent(prefix='-', first=true, blank=true) }}", "-a\n-\n-b"),
        ("{{ '<b>a</b> & <!-- x -->b' | striptags }}", "a &amp; b"),
        ("{{ '<a> <b>\\n<c>x y' | spaceless | safe }}", "<a><b><c>x y"),
        ("{{ 'a b/c?' | urlencode }} {{ 'a-b/c' | urlencode_strict }}", "a%20b/c%3F a%2Db%2Fc"),
        ("{{ \"<'>\" | escape }} {{ \"<'&\" | escape_xml | safe }}", "&lt;&#39;&gt; &lt;&apos;&amp;"),
        ("{{ 'a\"b\\\\' | addslashes | safe }}", 'a\\"b\\\\'),
        ("{{ 'a,b' | split(pat=',') | join(sep='+') }}", "a+b"),
        ("{{ 'a\\nb' | split(pat='\\\\n') | length }}", "2"),
        ("{{ ('é' | base64_encode) }} {{ 'w6k=' | base64_decode }}", "w6k= é"),
        ("{{ 'John Doe' | regex_replace(pattern='(\\\\w+) (?<b>\\\\w+)', rep='$b $1') }}", "Doe John"),
        ("{{ 'ab' | regex_replace(pattern='b', rep='$$${9}') }}", "a$"),
        # arrays
        ("{{ [1, 2] | first }}{{ [1, 2] | last }}[{{ [] | first }}{{ [] | last }}]", "12[]"),
        ("{{ [5, 6] | nth(n=1) }}[{{ [5] | nth(n=3) }}]", "6[]"),
        ("{{ [1, 2.5, true] | join(sep=', ') }} {{ ['a'] | join }} {{ ['a', 'b'] | join(',') }}", "1, 2.5, true a a,b"),
        ("{{ [3, 1, 2] | sort | join }} {{ ['b', 'A', 'a'] | sort | join }}", "123 Aab"),
        ("{{ posts | sort(attribute='title') | map(attribute='title') | join }}", "abcd"),
        ("{{ ['a', 'A', 'b', 'a'] | unique | join }}", "ab"),
        ("{{ ['a', 'A', 'a'] | unique(case_sensitive=true) | join }}", "aA"),
        ("{{ posts | unique(attribute='year') | map(attribute='title') | join }}", "ba"),
        ("{{ posts | filter(attribute='year', value=2025) | length }}", "2"),
        ("{{ posts | filter(attribute='extra.kind', value='y') | first | get(key='title') }}", "a"),
        ("{{ posts | filter(attribute='year') | length }}", "3"),
        ("{{ posts | map(attribute='extra.n.0') | join }}", "1"),
        ("{{ ['a', 'b'] | map('upper') | join }}", "AB"),
        ("{% for y, p in posts | group_by(attribute='year') | items %}{{ y }}:{{ p | length }} {% endfor %}", "2025:2 2026:1 "),
        ("{{ [1, 2, 3] | slice(start=1) | join }} {{ [1, 2, 3] | slice(end=-1) | join }}", "23 12"),
        ("{{ [1, 2, 3] | slice(start=1, end=2) | join }} {{ [1, 2] | slice(end=9) | join }}", "2 12"),
        ("{{ [1, 2, 3] | slice(2) | map('length') | join }}", "21"),
        ("{{ [1] | concat(with=[2, 3]) | join }} {{ [1] | concat(with='x') | join }}", "123 1x"),
        ("{{ 'abc' | reverse }} {{ [1, 2] | reverse | join }} {{ [1, 2] | reverse | length }}", "cba 21 2"),
        ("{{ 'añb' | length }} {{ {'a': 1} | length }}", "3 1"),
        ("{{ {'a': 1} | get(key='a') }} {{ {} | get(key='a', default=2) }}", "1 2"),
        # numbers and all else
        ("{{ 1 | pluralize }}[{{ 2 | pluralize }}] {{ 0 | pluralize(singular='y', plural='ies') }}", "[s] ies"),
        ("{{ 2.5 | round }} {{ -2.5 | round }} {{ 2.1 | round(method='ceil') }}", "3 -3 3"),
        ("{{ 2.19 | round(method='floor', precision=1) }} {{ 2.345 | round(1) }}", "2.1 2.3"),
        ("{{ 123456789 | filesizeformat }} {{ 1024 | filesizeformat(binary=true) }}", "117.74 MB 1 KiB"),
        ("{{ -2 | abs }} {{ '7' | int + 1 }} {{ 'x' | int(default=3) }} {{ '1.5' | float }}", "2 8 3 1.5"),
        ("{{ 1234567 | num_format }} {{ 1234567 | num_format(locale='de') }}", "1,234,567 1.234.567"),
        ("{{ 1234567 | num_format(locale='en-IN') }} {{ -12 | num_format }}", "12,34,567 -12"),
        ("{{ nope | default(value='x') }} {{ nope.a.b | default('y') }}", "x y"),
        ("{{ none | default(value=1) }} {{ '' | default('z', true) }}[{{ '' | default(value=1) }}]", "1 z[]"),
        ("{{ 2.0 | as_str ~ true | as_str }}", "2true"),
        ("{{ [1, 'a'] | as_str }} {{ {} | as_str }}", "[1, a] [object]"),
        ("{{ {'a': [1, none, 'é']} | json_encode | safe }}", '{"a":[1,null,"é"]}'),
        ("{{ '</script>' | json_encode | safe }}", '"\\u003c/script\\u003e"'),
    ],
)  # fmt: skip
def test_a_filter(template: str, text: str) -> None:
    assert shown(template) == text


def test_json_of_a_page_is_json() -> None:
    text = shown("{{ posts | first | json_encode(pretty=true) | safe }}")
    assert json.loads(text) == {
        "title": "b",
        "year": 2025,
        "date": "2025-01-02",
        "extra": {"kind": "x", "n": [1]},
    }


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ d | date }}", "2026-03-04"),
        ("{{ d | date(format='%d %B %Y') }}", "04 March 2026"),
        ("{{ d | date('%-d. %b') }}", "4. Mar"),
        ("{{ d | date(format='%A %e %H:%M', locale='fr_FR') }}", "mercredi  4 05:06"),
        ("{{ d | date(format='%d %B', locale='ja') }} {{ d | date(format='%b', locale='zh_CN') }}", "04 3月 三月"),
        ("{{ d | date(format='EEEE d MMMM yyyy, HH:mm', locale='fr_FR') }}", "mercredi 4 mars 2026, 05:06"),
        ("{{ d | date(format=\"MMM dd, yy 'at' h a E\", locale='en_US') }}", "Mar 04, 26 at 5 AM Wed"),
        ("{{ d | date(format='y-M-d D w EEEEE xxx', locale='de') }}", "2026-3-4 63 10 M +00:00"),
        ("{{ d | date(format='yyyy') }}", "yyyy"),
        ("{{ '2026-07-01' | date(format='%a %b', locale='fr') }} {{ '2026-07-01' | date(format='%b', locale='de_AT') }}", "mer juil Jul"),
        ("{{ d | date(format='%F %T %z', timezone='America/New_York') }}", "2026-03-04 00:06:00 -0500"),
        ("{{ '2017-03-05' | date(format='%a, %d %b %Y %H:%M:%S %z') }}", "Sun, 05 Mar 2017 00:00:00 +0000"),
        ("{{ '1996-12-19T16:39:57-08:00' | date(format='%F %z %:z') }}", "1996-12-19 -0800 -08:00"),
        ("{{ 1482720453 | date(format='%Y-%m-%d %H:%M') }}", "2016-12-26 02:47"),
        ("{{ d | date(format='%j %U %W %V %u %w %y %C %p %I %s') }}", "063 09 09 10 3 3 26 20 AM 05 1772600760"),
        ("{{ d }} {{ day }}", "2026-03-04T05:06:00Z 2026-03-04"),
        ("{{ day | split(pat='-') | first }}", "2026"),
    ],
)  # fmt: skip
def test_a_date(template: str, text: str) -> None:
    moment = dt.datetime(2026, 3, 4, 5, 6, tzinfo=dt.UTC)
    assert shown(template, d=moment, day=moment.replace(hour=0, minute=0)) == text


@pytest.mark.parametrize(
    ("test", "value"),
    [
        ("'abc' is starting_with('ab')", True),
        ("'abc' is ending_with('ab')", False),
        ("'abc' is containing('b')", True),
        ("[1, 2] is containing(2)", True),
        ("{'a': 1} is containing('b')", False),
        ("'x2018-06-28' is matching('\\\\d{4}-\\\\d{2}')", True),
        ("'abc' is matching('^b$')", False),
        ("10 is divisibleby(5)", True),
        ("[1] is iterable", True),
        ("'abc' is iterable", False),
        ("{'a': 1} is object", True),
        ("posts[0] is object", True),
        ("'a' is string", True),
        ("1.5 is number", True),
        ("true is number", False),
        ("3 is odd and 4 is even", True),
        ("nope is defined", False),
        ("nope.a.b is undefined", True),
        ("posts is not string", True),
    ],
)
def test_a_test(test: str, value: bool) -> None:
    assert shown(f"{{% if {test} %}}yes{{% endif %}}") == ("yes" if value else "")


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ none | date }}", "`date` was given nothing"),
        ("{{ 'soon' | date }}", "`date` was given `soon`"),
        ("{{ 0 | date(format='%Q') }}", "no directive `%Q`"),
        ("{{ 0 | date(timezone='Narnia') }}", "no time zone `Narnia`"),
        ("{{ 0 | date(locale='xx') }}", "no locale `xx`"),
        ("{{ 0 | date(format='yyyy i', locale='en') }}", "no letter `i`"),
        ("{{ 'abc' | group_by(attribute='a') }}", "`group_by` needs an array, and was given the text"),
        ("{{ none | first }}", "`first` needs an array, and was given nothing"),
        ("{{ posts | sort(attribute='year') }}", "has no `year` to be sorted by"),
        ("{{ {} | get(key='a') }}", "there is no `a`"),
        ("{{ 'a' | replace(form='a', to='b') }}", "no argument `form`"),
        ("{{ 'a' | replace(from='a') }}", "needs `from` and `to`"),
        ("{{ 'a' | pluralize }}", "`pluralize` needs a number"),
        ("{{ 1 | round(method='up') }}", "common, ceil or floor"),
        ("{{ [] | upper }}", "`upper` needs a text, and was given an array"),
        ("{{ 'a' | regex_replace(pattern='(', rep='') }}", "is no regular expression"),
        ("{{ 1 | num_format(locale='tlh') }}", "no locale `tlh`"),
        ("{{ '%%' | base64_decode }}", "`base64_decode`"),
        ("{{ nope | upper }}", "'nope' is undefined"),
        ("{{ nope }}", "'nope' is undefined"),
        ("{{ nope.a.b }}", "'nope' is undefined"),
        ("{{ nope == 1 }}", "'nope' is undefined"),
        ("{% for x in nope %}{% endfor %}", "'nope' is undefined"),
        ("{{ 'x' in nope }}", "'nope' is undefined"),
        ("{{ posts[0].extra.nope }}", "has no attribute 'nope'"),
    ],
)  # fmt: skip
def test_a_mistake(template: str, message: str) -> None:
    with pytest.raises(jinja2.TemplateError) as raised:
        shown(template)
    assert message in str(raised.value)


# --- Tera's manners ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("[{{ none }}] {{ true }} {{ 4 / 2 }} {{ 2.5 }} {{ [1, none, false] }}", "[] true 2 2.5 [1, , false]"),
        ("{{ map.items }} {{ map.keys }} {% for k in map.values() %}{{ k }}{% endfor %}", "3 4 34"),
        ("{% if nope %}a{% elif nope.b %}b{% elif not nope %}c{% endif %}", "c"),
        ("{{ '<b>' ~ safe ~ '</b>' }}", "&lt;b&gt;&lt;i&gt;&lt;/b&gt;"),
        ("{% for x in [1, 2, 3] %}{% if x == 2 %}{% continue %}{% endif %}{{ x }}{% endfor %}", "13"),
        ("{% for x in [1, 2, 3] %}{% if x == 2 %}{% break %}{% endif %}{{ x }}{% endfor %}", "1"),
    ],
)  # fmt: skip
def test_manners(template: str, text: str) -> None:
    assert shown(template, map={"items": 3, "keys": 4}, safe=Markup("<i>")) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{% for x in [1, 2] %}{% set_global n = x %}{% endfor %}{{ n }}", "2"),
        ("{% set n = 1 %}{% for x in [1, 2] %}{% if x > 1 %}{% set_global n = n + x %}{% endif %}{% endfor %}{{ n }}", "3"),
        ("{% for x in [1, 2] %}{% for y in [3] %}{% set_global n = x * y %}{% endfor %}{{ n }} {% endfor %}{{ n }}", "3 6 6"),
        ("{% macro m(a) %}{% for x in a %}{% if f %}, {% endif %}{{ x }}{% set_global f = true %}{% endfor %}{% endmacro %}{{ m([1, 2]) }} {{ m([3]) }}", "1, 2 3"),
        ("{% block a %}{% for x in [1] %}{% set_global n = x %}{% endfor %}{% endblock %}{% block b %}{{ n }}{% endblock %}", "1"),
        ("{% set_global n = 1 %}{{ n }}", "1"),
        ("{% for x in [] %}{% set_global n = x %}{% endfor %}{% if n is defined %}there{% endif %}", ""),
        ("{% for x in [1] %}{% set n = x %}{% endfor %}{% if n is defined %}there{% endif %}", ""),
    ],
)  # fmt: skip
def test_set_global(template: str, text: str) -> None:
    assert shown(template) == text


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ html | striptags }}", "a &amp; b"),
        ("{{ html | truncate(length=6) }}", "<b>a &amp;…"),
        ("{{ html | trim }}", "<b>a &amp; b</b>"),
        ("{{ html | replace(from='<b>', to='<i>') }}", "&lt;i&gt;a &amp;amp; b&lt;/b&gt;"),
        ("{{ html | replace(from='<b>', to='<i>') | safe }}", "<i>a &amp; b</b>"),
        ("{{ [html, '<'] | join(sep=' ') }}", "<b>a &amp; b</b> &lt;"),
    ],
)
def test_what_becomes_of_safe_html(template: str, text: str) -> None:
    assert shown(template, html=Markup("<b>a &amp; b</b>")) == text


CONTRACT = (
    "upper lower trim trim_start trim_end trim_start_matches trim_end_matches truncate wordcount "
    "replace capitalize title linebreaksbr indent striptags spaceless urlencode urlencode_strict "
    "escape escape_xml addslashes split int float first last nth join sort unique slice group_by "
    "filter map concat abs pluralize round filesizeformat length reverse date json_encode as_str "
    "get default safe base64_encode base64_decode regex_replace num_format"
)


def test_every_filter_and_test_of_the_contract_is_there() -> None:
    assert [name for name in CONTRACT.split() if name not in ENVIRONMENT.filters] == []
    tests = "defined undefined odd even string number divisibleby iterable object starting_with"
    tests += " ending_with containing matching"
    assert [name for name in tests.split() if name not in ENVIRONMENT.tests] == []
    assert FILTERS.keys() | TESTS.keys()

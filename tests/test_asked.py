"""Pages that ask for more than their own text: read again when the answer is another, and only
then."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from sitegen.base.errors import SiteError
from sitegen.build import build
from sitegen.model import Report
from sitegen.passes.asked import Caller, Options
from sitegen.passes.unchanged import compare
from tests.edits import picture
from tests.support import tree
from tests.tiny import page, write_site

CODE = "```rust\nfn a() {}\n```\n"
TEXTS = {
    "plain": "[file](/s.png) {{ in no shortcode }}",
    "called": "{{ called() }} {{ called() }}",
    "body": "{% shout() %}it{% end %}",
    "included": '{{ include(path="part.rs") }}',
    "beside/index": "![p](p.png) [q](q.txt)",
    "linked/index": "[p](p.png)",
    "static": "![s](/s.png)",
    "gone": "![g](/gone.png)",
    "data": "{{ data() }}",
    "macro": "{{ macro() }}",
    "other": "{{ macro() }}",
    "bust": "{{ bust() }}",
    "who": "{{ who() }}",
    "today": "{{ today() }}",
    "way": "{{ way() }}",
    "marked": "{{ marked() }}",
    "anchored/_index": "# Head",
    "anchored/page": "# Head",
}
FILES: Mapping[str, str | bytes] = {
    **{f"content/{name}.md": page(body=f"{text}\n\n{CODE}") for name, text in TEXTS.items()},
    "content/anchored/_index.md": page('insert_anchor_links = "left"', "# Head"),
    "content/part.rs": "fn b() {}",
    "content/beside/p.png": picture(8),
    "content/beside/q.txt": "q",
    "content/linked/p.png": picture(8),
    "static/s.png": picture(8),
    "data.json": '{"a": 1}',
    "templates/page.html": "{{ page.content }}",
    "templates/anchor-link.html": '<a href="#{{ id }}">§</a>',
    "templates/small.html": "small",
    "templates/shortcodes/called.md": '{{ nth }}{% include "small.html" %}'
    '{% include "none.html" ignore missing %}',
    "templates/shortcodes/shout.html": "<b>{{ body }}</b>",
    "templates/shortcodes/data.html": '{{ load_data(path="data.json").a }}'
    '{{ load_data(path="more.json", required=false) }}',
    "templates/shortcodes/macro.html": '{% import "macros.html" as macros %}{{ macros.show() }}',
    "templates/macros.html": '{% set data = load_data(path="macro.json") %}'
    "{% macro show() %}{{ data.a }}{% endmacro %}",
    "macro.json": '{"a": 1}',
    "templates/shortcodes/bust.html": '{{ get_url(path="s.png", cachebust=true) }}',
    "templates/shortcodes/who.html": '{{ get_env(name="WHO", default="nobody") }}',
    "templates/shortcodes/today.html": "{{ now() }}",
    "templates/shortcodes/way.html": '{{ get_url(path="@/plain.md") }}',
    "templates/shortcodes/marked.html": '{{ "[p](@/plain.md)" | markdown }}',
}
MOVED = page('slug = "moved"', f"{TEXTS['plain']}\n\n{CODE}")
EDITS: Mapping[str, tuple[Mapping[str, str | bytes | None], str]] = {
    "nothing": ({}, ""),
    "the page's template": ({"templates/page.html": "<p>{{ page.content }}"}, ""),
    "an own text": ({"content/who.md": page(body="{{ who() }}")}, "who"),
    "a shortcode": ({"templates/shortcodes/who.html": "new"}, "who"),
    "a shortcode that is the same": ({"templates/shortcodes/shout.html": "<b>{{ body }}</b>"}, ""),
    "what a shortcode includes": ({"templates/small.html": "new"}, "called"),
    "what it would include": ({"templates/none.html": "new"}, "called"),
    "anchors": (
        {"templates/anchor-link.html": '<a href="#{{ id }}">#</a>'},
        "anchored/_index anchored/page",
    ),
    "an included file": ({"content/part.rs": "fn c() {}"}, "included"),
    "a picture of another size": ({"content/beside/p.png": picture(9)}, "beside/index"),
    "one that is none": ({"content/beside/p.png": b"new"}, "beside/index"),
    "one that only a link leads to": ({"content/linked/p.png": picture(9)}, ""),
    "a file beside": ({"content/beside/q.txt": "new"}, ""),
    "a file that is gone": ({"content/beside/q.txt": None}, "beside/index"),
    "a static picture": ({"static/s.png": picture(9)}, "static bust"),
    "one that was gone": ({"static/gone.png": picture(9)}, "gone"),
    "data": ({"data.json": '{"a": 2}'}, "data"),
    "data that was not there": ({"more.json": "2"}, "data"),
    "data found elsewhere": ({"data.json": None, "static/data.json": '{"a": 2}'}, "data"),
    "data of macros that several import": ({"macro.json": '{"a": 2}'}, "macro other"),
    "macros that several import": (
        {"templates/macros.html": "{% macro show() %}new{% endmacro %}"},
        "macro other",
    ),
    "an address": ({"content/plain.md": MOVED}, "plain way marked"),
    "a new page": ({"content/new.md": page()}, "new"),
}


def built(root: Path, jobs: int = 1, who: str = "me", day: int = 0) -> Report:
    environ = {"SOURCE_DATE_EPOCH": str(day * 86400), "WHO": who}
    options = Options(mode="no-exec", jobs=jobs)
    return build(root, options, Caller(environ, sys.executable), lambda event: None)


def read_in(report: Report) -> set[str]:
    return {parsed.path.removesuffix(".md") for parsed in report.parsed}


def assert_clean(root: Path, who: str = "me", day: int = 0) -> None:
    """The site is what a build makes of it that knows of no other."""
    away = shutil.ignore_patterns("public", ".sitegen")
    clean = shutil.copytree(root, root.with_name("clean"), ignore=away)
    built(clean, who=who, day=day)
    assert tree(root / "public") == tree(clean / "public")


def change(root: Path, files: Mapping[str, str | bytes | None]) -> None:
    write_site(root, {path: text for path, text in files.items() if text is not None})
    for path in files.keys() - {path for path, text in files.items() if text is not None}:
        (root / path).unlink()


@pytest.fixture(scope="module", params=[1, 2])
def before(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that one or two processes have built; its name is how many."""
    root = write_site(tmp_path_factory.mktemp("site") / str(request.param), FILES)
    assert read_in(built(root, request.param)) == {*TEXTS, "_index"}
    return root


@pytest.fixture
def site(before: Path, tmp_path: Path) -> Path:
    return shutil.copytree(before, tmp_path / before.name, copy_function=shutil.copy2)


@pytest.mark.parametrize("edit", EDITS)
def test_only_what_asked_for_it_is_read_again(site: Path, edit: str) -> None:
    files, expected = EDITS[edit]
    change(site, files)
    assert read_in(built(site, int(site.name))) == set(expected.split())
    assert_clean(site)
    assert read_in(built(site)) == set()


def test_another_variable_and_another_day(site: Path) -> None:
    jobs = int(site.name)
    assert read_in(built(site, jobs, who="you")) == {"who"}
    assert read_in(built(site, jobs, who="you", day=1)) == {"today"}
    assert_clean(site, who="you", day=1)


def test_what_was_edited_back_is_as_it_was(site: Path) -> None:
    for text in ("2", None, "3"):
        change(site, {"more.json": text})
        assert read_in(built(site, int(site.name))) == {"data"}
    assert_clean(site)


def test_what_kept_pages_asked_for_is_told(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sitegen.storage.trace.TICK_NS", 0)
    jobs = int(site.name)
    change(site, {"templates/page.html": "<p>{{ page.content }}"})
    time.sleep(0.05)
    assert read_in(built(site, jobs)) == set()

    def known(who: str) -> bool:
        caller = Caller({"SOURCE_DATE_EPOCH": "0", "WHO": who}, sys.executable)
        options = Options(mode="no-exec", jobs=jobs)
        compared = compare(site, options, caller, time.time_ns())
        return compared is not None and not compared.changed

    assert (known("me"), known("you")) == (True, False)


def test_what_makes_pictures_or_cannot_be_told_is_read_again(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "content/thumb.md": page(body="{{ thumb() }}"),
        "content/odd.md": page(body="{{ odd() }}"),
        "static/p.png": picture(8),
        "templates/shortcodes/thumb.html": '{{ resize_image(path="p.png", width=4, height=4) }}',
        "templates/shortcodes/odd.html": "{% if page.nothing %}x{% endif %}",
    }
    root = write_site(tmp_path / "site", files)
    for report in (built(root), built(root), built(root, 2)):
        assert read_in(report) - {"_index"} == {"thumb", "odd"}
        assert [problem.code for problem in report.problems] == ["template"]
    assert_clean(root)


def test_a_fatal_mistake_is_told_until_it_is_mended(site: Path) -> None:
    change(site, {"templates/shortcodes/who.html": "{{ nothing.at.all }}"})
    for _ in range(2):
        with pytest.raises(SiteError) as error:
            built(site, int(site.name))
        assert [problem.code for problem in error.value.problems] == ["template"]
    change(site, {"templates/shortcodes/who.html": "mended"})
    assert read_in(built(site, int(site.name))) == {"who"}
    assert_clean(site)


def test_what_imported_macros_have_read_is_read_by_every_page(tmp_path: Path) -> None:
    files = {
        "content/a.md": page(),
        "content/b.md": page(),
        "macro.json": '{"a": 1}',
        "templates/macros.html": FILES["templates/macros.html"],
        "templates/page.html": FILES["templates/shortcodes/macro.html"],
    }
    root = write_site(tmp_path / "site", files)
    built(root)
    change(root, {"macro.json": '{"a": 2}'})
    assert {rendered.path for rendered in built(root).rendered} == {"a/index.html", "b/index.html"}
    assert_clean(root)


def test_texts_become_templates_where_a_site_gets_components(tmp_path: Path) -> None:
    files = {"content/a.md": page('title = "A"', "{{ page.title }}"), "templates/x.html": "x"}
    root = write_site(tmp_path / "site", files)
    built(root)
    change(root, {"templates/x.html": "{% component x() %}x{% endcomponent %}"})
    built(root)
    assert "{{" not in (root / "public/a/index.html").read_text("utf-8")
    assert_clean(root)


def test_a_warning_of_a_shortcode_is_told_of_a_page_that_is_run(tmp_path: Path) -> None:
    text = "{{ odd() }}\n\n```python\n1\n```"
    odd = "{% if page.nothing %}x{% endif %}"
    files = {"content/a.md": page(body=text), "templates/shortcodes/odd.html": odd}
    report = built(write_site(tmp_path, files))
    assert "template" in {problem.code for problem in report.problems}


@pytest.mark.parametrize("extra", ["[extra]\nx = inf", ""])
def test_what_showed_a_page_that_is_gone_is_made_again(tmp_path: Path, extra: str) -> None:
    """Also where the page itself was not kept, or what was kept of it is lost."""
    front = 'title = "T"\ndate = 2026-01-01\ntaxonomies = { tags = ["x"] }\n'
    files = {"content/a.md": page(front), "content/b.md": page(front + extra)}
    root = write_site(tmp_path / "site", files)
    built(root)
    change(root, {"content/b.md": None})
    if not extra:
        shutil.rmtree(root / ".sitegen/bodies")
    built(root)
    assert_clean(root)

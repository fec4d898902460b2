"""Markdown where a case is not enough: sites that are still Zola's, builds, cost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from sitegen.base.errors import Problem
from sitegen.content.dialect import dialect_of, parser_for
from sitegen.content.expand import CLOSE, OPEN, expand
from sitegen.content.shortcodes import Code, find_calls
from sitegen.content.snippets import NONE
from sitegen.model import Meta, Origin, Source
from sitegen.render.guests import clean_body, mark_part
from sitegen.settings import MarkdownConfig
from tests.tiny import page, publish, published

ZOLA = 'base_url = "https://example.org"\n'


def zola(root: Path, files: dict[str, str]) -> tuple[Problem, ...]:
    """The problems of a site whose configuration is Zola's."""
    root.mkdir(exist_ok=True)
    return publish(root, {"zola.toml": ZOLA, **files, "site.toml": ""})


@pytest.fixture
def without_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only Zola's configuration is looked for."""
    monkeypatch.setattr("sitegen.content.config.FILES", ("zola.toml",))


@pytest.mark.usefixtures("without_own")
def test_a_site_of_zolas_leaves_formulas_to_its_scripts(tmp_path: Path) -> None:
    assert zola(tmp_path, {"content/a.md": page(body="$x_1$ and $$y$$")}) == ()
    assert "<p>$x_1$ and $$y$$</p>" in published(tmp_path, "a/index.html")


@pytest.mark.usefixtures("without_own")
def test_what_is_no_call_to_zola_is_text_there(tmp_path: Path) -> None:
    problems = zola(tmp_path, {"content/a.md": page(body="A {{ f(x) }} b")})
    assert [(problem.severity, problem.code) for problem in problems] == [("warning", "shortcode")]
    assert "<p>A {{ f(x) }} b</p>" in published(tmp_path, "a/index.html")


@pytest.mark.usefixtures("without_own")
def test_a_shortcode_that_is_teras_gives_nothing_and_a_warning(tmp_path: Path) -> None:
    files = {
        "content/a.md": page(body="A {{ t() }} b"),
        "templates/shortcodes/t.html": "{{ page.title | trim_start_matches(pat='x', }}",
    }
    problems = zola(tmp_path, files)
    assert {problem.severity for problem in problems} == {"warning"}
    assert any("templates/shortcodes/t.html" in str(problem.span) for problem in problems)
    assert "<p>A  b</p>" in published(tmp_path, "a/index.html")


def test_an_unknown_shortcode_publishes_nothing(tmp_path: Path) -> None:
    problems = publish(tmp_path, {"content/a.md": page(body="{{ nope() }}")})
    assert [problem.severity for problem in problems] == ["fatal"]
    assert not (tmp_path / "public").exists()


def test_a_picture_that_two_shortcodes_resize_is_published_once(tmp_path: Path) -> None:
    pillow = pytest.importorskip("PIL.Image")
    (tmp_path / "static").mkdir(parents=True)
    pillow.new("RGB", (40, 20), "red").save(tmp_path / "static/red.png")
    resize = '{% set made = resize_image(path="red.png", width=10, op="fit_width") %}'
    files = {
        "templates/shortcodes/small.html": resize + '<img src="{{ made.url }}" alt="">',
        "content/a.md": page(body="{{ small() }}"),
        "content/b.md": page(body="![](/red.png)\n\n{{ small() }}"),
    }
    assert publish(tmp_path, files) == ()
    assert len(list((tmp_path / "public/processed_images").iterdir())) == 1
    assert 'alt="" width="40" height="20"' in published(tmp_path, "b/index.html")


def test_the_filter_speaks_the_dialect_of_the_site(tmp_path: Path) -> None:
    files = {
        "site.toml": ZOLA + "[markdown]\nsmart_punctuation = true\n",
        "content/a.md": page(
            '[extra]\nt = """$x$ "a" -- b[^1]\n\n```py,name=n\n1\n```\n\n[^1]: f"""'
        ),
        "templates/page.html": "{{ page.extra.t | markdown | safe }}",
    }
    assert publish(tmp_path, files) == ()
    html = published(tmp_path, "a/index.html")
    assert html.startswith("<p><math><mi>x</mi></math> “a” – b<sup")
    assert '<div class="cell-name">n</div>' in html


def test_noncharacters_of_a_text_are_no_marks() -> None:
    body = f"{OPEN}0{CLOSE} {{{{ x() }}}}"
    problems: list[Problem] = []
    origin = Origin(Source("a.md", "content/a.md", body), Meta(), "/a/")
    expanded = expand(body, origin, NONE, lambda arguments: "", problems)
    assert expanded.text == f"�0� {OPEN}0{CLOSE}"
    assert expanded.html == ("",)


def test_a_guest_cannot_forge_the_place_of_a_part() -> None:
    part = '<b title="ours">'
    for forged in ("&#xFDD2;0&#xFDD3;", mark_part(7), "sitegen-000000000000000000000000-0-"):
        html = clean_body(f'<a title="{forged}">x</a> {forged} {mark_part(0)}', [part])
        assert html.count(part) == 1
        assert html.endswith(f"{part}\n")


def test_a_text_without_shortcodes_is_not_read_twice() -> None:
    text = "word {{ x }} `{% y %}`\n" * 50_000
    origin = Origin(Source("a.md", "content/a.md", text), Meta(), "/a/")
    begun = time.perf_counter()
    expanded = expand(text, origin, NONE, lambda arguments: "", [])
    assert time.perf_counter() - begun < 1
    assert expanded.text is text
    assert expanded.lines is None


@pytest.mark.parametrize(
    "text",
    ["{{ a(" * 3000, "{% a() %}" * 3000, "`" * 20_000 + "{{ a() }}", "` {{ a() }} " * 3000],
    ids=["open", "bodies", "ticks", "spans"],
)
def test_hostile_calls_take_no_time(text: str) -> None:
    begun = time.perf_counter()
    list(find_calls(text, Code(text)))
    assert time.perf_counter() - begun < 5


@pytest.mark.parametrize(
    "text", ["$a " * 20_000, "$$a " * 20_000, "\\\\(a " * 20_000, "$" * 20_000]
)
def test_hostile_formulas_take_no_time(text: str) -> None:
    begun = time.perf_counter()
    parser_for(dialect_of(MarkdownConfig(), text)).parse(text)
    assert time.perf_counter() - begun < 5

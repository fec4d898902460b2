"""Texts of a few pages edited: what is rendered on the lists of the build before is what a clean
build makes, and what may be more than that is left to a build of everything."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sitegen.base.errors import SiteError
from sitegen.cli.build import tell_or_build
from sitegen.model import Report
from sitegen.passes.asked import Caller, Options
from sitegen.passes.unchanged import Left
from tests.edits import picture
from tests.support import tree, write_site

CONFIG = """
base_url = "https://example.org"
title = "A test"
generate_feeds = true
feed_limit = 3
taxonomies = [
    { name = "tags", feed = true, paginate_by = 2 }, { name = "series" }, { name = "categories" },
]
[languages.pt]
title = "Pt"
generate_feeds = true
"""
PAGE = """
{% extends "page.html" %}
{% block after %}{{ super() }}
{% for one in page.related %}{{ one.title }}{{ one.summary }}{% endfor %}
{{ page.lower and page.lower.title }}{% for one in page.backlinks %}{{ one.title }}{% endfor %}
{{ page.translations | length }}{{ page.series and page.series.position }}{% endblock %}
"""
FRONT = """+++
title = "{title}"
date = 2026-01-{day:02}{zone}
[taxonomies]
tags = [{tags}]
series = [{series}]
+++
"""
LIST = '+++\nsort_by = "date"\npaginate_by = 2\ngenerate_feeds = true\n+++\n'
TEXTS = {
    "posts/a": "One.\n\n<!-- more -->\n\n## Part\n\nMore.",
    "posts/b": "To [a](@/posts/a.md), its [part](@/posts/a.md#part).",
    "posts/c/index": "![it](it.png) and ```code```.",
    "posts/d": "{{ small() }} and {{ way() }}",
    "posts/e": "```python\nx = 1\n```",
    "posts/f": "$x^2$ and a note[^1].\n\n[^1]: Noted.",
    "posts/a.pt": "Um.",
}
PAGES = sorted(f"content/{path}.md" for path in TEXTS)
RUN = "content/posts/e.md"
EASY = [path for path in PAGES if path != RUN]
ENDINGS = (
    *(
        " More.",
        " So much more, on and on: " + "word " * 250,
        "\n\n## New",
        "\n\n## Other\n\nText.",
    ),
    *("\n\n```rust\nfn a() {}\n```", "\n\n> *said*", ""),
)


def write(root: Path) -> Path:
    files = {
        "content/_index.md": '+++\nsort_by = "date"\n+++\n[d](@/posts/d.md)',
        "content/_index.pt.md": "+++\n+++\n",
        "content/posts/_index.md": LIST,
        "templates/page.html": PAGE,
        "templates/shortcodes/small.html": "<b>{{ config.title }}</b>",
        "templates/shortcodes/way.html": '{{ get_url(path="@/posts/a.md") }}',
    }
    for number, (path, text) in enumerate(TEXTS.items(), 1):
        tags = ", ".join(f'"{tag}"' for tag in "xyz"[: number % 4])
        front = FRONT.format(
            title=path,
            day=number,
            zone="T05:00:00+05:00" if number % 2 else "",
            tags="" if ".pt" in path else tags,
            series='"s"' if number < 4 else "",
        )
        front = front.replace("[taxonomies]\ntags = []\nseries = []\n", "")
        if ".pt" in path:
            front = "+++\ntitle = 'pt'\ndate = 2026-01-09\n+++\n"
        files[f"content/{path}.md"] = front + text
    write_site(root, files, CONFIG)
    (root / "content/posts/c/it.png").write_bytes(b"no picture")
    return root


def build(root: Path) -> Report:
    return tell_or_build(root, Options(mode="no-exec"), Caller({}, sys.executable), lambda _: None)


def was_amended(report: Report) -> bool:
    return "scan" in report.seconds and "assemble" not in report.seconds


def clean(root: Path, aside: Path) -> tuple[dict[str, bytes], Report]:
    """What a build makes of the site that knows of none before."""
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(root, aside, ignore=shutil.ignore_patterns("public", ".sitegen"))
    report = build(aside)
    return tree(aside / "public"), report


def edit(root: Path, path: str, ending: str) -> None:
    file = root / path
    file.write_text(file.read_text("utf-8").rstrip("\n") + ending + "\n", "utf-8")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site that has been built; the state of a file tells something as soon as it is written."""
    monkeypatch.setattr("sitegen.storage.trace.TICK_NS", 0)
    root = write(tmp_path / "site")
    time.sleep(0.05)
    assert not was_amended(build(root))
    return root


@pytest.mark.parametrize("ending", ENDINGS[:-1])
@pytest.mark.parametrize("path", EASY)
def test_an_edited_text_is_rendered_by_itself(site: Path, path: str, ending: str) -> None:
    edit(site, path, ending)
    report = build(site)
    assert was_amended(report)
    assert [entry.path for entry in report.parsed] == [path.removeprefix("content/")]
    expected, told = clean(site, site.parent / "clean")
    assert tree(site / "public") == expected
    assert (report.pages, report.problems) == (told.pages, told.problems)
    assert report.written + report.unchanged == told.written


def test_what_lists_show_of_a_text_is_new_there_too(site: Path) -> None:
    rewrite("content/posts/f.md", "$x^2$", "Squared: $x^2$")(site)
    report = build(site)
    assert was_amended(report)
    shown = {entry.path for entry in report.rendered}
    assert shown == {
        *("posts/f/index.html", "atom.xml", "posts/atom.xml"),
        *("tags/x/atom.xml", "tags/y/atom.xml"),
    }
    assert tree(site / "public") == clean(site, site.parent / "clean")[0]


def test_drawn_cards_stay(site: Path) -> None:
    config = site / "site.toml"
    config.write_text(f"social_cards = true\n{CONFIG}", "utf-8")
    build(site)
    edit(site, "content/posts/a.md", " More.")
    assert was_amended(build(site))
    assert tree(site / "public") == clean(site, site.parent / "clean")[0]


def test_nothing_is_left_to_do_afterwards(site: Path) -> None:
    edit(site, "content/posts/f.md", " More.")
    edit(site, "content/posts/a.md", " More.")
    assert was_amended(build(site))
    assert list(build(site).seconds) == ["compare"]
    shutil.rmtree(site / ".sitegen/unchanged")
    whole = build(site)
    assert {entry.path for entry in whole.parsed} == {RUN.removeprefix("content/")}
    assert whole.written == 0


def rewrite(path: str, old: str, new: str) -> Callable[[Path], object]:
    def change(root: Path) -> None:
        file = root / path
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")

    return change


def after(other: Callable[[Path], object]) -> Callable[[Path], object]:
    def change(root: Path) -> None:
        other(root)
        edit(root, EASY[0], " More.")

    return change


def including(root: Path) -> None:
    """A page shows the text of another, and that is edited."""
    rewrite("content/posts/f.md", "$x^2$", '{{ include(path="posts/a.md") }}')(root)
    build(root)
    edit(root, "content/posts/a.md", " More.")


def linking(root: Path) -> None:
    """A link to a heading that is not there, which then is."""
    rewrite("content/posts/b.md", "#part", "#new")(root)
    assert build(root).problems
    edit(root, "content/posts/a.md", "\n\n## New")


def reading(root: Path) -> None:
    """A template reads a page's file."""
    head = root / "templates/head.html"
    head.write_text('{{ load_data(path="content/posts/a.md", format="plain") | length }}')
    build(root)
    edit(root, "content/posts/a.md", " More.")


def numbered(root: Path) -> None:
    """A mistake that is told by its line moves."""
    rewrite("content/posts/b.md", "(@/posts/a.md)", "(@/posts/gone.md)")(root)
    assert build(root).problems
    rewrite("content/posts/b.md", "To ", "First.\n\nTo ")(root)


def asking(root: Path) -> None:
    """A page asks for what no page has asked for before."""
    word = root / "templates/shortcodes/who.html"
    word.write_text('{{ get_env(name="WHO", default="nobody") }}')
    build(root)
    edit(root, "content/posts/a.md", " {{ who() }}")


def many(root: Path) -> None:
    for number in range(9):
        (root / f"content/n{number}.md").write_text("+++\n+++\nText.")
    build(root)
    for number in range(9):
        edit(root, f"content/n{number}.md", " More.")


def resized(root: Path) -> None:
    """A template makes a picture, so that nobody can tell what its page shows."""
    (root / "static").mkdir()
    (root / "static/pic.png").write_bytes(picture(8))
    (root / "templates/other.html").write_text(
        '{{ resize_image(path="static/pic.png", width=4, op="fit_width").url }}'
    )
    rewrite("content/posts/f.md", "[taxonomies]", 'template = "other.html"\n[taxonomies]')(root)
    build(root)
    edit(root, "content/posts/a.md", " More.")


def picturing(root: Path) -> None:
    """A page whose shortcode makes a picture does so no more."""
    (root / "static").mkdir()
    (root / "static/pic.png").write_bytes(picture(8))
    (root / "templates/shortcodes/pic.html").write_text(
        '{{ resize_image(path="static/pic.png", width=4, op="fit_width").url }}'
    )
    rewrite("content/posts/f.md", "$x^2$", "Text {{ pic() }}")(root)
    build(root)
    assert list((root / "public/processed_images").iterdir())
    rewrite("content/posts/f.md", " {{ pic() }}", "")(root)


def damaged(root: Path) -> None:
    """What was left of the lists is cut short."""
    (file,) = (root / ".sitegen/unchanged").iterdir()
    left = msgspec.msgpack.decode(file.read_bytes(), type=Left)
    left = msgspec.structs.replace(left, shape=left.shape[: len(left.shape) // 2])
    file.write_bytes(msgspec.msgpack.encode(left))
    edit(root, EASY[0], " More.")


def grown(root: Path) -> None:
    """Texts that nobody needs fill the store."""
    for number in range(3):
        edit(root, EASY[0], f"\n\n{number} " + "word " * 150_000)
        build(root)


@pytest.mark.parametrize(
    "change",
    [
        rewrite("content/posts/a.md", 'title = "posts/a"', 'title = "Other"'),
        rewrite("content/posts/a.md", "2026-01-01", "2026-01-20"),
        rewrite("content/posts/a.md", '"x"', '"x", "w"'),
        rewrite("content/posts/a.md", "## Part", ""),
        rewrite("content/posts/f.md", "$x^2$", "[b](@/posts/b.md)"),
        rewrite("content/posts/f.md", "$x^2$", "$\\nosuch$"),
        rewrite("content/posts/f.md", "$x^2$", "```python\nprint(1)\n```"),
        rewrite("content/posts/f.md", "[taxonomies]", "draft = true\n[taxonomies]"),
        rewrite("content/posts/f.md", "+++\ntitle", "+++\ntitel"),
        rewrite("content/_index.md", "[d]", "[D]"),
        rewrite("site.toml", '"A test"', '"Another"'),
        rewrite("templates/shortcodes/small.html", "<b>", "<i>"),
        rewrite(RUN, "```python", "```text"),
        rewrite(RUN, "```python\nx = 1\n```", "Nothing."),
        lambda root: edit(root, RUN, " More."),
        lambda root: (root / "content/posts/a.md").rename(root / "content/posts/z.md"),
        lambda root: (root / "content/posts/g.md").write_text("+++\n+++\nNew."),
        after(lambda root: shutil.rmtree(root / ".sitegen/bodies")),
        after(lambda root: (root / "public/index.html").unlink()),
        after(lambda root: (root / "public/more").touch()),
        including,
        linking,
        reading,
        numbered,
        asking,
        many,
        resized,
        picturing,
        damaged,
        grown,
    ],
)
def test_what_may_be_more_is_made_as_ever(site: Path, change: Callable[[Path], object]) -> None:
    try:
        change(site)
        report = build(site)
    except SiteError:
        with pytest.raises(SiteError):
            clean(site, site.parent / "clean")
        return
    assert not was_amended(report)
    expected, told = clean(site, site.parent / "clean")
    assert tree(site / "public") == expected
    assert report.problems == told.problems


steps = st.lists(
    st.tuples(st.sampled_from(PAGES), st.sampled_from(ENDINGS)), min_size=1, max_size=3
)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(all_steps=st.lists(steps, min_size=2, max_size=5))
def test_any_texts_after_another(
    all_steps: list[list[tuple[str, str]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sitegen.storage.trace.TICK_NS", 0)
        root = write(tmp_path_factory.mktemp("any") / "site")
        build(root)
        bare = {path: (root / path).read_text("utf-8") for path in PAGES}
        for pairs in all_steps:
            for path, ending in pairs:
                (root / path).write_text(f"{bare[path]}{ending}\n", "utf-8")
            report = build(root)
            expected, told = clean(root, root.parent / "clean")
            assert tree(root / "public") == expected
            assert report.problems == told.problems

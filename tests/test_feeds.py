"""Feeds as readers get them: three formats, the site's, a section's, a term's, a language's."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from pathlib import Path
from typing import Any

import feedparser
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sitegen.model import Device, Display, Output, Stream
from sitegen.render import reader
from sitegen.render.body import render_body
from sitegen.render.feed_body import as_fed, render_feed_body
from sitegen.render.reader import for_readers
from tests.checkers import java, jing
from tests.test_outputs import blob, draft_of, png, shown_of
from tests.tiny import SITE, page, publish, published

FEEDS = """\
base_url = "https://example.org/blog"
title = "Notes & <numbers>"
description = "What was measured"
author = "Ada"
generate_feeds = true
feed_filenames = ["atom.xml", "rss.xml", "feed.json"]
taxonomies = [{ name = "tags", feed = true }]

[languages.pt]
title = "Notas"
generate_feeds = true
feed_filenames = ["atom.xml", "feed.json"]
"""

POSTS = {
    "content/posts/_index.md": page('title = "Posts"\nsort_by = "date"\ngenerate_feeds = true'),
    "content/posts/old.md": page(
        'title = "Old & <b>bold</b>"\ndate = 2026-01-02\ndescription = "A < B & C"\n'
        'authors = ["Bo & Co", "Cy"]\ntaxonomies.tags = ["A & B", "C"]',
        "Before.\n\n<!-- more -->\n\n"
        "[There](@/posts/new.md#x) ![p](a.png)\n\n\x0c## x\n\nA \x00 z.",
    ),
    "content/posts/new.md": page(
        'title = "New"\ndate = 2026-01-03T10:00:00+02:00\nupdated = 2026-02-01',
        "First.\n\n## x\n\n[Home](/) [x](#x) [rel](../old/)\n\n```rust\nlet a = 1 < 2;\n```",
    ),
    "content/undated.md": page('title = "Undated"'),
    "content/posts/new.pt.md": page('title = "Novo"\ndate = 2026-01-03', "Olá."),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("feeds")
    problems = publish(root, {"site.toml": FEEDS, **POSTS})
    assert [problem for problem in problems if problem.severity != "notice"] == []
    return root


def parse(root: Path, file: str) -> Any:
    feed = feedparser.parse((root / "public" / file).read_bytes(), sanitize_html=False)
    assert not feed.bozo, feed.get("bozo_exception")
    return feed


def test_where_feeds_lie(site: Path) -> None:
    names = ("atom.xml", "rss.xml", "feed.json")
    public = site / "public"
    found = {p.relative_to(public).as_posix() for p in public.rglob("*") if p.name in names}
    folders = ["", "posts/", "tags/a-b/", "tags/c/"]
    assert found == {*(f + n for f in folders for n in names), "pt/atom.xml", "pt/feed.json"}


@pytest.mark.parametrize("file", ["atom.xml", "rss.xml", "posts/atom.xml", "tags/a-b/rss.xml"])
def test_feedparser_reads_every_feed(site: Path, file: str) -> None:
    feed = parse(site, file)
    assert feed.version == ("atom10" if "atom" in file else "rss20")
    old = next(entry for entry in feed.entries if entry.link.endswith("/old/"))
    assert old.id == "https://example.org/blog/posts/old/"
    assert old.title == "Old & <b>bold</b>"
    assert old.published_parsed[:3] == (2026, 1, 2)
    assert [tag.term for tag in old.tags] == ["A & B", "C"]
    assert old.summary == ("A < B & C" if "atom" in file else "A &lt; B &amp; C")
    assert 'href="https://example.org/blog/posts/new/#x"' in old.content[0].value
    assert 'src="https://example.org/blog/posts/old/a.png"' in old.content[0].value


def test_names_of_feeds(site: Path) -> None:
    titles = [parse(site, f"{at}atom.xml").feed.title for at in ("", "posts/", "tags/a-b/", "pt/")]
    notes = "Notes & <numbers>"
    assert titles == [notes, f"{notes} · Posts", f"{notes} · A & B", "Notas"]


def test_newest_first_and_undated_never(site: Path) -> None:
    entries = parse(site, "atom.xml").entries
    assert [entry.title for entry in entries] == ["New", "Old & <b>bold</b>"]
    assert entries[0].published == "2026-01-03T10:00:00+02:00"
    assert parse(site, "atom.xml").feed.updated == "2026-02-01T00:00:00Z"


@pytest.mark.skipif(not os.environ.get("CI") and java() is None, reason="jing needs Java")
@pytest.mark.parametrize("file", ["atom.xml", "posts/atom.xml", "tags/a-b/atom.xml", "pt/atom.xml"])
def test_jing_has_nothing_to_say(site: Path, file: str) -> None:
    assert jing("atom.rnc", site / "public" / file) == []


@pytest.mark.skipif(not os.environ.get("CI") and java() is None, reason="jing needs Java")
def test_jing_would_say_something(site: Path, tmp_path: Path) -> None:
    text = published(site, "atom.xml").replace("<id>https://example.org/blog/posts/old/</id>", "")
    (tmp_path / "atom.xml").write_text(text, "utf-8")
    assert any('"id"' in line for line in jing("atom.rnc", tmp_path / "atom.xml"))


def test_json_feed(site: Path) -> None:
    feed = json.loads(published(site, "feed.json"))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["title"] == "Notes & <numbers>"
    assert feed["home_page_url"] == "https://example.org/blog/"
    assert feed["feed_url"] == "https://example.org/blog/feed.json"
    new, old = feed["items"]
    assert old["authors"] == [{"name": "Bo & Co"}, {"name": "Cy"}]
    assert (old["title"], old["tags"]) == ("Old & <b>bold</b>", ["A & B", "C"])
    assert new["date_modified"] == "2026-02-01T00:00:00Z"
    for item in (new, old):
        assert item["id"] == item["url"]
        assert item["content_html"].startswith("<p>")
        for key in ("date_published", "date_modified"):
            assert dt.datetime.fromisoformat(item.get(key, item["date_published"])).tzinfo
    assert json.loads(published(site, "pt/feed.json"))["items"][0]["content_html"] == "<p>Olá.</p>"


def test_pages_name_their_feeds(site: Path) -> None:
    link = '<link rel="alternate" type="{}" href="/blog/{}" title="{} ({})">'
    html = published(site, "tags/a-b/index.html")
    name = "Notes &amp; &lt;numbers&gt;"
    assert link.format("application/feed+json", "feed.json", name, "JSON") in html
    term = f"{name} · A &amp; B"
    assert link.format("application/rss+xml", "tags/a-b/rss.xml", term, "RSS") in html
    assert "tags/a-b" not in published(site, "posts/old/index.html").split("</head>")[0]


def test_a_template_of_the_site_wins(tmp_path: Path) -> None:
    template = "{{ feed_url }} {% for page in pages %}{{ page.content }}{% endfor %}"
    config = SITE + 'generate_feeds = true\nfeed_filenames = ["feed.json", "own.xml"]\n'
    files = {"site.toml": config, "templates/feed.json": template, "templates/own.xml": template}
    publish(tmp_path, {**files, "content/a.md": page("date = 2026-01-01", "[A](/)")})
    body = '<p><a href="https://example.org/">A</a></p>'
    assert published(tmp_path, "feed.json") == f"https://example.org/feed.json {body}"
    assert published(tmp_path, "own.xml") == f"https://example.org/own.xml {body}"


def test_a_summary_feed_holds_what_stands_for_the_text(tmp_path: Path) -> None:
    config = (
        SITE + 'generate_feeds = true\nfeed_content = "summary"\nfeed_filenames = ["rss.xml"]\n'
    )
    pages = {
        "a": page("date = 2026-01-04", "Above [x](../b/).\n\n<!-- more -->\n\nBelow."),
        "b": page('date = 2026-01-03\ndescription = "A < B"', "Text."),
        "c": page("date = 2026-01-02", "# Title\n\nFirst *one*.\n\nSecond."),
        "d": page("date = 2026-01-01", ""),
    }
    publish(tmp_path, {"site.toml": config, **{f"content/{n}.md": t for n, t in pages.items()}})
    entries = parse(tmp_path, "rss.xml").entries
    assert [e.content[0].value if "content" in e else e.get("summary", "") for e in entries] == [
        '<p>Above <a href="https://example.org/b/">x</a>.</p>',
        "<p>A &lt; B</p>",
        "<p>First <em>one</em>.</p>",
        "",
    ]


def test_the_limit_counts_posts_and_not_their_dates(tmp_path: Path) -> None:
    config = SITE + "generate_feeds = true\nfeed_limit = 2\n"
    pages = {f"content/{n}.md": page(f"date = 2026-01-0{n}") for n in range(1, 6)}
    publish(tmp_path, {"site.toml": config, **pages})
    links = [entry.link for entry in parse(tmp_path, "atom.xml").entries]
    assert links == ["https://example.org/5/", "https://example.org/4/"]


def test_only_pages_that_feeds_show_are_rendered_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: list[str] = []

    def spy(html: str, url: str, *arguments: Any) -> str:
        rendered.append(url)
        return as_fed(html, url, *arguments)

    monkeypatch.setattr("sitegen.passes.finish.as_fed", spy)
    config = (
        SITE + 'generate_feeds = true\nfeed_limit = 2\nfeed_filenames = ["atom.xml", "rss.xml"]'
    )
    pages = {f"content/{n}.md": page(f"date = 2026-01-0{n}") for n in range(1, 6)}
    publish(tmp_path, {"site.toml": config, **pages})
    assert rendered == ["/5/", "/4/"]


# --- bodies -----------------------------------------------------------------------------------

CODE = "```python\nx = 1\n```\n"


def other_device(shown: Any) -> Any:
    device = Device("h100", "cuda", "An H100", "H100 <SXM>")
    run = msgspec.structs.replace(shown.run, device=device)
    return msgspec.structs.replace(shown, run=run)


def body_of(root: Path, body: str, *cells: tuple[Output, ...], others: bool = False) -> str:
    draft = draft_of(root, body)
    (plan,) = draft.plans
    runs = [shown_of(plan, *cells)]
    if others:
        runs.append(other_device(shown_of(plan, *cells)))
    return render_feed_body(draft.document, runs, {}, "https://example.org")


def test_devices_stand_one_after_another_each_under_its_name(tmp_path: Path) -> None:
    html = body_of(tmp_path, CODE, (Stream("stdout", "1 < 2\n"),), others=True)
    assert html == (
        "<pre><code>x = 1</code></pre>\n<h4>On A CPU</h4>\n<pre><code>1 &lt; 2</code></pre>\n"
        "<h4>On H100 &lt;SXM&gt;</h4>\n<pre><code>1 &lt; 2</code></pre>"
    )


def test_of_a_figure_the_light_picture_stays_at_its_address(tmp_path: Path) -> None:
    light, dark = blob(png(4, 2)), blob(png(4, 3))
    figure = Display({"image/png": light, "text/plain": "<Figure>"}, dark=dark)
    html = body_of(tmp_path, CODE, (figure,))
    picture = f"https://example.org/posts/x/{light.digest[:32]}.png"
    alt = "Output of the code above"
    assert html == (
        f'<pre><code>x = 1</code></pre>\n<img src="{picture}" width="4" height="2" alt="{alt}">'
    )
    draft = draft_of(tmp_path, CODE)
    files = render_body(draft.document, [shown_of(draft.plans[0], (figure,))]).files
    assert f"posts/x/{light.digest[:32]}.png" in [file.path for file in files]


def test_a_long_stream_is_cut_and_formulas_stay(tmp_path: Path) -> None:
    long = Stream("stdout", "\n".join(f"line {n}" for n in range(100)))
    formula = Display({"text/latex": "$x^2$", "text/plain": "x**2"})
    html = body_of(tmp_path, CODE, (long, formula))
    assert "line 39</code></pre><p><em>60 more lines</em></p>" in html
    assert "<math" in html
    assert "<msup>" in html


def test_hidden_code_and_output_are_hidden_in_feeds_too(tmp_path: Path) -> None:
    hidden = "```python\n#| include: false\nx = 1\n```\nText.\n"
    assert body_of(tmp_path, hidden, (Stream("stdout", "1"),)) == "<p>Text.</p>"
    quiet = "```python\n#| output: false\n#| caption: So <it> is\nx = 1\n```\n"
    html = body_of(tmp_path, quiet, (Stream("stdout", "1"),))
    assert html == "<pre><code>x = 1</code></pre>\n<p><em>So &lt;it&gt; is</em></p>"


READERS = [
    ("<p class='a' id='b' onclick='x()'>a</p>", "<p>a</p>"),
    ("<script>alert(1)</script><style>p {}</style>a", "a"),
    (
        "<div class='code'><pre tabindex='0'><code class='language-rust'><span class='k'>let</span>"
        "</code></pre></div>",
        "<div><pre><code>let</code></pre></div>",
    ),
    (
        "<details class='d'><summary>More</summary><p>b</p></details>",
        "<p><strong>More</strong></p><p>b</p>",
    ),
    (
        "<a href='../b/'>b</a><a href='#c'>c</a><a href='mailto:a@b.c'>d</a>",
        '<a href="https://example.org/posts/b/">b</a>'
        '<a href="https://example.org/posts/a/#c">c</a><a href="mailto:a@b.c">d</a>',
    ),
    ("<a href=' java\nscript:alert(1)'>x</a>", "<a>x</a>"),
    ("<h2 id='x'>Title<a class='zola-anchor' href='#x'>🔗</a></h2>", "<h2>Title</h2>"),
    (
        "<iframe src='https://video.example/1' title='A film'></iframe>",
        '<p><a href="https://video.example/1">A film</a></p>',
    ),
    (
        "<ul class='contains-task-list'><li><input type='checkbox' checked disabled> a</li></ul>",
        "<ul><li>☑ a</li></ul>",
    ),
    (
        "<button>copy</button><svg viewBox='0 0 1 1'><script>x</script><path d='M0' onclick='x'/>"
        "</svg>b",
        '<svg viewbox="0 0 1 1"><path d="M0"/></svg>b',
    ),
    (
        "<math display='block'><mi mathvariant='bold'>x</mi></math>",
        '<math display="block"><mi mathvariant="bold">x</mi></math>',
    ),
    (
        "<ol start='3'><li>a &amp; &lt;b&gt; \"c\"</li></ol>",
        '<ol start="3"><li>a &amp; &lt;b&gt; &quot;c&quot;</li></ol>',
    ),
    ("<object><p>a</p><object></object></object>b", "b"),
    ("<!-- c --><span id='continue-reading'></span>a", "a"),
]


@pytest.mark.parametrize(("html", "expected"), READERS)
def test_what_a_feed_carries(html: str, expected: str) -> None:
    assert for_readers(html, "https://example.org/posts/a/") == expected


@pytest.mark.parametrize(("html", "expected"), READERS)
def test_rewriting_twice_is_rewriting_once(html: str, expected: str) -> None:
    address = "https://example.org/posts/a/"
    assert for_readers(expected, address) == expected


PIECES = (
    *("<p>", "</p>", "<a href='x'>", '<a href="../b?c=1&amp;d" class="anchor">', "</a>", "<em>"),
    *("</em>", '<img src="a.png" alt="&quot;a&quot; &lt; b" hidden="">', "<br>", "<br />", "<"),
    *('<span class="k">', "</span>", "<details>", "<!-- c -->", "a &amp; b", "&copy", 'c > "d"'),
    *('<li id="x">', "</li>", "<table>", '<td colspan="2" align="right">', "é\n", "<i>", "</i>"),
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_plain_tags_mean_what_pythons_parser_makes_of_them(html: str) -> None:
    address = "https://example.org/posts/a/"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "_PLAIN_TAG", re.compile("(?!)"))
        by_python = for_readers(html, address)
    assert for_readers(html, address) == by_python

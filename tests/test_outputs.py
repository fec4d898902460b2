"""Outputs to HTML: hostile payloads, pictures, failures with their places in the post."""

from __future__ import annotations

import datetime as dt
import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import html5lib
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sitegen.base.digest import digest_bytes
from sitegen.content.config import load_config
from sitegen.content.source import scan_content
from sitegen.model import (
    Blob,
    Cell,
    Device,
    Display,
    Failure,
    Frame,
    Measures,
    Output,
    Plan,
    Provenance,
    Run,
    Shown,
    Stream,
)
from sitegen.passes.asked import Draft, Options
from sitegen.passes.assemble import assemble_site
from sitegen.passes.parse import parse_site
from sitegen.render.body import render_body
from sitegen.render.cells import CellContext, Placed, render_cell
from sitegen.render.clean import clean_html
from sitegen.render.long import FIRST, MOST
from sitegen.render.outputs import Place, render_failure, render_output
from sitegen.render.sizes import picture_size
from sitegen.storage.publish import publish
from tests.recorded import display_of, outputs_of
from tests.tiny import page, write_site

POST = """\
A line.

```python
#| label: one
# a comment
def f(x):

    # another
    return 1 / x
```

More.

- item

  ```python
  f(0)
  ```
"""


def draft_of(root: Path, body: str = POST) -> Draft:
    """The post `posts/x` with this body; its front matter is three lines long."""
    write_site(root, {"content/posts/x.md": page("", body)})
    problems: list[Any] = []
    config = load_config(root, problems)
    drafts = parse_site(config, scan_content(root, problems), Options(), problems)
    assert problems == []
    return next(draft for draft in drafts if draft.document.source.path == "posts/x.md")


def plan_of(root: Path, body: str = POST) -> Plan:
    (plan,) = draft_of(root, body).plans
    return plan


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(
        "/posts/x/", plan_of(tmp_path), "posts/x", trust=False, stale=False, alt='What "it" shows'
    )


def shown_of(plan: Plan, *outputs: tuple[Output, ...], stale: bool = False) -> Shown:
    """A run of the plan whose cells gave these outputs."""
    cells = tuple(
        Cell("ok", block.code_digest, None, found, Measures(wall=0.1, cpu=0.1))
        for block, found in zip(plan.blocks, outputs, strict=True)
    )
    device = Device("cpu", "cpu", "A CPU", "A CPU")
    started = dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
    run = Run(plan.key, plan.page, "main", device, started, 1.0, Provenance(), (), cells)
    return Shown(plan, run, cells, stale=stale)


# --- HTML -----------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.org/x.js></SCRIPT>",
    "<script><b>x</b></script >",
    "<img src=x onerror=alert(1)>",
    '<img src="https://evil.org/pixel.gif">',
    '<img src="//evil.org/pixel.gif">',
    '<img src="data:text/html,<script>alert(1)</script>">',
    '<img srcset="https://evil.org/a.png 1x">',
    "<b onclick=alert(1) ONMOUSEOVER='x'>x</b>",
    '<p style="background: url(https://evil.org/x)">x</p>',
    "<style>@import url(https://evil.org/x.css)</style>",
    '<link rel="stylesheet" href="https://evil.org/x.css">',
    '<iframe src="https://evil.org"></iframe>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    '<object data="https://evil.org/x"></object><embed src="https://evil.org/x">',
    '<a href="javascript:alert(1)">x</a>',
    '<a href=" java\nscript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="https://evil.org">x</a>',
    '<a href="//evil.org">x</a>',
    '<a href="/admin">x</a>',
    '<a href="@/posts/x.md">x</a>',
    '<a href="#ok" target="_blank" ping="https://evil.org">x</a>',
    '<form action="https://evil.org"><input name=a><button formaction=x>b</button></form>',
    '<meta http-equiv="refresh" content="0;url=https://evil.org">',
    '<base href="https://evil.org/">',
    "<svg><script>alert(1)</script><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "<svg onload=alert(1)>",
    "<math><mtext><script>alert(1)</script></mtext></math>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    '<video src="https://evil.org/x.mp4" autoplay></video><audio src=x></audio>',
    '<video poster="https://evil.org/x.png"></video>',
    '<table background="https://evil.org/x.png"><tr><td>x</table>',
    "<template><script>alert(1)</script></template>",
    "<noscript><img src=x onerror=alert(1)></noscript>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "<textarea></textarea><script>alert(1)</script>",
    "<title></title><script>alert(1)</script>",
    "<!--<script>alert(1)</script>-->",
    "<!--><script>alert(1)</script>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<b id=main name=main class=skip>x</b>",
    "<h1>x</h1>",
    "</div></figure></main><script>alert(1)</script>",
    "<div " * 500,
    "<b>" * 500,
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror=alert(1)>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
]
ALLOWED = frozenset(
    "class title dir lang href src alt width height colspan rowspan headers scope start "
    "datetime open style".split()
)
FORBIDDEN = frozenset(
    "script style iframe object embed link meta base form input button svg math video audio "
    "template noscript textarea title h1 frame frameset".split()
)


def elements(html: str) -> Iterator[tuple[str, dict[str, str]]]:
    """What a browser makes of the HTML inside a page: every element with its attributes."""
    fragment = html5lib.parseFragment(html, container="div", namespaceHTMLElements=False)
    for element in fragment.iter():
        if isinstance(element.tag, str) and element.tag != "DOCUMENT_FRAGMENT":
            yield element.tag, dict(element.attrib)


def assert_harmless(html: str) -> None:
    for tag, attributes in elements(html):
        assert tag not in FORBIDDEN
        assert attributes.keys() <= ALLOWED
        assert attributes.get("href", "#").startswith("#")
        assert attributes.get("src", "data:image/").startswith("data:image/")
    assert clean_html(html) == html, "clean HTML stays as it is"


@pytest.mark.parametrize("html", HOSTILE, ids=lambda html: str(html)[:40])
def test_hostile_html_is_harmless(html: str) -> None:
    assert_harmless(clean_html(html))


@pytest.mark.parametrize("html", HOSTILE, ids=lambda html: str(html)[:40])
def test_hostile_html_stays_within_its_element(html: str, place: Place) -> None:
    rendered = render_output(Display({"text/html": html}), place)
    before, _, after = f"<i>before</i>{rendered.html}<i>after</i>".partition("<i>after</i>")
    fragment = html5lib.parseFragment(before + "<i>after</i>" + after, namespaceHTMLElements=False)
    tags = [child.tag for child in fragment]
    assert tags[0] == tags[-1] == "i"
    assert tags[1:-1] in ([], ["div"], ["p"])  # nothing is left, or a note of a script
    assert rendered.files == ()


@given(st.lists(st.sampled_from([*HOSTILE, "<p>", "</p>", "<td>", "'", '"', ">", "x"]), max_size=5))
@settings(max_examples=150, deadline=None)
def test_hostile_html_in_any_mix_is_harmless(parts: list[str]) -> None:
    assert_harmless(clean_html("".join(parts)))


@pytest.mark.parametrize(
    "html",
    [
        '<table class="dataframe"><thead><tr><th scope="col">a</th></tr></thead></table>',
        '<p dir="rtl" lang="ar">x<sup>2</sup> <code>y</code><br></p>',
        '<img src="data:image/png;base64,AAAA" alt="x" width="1" height="2">',
        '<a href="#part">x</a>',
        '<details open=""><summary>a</summary>b</details>',
        "a &lt;b&gt; &amp; c",
    ],
)
def test_harmless_html_stays(html: str) -> None:
    found = list(elements(clean_html(html)))
    assert [tag for tag, _ in elements(html) if tag != "tbody"] == [
        tag for tag, _ in found if tag != "tbody"
    ]
    assert [attributes for _, attributes in elements(html)] == [a for _, a in found]


def test_the_empty_corner_of_a_dataframe_heads_nothing() -> None:
    html = '<table border="1" class="dataframe"><tr><th></th><th>a</th></tr></table>'
    tags = [tag for tag, _ in elements(clean_html(html))]
    assert tags == ["table", "tbody", "tr", "td", "th"]


def test_html_is_cleaned_unless_trusted(place: Place) -> None:
    display = Display({"text/html": "<b onclick=x>b</b>", "text/plain": "plain"})
    trusted = Place(place.url, place.plan, "posts/x", True, False, place.alt)
    assert "onclick" not in render_output(display, place).html
    assert "<b onclick=x>b</b>" in render_output(display, trusted).html
    assert 'aria-label="What &quot;it&quot; shows"' in render_output(display, place).html


# --- pictures -------------------------------------------------------------------------------


def png(width: int, height: int) -> bytes:
    """A black picture, whole."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\x00" * (width + 1) * height)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def blob(content: bytes) -> Blob:
    return Blob(digest_bytes(content), len(content), content)


def test_a_png_is_a_file_with_its_size(place: Place) -> None:
    content = png(12, 34)
    rendered = render_output(Display({"image/png": blob(content)}), place)
    [(tag, attributes)] = elements(rendered.html)
    [file] = rendered.files
    assert (tag, attributes["width"], attributes["height"]) == ("img", "12", "34")
    assert attributes["alt"] == 'What "it" shows'
    assert file.content == content
    assert file.path == f"posts/x/{attributes['src']}"


def test_a_size_that_the_kernel_names_wins(place: Place) -> None:
    display = Display({"image/png": blob(png(12, 34))}, width=6, height=17)
    [(_, attributes)] = elements(render_output(display, place).html)
    assert (attributes["width"], attributes["height"]) == ("6", "17")


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n", b"not a picture" * 9, png(12, 34)[:20], b"GIF89a"]
)
def test_what_is_no_whole_png_has_no_size(content: bytes, place: Place) -> None:
    [(_, attributes)] = elements(render_output(Display({"image/png": blob(content)}), place).html)
    assert attributes.keys() == {"src", "alt", "loading", "decoding"}


SVG = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'


def test_svg_with_a_script_is_only_shown_as_an_image(place: Place) -> None:
    rendered = render_output(Display({"image/svg+xml": SVG}), place)
    [(tag, attributes)] = elements(rendered.html)
    [file] = rendered.files
    assert tag == "img"
    assert attributes["src"].endswith(".svg")
    assert "script" not in rendered.html
    assert file.content == b'<svg xmlns="http://www.w3.org/2000/svg"></svg>'


def test_an_svg_file_holds_no_script(place: Place) -> None:
    [file] = render_output(Display({"image/svg+xml": SVG}), place).files
    assert isinstance(file.content, bytes)
    assert b"script" not in file.content
    assert b"onload" not in file.content


WEBP = b"RIFF\x00\x00\x00\x00WEBP"
CANVAS = b"VP8X" + b"\x0a\x00\x00\x00" + b"\x00" * 4 + b"\x0b\x00\x00" + b"\x21\x00\x00"
LOSSLESS = b"VP8L" + b"\x00" * 4 + b"\x2f" + (11 | 33 << 14).to_bytes(4, "little")
LOSSY = b"VP8 " + b"\x00" * 4 + b"\x30\x01\x00" + b"\x9d\x01\x2a" + b"\x0c\x00\x22\x00"
FRAME = b"\xff\xc2\x00\x11\x08\x00\x22\x00\x0c\x03"
SEGMENT = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (png(12, 34), (12, 34)),
        (b"GIF89a\x0c\x00\x22\x00", (12, 34)),
        (WEBP + CANVAS, (12, 34)),
        (WEBP + LOSSLESS, (12, 34)),
        (WEBP + LOSSY, (12, 34)),
        (b"\xff\xd8" + SEGMENT + b"\xff" + FRAME, (12, 34)),
        (b"\xff\xd8" + SEGMENT, None),
        (b"\xff\xd8\xff\xe0\x00\x00" * 9, None),
        (WEBP + CANVAS[:12], None),
        (b"GIF89a\x00\x00\x22\x00", None),
    ],
)
def test_the_size_of_a_picture_is_read_from_its_bytes(
    content: bytes, size: tuple[int, int] | None
) -> None:
    assert picture_size(content) == size


@given(st.sampled_from([png(1, 2), WEBP, b"\xff\xd8\xff", b"GIF89a"]), st.binary(max_size=60))
def test_any_bytes_have_a_size_or_none(start: bytes, rest: bytes) -> None:
    size = picture_size(start + rest)
    assert size is None or min(size) > 0


def test_of_one_length_the_other_follows(place: Place) -> None:
    display = Display({"image/png": blob(png(12, 36))}, width=4)
    [(_, attributes)] = elements(render_output(display, place).html)
    assert (attributes["width"], attributes["height"]) == ("4", "12")


@pytest.mark.parametrize(
    ("mime", "ending"),
    [("image/jpeg", ".jpg"), ("image/webp", ".webp"), ("image/gif", ".gif")],
)
def test_other_pictures(mime: str, ending: str, place: Place) -> None:
    rendered = render_output(Display({mime: blob(b"x")}, width=1, height=2), place)
    [(tag, attributes)] = elements(rendered.html)
    assert (tag, attributes["width"]) == ("img", "1")
    assert attributes["src"].endswith(ending)


def test_a_picture_on_the_home_page(tmp_path: Path) -> None:
    rendered = render_output(
        Display({"image/png": blob(png(1, 1))}),
        Place("/", plan_of(tmp_path), "posts/x", False, False, "x"),
    )
    [file] = rendered.files
    assert "/" not in file.path


def test_the_same_picture_twice_on_a_page_can_be_published(tmp_path: Path) -> None:
    draft = draft_of(tmp_path)
    (plan,) = draft.plans
    picture = Display({"image/png": blob(png(1, 1))})
    rendered = render_body(draft.document, [shown_of(plan, (picture, picture), (picture,))])
    config = load_config(tmp_path, [])
    artifacts = assemble_site(config, [draft], [rendered], [])
    publish(artifacts, tmp_path / "public", tmp_path)
    assert len(list((tmp_path / "public").rglob("*.png"))) == 1
    assert rendered.body.count("<img") == 3


# --- choice of a form, and text -------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "form"),
    [
        ({"text/plain": "p", "text/html": "<b>h</b>"}, "<b>h</b>"),
        ({"text/plain": "p", "image/svg+xml": SVG}, ".svg"),
        ({"text/plain": "<p> & x"}, "&lt;p&gt; &amp; x"),
        ({"text/plain": "\x1b[31mp\x1b[0m"}, '<span class="ansi-red-fg">p</span>'),
    ],
)
def test_of_a_bundle_the_best_form_is_shown(
    data: dict[str, str | Blob], form: str, place: Place
) -> None:
    assert form in render_output(Display(data), place).html


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_streams(name: Any, place: Place) -> None:
    html = render_output(Stream(name, "<b>\x1b[1mx\x1b[0m & y\n\n"), place).html
    assert html == (
        f'<pre tabindex="0" class="stream {name}">&lt;b&gt;'
        '<span class="ansi-bold">x</span> &amp; y</pre>'
    )


def test_long_text_is_folded_and_all_of_it_is_there(place: Place) -> None:
    lines = [f"line {n}" for n in range(MOST + 1)]
    html = render_output(Stream("stdout", "\n".join(lines)), place).html
    fragment = html5lib.parseFragment(html, namespaceHTMLElements=False)
    first, more = list(fragment)
    assert (first.tag, more.tag) == ("pre", "details")
    assert first.text == "\n".join(lines[:FIRST])
    assert more.findtext("summary") == f"{MOST + 1 - FIRST} more lines"
    assert more.findtext("pre") == "\n".join(lines[FIRST:])


def test_of_rich_the_text_is_shown_whose_colours_are_classes(place: Place) -> None:
    bar = next(output for output in outputs_of("rich-widget") if isinstance(output, Display))
    html = render_output(bar, place).html
    assert "style=" not in html
    assert '<span class="ansi-magenta-fg">100%</span>' in html


def test_an_output_that_says_nothing_takes_no_room(place: Place) -> None:
    empty = Display({"text/html": "<pre></pre>\n", "text/plain": ""})
    assert render_output(empty, place).html == ""


def test_text_of_forty_lines_is_not_folded(place: Place) -> None:
    html = render_output(Stream("stdout", "x\n" * MOST), place).html
    assert "<details" not in html


def test_a_colour_goes_on_below_the_fold(place: Place) -> None:
    html = render_output(Display({"text/plain": "\x1b[31m" + "x\n" * 50 + "\x1b[0my"}), place).html
    below = html.partition("<details")[2]
    assert '<span class="ansi-red-fg">' in below
    assert "</span>y" in below


def test_json_reads_well_and_is_folded_where_it_is_long(place: Place) -> None:
    short = render_output(Display({"application/json": '{\n "a": 1\n}'}), place).html
    assert "<details" not in short
    assert '<span class="nt">"a"</span>' in short
    long = render_output(Display({"application/json": "[\n" + "1,\n" * 50 + "1\n]"}), place).html
    assert "<details" in long
    assert "<summary>JSON, 53 lines</summary>" in long


def test_an_svg_of_matplotlib_keeps_its_glyphs_and_its_joins(place: Place) -> None:
    [file] = render_output(display_of("matplotlib-svg"), place).files
    assert isinstance(file.content, bytes)
    svg = file.content.decode()
    assert svg.startswith('<svg stroke-linejoin="round" stroke-linecap="butt"')
    uses = re.findall(r'<use [^>]*href="#([^"]+)"', svg)
    assert len(uses) > 5
    assert all(f'id="{name}"' in svg for name in uses)
    ElementTree.fromstring(svg)  # noqa: S314 (our own)


def test_links_in_a_stream_are_text(tmp_path: Path) -> None:
    draft = draft_of(tmp_path)
    (plan,) = draft.plans
    text = '<a href="@/posts/x.md">'
    rendered = render_body(draft.document, [shown_of(plan, (Stream("stdout", text),), ())])
    artifacts = assemble_site(load_config(tmp_path, []), [draft], [rendered], [])
    [post] = [artifact for artifact in artifacts if artifact.path == "posts/x/index.html"]
    assert isinstance(post.content, bytes)
    assert b"@/posts/x.md" in post.content


def test_a_lone_surrogate_in_an_output_can_be_published(tmp_path: Path) -> None:
    draft = draft_of(tmp_path)
    (plan,) = draft.plans
    rendered = render_body(draft.document, [shown_of(plan, (Stream("stdout", "\ud800"),), ())])
    artifacts = assemble_site(load_config(tmp_path, []), [draft], [rendered], [])
    assert any(artifact.path == "posts/x/index.html" for artifact in artifacts)


# --- failures -------------------------------------------------------------------------------

ZERO = Failure(
    "ZeroDivisionError",
    "division by zero",
    (
        Frame("<module>", 1, block=1),
        Frame("f", 2, block=0),
        Frame("inner", 7, file="numpy/core.py"),
        Frame("innermost", 9, file="numpy/core.py"),
    ),
)


def test_frames_name_lines_of_the_post(place: Place) -> None:
    """`return 1 / x` is the second line of the first block's code without comments."""
    assert render_failure(ZERO, place) == (
        "ZeroDivisionError: division by zero\n"
        "  numpy/core.py:9 in innermost\n"
        "  content/posts/x.md:12 in f\n"
        "  content/posts/x.md:20"
    )


def test_prose_and_comments_above_move_the_frames(tmp_path: Path) -> None:
    body = "New.\n\n" + POST.replace("# a comment", "# a comment\n# and one more")
    plan = plan_of(tmp_path, body)
    lines = render_failure(ZERO, Place("/posts/x/", plan, "posts/x", False, False, "")).split("\n")
    assert lines[2:] == ["  content/posts/x.md:15 in f", "  content/posts/x.md:23"]


def test_stale_frames_name_no_line_of_today(place: Place) -> None:
    stale = Place(place.url, place.plan, "posts/x", False, True, "")
    assert render_failure(ZERO, stale).split("\n")[2:] == [
        "  block 1, line 2 in f",
        "  block 2, line 1",
    ]


@pytest.mark.parametrize(
    "frame", [Frame("f", 99, block=0), Frame("f", 0, block=0), Frame("f", 1, 9)]
)
def test_a_frame_beyond_the_post_names_no_line(frame: Frame, place: Place) -> None:
    assert "content/" not in render_failure(Failure("E", "", (frame,)), place)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("posts/x/block-1.py:2: Warning", "content/posts/x.md:12: Warning"),
        ('File "posts/x/block-2.py", line 1, in f', "File content/posts/x.md:20, in f"),
        ("<FrameSummary posts/x/block-1.py, line 2 in f>", "content/posts/x.md:12 in f"),
        ("posts/x/block-9.py:2", "block 9, line 2"),
        ("posts/x/block-1.py", "posts/x/block-1.py"),
        ("posts/xy/block-1.py:2", "posts/xy/block-1.py:2"),
        ("postsax/block-1.py:2", "postsax/block-1.py:2"),
    ],
)
def test_names_of_blocks_in_text_become_lines(text: str, shown: str, place: Place) -> None:
    assert shown in render_output(Stream("stderr", text), place).html
    assert shown in render_failure(Failure("E", text), place)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("other-posts/x/block-1.py:2", id="the end of another name"),
        pytest.param("posts/x/block-0.py:1", id="block 0, taken for the last one"),
    ],
)
def test_what_only_looks_like_a_block_names_no_line(text: str, place: Place) -> None:
    assert "content/posts/x.md:" not in render_output(Stream("stdout", text), place).html


def test_a_failure_is_escaped(place: Place) -> None:
    html = render_output(
        Failure("E", "<script>&\x00", (Frame("<lambda>", 1, block=0),)), place
    ).html
    assert "<script>" not in html
    assert "in &lt;lambda&gt;" in html


# --- cells ----------------------------------------------------------------------------------


def cell_html(root: Path, options: str, cell: Cell, *, stale: bool = False) -> str:
    plan = plan_of(root, f"```python\n{options}\n1\n```")
    shown = shown_of(plan, ())
    shown = Shown(plan, shown.run, (cell,), stale=stale)
    draft = draft_of(root, f"```python\n{options}\n1\n```")
    context = CellContext(
        url="/posts/x/",
        placed={0: (Placed(shown, cell),)},
        captions={0: plan.blocks[0].show.caption or ""},
        measure=draft.document.meta.measure,
        trust=False,
    )
    return render_cell(plan.blocks[0], context).html


OK = Cell("ok", "", None, (Stream("stdout", "said"),), Measures(wall=2.0, cpu=1.0, compile=0.5))
FAILED = Cell("failed", "", None, (Stream("stdout", "said"), Failure("NameError", "bad")), None)


@pytest.mark.parametrize(
    ("options", "cell", "holds", "lacks"),
    [
        ("", OK, ["said", "<code", "2.0 s", "0.50 s compiling"], []),
        ("#| output: false", OK, ["<code"], ["said"]),
        ("#| echo: false", OK, ["said"], ["<code"]),
        ("#| echo: fold", OK, ["said", "<details", "<summary>Code</summary>"], []),
        ("#| include: false", OK, [], ["figure"]),
        ("", FAILED, ["said", "NameError: bad"], []),
        ("#| output: false", FAILED, ["NameError: bad"], ["said"]),
        ("#| include: false", FAILED, ["NameError: bad"], ["<code"]),
        ("", Cell("not run", "", None, (), None), ["not run: the session ended"], []),
        ('#| caption: a <b> "c"', OK, ["<figcaption>a &lt;b&gt; &quot;c&quot;</figcaption>"], []),
    ],
)
def test_what_a_block_shows(
    options: str, cell: Cell, holds: list[str], lacks: list[str], tmp_path: Path
) -> None:
    html = cell_html(tmp_path, options, cell)
    assert [part for part in holds if part not in html] == []
    assert [part for part in lacks if part in html] == []


def test_stale_outputs_say_so_and_cost_nothing(tmp_path: Path) -> None:
    html = cell_html(tmp_path, "", OK, stale=True)
    assert "measured with earlier code" in html
    assert "cell-stale" in html
    assert "compiling" not in html


@pytest.mark.parametrize(
    "body",
    [
        "## Main",
        "## How measured",
        "## Block 1\n\n```python\n1\n```",
        "## Fig\n\n```python\n#| label: fig\n1\n```",
        "## Fn1\n\nx[^1]\n\n[^1]: y",
    ],
)
def test_an_id_is_on_a_page_once(body: str, tmp_path: Path) -> None:
    draft = draft_of(tmp_path, body)
    shown = [
        shown_of(plan, *((Stream("stdout", "x"),) for _ in plan.blocks)) for plan in draft.plans
    ]
    if not shown:
        other = plan_of(tmp_path / "other")
        shown = [Shown(other, shown_of(other, (), ()).run, (None, None))]
    rendered = render_body(draft.document, shown)
    artifacts = assemble_site(load_config(tmp_path, []), [draft], [rendered], [])
    [html] = [artifact.content for artifact in artifacts if artifact.path == "posts/x/index.html"]
    assert isinstance(html, bytes)
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    ids = [element.attrib["id"] for element in tree.iter() if "id" in element.attrib]
    assert sorted(ids) == sorted(set(ids))

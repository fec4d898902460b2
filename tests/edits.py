"""The vocabulary of edits: a site whose files are made of values, each of which can be changed."""

# ruff: noqa: E501 (templates on one line)

from __future__ import annotations

import base64
import io
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from PIL import Image

from tests.support import build_site, tree
from tests.test_claims_site import post, store

Choices = Mapping[str, Sequence[str]]
"""What each key may be, as TOML; "" leaves it out."""

PAGES = (
    *("a", "b", "posts/c", "posts/d", "posts/e/index", "posts/e", "notes/f", "notes/deep/g"),
    *("posts/c.pt", "posts/e/index.pt"),
)
SECTIONS = ("", "posts", "notes", "notes/deep", "posts.pt")
DAYS = ("2025-12-31", "2026-01-01", "2026-01-20", "2026-02-04")

WORDS: Choices = {
    "title": ('"One"', '"Two"', '"Zwölf"', '"<b> & *c*"'),
    "description": ("", '"About."'),
    "authors": ("", '["Ann"]'),
}
WHEN: Choices = {
    "date": (
        *("2026-01-01", "2026-01-02", "2026-01-01T05:00:00+05:00", "2025-12-31T23:00:00-05:00"),
        *("2026-02-03", ""),
    ),
    "updated": ("", "2026-03-01"),
    "weight": ("1", "2", "3"),
    "draft": ("false", "false", "true"),
}
PLACE: Choices = {
    "slug": ("", "slug"),
    "aliases": ("", "old", "old/e.html"),
    "in_search_index": ("true", "false"),
    "render": ("true", "true", "false"),
    "template": ("", "", '"other.html"'),
}
TERMS: Choices = {
    "tags": ("[]", '["x"]', '["x", "y"]', '["X"]', '["Ä z"]'),
    "series": ("[]", '["s"]'),
    "categories": ("[]", '["k/l"]', '["k"]'),
}
EXTRA: Choices = {
    "x": ("1", "2", "true", '"1.0"'),
    "when": ("", "", "", "2026-01-01", '"2026-01-01"', "inf"),
    "image": ("", '"p.png"'),
}
SECTION: Choices = {
    "title": ('"T"', '"U"'),
    "sort_by": ('"date"', '"title"', '"weight"', '"none"'),
    "paginate_by": ("0", "1", "2"),
    "transparent": ("false", "true"),
    "generate_feeds": ("false", "true"),
    "draft": ("false", "false", "true"),
    "description": ("", '"D"'),
    "insert_anchor_links": ('"none"', '"left"', '"heading"'),
    "redirect_to": ("", "", '"/a/"'),
}
SITE: Choices = {
    "base_url": ('"https://example.org"', '"https://e.org/sub"'),
    "title": ('"Site"', '"Blog"'),
    "description": ("", '"D"'),
    "author": ("", '"Me"'),
    "theme": ("", '"t"'),
    "generate_feeds": ("true", "false"),
    "feed_limit": ("1", "3", "20"),
    "feed_filenames": ("", '["rss.xml", "feed.json"]'),
    "hold_future": ("false", "true"),
    "social_cards": ("false", "false", "true"),
    "build_search_index": ("false", "true"),
    "generate_sitemap": ("true", "false"),
    "minify_html": ("false", "true"),
    "ignored_content": ("", '["**/*.png"]'),
    "taxonomies": tuple(
        f'[{{ name = "{name}", feed = true, paginate_by = {by} }}, '
        f'{{ name = "series" }}, {{ name = "categories"{more} }}]'
        for name, by, more in (("tags", 2, ""), ("tags", 0, ", feed = true"), ("topics", 1, ""))
    ),
    "slugify.paths": ('"on"', '"safe"'),
    "slugify.anchors": ('"on"', '"safe"'),
    "markdown.smart_punctuation": ("false", "true"),
    "markdown.render_emoji": ("false", "true"),
    "markdown.external_links_target_blank": ("false", "true"),
    "languages.pt": ('{ title = "Pt", generate_feeds = true }', '{ title = "Português" }', ""),
    "extra.a": ('"me"', "2026-01-01", '"2026-01-01"', "1", "1.0"),
    "execute.enabled": ("false",),
}
BODIES = (
    "Text.",
    "Other text, with more words.\n\n<!-- more -->\n\nAnd more.",
    "## Head\n\n```rust\nfn a() {}\n```\n",
    "# A\n\n## Head\n\n## Head\n\n$x^2$",
    "See [c](@/posts/c.md), [head](@/b.md#head) and [all](@/posts/_index.md).",
    "![p](p.png) and [file](p.png), [static](/a.txt)",
    "Gone [nowhere](@/nowhere.md).",
    "[^1] and :smile: -- \"so\"\n\n[^1]: note [d](@/posts/d.md)",
    "Short {{ code() }} here.",
    "{{ small() }}{{ who() }}",
    '{{ include(path="posts/e/q.txt") }}',
    "![pic](/pic.png) ![a](/a.txt) ![x](/x.png)",
    "{{ way() }}",
    "{{ two() }} {{ two() }}",
)  # fmt: skip
TEMPLATES: Mapping[str, Sequence[str]] = {
    "templates/page.html": [
        '{% extends "page.html" %}{% block after %}{{ super() }}'
        "<p>{{ page.higher and page.higher.title }}</p>{% endblock %}",
        '{% extends "page.html" %}{% block heading %}{{ page.title }} {{ page.word_count }}'
        '{% for p in get_section(path="posts/_index.md", allow_missing=true).pages | default([]) %}'
        "{{ p.title }}{{ p.description }}{% endfor %}{% endblock %}",
        "{{ page.content }}{% for b in page.backlinks %}{{ b.title }}{% endfor %}"
        "{% for t in page.translations %}{{ t.title }}{% endfor %}"
        "{{ page.series and page.series.position }}"
        '{% set q = get_page(path="b.md", allow_missing=true) %}'
        "{% if q %}{{ q.summary }}{{ q.toc }}{{ q.permalink }}{{ q.taxonomies }}{% endif %}",
        "{{ page.content }}{% for r in page.related %}{{ r.title }}{% endfor %}{{ page.ancestors }}"
        '{{ page.reading_time }}{{ page.components }}{{ now() }}{{ get_env(name="FOO", default="") }}'
        "{{ page.extra.when is string }}",
        "{{ page.content }}"
        '{{ get_taxonomy(kind="tags")["items"] | map(attribute="name") | join(",") }}',
    ],
    "templates/other.html": ["{{ page.title }}", "{{ page.extra.x }}{{ page.assets }}"],
    "templates/base.html": ['{% extends "base.html" %}{% block head %}{{ super() }}<!-- -->{% endblock %}'],
    "templates/section.html": [
        "{{ section.title }}{{ section.pages | length }}{{ section.content }}"
        "{% for s in section.subsections %}{{ get_section(path=s).title }}"
        "{{ get_section(path=s).pages | length }}{% endfor %}",
        '{% extends "section.html" %}',
    ],
    "templates/index.html": [
        "{% for p in section.pages %}{{ p.title }}{{ p.summary }}{% endfor %}"
        "{% for p in paginator.pages | default([]) %}{{ p.title }}{% endfor %}",
        '{% for p in get_section(path="posts/_index.md", allow_missing=true).pages | default([]) %}'
        "{{ p.reading_time }}{{ p.updated }}{% endfor %}",
    ],
    "templates/macros.html": [
        "{% macro m(p) %}{{ p.title }}{% endmacro %}",
        "{% macro m(p) %}{{ p.date }}{% endmacro %}",
    ],
    "templates/head.html": [
        '<meta content="{{ load_data(path="data.txt", required=false) }}">',
        '{% if page is defined %}<meta content="{{ page.extra.x }}">{% endif %}',
        '{% import "macros.html" as mm %}{% if page is defined %}{{ mm.m(page) }}{% endif %}',
        '{{ get_hash(path="static/a.txt") }}',
        '{{ config.extra.a }}{{ config.extra.a is string }}{{ get_url(path="a.txt", cachebust=true) }}',
        '{% include "node_modules/part.html" ignore missing %}',
    ],
    "templates/node_modules/part.html": ["one", "two"],
    "templates/tags/single.html": [
        "{{ term.name }}: {% for p in term.pages %}{{ p.title }} {% endfor %}",
        "{{ term.page_count }}{{ term.permalink }}",
    ],
    "templates/tags/list.html": [
        "{% for t in terms %}{{ t.name }}{{ t.pages | length }}{{ t.permalink }}{% endfor %}"
    ],
    "templates/404.html": [
        '{% for t in get_taxonomy(kind="categories")["items"] %}{{ t.name }}{{ t.page_count }}{% endfor %}'
    ],
    "templates/robots.txt": ["x {{ config.title }}"],
    "templates/sitemap.xml": ["{% for e in entries %}{{ e.permalink }}{{ e.extra }}{% endfor %}"],
    "templates/atom.xml": ["{% for p in pages %}{{ p.title }}{{ p.content }}{% endfor %}"],
    "templates/anchor-link.html": ['<a href="#{{ id }}">§</a>', '<a href="#{{ id }}">#</a>'],
    "templates/shortcodes/code.html": ["<b>one</b>", "<b>two</b>"],
    "templates/shortcodes/who.html": [
        '{{ get_env(name="FOO", default="") }}{{ page.title if page is defined }}',
        '{{ load_data(path="data.txt", required=false) }}{{ config.title }}',
    ],
    "templates/shortcodes/small.html": [
        '{{ resize_image(path="static/pic.png", width=4, op="fit_width").url }}',
        '{{ get_image_metadata(path="static/pic.png").width }}',
    ],
    "templates/shortcodes/way.html": [
        '{{ get_url(path="@/posts/_index.md") }}',
        '{{ "[all](@/posts/_index.md)" | markdown }}{{ now() }}',
    ],
    "templates/shortcodes/two.md": [
        '{% import "small.html" as macros %}{{ macros.one() }}{{ nth }}',
        '{% include "node_modules/part.html" ignore missing %}![p](/pic.png)',
    ],
    "templates/small.html": [
        '{% set data = load_data(path="data.txt", required=false) %}'
        "{% macro one() %}{{ data }}{% endmacro %}",
        '{% macro one() %}{{ get_env(name="FOO", default="") }}{% endmacro %}',
    ],
    "themes/t/templates/page.html": ["{{ page.title }} in t", "{{ page.content }} in t"],
    "themes/t/templates/head.html": ["<meta>"],
    "themes/t/static/t.css": ["p {}", "b {}"],
}  # fmt: skip
KEPT = (
    *("templates/shortcodes/code.html", "templates/shortcodes/who.html"),
    *("templates/shortcodes/small.html", "templates/other.html", "templates/small.html"),
    *("templates/shortcodes/way.html", "templates/shortcodes/two.md"),
    *("static/pic.png", "static/a.txt", "content/posts/e/q.txt", "themes/t/static/t.css"),
)
"""What is there from the beginning and never removed: without it nothing is published."""


@cache
def picture(width: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, 6), (width, 0, 0)).save(file, "PNG")
    return file.getvalue()


def files() -> dict[str, Sequence[bytes]]:
    """What the files that are no text of ours may hold."""
    texts, pictures = [b"a", b"b", b"c"], [picture(8), picture(12), b"no picture"]
    plain = "static/a.txt data.txt static/robots.txt static/404.html static/sitemap.xml".split()
    plain += ["static/node_modules/x.js", "content/posts/e/q.txt", "content/node_modules/n.txt"]
    beside = "content/p.png content/posts/p.png content/posts/e/p.png".split()
    return {
        **dict.fromkeys(plain, texts),
        **dict.fromkeys(beside, pictures),
        "static/pic.png": pictures[:2],
        "static/x.png": pictures,
    }


CODES = (
    "print(6 * 7)",
    "import sys\nsys.stdout.write('b' * 9)",
    "import base64\nfrom IPython.display import Image\nImage(base64.b64decode('{}'))",
)
MEASURED = (
    '+++\ntitle = "Measured"\ndate = 2026-01-05\n[execute]\nenabled = true\ndevice = "cpu"\n+++\n'
    "{prose}\n\n```python\n{code}\n```\n\n{prose}\n"
)
CLAIMED = "The accuracy is `{python} acc :.1%`; [2.5×](bench:spins?slow/fast). "


def measured(which: int, prose: str) -> str:
    """A page with a result: printed, written, or a picture."""
    code = CODES[which].format(base64.b64encode(picture(5)).decode())
    return MEASURED.format(prose=prose, code=code)


def claimed(prose: str) -> str:
    """A page with values, a benchmark, and what is claimed of them."""
    return (
        post(CLAIMED + prose)
        .replace("[execute]", "")
        .replace("+++\n```", "[execute]\nenabled = true\n+++\n```", 1)
    )


@cache
def results() -> tuple[dict[str, bytes], ...]:
    """The stored results of the pages, run here once; those of the claims are made up."""
    found = []
    for which in range(len(CODES)):
        with tempfile.TemporaryDirectory() as name:
            site = Site(Path(name))
            site.put("content/m.md", measured(which, ""))
            build_site(site.root)
            found.append(tree(site.root / "measurements"))
    for acc in (0.9134, 0.5):
        with tempfile.TemporaryDirectory() as name:
            site = Site(Path(name))
            site.put("content/claims.md", claimed(""))
            store(site.root, values={"acc": acc, "steps": 1000, "optimiser": "sgd"})
            found.append(tree(site.root / "measurements"))
    return tuple(found)


class Site:
    """A site below `root`; what its files are made of is remembered, so that one value of one file
    can be changed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._values: dict[str, dict[str, str]] = {}
        self._bodies: dict[str, str] = {}
        self._endings: dict[str, str] = {}
        self.set("site.toml", {key: choices[0] for key, choices in SITE.items()})

    def put(self, path: str, content: str | bytes) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)

    def remove(self, path: str) -> None:
        if path not in KEPT:
            (self.root / path).unlink(missing_ok=True)

    def has(self, path: str) -> bool:
        return (self.root / path).is_file()

    def set(self, path: str, values: Mapping[str, str], body: str | None = None) -> None:
        """Write a file anew with some of its values changed."""
        known = self._values.setdefault(path, {})
        known |= values
        if body is not None:
            self._bodies[path] = body
        if ".pt." in path:  # a language has taxonomies of its own, this one none
            known |= {key: "" for key in known if key.startswith("taxonomies.")}
        toml = as_toml(known)
        body = self._bodies.get(path, "About.") + self._endings.get(path, "")
        self.put(path, toml if path == "site.toml" else f"+++\n{toml}+++\n{body}\n")

    def end(self, path: str, ending: str) -> None:
        """Write a file anew with another ending."""
        self._endings[path] = ending
        self.set(path, {})

    def write(self, path: str, which: int) -> None:
        """A new page; `which` says what of all that it may be."""
        front = {**WORDS, **WHEN, **TERMS, **EXTRA}
        values = {name(key): front[key][which % len(front[key])] for key in front}
        values |= {"draft": "false", "weight": str(which % 3)}
        for other in (f"{path}/index", path.removesuffix("/index")):
            if other != path:  # both would be published at one address
                self.remove(f"content/{other}.md")
        self.set(f"content/{path}.md", values, BODIES[which % len(BODIES)])

    def move(self, one: str, two: str) -> None:
        """Give a file or folder another name, in place of what is called so."""
        here, there = self.root / one, self.root / two
        if not here.exists() or there.is_relative_to(here) or here.is_relative_to(there):
            return
        shutil.rmtree(there, ignore_errors=True)
        there.parent.mkdir(parents=True, exist_ok=True)
        here.replace(there)
        if one in self._values:
            self._values[two] = self._values.pop(one)
            self._bodies[two] = self._bodies.pop(one, "")


def name(key: str) -> str:
    """The key as it stands in front matter."""
    return f"taxonomies.{key}" if key in TERMS else f"extra.{key}" if key in EXTRA else key


def as_toml(values: Mapping[str, str]) -> str:
    """The values by dotted keys, the plain ones first."""
    lines = [f"{key} = {value}\n" for key, value in values.items() if value]
    return "".join(sorted(lines, key=lambda line: "." in line.split(" =")[0]))

"""Any sequence of edits: what a build makes of them that knows of those before is what one makes
that knows of none."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
import tempfile
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from sitegen.base.errors import SiteError
from sitegen.build import build
from sitegen.passes.asked import Caller, Options
from tests.support import build_site, tree, write_site

CONFIG = """
base_url = "https://example.org"
title = "{title}"
generate_feeds = true
feed_limit = 3
taxonomies = [{{ name = "tags", feed = true, paginate_by = 2 }}, {{ name = "series" }}]
build_search_index = {search}
hold_future = {hold}
[execute]
enabled = false
[markdown]
smart_punctuation = {smart}
"""
PAGES = ("a", "b", "posts/c", "posts/d", "posts/e/index", "notes/f", "notes/deep/g")
TAGS = st.lists(st.sampled_from(["x", "y", "Ä z"]), max_size=2, unique=True)
DATES = ("2026-01-01", "2026-01-01T05:00:00+05:00", "2026-02-03", "2025-12-31T23:00:00-05:00")
DAYS = ("2025-12-31", "2026-01-01", "2026-01-20", "2026-02-04")
BODIES = st.sampled_from(
    [
        "Text.",
        "Other text, with more words.\n\n<!-- more -->\n\nAnd more.",
        "## Head\n\n```rust\nfn a() {}\n```\n",
        "See [c](@/posts/c.md), [head](@/b.md#head) and [all](@/posts/_index.md).",
        "Short {{ code() }} here.",
        "![p](p.png) and [file](p.png)",
        "Gone [nowhere](@/nowhere.md).",
    ]
)
TEMPLATES = {
    "templates/page.html": [
        '{% extends "page.html" %}{% block after %}{{ super() }}'
        "<p>{{ page.higher and page.higher.title }}</p>{% endblock %}",
        '{% extends "page.html" %}{% block heading %}{{ page.title }} {{ page.word_count }}'
        '{% for p in get_section(path="posts/_index.md").pages %}{{ p.title }}{% endfor %}'
        "{% endblock %}",
        "{{ page.content }}{% for b in page.backlinks %}{{ b.title }}{% endfor %}"
        '{{ get_taxonomy(kind="tags")["items"] | map(attribute="name") | join(",") }}',
    ],
    "templates/head.html": [
        '<meta name="a" content="{{ load_data(path="data.txt", required=false) }}">',
        '{% if page is defined %}<meta name="b" content="{{ page.extra.x }}">{% endif %}',
    ],
    "templates/tags/single.html": [
        "{{ term.name }}: {% for p in term.pages %}{{ p.title }} {% endfor %}"
    ],
    "templates/section.html": [
        "{{ section.title }}{{ section.pages | length }}{{ section.content }}"
    ],
    "templates/shortcodes/code.html": ["<b>one</b>", "<b>two</b>"],
    "templates/anchor-link.html": ['<a href="#{{ id }}">§</a>'],
}  # fmt: skip

OTHERS = ("content/posts/_index.md", "static/a.txt", "data.txt")
REMOVABLE = [*(f"content/{path}.md" for path in PAGES), *TEMPLATES, *OTHERS]

CODES = ("print(6 * 7)", "import sys\nsys.stdout.write('b' * 9)")
MEASURED = (
    '+++\ntitle = "Measured"\ndate = 2026-01-05\n[execute]\nenabled = true\ndevice = "cpu"\n+++\n'
    "{prose}\n\n```python\n{code}\n```\n\n{prose}\n"
)


@cache
def results() -> tuple[dict[str, bytes], ...]:
    """The stored results of both pieces of code, run here once."""
    found = []
    for code in CODES:
        with tempfile.TemporaryDirectory() as name:
            root = Path(name)
            files = {"content/m.md": MEASURED.format(prose="", code=code)}
            write_site(
                root, files, CONFIG.format(title="", search="false", smart="false", hold="false")
            )
            build_site(root)
            found.append(tree(root / "measurements"))
    return tuple(found)


class Edits(RuleBasedStateMachine):
    """A site that is edited and built, again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name) / "site"
        self.fresh = Path(self.folder.name) / "fresh"

    @initialize()
    def begin(self) -> None:
        self.configure("Site", False, True, False)
        self.put("templates/shortcodes/code.html", "<b>none</b>")
        self.put("content/posts/e/p.png", "no picture")
        for path in PAGES[:4]:
            self.write(path, "First", ["x"], "2026-01-01", "Text.", False, 1)
        self.section("posts", "date", 2, False)

    def put(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    @rule(
        title=st.sampled_from(["Site", "Blog"]),
        search=st.booleans(),
        smart=st.booleans(),
        hold=st.booleans(),
    )
    def configure(self, title: str, search: bool, smart: bool, hold: bool) -> None:
        words = {True: "true", False: "false"}
        text = CONFIG.format(
            title=title, search=words[search], smart=words[smart], hold=words[hold]
        )
        self.put("site.toml", text)

    @rule(
        path=st.sampled_from(PAGES),
        title=st.sampled_from(["One", "Two", "Zwölf"]),
        tags=TAGS,
        date=st.sampled_from(DATES),
        body=BODIES,
        draft=st.booleans(),
        weight=st.integers(1, 3),
    )
    def write(
        self, path: str, title: str, tags: list[str], date: str, body: str, draft: bool, weight: int
    ) -> None:
        names = ", ".join(f'"{tag}"' for tag in tags)
        self.put(
            f"content/{path}.md",
            f'+++\ntitle = "{title}"\ndate = {date}\nweight = {weight}\n'
            f"draft = {str(draft and weight == 2).lower()}\n"
            f'[taxonomies]\ntags = [{names}]\nseries = ["s"]\n'
            f"[extra]\nx = {weight}\nwhen = {date}\n"
            f"+++\n{body}\n",
        )

    @rule(path=st.sampled_from(PAGES), body=BODIES)
    def edit_body(self, path: str, body: str) -> None:
        file = self.root / f"content/{path}.md"
        if file.exists():
            front = file.read_text("utf-8").split("+++\n")[1]
            self.put(f"content/{path}.md", f"+++\n{front}+++\n{body}\n")

    @rule(
        folder=st.sampled_from(["posts", "notes", "notes/deep"]),
        sort=st.sampled_from(["date", "title", "weight", "none"]),
        by=st.integers(0, 3),
        transparent=st.booleans(),
    )
    def section(self, folder: str, sort: str, by: int, transparent: bool) -> None:
        self.put(
            f"content/{folder}/_index.md",
            f'+++\ntitle = "The {folder}"\nsort_by = "{sort}"\npaginate_by = {by}\n'
            f"transparent = {str(transparent).lower()}\n"
            f'insert_anchor_links = "{"left" if by == 3 else "none"}"\n+++\nAbout.\n',
        )

    @rule(code=st.sampled_from(CODES), prose=st.sampled_from(["", "So.", "[c](@/posts/c.md)"]))
    def write_measured(self, code: str, prose: str) -> None:
        self.put("content/m.md", MEASURED.format(prose=prose, code=code))

    @rule(which=st.integers(0, 1), there=st.booleans())
    def measure(self, which: int, there: bool) -> None:
        for path, data in results()[which].items():
            file = self.root / "measurements" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.unlink(missing_ok=True)
            if there:
                file.write_bytes(data)

    @rule(path=st.sampled_from(REMOVABLE))
    def remove(self, path: str) -> None:
        if "shortcodes" not in path:
            (self.root / path).unlink(missing_ok=True)

    @rule(one=st.sampled_from(PAGES), two=st.sampled_from(PAGES))
    def rename(self, one: str, two: str) -> None:
        here, there = self.root / f"content/{one}.md", self.root / f"content/{two}.md"
        if here.exists():
            there.parent.mkdir(parents=True, exist_ok=True)
            here.replace(there)

    @rule(path=st.sampled_from(sorted(TEMPLATES)), which=st.integers(0, 2))
    def template(self, path: str, which: int) -> None:
        texts = TEMPLATES[path]
        self.put(path, texts[which % len(texts)])

    @rule(
        path=st.sampled_from(["static/a.txt", "data.txt", "content/posts/p.png"]),
        text=st.text("ab", max_size=2),
    )
    def other_file(self, path: str, text: str) -> None:
        self.put(path, text)

    @rule(path=st.sampled_from(["index.html", "posts/c/index.html", "tags/x/index.html"]))
    def spoil(self, path: str) -> None:
        (self.root / "public" / path).unlink(missing_ok=True)

    @rule(jobs=st.sampled_from([1, 1, 1, 2, 4]), drafts=st.booleans(), day=st.sampled_from(DAYS))
    def compare(self, jobs: int, drafts: bool, day: str) -> None:
        made = self.made(self.root, jobs, drafts, day)
        shutil.rmtree(self.fresh, ignore_errors=True)
        away = shutil.ignore_patterns("public", ".sitegen")
        shutil.copytree(self.root, self.fresh, ignore=away)
        assert made == self.made(self.fresh, 1, drafts, day)

    def made(
        self, root: Path, jobs: int, drafts: bool, day: str
    ) -> tuple[dict[str, bytes], list[str]]:
        """All that is published, and what was said."""
        options = Options(mode="no-exec", jobs=jobs, drafts=drafts)
        epoch = str(int(dt.datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp()))
        caller = Caller({"SOURCE_DATE_EPOCH": epoch, "PATH": os.environ["PATH"]}, sys.executable)
        try:
            problems = build(root, options, caller, lambda event: None).problems
        except SiteError as error:
            return {}, sorted(problem.message for problem in error.problems)
        return tree(root / "public"), sorted(problem.message for problem in problems)

    def teardown(self) -> None:
        self.folder.cleanup()


Edits.TestCase.settings = settings(
    max_examples=int(os.environ.get("SITEGEN_EDITS", "12")),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestEdits = Edits.TestCase

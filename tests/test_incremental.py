"""Any sequence of edits: what a build makes of them that knows of those before is what one makes
that knows of none."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sitegen.base.errors import Problem, SiteError
from sitegen.cli.build import tell_or_build
from sitegen.execute.choose import Mode
from sitegen.passes.asked import Caller, Options
from tests import edits
from tests.edits import BODIES, DAYS, PAGES, SECTIONS, TEMPLATES, Site
from tests.support import tree

ZONES = ("UTC", "Pacific/Kiritimati", "America/St_Johns")
ENDINGS = (
    " More.",
    " And more.",
    "\n\n## One",
    "\n\n## Two",
    " [x](@/b.md#one)",
    " [x](@/a.md)",
    "",
)
"""What a page ends with besides its text: mostly nobody but the page and its lists shows it."""

TOLD_TWICE = ENDINGS[1:3]
"""What two pages at a time end with."""

EVERY = (1, 1, 2)
"""After how many edits it is compared, in turn."""


def one_of(choices: edits.Choices) -> st.SearchStrategy[tuple[str, str]]:
    """A key, and what it may be."""
    pairs = [(edits.name(key), value) for key, values in choices.items() for value in values]
    return st.sampled_from(pairs)


pages, bodies = st.sampled_from(PAGES), st.sampled_from(BODIES)


class Edits(RuleBasedStateMachine):
    """A site that is edited and built, again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr("sitegen.storage.trace.TICK_NS", 0)  # all shortcuts are taken
        self.site = Site(Path(self.folder.name) / "site")
        self.fresh = Path(self.folder.name) / "fresh"
        self.day, self.zone, self.who = DAYS[2], ZONES[0], ""
        self.jobs, self.drafts = 1, False
        self.mode: Mode = "no-exec"
        self.edited, self.compared = 1, 0

    @initialize()
    def begin(self) -> None:
        contents: Mapping[str, Sequence[str | bytes]] = {**edits.files(), **TEMPLATES}
        for path in edits.KEPT:
            self.site.put(path, contents[path][0])
        for number, path in enumerate(PAGES[:7]):
            if path != "posts/e":
                self.site.write(path, number)
        self.site.set("content/posts/_index.md", {"sort_by": '"date"', "paginate_by": "2"})
        self.site.put("content/posts/e/p.png", edits.picture(8))

    def edit(self) -> None:
        self.edited += 1

    @invariant()
    def is_as_a_clean_build(self) -> None:
        if self.edited < EVERY[self.compared % len(EVERY)]:
            return
        self.edited, self.compared = 0, self.compared + 1
        shutil.rmtree(self.fresh, ignore_errors=True)
        away = shutil.ignore_patterns("public", ".sitegen")
        shutil.copytree(self.site.root, self.fresh, ignore=away)
        expected = self.made(self.fresh, "UTC", 1)
        made = self.made(self.site.root, self.zone, self.jobs)
        assert {path for path in made[0] if made[0][path] != expected[0].get(path)} == set()
        assert made == expected
        self.mode = "no-exec"  # what is missing would end every build from here on

    def made(self, root: Path, zone: str, jobs: int) -> tuple[dict[str, bytes], Any, Any]:
        """All that is published, and what was said."""
        options = Options(mode=self.mode, jobs=jobs, drafts=self.drafts)
        epoch = dt.datetime.fromisoformat(f"{self.day}T00:00:00+00:00").timestamp()
        environ = {"SOURCE_DATE_EPOCH": f"{epoch:.0f}", "PATH": os.environ["PATH"], "FOO": self.who}
        self.patch.setenv("TZ", zone)
        time.tzset()
        try:
            report = tell_or_build(
                root, options, Caller(environ, sys.executable), lambda event: None
            )
        except SiteError as error:
            return {}, said(error.problems), ()
        return tree(root / "public"), said(report.problems), report.advice

    @rule(path=pages, one=one_of(edits.WORDS))
    def say(self, path: str, one: tuple[str, str]) -> None:
        self.change(f"content/{path}.md", one)

    @rule(path=pages, one=one_of(edits.WHEN))
    def date(self, path: str, one: tuple[str, str]) -> None:
        self.change(f"content/{path}.md", one)

    @rule(path=pages, one=one_of(edits.TERMS))
    def tag(self, path: str, one: tuple[str, str]) -> None:
        self.change(f"content/{path}.md", one)

    @rule(path=pages, one=one_of(edits.EXTRA))
    def add(self, path: str, one: tuple[str, str]) -> None:
        self.change(f"content/{path}.md", one)

    @rule(path=pages, one=one_of(edits.PLACE))
    def place(self, path: str, one: tuple[str, str]) -> None:
        key, value = one
        if key in ("slug", "aliases") and value:
            own = value.replace("old", f"old-{path.replace('/', '-')}")
            value = f'["{own}"]' if key == "aliases" else f'"{value}-{PAGES.index(path)}"'
        self.change(f"content/{path}.md", (key, value))

    @rule(path=pages, body=bodies)
    def write(self, path: str, body: str) -> None:
        if self.site.has(f"content/{path}.md"):
            self.site.set(f"content/{path}.md", {}, body)
            self.edit()

    @rule(path=pages, ending=st.sampled_from(ENDINGS), also=pages)
    def go_on_writing(self, path: str, ending: str, also: str) -> None:
        for one in {path, also if ending in TOLD_TWICE else path}:
            if self.site.has(f"content/{one}.md"):
                self.site.end(f"content/{one}.md", ending)
                self.edit()

    @rule(folder=st.sampled_from(SECTIONS), one=one_of(edits.SECTION))
    def arrange(self, folder: str, one: tuple[str, str]) -> None:
        title = {"title": '"T"'} if one[0] != "title" else {}
        self.site.set(f"content/{section(folder)}", {**title, one[0]: one[1]})
        self.edit()

    @rule(folder=st.sampled_from(SECTIONS), body=bodies)
    def write_section(self, folder: str, body: str) -> None:
        self.site.set(f"content/{section(folder)}", {}, body)
        self.edit()

    @rule(one=one_of(edits.SITE))
    def configure(self, one: tuple[str, str]) -> None:
        self.change("site.toml", one)

    def change(self, path: str, one: tuple[str, str]) -> None:
        """Change one value of a file."""
        if self.site.has(path):
            self.site.set(path, {one[0]: one[1]})
            self.edit()

    @rule(path=pages, which=st.integers(0, 40))
    def begin_page(self, path: str, which: int) -> None:
        self.site.write(path, which)
        self.edit()

    @rule(path=st.sampled_from([f"content/{path}.md" for path in PAGES]))
    def remove_page(self, path: str) -> None:
        self.remove(path)

    @rule(folder=st.sampled_from(SECTIONS))
    def remove_section(self, folder: str) -> None:
        self.remove(f"content/{section(folder)}")

    @rule(path=st.sampled_from(sorted(TEMPLATES)))
    def remove_template(self, path: str) -> None:
        self.remove(path)

    @rule(path=st.sampled_from(sorted(edits.files())))
    def remove_file(self, path: str) -> None:
        self.remove(path)

    def remove(self, path: str) -> None:
        if self.site.has(path):
            self.site.remove(path)
            self.edit()

    @rule(one=pages, two=pages)
    def rename(self, one: str, two: str) -> None:
        self.site.move(f"content/{one}.md", f"content/{two}.md")
        self.edit()

    @rule(pair=st.sampled_from(["notes n2", "n2 notes", "posts/e posts/e2", "posts/e2 posts/e"]))
    def rename_folder(self, pair: str) -> None:
        one, two = pair.split()
        self.site.move(f"content/{one}", f"content/{two}")
        self.edit()

    @rule(which=st.sampled_from([(path, text) for path in TEMPLATES for text in TEMPLATES[path]]))
    def template(self, which: tuple[str, str]) -> None:
        self.site.put(*which)
        self.edit()

    @rule(path=st.sampled_from(sorted(edits.files())), which=st.integers(0, 2))
    def file(self, path: str, which: int) -> None:
        contents = edits.files()[path]
        self.site.put(path, contents[which % len(contents)])
        self.edit()

    @rule(
        path=st.sampled_from(["static/a.txt", "content/posts/e/q.txt"]), text=st.sampled_from("xyz")
    )
    def file_with_its_old_time(self, path: str, text: str) -> None:
        if self.site.has(path):
            file = self.site.root / path
            was = file.stat()
            file.write_text(text, "utf-8")
            os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))
            self.edit()

    @rule(which=st.integers(0, 2), prose=st.sampled_from(["", "So.", "[c](@/posts/c.md)"]))
    def write_measured(self, which: int, prose: str) -> None:
        self.site.put("content/m.md", edits.measured(which, prose))
        self.edit()

    @rule(prose=st.sampled_from(["", "So.", "{{ who() }}", "`{python} steps`"]))
    def write_claims(self, prose: str) -> None:
        self.site.put("content/claims.md", edits.claimed(prose))
        self.edit()

    @rule(which=st.integers(0, 4), there=st.sampled_from([True, True, False]))
    def measure(self, which: int, there: bool) -> None:
        for path, data in edits.results()[which].items():
            self.site.remove(f"measurements/{path}")
            if there:
                self.site.put(f"measurements/{path}", data)
        self.edit()

    @rule(path=st.sampled_from(["index.html", "posts/c/index.html", "tags/x/index.html", "new"]))
    def spoil(self, path: str) -> None:
        if self.compared:
            self.site.put(f"public/{path}", "spoilt")
            self.edit()

    @rule(path=st.sampled_from([".sitegen", "public", ".sitegen/bodies", ".sitegen/templates"]))
    def forget(self, path: str) -> None:
        shutil.rmtree(self.site.root / path, ignore_errors=True)
        self.edit()

    @rule(
        day=st.sampled_from(DAYS),
        zone=st.sampled_from(ZONES),
        jobs=st.sampled_from([1, 1, 1, 2, 4]),
        who=st.sampled_from(["", "me"]),
    )
    def ask(self, day: str, zone: str, jobs: int, who: str) -> None:
        was = self.day, self.zone, self.jobs, self.who
        self.day, self.zone, self.jobs, self.who = day, zone, jobs, who
        if was != (day, zone, jobs, who):
            self.edit()

    @rule(drafts=st.booleans(), frozen=st.sampled_from([False, False, True]))
    def ask_for(self, drafts: bool, frozen: bool) -> None:
        self.drafts, self.mode = drafts, "frozen" if frozen else "no-exec"
        self.edit()

    @rule()
    def again(self) -> None:
        self.edited = 2

    def teardown(self) -> None:
        self.patch.undo()
        time.tzset()
        self.folder.cleanup()


def section(folder: str) -> str:
    """The file of a section, below content/; of a language, where the folder names one."""
    folder, _, lang = folder.partition(".")
    name = f"_index.{lang}.md" if lang else "_index.md"
    return f"{folder}/{name}" if folder else name


def said(problems: Sequence[Problem]) -> list[Any]:
    """What was said; not of which of several pages that have the same mistake."""
    return sorted((p.severity, p.message, str(p.span)) for p in problems)


Edits.TestCase.settings = settings(
    max_examples=int(os.environ.get("SITEGEN_EDITS", "2")),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestEdits = Edits.TestCase

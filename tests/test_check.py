"""`sitegen check`: what is wrong with a site is told at once, each with its place."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from sitegen.base.errors import Problem
from sitegen.build import Caller
from sitegen.check.address import Inside, Outside, Unknown, resolve
from sitegen.check.markup import read_html, split_set
from sitegen.commands.check import Checked, check
from tests.support import CONFIG, report_of, sitegen, tree, write_site

FIGURE = """```python
from IPython.display import SVG
SVG('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><circle r="4"/></svg>')
```
"""


def check_site(
    root: Path, files: dict[str, str], config: str = CONFIG, environ: dict[str, str] | None = None
) -> Checked:
    write_site(root, files, config)
    return check(root, Caller({**os.environ, **(environ or {})}, sys.executable), None)


def places(found: Checked, code: str) -> list[tuple[str, int, int]]:
    """Where the findings of one kind are."""
    spans = [problem.span for problem in found.problems if problem.code == code]
    return [(span.path, span.line, span.column) for span in spans if span is not None]


def only(found: Checked) -> Problem:
    (problem,) = found.problems
    return problem


def test_a_site_without_a_mistake(tmp_path: Path) -> None:
    found = check_site(
        tmp_path,
        {
            "content/_index.md": "[A](a) [B](/b/#part) [C](@/b.md#part) [D](https://example.org/b/)",
            "content/a.md": "+++\ntitle = 'A'\n+++\n[up](..) [part](../b/#part) "
            "[map](/sitemap.xml) [me](#here) <a id='here'></a> [mail](mailto:a@b.c) [top](#top) "
            "[q](/b?x=1)\n",
            "content/b.md": "## Part\n[Elsewhere](https://example.com/nothing)\n",
        },
    )
    assert found.problems == ()
    assert (found.pages, found.asked, found.status(strict=True)) == (3, 0, 0)


@pytest.mark.parametrize(
    ("text", "place", "message", "help"),
    [
        ("See [it](/nope/).", (3, 10), "`/nope/` is not on the site", "addresses begin"),
        ("See [it](/othr/).", (3, 10), "`/othr/` is not on the site", "did you mean `@/other.md`?"),
        ("[x](../Other/)", (3, 5), "`/Other/` is not on the site", "it is written `/other/`"),
        ("[x](other.md)", (3, 5), "`/page/other.md` is not on the site", "write `@/other.md`"),
        (
            "[x](#prt)\n\n## Part",
            (3, 5),
            "`#prt`",
            "did you mean `#part`?",
        ),
        ("[x](/other/#no)", (3, 5), "the page `/other/` has no `#no`", "headings"),
        ("![a](gone.png)", (3, 6), "`/page/gone.png` is not on the site", "addresses"),
        ("a\n<img src='x.png' alt=''>", (4, 11), "`/page/x.png` is not on the site", "addresses"),
        ('<p><a href="/no">x</a></p>', (3, 13), "`/no` is not on the site", "addresses"),
        (
            "<img srcset='n.png 2x' alt=''>",
            (3, 14),
            "`/page/n.png` is not on the site",
            "addresses",
        ),
        ("[x][r]\n\n[r]: /no", (5, 6), "`/no` is not on the site", "addresses"),
        ("`/no` and [x](/no)", (3, 2), "`/no` is not on the site", "addresses"),
        ("[x](/nö.pdf)", (3, 5), "`/nö.pdf` is not on the site", "addresses"),
        ("[x](https://example.org/no)", (3, 5), "`/no` is not on the site", "addresses"),
        ("<a href='https://['>x</a>", (3, 10), "`https://[` is no address", "write it as"),
    ],
)
def test_a_link_within_the_site_that_leads_nowhere(
    tmp_path: Path, text: str, place: tuple[int, int], message: str, help: str
) -> None:
    other = "+++\ntitle = 'Other'\n+++\n## Heading\n"
    found = check_site(tmp_path, {"content/page.md": text, "content/other.md": other})
    problem = only(found)
    assert problem.span is not None
    assert (problem.severity, problem.code, problem.span.path) == (
        "error",
        "link",
        "content/page.md",
    )
    assert (problem.span.line, problem.span.column) == place
    assert message in problem.message
    assert problem.help[0].startswith(help)
    assert problem.excerpt == ("+++\n+++\n" + text).split("\n")[problem.span.line - 1]
    assert found.status(strict=False) == 1


def test_every_place_of_a_link_is_told_and_links_by_file_once(tmp_path: Path) -> None:
    page = "[a](/no) and [b](/no)\n\n[c](/no) [d](@/gone.md) [e](@/page.md#gone)\n"
    found = check_site(tmp_path, {"content/page.md": page})
    assert places(found, "link") == [
        ("content/page.md", 3, 5),
        ("content/page.md", 3, 18),
        ("content/page.md", 5, 5),
        ("content/page.md", 5, 14),
        ("content/page.md", 5, 29),
    ]


def test_a_link_that_a_template_makes_is_told_once_with_its_line(tmp_path: Path) -> None:
    template = (
        '{% extends "base.html" %}\n{% block main %}\n<a href="/imprint/">I</a>{% endblock %}'
    )
    made = '{% for n in [1] %}<a href="{{ "/made" ~ n }}">x</a><img src="a.png">{% endfor %}'
    files = {f"content/{name}.md": "Text." for name in "abc"}
    found = check_site(
        tmp_path,
        {**files, "templates/page.html": template, "templates/head.html": made},
    )
    links = [problem for problem in found.problems if problem.code == "link"]
    assert places(found, "link") == [("templates/head.html", 1, 62), ("templates/page.html", 3, 10)]
    (computed,) = [problem for problem in links if problem.span is None]
    assert computed.message == "`/made1` is not on the site (on `/a/` and 6 more)"
    (silent,) = [problem for problem in found.problems if problem.code == "alt"]
    assert silent.message == "the image `a.png` has no alternative text"


def test_the_beginning_of_a_page_is_checked_where_lists_show_it(tmp_path: Path) -> None:
    template = "{% for page in section.pages %}{{ page.summary }}{% endfor %}"
    found = check_site(
        tmp_path,
        {
            "content/posts/_index.md": "+++\nsort_by = 'slug'\n+++\n",
            "content/posts/a/index.md": "<img src='a.png' alt='A'>\n\n<!-- more -->\n",
            "content/posts/a/a.png": "x",
            "templates/section.html": template,
        },
    )
    problem = only(found)
    assert places(found, "link") == [("content/posts/a/index.md", 3, 11)]
    assert problem.message == (
        "`/posts/a.png` is not on the site, from `/posts/`, which shows it too"
    )


def test_levels_and_files_that_are_not_checked(tmp_path: Path) -> None:
    config = CONFIG + '[link_checker]\ninternal_level = "warn"\nignored_files = ["old/*"]\n'
    files = {"content/a.md": "[x](/no) [y](@/no.md)", "content/old/b.md": "[x](/no)"}
    found = check_site(tmp_path, files, config)
    assert places(found, "link") == [("content/a.md", 3, 5), ("content/a.md", 3, 14)]
    assert (found.status(strict=False), found.status(strict=True)) == (0, 1)


def test_a_site_in_a_folder_of_its_host(tmp_path: Path) -> None:
    config = CONFIG.replace("https://example.org", "https://example.org/blog")
    page = "[a](/b/) [b](/blog/b/) [c](@/b.md) [d](../b/) [e](https://example.org/blog/c/)\n"
    found = check_site(tmp_path, {"content/a.md": page, "content/b.md": "B"}, config)
    first, second = found.problems
    assert first.message == "`/b/` leads out of the site, to `https://example.org/b/`"
    assert first.help == ("write `@/b.md`",)
    assert second.message == "`/c/` is not on the site"
    assert places(found, "link") == [("content/a.md", 3, 5), ("content/a.md", 3, 51)]


def test_headings_that_leave_out_a_level(tmp_path: Path) -> None:
    page = "## Two\n\n#### Four\n\n### Three\n\n# One\n\n```\n##### no heading\n```\n"
    title = "+++\ntitle = 'T'\n+++\n"
    deep = f"{title}### Three\n"
    files = {"content/a.md": page, "content/b.md": deep, "content/c.md": f"{title}# One\n## Two"}
    found = check_site(tmp_path, files)
    assert places(found, "heading") == [("content/a.md", 5, 1), ("content/b.md", 4, 1)]
    assert found.problems[0].message == "a heading of level 5 follows a heading of level 3"
    assert found.problems[1].message == "a heading of level 3 follows the page's title"


def test_images_that_say_nothing(tmp_path: Path) -> None:
    page = '![](x.png) <img src="x.png">\n<img alt="" src="x.png"> ![An x](x.png)\n'
    found = check_site(tmp_path, {"content/a/index.md": page, "content/a/x.png": "x"})
    assert places(found, "alt") == [("content/a/index.md", 3, 5), ("content/a/index.md", 3, 22)]
    assert {problem.severity for problem in found.problems} == {"warning"}


def test_figures_that_say_nothing(tmp_path: Path) -> None:
    """In a real kernel: what a block drew is known once it has run."""
    silent = "```python\n#| alt: A circle\n" + FIGURE.split("\n", 1)[1]
    write_site(tmp_path, {"content/a.md": FIGURE + "\n" + silent})
    assert sitegen(tmp_path, "build").returncode == 0
    found = check_site(tmp_path, {})
    assert places(found, "alt") == [("content/a.md", 3, 1)]
    assert [problem.code for problem in found.problems] == ["alt"]


def test_paths_that_fall_together_and_terms_that_merge(tmp_path: Path) -> None:
    found = check_site(
        tmp_path,
        {
            "content/a.md": "+++\npath = 'same'\n[taxonomies]\ntags = ['PyTorch']\n+++\n",
            "content/b.md": "+++\npath = 'Same'\n[taxonomies]\ntags = ['pytorch']\n+++\n",
            "content/c.md": "It costs 3 â‚¬.",
        },
    )
    assert places(found, "path") == [("content/b.md", 1, 1)]
    assert places(found, "mojibake") == [("content/c.md", 3, 12)]
    (merged,) = [problem for problem in found.problems if problem.code == "terms"]
    assert all(file in str(merged) for file in ("content/a.md", "content/b.md"))
    assert found.status(strict=False) == 1


def test_what_is_not_published_is_a_notice(tmp_path: Path) -> None:
    found = check_site(
        tmp_path,
        {
            "content/a.md": "+++\ntitle = 'A'\ndraft = true\n+++\n",
            "content/b.md": "+++\ntitle = 'B'\ndate = 2033-02-01\n+++\n",
            "content/c/_index.md": "+++\ndraft = true\n+++\n",
            "content/c/d.md": "+++\n+++\n",
        },
        "hold_future = true\n" + CONFIG,
        {"SOURCE_DATE_EPOCH": "1700000000"},
    )
    assert {problem.severity for problem in found.problems} == {"notice"}
    assert places(found, "draft") == [
        ("content/a.md", 3, 1),
        ("content/c/_index.md", 2, 1),
        ("content/c/d.md", 1, 1),
    ]
    assert places(found, "held-back") == [("content/b.md", 3, 1)]
    assert any(problem.message == "held back until 2033-02-01" for problem in found.problems)


def test_files_that_nothing_needs_are_notices(tmp_path: Path) -> None:
    found = check_site(
        tmp_path,
        {
            "content/a/index.md": "+++\n[extra]\ncover = 'cover.png'\n+++\n[d](data%20set.csv)\n",
            "content/a/cover.png": "x",
            "content/a/data set.csv": "x",
            "content/a/left.csv": "x",
            "static/favicon.ico": "x",
            "static/robots.txt": "x",
            "static/own.css": "body { background: url(paper.png) }",
            "static/paper.png": "x",
            "static/old.png": "x",
            "templates/head.html": '<link rel="icon" href="/own.css">{% include "part.html" %}',
            "templates/part.html": "",
            "templates/forgotten.html": "",
            "templates/tags/list.html": "",
        },
    )
    assert places(found, "unused") == [
        ("content/a/left.csv", 1, 1),
        ("static/old.png", 1, 1),
        ("templates/forgotten.html", 1, 1),
    ]
    assert {problem.severity for problem in found.problems if problem.code == "unused"} == {
        "notice"
    }


def test_results_are_notices_and_nothing_is_run_or_written(tmp_path: Path) -> None:
    failing = "```python\nprint(1)\nraise ValueError('seen')\n```\n"
    write_site(tmp_path, {"content/a.md": failing, "content/b.md": "```python\n1\n```\n"})
    assert sitegen(tmp_path, "build").returncode == 1
    write_site(tmp_path, {"content/b.md": "```python\n2\n```\n"})
    before = tree(tmp_path)
    found = check_site(tmp_path, {})
    assert tree(tmp_path) == before
    assert {problem.severity for problem in found.problems} == {"notice"}
    assert places(found, "missing") == [("content/a.md", 3, 1)]
    assert places(found, "stale") == [("content/b.md", 3, 1)]
    assert places(found, "block") == [("content/a.md", 5, 1)]
    assert found.status(strict=True) == 0


def test_the_command(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/a.md": "[x](/no)\n\n![](https://example.com/x.png)\n"})
    done = sitegen(root, "check", "--json")
    report = report_of(done)
    assert done.returncode == report["status"] == 1
    first, second = report["problems"]
    assert (first["file"], first["line"], first["column"]) == ("content/a.md", 3, 5)
    assert first["excerpt"] == "[x](/no)"
    assert (second["code"], report["asked"]) == ("alt", 0)
    assert not (root / "public").exists()
    said = sitegen(root, "check")
    assert said.returncode == 1
    assert "error[link]: `/no` is not on the site\n --> content/a.md:3:5\n" in said.stderr
    assert said.stderr.endswith("1 error, 1 warning: see above\n")
    assert sitegen(write_site(root, {"content/a.md": "x"}), "check").returncode == 0
    write_site(root, {"content/a.md": "![](https://example.com/x.png)\n"})
    assert [sitegen(root, "check", *more).returncode for more in ((), ("--strict",))] == [0, 1]


def test_a_site_that_cannot_be_read(tmp_path: Path) -> None:
    root = write_site(tmp_path, {"content/a.md": "+++\ntitle = 3\n+++\n"})
    done = sitegen(root, "check")
    assert done.returncode == 2
    assert "content/a.md:2" in done.stderr
    assert done.stderr.endswith("cannot be checked before this is mended: see above\n")
    assert json.loads(sitegen(root, "check", "--json").stdout)["status"] == 2


@pytest.mark.parametrize(
    ("target", "leads"),
    [
        ("/", Inside("", "")),
        ("", Inside("posts/a/", "")),
        ("?q=1#x", Inside("posts/a/", "x")),
        ("../b/#%C3%BC", Inside("posts/b/", "ü")),
        ("../../../../b", Inside("b", "")),
        ("//example.org/c", Inside("c", "")),
        ("http://example.org/c%20d", Inside("c d", "")),
        ("https://example.com/c#d", Outside("https://example.com/c", "d")),
        ("//example.com", Outside("https://example.com", "")),
        ("https://example.org.evil/", Outside("https://example.org.evil/", "")),
        ("mailto:a@example.org", Unknown()),
        ("data:text/plain,x", Unknown()),
        ("/x#:~:text=words", Inside("x", "")),
    ],
)
def test_where_an_address_leads(target: str, leads: object) -> None:
    assert resolve(target, "/posts/a/", "https://example.org") == leads


def test_what_stands_in_html() -> None:
    seen = read_html(
        "<!-- <a href=no> --><script>'<a href=\"no\">'</script><a href=' x ' name=n id=i>"
        "<img srcset='a.png 1x, b.png 2x' src=a.png><img alt src=c.png><b <"
    )
    assert seen.addresses == ("x", "a.png", "b.png", "c.png")
    assert seen.ids == {"n", "i"}
    assert seen.silent == ("a.png",)
    assert split_set("a,b.png 100w,c.png 2x") == ["a,b.png"]
